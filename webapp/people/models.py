"""Accounts and their signed-in devices."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from flask_login import UserMixin
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class Person(UserMixin, Model):  # type: ignore[misc]  # flask-login carries no types
    """Somebody who signs in. What they may do is said per site (sites.models.Membership)."""

    __tablename__ = "people"
    __allow_unmapped__ = True  # `device` below is no column

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    username: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(10), default="zh")
    is_enabled: Mapped[bool] = mapped_column(default=True)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    nda_signed_on: Mapped[date | None]  # R126: no access without a signed confidentiality agreement
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # set by the loader: which signed-in device this request comes from
    device: AuthSession | None = None

    @property
    def is_active(self) -> bool:
        """Whether the account may sign in."""
        return self.is_enabled and self.nda_signed_on is not None

    def get_id(self) -> str:
        """What the sign-in cookie holds: the secret of the device, never the person's id."""
        return self.device.secret if self.device and self.device.secret else ""


class AuthSession(Model):
    """One signed-in browser. Ending the row signs that browser out at its next request."""

    __tablename__ = "auth_sessions"
    __allow_unmapped__ = True  # `secret` below is no column

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    site_id: Mapped[uuid.UUID | None]  # the command centre chosen on this device; opaque here
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    is_shared: Mapped[bool] = mapped_column(default=False)  # a tablet that many hands touch
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise")

    secret: str | None = None  # only in memory, right after sign-in or while the cookie is at hand


class SignInAttempt(Model):
    """A failed sign-in, counted per account and per address for a quarter of an hour."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_username_at", "username", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
