"""Joint tests of the satellite vehicle with the province and the cities (R24, R133–R135)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime
from webapp.people.models import Person


class JointTestForm(Model):
    """A version of the record's form, as imported from joint_test.yaml; never changed once used."""

    __tablename__ = "joint_test_forms"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    number: Mapped[int] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)  # title, sections[key, zh, en, repeat, equipment, items]
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JointTest(Model):
    """One record, handed in as a whole and signed by both sides.

    `day`, `started_at` and `finished_at` are what was typed, in the site's zone; `received_at` is the server's clock.
    """

    __tablename__ = "joint_tests"
    __table_args__ = (UniqueConstraint("site_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    form_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("joint_test_forms.id"))
    number: Mapped[str] = mapped_column(String(30))  # JT-SG-202611-01
    day: Mapped[date] = mapped_column(index=True)
    technician_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    result: Mapped[str] = mapped_column(String(20))  # pass | pass_with_problems | fail
    supersedes_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("joint_tests.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(64))

    form: Mapped[JointTestForm] = relationship(lazy="raise")
    technician: Mapped[Person] = relationship(lazy="raise")
    values: Mapped[list[JointTestValue]] = relationship(order_by="JointTestValue.id", lazy="raise")
    signatures: Mapped[list[JointTestSignature]] = relationship(lazy="raise")


class JointTestValue(Model):
    """One filled-in field: section, which repetition, item, value, and where the value came from."""

    __tablename__ = "joint_test_values"
    __table_args__ = (UniqueConstraint("test_id", "section", "turn", "item_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    test_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("joint_tests.id"))
    section: Mapped[str] = mapped_column(String(40))
    turn: Mapped[int]  # 0 for sections that do not repeat
    item_key: Mapped[str] = mapped_column(String(40))
    value: Mapped[str] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(10))  # auto | copy | prefill | ask
    inspection_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inspections.id"))
    verdict: Mapped[str] = mapped_column(String(10))  # ok | abnormal | na | info
    # what it was judged by on that day: low, high, reason, previous, and the answers that a copy rests on
    judgement: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    finding_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("findings.id"))

    photos: Mapped[list[JointTestPhoto]] = relationship(order_by="JointTestPhoto.position", lazy="raise")


class JointTestPhoto(Model):
    """A photo of a value."""

    __tablename__ = "joint_test_photos"

    value_id: Mapped[int] = mapped_column(ForeignKey("joint_test_values.id"), primary_key=True)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    position: Mapped[int]


class JointTestSignature(Model):
    """A drawn signature under a joint test; both together seal it.

    `signed_at` is as the device claimed, uncorrected; the server's clock where it claimed nothing.
    """

    __tablename__ = "joint_test_signatures"
    __table_args__ = (UniqueConstraint("test_id", "capacity"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    test_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("joint_tests.id"))
    capacity: Mapped[str] = mapped_column(String(20))  # technician | supervisor
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(60))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")
