"""Doors of the call register: the form beside the telephone, the list, a call, its way on to a fault, what waits."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from webapp.assets.models import Asset
from webapp.assets.queries import asset_for, named_here
from webapp.assets.queries import find as find_assets
from webapp.calls import actions, queries, words
from webapp.calls.models import Call, StepKind
from webapp.calls.queries import Wanted
from webapp.calls.rules import CONSULT_LEVEL, OPEN, may_become_order, steps_allowed
from webapp.calls.schemas import KINDS, CallSchema, FaultSchema, ListSchema, NewSchema, StepSchema
from webapp.extensions import db
from webapp.faults.form import form_context
from webapp.kit.access import signed_in
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.problems import Invalid, NotFound, Problem, wants_json
from webapp.kit.respond import done, page, respond
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.sites.access import current_site, may, may_here, memberships, needs, needs_somewhere
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import stored_or_kept
from webapp.sync.incoming import id_in_form, incoming, kept_if_unreadable, name_of_form
from webapp.sync.receipts import receipt

calls = Blueprint("calls", __name__, url_prefix="/calls")
MOST_DEVICES = 5  # shown to choose from; more than that asks for a further word


@calls.context_processor
def _words() -> dict[str, Any]:
    return {"words": words}


@calls.get("")
@needs(Right.READ)
def index() -> Response:
    """The register of the current site: open calls first, then by month; the month's figures on top."""
    site, asked, now = current_site(), load_query(ListSchema()), utc_now()
    today = local_day(now, site.timezone)
    month = asked["month"] or Month.of(today)
    wanted = Wanted(asked["kind"], asked["month"], asked["q"], may_here(Right.RAISE))
    context: dict[str, Any] = {
        "found": queries.find(site, wanted, asked["page"]),
        "counts": queries.counts_in(site, month),
        "kinds": [(kind, words.kind_name(kind)) for kind in KINDS],
        "month": month,
        "today": today,
    }
    return page("calls/index.html", asked=asked, **context)


@calls.get("/new")
@needs(Right.RAISE)
def new() -> Response:
    """The form; htmx asks for the devices that fit alone, so that nothing typed is lost."""
    asked, person, site = load_query(NewSchema()), _person(), current_site()
    chosen = asset_for(person, asked["asset"], Right.RAISE) if "asset" in asked else None
    return _form_page(chosen.site if chosen else site, MultiDict({"asset": chosen.id} if chosen else {}), asked["q"])


@calls.post("/<uuid:call_id>")
@signed_in
def receive(call_id: uuid.UUID) -> BaseResponse:
    """Takes a call; the same again is the same call, another content under this id is kept and refused."""
    sending, person, now = incoming(), _person(), utc_now()
    name, about = call_id if call_id.int else name_of_form(person.id, now), partial(id_in_form, "site")
    try:
        with kept_if_unreadable(actions.KIND, name, sending, now=now, site_of=about):
            fields = load(CallSchema())
        document = actions.document_of(name, fields, person, sending)
        with stored_or_kept(document, now=now, site_of=about):
            call, is_new = actions.take(document, fields, by=person, now=now)
    except Invalid as problem:
        if wants_json():
            raise
        return _form_page(_site_of_form(), request.form, "", problem)
    address = url_for("calls.fault", call_id=call.id)  # of a call that is no fault it leads to the page of the call
    if not wants_json():
        return done(address)
    more = {"number": call.number, "url": address}
    return receipt(call.id, document.digest, is_new=is_new, received_at=call.entered_at, **more)


@calls.get("/<uuid:call_id>")
@needs_somewhere(Right.READ)
def show(call_id: uuid.UUID) -> Response:
    """One call: what was said, who did what, the fault it became. Name and telephone only for those who work on it."""
    return _show(queries.call_for(_person(), call_id))


@calls.get("/<uuid:call_id>/fault")
@needs_somewhere(Right.RAISE)
def fault(call_id: uuid.UUID) -> BaseResponse:
    """The form of a fault with everything the call says; to the page of the call where there is nothing to enter."""
    asked, person = load_query(FaultSchema()), _person()
    call = queries.call_for(person, call_id, Right.RAISE)
    site = db.session.get_one(Site, call.site_id)
    (line,) = queries.lines_of(site, [call])
    if line.state not in OPEN or not _goes_on(call, site, asked["order"]):
        return done(url_for("calls.show", call_id=call.id))
    asset_id = asked.get("asset") or call.asset_id
    asset = asset_for(person, asset_id, Right.RAISE) if asset_id else None
    if asset and asset.site_id != site.id:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    show_times_of(site.timezone)
    told = {
        "call": call,
        "level": CONSULT_LEVEL if asked["order"] else "",
        "at": call.called_at.astimezone(ZoneInfo(site.timezone)).strftime("%Y-%m-%dT%H:%M"),
    }
    taken_over = {"order": 1} if asked["order"] else {}
    return page("faults/new.html", told=told, taken_over=taken_over, **form_context(site, asset, asked, utc_now()))


@calls.post("/<uuid:call_id>/steps")
@needs_somewhere(Right.RAISE)
def step(call_id: uuid.UUID) -> BaseResponse:
    """What was done about a call: followed up, answered, closed."""
    given, person = load(StepSchema()), _person()
    with transaction():
        call = queries.call_for(person, call_id, Right.RAISE)
        kind = StepKind(given["kind"])
        actions.take_step(call, kind, given["text"], given["next_on"], by=person, now=utc_now())
    return done(url_for("calls.show", call_id=call_id))


@calls.get("/waiting")
@needs(Right.READ)
def waiting() -> Response:
    """The calls whose day has come, as a part of Today; empty for those who take none."""
    site = current_site()
    today = local_day(utc_now(), site.timezone)
    lines = queries.waiting_in(site, today) if may_here(Right.RAISE) else []
    return page("calls/_waiting.html", lines=lines, today=today)


def _show(call: Call) -> Response:
    site = db.session.get_one(Site, call.site_id)
    show_times_of(site.timezone)
    (line,) = queries.lines_of(site, [call])
    takes = may(_person(), Right.RAISE, site.id)
    context: dict[str, Any] = {
        "line": line,
        "faults": queries.faults_of(call),
        "steps": [kind.value for kind in steps_allowed(call.kind)] if takes and line.is_open else [],
        "may_order": takes and line.is_open and _goes_on(call, site, True),
        "sees_caller": takes,
        "today": local_day(utc_now(), site.timezone),
        "names": names_of({step.by for step in call.steps}),
    }
    return page("calls/show.html", call=call, **context)


def _form_page(site: Site, typed: MultiDict[str, Any], q: str, problem: Problem | None = None) -> Response:
    """The form with what was typed so far. Without that it is the same for a person at any time."""
    context: dict[str, Any] = {
        "target": site,
        "typed": typed,
        "q": q,
        "found": find_assets(site.id, q) if q else None,
        "chosen": _device_in(typed, site),
        "most": MOST_DEVICES,
        "problem": problem.message if problem else None,
        "problems": problem.fields if problem else {},
    }
    return respond("calls/new.html", "calls/_devices.html", problem.status if problem else 200, **context)


def _device_in(typed: MultiDict[str, Any], site: Site) -> Asset | None:
    """The device that was chosen so far, if it is one of this site."""
    try:
        return named_here(uuid.UUID(str(typed.get("asset"))), site.id)
    except ValueError:
        return None


def _goes_on(call: Call, site: Site, is_order: bool) -> bool:
    """Whether the form of a fault is for this call: always for a fault, for a consultation only where it is wanted."""
    return may_become_order(call.kind, [level["key"] for level in site.fault_levels] if is_order else [])


def _site_of_form() -> Site:
    """The command centre that a refused form was about, where the person belongs to it."""
    named = memberships(_person()).get(id_in_form("site") or uuid.UUID(int=0))
    return named[0] if named else current_site()


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
