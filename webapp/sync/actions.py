"""The arrival of documents born in the field: stored once, whatever the network does."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import case, func, select, update

from webapp.extensions import db
from webapp.kit.canonical import canonical_json
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Missing, Problem
from webapp.kit.transaction import transaction
from webapp.sync.models import Arrival, Refusal
from webapp.sync.rules import MOST_KEPT, REFUSALS_WITHIN, clock_offset_ms, digest_of, is_full, within

log = logging.getLogger(__name__)

SiteOf = Callable[[], uuid.UUID | None]
"""Asked only when a document is refused: the command centre that it is about, None where it cannot be told."""


@dataclass(frozen=True)
class Sending:
    """How a document came; nothing of it is content. Made by sync.incoming from a request.

    `sent_sha256` is over the bytes as received, None for a plain form; `sent_at` is the device's own clock when it
    sent, None where it is not known; `brought_by` is who imported the document in its author's place.
    """

    sent_sha256: str | None = None
    sent_at: datetime | None = None
    device_id: uuid.UUID | None = None
    brought_by: uuid.UUID | None = None


NOT_SENT = Sending()
"""Of a document that was made here, not sent: by a command, or in a test."""


@dataclass(frozen=True)
class Document:
    """What came: the device's id, what it is, who wrote it, its cleaned fields, the moment it gives, how it came."""

    id: uuid.UUID
    kind: str
    author_id: uuid.UUID
    content: dict[str, Any]
    claimed_at: datetime | None = None
    sending: Sending = NOT_SENT

    @cached_property
    def digest(self) -> str:
        """See sync.rules.digest_of."""
        return digest_of(self.kind, self.content)


def named(given: uuid.UUID | None) -> uuid.UUID:
    """The name that the device gave a document; a new one where a plain form left it empty or nil."""
    return given if given is not None and given.int else uuid.uuid4()


def receive(document: Document, *, now: datetime) -> bool:
    """Notes the arrival. True: it is new and must be recorded now. False: the same content is here already.

    Two arrivals at the same moment are settled by the primary key: one inserts, the other waits and finds it.

    Raises:
        Conflict: another content, or another person's document, has this id.
    """
    sending = document.sending
    values = {
        "id": document.id,
        "kind": document.kind,
        "author_id": document.author_id,
        "digest": document.digest,
        "content": json.loads(canonical_json(document.content)),
        "claimed_at": document.claimed_at,
        "received_at": now,
        "clock_offset_ms": clock_offset_ms(sending.sent_at, now),
        "sent_sha256": sending.sent_sha256,
        "device_id": sending.device_id,
        "brought_by": sending.brought_by,
    }
    if insert_if_new(Arrival, values):
        return True
    wanted = select(Arrival.digest, Arrival.author_id, Arrival.sent_sha256).where(Arrival.id == document.id)
    here = db.session.execute(wanted).one()
    if here.digest != document.digest or here.author_id != document.author_id:
        raise Conflict(
            _("Another record with this number is already here. Yours is kept on your device: hand it in anew."),
            code="other_content",
        )
    if here.sent_sha256 is None and sending.sent_sha256:
        _note_bytes(document)
    return False


def _note_bytes(document: Document) -> None:
    """The first bytes known to say what is here: it came by a plain form, or before bytes were noted."""
    unknown = (Arrival.id == document.id, Arrival.sent_sha256.is_(None))
    db.session.execute(update(Arrival).where(*unknown).values(sent_sha256=document.sending.sent_sha256))


@contextmanager
def stored_or_kept(document: Document, *, now: datetime, site_of: SiteOf | None = None) -> Iterator[None]:
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
            site_id = site_of() if site_of else None
            keep_refused(document, status=problem.status, reason=problem.message, site_id=site_id, now=now)
        raise


def keep_refused(
    document: Document, *, status: int, reason: str, site_id: uuid.UUID | None = None, now: datetime
) -> None:
    """Keeps a document that could not be accepted, with the reason. The same content again is counted.

    Of an author who had very much refused within a day nothing further is kept (rules.is_full): it stays on the device.
    """
    last = {"status": status, "reason": reason[:2000], "received_at": now}
    if _counted(document, last):
        return
    if _is_full(document.author_id, now):
        log.warning("refused and not kept, the author's limit is reached: %s %s", document.kind, document.id)
        return
    content, size = within(document.content)
    values = {
        "document_id": document.id,
        "kind": document.kind,
        "author_id": document.author_id,
        "digest": document.digest,
        "content": content,
        "size": size,
        "site_id": site_id,
        "first_at": now,
        **last,
    }
    if not insert_if_new(Refusal, values, unique=["document_id", "author_id", "digest"]):
        _counted(document, last)


def _counted(document: Document, last: dict[str, Any]) -> bool:
    """Counts a further refusal of the same content, if there is one."""
    same = (
        Refusal.document_id == document.id,
        Refusal.author_id == document.author_id,
        Refusal.digest == document.digest,
    )
    again = update(Refusal).where(*same).values(times=Refusal.times + 1, **last).returning(Refusal.id)
    return db.session.scalar(again.execution_options(synchronize_session=False)) is not None


def _is_full(author_id: uuid.UUID, now: datetime) -> bool:
    kept = case((Refusal.size > MOST_KEPT, MOST_KEPT), else_=Refusal.size)
    lately = (Refusal.author_id == author_id, Refusal.first_at > now - REFUSALS_WITHIN)
    refusals, size = db.session.execute(select(func.count(), func.coalesce(func.sum(kept), 0)).where(*lately)).one()
    return is_full(refusals, size)
