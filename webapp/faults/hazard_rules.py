"""The way of a hazard (R71, R72): which step may follow which, who takes it, how old it is, when its list is due. Pure.

found → on the monthly list → approved or refused → in work → done → checked. Work begins only after consent.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from webapp.faults.models import EventKind as Kind
from webapp.kit.clock import Month, local_day
from webapp.sites.rules import Right

WARNED_AFTER_DAYS = (30, 60, 90)  # R72: repeated


class State(enum.StrEnum):
    """Where a hazard stands."""

    FOUND = "found"
    LISTED = "listed"  # waits for the bureau
    APPROVED = "approved"
    REFUSED = "refused"
    IN_WORK = "in_work"
    DONE = "done"  # waits for the check of the bureau
    CHECKED = "checked"
    CLOSED = "closed"  # without work: refused and left at that, or closed before there was this way


ENDED = frozenset({State.CHECKED, State.CLOSED})
OPEN = tuple(state for state in State if state not in ENDED)


@dataclass(frozen=True)
class Move:
    """A step: from which states, with which right, what it needs. `is_field`: done at the device, through the outbox.

    `button` of the step is the one at the thumb of whoever has the right.
    """

    before: frozenset[State]
    right: Right
    needs_text: bool = True
    is_field: bool = False


MOVES: dict[Kind, Move] = {
    Kind.LISTED: Move(frozenset({State.FOUND}), Right.HAND_IN_MONTH, needs_text=False),
    Kind.APPROVED: Move(frozenset({State.LISTED}), Right.CLOSE, needs_text=False),
    Kind.REFUSED: Move(frozenset({State.LISTED}), Right.CLOSE),
    Kind.ASKED_AGAIN: Move(frozenset({State.REFUSED}), Right.HAND_IN_MONTH),
    Kind.STARTED: Move(frozenset({State.APPROVED}), Right.INSPECT, needs_text=False, is_field=True),
    Kind.DONE: Move(frozenset({State.IN_WORK}), Right.INSPECT, is_field=True),
    Kind.SENT_BACK: Move(frozenset({State.DONE}), Right.CLOSE),
    Kind.CLOSED: Move(frozenset({State.DONE, State.REFUSED}), Right.CLOSE),
    Kind.REOPENED: Move(frozenset(ENDED), Right.CLOSE),
}
BY_STEP = (Kind.ASKED_AGAIN, Kind.STARTED, Kind.DONE, Kind.SENT_BACK)  # those that come through the door of steps

_AFTER = {
    Kind.LISTED: State.LISTED,
    Kind.APPROVED: State.APPROVED,
    Kind.REFUSED: State.REFUSED,
    Kind.ASKED_AGAIN: State.FOUND,
    Kind.STARTED: State.IN_WORK,
    Kind.DONE: State.DONE,
    Kind.SENT_BACK: State.IN_WORK,
}


def state_after(kinds: Iterable[str]) -> State:
    """Where a hazard stands after these events, in the order in which they were recorded."""
    state, has_consent = State.FOUND, False
    for kind in kinds:
        if kind == Kind.CLOSED:
            state = State.CHECKED if state is State.DONE else State.CLOSED
        elif kind == Kind.REOPENED:  # consent that was given holds: the same work goes on
            state = State.IN_WORK if has_consent else State.FOUND
        elif kind in _AFTER:
            state = _AFTER[Kind(kind)]
            has_consent = has_consent or kind == Kind.APPROVED
            has_consent = has_consent and kind not in (Kind.REFUSED, Kind.ASKED_AGAIN)
    return state


def next_state(kinds: Iterable[str], kind: Kind) -> State | None:
    """Where a hazard stands after one step more; None where the step is not the next one."""
    done = list(kinds)
    return state_after([*done, kind]) if state_after(done) in MOVES[kind].before else None


def next_step(state: State, rights: frozenset[Right]) -> str:
    """The one next step of somebody with these rights: a kind of event, "decide", or "" where others are on.

    Of two that the state allows, the one that leads on: a check is passed by closing, a refused hazard is asked for
    again by the lead.
    """
    ways = {
        State.FOUND: ((Kind.LISTED.value, Right.HAND_IN_MONTH),),
        State.LISTED: (("decide", Right.CLOSE),),
        State.APPROVED: ((Kind.STARTED.value, Right.INSPECT),),
        State.REFUSED: ((Kind.ASKED_AGAIN.value, Right.HAND_IN_MONTH), (Kind.CLOSED.value, Right.CLOSE)),
        State.IN_WORK: ((Kind.DONE.value, Right.INSPECT),),
        State.DONE: ((Kind.CLOSED.value, Right.CLOSE),),
    }
    return next((step for step, right in ways.get(state, ()) if right in rights), "")


def waits_for(state: State) -> str:
    """Who has the next step: "lead", "bureau", "field", or "" once it has ended."""
    owners = {
        State.FOUND: "lead",
        State.LISTED: "bureau",
        State.APPROVED: "field",
        State.REFUSED: "lead",
        State.IN_WORK: "field",
        State.DONE: "bureau",
    }
    return owners.get(state, "")


def age_days(reported_at: datetime, until: datetime, zone: str) -> int:
    """Whole calendar days of the site from the report to a moment: the day of the report is day 0 (R72)."""
    return max(0, (local_day(until, zone) - local_day(reported_at, zone)).days)


def warned_at(age: int) -> int:
    """The last of the warnings that an open hazard of this age has reached, in days; 0 where it has reached none."""
    return max((days for days in WARNED_AFTER_DAYS if age >= days), default=0)


def list_month(reported_at: datetime, zone: str) -> Month:
    """The month on whose list a hazard belongs: the one in which it was reported."""
    return Month.of(local_day(reported_at, zone))


def is_list_late(month: Month, day: date) -> bool:
    """Whether a list that is not handed in on this day is late: it is due on the last day of its month."""
    return day > month.last
