"""The arrival of documents born in the field: stored once, whatever the network does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.canonical import canonical_json
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Missing, Problem
from webapp.kit.transaction import transaction
from webapp.sync.models import Arrival, Refusal
from webapp.sync.rules import digest_of


@dataclass(frozen=True)
class Document:
    """What came: the device's id, what it is, who wrote it, its cleaned fields and the device's own times."""

    id: uuid.UUID
    kind: str
    author_id: uuid.UUID
    content: dict[str, Any]
    claimed_at: datetime | None = None
    clock_offset_ms: int | None = None

    @property
    def digest(self) -> str:
        """See sync.rules.digest_of."""
        return digest_of(self.kind, self.content)


def receive(document: Document, *, now: datetime) -> bool:
    """Notes the arrival. True: it is new and must be recorded now. False: the same content is here already.

    Two arrivals at the same moment are settled by the primary key: one inserts, the other waits and finds it.

    Raises:
        Conflict: another content, or another person's document, has this id.
    """
    values = {
        "id": document.id,
        "kind": document.kind,
        "author_id": document.author_id,
        "digest": document.digest,
        "content": json.loads(canonical_json(document.content)),
        "claimed_at": document.claimed_at,
        "received_at": now,
        "clock_offset_ms": document.clock_offset_ms,
    }
    if insert_if_new(Arrival, values):
        return True
    here = db.session.execute(select(Arrival.digest, Arrival.author_id).where(Arrival.id == document.id)).one()
    if here.digest != document.digest or here.author_id != document.author_id:
        raise Conflict(
            _("Another record with this number is already here. Yours is kept on your device: hand it in anew."),
            code="other_content",
        )
    return False


@contextmanager
def stored_or_kept(document: Document, *, now: datetime) -> Iterator[None]:
    """One transaction around the deed. A document that is refused changes nothing and is kept with the reason.

    One whose photos have not arrived yet (Missing) is not refused: its photos come, then the document again.
    """
    try:
        with transaction():
            yield
    except Missing:
        raise
    except Problem as problem:
        with transaction():
            keep_refused(document, status=problem.status, reason=problem.message, now=now)
        raise


def keep_refused(document: Document, *, status: int, reason: str, now: datetime) -> None:
    """Keeps a document that could not be accepted, with the reason."""
    db.session.add(
        Refusal(
            document_id=document.id,
            kind=document.kind,
            author_id=document.author_id,
            status=status,
            reason=reason[:2000],
            content=json.loads(canonical_json(document.content)),
            received_at=now,
        )
    )
