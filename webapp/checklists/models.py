"""Checklists in versions. A published version is never changed; every inspection names the version it answered."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.kit.columns import DecimalText, UtcDateTime


class ItemKind(enum.StrEnum):
    """How an item is answered."""

    PASS_FAIL = "pass_fail"  # noqa: S105  (no password)
    NUMBER = "number"
    CHOICE = "choice"
    TEXT = "text"
    PHOTO = "photo"


class Checklist(Model):
    """What is checked on one category of devices, or on one kind of place (设备分类)."""

    __tablename__ = "checklists"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    key: Mapped[str] = mapped_column(String(60), unique=True)
    position: Mapped[int]
    zh: Mapped[str] = mapped_column(String(120))
    en: Mapped[str] = mapped_column(String(120))
    scope: Mapped[str] = mapped_column(String(10))  # device | place
    minutes: Mapped[int]  # usual minutes per device
    match: Mapped[list[str]] = mapped_column(JSON, default=list)  # regular expressions on the asset's name
    exclude: Mapped[list[str]] = mapped_column(JSON, default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    futian_response_system: Mapped[str | None] = mapped_column(String(60))
    shaoguan_major_scope: Mapped[bool] = mapped_column(default=False)

    versions: Mapped[list[ChecklistVersion]] = relationship(
        back_populates="checklist", order_by="ChecklistVersion.number", lazy="raise"
    )


class ChecklistVersion(Model):
    """One version: imported for all sites (site_id None), or drafted by the lead of one site."""

    __tablename__ = "checklist_versions"
    __table_args__ = (UniqueConstraint("checklist_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    checklist_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklists.id"))
    site_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sites.id"), index=True)
    number: Mapped[int]
    reason: Mapped[str] = mapped_column(Text, default="")
    drafted_by: Mapped[uuid.UUID | None]
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[uuid.UUID | None]
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: a draft

    checklist: Mapped[Checklist] = relationship(back_populates="versions", lazy="raise")
    items: Mapped[list[CheckItem]] = relationship(
        back_populates="version", order_by="CheckItem.position", lazy="raise", cascade="all, delete-orphan"
    )


class CheckItem(Model):
    """One question of a version (检查项). Fields as in checklists.yaml."""

    __tablename__ = "check_items"
    __table_args__ = (UniqueConstraint("version_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklist_versions.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(60))
    zh: Mapped[str] = mapped_column(String(200))
    en: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(String(20), default="")
    minimum: Mapped[Decimal | None] = mapped_column(DecimalText)
    maximum: Mapped[Decimal | None] = mapped_column(DecimalText)
    compare: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # max_drop, max_rise, max_change, …_pct
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # value, zh, en, abnormal, severity
    is_required: Mapped[bool] = mapped_column(default=True)
    is_na_allowed: Mapped[bool] = mapped_column(default=True)
    is_safety_stop: Mapped[bool] = mapped_column(default=False)
    are_limits_editable: Mapped[bool] = mapped_column(default=False)
    photo: Mapped[str] = mapped_column(String(10), default="never")  # never | abnormal | always
    severity: Mapped[str] = mapped_column(String(10), default="general")  # proposed fault level
    frequency: Mapped[str] = mapped_column(String(20), default="monthly")
    source: Mapped[str] = mapped_column(String(30), default="")
    source_detail: Mapped[str] = mapped_column(Text, default="")
    seed_refs: Mapped[list[str]] = mapped_column(JSON, default=list)  # S1–S7, F1–F9 (R12, R18)
    hint_zh: Mapped[str] = mapped_column(String(200), default="")
    hint_en: Mapped[str] = mapped_column(String(200), default="")

    version: Mapped[ChecklistVersion] = relationship(back_populates="items", lazy="raise")


class LimitOverride(Model):
    """Limits of one item for one asset (maker's figure, design value); the newest row counts, none is deleted."""

    __tablename__ = "limit_overrides"

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assets.id"), index=True)
    item_key: Mapped[str] = mapped_column(String(60))
    minimum: Mapped[Decimal | None] = mapped_column(DecimalText)
    maximum: Mapped[Decimal | None] = mapped_column(DecimalText)
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[uuid.UUID]
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
