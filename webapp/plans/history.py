"""The versions of plans and the steps taken with them: one statement for any number of months."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.plans.models import Plan, PlanStep, PlanVersion, StepKind


class PlanStatus(enum.StrEnum):
    """How far the plan of a month has come."""

    NONE = "none"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"


@dataclass(frozen=True)
class StepTaken:
    """One step: submitted, returned or approved (models.StepKind)."""

    kind: str
    at: datetime
    by: str
    version: int
    comment: str
    number: int
    version_id: uuid.UUID


@dataclass(frozen=True)
class VersionMade:
    """One version: when and by whom; nobody where it was drafted from the cycles."""

    id: uuid.UUID
    number: int
    made_at: datetime
    by: str
    made_by: uuid.UUID | None


@dataclass(frozen=True)
class Story:
    """Everything that happened to the plan of one month; nothing where there is no plan."""

    plan_id: uuid.UUID | None = None
    month: str = ""
    versions: tuple[VersionMade, ...] = ()
    steps: tuple[StepTaken, ...] = ()

    @property
    def status(self) -> PlanStatus:
        """What the last step says; a plan without steps is a draft."""
        if not self.versions:
            return PlanStatus.NONE
        return PlanStatus(self.steps[-1].kind) if self.steps else PlanStatus.DRAFT

    @property
    def newest(self) -> VersionMade | None:
        """The version that is worked on; the approved one once there is one."""
        return self.versions[-1] if self.versions else None

    @property
    def version_id(self) -> uuid.UUID | None:
        """Id of the newest version."""
        return self.newest.id if self.newest else None

    @property
    def number(self) -> int:
        """Number of the newest version, 0 without any."""
        return self.newest.number if self.newest else 0

    @property
    def is_frozen(self) -> bool:
        """Whether a step names the newest version, so that a change makes another one."""
        return any(step.version_id == self.version_id for step in self.steps)

    @property
    def is_approved(self) -> bool:
        """Whether the bureau has fixed the plan."""
        return self.status is PlanStatus.APPROVED

    @property
    def submitted(self) -> StepTaken | None:
        """The first handing in: the one that the due day is about."""
        return next((step for step in self.steps if step.kind == StepKind.SUBMITTED), None)

    @property
    def approved(self) -> StepTaken | None:
        """The approval."""
        return next((step for step in self.steps if step.kind == StepKind.APPROVED), None)


def stories_of(site_id: uuid.UUID, months: Collection[Month] | None = None) -> dict[str, Story]:
    """Month → its story, of these months or of all; months without a plan are left out. One statement."""
    wanted = _stories().where(Plan.site_id == site_id)
    if months is not None:
        wanted = wanted.where(Plan.month.in_([str(month) for month in months]))
    found: dict[str, tuple[uuid.UUID, dict[uuid.UUID, VersionMade], dict[int, StepTaken]]] = {}
    for plan, version, step, maker, taker in db.session.execute(wanted):
        _plan_id, versions, steps = found.setdefault(plan.month, (plan.id, {}, {}))
        versions[version.id] = VersionMade(version.id, version.number, version.made_at, maker or "", version.made_by)
        if step:
            steps[step.number] = StepTaken(
                step.kind, step.taken_at, taker, version.number, step.comment, step.number, version.id
            )
    return {
        month: Story(plan_id, month, tuple(versions.values()), tuple(steps[number] for number in sorted(steps)))
        for month, (plan_id, versions, steps) in found.items()
    }


def _stories() -> Select[Plan, PlanVersion, PlanStep, str, str]:
    maker, taker = aliased(Person), aliased(Person)
    return (
        select(Plan, PlanVersion, PlanStep, maker.name, taker.name)
        .join(PlanVersion, PlanVersion.plan_id == Plan.id)
        .outerjoin(PlanStep, PlanStep.version_id == PlanVersion.id)
        .outerjoin(maker, maker.id == PlanVersion.made_by)
        .outerjoin(taker, taker.id == PlanStep.taken_by)
        .order_by(Plan.month, PlanVersion.number, PlanStep.number)
    )
