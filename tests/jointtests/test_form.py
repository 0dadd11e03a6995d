"""The form of the joint test, as the file prints it."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.jointtests.documents import form_now
from webapp.demo.load import read_yaml
from webapp.extensions import db
from webapp.jointtests.actions import import_form
from webapp.jointtests.form import Fill, read_form
from webapp.jointtests.models import JointTestForm
from webapp.kit.clock import utc_now
from webapp.kit.problems import Invalid

FILE = read_yaml("joint_test.yaml")
ITEMS = [(section["key"], item) for section in FILE["sections"] for item in section["items"]]


def test_all_sixteen_sections_and_their_items_are_in_the_program(context):
    form = form_now()
    assert len(form.sections) == len(FILE["sections"]) == 16
    assert [(s.key, s.zh, s.en, len(s.items)) for s in form.sections] == [
        (s["key"], s["zh"], s["en"], len(s["items"])) for s in FILE["sections"]
    ]
    assert sum(len(s.items) for s in form.sections) == len(ITEMS) == 157


def test_every_item_equals_the_file(context):
    form = form_now()
    for key, printed in ITEMS:
        section = form.section(key)
        item = section.item(printed["key"]) if section else None
        assert item is not None, printed["key"]
        assert (item.zh, item.en, item.kind) == (printed["zh"], printed["en"], printed["kind"])
        assert (item.fill.value, item.is_required) == (printed["fill"], printed["required"])
        assert (item.unit, item.source) == (printed.get("unit", ""), printed["source"])
        assert list(item.options) == printed.get("options", [])
        assert list(item.copied_from) == printed.get("from", [])
        assert item.photo == printed.get("photo_required_on", "never")
        for here, there in ((item.minimum, printed.get("min")), (item.maximum, printed.get("max"))):
            assert here == (None if there is None else Decimal(str(there)))


def test_repetitions_and_equipment_equal_the_file(context):
    form = form_now()
    for printed in FILE["sections"]:
        section = form.section(printed["key"])
        assert section is not None
        assert section.equipment == tuple(printed.get("equipment", ()))
        assert section.repeat_min == (printed.get("repeat") or {}).get("min")
        assert "+".join(section.repeat_by) == (printed.get("repeat") or {}).get("by", "")


def test_the_ka_contract_figures_carry_their_tolerance(context):
    section = form_now().section("ka_portable")
    assert section is not None
    down, up = section.item("down_rate"), section.item("up_rate")
    assert down is not None
    assert up is not None
    assert (down.minimum, down.as_judged.minimum) == (Decimal(40), Decimal(36))
    assert (up.minimum, up.as_judged.minimum) == (Decimal(6), Decimal("5.4"))


def test_importing_the_same_file_twice_changes_nothing_and_another_one_is_a_new_version(context):
    first = import_form(FILE, now=utc_now())
    assert first.number == 1
    changed = {**FILE, "title": {"zh": "新", "en": "New"}}
    assert import_form(changed, now=utc_now()).number == 2
    assert import_form(FILE, now=utc_now()).id == first.id
    assert db.session.scalar(select(func.count()).select_from(JointTestForm)) == 2


def _with_item(**changes):
    item = {"key": "x", "zh": "某", "en": "X", "kind": "number", "fill": "ask", "required": True, **changes}
    return {"title": {"zh": "t", "en": "t"}, "sections": [{"key": "s", "zh": "节", "en": "S", "items": [item]}]}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (_with_item(kind="colour"), "s.x: colour"),
        (_with_item(fill="guess"), "s.x: guess"),
        (_with_item(fill="copy"), "s.x"),
        (_with_item(kind="choice"), "s.x"),
        (_with_item(zh=""), "s.x"),
        (_with_item(min="abc"), "abc"),
        (_with_item(key="Bad Key"), ", s:"),
        ({"title": {}, "sections": []}, "title"),
        ({}, "title"),
    ],
)
def test_a_mistake_in_a_form_names_section_and_item(context, content, named):
    with pytest.raises(Invalid) as refused:
        read_form(content)
    assert named in refused.value.message


def test_items_that_are_asked_name_no_source_to_copy_from(context):
    asked = [item for section in form_now().sections for item in section.items if item.fill is Fill.ASK]
    assert asked
    assert not [item.key for item in asked if item.copied_from]
