"""Systems, assets (devices, software, vehicles, rooms, cabling), their labels and the open questions about them."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime
from webapp.sites.models import ServiceLine, Site


class AssetKind(enum.StrEnum):
    """Device and software are rows of an equipment list; the others are places with a label of their own."""

    DEVICE = "device"
    SOFTWARE = "software"
    VEHICLE = "vehicle"
    ROOM = "room"
    CABLING = "cabling"
    PLACE = "place"


class AssetStatus(enum.StrEnum):
    """Retired assets keep their history and are no longer due."""

    IN_USE = "in_use"
    STANDBY = "standby"
    RETIRED = "retired"


class System(Model):
    """A system within a service line, as printed in the list (检查类别)."""

    __tablename__ = "systems"
    __table_args__ = (UniqueConstraint("service_line_id", "name"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    service_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service_lines.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))

    service_line: Mapped[ServiceLine] = relationship(lazy="raise")


class Asset(Model):
    """One row of an equipment list (R2: several units may be one row), or a place."""

    __tablename__ = "assets"
    __table_args__ = (
        UniqueConstraint("site_id", "code"),
        Index("ix_assets_site_id_system_id", "site_id", "system_id"),
        CheckConstraint("quantity is null or quantity > 0", name="quantity"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    system_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("systems.id"))
    code: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]  # order within the site, as printed
    printed_number: Mapped[str] = mapped_column(String(10), default="")
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    maker: Mapped[str] = mapped_column(String(120), default="")
    model: Mapped[str] = mapped_column(String(120), default="")
    unit: Mapped[str] = mapped_column(String(10), default="")
    quantity: Mapped[int | None]  # None: the list prints none; to be counted on site
    location: Mapped[str] = mapped_column(String(120), default="")
    location_en: Mapped[str] = mapped_column(String(120), default="")
    keeper: Mapped[str] = mapped_column(String(60), default="")  # R121
    supplier: Mapped[str] = mapped_column(String(120), default="")
    status: Mapped[str] = mapped_column(String(20), default=AssetStatus.IN_USE.value)
    is_outside_contract: Mapped[bool] = mapped_column(default=False)  # R22
    service_from: Mapped[date | None]  # only where it differs from the service line
    service_to: Mapped[date | None]
    photo_rule: Mapped[str | None] = mapped_column(String(20))  # None: as the site says (R125)
    category: Mapped[str | None] = mapped_column(String(60))  # checklist chosen by hand; None: found by name
    raw: Mapped[str] = mapped_column(Text, default="")  # the printed line, untouched
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    site: Mapped[Site] = relationship(lazy="raise")
    system: Mapped[System] = relationship(lazy="raise")
    labels: Mapped[list[Label]] = relationship(back_populates="asset", order_by="Label.created_at", lazy="raise")

    @property
    def units(self) -> int:
        """How many units the row stands for; 1 where the list prints none."""
        return self.quantity or 1

    @property
    def is_place(self) -> bool:
        """Whether it is a place (vehicle, room, cabling …) and no row of a list."""
        return self.kind not in (AssetKind.DEVICE, AssetKind.SOFTWARE)


class Label(Model):
    """A QR label. The token is random; the short code is typed by hand. A lost label is replaced, not deleted."""

    __tablename__ = "labels"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assets.id"), index=True)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    short_code: Mapped[str] = mapped_column(String(10), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    asset: Mapped[Asset] = relationship(back_populates="labels", lazy="raise")


class Remark(Model):
    """An open question about a printed line (equipment_notes.csv). The code may hold * for several assets."""

    __tablename__ = "remarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    code_pattern: Mapped[str] = mapped_column(String(60))
    field: Mapped[str] = mapped_column(String(40))
    printed: Mapped[str] = mapped_column(String(200), default="")
    suggested: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(Text, default="")
