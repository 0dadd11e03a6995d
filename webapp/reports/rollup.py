"""Several command centres over the last months: for who oversees more than one. Counts as the month page counts.

Closed months are taken as they were sealed, the others counted by grouped statements: seven, however many command
centres there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from webapp.fieldwork.rules import belongs_to
from webapp.kit.clock import Month, local_day
from webapp.reports.rollup_queries import (
    FaultLife,
    Held,
    InService,
    Key,
    PaperSteps,
    closed_months,
    done_in,
    faults_since,
    held_by_devices,
    in_service,
    plan_steps,
    summary_steps,
)
from webapp.reports.rules import percent
from webapp.sites.models import Site

MONTHS_SHOWN = 12
T = TypeVar("T", InService, FaultLife, Held)


@dataclass(frozen=True)
class Cell:
    """One month of one command centre. Rows are list rows; what nothing is known of is None."""

    month: Month
    is_closed: bool
    is_over: bool
    due: int
    done: int
    abnormal: int
    faults_open: int  # at the end of the month, or now
    is_plan_late: bool | None  # None: no plan was to be handed in
    is_summary_late: bool | None
    unsent: int  # documents that may be of this month and are known to be out; none once it is closed

    @property
    def coverage(self) -> Decimal | None:
        """Rows inspected of rows due, in percent; None where nothing was due."""
        return percent(self.done, self.due)

    @property
    def late(self) -> int:
        """How many of the two papers were late, or are."""
        return bool(self.is_plan_late) + bool(self.is_summary_late)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was due and nothing is known."""
        return not (self.due or self.done or self.faults_open or self.unsent or self.late)


@dataclass(frozen=True)
class SiteLine:
    """A command centre with its months, oldest first."""

    site: Site
    cells: tuple[Cell, ...]

    @property
    def newest(self) -> Cell:
        """The running month."""
        return self.cells[-1]


@dataclass(frozen=True)
class Rollup:
    """The command centres by code, and the months that are shown, oldest first."""

    months: tuple[Month, ...]
    lines: tuple[SiteLine, ...]


@dataclass(frozen=True)
class _Facts:
    closed: Mapping[Key, Mapping[str, int]]
    service: Mapping[uuid.UUID, Sequence[InService]]
    done: Mapping[Key, tuple[int, int]]
    faults: Mapping[uuid.UUID, Sequence[FaultLife]]
    plans: Mapping[Key, PaperSteps]
    summaries: Mapping[Key, PaperSteps]
    held: Mapping[uuid.UUID, Sequence[Held]]


def rollup(sites: Sequence[Site], now: datetime, months: int = MONTHS_SHOWN) -> Rollup:
    """These command centres over the last months up to the running one."""
    newest = Month.of(max((local_day(now, site.timezone) for site in sites), default=now.date()))
    shown = _months_up_to(newest, months)
    if not sites:
        return Rollup(shown, ())
    ids = [site.id for site in sites]
    since = min(shown[0].bounds(site.timezone)[0] for site in sites)
    closed = closed_months(ids, shown)
    facts = _Facts(
        closed=closed,
        service=_by_site(in_service(ids)),
        done=done_in(_open(sites, shown, closed)),
        faults=_by_site(faults_since(ids, since)),
        plans=plan_steps(ids, shown),
        summaries=summary_steps(ids, shown),
        held=_by_site(held_by_devices(ids)),
    )
    return Rollup(
        shown, tuple(SiteLine(site, tuple(_cell(site, month, now, facts) for month in shown)) for site in sites)
    )


def is_late(handed_in_on: date | None, due_on: date, today: date, known_since: date) -> bool | None:
    """Whether a paper came late or is late; None where it was due before the command centre was entered here."""
    if handed_in_on is not None:
        return handed_in_on > due_on
    return None if due_on < known_since else today > due_on


def _months_up_to(newest: Month, count: int) -> tuple[Month, ...]:
    found = [newest]
    while len(found) < count:
        found.append(found[-1].previous())
    return tuple(reversed(found))


def _open(
    sites: Sequence[Site], months: Sequence[Month], closed: Collection[Key]
) -> dict[tuple[Month, str], list[uuid.UUID]]:
    """Month and zone → the sites of that zone where it is not closed."""
    found: dict[tuple[Month, str], list[uuid.UUID]] = {}
    for month in months:
        for site in sites:
            if (site.id, str(month)) not in closed:
                found.setdefault((month, site.timezone), []).append(site.id)
    return found


def _by_site(facts: Iterable[T]) -> dict[uuid.UUID, list[T]]:
    found: dict[uuid.UUID, list[T]] = {}
    for fact in facts:
        found.setdefault(fact.site_id, []).append(fact)
    return found


def _cell(site: Site, month: Month, now: datetime, facts: _Facts) -> Cell:
    key, today = (site.id, str(month)), local_day(now, site.timezone)
    closed = facts.closed.get(key)
    figures = _counted(site, month, facts) if closed is None else closed
    until = month.bounds(site.timezone)[1]
    held = [each.documents for each in facts.held.get(site.id, ()) if belongs_to(each.oldest_at, until)]
    due = figures.get("due", 0)
    is_told = closed is None or key in facts.summaries  # one closed before summaries were handed in here is not judged
    return Cell(
        month=month,
        is_closed=closed is not None,
        is_over=today > month.last,
        due=due,
        done=figures.get("done", 0),
        abnormal=figures.get("abnormal", 0),
        faults_open=figures.get("faults-open", 0),
        is_plan_late=_paper(site, facts.plans.get(key), month.previous().last, today) if due else None,
        is_summary_late=_paper(site, facts.summaries.get(key), month.last, today) if due and is_told else None,
        unsent=sum(held) if closed is None else 0,
    )


def _counted(site: Site, month: Month, facts: _Facts) -> dict[str, int]:
    """The figures of a month that is not closed, by the names that closed ones have.

    A month that was over before the site was entered here, and in which nothing is recorded, is no month left undone.
    """
    done, abnormal = facts.done.get((site.id, str(month)), (0, 0))
    is_known = done or month.last >= local_day(site.created_at, site.timezone)
    service = facts.service.get(site.id, ()) if is_known else ()
    until = month.bounds(site.timezone)[1]
    return {
        "due": sum(each.rows for each in service if each.starts_on <= month.last and each.ends_on >= month.first),
        "done": done,
        "abnormal": abnormal,
        "faults-open": sum(life.is_open_at(until) for life in facts.faults.get(site.id, ())),
    }


def _paper(site: Site, steps: PaperSteps | None, due_on: date, today: date) -> bool | None:
    handed_in_on = local_day(steps.first_handed_in, site.timezone) if steps else None
    return is_late(handed_in_on, due_on, today, local_day(site.created_at, site.timezone))
