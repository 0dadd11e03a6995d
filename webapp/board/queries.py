"""What the wall board shows, read in a fixed number of statements: never more rows than fit on the screen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.assets.queries import due_assets
from webapp.extensions import db
from webapp.faults.clocks import Clock, ClockState
from webapp.faults.gathering import facts_with
from webapp.faults.hazard_rules import age_days
from webapp.faults.models import Finding, FindingKind
from webapp.faults.page import listed
from webapp.faults.queries import Wanted, find
from webapp.fieldwork.models import DeviceReport
from webapp.fieldwork.queries import unsent
from webapp.inspections.queries import inspected_in
from webapp.kit.clock import Month, local_day
from webapp.plans.planned import LineState, PlannedMonth, planned_month
from webapp.plans.rules import Round, rounds
from webapp.sites.models import Site
from webapp.visits.queries import returned_for

MOST_FAULTS, MOST_HAZARDS, MOST_PEOPLE, MOST_PHONES = 7, 4, 5, 4
OLD = timedelta(days=30)  # a hazard that waits for longer is marked (R72)


@dataclass(frozen=True)
class FaultOnBoard:
    """An open fault with the clock that ends first."""

    finding: Finding
    clock: Clock | None
    waits_for: str
    now: datetime

    @property
    def state(self) -> str:
        """Its mark: overdue, near the end, paused, running."""
        if self.clock is None:
            return "waiting"
        if self.clock.state is ClockState.OVERDUE:
            return "abnormal"
        if self.clock.state is ClockState.PAUSED:
            return "waiting"
        return "warn" if self.clock.share and self.clock.share * 100 >= 80 else "info"


@dataclass(frozen=True)
class HazardOnBoard:
    """An open hazard with its age in whole days."""

    finding: Finding
    days: int

    @property
    def is_old(self) -> bool:
        """Whether it has waited for long."""
        return self.days >= OLD.days


@dataclass(frozen=True)
class Planned:
    """What the approved plan says for today, per technician: done of planned."""

    technician: str
    done: int
    planned: int


@dataclass(frozen=True)
class Board:
    """The board of one command centre at one moment."""

    now: datetime
    day: date
    faults: Sequence[FaultOnBoard]
    faults_open: int
    overdue: int
    hazards: Sequence[HazardOnBoard]
    hazards_open: int
    rounds: Sequence[Round]
    is_planned: bool
    planned: Sequence[Planned]
    plan_overdue: int
    phones: Sequence[DeviceReport]
    unsent: int
    devices: int


def board_of(site: Site, now: datetime) -> Board:
    """Open faults by the clock that ends first, hazards from the oldest on, rounds, what devices hold."""
    day = local_day(now, site.timezone)
    month = Month.of(day)
    found = find(site.id, Wanted(kind=FindingKind.FAULT.value, state="open"))
    facts = facts_with(site.id, found.rows)
    shown = {one.id: listed(facts[one.id], now) for one in found.rows[:MOST_FAULTS]}
    faults = [FaultOnBoard(one, shown[one.id].clock, shown[one.id].waits_for, now) for one in found.rows[:MOST_FAULTS]]
    hazards, hazards_open = _hazards(site, now)
    plan, phones = planned_month(site, month, now), unsent(site.id)
    due = due_assets(site.id, month)
    return Board(
        now=now,
        day=day,
        faults=faults,
        faults_open=found.total,
        overdue=_overdue(site.id, now),
        hazards=hazards,
        hazards_open=hazards_open,
        rounds=rounds(due, inspected_in(site.id, month), returned_for(site.id)),
        is_planned=plan.is_approved,
        planned=_planned(plan, day)[:MOST_PEOPLE],
        plan_overdue=sum(line.is_overdue for line in plan.lines),
        phones=phones[:MOST_PHONES],
        unsent=sum(each.held for each in phones),
        devices=len(phones),
    )


def _overdue(site_id: uuid.UUID, now: datetime) -> int:
    """How many open faults have run beyond a limit."""
    late = (Finding.kind == FindingKind.FAULT.value, Finding.closed_at.is_(None), Finding.next_due_at < now)
    return db.session.scalar(select(func.count()).where(Finding.site_id == site_id, *late)) or 0


def _hazards(site: Site, now: datetime) -> tuple[list[HazardOnBoard], int]:
    """The oldest open hazards, and how many there are."""
    waiting = (Finding.kind == FindingKind.HAZARD.value, Finding.closed_at.is_(None))
    rows = db.session.execute(
        select(Finding, func.count().over())
        .options(joinedload(Finding.asset))
        .where(Finding.site_id == site.id, *waiting)
        .order_by(Finding.reported_at, Finding.number)
        .limit(MOST_HAZARDS)
    ).all()
    aged = [HazardOnBoard(found, age_days(found.reported_at, now, site.timezone)) for found, _total in rows]
    return aged, rows[0][1] if rows else 0


def _planned(plan: PlannedMonth, day: date) -> list[Planned]:
    """Today's lines of the approved plan by technician."""
    if not plan.is_approved:
        return []
    people: dict[tuple[str, uuid.UUID | None], list[bool]] = {}
    for line in plan.lines:
        if line.day == day and line.state is not LineState.CANCELLED:
            people.setdefault((line.technician, line.technician_id), []).append(not line.is_open)
    return [
        Planned(name, sum(done), len(done)) for (name, _id), done in sorted(people.items(), key=lambda one: one[0][0])
    ]
