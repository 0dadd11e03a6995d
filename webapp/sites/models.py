"""Command centres, their contract lists with service periods, and the roles people have in them."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class Role(enum.StrEnum):
    """What a person is in a site."""

    TECHNICIAN = "technician"
    LEAD = "lead"
    SUPERVISOR = "supervisor"
    OFFICE = "office"
    ADMIN = "admin"


class PhotoRule(enum.StrEnum):
    """Whether photos may be taken at a place (R125)."""

    ALLOWED = "allowed"
    CLOSE_UP = "close_up"
    FORBIDDEN = "forbidden"


class Site(Model):
    """A command centre with its contract."""

    __tablename__ = "sites"
    __table_args__ = (CheckConstraint("signatures_needed in (1, 2)", name="signatures_needed"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    short_name: Mapped[str] = mapped_column(String(40))
    timezone: Mapped[str] = mapped_column(String(40))
    signatures_needed: Mapped[int] = mapped_column(default=1)  # 2: inspector and handover (R13)
    photo_rule: Mapped[str] = mapped_column(String(20), default=PhotoRule.ALLOWED.value)
    is_demo: Mapped[bool] = mapped_column(default=False)
    # which contents a month must cover: "S" = S1–S7 (R12), "F" = F1–F9 (R18)
    required_contents: Mapped[str] = mapped_column(String(1), default="S")
    # fault levels with limits in minutes, as in fault_and_scoring.yaml (R40, R45)
    fault_levels: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # catalogue of fault kinds, each with its level: number, level, zh, en (R46, R47); empty where there is none
    fault_kinds: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    # what else the contract says about faults: where clocks start, impacts, office hours (R41, R48–R50)
    fault_terms: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    # whether somebody without an account may report a fault from the page of a label
    takes_label_reports: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    service_lines: Mapped[list[ServiceLine]] = relationship(
        back_populates="site", order_by="ServiceLine.number", lazy="raise"
    )


class ServiceLine(Model):
    """One equipment list of the contract (R21): its own service period, both days included."""

    __tablename__ = "service_lines"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        CheckConstraint("ends_on >= starts_on", name="period"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    starts_on: Mapped[date]
    ends_on: Mapped[date]

    site: Mapped[Site] = relationship(back_populates="service_lines", lazy="raise")


class EmergencyContact(Model):
    """Somebody to be called at once when something happens (R137), in the order of the list. Work numbers only."""

    __tablename__ = "emergency_contacts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    duty: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(200), default="")


class Membership(Model):
    """A role of a person in a site."""

    __tablename__ = "memberships"

    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)

    site: Mapped[Site] = relationship(lazy="raise")
