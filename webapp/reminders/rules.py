"""Which reminders are due, from plain facts and the day. Pure decisions (R3, R21, R36)."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from webapp.kit.clock import Month
from webapp.sites.rules import Ending, Right, days_left, ending

# What a sender waits before it tries again, attempt by attempt; after the last attempt it gives up.
PAUSES = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=8),
    timedelta(hours=24),
    timedelta(hours=24),
)
MOST_ATTEMPTS = len(PAUSES) + 1


class Kind(enum.StrEnum):
    """What somebody is reminded of."""

    PLAN = "plan"  # the plan of a month is to be handed in (R3)
    PLAN_RETURNED = "plan_returned"
    PLAN_WAITING = "plan_waiting"  # handed in, the bureau has not decided yet (R4)
    SUMMARY = "summary"  # the summary of a month is to be handed in (R3)
    SUMMARY_RETURNED = "summary_returned"
    SUMMARY_WAITING = "summary_waiting"
    UNSENT = "unsent"  # devices hold work of a month that is about to be closed
    SERVICE = "service"  # a service period ends (R21)


# Who has to act: everybody with this right in the site.
WHO = {
    Kind.PLAN: Right.PLAN,
    Kind.PLAN_RETURNED: Right.PLAN,
    Kind.PLAN_WAITING: Right.REVIEW_PLAN,
    Kind.SUMMARY: Right.HAND_IN_MONTH,
    Kind.SUMMARY_RETURNED: Right.HAND_IN_MONTH,
    Kind.SUMMARY_WAITING: Right.ACCEPT_MONTH,
    Kind.UNSENT: Right.HANDLE_ARRIVALS,
    Kind.SERVICE: Right.EXPORT,
}


class Stage(enum.StrEnum):
    """How pressing a due day is."""

    EARLY = "early"
    SOON = "soon"
    LATE = "late"


class Paper(enum.StrEnum):
    """How far a plan or a summary has come."""

    OPEN = "open"
    RETURNED = "returned"
    WAITING = "waiting"  # handed in, the bureau has not decided yet
    SETTLED = "settled"


@dataclass(frozen=True)
class Days:
    """How many days before the due day one is reminded, first and again (R36)."""

    early: int = 5
    soon: int = 2


@dataclass(frozen=True)
class PaperFact:
    """The plan or the summary of one month. `turn` changes with each step, so that each is told once."""

    month: Month
    paper: Paper
    turn: str = ""


@dataclass(frozen=True)
class LineFact:
    """A service line with its own period, both days included."""

    id: str
    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class UnsentFact:
    """How many documents devices are known to hold that may be of a month which is not closed."""

    month: Month
    documents: int


@dataclass(frozen=True)
class Facts:
    """What the reminders of one site are decided by. Days are those of its zone."""

    today: date
    known_since: date  # the day the site was entered here: nothing was due before
    lines: Sequence[LineFact]
    plans: Sequence[PaperFact]
    summaries: Sequence[PaperFact]
    unsent: Sequence[UnsentFact]
    days: Days = Days()


@dataclass(frozen=True)
class Reminder:
    """Something that somebody has to do. The same thing keeps its key for as long as it is to be told once."""

    kind: Kind
    key: str
    is_urgent: bool  # late, or about to be
    month: Month | None = None
    due_on: date | None = None
    stage: Stage | None = None
    left: int = 0  # days until the due day; negative: how many it is late
    name: str = ""  # of a service line
    documents: int = 0

    @property
    def right(self) -> Right:
        """Who has to act: everybody with this right."""
        return WHO[self.kind]


def stage_of(due_on: date, today: date, days: Days) -> Stage | None:
    """How pressing a due day is; the due day itself is still in time. None while it is far."""
    left = (due_on - today).days
    if left < 0:
        return Stage.LATE
    if left <= days.soon:
        return Stage.SOON
    return Stage.EARLY if left <= days.early else None


def is_served(lines: Iterable[LineFact], month: Month) -> bool:
    """Whether any service line runs on at least one day of the month; nothing is due outside (R21)."""
    return any(line.starts_on <= month.last and line.ends_on >= month.first for line in lines)


def plan_due_on(month: Month) -> date:
    """The plan of a month is due on the last day of the month before (R3, R36)."""
    return month.previous().last


def summary_due_on(month: Month) -> date:
    """The summary of a month is due on its last day (R3, R36)."""
    return month.last


def reminders(facts: Facts) -> list[Reminder]:
    """All that is due on that day: the late first, then by due day."""
    found = [
        *_papers(facts, facts.plans, (Kind.PLAN, Kind.PLAN_RETURNED, Kind.PLAN_WAITING)),
        *_papers(facts, facts.summaries, (Kind.SUMMARY, Kind.SUMMARY_RETURNED, Kind.SUMMARY_WAITING)),
        *_unsent(facts),
        *_service(facts),
    ]
    return sorted(found, key=lambda each: (not each.is_urgent, each.due_on or date.max, each.key))


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after that many attempts; None: give up."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def _papers(facts: Facts, papers: Sequence[PaperFact], kinds: tuple[Kind, Kind, Kind]) -> Iterator[Reminder]:
    to_do, returned, waiting = kinds
    due = plan_due_on if to_do is Kind.PLAN else summary_due_on
    for fact in papers:
        due_on = due(fact.month)
        if fact.paper is Paper.SETTLED or due_on < facts.known_since or not is_served(facts.lines, fact.month):
            continue
        stage = stage_of(due_on, facts.today, facts.days)
        about = Reminder(to_do, "", False, fact.month, due_on, stage, (due_on - facts.today).days)
        if fact.paper is Paper.WAITING:
            yield replace(about, kind=waiting, key=f"{waiting}:{fact.month}:{fact.turn}")
            continue
        if fact.paper is Paper.RETURNED:
            key = f"{returned}:{fact.month}:{fact.turn}"
            yield replace(about, kind=returned, key=key, is_urgent=stage is not None)
        if stage:
            yield replace(about, key=f"{to_do}:{fact.month}:{stage}", is_urgent=stage is not Stage.EARLY)


def _unsent(facts: Facts) -> Iterator[Reminder]:
    """From the second warning on until the month is closed: what is still out would become an addendum."""
    for fact in facts.unsent:
        last = fact.month.last
        stage = stage_of(last, facts.today, facts.days)
        if fact.documents and stage in (Stage.SOON, Stage.LATE):
            key, left, is_late = f"{Kind.UNSENT}:{fact.month}", (last - facts.today).days, stage is Stage.LATE
            yield Reminder(Kind.UNSENT, key, is_late, fact.month, last, stage, left, documents=fact.documents)


def _service(facts: Facts) -> Iterator[Reminder]:
    """Each service period 60 and 30 days before its end (R21); once it is over nobody can act any more."""
    for line in facts.lines:
        how = ending(line.ends_on, facts.today)
        if how in (Ending.SOON, Ending.VERY_SOON) and line.starts_on <= facts.today:
            is_near = how is Ending.VERY_SOON
            yield Reminder(
                Kind.SERVICE,
                f"{Kind.SERVICE}:{line.id}:{line.ends_on}:{30 if is_near else 60}",
                is_near,
                due_on=line.ends_on,
                stage=Stage.SOON if is_near else Stage.EARLY,
                left=days_left(line.ends_on, facts.today),
                name=line.name,
            )
