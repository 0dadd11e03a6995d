"""The plan of a month in versions, its steps and addenda; presentations.

Nothing that was handed in is changed: a step freezes the version it names, a later change makes a new one, and after
the approval there are addenda only.
"""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class LineKind(enum.StrEnum):
    """Why a line is in the plan."""

    MONTHLY = "monthly"  # everything once a month (R1, R23)
    QUARTERLY = "quarterly"  # the monthly one in which the quarterly items are looked at
    WEEKLY = "weekly"  # systems and network once a week, which holds the monthly one, too (R25, R26)
    EVENT = "event"  # before a presentation (R26, R27)
    FOLLOW_UP = "follow_up"  # after it
    ADDENDUM = "addendum"  # added to an approved plan


class StepKind(enum.StrEnum):
    """What happens to a plan between the two sides (R4)."""

    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"


class AddendumKind(enum.StrEnum):
    """How an approved plan may change."""

    ADDED = "added"
    MOVED = "moved"  # another day, another person
    CANCELLED = "cancelled"  # needs the bureau's approval


class Plan(Model):
    """The plan of one command centre for one month."""

    __tablename__ = "plans"
    __table_args__ = (UniqueConstraint("site_id", "month"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # follows from site and month
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    month: Mapped[str] = mapped_column(String(7))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PlanVersion(Model):
    """One version of a plan, with all its lines. Frozen as soon as a step names it."""

    __tablename__ = "plan_versions"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"))
    number: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # None: drafted from the cycles


class PlanLine(Model):
    """One check of one asset on one day. `key` names the same need in every version.

    `opens_at` and `closes_at` bound the inspections that are meant by it: its week, its month, the day before a
    presentation. A line that was left out by hand stays, so that drafting again does not bring it back.
    """

    __tablename__ = "plan_lines"
    __table_args__ = (UniqueConstraint("version_id", "key"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_versions.id"))
    key: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(20))
    asset_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assets.id"), index=True)
    presentation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("presentations.id"))
    day: Mapped[date]
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # only where the hour counts (R27)
    technician_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    supervisor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    is_left_out: Mapped[bool] = mapped_column(default=False)
    is_addendum: Mapped[bool] = mapped_column(default=False)  # came after the approval, with a PlanAddendum


class PlanStep(Model):
    """Handed in, returned with a comment, approved: who, when, which version. Of two at once one gets the number."""

    __tablename__ = "plan_steps"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        CheckConstraint("kind in ('submitted', 'returned', 'approved')", name="kind"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_versions.id"), index=True)
    comment: Mapped[str] = mapped_column(Text, default="")
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))


class PlanAddendum(Model):
    """A change of an approved plan, with its reason. One that cancels counts once the bureau has agreed."""

    __tablename__ = "plan_addenda"
    __table_args__ = (
        Index("ix_plan_addenda_line_id", "line_id"),
        CheckConstraint("kind in ('added', 'moved', 'cancelled')", name="kind"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # follows from the deed's name and the line
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plans.id"), index=True)
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_lines.id"))
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    from_day: Mapped[date | None]
    to_day: Mapped[date | None]
    technician_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))  # moved: the new one
    supervisor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))


class PlanDecision(Model):
    """What the bureau says about a line that is to be cancelled. One decision for each."""

    __tablename__ = "plan_decisions"

    addendum_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("plan_addenda.id"), primary_key=True)
    is_approved: Mapped[bool]
    comment: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))


class Presentation(Model):
    """Something shown to visitors at a fixed hour (汇报演示): all platforms are checked an hour before (R26, R27)."""

    __tablename__ = "presentations"
    __table_args__ = (Index("ix_presentations_site_id_starts_at", "site_id", "starts_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the form
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    title: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    called_off_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    called_off_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    called_off_why: Mapped[str] = mapped_column(Text, default="")
