"""Doors of the plan of a month: the list, its page, drafting, changing, handing in, comparing, addenda."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.assets.queries import due_assets
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.problems import NotFound
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.plans import actions, addenda, words
from webapp.plans.comparing import difference
from webapp.plans.history import Story, stories_of
from webapp.plans.lines import lines_of
from webapp.plans.material import staff_of
from webapp.plans.planned import PlannedMonth, due_on, is_late, planned_month
from webapp.plans.schemas import AddendumSchema, ChangeSchema, ShowSchema, StepSchema, VersionsSchema
from webapp.sites.access import current_site, needs
from webapp.sites.calendar_queries import own_days
from webapp.sites.models import Site
from webapp.sites.rules import Right

planning = Blueprint("planning", __name__, url_prefix="/plans")
FIRST_YEAR, LAST_YEAR = 2000, 2100


def month_called(text: str) -> Month:
    """The month of an address. Raises NotFound for anything but yyyy-mm within living memory."""
    try:
        found = Month.parse(text)
    except ValueError:
        found = Month(1, 1)
    if not FIRST_YEAR <= found.year <= LAST_YEAR or str(found) != text:
        raise NotFound(_("There is no month %(text)s. A month is written like 2026-11.", text=text))
    return found


@planning.get("")
@needs(Right.READ)
def index() -> Response:
    """The plans of the months, the next one first; what is due and what is late."""
    site, now = current_site(), utc_now()
    stories = stories_of(site.id)
    this_month = Month.of(local_day(now, site.timezone))
    months = sorted({Month.parse(text) for text in stories} | {this_month, this_month.next()}, reverse=True)
    rows = [_row(site, month, stories.get(str(month), Story()), now) for month in months]
    return page("plans/index.html", rows=rows, words=words, this=this_month)


@planning.get("/<month>")
@needs(Right.READ)
def show(month: str) -> Response:
    """The plan of a month with its states, by day; of one person, day or service line where asked."""
    chosen, wanted = month_called(month), load_query(ShowSchema())
    site, now = current_site(), utc_now()
    planned = planned_month(site, chosen, now)
    lines = [line for line in planned.lines if _fits(line, wanted)]
    known = {line.asset_id for line in planned.lines}
    unplanned = [asset for asset in due_assets(site.id, chosen) if asset.id not in known] if planned.lines else []
    return page(
        "plans/month.html",
        planned=planned,
        month=chosen,
        shown=lines,
        wanted=wanted,
        unplanned=unplanned,
        own=own_days(site.id, chosen),
        today=local_day(now, site.timezone),
        words=words,
        people=_people_in(planned),
    )


@planning.post("/<month>/draft")
@needs(Right.PLAN)
def draft(month: str) -> Response:
    """Drafts the plan, or completes the draft."""
    chosen = month_called(month)
    with transaction():
        actions.draft(current_site(), chosen, by=_me(), now=utc_now())
    return done(url_for("planning.show", month=month))


@planning.get("/<month>/edit")
@needs(Right.PLAN)
def edit(month: str) -> Response:
    """The lines of a draft or returned plan, to be changed by the lead."""
    return changing_page(month, is_bureau=False)


@planning.post("/<month>/changes")
@needs(Right.PLAN)
def change(month: str) -> Response:
    """Another day, another person, out or in again: for all lines that were chosen."""
    return changed(month, is_bureau=False)


@planning.post("/<month>/submission")
@needs(Right.PLAN)
def submit(month: str) -> Response:
    """Hands the plan in."""
    chosen, given = month_called(month), load(StepSchema())
    with transaction():
        actions.submit(current_site(), chosen, **given, by=_me(), now=utc_now())
    return done(url_for("planning.show", month=month))


@planning.get("/<month>/versions")
@needs(Right.READ)
def versions(month: str) -> Response:
    """Two versions of the plan beside each other; without a choice the newest and the one before."""
    chosen, wanted, site = month_called(month), load_query(VersionsSchema()), current_site()
    story = stories_of(site.id, [chosen]).get(str(chosen), Story())
    numbers = {version.number: version for version in story.versions}
    new = numbers.get(wanted.get("new", story.number))
    old = numbers.get(wanted.get("old", max(1, (new.number if new else 1) - 1)))
    lines = lines_of([one.id for one in {old, new} if one], chosen)
    found = difference(*([line for line in lines if one and line.version_id == one.id] for one in (old, new)))
    return page("plans/versions.html", story=story, month=chosen, old=old, new=new, found=found, words=words)


@planning.get("/<month>/addenda")
@needs(Right.PLAN)
def addenda_page(month: str) -> Response:
    """Changing an approved plan: what is open may be moved or cancelled, what is not in it may be added."""
    chosen, site, now = month_called(month), current_site(), utc_now()
    planned = planned_month(site, chosen, now)
    if not planned.is_approved:
        return done(url_for("planning.show", month=month))
    known = {line.asset_id for line in planned.lines}
    return page(
        "plans/addenda.html",
        planned=planned,
        month=chosen,
        lines=[line for line in planned.lines if line.is_open],
        unplanned=[asset for asset in due_assets(site.id, chosen) if asset.id not in known],
        staff=staff_of(site.id),
        own=own_days(site.id, chosen),
        today=max(local_day(now, site.timezone), chosen.first),
        deed_id=uuid.uuid4(),
        by=_by(),
        words=words,
    )


@planning.post("/<month>/addenda")
@needs(Right.PLAN)
def add(month: str) -> Response:
    """Adds, moves or asks to cancel, with a reason."""
    chosen, given, site, now = month_called(month), load(AddendumSchema()), current_site(), utc_now()
    what = addenda.Addition(given["id"], given["reason"], given["day"], given["technician"], given["supervisor"])
    with transaction():
        if given["deed"] == "add":
            addenda.add_lines(site, chosen, given["asset"], what, by=_me(), now=now)
        else:
            lines = words.chosen(planned_month(site, chosen, now).lines, given["line"], given["group"])
            verb = addenda.move_lines if given["deed"] == "move" else addenda.ask_to_cancel
            ids = {line.id for line in lines if line.is_open} | set(given["line"])
            verb(site, chosen, ids, what, by=_me(), now=now)
    return done(url_for("planning.show", month=month))


def changing_page(month: str, *, is_bureau: bool) -> Response:
    """The page on which the lines of a plan are changed; where it is not this side's turn, the plan itself."""
    chosen, site = month_called(month), current_site()
    planned = planned_month(site, chosen, utc_now())
    if planned.status not in (actions.BUREAUS_TURN if is_bureau else actions.LEADS_TURN):
        return done(url_for("planning.show", month=month))
    return page(
        "plans/edit.html",
        planned=planned,
        month=chosen,
        lines=planned.lines,
        staff=staff_of(site.id),
        own=own_days(site.id, chosen),
        by=_by(),
        is_bureau=is_bureau,
        saved=request.args.get("saved", ""),
        words=words,
    )


def changed(month: str, *, is_bureau: bool) -> Response:
    """Changes the chosen lines and goes back to the page of changes."""
    chosen, given, site, now = month_called(month), load(ChangeSchema()), current_site(), utc_now()
    what = actions.Change(given["day"], given["technician"], given["supervisor"], given["left_out"])
    with transaction():
        planned = planned_month(site, chosen, now)
        lines = words.chosen((*planned.lines, *planned.left_out), given["line"], given["group"])
        keys = [line.key for line in lines]
        count = actions.change(
            site, chosen, keys, what, version=given["version"], is_bureau=is_bureau, by=_me(), now=now
        )
    where = "plan_review.edit" if is_bureau else "planning.edit"
    return done(url_for(where, month=month, by=request.form.get("by") or None, saved=count))


def _row(site: Site, month: Month, story: Story, now: Any) -> dict[str, Any]:
    late = is_late(month, story, site.timezone, now)
    return {"month": month, "story": story, "due_on": due_on(month), "is_late": late}


def _fits(line: Any, wanted: dict[str, Any]) -> bool:
    is_theirs = wanted.get("person") in (None, line.technician_id, line.supervisor_id)
    is_there = wanted.get("line") in (None, line.line_number) and wanted.get("day") in (None, line.day)
    state = wanted.get("state", "")
    named = {"": True, "open": line.is_open, "overdue": line.is_overdue}
    return is_theirs and is_there and bool(named.get(state, line.state == state))


def _people_in(planned: PlannedMonth) -> list[tuple[uuid.UUID, str]]:
    """Everybody who stands in the plan, by name."""
    pairs = {(line.technician_id, line.technician) for line in planned.lines}
    pairs |= {(line.supervisor_id, line.supervisor) for line in planned.lines}
    return sorted(((one, name) for one, name in pairs if one), key=lambda pair: pair[1])


def _by() -> str:
    """Whether lines are listed under days or systems."""
    return "system" if request.values.get("by") == "system" else "day"


def _me() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
