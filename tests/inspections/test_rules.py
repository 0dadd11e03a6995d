"""What is odd, what is missing with the units of a row, which moment and which level is meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.inspections.rules import (
    SKEW_TOLERATED,
    Facts,
    Speed,
    Units,
    flags,
    level_meant,
    proposed_level,
    skew_of,
    true_moment,
    unit_problems,
    units_in_order,
)

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
STEADY = Speed(answers=12, seconds=None, after_another=None, is_correction=False)
PLAIN = Facts(
    is_old_version=False,
    is_other_checklist=False,
    is_retired=False,
    is_second_in_visit=False,
    is_replaced_twice=False,
    has_reused_photo=False,
    has_forbidden_photo=False,
    skew=timedelta(),
    started_at=NOON - timedelta(minutes=4),
    finished_at=NOON,
    received_at=NOON,
    speed=STEADY,
)
ODD = [
    ("is_old_version", True, "old_version"),
    ("is_other_checklist", True, "other_checklist"),
    ("is_retired", True, "retired"),
    ("is_second_in_visit", True, "second_in_visit"),
    ("is_replaced_twice", True, "replaced_twice"),
    ("has_reused_photo", True, "reused_photo"),
    ("has_forbidden_photo", True, "photo_forbidden"),
    ("skew", timedelta(minutes=5, seconds=1), "clock_skew"),
    ("skew", -timedelta(minutes=5, seconds=1), "clock_skew"),
    ("started_at", NOON + timedelta(seconds=1), "times_reversed"),
    ("received_at", NOON + timedelta(days=3, seconds=1), "received_late"),
    ("received_at", NOON - timedelta(minutes=5, seconds=1), "claimed_ahead"),
    ("speed", replace(STEADY, seconds=23), "too_fast"),
    ("started_at", NOON - timedelta(seconds=23), "too_fast"),
    ("speed", replace(STEADY, after_another=timedelta(seconds=11)), "too_fast"),
    ("speed", replace(STEADY, after_another=timedelta()), "too_fast"),
]
PLAIN_STILL = [
    ("skew", timedelta(minutes=5)),
    ("skew", -timedelta(minutes=5)),
    ("started_at", NOON),
    ("received_at", NOON + timedelta(days=3)),
    ("received_at", NOON - timedelta(minutes=5)),
    ("speed", replace(STEADY, seconds=24)),
    ("started_at", NOON - timedelta(seconds=24)),
    ("speed", replace(STEADY, after_another=timedelta(seconds=12))),
]


@pytest.mark.parametrize(("name", "value", "flag"), ODD)
def test_each_odd_thing_has_its_flag(name, value, flag):
    assert flags(replace(PLAIN, **{name: value})) == [flag]


@pytest.mark.parametrize(("name", "value"), PLAIN_STILL)
def test_what_is_just_within_is_not_odd(name, value):
    assert flags(replace(PLAIN, **{name: value})) == []


def test_another_checklist_is_not_called_an_old_version_as_well():
    assert flags(replace(PLAIN, is_old_version=True, is_other_checklist=True)) == ["other_checklist"]


AT_ONCE = replace(PLAIN, started_at=NOON - timedelta(seconds=2))


@pytest.mark.parametrize(
    "plain",
    [
        replace(AT_ONCE, speed=replace(STEADY, answers=4)),  # a short list says nothing
        replace(AT_ONCE, speed=replace(STEADY, is_correction=True)),  # its form was filled in already
        replace(AT_ONCE, speed=replace(STEADY, seconds=600)),  # the clock that nobody sets knows better
        replace(PLAIN, speed=replace(STEADY, seconds=600, after_another=timedelta())),  # handed in together
        replace(PLAIN, started_at=NOON),  # a form without a clock of its own
    ],
)
def test_what_may_well_be_is_not_called_too_fast(plain):
    assert flags(plain) == []


def test_what_the_device_measured_counts_more_than_its_clock():
    assert flags(replace(PLAIN, speed=replace(STEADY, seconds=3))) == ["too_fast"]


def test_a_clock_that_was_corrected_is_not_called_ahead_as_well():
    assert flags(replace(PLAIN, skew=-timedelta(hours=1))) == ["clock_skew"]


def test_a_record_of_a_wrong_clock_is_not_late_when_it_was_sent_at_once():
    year = timedelta(days=365)
    asleep = replace(PLAIN, skew=-year, started_at=NOON - year, finished_at=NOON - year)
    assert flags(asleep) == ["clock_skew"]


@given(st.timedeltas(-SKEW_TOLERATED, SKEW_TOLERATED))
def test_a_clock_that_is_nearly_right_is_believed(skew):
    assert true_moment(NOON, skew) == NOON


@given(st.timedeltas(timedelta(minutes=6), timedelta(days=9000)), st.sampled_from([1, -1]))
def test_a_clock_that_is_wrong_is_corrected_by_what_was_measured(skew, sign):
    sent = NOON + sign * skew
    assert true_moment(sent, skew_of(sent, NOON)) == NOON


def test_where_no_clock_was_measured_nothing_is_corrected():
    assert skew_of(None, NOON) == timedelta()


UNITS = [
    (Units(1, None, ["9"], ""), True, {}),
    (Units(12, None, [], ""), False, {"units_checked": "answer"}),
    (Units(12, 0, [], ""), False, {"units_checked": "range"}),
    (Units(12, 1, [], "locked"), False, {}),
    (Units(12, 13, [], ""), False, {"units_checked": "range"}),
    (Units(12, 12, [], ""), False, {}),
    (Units(12, 11, [], ""), False, {"units_reason": "why"}),
    (Units(12, 11, [], "covered"), False, {}),
    (Units(12, 12, ["0"], ""), True, {"unit": "range"}),
    (Units(12, 12, ["1", "12"], ""), True, {}),
    (Units(12, 12, ["13"], ""), True, {"unit": "range"}),
    (Units(12, 12, ["x"], ""), True, {"unit": "range"}),
    (Units(12, 12, ["３"], ""), True, {"unit": "range"}),
    (Units(12, 12, [], ""), True, {"unit": "which"}),
    (Units(12, 12, ["7"], ""), False, {"unit": "item"}),
    (Units(12, 2, ["1", "2", "2"], "rest locked"), True, {}),
    (Units(12, 2, ["1", "2", "3"], "rest locked"), True, {"unit": "more"}),
]


@pytest.mark.parametrize(("units", "has_abnormal", "wrong"), UNITS)
def test_units_of_a_row(units, has_abnormal, wrong):
    assert unit_problems(units, has_abnormal_answer=has_abnormal) == wrong


def test_marked_units_are_named_once_and_in_order():
    assert units_in_order(["12", "3", "03", "7"]) == ["3", "7", "12"]


SHAOGUAN = [{"key": "major"}, {"key": "general"}, {"key": "consult"}]
FUTIAN = [{"key": "major"}, {"key": "general"}]


@pytest.mark.parametrize(
    ("severity", "levels", "level"),
    [("consult", SHAOGUAN, "consult"), ("consult", FUTIAN, "general"), ("major", FUTIAN, "major"), ("general", [], "")],
)
def test_a_level_that_the_contract_lacks_becomes_its_lowest(severity, levels, level):
    assert proposed_level(severity, levels) == level


def test_the_chosen_level_counts_only_if_the_contract_has_it():
    assert level_meant("major", "general", SHAOGUAN) == "major"
    assert level_meant("terrible", "general", SHAOGUAN) == "general"
    assert level_meant("", "consult", FUTIAN) == "general"
