"""A changed calendar of the site: the clocks of open faults that count working days are reckoned anew, visibly."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.clocks import clocks_of
from webapp.faults.deadlines import renew
from webapp.faults.facts import FaultFacts
from webapp.faults.gathering import facts_of, open_faults
from webapp.faults.models import EventKind, Finding, FindingEvent
from webapp.kit.workdays import OwnDays, as_kept
from webapp.people.models import Person
from webapp.sites.models import Site

Moved = dict[str, list[str | None]]


def recount(site: Site, day: date, before: OwnDays, name: str, *, by: Person, now: datetime) -> int:
    """After a day of the calendar was entered or taken back; how many open faults it moved.

    The site row must be locked. Only a fault with a clock whose end moves gets a row in its story, and new deadlines.
    What was claimed stays. A closed fault keeps the days that counted when it was closed. `before`: the own days
    before the change.
    """
    db.session.flush()
    ids = sorted(facts.id for facts in open_faults(site.id) if facts.counts_days)
    return sum(_recount_one(each, day, before, name, by=by, now=now) for each in ids)


def days_to_keep(facts: FaultFacts) -> dict[str, bool]:
    """The own days that count for a fault that is being closed; none where its terms count no working days."""
    since = facts.starts_at.astimezone(ZoneInfo(facts.terms.zone)).date()
    return as_kept({day: is_working for day, is_working in facts.own_days.items() if day >= since})


def _recount_one(finding_id: uuid.UUID, day: date, before: OwnDays, name: str, *, by: Person, now: datetime) -> bool:
    locked = select(Finding).where(Finding.id == finding_id).with_for_update(key_share=True)
    finding = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    facts = facts_of(finding)
    if facts.closed_at:  # since it was looked for
        return False
    moved = _moved(replace(facts, own_days=before), facts, now)
    if not moved:
        return False
    more = {"day": day.isoformat(), "is_working": facts.own_days.get(day), "name": name, "moved": moved}
    db.session.add(
        FindingEvent(
            finding_id=finding.id,
            kind=EventKind.RECOUNTED.value,
            at=now,
            received_at=now,
            by=by.id,
            facts=more,
        )
    )
    db.session.flush()
    db.session.expire(finding, ["events"])
    renew(finding, now=now)
    record(Verb.FAULT_RECOUNTED, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, **more)
    return True


def _moved(old: FaultFacts, new: FaultFacts, now: datetime) -> Moved:
    """Clock → its end before and after, of those whose end is another one now."""
    before, after = clocks_of(old, now), clocks_of(new, now)
    ends = {name.value: (before[name].due_at, clock.due_at) for name, clock in after.items() if name in before}
    return {
        name: [each.isoformat() if each else None for each in pair] for name, pair in ends.items() if pair[0] != pair[1]
    }
