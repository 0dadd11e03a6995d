"""Playing a fault by its real steps: what tests of other rooms need, too."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.extensions import db
from webapp.faults.flow import step_document, take_step
from webapp.faults.models import Finding, FindingEvent
from webapp.faults.schemas import StepSchema
from webapp.people.models import Person
from webapp.sync.actions import NOT_SENT, Sending

RECORD = {
    "cause": "hardware",
    "handling": "changed the fuse",
    "analysis": "worn out",
    "responsibility": "none",
    "lessons": "check yearly",
}


def somebody(username: str) -> Person:
    return db.session.scalars(select(Person).where(Person.username == username)).one()


def take(
    finding: Finding, kind: str, *, by: str, now: datetime, sending: Sending = NOT_SENT, **fields: Any
) -> FindingEvent:
    """One step as its door takes it, without a request. `happened_at` and `claimed_at` may be given."""
    person = somebody(by)
    moments = {name: fields.pop(name) for name in ("happened_at", "claimed_at") if name in fields}
    plain = {"id": str(uuid.uuid4()), "kind": kind, **{name: str(value) for name, value in fields.items()}}
    loaded = StepSchema().load(plain) | moments
    document = step_document(finding.id, loaded, [], person, sending)
    return take_step(finding.id, document, loaded, by=person, now=now)[0]


def ready(finding: Finding, *, now: datetime, by: str = "tech") -> None:
    """Everything there is to do before the recovery test, at one moment."""
    take(finding, "acknowledged", by=by, now=now)
    take(finding, "informed", by=by, now=now, person="陈志强")
    take(finding, "backed_up", by=by, now=now, text="nothing to back up")
    take(finding, "restored", by=by, now=now, text="switched over")
    take(finding, "repaired", by=by, now=now, text="changed the fuse")
    take(finding, "analysed", by=by, now=now, **RECORD)


def finish(finding: Finding, *, now: datetime, by: str = "tech", bureau: str = "supervisor") -> None:
    """From the report to the closed fault, at one moment."""
    ready(finding, now=now, by=by)
    take(finding, "tested", by=bureau, now=now, passed="true", text="tested, works")
