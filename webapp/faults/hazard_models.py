"""The monthly list of hazards (R71, R99): what is put to the bureau for its consent."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.faults.models import Finding
from webapp.kit.columns import UtcDateTime


class HazardList(Model):
    """The list of one month of a site. `handed_in_at`: when the first hazards were put on it."""

    __tablename__ = "hazard_lists"
    __table_args__ = (UniqueConstraint("site_id", "month"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    month: Mapped[str] = mapped_column(String(7))
    handed_in_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handed_in_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))

    entries: Mapped[list[HazardListEntry]] = relationship(order_by="HazardListEntry.id", lazy="raise")


class HazardListEntry(Model):
    """A hazard on a list, with what is proposed to do. Only ever added; one that was refused may stand on two."""

    __tablename__ = "hazard_list_entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hazard_lists.id"), index=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), index=True)
    proposal: Mapped[str] = mapped_column(Text, default="")
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    added_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))

    finding: Mapped[Finding] = relationship(lazy="raise")
