"""The way of a hazard, its age and the day its list is due, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from webapp.faults.hazard_rules import (
    MOVES,
    OPEN,
    State,
    age_days,
    is_list_late,
    list_month,
    next_state,
    next_step,
    state_after,
    waits_for,
    warned_at,
)
from webapp.faults.models import EventKind as Kind
from webapp.kit.clock import Month
from webapp.sites.rules import Right

ZONE = "Asia/Shanghai"
WAY = [Kind.REPORTED, Kind.LISTED, Kind.APPROVED, Kind.STARTED, Kind.DONE, Kind.CLOSED]
STATES = [State.FOUND, State.LISTED, State.APPROVED, State.IN_WORK, State.DONE, State.CHECKED]
TECH = frozenset({Right.INSPECT, Right.RAISE})
LEAD = frozenset({Right.INSPECT, Right.RAISE, Right.HAND_IN_MONTH})
BUREAU = frozenset({Right.CLOSE, Right.RAISE})


def test_a_hazard_goes_from_found_to_checked():
    assert [state_after(WAY[:n]) for n in range(1, 7)] == STATES


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([], State.FOUND),
        ([Kind.REPORTED, Kind.ARRIVED], State.FOUND),
        ([*WAY[:2], Kind.REFUSED], State.REFUSED),
        ([*WAY[:2], Kind.REFUSED, Kind.CLOSED], State.CLOSED),
        ([*WAY[:2], Kind.REFUSED, Kind.ASKED_AGAIN], State.FOUND),
        ([*WAY[:5], Kind.SENT_BACK], State.IN_WORK),
        ([*WAY[:5], Kind.SENT_BACK, Kind.DONE, Kind.CLOSED], State.CHECKED),
        ([*WAY, Kind.REOPENED], State.IN_WORK),  # consent holds
        ([*WAY[:2], Kind.REFUSED, Kind.CLOSED, Kind.REOPENED], State.FOUND),  # there was none
        ([Kind.REPORTED, Kind.CLOSED], State.CLOSED),  # before there was this way
        ([Kind.REPORTED, Kind.CLOSED, Kind.REOPENED], State.FOUND),
    ],
)
def test_the_state_follows_from_the_events(kinds, state):
    assert state_after(kinds) is state


@pytest.mark.parametrize("kind", MOVES)
def test_each_step_follows_upon_its_own_states_and_no_other(kind):
    ways = {
        State.FOUND: WAY[:1],
        State.LISTED: WAY[:2],
        State.APPROVED: WAY[:3],
        State.REFUSED: [*WAY[:2], Kind.REFUSED],
        State.IN_WORK: WAY[:4],
        State.DONE: WAY[:5],
        State.CHECKED: WAY,
        State.CLOSED: [*WAY[:2], Kind.REFUSED, Kind.CLOSED],
    }
    assert set(ways) == set(State)
    assert {state for state, kinds in ways.items() if next_state(kinds, kind)} == MOVES[kind].before


def test_no_work_begins_before_consent():
    for kinds in (WAY[:1], WAY[:2], [*WAY[:2], Kind.REFUSED]):
        assert next_state(kinds, Kind.STARTED) is None
        assert next_state(kinds, Kind.DONE) is None
    assert next_state(WAY[:3], Kind.STARTED) is State.IN_WORK


@pytest.mark.parametrize(
    ("state", "tech", "lead", "bureau"),
    [
        (State.FOUND, "", "listed", ""),
        (State.LISTED, "", "", "decide"),
        (State.APPROVED, "started", "started", ""),
        (State.REFUSED, "", "asked_again", "closed"),
        (State.IN_WORK, "done", "done", ""),
        (State.DONE, "", "", "closed"),
        (State.CHECKED, "", "", ""),
        (State.CLOSED, "", "", ""),
    ],
)
def test_each_role_has_one_next_step_or_none(state, tech, lead, bureau):
    assert (next_step(state, TECH), next_step(state, LEAD), next_step(state, BUREAU)) == (tech, lead, bureau)
    assert next_step(state, frozenset({Right.READ})) == ""
    assert bool(waits_for(state)) == (state in OPEN)


def test_age_counts_the_days_of_the_site():
    late = datetime(2026, 11, 17, 15, 59, tzinfo=UTC)  # one minute before midnight in Shaoguan
    assert age_days(late, late, ZONE) == 0
    assert age_days(late, late + timedelta(minutes=1), ZONE) == 1
    assert age_days(late, late + timedelta(days=30), ZONE) == 30
    assert age_days(late, late - timedelta(days=3), ZONE) == 0


@pytest.mark.parametrize(
    ("age", "warning"), [(0, 0), (29, 0), (30, 30), (59, 30), (60, 60), (89, 60), (90, 90), (400, 90)]
)
def test_a_hazard_is_warned_of_after_30_60_and_90_days(age, warning):
    assert warned_at(age) == warning


def test_the_list_is_due_on_the_last_day_of_the_month_in_which_the_hazard_was_reported():
    november = list_month(datetime(2026, 11, 30, 15, 59, tzinfo=UTC), ZONE)
    assert november == Month(2026, 11)
    assert list_month(datetime(2026, 11, 30, 16, 0, tzinfo=UTC), ZONE) == Month(2026, 12)
    assert not is_list_late(november, date(2026, 11, 30))
    assert is_list_late(november, date(2026, 12, 1))
