"""Reading the own days of a command centre's calendar."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date

from sqlalchemy import ScalarSelect, String, case, cast, func, select

from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.kit.workdays import OwnDays
from webapp.sites.calendar_models import CalendarDay

_BETWEEN = ","
_WORKED, _FREE = "+", "-"


def own_days(site_id: uuid.UUID, month: Month | None = None) -> Mapping[date, CalendarDay]:
    """The days of a site that differ from the calendar of the country, of a month or all."""
    wanted = select(CalendarDay).where(CalendarDay.site_id == site_id).order_by(CalendarDay.day)
    if month:
        wanted = wanted.where(CalendarDay.day.between(month.first, month.last))
    return {one.day: one for one in db.session.scalars(wanted)}


def worked_or_free(site_id: uuid.UUID) -> OwnDays:
    """All own days of a site in the form that clocks count with. One statement."""
    wanted = select(CalendarDay.day, CalendarDay.is_working).where(CalendarDay.site_id == site_id)
    return {row.day: row.is_working for row in db.session.execute(wanted)}


def own_days_column(site_id: uuid.UUID) -> ScalarSelect[str | None]:
    """All own days of a site as one text, for a statement that reads other things, too. `own_days_in` reads it."""
    sign = case((CalendarDay.is_working, _WORKED), else_=_FREE)
    each = sign + cast(CalendarDay.day, String(10))
    wanted = select(func.aggregate_strings(each, _BETWEEN)).where(CalendarDay.site_id == site_id)
    return wanted.scalar_subquery()


def own_days_in(text: str | None) -> OwnDays:
    """The days that `own_days_column` brought."""
    return {date.fromisoformat(each[1:]): each[0] == _WORKED for each in (text or "").split(_BETWEEN) if each}
