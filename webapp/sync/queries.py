"""Reading what arrived."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from webapp.extensions import db
from webapp.sync.models import Arrival


def received_at_of(document_id: uuid.UUID) -> datetime:
    """When a document arrived first. It must have arrived."""
    return db.session.scalars(select(Arrival.received_at).where(Arrival.id == document_id)).one()


def arrivals_of(author_id: uuid.UUID, ids: Collection[uuid.UUID]) -> Sequence[Arrival]:
    """Those of the documents that arrived and are this person's."""
    return db.session.scalars(select(Arrival).where(Arrival.id.in_(ids), Arrival.author_id == author_id)).all()
