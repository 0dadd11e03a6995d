"""Doors of hazards: the list by state, the list of a month, the decisions of the bureau, steps, what waits."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.faults import hazard_queries, hazard_words, hazards, queries, words
from webapp.faults.hazard_rules import OPEN, WARNED_AFTER_DAYS, State, age_days, is_list_late, warned_at
from webapp.faults.hazard_schemas import HazardsSchema, HazardStepSchema, decisions_in, proposals_in
from webapp.faults.label_report_queries import count_open
from webapp.faults.models import Finding
from webapp.faults.step_door import received_step
from webapp.kit.access import signed_in
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.intake import FIRST_YEAR, LAST_YEAR, load_query
from webapp.kit.problems import NotFound
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.sites.access import current_site, may_here, needs, needs_somewhere, require
from webapp.sites.rules import Right
from webapp.sync.incoming import id_in_form

hazard_doors = Blueprint("hazards", __name__, url_prefix="/faults/hazards")
SOON_DAYS = 5  # before the end of the month the lead is told that the list is due
for word in (hazard_words.hazard_state_name, hazard_words.hazard_shape, hazard_words.hazard_button):
    hazard_doors.add_app_template_global(word)


@hazard_doors.app_template_global()
def hazard_age(finding: Finding, zone: str) -> int:
    """How many days old a hazard is; of a closed one, how old it became."""
    return age_days(finding.reported_at, finding.closed_at or utc_now(), zone)


hazard_doors.add_app_template_global(warned_at, "hazard_warning")


@hazard_doors.app_template_global()
def item_address(source: str | None) -> str:
    """Address of the very item of an inspection that raised a finding; of the record where it was something else."""
    address = words.page_of_source(source)
    kind, _colon, rest = (source or "").partition(":")
    item = rest.partition(":")[2]
    return f"{address}#a-{item}" if address and kind == "inspection" and item else address


@hazard_doors.get("")
@needs(Right.READ)
def index() -> Response:
    """The hazards of the current site, open ones unless a state is asked for, the oldest first; and the lists."""
    site, asked, now = current_site(), load_query(HazardsSchema()), utc_now()
    chosen = asked["state"]
    states = OPEN if not chosen else tuple(State) if chosen == "all" else (State(chosen),)
    today = local_day(now, site.timezone)
    waiting = hazard_queries.waiting_in(site, now - timedelta(days=WARNED_AFTER_DAYS[0]))
    context: dict[str, Any] = {
        "found": hazard_queries.hazards_in(site.id, states, asked["page"]),
        "lists": hazard_queries.lists_of(site.id),
        "asked": asked,
        "states": list(State),
        "months": [(month, count, is_list_late(month, today)) for month, count in waiting.months.items()],
        "waiting": waiting,
    }
    return page("faults/hazards.html", **context)


@hazard_doors.get("/lists/<month>")
@needs(Right.READ)
def show_list(month: str) -> Response:
    """The list of a month: what stands on it, and for the lead what is to be put on it."""
    site, chosen = current_site(), _month(month)
    made = hazard_queries.list_of(site.id, chosen)
    today = local_day(utc_now(), site.timezone)
    to_add = [one for one in hazard_queries.found_hazards(site) if one.month <= chosen]
    people = {entry.added_by for entry in made.entries} if made else set()
    context: dict[str, Any] = {
        "month": chosen,
        "made": made,
        "to_add": to_add,
        "is_late": is_list_late(chosen, today),
        "is_ahead": chosen > Month.of(today),
        "late_entries": {e.id for e in made.entries if is_list_late(chosen, local_day(e.added_at, site.timezone))}
        if made
        else set(),
        "names": names_of(people),
    }
    return page("faults/hazard_list.html", **context)


@hazard_doors.post("/lists/<month>")
@needs(Right.HAND_IN_MONTH)
def hand_in(month: str) -> BaseResponse:
    """Puts the ticked hazards on the list of the month."""
    chosen, proposals = _month(month), proposals_in(request.form)
    with transaction():
        hazards.hand_in_list(current_site(), chosen, proposals, by=_person(), now=utc_now())
    return done(url_for("hazards.show_list", month=chosen))


@hazard_doors.get("/decisions")
@needs(Right.CLOSE)
def decisions() -> Response:
    """Everything that waits for the bureau's word, on one page."""
    return page("faults/hazard_decisions.html", entries=hazard_queries.undecided(current_site().id))


@hazard_doors.post("/decisions")
@needs_somewhere(Right.CLOSE)
def decide() -> BaseResponse:
    """The bureau agrees or refuses; `back` is the hazard on whose page it did, perhaps of another own site."""
    said, back, person = decisions_in(request.form), id_in_form("back"), _person()
    with transaction():
        site_id = queries.finding_for(person, back).site_id if back else current_site().id
        require(person, Right.CLOSE, site_id)
        hazards.decide(site_id, said, by=person, now=utc_now())
    return done(url_for("faults.show", finding_id=back) if back else url_for("hazards.decisions"))


@hazard_doors.post("/<uuid:finding_id>/steps")
@signed_in
def step(finding_id: uuid.UUID) -> BaseResponse:
    """Takes a step; the same again changes nothing, another content under this id is kept and refused."""
    return received_step(finding_id, hazards.KIND, HazardStepSchema(), hazards.step_document, hazards.take_step)


@hazard_doors.get("/waiting")
@needs(Right.READ)
def waiting() -> Response:
    """What waits for this person about hazards and about reports from labels, as a part of other pages."""
    site, now = current_site(), utc_now()
    today = local_day(now, site.timezone)
    is_lead, found = may_here(Right.HAND_IN_MONTH), hazard_queries.Waiting()
    if is_lead or may_here(Right.CLOSE) or may_here(Right.INSPECT):
        found = hazard_queries.waiting_in(site, now - timedelta(days=WARNED_AFTER_DAYS[0] - 1))
    is_soon = (Month.of(today).last - today).days < SOON_DAYS
    months = [(month, count, is_list_late(month, today)) for month, count in found.months.items()]
    context: dict[str, Any] = {
        "months": [one for one in months if is_lead and (one[2] or is_soon)],
        "old": [one for one in found.old if warned_at(hazard_age(one, site.timezone))] if is_lead else [],
        "counts": found.counts,
        "reports": count_open(site.id) if may_here(Right.RAISE) else 0,
    }
    return page("faults/_hazards_waiting.html", **context)


def _month(text: str) -> Month:
    """The month of an address. Raises NotFound for anything but yyyy-mm within living memory."""
    try:
        found = Month.parse(text)
    except ValueError:
        found = Month(1, 1)
    if not FIRST_YEAR <= found.year <= LAST_YEAR or str(found) != text:
        raise NotFound(_("There is no month %(text)s. A month is written like 2026-11.", text=text))
    return found


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
