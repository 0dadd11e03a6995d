"""Presentations: entering one, calling it off, and what either does to the plan of its month (R26, R27)."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid, NotFound
from webapp.people.models import Person
from webapp.plans.addenda import Addition, add_placed, ask_to_cancel
from webapp.plans.holding import hold, lines_in
from webapp.plans.material import due_in, shown_in, staff_of
from webapp.plans.models import Presentation
from webapp.plans.needs import BEFORE_PRESENTATION, Frame, Shown, for_presentation
from webapp.plans.planned import planned_month
from webapp.plans.spreading import spread
from webapp.plans.workdays import working_days
from webapp.sites.calendar_queries import own_days
from webapp.sites.models import Site


def enter(
    site: Site, presentation_id: uuid.UUID, title: str, starts_at: datetime, *, by: Person | None, now: datetime
) -> Presentation:
    """Writes a presentation down; the same again changes nothing.

    In an approved plan its checks become addenda at once; a draft gets them when it is completed.

    Raises:
        Invalid: the hour of the check, one hour before the start, is past.
        Conflict: another presentation is here under this name.
    """
    if starts_at - BEFORE_PRESENTATION <= now:
        raise Invalid(
            _("It starts too soon: the check an hour before it would be past."),
            fields={"starts_at": [_("at least an hour from now")]},
        )
    values = {
        "id": presentation_id,
        "site_id": site.id,
        "title": title,
        "starts_at": starts_at,
        "entered_at": now,
        "entered_by": by.id if by else None,
        "called_off_why": "",
    }
    is_new = insert_if_new(Presentation, values)
    found = db.session.get_one(Presentation, presentation_id)
    if (found.site_id, found.title, found.starts_at) != (site.id, title, starts_at):
        raise Conflict(_("Another presentation is here under this name. Reload the page and enter it again."))
    if is_new:
        facts = {"title": title, "starts_at": starts_at.isoformat()}
        _record(Verb.PRESENTATION_ENTERED, found, by, now, **facts)
        _settle_around(site, found, by=by, now=now)
    return found


def call_off(site: Site, presentation_id: uuid.UUID, why: str, *, by: Person, now: datetime) -> Presentation:
    """Calls a presentation off; the bureau is asked to cancel its checks in an approved plan.

    Raises:
        NotFound: there is no such presentation here.
        Conflict: it has been called off already, or has begun.
    """
    wanted = select(Presentation).where(Presentation.id == presentation_id, Presentation.site_id == site.id)
    found = db.session.scalar(wanted.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    if found.called_off_at or found.starts_at <= now:
        raise Conflict(_("It has been called off already, or has begun. Nothing was changed."))
    found.called_off_at, found.called_off_by, found.called_off_why = now, by.id, why
    db.session.flush()
    _record(Verb.PRESENTATION_CALLED_OFF, found, by, now, title=found.title, why=why)
    _settle_around(site, found, by=by, now=now)
    return found


def settle_presentations(site: Site, month: Month, *, by: Person, now: datetime) -> None:
    """Brings an approved plan in line with the presentations: missing checks are added, called off ones are asked out.

    Does nothing to a plan that is not approved or whose month is over. Again it changes nothing.
    """
    story = hold(site, month)
    if not story.is_approved or now >= month.bounds(site.timezone)[1]:
        return
    shown = shown_in(site, month, with_called_off=True)
    if not shown:
        return
    keys = {line.key for line in lines_in(story.version_id)}
    frame = Frame(month, working_days(month, own_days(site.id, month)), site.timezone, month.first)
    due, staff = due_in(site.id, month), staff_of(site.id)
    people = [one.id for one in staff.technicians], [one.id for one in staff.supervisors]
    for one in shown:
        needs = [need for need in for_presentation(frame, due, Shown(one.id, one.starts_at)) if need.key not in keys]
        if needs and not one.called_off_at:
            reason = _("Presentation: %(title)s", title=one.title)
            add_placed(site, story, spread(needs, *people), Addition(one.id, reason), by=by, now=now)
    _ask_out(site, month, [one for one in shown if one.called_off_at], by=by, now=now)


def _ask_out(site: Site, month: Month, called_off: list[Presentation], *, by: Person, now: datetime) -> None:
    lines = planned_month(site, month, now).lines if called_off else ()
    for one in called_off:
        names = (f"event:{one.id}:", f"follow_up:{one.id}:")
        going = [line.id for line in lines if line.key.startswith(names) and line.is_open and not line.has_wish]
        if going:
            reason = _("Called off: %(why)s", why=one.called_off_why)
            ask_to_cancel(site, month, going, Addition(uuid.uuid5(one.id, "called off"), reason), by=by, now=now)


def _settle_around(site: Site, one: Presentation, *, by: Person | None, now: datetime) -> None:
    """Its checks and its follow-up may fall into two months, where it begins at midnight."""
    if by is None:
        return
    days = {local_day(moment, site.timezone) for moment in (one.starts_at - BEFORE_PRESENTATION, one.starts_at)}
    for month in sorted({Month.of(day) for day in days}):
        settle_presentations(site, month, by=by, now=now)


def _record(verb: Verb, one: Presentation, by: Person | None, now: datetime, **facts: str) -> None:
    record(verb, f"presentation:{one.id}", by=by.id if by else None, now=now, site_id=one.site_id, **facts)
