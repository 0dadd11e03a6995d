"""Finding faults and hazards."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, func, not_, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.assets.models import Asset, System
from webapp.extensions import db
from webapp.faults.models import Finding, FindingKind
from webapp.faults.rules import is_closed
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import PhotoRule, Site
from webapp.sites.rules import Right

PAGE_SIZE = 50


@dataclass(frozen=True)
class Wanted:
    """What a list of findings is narrowed to; blank or None leaves a condition out. Times are of reporting, in UTC."""

    kind: str = ""
    state: str = ""  # open | closed
    level: str = ""
    system: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True)
class Found:
    """One page of a list: open ones first, then the newest."""

    rows: Sequence[Finding]
    total: int
    number: int
    pages: int
    open: dict[str, int] = field(default_factory=dict)  # kind → how many of all that fit are open


def finding_for(person: Person, finding_id: uuid.UUID, right: Right = Right.READ) -> Finding:
    """The fault or hazard with asset, events and photos, if the person has the right in its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    wanted = (
        select(Finding)
        .options(
            joinedload(Finding.asset).joinedload(Asset.system).joinedload(System.service_line),
            selectinload(Finding.events),
            selectinload(Finding.photos),
        )
        .where(Finding.id == finding_id)
        .execution_options(populate_existing=True)
    )
    finding = db.session.scalar(wanted)
    if finding is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, finding.site_id)
    return finding


def findings_of(
    site_id: uuid.UUID,
    *,
    kind: FindingKind | None = None,
    state: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Finding]:
    """Findings of a site reported in a span of time, oldest first, with asset and events. `state`: "open", "closed"."""
    wanted = Wanted(kind=kind or "", state=state or "", since=since, until=until)
    rows = _with_asset(site_id, wanted).options(selectinload(Finding.events))
    return list(db.session.scalars(rows.order_by(Finding.reported_at, Finding.number)))


def find(site_id: uuid.UUID, wanted: Wanted, number: int = 1) -> Found:
    """One page of the findings that fit, with asset and events. A page beyond the last one is the last one.

    Open ones first, by the clock that ends first, then those without a running clock, then what is closed, newest
    first. The two parts are read apart, each along its index: of 100,000 records only a page is ever sorted.
    """
    counted = (
        select(Finding.kind, func.count(), func.count().filter(is_open_now()))
        .select_from(Finding)
        .where(*_conditions(site_id, wanted))
        .group_by(Finding.kind)
    )
    counts: Sequence[Any] = db.session.execute(_joined(counted, wanted)).all()
    total, opened = sum(row[1] for row in counts), sum(row[2] for row in counts)
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    first = (number - 1) * PAGE_SIZE
    newest = (Finding.reported_at.desc(), Finding.number.desc())
    of_open = _ids(site_id, wanted, is_open_now()).order_by(Finding.next_due_at.is_(None), Finding.next_due_at, *newest)
    ids = list(db.session.scalars(of_open.limit(PAGE_SIZE).offset(first)))
    of_closed = _ids(site_id, wanted, not_(is_open_now())).order_by(*newest)
    ids += db.session.scalars(of_closed.limit(PAGE_SIZE - len(ids)).offset(max(0, first - opened)))
    found = findings_with(ids)
    return Found([found[one] for one in ids], total, number, pages, {row[0]: row[2] for row in counts})


def findings_with(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Finding]:
    """Those findings by id, with asset and events."""
    if not ids:
        return {}
    wanted = select(Finding).options(joinedload(Finding.asset), selectinload(Finding.events)).where(Finding.id.in_(ids))
    return {finding.id: finding for finding in db.session.scalars(wanted)}


def open_findings_of_asset(asset_id: uuid.UUID) -> list[Finding]:
    """What is open about an asset, newest first, with events."""
    wanted = (
        select(Finding)
        .options(selectinload(Finding.events))
        .where(Finding.asset_id == asset_id, is_open_now())
        .order_by(Finding.reported_at.desc())
    )
    return list(db.session.scalars(wanted))


def site_of_finding(finding_id: uuid.UUID) -> uuid.UUID | None:
    """The site of a finding, whoever asks; None where there is no such finding. For records, never for people."""
    return db.session.scalar(select(Finding.site_id).where(Finding.id == finding_id))


def strictest_photo_rule(site: Site) -> PhotoRule:
    """The photo rule of a site where the asset is not known yet: the strictest of its own and its assets' (R125)."""
    found = db.session.scalars(select(Asset.photo_rule).where(Asset.site_id == site.id).distinct())
    rules = {PhotoRule(rule) for rule in [site.photo_rule, *found] if rule}
    return max(rules, key=list(PhotoRule).index)


def is_open(finding: Finding) -> bool:
    """Whether a finding whose events are loaded is open."""
    return not is_closed(event.kind for event in finding.events)


def is_open_now() -> ColumnElement[bool]:
    """The same as a criterion on Finding: not closed, or reopened since."""
    return Finding.closed_at.is_(None)


def _ids(site_id: uuid.UUID, wanted: Wanted, *more: ColumnElement[bool]) -> Any:
    return _joined(select(Finding.id).select_from(Finding).where(*_conditions(site_id, wanted), *more), wanted)


def _joined(statement: Any, wanted: Wanted) -> Any:
    """With the asset, where a condition asks for it."""
    return statement.outerjoin(Finding.asset) if wanted.text or wanted.system else statement


def _with_asset(site_id: uuid.UUID, wanted: Wanted) -> Select[Finding]:
    fitting = _conditions(site_id, wanted)
    return select(Finding).outerjoin(Finding.asset).options(contains_eager(Finding.asset)).where(*fitting)


def _conditions(site_id: uuid.UUID, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Finding.site_id == site_id]
    if wanted.kind:
        conditions.append(Finding.kind == wanted.kind)
    if wanted.state:
        conditions.append(is_open_now() if wanted.state == "open" else not_(is_open_now()))
    if wanted.level:
        conditions.append(Finding.level == wanted.level)
    if wanted.system:
        conditions.append(Asset.system_id == wanted.system)
    if wanted.since:
        conditions.append(Finding.reported_at >= wanted.since)
    if wanted.until:
        conditions.append(Finding.reported_at < wanted.until)
    searched = (Finding.number, Finding.text, Finding.item_text, Asset.code, Asset.name)
    for word in wanted.text.split():
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in searched)))
    return conditions
