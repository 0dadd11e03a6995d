"""Faults and hazards: records with a running number; what happens to them are rows, never overwritten (R61)."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.assets.models import Asset
from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class FindingKind(enum.StrEnum):
    """A fault (故障) runs against contract clocks; a hazard (隐患) is not yet a fault (R71)."""

    FAULT = "fault"
    HAZARD = "hazard"


class EventKind(enum.StrEnum):
    """What can happen to a fault or hazard. The repair flow adds its own kinds here."""

    REPORTED = "reported"
    CLOSED = "closed"
    REOPENED = "reopened"
    ARRIVED = "arrived"  # somebody is on site; several are allowed, the first counts


class Finding(Model):
    """A fault or a hazard of an asset. `source` names what raised it ("inspection:<uuid>:<item>"), opaque here."""

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        UniqueConstraint("source"),
        Index("ix_findings_site_id_reported_at", "site_id", "reported_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(10))
    number: Mapped[str] = mapped_column(String(20))  # GZ-2611-07, YH-2611-01
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assets.id"), index=True)
    item_text: Mapped[str] = mapped_column(String(200), default="")
    level: Mapped[str | None] = mapped_column(String(20))  # None for hazards
    catalogue_number: Mapped[int | None]  # Futian's catalogue of fault kinds (R46); it fixes the level
    impact: Mapped[str | None] = mapped_column(String(20))  # Futian's second scale (R49)
    channel: Mapped[str] = mapped_column(String(20), default="inspection")
    text: Mapped[str] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(String(120))
    reported_by: Mapped[uuid.UUID]
    reported_at: Mapped[datetime] = mapped_column(UtcDateTime)  # claimed: when it was told (R42)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it reached the server

    asset: Mapped[Asset | None] = relationship(lazy="raise")
    events: Mapped[list[FindingEvent]] = relationship(
        back_populates="finding", order_by="FindingEvent.id", lazy="raise"
    )
    photos: Mapped[list[FindingPhoto]] = relationship(order_by="FindingPhoto.position", lazy="raise")


class FindingEvent(Model):
    """One step in the life of a finding, with claimed and received time."""

    __tablename__ = "finding_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[uuid.UUID]
    reason: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    finding: Mapped[Finding] = relationship(back_populates="events", lazy="raise")


class FindingPhoto(Model):
    """A photo of a finding."""

    __tablename__ = "finding_photos"

    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), primary_key=True)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    position: Mapped[int]
