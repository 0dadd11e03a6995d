"""Who told a fault by telephone or at the desk (R54, R55): kept apart, seen by those who work on it, masked later."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.models import FaultCaller, Finding

CALLER = {
    "caller_organisation": "organisation",
    "caller_name": "name",
    "caller_phone": "phone",
    "form_number": "form_number",
}


def caller_in(fields: Mapping[str, Any]) -> dict[str, str]:
    """Column → text of what a report says about the caller; empty where it says nothing."""
    return {column: fields[name] for name, column in CALLER.items() if fields.get(name)}


def note_caller(finding: Finding, fields: Mapping[str, Any]) -> None:
    """Keeps who called, where the report says so."""
    if caller := caller_in(fields):
        db.session.add(FaultCaller(finding_id=finding.id, **caller))
        db.session.flush()


def caller_of(finding_id: uuid.UUID) -> FaultCaller | None:
    """Who called about a fault. Only for people who work on it (Right.RAISE)."""
    return db.session.get(FaultCaller, finding_id)


def mask_callers(before: datetime, *, now: datetime) -> int:
    """Takes name and telephone from the calls about faults closed before a moment; how many. The rest stays."""
    closed = select(Finding.id).where(Finding.closed_at < before)
    old = (FaultCaller.masked_at.is_(None), FaultCaller.finding_id.in_(closed))
    masked = update(FaultCaller).where(*old).values(name="", phone="", masked_at=now)
    made = masked.returning(FaultCaller.finding_id).execution_options(synchronize_session=False)
    count = len(db.session.scalars(made).all())
    if count:
        record(Verb.FAULT_CALLERS_MASKED, "faults", by=None, now=now, count=count, before=before.isoformat())
    return count
