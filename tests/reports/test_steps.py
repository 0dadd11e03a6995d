"""Rules of the summary's way, of the plan in it and of its comparison, without database."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kit.canonical import canonical_json
from webapp.plans.planned import LineState
from webapp.reports.closing_content import _read
from webapp.reports.comparison import MonthFigures, compare
from webapp.reports.plan_coverage import STATES, PlanCoverage, PlanLine, tallied
from webapp.reports.steps import (
    Changed,
    MonthStep,
    ReviewState,
    StepKind,
    changes_since,
    first_handed_in,
    is_late,
    newest_comment,
    state_of,
)

AT = datetime(2026, 10, 31, 10, 0, tzinfo=UTC)


def step(number: int, kind: StepKind, comment: str = "", **figures: int) -> MonthStep:
    return MonthStep(number, kind, comment, "李建国", AT, False, tuple(figures.items()), "0" * 64)


IN, BACK, YES = StepKind.HANDED_IN, StepKind.RETURNED, StepKind.ACCEPTED


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([], ReviewState.NOT_HANDED_IN),
        ([IN], ReviewState.HANDED_IN),
        ([IN, BACK], ReviewState.RETURNED),
        ([IN, BACK, IN], ReviewState.HANDED_IN),
        ([IN, BACK, IN, YES], ReviewState.ACCEPTED),
        ([IN, YES, IN], ReviewState.HANDED_IN),
    ],
)
def test_the_newest_step_says_how_far_the_summary_has_come(kinds, state):
    assert state_of([step(number, kind) for number, kind in enumerate(kinds, 1)]) is state


def test_the_first_handing_in_decides_about_lateness_the_newest_words_are_shown():
    steps = [step(1, IN, "一稿"), step(2, BACK, "请补充"), step(3, IN, "二稿")]
    assert first_handed_in(steps) == steps[0]
    assert newest_comment(steps) == "二稿"
    assert first_handed_in([]) is None
    assert newest_comment([]) == ""


def test_the_last_day_of_the_month_is_in_time_the_next_one_late():
    last = date(2026, 10, 31)
    assert not is_late(last, last)
    assert is_late(date(2026, 11, 1), last)


def test_a_figure_that_is_another_one_is_named_with_both_values():
    taken = step(1, IN, done=118, faults=0)
    assert changes_since(taken, {"done": 118, "faults": 0, "new": 0}) == ()
    assert changes_since(taken, {"done": 120, "faults": 0, "new": 2}) == (
        Changed("done", 118, 120),
        Changed("new", 0, 2),
    )
    assert changes_since(None, {"done": 1}) == ()


def test_a_month_is_set_beside_the_one_before():
    before = MonthFigures("2026-09", True, due=120, done=118, units_due=436, units_checked=436, abnormal=3, photos=9)
    now = MonthFigures("2026-10", False, due=120, done=120, units_due=436, units_checked=429, abnormal=5)
    found = compare(now, before)
    lines = {line.name: (line.before, line.now, line.change) for line in found.lines}
    assert lines["row-coverage"] == (Decimal("98.3"), Decimal(100), Decimal("1.7"))
    assert lines["unit-coverage"] == (Decimal(100), Decimal("98.3"), Decimal("-1.7"))
    assert lines["abnormal"] == (3, 5, 2)
    assert lines["photos"] == (9, 0, -9)
    assert (found.month, found.is_closed) == ("2026-09", True)


def test_where_nothing_was_before_there_is_nothing_to_compare_and_no_percentage_of_nothing():
    assert compare(MonthFigures("2026-01", False, due=5), MonthFigures("2025-12", False)) is None
    found = compare(MonthFigures("2027-02", False), MonthFigures("2027-01", False, due=5, done=5))
    assert found.lines[0].now is None
    assert found.lines[0].change is None


plan_lines = st.lists(
    st.builds(
        PlanLine,
        id=st.uuids(),
        asset_id=st.uuids(),
        code=st.just("SG-1-01-001"),
        name=st.text(max_size=4),
        line_number=st.integers(1, 3),
        system_name=st.sampled_from(["大屏", "音响"]),
        day=st.dates(),
        kind=st.just("monthly"),
        technician=st.text(max_size=4),
        supervisor=st.text(max_size=4),
        state=st.sampled_from(STATES),
        is_overdue=st.booleans(),
        done_on=st.none() | st.dates(),
        reason=st.sampled_from(["", "外借"]),
        is_addendum=st.booleans(),
        event=st.just(""),
    ),
    max_size=30,
)


@given(plan_lines)
def test_what_was_planned_is_the_sum_of_its_states(lines):
    total = tallied(lines)
    closed = total.done + total.late + total.made_up + total.missed + total.cancelled
    assert total.planned == closed + total.pending + total.in_progress == len(lines)
    by_list = [tallied(line for line in lines if line.line_number == number) for number in (1, 2, 3)]
    for state in STATES:
        assert sum(each.count(state) for each in by_list) == total.count(state)


@given(plan_lines)
def test_a_plan_reads_back_equal_from_a_stored_summary(lines):
    listed = tuple(sorted({line.line_number for line in lines}))
    plan = PlanCoverage(
        "approved", 2, AT, "李建国", AT, "王芳", False, tuple(lines), tallied(lines),
        tuple((number, tallied(line for line in lines if line.line_number == number)) for number in listed),
        tuple((number, "大屏", tallied([])) for number in listed), 1,
    )  # fmt: skip
    assert _read(PlanCoverage, json.loads(canonical_json(asdict(plan)))) == plan


def test_every_state_of_a_plan_has_its_count():
    assert {state.value for state in LineState} <= {field.name for field in fields(tallied([]))}
    assert tallied([]).planned == 0
