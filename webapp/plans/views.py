"""Today: the rounds of the month, the next device, what else waits."""

from __future__ import annotations

from datetime import date

from babel.dates import format_skeleton
from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_login import current_user

from webapp.kit.charts import ticks
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.language import language
from webapp.kit.respond import page
from webapp.plans import queries, words
from webapp.plans.planned import planned_month
from webapp.plans.rules import Round, State, count, share_of
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right, days_left

plans = Blueprint("plans", __name__)


@plans.get("/today")
@needs(Right.READ)
def today() -> Response:
    """The rounds of the current site."""
    site, now = current_site(), utc_now()
    day = local_day(now, site.timezone)
    plan = planned_month(site, Month.of(day), now)
    return page(
        "plans/today.html",
        today=queries.today_of(site, day),
        plan=plan,
        mine=share_of(plan.lines, current_user.id, day),
        ticks=ticks,
        days_left=days_left,
        words=words,
    )


@plans.get("/today/<int:line_number>")
@needs(Right.READ)
def line(line_number: int) -> Response:
    """All rows of one service line with their state. `show`: all, open or abnormal ones."""
    site = current_site()
    found = queries.round_of(site, local_day(utc_now(), site.timezone), line_number)
    show = request.args.get("show", "")
    shown = {"open": (State.TODO, State.RETURNED), "abnormal": (State.ABNORMAL,)}.get(show, tuple(State))
    return page("plans/line.html", round=found, ticks=ticks, shown=shown, show=show, count=count)


@plans.app_template_filter()
def weekday(day: date) -> str:
    """11月18日周三 / Wed, Nov 18."""
    return format_skeleton("MMMEd", day, locale=language())


@plans.app_template_global()
def ticks_label(one: Round) -> str:
    """The row of ticks in words."""
    figures = one.count
    if not figures.done:
        return _("%(due)s rows, none inspected yet", due=figures.due)
    return _(
        "%(done)s of %(due)s rows inspected, %(abnormal)s of them abnormal, %(open)s still to do",
        done=figures.done,
        due=figures.due,
        abnormal=figures.abnormal,
        open=figures.due - figures.done,
    )
