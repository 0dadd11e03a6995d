"""Numbers, states and limits of faults and hazards."""

import pytest

from webapp.faults.models import FindingKind
from webapp.faults.rules import duration, is_closed, kind_numbered, level_called, next_number, number_prefix
from webapp.kit.clock import Month

LEVELS = [{"key": "major"}, {"key": "general"}]
KINDS = [{"number": 1, "level": "major"}, {"number": 23, "level": "general"}]


@pytest.mark.parametrize(
    ("kind", "month", "prefix"),
    [
        (FindingKind.FAULT, Month(2026, 11), "GZ-2611-"),
        (FindingKind.HAZARD, Month(2026, 1), "YH-2601-"),
        (FindingKind.FAULT, Month(2100, 12), "GZ-0012-"),
    ],
)
def test_a_number_begins_with_kind_and_month(kind, month, prefix):
    assert number_prefix(kind, month) == prefix


@pytest.mark.parametrize(
    ("last", "following"),
    [
        (None, "GZ-2611-01"),
        ("GZ-2611-01", "GZ-2611-02"),
        ("GZ-2611-09", "GZ-2611-10"),
        ("GZ-2611-99", "GZ-2611-100"),
        ("GZ-2611-100", "GZ-2611-101"),
    ],
)
def test_numbers_run_on_within_the_month(last, following):
    assert next_number("GZ-2611-", last) == following


@pytest.mark.parametrize(
    ("kinds", "closed"),
    [
        ([], False),
        (["reported"], False),
        (["reported", "closed"], True),
        (["reported", "closed", "reopened"], False),
        (["reported", "closed", "reopened", "closed"], True),
    ],
)
def test_closed_means_closed_and_not_reopened_since(kinds, closed):
    assert is_closed(kinds) is closed


def test_levels_and_kinds_come_from_the_contract_alone():
    assert level_called("general", LEVELS) == {"key": "general"}
    assert level_called("consult", LEVELS) is None
    assert kind_numbered(23, KINDS) == {"number": 23, "level": "general"}
    assert kind_numbered(24, KINDS) is None
    assert kind_numbered(None, KINDS) is None


@pytest.mark.parametrize(("minutes", "words"), [(10, "10"), (60, "1"), (90, "1 30"), (240, "4"), (720, "12")])
def test_a_limit_is_said_in_hours_and_minutes(context, minutes, words):
    said = duration(minutes)
    assert all(number in said for number in words.split())
