"""Warnings that lead and bureau see: what the sweep has raised, as long as the clock is not met (R40, R43).

A warning is given by what was known then. A document that comes later may show that there was nothing to warn of: the
row stays, and says so.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import joinedload

from webapp.extensions import db
from webapp.faults.clocks import Clock, ClockName, ClockState, clocks_of
from webapp.faults.gathering import facts_among
from webapp.faults.models import FaultEscalation, Finding

MOST_SHOWN = 20


class Verdict(enum.StrEnum):
    """What has become of a warning, by all that is known now."""

    HOLDS = "holds"  # the clock had come that far, whether it runs or has ended since
    IN_TIME = "in_time"  # it had been met before it came that far; that was known only later
    MOVED = "moved"  # a pause, another level or another start: this share lies elsewhere now and was not reached


@dataclass(frozen=True)
class Warned:
    """The highest warning of a clock that still runs."""

    escalation: FaultEscalation
    finding: Finding
    clock: Clock


def standing(site_id: uuid.UUID, now: datetime) -> list[Warned]:
    """The warnings of open faults whose clocks still run, the worst first; of each clock the highest. Five statements.

    A warning that does not hold any more is none. At most twenty faults, those whose clocks end first: who has more
    must look at the list.
    """
    own = (FaultEscalation.finding_id == Finding.id, FaultEscalation.site_id == site_id)
    going = (Finding.site_id == site_id, Finding.closed_at.is_(None), Finding.next_due_at.is_not(None))
    first = select(Finding.id).where(*going, exists().where(*own)).order_by(Finding.next_due_at).limit(MOST_SHOWN)
    ids = db.session.scalars(first).all()
    if not ids:
        return []
    wanted = (
        select(FaultEscalation)
        .options(joinedload(FaultEscalation.finding).joinedload(Finding.asset))
        .where(FaultEscalation.finding_id.in_(ids))
        .order_by(FaultEscalation.raised_at.desc(), FaultEscalation.threshold.desc(), FaultEscalation.id.desc())
    )
    clocks = {facts.id: clocks_of(facts, now) for facts in facts_among(site_id, ids)}
    return _highest(db.session.scalars(wanted).all(), clocks, now)


def escalations_of(finding_id: uuid.UUID) -> Sequence[FaultEscalation]:
    """Every warning about a fault, in the order of the moments that they warned of."""
    wanted = select(FaultEscalation).where(FaultEscalation.finding_id == finding_id)
    return db.session.scalars(wanted.order_by(FaultEscalation.due_at, FaultEscalation.id)).all()


def verdicts(
    warnings: Sequence[FaultEscalation], clocks: Mapping[ClockName, Clock], now: datetime
) -> dict[int, Verdict]:
    """What has become of each warning about a fault, by its id. `clocks`: those of the fault at `now`."""
    return {one.id: verdict(one, clocks.get(ClockName(one.clock)), now) for one in warnings}


def verdict(warning: FaultEscalation, clock: Clock | None, now: datetime) -> Verdict:
    """Whether a warning holds, by its clock as it is known now; None where the fault has no such clock any more. Pure.

    What ends exactly at the end of a limit is in time, so a share reached at the moment of the end was not exceeded.
    """
    reached = clock.warn_at.get(warning.threshold) if clock else None
    ended = clock.met_at if clock else None
    if reached and (reached < ended if ended else reached <= now):
        return Verdict.HOLDS
    return Verdict.IN_TIME if ended and reached == warning.due_at else Verdict.MOVED


def _highest(
    escalations: Sequence[FaultEscalation], clocks: dict[uuid.UUID, dict[ClockName, Clock]], now: datetime
) -> list[Warned]:
    found: dict[tuple[uuid.UUID, str], Warned] = {}
    for one in escalations:
        clock = clocks[one.finding_id].get(ClockName(one.clock))
        if clock is None or clock.state not in (ClockState.RUNNING, ClockState.OVERDUE):
            continue
        if verdict(one, clock, now) is not Verdict.HOLDS:
            continue
        key = one.finding_id, one.clock
        if key not in found or found[key].escalation.threshold < one.threshold:
            found[key] = Warned(one, one.finding, clock)
    return sorted(found.values(), key=lambda each: (-each.escalation.threshold, each.escalation.due_at))
