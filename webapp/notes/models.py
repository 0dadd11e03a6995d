"""Free notes (自由记录): what was seen in the field and fits no checklist; what became of it is a row."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.assets.models import Asset
from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime
from webapp.people.models import Person


class Note(Model):
    """A text with photos, written in the field. It is never changed; `handling` says what became of it.

    `label` is the label as it was read or typed; `asset_id` the device it belongs to, where it is known in this site.
    `noted_at` is as the device claimed, uncorrected; the server's clock where it claimed nothing.
    """

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_site_id_received_at", "site_id", "received_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assets.id"), index=True)
    label: Mapped[str] = mapped_column(String(300), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    written_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)  # odd things for the office, never blocks

    asset: Mapped[Asset | None] = relationship(lazy="raise")
    author: Mapped[Person] = relationship(lazy="raise")
    photos: Mapped[list[NotePhoto]] = relationship(order_by="NotePhoto.position", lazy="raise")
    handling: Mapped[NoteHandling | None] = relationship(lazy="raise")


class NotePhoto(Model):
    """A photo of a note."""

    __tablename__ = "note_photos"

    note_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notes.id"), primary_key=True)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    position: Mapped[int]


class NoteHandling(Model):
    """Somebody looked after a note, and what was done; once for each note."""

    __tablename__ = "note_handlings"

    note_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notes.id"), primary_key=True)
    comment: Mapped[str] = mapped_column(Text)
    handled_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    handled_at: Mapped[datetime] = mapped_column(UtcDateTime)

    handler: Mapped[Person] = relationship(lazy="raise")
