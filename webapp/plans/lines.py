"""The lines of versions with the addenda to them, and the inspections of months: two statements."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import aliased

from webapp.assets.models import Asset, System
from webapp.extensions import db
from webapp.inspections.models import Inspection, Omission
from webapp.inspections.queries import standing
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.plans.models import AddendumKind, PlanAddendum, PlanDecision, PlanLine, Presentation
from webapp.plans.states import LineState, Work
from webapp.sites.models import ServiceLine, Site

ALWAYS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class PlanAddendumLine:
    """A change of an approved plan: added, moved or cancelled (models.AddendumKind), with its reason.

    `is_approved`: None while the bureau has not decided about a cancellation; added and moved ones need no decision.
    """

    id: uuid.UUID
    line_id: uuid.UUID
    kind: str
    at: datetime
    by: str
    reason: str
    code: str
    name: str
    from_day: date | None
    to_day: date | None
    technician: str
    supervisor: str
    is_approved: bool | None
    approved_at: datetime | None
    approved_by: str
    comment: str

    @property
    def is_waiting(self) -> bool:
        """Whether the bureau still has to decide."""
        return self.kind == AddendumKind.CANCELLED and self.is_approved is None


@dataclass(frozen=True)
class PlannedLine:
    """One planned check of one asset on one day, as its addenda have left it. `kind`: models.LineKind.

    `event` is the title of the presentation it is for; `reason` says why it was missed, cancelled or left incomplete.
    """

    id: uuid.UUID
    asset_id: uuid.UUID
    code: str
    name: str
    model: str
    location: str
    line_number: int
    system_name: str
    day: date
    due_at: datetime | None
    kind: str
    technician: str
    supervisor: str
    state: LineState
    is_overdue: bool
    done_on: date | None
    reason: str
    is_addendum: bool
    event: str
    # beyond what other rooms agreed on
    key: str = ""
    version_id: uuid.UUID | None = None
    units: int = 1
    location_en: str = ""
    technician_id: uuid.UUID | None = None
    supervisor_id: uuid.UUID | None = None
    place: tuple[int, int, int, str] = (0, 0, 0, "")  # in printed order
    opens_at: datetime = ALWAYS
    closes_at: datetime = ALWAYS
    is_left_out: bool = False
    omission: str = ""
    addenda: tuple[PlanAddendumLine, ...] = ()
    work_id: uuid.UUID | None = None  # the inspection that serves it, or the one to be completed or repeated
    is_returned: bool = False  # that one was sent back

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done about it."""
        return self.state in (LineState.PENDING, LineState.IN_PROGRESS)

    @property
    def cancellation(self) -> PlanAddendumLine | None:
        """The newest wish to take it out, granted or waiting; none where it was refused."""
        wishes = [one for one in self.addenda if one.kind == AddendumKind.CANCELLED and one.is_approved is not False]
        return wishes[-1] if wishes else None

    @property
    def has_wish(self) -> bool:
        """Whether anybody has ever asked to take it out, whatever the bureau said."""
        return any(one.kind == AddendumKind.CANCELLED for one in self.addenda)

    @property
    def is_cancelled(self) -> bool:
        """Whether it was taken out with the bureau's approval."""
        return bool(self.cancellation and self.cancellation.is_approved)

    @property
    def is_leaving(self) -> bool:
        """Whether the bureau has still to say if it may be cancelled."""
        return bool(self.cancellation and self.cancellation.is_waiting)


@dataclass(frozen=True)
class Performed:
    """An inspection of the months that are looked at, and what a list of work outside the plan says of it."""

    work: Work
    code: str
    name: str
    technician: str


def lines_of(version_ids: Collection[uuid.UUID], month: Month) -> list[PlannedLine]:
    """The lines of versions by day and printed order, those left out too, all of them pending. One statement.

    `month`: whose reasons for omissions are read.
    """
    found: dict[uuid.UUID, PlannedLine] = {}
    for row in db.session.execute(_lines(version_ids, month)):
        line = found.get(row.PlanLine.id) or _line(row)
        found[line.id] = _changed(line, row) if row.PlanAddendum else line
    return in_order(found.values())


def in_order(lines: Collection[PlannedLine]) -> list[PlannedLine]:
    """By day, what is due at an hour first, then as printed."""
    return sorted(lines, key=lambda line: (line.day, line.due_at or ALWAYS, line.place, line.key))


def performed_in(site: Site, months: Sequence[Month]) -> list[Performed]:
    """The inspections finished in these months that no newer one replaces, sent back ones too. One statement."""
    start, end = months[0].bounds(site.timezone)[0], months[-1].bounds(site.timezone)[1]
    newer = aliased(Inspection)
    is_replaced = exists().where(newer.supersedes_id == Inspection.id).correlate(Inspection)
    rows = db.session.execute(
        select(
            Inspection.id,
            Inspection.asset_id,
            Inspection.finished_at,
            standing().label("is_standing"),
            (Inspection.units_checked >= Inspection.units_total).label("is_whole"),
            Inspection.units_reason,
            Asset.code,
            Asset.name.label("asset"),
            Person.name.label("technician"),
        )
        .join(Asset, Asset.id == Inspection.asset_id)
        .join(Person, Person.id == Inspection.technician_id)
        .where(
            Inspection.site_id == site.id, Inspection.finished_at >= start, Inspection.finished_at < end, ~is_replaced
        )
        .order_by(Inspection.finished_at, Inspection.received_at)
    )
    return [
        Performed(
            Work(row.id, row.asset_id, row.finished_at, row.is_standing, row.is_whole, row.units_reason),
            row.code,
            row.asset,
            row.technician,
        )
        for row in rows
    ]


def _lines(version_ids: Collection[uuid.UUID], month: Month) -> Select[*tuple[Any, ...]]:
    technician, supervisor, adder, decider = (aliased(Person) for _each in range(4))
    new_technician, new_supervisor = aliased(Person), aliased(Person)
    omission = (
        select(Omission.reason)
        .where(Omission.asset_id == PlanLine.asset_id, Omission.month == str(month))
        .order_by(Omission.given_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            PlanLine,
            Asset.code,
            Asset.name,
            Asset.model,
            Asset.location,
            Asset.location_en,
            Asset.quantity,
            Asset.position,
            System.name.label("system_name"),
            System.position.label("system_position"),
            ServiceLine.number.label("line_number"),
            technician.name.label("technician"),
            supervisor.name.label("supervisor"),
            Presentation.title.label("event"),
            omission.label("omission"),
            PlanAddendum,
            PlanDecision,
            adder.name.label("adder"),
            decider.name.label("decider"),
            new_technician.name.label("new_technician"),
            new_supervisor.name.label("new_supervisor"),
        )
        .join(Asset, Asset.id == PlanLine.asset_id)
        .join(System, System.id == Asset.system_id)
        .join(ServiceLine, ServiceLine.id == System.service_line_id)
        .outerjoin(technician, technician.id == PlanLine.technician_id)
        .outerjoin(supervisor, supervisor.id == PlanLine.supervisor_id)
        .outerjoin(Presentation, Presentation.id == PlanLine.presentation_id)
        .outerjoin(PlanAddendum, PlanAddendum.line_id == PlanLine.id)
        .outerjoin(PlanDecision, PlanDecision.addendum_id == PlanAddendum.id)
        .outerjoin(adder, adder.id == PlanAddendum.made_by)
        .outerjoin(decider, decider.id == PlanDecision.decided_by)
        .outerjoin(new_technician, new_technician.id == PlanAddendum.technician_id)
        .outerjoin(new_supervisor, new_supervisor.id == PlanAddendum.supervisor_id)
        .where(PlanLine.version_id.in_(version_ids))
        .order_by(PlanAddendum.made_at, PlanAddendum.id)
    )


def _line(row: Any) -> PlannedLine:
    line: PlanLine = row.PlanLine
    return PlannedLine(
        id=line.id,
        asset_id=line.asset_id,
        code=row.code,
        name=row.name,
        model=row.model,
        location=row.location,
        line_number=row.line_number,
        system_name=row.system_name,
        day=line.day,
        due_at=line.due_at,
        kind=line.kind,
        technician=row.technician or "",
        supervisor=row.supervisor or "",
        state=LineState.PENDING,
        is_overdue=False,
        done_on=None,
        reason="",
        is_addendum=line.is_addendum,
        event=row.event or "",
        key=line.key,
        version_id=line.version_id,
        units=row.quantity or 1,
        location_en=row.location_en,
        technician_id=line.technician_id,
        supervisor_id=line.supervisor_id,
        place=(row.line_number, row.system_position, row.position, row.code),
        opens_at=line.opens_at,
        closes_at=line.closes_at,
        is_left_out=line.is_left_out,
        omission=row.omission or "",
    )


def _changed(line: PlannedLine, row: Any) -> PlannedLine:
    """The line after one more addendum."""
    change: PlanAddendum = row.PlanAddendum
    decision: PlanDecision | None = row.PlanDecision
    said = PlanAddendumLine(
        id=change.id,
        line_id=change.line_id,
        kind=change.kind,
        at=change.made_at,
        by=row.adder,
        reason=change.reason,
        code=line.code,
        name=line.name,
        from_day=change.from_day,
        to_day=change.to_day,
        technician=row.new_technician or "",
        supervisor=row.new_supervisor or "",
        is_approved=decision.is_approved if decision else None,
        approved_at=decision.decided_at if decision else None,
        approved_by=row.decider or "",
        comment=decision.comment if decision else "",
    )
    line = replace(line, addenda=(*line.addenda, said))
    if change.kind != AddendumKind.MOVED:
        return line
    if change.technician_id:
        line = replace(line, technician=said.technician, technician_id=change.technician_id)
    if change.supervisor_id:
        line = replace(line, supervisor=said.supervisor, supervisor_id=change.supervisor_id)
    return replace(line, day=change.to_day or line.day)
