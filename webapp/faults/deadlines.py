"""The deadlines of a fault, made anew whenever something happens to it, and taken by the sweep exactly once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.clocks import Clock, ClockName, ClockState, clocks_of, next_due
from webapp.faults.gathering import facts_of
from webapp.faults.models import FaultDeadline, FaultEscalation, Finding, FindingKind

AT_A_TIME = 200
RUN_OUT = 100  # per cent: the limit itself
Key = tuple[str, int, datetime]


def renew(finding: Finding, *, now: datetime) -> dict[ClockName, Clock]:
    """Works out a fault from its events: clocks, when somebody must be warned, and what its row repeats for lists.

    What has been claimed stays: it was escalated. A deadline that has moved is a new one. Hazards have no clocks.
    """
    if finding.kind != FindingKind.FAULT:
        return {}
    facts = facts_of(finding)
    clocks = clocks_of(facts, max([now, *(step.at for step in facts.steps)]))  # two servers may be seconds apart
    finding.level, finding.impact = facts.levels[-1].key, facts.impacts[-1].key or None
    finding.closed_at = facts.closed_at
    finding.next_due_at = None if facts.closed_at else next_due(clocks)
    _write(finding.id, wanted(clocks))
    db.session.flush()
    return clocks


def wanted(clocks: dict[ClockName, Clock]) -> set[Key]:
    """Clock, threshold and moment of every warning there is to give.

    Of a clock that ended too late only the end of its limit: before that there is nobody to hurry any more.
    """
    keys: set[Key] = set()
    for name, clock in clocks.items():
        if clock.state is ClockState.MET:
            continue
        is_late = clock.state is ClockState.LATE
        keys |= {(name.value, share, at) for share, at in clock.warn_at.items() if not is_late or share == RUN_OUT}
    return keys


def due_now(now: datetime) -> Sequence[int]:
    """The next deadlines that have come and that nobody has claimed; longest ago first. Some of them at a time."""
    waiting = (FaultDeadline.claimed_at.is_(None), FaultDeadline.due_at <= now)
    order = (FaultDeadline.due_at, FaultDeadline.id)
    return db.session.scalars(select(FaultDeadline.id).where(*waiting).order_by(*order).limit(AT_A_TIME)).all()


def escalate(deadline_id: int, *, now: datetime) -> bool:
    """Claims a deadline and tells lead and bureau. False: another sweep was first, or it has moved meanwhile.

    Of many at once one wins: the UPDATE holds only while nobody has claimed it.
    """
    free = (FaultDeadline.id == deadline_id, FaultDeadline.claimed_at.is_(None), FaultDeadline.due_at <= now)
    claim = update(FaultDeadline).where(*free).values(claimed_at=now)
    taken = (FaultDeadline.finding_id, FaultDeadline.clock, FaultDeadline.threshold, FaultDeadline.due_at)
    won = db.session.execute(claim.returning(*taken).execution_options(synchronize_session=False)).first()
    if won is None:
        return False
    site_id = db.session.scalars(select(Finding.site_id).where(Finding.id == won.finding_id)).one()
    db.session.add(
        FaultEscalation(
            deadline_id=deadline_id,
            finding_id=won.finding_id,
            site_id=site_id,
            clock=won.clock,
            threshold=won.threshold,
            due_at=won.due_at,
            raised_at=now,
        )
    )
    told = {"clock": won.clock, "threshold": won.threshold, "due_at": won.due_at.isoformat()}
    record(Verb.FAULT_ESCALATED, f"finding:{won.finding_id}", by=None, now=now, site_id=site_id, **told)
    db.session.flush()
    return True


def _write(finding_id: uuid.UUID, keys: set[Key]) -> None:
    here = db.session.execute(
        select(
            FaultDeadline.id,
            FaultDeadline.clock,
            FaultDeadline.threshold,
            FaultDeadline.due_at,
            FaultDeadline.claimed_at,
        ).where(FaultDeadline.finding_id == finding_id)
    ).all()
    known = {(row.clock, row.threshold, row.due_at): row for row in here}
    moved = [row.id for key, row in known.items() if key not in keys and row.claimed_at is None]
    if moved:
        gone = delete(FaultDeadline).where(FaultDeadline.id.in_(moved), FaultDeadline.claimed_at.is_(None))
        db.session.execute(gone.execution_options(synchronize_session=False))
    new = [
        {"finding_id": finding_id, "clock": clock, "threshold": threshold, "due_at": at}
        for clock, threshold, at in sorted(keys - known.keys())
    ]
    if new:
        db.session.execute(insert(FaultDeadline), new)
