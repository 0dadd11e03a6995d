"""Problems behind several faults (R68), and what the bureau decides about repeats (R81). Rows are only ever added."""

from __future__ import annotations

import enum
import uuid
from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model
from webapp.faults.models import Finding
from webapp.kit.columns import UtcDateTime


class ProblemState(enum.StrEnum):
    """How far a problem has come."""

    OPEN = "open"
    PRESSED = "pressed"  # the owner was pressed to act (R63)
    PROMISED = "promised"  # the owner has named a day
    SOLVED = "solved"
    DROPPED = "dropped"  # not followed up any more


class OwnerKind(enum.StrEnum):
    """Who has to solve it."""

    SUPPLIER = "supplier"
    CONSTRUCTION_UNIT = "construction_unit"
    PROVIDER = "provider"
    BUREAU = "bureau"


class Problem(Model):
    """What lies behind several faults, with a running number of its own (WT-2611-01)."""

    __tablename__ = "problems"
    __table_args__ = (
        UniqueConstraint("site_id", "number"),
        Index("ix_problems_site_id_opened_at", "site_id", "opened_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    site_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("sites.id"))
    number: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    opened_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    steps: Mapped[list[ProblemStep]] = relationship(order_by="ProblemStep.id", lazy="raise")
    links: Mapped[list[ProblemFault]] = relationship(order_by="ProblemFault.linked_at", lazy="raise")
    turns: Mapped[list[ProblemTurn]] = relationship(order_by="ProblemTurn.id", lazy="raise")

    @property
    def tied(self) -> list[ProblemFault]:
        """The faults that are part of it now. Needs links and turns."""
        said = {turn.finding_id: turn.is_tied for turn in self.turns}
        return [link for link in self.links if said.get(link.finding_id, True)]

    @property
    def newest(self) -> ProblemStep:
        """The step that says how it stands. Needs the steps."""
        return self.steps[-1]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.newest.state not in (ProblemState.SOLVED, ProblemState.DROPPED)


class ProblemStep(Model):
    """What was said or done about a problem: each row names state, owner and next day anew; the newest counts."""

    __tablename__ = "problem_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    problem_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("problems.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_kind: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(String(120))
    next_on: Mapped[date | None] = mapped_column(Date)  # when it is looked at again
    text: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProblemFault(Model):
    """A fault that was tied to a problem. Whether it still is says the newest ProblemTurn, if there is any."""

    __tablename__ = "problem_faults"

    problem_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("problems.id"), primary_key=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), primary_key=True, index=True)
    linked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)

    finding: Mapped[Finding] = relationship(lazy="raise")


class ProblemTurn(Model):
    """A fault was untied from a problem, with the reason, or tied to it again. The newest row of a fault counts."""

    __tablename__ = "problem_turns"

    id: Mapped[int] = mapped_column(primary_key=True)
    problem_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("problems.id"), index=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), index=True)
    is_tied: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class RepeatDecision(Model):
    """The bureau says whether a fault repeats an earlier one. The newest row of a fault counts."""

    __tablename__ = "repeat_decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"), index=True)
    earlier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("findings.id"))
    is_repeat: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
