"""Writing to the log, in the same transaction as the deed itself."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db


def record(
    verb: Verb,
    subject: str,
    *,
    by: uuid.UUID | None,
    now: datetime,
    site_id: uuid.UUID | None = None,
    **facts: Any,
) -> None:
    """Adds one entry. `subject` names the record as "asset:<uuid>"; `facts` are plain JSON values, never secrets."""
    db.session.add(AuditEntry(at=now, verb=verb.value, person_id=by, site_id=site_id, subject=subject, facts=facts))
