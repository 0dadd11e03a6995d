"""Months as they are filed: what was said about faults and hazards, the steps of the summary, its closing."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
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


class FindingNote(Model):
    """What was done about a fault or hazard and what is planned, as told in one month (R11). Rows are only added.

    The newest of a month counts in it.
    """

    __tablename__ = "finding_notes"
    __table_args__ = (Index("ix_finding_notes_finding_id_month", "finding_id", "month"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"))
    month: Mapped[str] = mapped_column(String(7))
    handling: Mapped[str] = mapped_column(Text)
    next_steps: Mapped[str] = mapped_column(Text)
    told_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MonthStep(Model):
    """A step of the summary of a month: handed in by the provider, returned or accepted by the bureau (R3).

    `content`, `figures` and `digest` are the summary as it stood at that moment. Rows are only added.
    """

    __tablename__ = "month_steps"
    __table_args__ = (UniqueConstraint("site_id", "month", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    month: Mapped[str] = mapped_column(String(7))
    number: Mapped[int]  # 1, 2, 3 … within the month: of two at the same moment one wins
    kind: Mapped[str] = mapped_column(String(20))  # handed_in | returned | accepted
    comment: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    figures: Mapped[dict[str, int]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
