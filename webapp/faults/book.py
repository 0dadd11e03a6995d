"""The fault book (通信故障记录簿, R61): every fault by its time, with running numbers; nothing is ever taken out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.extensions import db
from webapp.faults.clocks import Clock, ClockName, clocks_of
from webapp.faults.facts import FaultFacts
from webapp.faults.gathering import facts_with
from webapp.faults.models import Finding, FindingKind
from webapp.kit.clock import Month
from webapp.sites.models import Site

PAGE_SIZE = 50


@dataclass(frozen=True)
class Entry:
    """A line of the book. `nth`: its place among all lines of the book, or of the month asked for."""

    nth: int
    finding: Finding
    facts: FaultFacts
    handling: Clock | None

    @property
    def people(self) -> set[uuid.UUID]:
        """Who took a step of the work (处理人员, R52)."""
        return {step.by for step in self.facts.steps if step.by and step.kind in WORK}


WORK = ("acknowledged", "arrived", "remote", "restored", "repaired")


@dataclass(frozen=True)
class Book:
    """One page of the book."""

    entries: Sequence[Entry]
    total: int
    number: int
    pages: int


def book_of(site: Site, month: Month | None, number: int, now: datetime) -> Book:
    """A page of the book, oldest first; page 0 is the last one. At most five statements."""
    fitting = [Finding.site_id == site.id, Finding.kind == FindingKind.FAULT.value]
    if month:
        start, end = month.bounds(site.timezone)
        fitting += [Finding.reported_at >= start, Finding.reported_at < end]
    total = db.session.scalar(select(func.count()).where(*fitting)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(number or pages, pages)
    first = (number - 1) * PAGE_SIZE
    length = min(PAGE_SIZE, total - first)
    wanted = select(Finding.id).where(*fitting).limit(max(length, 0))
    if first > total // 2:  # from the nearer end: the newest page reads no more than itself
        ids = list(db.session.scalars(wanted.order_by(*_NEWEST).offset(total - first - length)))[::-1]
    else:
        ids = list(db.session.scalars(wanted.order_by(Finding.reported_at, Finding.number).offset(first)))
    return Book(_entries(site, ids, first, now), total, number, pages)


_NEWEST = (Finding.reported_at.desc(), Finding.number.desc())


def _entries(site: Site, ids: Sequence[uuid.UUID], first: int, now: datetime) -> list[Entry]:
    wanted = select(Finding).options(joinedload(Finding.asset), selectinload(Finding.events)).where(Finding.id.in_(ids))
    rows = {finding.id: finding for finding in db.session.scalars(wanted)} if ids else {}
    facts = facts_with(site.id, list(rows.values()))
    return [
        Entry(first + nth, rows[one], facts[one], clocks_of(facts[one], now).get(ClockName.HANDLING))
        for nth, one in enumerate(ids, start=1)
    ]
