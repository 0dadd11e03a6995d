"""Where a command centre's reminders are sent to, what was sent, and how early they begin."""

from __future__ import annotations

import enum
import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime
from webapp.reminders.secret import Secret, SecretText
from webapp.sites.models import Site


class Robot(enum.StrEnum):
    """Who reads what is sent: a group robot of one of the three chats, or a program of one's own."""

    WECOM = "wecom"  # 企业微信
    DINGTALK = "dingtalk"  # 钉钉
    FEISHU = "feishu"  # 飞书
    JSON = "json"


class Ended(enum.StrEnum):
    """How the sending of one reminder ended."""

    DELIVERED = "delivered"
    GIVEN_UP = "given_up"  # tried as often as allowed
    OUTDATED = "outdated"  # what it reminded of was done, or the next warning took its place


class ReminderTarget(Model):
    """A place that reminders of a site are sent to. Nothing is sent where none is switched on (R123)."""

    __tablename__ = "reminder_targets"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), index=True)
    robot: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    url: Mapped[Secret] = mapped_column(SecretText)  # the address of a robot is its key
    secret: Mapped[Secret] = mapped_column(SecretText)  # what messages are signed with; empty: they are not
    is_on: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # what it was sent stays in the log

    site: Mapped[Site] = relationship(lazy="raise")


class ReminderDelivery(Model):
    """One reminder to one target, exactly once: the key names the reminder, and the pair is unique.

    While `ended` is empty it is to be sent at `next_at`. Claiming an attempt moves `next_at` to the time of the next
    one, so a sender that dies leaves nothing hanging.
    """

    __tablename__ = "reminder_deliveries"
    __table_args__ = (
        UniqueConstraint("target_id", "key"),
        Index(
            "ix_reminder_deliveries_open",
            "target_id",
            sqlite_where=text("ended = ''"),
            postgresql_where=text("ended = ''"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    target_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reminder_targets.id"))
    key: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    text: Mapped[str] = mapped_column(Text, default="")  # as sent last
    last_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_answer: Mapped[str] = mapped_column(String(200), default="")  # never the body of an answer
    ended: Mapped[str] = mapped_column(String(20), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    target: Mapped[ReminderTarget] = relationship(lazy="raise")


class ReminderDays(Model):
    """How many days before the due day a site is reminded, first and again (R36); 5 and 2 where there is no row."""

    __tablename__ = "reminder_days"
    __table_args__ = (CheckConstraint("early > soon and soon >= 0", name="order"),)

    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    early: Mapped[int]
    soon: Mapped[int]
