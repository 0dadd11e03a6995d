"""Reading hazards: by state, what belongs on the list of a month, the lists, what waits, a month for reports."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.extensions import db
from webapp.faults.hazard_models import HazardList, HazardListEntry
from webapp.faults.hazard_rules import OPEN, State, age_days, list_month, state_after, waits_for, warned_at
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind
from webapp.kit.clock import Month
from webapp.sites.models import Site

PAGE_SIZE = 50
_AGAIN = (EventKind.ASKED_AGAIN.value, EventKind.REOPENED.value)


@dataclass(frozen=True)
class FoundHazard:
    """A hazard that is on no list yet, and the month on whose list it belongs."""

    finding: Finding
    month: Month


@dataclass(frozen=True)
class HazardsFound:
    """One page of hazards, the oldest first; how many there are in each state."""

    rows: Sequence[Finding]
    total: int
    number: int
    pages: int
    counts: dict[str, int]


@dataclass(frozen=True)
class HazardStep:
    """A step of a hazard after its report: what, when as claimed, who, the words."""

    kind: EventKind
    at: datetime
    by: uuid.UUID
    text: str = ""


@dataclass(frozen=True)
class HazardLine:
    """A hazard as it stood at the end of a month, or now in the running one.

    `age_days` ends with its closing. `warning`: 0, 30, 60 or 90 days reached while open. `list_months`: on the lists
    of which months it stood by then.
    """

    id: uuid.UUID
    number: str
    state: State
    age_days: int
    warning: int
    waits_for: str  # lead | bureau | field | ""
    reported_at: datetime
    list_months: tuple[str, ...] = ()
    consent: str = ""  # the words of the bureau's last decision
    decided_at: datetime | None = None
    steps: tuple[HazardStep, ...] = ()  # as they were recorded


@dataclass(frozen=True)
class Waiting:
    """What waits in a site: the lists that are not handed in, open hazards by state, those that warnings are about."""

    months: dict[Month, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    old: Sequence[Finding] = ()


def hazards_in(site_id: uuid.UUID, states: Sequence[State], number: int = 1) -> HazardsFound:
    """One page of the hazards in these states, with asset. A page beyond the last one is the last one."""
    here = (Finding.site_id == site_id, Finding.hazard_state.is_not(None))
    counts = _counts(site_id)
    total = sum(counts.get(state.value, 0) for state in states)
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    wanted = select(Finding).options(joinedload(Finding.asset)).where(*here, Finding.hazard_state.in_(states))
    wanted = wanted.order_by(Finding.reported_at, Finding.number).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return HazardsFound(db.session.scalars(wanted).all(), total, number, pages, counts)


def found_hazards(site: Site) -> list[FoundHazard]:
    """Every hazard that is on no list yet, the oldest first, with asset.

    One that was asked for again, or opened again, belongs on the list of the month in which that was.
    """
    again = (
        select(func.max(FindingEvent.received_at))
        .where(FindingEvent.finding_id == Finding.id, FindingEvent.kind.in_(_AGAIN))
        .correlate(Finding)
        .scalar_subquery()
    )
    wanted = (
        select(Finding, again)
        .options(joinedload(Finding.asset))
        .where(Finding.site_id == site.id, Finding.hazard_state == State.FOUND.value)
        .order_by(Finding.reported_at, Finding.number)
    )
    rows = db.session.execute(wanted).all()
    return [FoundHazard(finding, list_month(since or finding.reported_at, site.timezone)) for finding, since in rows]


def undecided(site_id: uuid.UUID) -> list[HazardListEntry]:
    """What waits for the bureau's word, as it stands on the lists, the oldest first, with finding and asset."""
    listed = (Finding.site_id == site_id, Finding.hazard_state == State.LISTED.value)
    newest = (select(func.max(HazardListEntry.id)).join(HazardListEntry.finding).where(*listed)).group_by(
        HazardListEntry.finding_id
    )
    wanted = select(HazardListEntry).options(joinedload(HazardListEntry.finding).joinedload(Finding.asset))
    return list(db.session.scalars(wanted.where(HazardListEntry.id.in_(newest)).order_by(HazardListEntry.id)))


def list_of(site_id: uuid.UUID, month: Month) -> HazardList | None:
    """The list of a month with its entries, their hazards and assets."""
    entry = selectinload(HazardList.entries).joinedload(HazardListEntry.finding).joinedload(Finding.asset)
    wanted = select(HazardList).options(entry).where(HazardList.site_id == site_id, HazardList.month == str(month))
    return db.session.scalar(wanted)


def lists_of(site_id: uuid.UUID) -> list[tuple[HazardList, int]]:
    """The lists of a site with how many hazards stand on each, the newest first."""
    wanted = (
        select(HazardList, func.count(HazardListEntry.id))
        .outerjoin(HazardListEntry, HazardListEntry.list_id == HazardList.id)
        .where(HazardList.site_id == site_id)
        .group_by(HazardList.id)
        .order_by(HazardList.month.desc())
    )
    return [(made, count) for made, count in db.session.execute(wanted)]


def waiting_in(site: Site, old_before: datetime) -> Waiting:
    """What waits in a site; hazards reported before a moment are those that warnings are about. Three statements."""
    months = Counter(each.month for each in found_hazards(site))
    old = (
        select(Finding)
        .options(joinedload(Finding.asset))
        .where(Finding.site_id == site.id, Finding.hazard_state.in_(OPEN), Finding.reported_at < old_before)
        .order_by(Finding.reported_at, Finding.number)
        .limit(PAGE_SIZE)
    )
    return Waiting(dict(sorted(months.items())), _counts(site.id), db.session.scalars(old).all())


def hazards_of(site: Site, month: Month, now: datetime) -> dict[uuid.UUID, HazardLine]:
    """Every hazard reported in a month, or before it and open at its start, as it stood at the month's end.

    For the summary of the month. Two statements.
    """
    since, until = month.bounds(site.timezone)
    mine = (Finding.site_id == site.id, Finding.kind == FindingKind.HAZARD.value, Finding.reported_at < until)
    touching = (*mine, or_(Finding.reported_at >= since, Finding.closed_at.is_(None), Finding.closed_at >= since))
    findings = db.session.scalars(select(Finding).where(*touching).order_by(Finding.number)).all()
    events: dict[uuid.UUID, list[FindingEvent]] = defaultdict(list)
    told = select(FindingEvent).join(FindingEvent.finding).where(*touching, FindingEvent.received_at < until)
    for event in db.session.scalars(told.order_by(FindingEvent.id)):
        events[event.finding_id].append(event)
    end = min(until - timedelta(microseconds=1), now)  # the last moment of the month still lies in it
    return {finding.id: _line(finding, events[finding.id], end, site) for finding in findings}


def hazards_known(site: Site, month: Month, ids: Collection[uuid.UUID], at: datetime) -> dict[uuid.UUID, HazardLine]:
    """These hazards with all their steps that had been received at a moment, also those after the month's end.

    For papers of a month, which may have been closed long ago: steps are never changed, so that the same moment always
    gives the same. Open ones are as old as they were at the month's end. Two statements.
    """
    here = (Finding.site_id == site.id, Finding.id.in_(ids))
    findings = db.session.scalars(select(Finding).where(*here)).all()
    events: dict[uuid.UUID, list[FindingEvent]] = defaultdict(list)
    told = select(FindingEvent).join(FindingEvent.finding).where(*here, FindingEvent.received_at <= at)
    for event in db.session.scalars(told.order_by(FindingEvent.id)):
        events[event.finding_id].append(event)
    end = min(month.bounds(site.timezone)[1] - timedelta(microseconds=1), at)
    return {finding.id: _line(finding, events[finding.id], end, site) for finding in findings}


def _line(finding: Finding, events: Iterable[FindingEvent], until: datetime, site: Site) -> HazardLine:
    told = list(events)
    state = state_after(event.kind for event in told)
    closed = next((event.at for event in reversed(told) if event.kind == EventKind.CLOSED), None)
    age = age_days(finding.reported_at, until if state in OPEN else closed or until, site.timezone)
    words = [event for event in told if event.kind in (EventKind.APPROVED, EventKind.REFUSED)]
    return HazardLine(
        id=finding.id,
        number=finding.number,
        state=state,
        age_days=age,
        warning=warned_at(age) if state in OPEN else 0,
        waits_for=waits_for(state),
        reported_at=finding.reported_at,
        list_months=tuple(str(event.facts["month"]) for event in told if event.kind == EventKind.LISTED),
        consent=words[-1].reason if words else "",
        decided_at=words[-1].at if words else None,
        steps=tuple(
            HazardStep(EventKind(event.kind), event.at, event.by, event.reason)
            for event in told
            if event.kind != EventKind.REPORTED
        ),
    )


def _counts(site_id: uuid.UUID) -> dict[str, int]:
    here = (Finding.site_id == site_id, Finding.hazard_state.is_not(None))
    counted = select(Finding.hazard_state, func.count()).where(*here).group_by(Finding.hazard_state)
    return {str(state): count for state, count in db.session.execute(counted)}
