"""The door to a site's calendar: a day that differs is entered or taken back, and what counts with it follows at once.

Plans that are drafted later follow by themselves; the deadlines of open faults are reckoned anew here.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from webapp.extensions import db
from webapp.faults.calendar import recount
from webapp.people.models import Person
from webapp.sites import calendar_actions
from webapp.sites.calendar_models import CalendarDay
from webapp.sites.calendar_queries import worked_or_free
from webapp.sites.models import Site


def set_day(
    site: Site, day: date, *, is_working: bool, name: str, reason: str, by: Person, now: datetime
) -> CalendarDay:
    """Says that a day is worked on or free here, whatever the country does."""
    _lock(site)
    before = worked_or_free(site.id)
    found = calendar_actions.set_day(site, day, is_working=is_working, name=name, reason=reason, by=by, now=now)
    recount(site, day, before, name, by=by, now=now)
    return found


def forget_day(site: Site, day: date, *, by: Person, now: datetime) -> None:
    """Takes a day back: the calendar of the country counts again. Raises Conflict where nothing was entered."""
    _lock(site)
    before = worked_or_free(site.id)
    calendar_actions.forget_day(site, day, by=by, now=now)
    recount(site, day, before, "", by=by, now=now)


def _lock(site: Site) -> None:
    """Whoever reports a fault holds this row, too: none is reckoned with the days of before once this is through."""
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update(key_share=True))
