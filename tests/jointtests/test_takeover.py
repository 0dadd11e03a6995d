"""What is copied, what is proposed, what is always asked: the fill modes, item by item."""

import uuid
from dataclasses import replace
from datetime import UTC as UTC_
from datetime import date, datetime, timedelta

import pytest

from webapp.demo.load import read_yaml
from webapp.jointtests.actions import _without_floats
from webapp.jointtests.form import PROBLEMS, Fill, read_form
from webapp.jointtests.layout import BY_SIGNING, build
from webapp.jointtests.sheet import Last, Material, Typed
from webapp.jointtests.takeover import Reading, copied, proposed

FORM = read_form(_without_floats(read_yaml("joint_test.yaml")))
AT = datetime(2026, 11, 19, 1, 30, tzinfo=UTC_)
DAY = date(2026, 11, 19)
CODES = {category: frozenset({f"SG-{category}"}) for category in FORM.categories}
ALL = [(section, item) for section in FORM.sections for item in section.items]
ASKED = [
    (section, item)
    for section, item in ALL
    if item.fill is Fill.ASK and section.key != PROBLEMS and item.key not in BY_SIGNING
]
IDS = [f"{section.key}.{item.key}" for section, item in ALL]


def reading(source, code="", value="pass", verdict="ok", at=AT):
    checklist, _dot, item = source.partition(".")
    return Reading(uuid.uuid4(), code or f"SG-{checklist}", checklist, item, value, verdict, at, "张伟")


def everything_inspected():
    """One reading for each source that the form names, and one for each item of any section by its bare name."""
    sources = {source for _section, item in ALL for source in item.copied_from}
    names = {f"{category}.{item.key}" for category in FORM.categories for _section, item in ALL}
    return [reading(source, value="61.5" if "." in source else "pass") for source in sorted(sources | names)]


def loose(section):
    """The section without its equipment, so that the one device of each checklist is meant."""
    return replace(section, equipment=())


@pytest.mark.parametrize(("section", "item"), ALL, ids=IDS)
def test_only_the_fill_mode_decides_what_is_taken_over(section, item):
    readings = everything_inspected()
    taken = copied(item, loose(section), "", CODES, readings)
    offered = proposed(item, loose(section), "", CODES, readings)
    assert (taken is not None) == (item.fill is Fill.COPY)
    assert bool(offered) == (item.fill is Fill.PREFILL and bool(item.copied_from))


@pytest.mark.parametrize(("section", "item"), ASKED)
def test_what_must_be_asked_is_blank_in_a_fresh_form_whatever_is_known(section, item):
    turns = {(s.key, 1 if s.repeats else 0): {i.key: "5" for i in s.items} for s in FORM.sections}
    last = Last(uuid.uuid4(), "JT-SG-202610-01", date(2026, 10, 22), turns)
    known = Material(FORM, DAY, CODES, everything_inspected(), FORM.equipment, last, location="车库")
    sheet = build(Typed(is_fresh=True), known)
    part = sheet.part(section.key)
    assert part is not None
    for turn in part.turns:
        cell = turn.cell(item.key)
        assert cell is not None
        assert (cell.value, cell.proposed, cell.copied) == ("", "", None)


SECTION = FORM.section("preparation")
POWER = SECTION.item("vehicle_power")
SOURCES = ("vehicle_body.power_dist", "vehicle_body.main_batt")


def test_a_copy_rests_on_all_answers_named_and_shows_the_last_time_and_inspector():
    readings = [
        reading(SOURCES[0]),
        replace(reading(SOURCES[1], value="12.6", at=AT + timedelta(minutes=4)), by="李四"),
    ]
    taken = copied(POWER, SECTION, "", CODES, readings)
    assert taken.value == "pass"
    assert (taken.last.by, taken.last.at) == ("李四", AT + timedelta(minutes=4))
    assert {one.source for one in taken.readings} == set(SOURCES)


@pytest.mark.parametrize(
    "second",
    [
        [],
        [reading(SOURCES[1], verdict="abnormal")],
        [reading(SOURCES[1], verdict="na")],
        [reading(SOURCES[1], code="SG-other")],
        [reading(SOURCES[1]), reading(SOURCES[1], verdict="abnormal", at=AT + timedelta(hours=1))],
    ],
    ids=["not answered", "abnormal", "not applicable", "another device", "later abnormal"],
)
def test_none_or_a_failed_one_makes_the_item_ask(second):
    assert copied(POWER, SECTION, "", CODES, [reading(SOURCES[0]), *second]) is None


def test_every_device_of_the_section_must_have_been_inspected():
    section = FORM.section("trunked_370m")
    item = section.item("vswr")
    two = {"trunked_base_station_370m": frozenset({"SG-2-02-002", "SG-2-05-001", "SG-9-99-999"})}
    source = "trunked_base_station_370m.vswr"
    first = reading(source, "SG-2-02-002", "1.2")
    assert copied(item, section, "", two, [first]) is None
    both = copied(item, section, "", two, [first, reading(source, "SG-2-05-001", "1.4")])
    assert both.value == "1.4"  # the worst one
    assert copied(item, section, "", two, [first, reading(source, "SG-2-05-001", "", "na")]).value == "1.2"


def test_a_repetition_takes_only_from_its_own_device():
    section = FORM.section("tiantong")
    item = section.item("battery")
    both = {"sat_phone_tiantong": frozenset({"SG-2-02-006", "SG-3-01-006"})}
    found = [reading("sat_phone_tiantong.battery_level", "SG-2-02-006", "95")]
    assert copied(item, section, "SG-2-02-006", both, found).value == "95"
    assert copied(item, section, "SG-3-01-006", both, found) is None


def test_a_proposal_needs_no_complete_round_and_hides_no_value_out_of_its_limit():
    section = FORM.section("ku_otm")
    item = section.item("acquire_time")
    codes = {"satellite_antenna_otm": frozenset({"SG-2-01-001"})}
    source = "satellite_antenna_otm.acquire_time"
    assert proposed(item, section, "", codes, [reading(source, "SG-2-01-001", "182")]) == "182"
    assert proposed(item, section, "", codes, [reading(source, "SG-2-01-001", "342", "abnormal")]) == "342"
    assert proposed(item, section, "", codes, []) == ""
