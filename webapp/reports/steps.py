"""The way of a summary: handed in by the provider, returned or accepted by the bureau (R3, R36). Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime


class StepKind(enum.StrEnum):
    """What somebody did with the summary of a month."""

    HANDED_IN = "handed_in"
    RETURNED = "returned"  # by the bureau, with a comment
    ACCEPTED = "accepted"


class ReviewState(enum.StrEnum):
    """How far the summary of a month has come."""

    NOT_HANDED_IN = "not_handed_in"
    HANDED_IN = "handed_in"
    RETURNED = "returned"
    ACCEPTED = "accepted"


@dataclass(frozen=True)
class MonthStep:
    """One step with the figures as they stood then; the digest is over the whole summary of that moment."""

    number: int
    kind: StepKind
    comment: str
    by: str
    at: datetime
    is_late: bool  # handed in after the last day of the month
    figures: tuple[tuple[str, int], ...]
    digest: str


@dataclass(frozen=True)
class Changed:
    """A figure that is another one since a step was taken."""

    figure: str
    then: int
    now: int


def state_of(steps: Sequence[MonthStep]) -> ReviewState:
    """How far the summary has come with these steps, oldest first."""
    return ReviewState(steps[-1].kind.value) if steps else ReviewState.NOT_HANDED_IN


def first_handed_in(steps: Sequence[MonthStep]) -> MonthStep | None:
    """The step that decides whether the summary was in time; None while nothing was handed in."""
    return next((step for step in steps if step.kind is StepKind.HANDED_IN), None)


def newest_comment(steps: Sequence[MonthStep]) -> str:
    """What the provider says in the summary as it was last handed in."""
    return next((step.comment for step in reversed(steps) if step.kind is StepKind.HANDED_IN), "")


def is_late(day: date, last: date) -> bool:
    """Whether a day lies after the due day: the last day of the month (R36)."""
    return day > last


def changes_since(step: MonthStep | None, figures: Mapping[str, int]) -> tuple[Changed, ...]:
    """The figures that are not as they were at a step. A figure that the step did not know yet counts as none then."""
    if step is None:
        return ()
    then = dict(step.figures)
    return tuple(Changed(name, then.get(name, 0), now) for name, now in figures.items() if then.get(name, 0) != now)
