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
    """What can happen to a fault or hazard. What a step needs and who may take it stands in faults.steps."""

    REPORTED = "reported"
    CLOSED = "closed"
    REOPENED = "reopened"
    ARRIVED = "arrived"  # somebody is on site; several are allowed, the first counts
    # the repair flow of faults (R57, R58, R60)
    ACKNOWLEDGED = "acknowledged"  # a person has taken it on
    REMOTE = "remote"  # remote help, with the consent of the client
    RESTORED = "restored"  # service runs again, perhaps switched over
    REPAIRED = "repaired"  # fully
    TESTED = "tested"  # the bureau's recovery test, passed or failed
    # beside the flow
    LEVEL_CHANGED = "level_changed"
    IMPACT_SET = "impact_set"
    INFORMED = "informed"  # the bureau was told of a major fault (R43)
    ESCALATED = "escalated"  # given to the project leader (R59, R62)
    INSTRUCTED = "instructed"  # what the leader says to it
    ESTIMATED = "estimated"  # when it is likely to be repaired
    VENDOR_CALLED = "vendor_called"
    VENDOR_ARRIVED = "vendor_arrived"
    BACKED_UP = "backed_up"  # data saved before major work (R67)
    CHANGE_ASKED = "change_asked"  # change request in the course of the repair (R67)
    PART_USED = "part_used"
    ANALYSED = "analysed"  # cause, responsibility, lessons (R52); or the answer of a consultation
    PAUSE_ASKED = "pause_asked"  # transmission network (R64) or agreed date (R51)
    PAUSE_AGREED = "pause_agreed"
    PAUSE_REFUSED = "pause_refused"
    RESUMED = "resumed"
    TICKED = "ticked"  # told to construction unit, district bureau, client (R63)
    REVISITED = "revisited"  # telephone revisit and satisfaction (R69)
    EFFECT_JUDGED = "effect_judged"  # whether a major fault handled late had considerable bad effect (R44)
    RECOUNTED = "recounted"  # a day of the site's calendar was changed, and a deadline with it (R50)
    # the way of a hazard (R71): faults.hazard_rules
    LISTED = "listed"  # on the monthly list
    APPROVED = "approved"  # the bureau agrees: now work may begin
    REFUSED = "refused"
    ASKED_AGAIN = "asked_again"  # after a refusal
    STARTED = "started"
    DONE = "done"
    SENT_BACK = "sent_back"  # the bureau has checked it: not done yet


def _first_state(context: Any) -> str | None:
    """A hazard begins as found."""
    return "found" if context.get_current_parameters()["kind"] == FindingKind.HAZARD.value else None


class Finding(Model):
    """A fault or a hazard of an asset. `source` names what raised it ("inspection:<uuid>:<item>"), opaque here.

    `level`, `impact`, `closed_at`, `next_due_at` and `hazard_state` repeat what the events say, so that lists of very
    many can be sorted: they are set in the transaction of the event and can be made anew from it (`flask faults
    recompute`).
    """

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        UniqueConstraint("source"),
        Index("ix_findings_site_id_reported_at", "site_id", "reported_at"),
        Index("ix_findings_site_id_closed_at", "site_id", "closed_at", "next_due_at"),
        Index("ix_findings_site_id_kind", "site_id", "kind", "closed_at"),
        Index("ix_findings_site_id_hazard_state", "site_id", "hazard_state", "reported_at"),
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
    policy_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("fault_policies.id"))  # the one it began with
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # of the running clock that ends first
    # None for faults; the conditional UPDATE of it settles races between steps of a hazard
    hazard_state: Mapped[str | None] = mapped_column(String(10), default=_first_state)
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


class FaultPolicy(Model):
    """The terms of a site's contract for faults, from a moment on. Only ever added; a fault keeps its own.

    `content` is what faults.terms reads. `entered_by` is None where the import of command centres brought it.
    """

    __tablename__ = "fault_policies"
    __table_args__ = (UniqueConstraint("site_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    entered_by: Mapped[uuid.UUID | None]
    reason: Mapped[str] = mapped_column(Text, default="")


class FaultCaller(Model):
    """Who told a fault by telephone or at the desk (R54). Masked after a while: `masked_at`."""

    __tablename__ = "fault_callers"

    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(String(120), default="")
    name: Mapped[str] = mapped_column(String(60), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    form_number: Mapped[str] = mapped_column(String(40), default="")  # of the service form 客户服务受理单 (R55)
    masked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FaultDeadline(Model):
    """When a clock of a fault reaches a share of its limit. Made from the events; what is claimed stays for ever.

    The sweep takes what is due by a conditional UPDATE of `claimed_at`; what is claimed has been escalated.
    """

    __tablename__ = "fault_deadlines"
    __table_args__ = (
        UniqueConstraint("finding_id", "clock", "threshold", "due_at"),
        Index("ix_fault_deadlines_claimed_at_due_at", "claimed_at", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"))
    clock: Mapped[str] = mapped_column(String(20))
    threshold: Mapped[int]  # per cent of the limit
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FaultEscalation(Model):
    """A warning that went to lead and bureau: one per claimed deadline."""

    __tablename__ = "fault_escalations"
    __table_args__ = (
        UniqueConstraint("deadline_id"),
        Index("ix_fault_escalations_site_id_raised_at", "site_id", "raised_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    deadline_id: Mapped[int] = mapped_column(ForeignKey("fault_deadlines.id"))
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), index=True)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    clock: Mapped[str] = mapped_column(String(20))
    threshold: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the share was reached
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when the sweep saw it

    finding: Mapped[Finding] = relationship(lazy="raise")
