"""Closed months: what counts in them is kept as it stood; what arrives later is an addendum."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class ClosedMonth(Model):
    """A month of a site that was closed, and sealed under the same id (seals.rules.month_record).

    `content` is canonical JSON: the summary as the page showed it, the names of all records that had been received, and
    the unsent work that was known. It is never changed.
    """

    __tablename__ = "closed_months"
    __table_args__ = (UniqueConstraint("site_id", "month"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    month: Mapped[str] = mapped_column(String(7))
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # None: at the command line
    reason: Mapped[str] = mapped_column(Text, default="")  # why it was closed although something was still out
    figures: Mapped[dict[str, int]] = mapped_column(JSON)  # each figure of the page by name, for lists of many sites
    content: Mapped[str] = mapped_column(Text)
