"""Visits, inspections and their answers, returns, signatures. Nothing signed is ever overwritten."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.assets.models import Asset
from webapp.checklists.models import ChecklistVersion
from webapp.extensions import Model
from webapp.kit.columns import DecimalText, UtcDateTime
from webapp.people.models import Person


class Visit(Model):
    """What one technician inspected in one site on one day, to be signed as a whole.

    A second sheet of the same day (number 2) begins once the first is signed.
    """

    __tablename__ = "visits"
    __table_args__ = (UniqueConstraint("site_id", "day", "technician_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    day: Mapped[date]
    technician_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    number: Mapped[int]
    accompanied_by: Mapped[str] = mapped_column(String(120), default="")  # R5
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    technician: Mapped[Person] = relationship(lazy="raise")
    inspections: Mapped[list[Inspection]] = relationship(
        back_populates="visit", order_by="Inspection.finished_at", lazy="raise"
    )
    signatures: Mapped[list[Signature]] = relationship(order_by="Signature.signed_at", lazy="raise")

    @property
    def is_signed(self) -> bool:
        """Whether a signature stands under it; one that its signer objected to does not."""
        return any(not signature.is_void for signature in self.signatures)


class Inspection(Model):
    """One completed checklist of one asset, as handed in. A correction is a new one that supersedes it.

    `started_at` and `finished_at` are true moments: as the device claimed, or, where its clock was measured to be more
    than five minutes off when it sent, corrected by that (rules.true_moment; then flagged). Counting and the visit's
    day use them. What the device itself claimed stays in the arrival. `received_at` is the server's clock.
    """

    __tablename__ = "inspections"
    __table_args__ = (
        Index("ix_inspections_site_id_finished_at", "site_id", "finished_at"),
        Index("ix_inspections_asset_id_finished_at", "asset_id", "finished_at"),
        CheckConstraint("units_checked <= units_total", name="units_checked"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"), index=True)
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assets.id"))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("checklist_versions.id"))
    technician_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    verdict: Mapped[str] = mapped_column(String(10))  # ok | abnormal
    run_state: Mapped[str] = mapped_column(String(20))  # running | defective | stopped (运行情况)
    units_total: Mapped[int]
    units_checked: Mapped[int]
    abnormal_units: Mapped[list[str]] = mapped_column(JSON, default=list)  # positions: "3", "5"
    units_reason: Mapped[str] = mapped_column(Text, default="")  # why the rest was not checked
    advice: Mapped[str] = mapped_column(Text, default="")  # environment assessment (S5)
    supersedes_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("inspections.id"), unique=True)
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)  # odd things for the office, never blocks
    digest: Mapped[str] = mapped_column(String(64))

    visit: Mapped[Visit] = relationship(back_populates="inspections", lazy="raise")
    asset: Mapped[Asset] = relationship(lazy="raise")
    version: Mapped[ChecklistVersion] = relationship(lazy="raise")
    technician: Mapped[Person] = relationship(lazy="raise")
    answers: Mapped[list[Answer]] = relationship(back_populates="inspection", order_by="Answer.position", lazy="raise")
    returns: Mapped[list[Return]] = relationship(order_by="Return.returned_at", lazy="raise")


class Answer(Model):
    """The answer to one item, with the judgement of that moment."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("inspection_id", "item_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"))
    position: Mapped[int]
    item_key: Mapped[str] = mapped_column(String(60), index=True)
    value: Mapped[str] = mapped_column(Text, default="")  # as given: "pass", "61.5", an option's value, text
    number: Mapped[Decimal | None] = mapped_column(DecimalText)  # the reading of a number item
    verdict: Mapped[str] = mapped_column(String(10))  # ok | abnormal | na | info
    judgement: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # why: limits and last value used
    why: Mapped[str] = mapped_column(Text, default="")  # reason of the abnormality (异常原因)
    remedy: Mapped[str] = mapped_column(String(10), default="")  # fixed | fault | hazard
    level: Mapped[str] = mapped_column(String(20), default="")
    finding_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("findings.id"))

    inspection: Mapped[Inspection] = relationship(back_populates="answers", lazy="raise")
    photos: Mapped[list[AnswerPhoto]] = relationship(order_by="AnswerPhoto.position", lazy="raise")


class AnswerPhoto(Model):
    """A photo of an answer."""

    __tablename__ = "answer_photos"

    answer_id: Mapped[int] = mapped_column(ForeignKey("answers.id"), primary_key=True)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"), primary_key=True, index=True)
    position: Mapped[int]


class Return(Model):
    """The supervisor sends an inspection, or one item of it, back (R7). It then counts as not done.

    `returned_at` is as the device claimed, uncorrected; the server's clock where it claimed nothing.
    """

    __tablename__ = "returns"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"), index=True)
    item_key: Mapped[str] = mapped_column(String(60), default="")  # empty: the whole inspection
    reason: Mapped[str] = mapped_column(Text)
    returned_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    returned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Omission(Model):
    """Why an asset was not inspected in a month (漏检原因). The newest row counts; none is deleted.

    `given_at` is as the device claimed, uncorrected; the server's clock where it claimed nothing.
    """

    __tablename__ = "omissions"
    __table_args__ = (Index("ix_omissions_site_id_month", "site_id", "month"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assets.id"), index=True)
    month: Mapped[str] = mapped_column(String(7))
    visit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("visits.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    given_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Signature(Model):
    """A drawn signature under a visit. The last one needed seals the visit.

    `signed_at` is as the device claimed, uncorrected; the server's clock where it claimed nothing. One that came under
    another account counts once the signer has confirmed it; one that the signer objected to is void and stays.
    """

    __tablename__ = "signatures"
    __table_args__ = (
        Index(
            "ix_signatures_one_per_capacity",
            "visit_id",
            "capacity",
            unique=True,
            sqlite_where=text("objected_at IS NULL"),
            postgresql_where=text("objected_at IS NULL"),
        ),
        Index(
            "ix_signatures_to_confirm",
            "person_id",
            sqlite_where=text("brought_by IS NOT NULL AND confirmed_at IS NULL AND objected_at IS NULL"),
            postgresql_where=text("brought_by IS NOT NULL AND confirmed_at IS NULL AND objected_at IS NULL"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    visit_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("visits.id"))
    capacity: Mapped[str] = mapped_column(String(20))  # inspector | supervisor | handover
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str] = mapped_column(String(60))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"))
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # digest over all that the signature covers (visits.rules.covers_digest); older ones have none and cover their sheet
    covers_digest: Mapped[str | None] = mapped_column(String(64))
    brought_by: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("people.id")
    )  # on whose device, if not the signer's
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    objected_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the signer says: this was not me, or not this
    objection: Mapped[str] = mapped_column(Text, default="", server_default="")

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise")
    bringer: Mapped[Person | None] = relationship(foreign_keys=[brought_by], lazy="raise")

    @property
    def is_void(self) -> bool:
        """Whether its signer objected to it."""
        return self.objected_at is not None

    @property
    def is_waiting(self) -> bool:
        """Whether it was brought on somebody else's device and its signer has said nothing yet."""
        return self.brought_by is not None and self.confirmed_at is None and not self.is_void

    @property
    def counts(self) -> bool:
        """Whether it helps to seal the sheet."""
        return not self.is_void and not self.is_waiting
