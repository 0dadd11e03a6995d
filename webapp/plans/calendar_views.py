"""Doors of what plans are made around: presentations, and the days that are worked on."""

from __future__ import annotations

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from flask_login import current_user
from sqlalchemy import select
from werkzeug.wrappers import Response

from webapp.extensions import db
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import language
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.kit.workdays import country_year
from webapp.people.models import Person
from webapp.plans import calendar_actions, presentations, words
from webapp.plans.models import Presentation
from webapp.plans.schemas import (
    CalendarDaySchema,
    CallingOffSchema,
    ForgottenDaySchema,
    PresentationSchema,
    YearSchema,
)
from webapp.sites.access import current_site, needs
from webapp.sites.calendar import knows_make_up_days
from webapp.sites.calendar_queries import own_days
from webapp.sites.rules import Right

plan_calendar = Blueprint("plan_calendar", __name__, url_prefix="/plans")
MOST_PAST = 50


@plan_calendar.get("/presentations")
@needs(Right.READ)
def shows() -> Response:
    """The presentations to come and the last ones."""
    site, now = current_site(), utc_now()
    wanted = select(Presentation).where(Presentation.site_id == site.id)
    found = list(db.session.scalars(wanted.order_by(Presentation.starts_at.desc()).limit(MOST_PAST)))
    coming = [one for one in reversed(found) if one.starts_at > now]
    past = [one for one in found if one.starts_at <= now]
    today = local_day(now, site.timezone)
    return page("plans/presentations.html", coming=coming, past=past, today=today, deed_id=uuid.uuid4())


@plan_calendar.post("/presentations")
@needs(Right.PLAN)
def enter() -> Response:
    """A presentation is written down; its checks go into the plan."""
    given, site = load(PresentationSchema()), current_site()
    starts_at = datetime.combine(given["day"], given["time"], ZoneInfo(site.timezone))
    with transaction():
        presentations.enter(site, given["id"], given["title"], starts_at, by=_me(), now=utc_now())
    return done(url_for("plan_calendar.shows"))


@plan_calendar.post("/presentations/calling-off")
@needs(Right.PLAN)
def call_off() -> Response:
    """A presentation does not take place."""
    given = load(CallingOffSchema())
    with transaction():
        presentations.call_off(current_site(), given["presentation"], given["reason"], by=_me(), now=utc_now())
    return done(url_for("plan_calendar.shows"))


@plan_calendar.get("/calendar")
@needs(Right.READ)
def days() -> Response:
    """The working days of a year: holidays, days worked instead, and the days that differ here."""
    site = current_site()
    year = load_query(YearSchema()).get("year") or local_day(utc_now(), site.timezone).year
    own = {day: one for day, one in own_days(site.id).items() if day.year == year}
    months = [(Month(year, number), words.calendar(Month(year, number), own)) for number in range(1, 13)]
    country = country_year(year, language())
    known = knows_make_up_days(year)
    return page("plans/calendar.html", year=year, own=own, months=months, country=country, is_announced=known)


@plan_calendar.post("/calendar")
@needs(Right.PLAN)
def set_day() -> Response:
    """The lead says that a day differs here."""
    return _set_day()


@plan_calendar.post("/calendar/review")
@needs(Right.REVIEW_PLAN)
def set_day_of_bureau() -> Response:
    """The bureau says that a day differs here."""
    return _set_day()


@plan_calendar.post("/calendar/removal")
@needs(Right.PLAN)
def forget_day() -> Response:
    """The lead takes a day back."""
    return _forget_day()


@plan_calendar.post("/calendar/review/removal")
@needs(Right.REVIEW_PLAN)
def forget_day_of_bureau() -> Response:
    """The bureau takes a day back."""
    return _forget_day()


def _set_day() -> Response:
    given = load(CalendarDaySchema())
    with transaction():
        calendar_actions.set_day(current_site(), **given, by=_me(), now=utc_now())
    return done(url_for("plan_calendar.days", year=given["day"].year))


def _forget_day() -> Response:
    day = load(ForgottenDaySchema())["day"]
    with transaction():
        calendar_actions.forget_day(current_site(), day, by=_me(), now=utc_now())
    return done(url_for("plan_calendar.days", year=day.year))


def _me() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
