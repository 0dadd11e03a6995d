"""Reading many command centres and months at once: one statement for each kind of fact, whatever their number."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    distinct,
    exists,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from webapp.assets.models import Asset, AssetKind, AssetStatus, System
from webapp.extensions import db
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind
from webapp.fieldwork.models import DeviceReport
from webapp.inspections.models import Inspection
from webapp.inspections.queries import standing
from webapp.kit.clock import Month
from webapp.plans.models import Plan, PlanStep
from webapp.reports.models import ClosedMonth, MonthStep
from webapp.sites.models import Membership, ServiceLine

Key = tuple[uuid.UUID, str]  # site, month
LISTED = (AssetKind.DEVICE, AssetKind.SOFTWARE)  # rows of a list; places are counted apart


@dataclass(frozen=True)
class PaperSteps:
    """The way of a plan or of a summary: when it was first handed in, and the newest step."""

    first_handed_in: datetime
    last: str  # submitted | handed_in | returned | approved | accepted
    number: int


@dataclass(frozen=True)
class InService:
    """How many rows of the lists of a site share a period of service."""

    site_id: uuid.UUID
    starts_on: date
    ends_on: date
    rows: int


@dataclass(frozen=True)
class FaultLife:
    """When a fault was reported, and when it was closed or opened again, in the order of the entries."""

    site_id: uuid.UUID
    reported_at: datetime
    turns: tuple[tuple[datetime, bool], ...]  # moment, whether it is open from then on

    def is_open_at(self, until: datetime) -> bool:
        """Whether it was open just before a moment."""
        if self.reported_at >= until:
            return False
        before = [is_open for at, is_open in self.turns if at < until]
        return before[-1] if before else True


@dataclass(frozen=True)
class Held:
    """Documents that a device of somebody of the site is known to hold."""

    site_id: uuid.UUID
    documents: int
    oldest_at: datetime | None


def plan_steps(site_ids: Collection[uuid.UUID], months: Iterable[Month]) -> dict[Key, PaperSteps]:
    """Site and month → the steps of its plan; nothing where it was never handed in."""
    wanted = (
        select(Plan.site_id, Plan.month, PlanStep.number, PlanStep.kind, PlanStep.taken_at)
        .join(PlanStep, PlanStep.plan_id == Plan.id)
        .where(Plan.site_id.in_(site_ids), Plan.month.in_([str(month) for month in months]))
        .order_by(Plan.site_id, Plan.month, PlanStep.number)
    )
    return _steps(db.session.execute(wanted), "submitted")


def summary_steps(site_ids: Collection[uuid.UUID], months: Iterable[Month]) -> dict[Key, PaperSteps]:
    """Site and month → the steps of its summary; nothing where it was never handed in."""
    wanted = (
        select(MonthStep.site_id, MonthStep.month, MonthStep.number, MonthStep.kind, MonthStep.taken_at)
        .where(MonthStep.site_id.in_(site_ids), MonthStep.month.in_([str(month) for month in months]))
        .order_by(MonthStep.site_id, MonthStep.month, MonthStep.number)
    )
    return _steps(db.session.execute(wanted), "handed_in")


def _steps(rows: Iterable[Any], first: str) -> dict[Key, PaperSteps]:
    found: dict[Key, PaperSteps] = {}
    for site_id, month, number, kind, at in rows:
        known = found.get((site_id, month))
        if known is None and kind != first:
            continue
        found[site_id, month] = PaperSteps(known.first_handed_in if known else at, kind, number)
    return found


def closed_months(site_ids: Collection[uuid.UUID], months: Iterable[Month]) -> dict[Key, dict[str, int]]:
    """Site and month → the figures of those that are closed, as they were sealed."""
    wanted = select(ClosedMonth.site_id, ClosedMonth.month, ClosedMonth.figures).where(
        ClosedMonth.site_id.in_(site_ids), ClosedMonth.month.in_([str(month) for month in months])
    )
    return {(site_id, month): figures for site_id, month, figures in db.session.execute(wanted)}


def in_service(site_ids: Collection[uuid.UUID]) -> list[InService]:
    """How many rows of lists are in service over which period, retired ones left out (R1, R21)."""
    starts_on, ends_on = _period()
    wanted = (
        select(Asset.site_id, starts_on, ends_on, func.count())
        .join(System, System.id == Asset.system_id)
        .join(ServiceLine, ServiceLine.id == System.service_line_id)
        .where(Asset.site_id.in_(site_ids), Asset.status != AssetStatus.RETIRED, Asset.kind.in_(LISTED))
        .group_by(Asset.site_id, starts_on, ends_on)
    )
    return [InService(*row) for row in db.session.execute(wanted)]


def done_in(open_months: Mapping[tuple[Month, str], Collection[uuid.UUID]]) -> dict[Key, tuple[int, int]]:
    """Site and month → rows inspected and rows with an abnormality. One statement.

    `open_months`: month and zone → the sites of that zone where it is not closed. Each is a branch with plain moments
    in it, so that the database knows how little of ten years it has to read, and reads it from the index over site and
    moment.
    """
    branches = [_done(month, zone, site_ids) for (month, zone), site_ids in open_months.items()]
    rows = db.session.execute(union_all(*branches)) if branches else ()
    return {(site_id, month): (done, abnormal) for site_id, month, done, abnormal in rows}


def _done(month: Month, zone: str, site_ids: Collection[uuid.UUID]) -> Select[uuid.UUID, str, int, int]:
    since, until = month.bounds(zone)
    starts_on, ends_on = _period()
    is_abnormal = case((Inspection.verdict == "abnormal", Inspection.asset_id))
    counts = (func.count(distinct(Inspection.asset_id)), func.count(distinct(is_abnormal)))
    return (
        select(Inspection.site_id, literal(str(month), String), *counts)
        .join(Asset, Asset.id == Inspection.asset_id)
        .join(System, System.id == Asset.system_id)
        .join(ServiceLine, ServiceLine.id == System.service_line_id)
        .where(
            Inspection.site_id.in_(site_ids),
            Inspection.finished_at >= since,
            Inspection.finished_at < until,
            Asset.status != AssetStatus.RETIRED,
            Asset.kind.in_(LISTED),
            starts_on <= month.last,
            ends_on >= month.first,
            standing(),
        )
        .group_by(Inspection.site_id)
    )


def faults_since(site_ids: Collection[uuid.UUID], since: datetime) -> list[FaultLife]:
    """The faults that were open at any moment from `since` on."""
    newest = aliased(FindingEvent)
    turns = (EventKind.CLOSED, EventKind.REOPENED)
    closed_before = exists().where(
        newest.finding_id == Finding.id,
        newest.kind == EventKind.CLOSED,
        newest.at < since,
        newest.id
        == select(func.max(FindingEvent.id))
        .where(FindingEvent.finding_id == Finding.id, FindingEvent.kind.in_(turns))
        .correlate(Finding)
        .scalar_subquery(),
    )
    wanted = (
        select(Finding.id, Finding.site_id, Finding.reported_at, FindingEvent.at, FindingEvent.kind)
        .outerjoin(FindingEvent, and_(FindingEvent.finding_id == Finding.id, FindingEvent.kind.in_(turns)))
        .where(Finding.site_id.in_(site_ids), Finding.kind == FindingKind.FAULT, ~closed_before)
        .order_by(Finding.id, FindingEvent.id)
    )
    lives: dict[uuid.UUID, tuple[uuid.UUID, datetime, list[tuple[datetime, bool]]]] = {}
    for finding_id, site_id, reported_at, at, kind in db.session.execute(wanted):
        life = lives.setdefault(finding_id, (site_id, reported_at, []))
        if at is not None:
            life[2].append((at, kind == EventKind.REOPENED))
    return [FaultLife(site_id, reported_at, tuple(turned)) for site_id, reported_at, turned in lives.values()]


def held_by_devices(site_ids: Collection[uuid.UUID]) -> list[Held]:
    """What devices of people of the sites are known to hold; one person's work counts in each of their sites."""
    documents = DeviceReport.waiting + DeviceReport.attention
    wanted = (
        select(Membership.site_id, DeviceReport.device_id, DeviceReport.person_id, documents, DeviceReport.oldest_at)
        .join(DeviceReport, DeviceReport.person_id == Membership.person_id)
        .where(Membership.site_id.in_(site_ids), documents > 0, DeviceReport.written_off_at.is_(None))
        .distinct()
    )
    return [Held(row[0], row[3], row[4]) for row in db.session.execute(wanted)]


def _period() -> tuple[ColumnElement[date], ColumnElement[date]]:
    """First and last day of service of an asset, as assets.rules.service_period."""
    return (
        func.coalesce(Asset.service_from, ServiceLine.starts_on),
        func.coalesce(Asset.service_to, ServiceLine.ends_on),
    )
