"""Pure decisions about calls: running numbers, what the answer becomes, where a call stands, when to look again."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterable
from datetime import date, timedelta

from webapp.calls.models import CallKind, StepKind
from webapp.kit.clock import Month

PREFIX = "DH"  # 电话
CONSULT_LEVEL = "consult"  # the level of a contract that gives clocks to a consultation (R39)
UNDATED = timedelta(days=1)  # a call to be followed up without a day is looked at on the next one

_ENDS = {
    CallKind.CONSULTATION: (StepKind.ANSWERED, StepKind.CLOSED),
    CallKind.FAULT: (StepKind.CLOSED,),
    CallKind.OTHER: (StepKind.CLOSED,),
}


class State(enum.StrEnum):
    """Where a call stands."""

    FAULT_MISSING = "fault_missing"  # a fault was told, and nobody has entered it
    TO_FOLLOW_UP = "to_follow_up"
    PASSED_ON = "passed_on"  # it became a fault or an order, whose own page says how that stands
    ANSWERED = "answered"
    CLOSED = "closed"


OPEN = (State.FAULT_MISSING, State.TO_FOLLOW_UP)


def number_prefix(month: Month) -> str:
    """What the numbers of a month begin with: "DH-2611-"."""
    return f"{PREFIX}-{month.year % 100:02d}{month.month:02d}-"


def source_of(call_id: uuid.UUID) -> str:
    """How a fault names the call that it comes from."""
    return f"call:{call_id}"


def step_of_answer(kind: str, answer: str) -> StepKind | None:
    """What the answer typed with the call becomes: it closes a consultation; elsewhere it is what was said so far."""
    if not answer:
        return None
    return StepKind.ANSWERED if kind == CallKind.CONSULTATION else StepKind.FOLLOWED_UP


def may_become_order(kind: str, levels: Iterable[str]) -> bool:
    """Whether a call goes on to the form of a fault: a fault always, a consultation where the contract has a level
    for it (R39); one without (R45) stays a record of service.
    """
    return kind == CallKind.FAULT or (kind == CallKind.CONSULTATION and CONSULT_LEVEL in levels)


def steps_allowed(kind: str) -> tuple[StepKind, ...]:
    """The steps that a call of this kind may take while it is open."""
    return (StepKind.FOLLOWED_UP, *_ENDS[CallKind(kind)])


def state_of(kind: str, steps: Iterable[str], has_fault: bool) -> State:
    """Where a call stands after these steps; `has_fault`: a fault names it as its source. What ended it goes first."""
    ended = next((step for step in steps if step in (StepKind.ANSWERED, StepKind.CLOSED)), None)
    if ended:
        return State.ANSWERED if ended == StepKind.ANSWERED else State.CLOSED
    if has_fault:
        return State.PASSED_ON
    return State.FAULT_MISSING if kind == CallKind.FAULT else State.TO_FOLLOW_UP


def due_on(state: State, called_on: date, next_on: date | None) -> date | None:
    """The day on which an open call is to be looked at: the one named last, else the day after the call.

    A fault that was told and not entered is due at once: the clocks of the contract run from the call (R42).
    """
    if state is State.FAULT_MISSING:
        return called_on
    return (next_on or called_on + UNDATED) if state is State.TO_FOLLOW_UP else None
