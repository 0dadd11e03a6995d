"""Warnings that lead and bureau see: what the sweep has raised, as long as the clock is not met (R40, R43)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.extensions import db
from webapp.faults.clocks import Clock, ClockName, ClockState, clocks_of
from webapp.faults.gathering import facts_among
from webapp.faults.models import FaultEscalation, Finding

MOST_SHOWN = 20


@dataclass(frozen=True)
class Warned:
    """The highest warning of a clock that still runs."""

    escalation: FaultEscalation
    finding: Finding
    clock: Clock


def standing(site_id: uuid.UUID, now: datetime) -> list[Warned]:
    """The warnings of open faults whose clocks still run, the newest first; of each clock the highest. Five statements.

    At most twenty faults: who has more must look at the list.
    """
    newest = (
        select(FaultEscalation.finding_id)
        .join(Finding, Finding.id == FaultEscalation.finding_id)
        .where(FaultEscalation.site_id == site_id, Finding.closed_at.is_(None))
        .group_by(FaultEscalation.finding_id)
        .order_by(func.max(FaultEscalation.raised_at).desc())
        .limit(MOST_SHOWN)
    )
    ids = db.session.scalars(newest).all()
    if not ids:
        return []
    wanted = (
        select(FaultEscalation)
        .options(joinedload(FaultEscalation.finding).joinedload(Finding.asset))
        .where(FaultEscalation.finding_id.in_(ids))
        .order_by(FaultEscalation.raised_at.desc(), FaultEscalation.threshold.desc(), FaultEscalation.id.desc())
    )
    clocks = {facts.id: clocks_of(facts, now) for facts in facts_among(site_id, ids)}
    return _highest(db.session.scalars(wanted).all(), clocks)


def escalations_of(finding_id: uuid.UUID) -> Sequence[FaultEscalation]:
    """Every warning about a fault, in the order in which they were raised."""
    wanted = select(FaultEscalation).where(FaultEscalation.finding_id == finding_id)
    return db.session.scalars(wanted.order_by(FaultEscalation.due_at, FaultEscalation.id)).all()


def _highest(escalations: Sequence[FaultEscalation], clocks: dict[uuid.UUID, dict[ClockName, Clock]]) -> list[Warned]:
    found: dict[tuple[uuid.UUID, str], Warned] = {}
    for one in escalations:
        clock = clocks[one.finding_id].get(ClockName(one.clock))
        if clock is None or clock.state not in (ClockState.RUNNING, ClockState.OVERDUE):
            continue
        key = one.finding_id, one.clock
        if key not in found or found[key].escalation.threshold < one.threshold:
            found[key] = Warned(one, one.finding, clock)
    return sorted(found.values(), key=lambda each: (-each.escalation.threshold, each.escalation.due_at))
