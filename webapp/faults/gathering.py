"""Facts of faults from the database: of one, of all that are open, of a span of time. Fixed numbers of statements.

Everything that reckons with faults (clocks, figures, reports, the board) takes `FaultFacts` from here.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select, union_all

from webapp.extensions import db
from webapp.faults.facts import FaultFacts, Step, began_with
from webapp.faults.models import EventKind, FaultPolicy, Finding, FindingEvent, FindingKind
from webapp.faults.policies import content_of, policies_of, policy_among
from webapp.faults.terms import Terms
from webapp.kit.workdays import NO_DAYS, OwnDays
from webapp.sites.calendar_queries import worked_or_free
from webapp.sites.models import Site

_EVENT = (
    FindingEvent.finding_id,
    FindingEvent.kind,
    FindingEvent.at,
    FindingEvent.received_at,
    FindingEvent.by,
    FindingEvent.reason,
    FindingEvent.facts,
)


def facts_of(finding: Finding) -> FaultFacts:
    """The facts of one fault as the database has them now: three statements at most, one more for own days."""
    db.session.flush()
    rows = db.session.execute(
        select(*_EVENT).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.id)
    ).all()
    return _Book(finding.site_id).facts(finding, _steps(rows))


def open_faults(site_id: uuid.UUID) -> list[FaultFacts]:
    """Every open fault of a site, the one whose clock ends first in front.

    Four statements, one more where terms count days.
    """
    found = _gather(site_id, and_(Finding.site_id == site_id, Finding.closed_at.is_(None)))
    return [facts for _due, facts in sorted(found, key=_urgency)]


def faults_between(site_id: uuid.UUID, start: datetime, end: datetime) -> list[FaultFacts]:
    """Every fault that touches a span of time, in the order of reporting: reported in it, or open at its start.

    Four statements, one more where terms count days, however many faults; `end` itself is not in the span. For what
    was known then ask `facts.known_at(end)`.
    """
    here, before = Finding.site_id == site_id, Finding.reported_at < start
    touching = union_all(  # each part along its own index: the years before cost nothing
        select(Finding.id).where(here, Finding.reported_at >= start, Finding.reported_at < end),
        select(Finding.id).where(here, before, Finding.closed_at >= start),
        select(Finding.id).where(here, before, Finding.closed_at.is_(None)),
    )
    found = [facts for _due, facts in _gather(site_id, Finding.id.in_(touching))]
    return sorted(found, key=lambda facts: (facts.reported_at, facts.number))


def facts_among(site_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[FaultFacts]:
    """The facts of these faults of one site, in no order. Four statements, one more where terms count days."""
    return [facts for _due, facts in _gather(site_id, and_(Finding.site_id == site_id, Finding.id.in_(ids)))]


def facts_with(site_id: uuid.UUID, findings: Sequence[Finding]) -> dict[uuid.UUID, FaultFacts]:
    """The facts of those of these findings of one site that are faults, by id. Their events must be loaded."""
    faults = [finding for finding in findings if finding.kind == FindingKind.FAULT]
    book = _Book(site_id) if faults else None
    return {finding.id: book.facts(finding, steps_in(finding)) for finding in faults if book}


def steps_in(finding: Finding) -> tuple[Step, ...]:
    """The steps of a finding whose events are loaded."""
    return tuple(
        Step(event.kind, event.at, event.received_at, event.by, event.reason, event.facts) for event in finding.events
    )


def facts_from(record: Any, steps: Sequence[Step], terms: Terms, own_days: OwnDays) -> FaultFacts:
    """A fault from its row (or another with the same columns), its steps and the terms it runs under."""
    return FaultFacts(
        id=record.id,
        site_id=record.site_id,
        number=record.number,
        reported_at=record.reported_at,
        entered_at=record.entered_at,
        level=began_with(record.level, steps, EventKind.LEVEL_CHANGED) or "",
        terms=terms,
        impact=began_with(record.impact, steps, EventKind.IMPACT_SET),
        catalogue_number=record.catalogue_number,
        asset_id=record.asset_id,
        source=record.source,
        text=record.text,
        steps=steps,
        own_days=own_days if terms.counts_days else NO_DAYS,
    )


class _Book:
    """The policies of a site, read once, and its own days, read once where the terms of a fault count days."""

    def __init__(self, site_id: uuid.UUID) -> None:
        self.site = db.session.get_one(Site, site_id)
        self.policies = policies_of(site_id)
        self.terms: dict[uuid.UUID, Terms] = {}
        self._days: OwnDays | None = None

    def facts(self, finding: Finding, steps: Sequence[Step]) -> FaultFacts:
        terms = self._terms_of(finding)
        return facts_from(finding, steps, terms, self._own_days() if terms.counts_days else NO_DAYS)

    def _own_days(self) -> OwnDays:
        if self._days is None:
            self._days = worked_or_free(self.site.id)
        return self._days

    def _terms_of(self, finding: Finding) -> Terms:
        known: dict[uuid.UUID, FaultPolicy] = {policy.id: policy for policy in self.policies}
        policy = known.get(finding.policy_id) if finding.policy_id else None
        policy = policy or policy_among(self.policies, finding.reported_at)
        if policy is None:
            return Terms.of(content_of(self.site), self.site.timezone)
        if policy.id not in self.terms:
            self.terms[policy.id] = Terms.of(policy.content, self.site.timezone)
        return self.terms[policy.id]


def _gather(site_id: uuid.UUID, which: ColumnElement[bool]) -> list[tuple[datetime | None, FaultFacts]]:
    wanted = (which, Finding.kind == FindingKind.FAULT.value)  # `which` keeps to the site
    findings = db.session.scalars(select(Finding).where(*wanted)).all()
    events = select(*_EVENT).join(Finding, Finding.id == FindingEvent.finding_id).where(*wanted)
    steps: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in db.session.execute(events.order_by(FindingEvent.id)):
        steps[row.finding_id].append(row)
    book = _Book(site_id)
    return [(finding.next_due_at, book.facts(finding, _steps(steps[finding.id]))) for finding in findings]


def _steps(rows: Iterable[Any]) -> tuple[Step, ...]:
    return tuple(Step(row.kind, row.at, row.received_at, row.by, row.reason, row.facts) for row in rows)


def _urgency(entry: tuple[datetime | None, FaultFacts]) -> tuple[bool, datetime, str]:
    due, facts = entry
    return due is None, due or facts.reported_at, facts.number
