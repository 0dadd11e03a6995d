"""The days of a site that differ from the calendar of the country: entered and taken back by hand.

The door is that of the plans (`plans.calendar_actions`): it also has open faults reckoned anew, which lie above sites.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import Select, delete, select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict
from webapp.people.models import Person
from webapp.sites.calendar_models import CalendarDay
from webapp.sites.models import Site


def set_day(
    site: Site, day: date, *, is_working: bool, name: str, reason: str, by: Person, now: datetime
) -> CalendarDay:
    """Says that a day is worked on or free here, whatever the country does. The log keeps what was said before."""
    said = {"is_working": is_working, "name": name, "reason": reason, "changed_at": now, "changed_by": by.id}
    insert_if_new(CalendarDay, {"id": uuid.uuid4(), "site_id": site.id, "day": day, **said}, unique=("site_id", "day"))
    found = db.session.scalars(_one(site, day).with_for_update().execution_options(populate_existing=True)).one()
    for field, value in said.items():
        setattr(found, field, value)
    _record(Verb.CALENDAR_DAY_CHANGED, site, day, by, now, is_working=is_working, name=name, reason=reason)
    db.session.flush()
    return found


def forget_day(site: Site, day: date, *, by: Person, now: datetime) -> None:
    """Takes a day back: the calendar of the country counts again. Raises Conflict where nothing was entered."""
    found = db.session.scalar(_one(site, day))
    if found is None:
        raise Conflict(_("Nothing was entered for this day."))
    db.session.execute(delete(CalendarDay).where(CalendarDay.id == found.id))
    _record(Verb.CALENDAR_DAY_REMOVED, site, day, by, now, is_working=found.is_working, name=found.name)


def _one(site: Site, day: date) -> Select[CalendarDay]:
    return select(CalendarDay).where(CalendarDay.site_id == site.id, CalendarDay.day == day)


def _record(verb: Verb, site: Site, day: date, by: Person, now: datetime, **facts: object) -> None:
    record(verb, f"calendar_day:{day}", by=by.id, now=now, site_id=site.id, **facts)
