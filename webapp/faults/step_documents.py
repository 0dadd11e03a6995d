"""A step with a fault or hazard as a document of the field, and the event that it became."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.extensions import db
from webapp.faults.models import Finding, FindingEvent
from webapp.people.models import Person
from webapp.sync.actions import NOT_SENT, Document, Sending, named


def document_of_step(
    kind: str,
    finding_id: uuid.UUID,
    fields: Mapping[str, Any],
    photo_ids: Sequence[uuid.UUID],
    by: Person,
    sending: Sending = NOT_SENT,
) -> Document:
    """The step as a document; one that a plain form could not name is named here. `kind`: how arrivals call it."""
    content = {name: _plain(value) for name, value in fields.items() if name not in ("id", "photo")}
    content |= {"finding": finding_id, "photo": list(photo_ids)}
    claimed = fields.get("claimed_at")
    return Document(named(fields.get("id")), kind, by.id, content, claimed_at=claimed, sending=sending)


def event_of(document: Document, finding: Finding) -> FindingEvent:
    """The event of a document that is here. Read afresh: whoever brought it may have ended after `finding` was read."""
    events = db.session.scalars(select(FindingEvent).where(FindingEvent.finding_id == finding.id))
    return next(one for one in events if one.facts.get("document") == str(document.id))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) and value.tzinfo is None else value
