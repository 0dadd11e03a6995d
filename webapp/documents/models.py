"""Documents of a month as they were made, the jobs that make them, and sheets that were filled in on paper."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.files.models import StoredFile
from webapp.kit.columns import UtcDateTime
from webapp.sites.models import ServiceLine


class Kind(enum.StrEnum):
    """What is filed of a month (R94–R99), in the order of the file."""

    PLAN = "plan"  # 月度巡检计划
    REPORT = "report"  # 月度巡检报告
    SHEETS = "sheets"  # 巡检记录表
    JOINT_TEST = "joint_test"  # 月度联调报告
    HAZARDS = "hazards"  # 隐患汇总表
    FAULTS = "faults"  # 系统故障处理分析报告
    MAINTENANCE = "maintenance"  # 维护和总结分析报表
    BUNDLE = "bundle"  # all of them with what is needed to verify them


class Format(enum.StrEnum):
    """In which form a document is kept."""

    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"
    HTML = "html"
    ZIP = "zip"


class Outcome(enum.StrEnum):
    """How a job ended."""

    DONE = "done"
    FAILED = "failed"


class DocumentJob(Model):
    """The making of documents of one month, asked for by somebody.

    `slot` is the month's name while the job runs and empty afterwards: its unique key lets one job run per month. The
    process that works on it renews `beat_at`; a job whose beat stopped died with its process (rules.is_dead).
    """

    __tablename__ = "document_jobs"
    __table_args__ = (
        UniqueConstraint("slot"),
        Index("ix_document_jobs_site_id_month", "site_id", "month"),
        CheckConstraint("done <= total", name="done"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    month: Mapped[str] = mapped_column(String(7))
    kinds: Mapped[list[Any]] = mapped_column(JSON)
    slot: Mapped[str | None] = mapped_column(String(50))
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    step: Mapped[str] = mapped_column(String(40), default="")  # "report.pdf": what is being made
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(10), default="")
    problem: Mapped[str] = mapped_column(Text, default="")  # why it failed, for people


class Document(Model):
    """One document in one format as it was made. Made again it is a new version; none is ever changed or deleted."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("site_id", "month", "kind", "format", "version"),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("version > 0", name="version"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    month: Mapped[str] = mapped_column(String(7))
    kind: Mapped[str] = mapped_column(String(20))
    format: Mapped[str] = mapped_column(String(5))
    version: Mapped[int]
    number: Mapped[str] = mapped_column(String(40))  # as printed on it
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), index=True)  # of the bytes in the store
    size: Mapped[int] = mapped_column(BigInteger)
    is_final: Mapped[bool]  # the month was closed when it was made
    as_of: Mapped[datetime] = mapped_column(UtcDateTime)  # the data it shows
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    job_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document_jobs.id"), index=True)


class PartyNames(Model):
    """How the two sides of the contract are called on documents of a site. The newest row counts."""

    __tablename__ = "party_names"

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    client: Mapped[str] = mapped_column(String(120))
    provider: Mapped[str] = mapped_column(String(120))
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PaperSheet(Model):
    """A round sheet of a service line that was filled in on paper, photographed to be typed in (R9)."""

    __tablename__ = "paper_sheets"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("service_lines.id"))
    filled_in_on: Mapped[date]
    kept_at: Mapped[str] = mapped_column(String(120), default="")  # where the paper itself is filed
    registered_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    line: Mapped[ServiceLine] = relationship(lazy="raise")
    photos: Mapped[list[PaperSheetPhoto]] = relationship(order_by="PaperSheetPhoto.position", lazy="raise")


class PaperSheetPhoto(Model):
    """A photographed page of a sheet."""

    __tablename__ = "paper_sheet_photos"

    sheet_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("paper_sheets.id"), primary_key=True)
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_files.id"), primary_key=True)
    position: Mapped[int]

    file: Mapped[StoredFile] = relationship(lazy="raise")


class PaperInspection(Model):
    """That an inspection was typed in from a sheet on paper."""

    __tablename__ = "paper_inspections"

    inspection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("inspections.id"), primary_key=True)
    sheet_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("paper_sheets.id"), index=True)
