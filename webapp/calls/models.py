"""The call register (电话受理登记, R54–R56): numbered calls, and what happened to each as rows."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.assets.models import Asset
from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime
from webapp.people.models import Person


class CallKind(enum.StrEnum):
    """What somebody rings the hotline for (R56)."""

    CONSULTATION = "consultation"
    FAULT = "fault"
    OTHER = "other"


class StepKind(enum.StrEnum):
    """What can happen to a call."""

    TAKEN = "taken"
    FOLLOWED_UP = "followed_up"
    ANSWERED = "answered"  # a consultation ends with its answer
    CLOSED = "closed"  # any call may end with a word about how


class Call(Model):
    """One call of the hotline.

    `as_source`: how a fault that comes from the call names it ("call:<uuid>"); faults know nothing else of calls.
    `closed_at` repeats what the steps say, so that the open ones can be found; races are settled by a
    conditional UPDATE of it.
    """

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        UniqueConstraint("as_source"),
        Index("ix_calls_site_id_called_at", "site_id", "called_at"),
        Index("ix_calls_site_id_closed_at", "site_id", "closed_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)  # named by the device
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    number: Mapped[str] = mapped_column(String(20))  # DH-2611-01
    kind: Mapped[str] = mapped_column(String(20))
    as_source: Mapped[str] = mapped_column(String(50))
    asset_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assets.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(String(200), default="")  # on the work of the caller (R54)
    organisation: Mapped[str] = mapped_column(String(120), default="")
    caller_name: Mapped[str] = mapped_column(String(60), default="")
    caller_phone: Mapped[str] = mapped_column(String(40), default="")
    masked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # name and telephone were taken out
    form_number: Mapped[str] = mapped_column(String(40), default="")  # of the service form 客户服务受理单 (R55)
    called_at: Mapped[datetime] = mapped_column(UtcDateTime)  # claimed: when it rang (R42)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)  # when it reached the server
    taken_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    asset: Mapped[Asset | None] = relationship(lazy="raise")
    taker: Mapped[Person] = relationship(lazy="raise")
    steps: Mapped[list[CallStep]] = relationship(order_by="CallStep.id", lazy="raise")


class CallStep(Model):
    """What was done about a call. Each row names the day it is looked at again anew; the newest counts."""

    __tablename__ = "call_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    call_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("calls.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, default="")
    next_on: Mapped[date | None] = mapped_column(Date)
    by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
