"""Reading the log."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from webapp.audit.models import AuditEntry
from webapp.extensions import db


def entries_about(subject: str, limit: int = 50) -> Sequence[AuditEntry]:
    """The newest entries about one record, newest first."""
    wanted = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id.desc()).limit(limit)
    return db.session.scalars(wanted).all()
