"""The records behind the figures about faults: one statement, whatever the month holds.

`faults.gathering.faults_between` reads the same in several; the page of a month has no room for them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func, select, union_all
from sqlalchemy.orm import aliased

from webapp.assets.models import Asset
from webapp.assets.queries import period_of
from webapp.extensions import db
from webapp.faults.facts import FaultFacts, Step
from webapp.faults.gathering import facts_from
from webapp.faults.models import FaultPolicy, Finding, FindingEvent, FindingKind
from webapp.faults.policies import content_of
from webapp.faults.problem_models import RepeatDecision
from webapp.faults.terms import Terms
from webapp.kit.clock import Month
from webapp.kit.workdays import NO_DAYS, OwnDays
from webapp.reports.fault_figures import LOOKING_BACK, FaultFigures, Served, figures_between
from webapp.sites.calendar_queries import own_days_column, own_days_in
from webapp.sites.models import Site


@dataclass(frozen=True)
class Touching:
    """Faults that touch a span of time, and fault → what the bureau said last about a repeat."""

    faults: list[FaultFacts]
    decisions: dict[uuid.UUID, bool]


def fault_figures(site: Site, month: Month, now: datetime, assets: Sequence[Asset]) -> FaultFigures:
    """The figures of a month as known at `now`; one statement. `assets` with system and service line."""
    start, end = month.bounds(site.timezone)
    found = touching(site, start - LOOKING_BACK, end)
    return figures_between((start, end), now, served_of(assets, site.timezone), found.faults, found.decisions)


def served_of(assets: Iterable[Asset], timezone: str) -> list[Served]:
    """The assets with their service periods as moments: from the first midnight to the one after the last day (R21)."""
    zone = ZoneInfo(timezone)
    found = []
    for asset in assets:
        starts_on, ends_on = period_of(asset)
        found.append(
            Served(
                asset_id=asset.id,
                code=asset.code,
                name=asset.name,
                system_id=asset.system_id,
                system=asset.system.name,
                line_number=asset.system.service_line.number,
                units=1 if asset.is_place else asset.units,
                since=datetime.combine(starts_on, time(), zone),
                until=datetime.combine(ends_on + timedelta(days=1), time(), zone),
            )
        )
    return found


def touching(site: Site, since: datetime, until: datetime) -> Touching:
    """Every fault reported in the span or open at its start, in the order of reporting. One statement."""
    rows = db.session.execute(_statement(site.id, since, until))
    steps: dict[uuid.UUID, list[Step]] = {}
    firsts: dict[uuid.UUID, Any] = {}
    terms: dict[uuid.UUID | None, Terms] = {}
    own_days: OwnDays = NO_DAYS
    for row in rows:
        firsts.setdefault(row.id, row)
        told = steps.setdefault(row.id, [])
        if row.event_kind is not None:
            told.append(Step(row.event_kind, row.at, row.received_at, row.by, row.reason, row.facts))
        if row.content is not None:
            terms[row.policy] = Terms.of(row.content, site.timezone)
        own_days = own_days or own_days_in(row.own_days)
    terms.setdefault(None, Terms.of(content_of(site), site.timezone))
    faults = [facts_from(row, tuple(steps[row.id]), terms[row.policy], own_days) for row in firsts.values()]
    decisions = {row.id: bool(row.decision) for row in firsts.values() if row.decision is not None}
    return Touching(sorted(faults, key=lambda each: (each.reported_at, each.number)), decisions)


def _statement(site_id: uuid.UUID, since: datetime, until: datetime) -> Any:
    """Fault × step; terms and own days of the site stand with one fault of each policy only, for they are long."""
    decision = aliased(RepeatDecision)
    said = (
        select(decision.is_repeat)
        .where(decision.finding_id == Finding.id)
        .order_by(decision.id.desc())
        .limit(1)
        .correlate(Finding)
        .scalar_subquery()
    )
    policy = _policy_of().label("policy")
    ours = (Finding.site_id == site_id, Finding.kind == FindingKind.FAULT.value)
    before = Finding.reported_at < since
    reaching = union_all(  # each part along its own index: the years before cost nothing
        select(Finding.id).where(*ours, Finding.reported_at >= since, Finding.reported_at < until),
        select(Finding.id).where(*ours, before, Finding.closed_at >= since),
        select(Finding.id).where(*ours, before, Finding.closed_at.is_(None)),
    )
    here = (
        select(*_FINDING, said.label("decision"), policy, func.row_number().over(partition_by=policy).label("nth"))
        .where(Finding.id.in_(reaching))
        .subquery()
    )
    return (
        select(
            here,
            FindingEvent.kind.label("event_kind"),
            FindingEvent.at,
            FindingEvent.received_at,
            FindingEvent.by,
            FindingEvent.reason,
            FindingEvent.facts,
            FaultPolicy.content,
            case((here.c.nth == 1, own_days_column(site_id))).label("own_days"),
        )
        .select_from(here)
        .outerjoin(FindingEvent, FindingEvent.finding_id == here.c.id)
        .outerjoin(FaultPolicy, and_(FaultPolicy.id == here.c.policy, here.c.nth == 1))
        .order_by(FindingEvent.id)
    )


_FINDING = (
    Finding.id,
    Finding.site_id,
    Finding.number,
    Finding.reported_at,
    Finding.entered_at,
    Finding.level,
    Finding.impact,
    Finding.catalogue_number,
    Finding.asset_id,
    Finding.source,
    Finding.text,
)


def _policy_of() -> Any:
    """The policy a fault runs under: its own, else the one in force when it was reported, else the first."""

    def among(*conditions: Any, newest: bool) -> Any:
        policy = aliased(FaultPolicy)
        order = policy.number.desc() if newest else policy.number
        fitting = [policy.site_id == Finding.site_id, *(condition(policy) for condition in conditions)]
        wanted = select(policy.id).where(*fitting).order_by(order).limit(1)
        return wanted.correlate(Finding).scalar_subquery()

    return func.coalesce(
        Finding.policy_id,
        among(lambda policy: policy.valid_from <= Finding.reported_at, newest=True),
        among(newest=False),
    )
