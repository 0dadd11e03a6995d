"""Seals: what was signed, as canonical text, chained per site."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class Seal(Model):
    """One sealed record. `digest` = SHA-256 over previous digest and content; `content` is canonical JSON."""

    __tablename__ = "seals"
    __table_args__ = (UniqueConstraint("site_id", "number"), UniqueConstraint("kind", "record_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    number: Mapped[int]  # 1, 2, 3 … within the site
    kind: Mapped[str] = mapped_column(String(20))  # visit | joint_test | month
    record_id: Mapped[uuid.UUID]
    content: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    previous_digest: Mapped[str] = mapped_column(String(64))  # 64 zeros for the first
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
