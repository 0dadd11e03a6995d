"""Contract cover (R57), who is to be told (R63), stage of support (R58), bad effect of late handling (R44)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.faults.test_clocks import at, fault, step
from webapp.assets.models import Asset, System
from webapp.faults.cover import Cover, covered
from webapp.faults.page import page_of
from webapp.faults.words import cover_text, stage_name
from webapp.sites.models import ServiceLine
from webapp.sites.rules import Right

FIRST, LAST = date(2026, 6, 28), date(2027, 6, 27)
NOW = at("2026-11-18 10:00")


def device(**more) -> Asset:
    line = ServiceLine(name="list three", starts_on=FIRST, ends_on=LAST)
    return Asset(system=System(name="network", service_line=line), **{"is_outside_contract": False, **more})


@pytest.mark.parametrize(
    ("asset", "day", "cover"),
    [
        (device(), FIRST, Cover.UNDER),
        (device(), FIRST - timedelta(days=1), Cover.BEFORE),
        (device(), LAST, Cover.UNDER),
        (device(), LAST + timedelta(days=1), Cover.OVER),
        (device(service_to=date(2026, 12, 31)), date(2027, 1, 1), Cover.OVER),
        (device(is_outside_contract=True), FIRST, Cover.OUTSIDE),
    ],
)
def test_a_device_is_under_contract_from_the_first_to_the_last_day_of_its_service(asset, day, cover):
    found = covered(asset, day)
    assert (found.cover, found.is_under) == (cover, cover is Cover.UNDER)


def test_the_page_says_list_and_days_of_the_service(context):
    assert cover_text(covered(device(), FIRST)) == "Under contract: list three · Jun 28, 2026 to Jun 27, 2027"
    assert cover_text(covered(device(is_outside_contract=True), FIRST)).startswith("Outside the contract: list three")


def page(*steps, source="report:1"):
    return page_of(fault(NOW, *steps, source=source), frozenset({Right.INSPECT}), NOW + timedelta(hours=2))


def test_of_what_a_round_found_three_are_to_be_told_and_the_page_says_who_was_not():
    assert page().told == {}
    found = page(source="inspection:1:fan")
    assert found.told == {"construction_unit": None, "district_bureau": None, "client": None}
    told = step("ticked", NOW, told="client", person="Chen")
    assert page(told).told == {"construction_unit": None, "district_bureau": None, "client": told}
    assert set(page(step("vendor_called", NOW, person="maker")).told.values()) == {None}


def test_a_promised_time_stands_on_the_page_until_the_repair():
    first = step("estimated", NOW, until="2026-11-18T12:00:00+08:00")
    later = step("estimated", NOW + timedelta(minutes=5), until="2026-11-19T12:00:00+08:00")
    assert page(first, later).promised_at == at("2026-11-19 12:00")
    assert page(first, step("repaired", NOW + timedelta(hours=1))).promised_at is None


def test_the_support_stage_follows_the_steps(context):
    steps = [step("acknowledged", NOW), step("remote", NOW), step("arrived", NOW), step("vendor_called", NOW)]
    steps.append(step("vendor_arrived", NOW))
    names = [stage_name(fault(NOW, *steps[:count])) for count in range(1, 6)]
    assert names == ["First line", "Remote help", "On site", "Given to the maker", "Maker on site"]


def test_only_of_a_major_fault_that_is_late_the_bureau_judges_the_bad_effect_also_after_closing():
    def offered(*steps, level="major", hours=5):
        facts = fault(NOW, *steps, level=level)
        return "effect_judged" in page_of(facts, frozenset({Right.CLOSE}), NOW + timedelta(hours=hours)).beside

    late, closed = step("repaired", NOW + timedelta(hours=5)), step("closed", NOW + timedelta(hours=6))
    assert offered()
    assert offered(late, closed, hours=7)
    assert not offered(hours=4)
    assert not offered(step("repaired", NOW + timedelta(hours=4)), closed, hours=7)
    assert not offered(level="general", hours=9)


def test_the_last_word_of_the_bureau_about_the_bad_effect_counts():
    yes = step("effect_judged", NOW, considerable=True)
    no = step("effect_judged", NOW + timedelta(hours=1), considerable=False)
    assert fault(NOW, yes).has_bad_effect
    assert not fault(NOW, no, yes).has_bad_effect
    assert not fault(NOW).has_bad_effect
