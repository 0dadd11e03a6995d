"""What arrived from the field: one row per document, whatever became of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class Arrival(Model):
    """A document born in the field, as it came. The id is the device's; a second, other content is refused.

    `claimed_at` is the moment the document itself gives, never corrected; `clock_offset_ms` is how far the device's
    clock was ahead when it sent, in milliseconds (None: not measured). `digest` is over the cleaned fields,
    `sent_sha256` over the very bytes that came (None: a plain form, or from before this was noted).
    """

    __tablename__ = "arrivals"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    clock_offset_ms: Mapped[int | None]
    sent_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    device_id: Mapped[uuid.UUID | None]  # of the browser that sent it, as it names itself
    brought_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # who imported it for the author


def _first_received(context: Any) -> datetime:
    received_at: datetime = context.get_current_parameters()["received_at"]
    return received_at


class Refusal(Model):
    """A document that could not be accepted, kept with the reason (nothing that arrived is thrown away).

    The same content of the same document again is counted, not kept twice. `site_id` is the command centre that it is
    about, where the door knew; opaque here. What the office did about it stands in the last three columns.
    """

    __tablename__ = "refusals"
    __table_args__ = (UniqueConstraint("document_id", "author_id", "digest"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[uuid.UUID] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(30))
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    digest: Mapped[str | None] = mapped_column(String(64))  # None: from before it was noted
    status: Mapped[int]
    reason: Mapped[str] = mapped_column(String(2000))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  # at most rules.MOST_KEPT bytes of it
    size: Mapped[int] = mapped_column(default=0, server_default="0")  # of the whole content, in bytes; 0: not noted
    site_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_first_received)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)  # the last time
    times: Mapped[int] = mapped_column(default=1, server_default="1")
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    handled_note: Mapped[str] = mapped_column(Text, default="", server_default="")
