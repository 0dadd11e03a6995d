"""What the devices in the field say about themselves: one row for each browser of each person, the newest word only."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime
from webapp.people.models import Person


class DeviceReport(Model):
    """What a browser said last about work of one person that is still on it.

    `oldest_at` is when the oldest of it was made, corrected where the device's clock was measured to be wrong. A device
    that will never come back is written off; when it reports again, that is forgotten (the log keeps it).
    """

    __tablename__ = "device_reports"

    device_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # as the browser names itself
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    machine: Mapped[str] = mapped_column(String(20))  # rules.MACHINES
    browser: Mapped[str] = mapped_column(String(20))  # rules.BROWSERS; empty where it is none of them
    waiting: Mapped[int]  # documents to be sent
    attention: Mapped[int]  # documents that were refused and need their author
    drafts: Mapped[int]
    packs: Mapped[int]  # rounds taken along
    oldest_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[str] = mapped_column(String(80))  # of the app on it
    is_storage_ok: Mapped[bool | None]  # whether it can keep what is written; None: it did not say
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)
    written_off_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    written_off_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    written_off_reason: Mapped[str] = mapped_column(Text, default="")

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise")

    @property
    def held(self) -> int:
        """How many documents it said to hold, in whatever state."""
        return self.waiting + self.attention

    @property
    def is_out(self) -> bool:
        """Whether work on it is still expected."""
        return self.held > 0 and self.written_off_at is None
