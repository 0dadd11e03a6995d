"""Faults told from the page of a label by somebody without an account, until a person has decided about them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.assets.models import Asset
from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class LabelReport(Model):
    """What was told, as it came. Name and telephone are taken out after a while: `masked_at`.

    The photo lies in the store under its SHA-256; it becomes a file of the site with the confirmation.
    """

    __tablename__ = "label_reports"
    __table_args__ = (
        Index("ix_label_reports_site_id_reported_at", "site_id", "reported_at"),
        Index("ix_label_reports_asset_id_reported_at", "asset_id", "reported_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assets.id"))
    text: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    masked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    photo_sha256: Mapped[str | None] = mapped_column(String(64))
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)

    asset: Mapped[Asset] = relationship(lazy="raise")
    decision: Mapped[LabelReportDecision | None] = relationship(lazy="raise")


class LabelReportDecision(Model):
    """What a person decided; the primary key lets one decide only. Confirmed: `finding_id` is the fault it became."""

    __tablename__ = "label_report_decisions"
    __table_args__ = (CheckConstraint("finding_id is not null or reason <> ''", name="outcome"),)

    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("label_reports.id"), primary_key=True)
    finding_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("findings.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
