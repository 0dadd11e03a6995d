"""Photos and signatures as they came from the field."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model
from webapp.kit.columns import UtcDateTime


class StoredFile(Model):
    """One attachment, named by the device that made it. The bytes lie in the store under their SHA-256."""

    __tablename__ = "stored_files"
    __table_args__ = (CheckConstraint("size > 0", name="size"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(40))
    width: Mapped[int]
    height: Mapped[int]
    exif: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    site_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("sites.id"))  # of the record that uses it
    received_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
