"""How planned lines stand: planned = sum of states, whatever happened."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.kit.clock import Month
from webapp.plans.states import Expected, Frame, LineState, Work, count, counts_by, standings

MONTH = Month(2026, 11)
START, END = MONTH.bounds("Asia/Shanghai")
ASSET = uuid.UUID(int=1)
MID = datetime(2026, 11, 18, 4, tzinfo=UTC)  # noon of the 18th on the spot


def a_line(day: int = 18, number: int = 1, asset: uuid.UUID = ASSET, opens=START, closes=END, **more) -> Expected:
    return Expected(uuid.UUID(int=number), asset, date(2026, 11, day), opens, closes, **more)


def work(at: datetime, number: int = 100, asset: uuid.UUID = ASSET, **more) -> Work:
    return Work(uuid.UUID(int=number), asset, at, **more)


def state_of(works, now, line=None) -> tuple[LineState, bool]:
    line = line or a_line()
    found, _spare = standings([line], works, Frame(MONTH, "Asia/Shanghai", now))
    return found[line.id].state, found[line.id].is_overdue


DAY_ENDS = datetime(2026, 11, 18, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("works", "now", "state", "is_overdue"),
    [
        ([], MID, LineState.PENDING, False),
        ([], DAY_ENDS - timedelta(seconds=1), LineState.PENDING, False),
        ([], DAY_ENDS, LineState.PENDING, True),
        ([], END - timedelta(seconds=1), LineState.PENDING, True),
        ([], END, LineState.MISSED, False),
        ([work(START)], MID, LineState.DONE, False),
        ([work(DAY_ENDS - timedelta(seconds=1))], END, LineState.DONE, False),
        ([work(DAY_ENDS)], END, LineState.LATE, False),
        ([work(END - timedelta(seconds=1))], END, LineState.LATE, False),
        ([work(END)], END + timedelta(days=3), LineState.MADE_UP, False),
        ([work(MID + timedelta(hours=1))], MID, LineState.PENDING, False),  # from the future: not yet
        ([work(MID, is_standing=False)], MID, LineState.IN_PROGRESS, False),
        ([work(MID, is_standing=False)], DAY_ENDS, LineState.IN_PROGRESS, True),
        ([work(MID, is_standing=False)], END, LineState.MISSED, False),
        ([work(MID, is_standing=False), work(MID, 101)], END, LineState.DONE, False),
        ([work(MID, is_whole=False)], MID, LineState.IN_PROGRESS, False),
        ([work(MID, is_whole=False)], END, LineState.MISSED, False),
        ([work(START, is_whole=False), work(MID, 101)], END, LineState.DONE, False),
        ([work(MID, asset=uuid.UUID(int=2))], MID, LineState.PENDING, False),
    ],
)
def test_how_a_line_stands_on_both_sides_of_each_boundary(works, now, state, is_overdue):
    assert state_of(works, now) == (state, is_overdue)


def test_a_check_before_a_presentation_is_late_a_minute_after_its_hour():
    due = datetime(2026, 11, 18, 1, tzinfo=UTC)
    line = a_line(opens=due - timedelta(days=1), closes=due, due_at=due)
    assert state_of([work(due)], END, line) == (LineState.DONE, False)
    assert state_of([work(due + timedelta(minutes=1))], END, line) == (LineState.LATE, False)
    assert state_of([], due, line) == (LineState.PENDING, True)
    assert state_of([work(due - timedelta(days=2))], due, line) == (LineState.PENDING, True)  # too early to count


def test_a_cancelled_line_is_cancelled_and_takes_no_inspection():
    found, spare = standings([a_line(is_cancelled=True)], [work(MID)], Frame(MONTH, "Asia/Shanghai", END))
    assert [one.state for one in found.values()] == [LineState.CANCELLED]
    assert [one.id for one in spare] == [uuid.UUID(int=100)]


def test_one_inspection_counts_for_one_line_and_its_own_week_goes_first():
    week = timedelta(days=7)
    monday = datetime(2026, 11, 1, 16, tzinfo=UTC)
    lines = [a_line(2 + 7 * n, n + 1, opens=monday + n * week, closes=monday + (n + 1) * week) for n in range(3)]
    second = work(monday + week + timedelta(hours=9))
    found, spare = standings(lines, [second], Frame(MONTH, "Asia/Shanghai", END))
    assert [found[line.id].state for line in lines] == [LineState.MISSED, LineState.DONE, LineState.MISSED]
    assert spare == []
    again = work(monday + week + timedelta(hours=30), 101)
    found, spare = standings(lines, [second, again], Frame(MONTH, "Asia/Shanghai", END))
    assert [found[line.id].state for line in lines] == [LineState.LATE, LineState.DONE, LineState.MISSED]


def test_what_serves_no_line_is_work_outside_the_plan():
    other = work(MID, 101, uuid.UUID(int=2))
    _found, spare = standings([a_line()], [work(START), work(MID, 102), other], Frame(MONTH, "Asia/Shanghai", END))
    assert {one.id.int for one in spare} == {101, 102}


moments = st.integers(-24 * 3, 24 * 45).map(lambda hours: START + timedelta(hours=hours))
some_lines = st.lists(
    st.builds(
        lambda number, asset, day, is_cancelled, narrow: a_line(
            day,
            number,
            uuid.UUID(int=asset),
            opens=START + timedelta(days=day - 1) if narrow else START,
            closes=START + timedelta(days=day) if narrow else END,
            is_cancelled=is_cancelled,
        ),
        st.integers(1, 10**6),
        st.integers(1, 4),
        st.integers(1, 30),
        st.booleans(),
        st.booleans(),
    ),
    max_size=15,
    unique_by=lambda line: line.id,
)
some_works = st.lists(
    st.builds(
        lambda number, asset, at, is_standing, is_whole: work(
            at, number, uuid.UUID(int=asset), is_standing=is_standing, is_whole=is_whole
        ),
        st.integers(10**7, 10**8),
        st.integers(1, 5),
        moments,
        st.booleans(),
        st.booleans(),
    ),
    max_size=20,
    unique_by=lambda one: one.id,
)


@settings(max_examples=150)
@given(some_lines, some_works, moments)
def test_planned_is_the_sum_of_the_states_per_month_and_asset(lines, works, now):
    found, spare = standings(lines, works, Frame(MONTH, "Asia/Shanghai", now))
    assert set(found) == {line.id for line in lines}
    total = count(one.state for one in found.values())
    assert total.is_whole
    assert total.planned == len(lines)
    by_asset = counts_by((line.asset_id, found[line.id].state) for line in lines)
    assert all(one.is_whole for one in by_asset.values())
    assert sum(by_asset.values(), start=count([])) == total
    served = [one.work_id for one in found.values() if one.state in (LineState.DONE, LineState.LATE, LineState.MADE_UP)]
    assert len(served) == len(set(served))
    standing = {one.id for one in works if one.is_standing and one.is_whole}
    assert set(served) <= standing, "what was sent back or is not whole is not done"
    assert not {one.id for one in spare} & set(served)


@settings(max_examples=100)
@given(some_lines, some_works, moments, moments)
def test_a_line_that_is_done_stays_done_as_time_goes_by(lines, works, one, other):
    """More inspections may change which one serves a line, never that it is served."""
    earlier, later = sorted((one, other))
    done = (LineState.DONE, LineState.LATE, LineState.MADE_UP)
    before, _spare = standings(lines, works, Frame(MONTH, "Asia/Shanghai", earlier))
    after, _spare = standings(lines, works, Frame(MONTH, "Asia/Shanghai", later))
    assert sum(one.state in done for one in before.values()) <= sum(one.state in done for one in after.values())
