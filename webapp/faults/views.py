"""Faults and hazards: list, page with clocks, report, arrive, close, open again."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.assets.queries import asset_for, site_of, systems_of
from webapp.extensions import db
from webapp.faults import actions, queries, words
from webapp.faults.calendar_words import day_kind_name
from webapp.faults.callers import caller_of
from webapp.faults.closing import listed as missing_listed
from webapp.faults.cover import covered
from webapp.faults.escalations import escalations_of, standing, verdicts
from webapp.faults.form import form_context
from webapp.faults.gathering import facts_with
from webapp.faults.hazard_page import hazard_page
from webapp.faults.models import FaultEscalation, Finding, FindingEvent, FindingKind
from webapp.faults.page import FaultPage, listed, page_of
from webapp.faults.problems import ties_of
from webapp.faults.rules import duration, kind_numbered, level_called
from webapp.faults.schemas import ArrivalSchema, ListSchema, NewSchema, ReasonSchema, ReportSchema, SeenSchema
from webapp.faults.steps import CAUSES, CHANGES, DIFFICULTIES, PAUSES, RULES, TOLD
from webapp.files.actions import Bytes, id_of_upload, keep_bytes, note_file
from webapp.kit.access import signed_in
from webapp.kit.charts import gauge
from webapp.kit.clock import local_day, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.problems import NotFound, wants_json
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.sites.access import current_site, may, needs, needs_somewhere, require, sites_with
from webapp.sites.models import PhotoRule, Site
from webapp.sites.rules import Right
from webapp.sync.actions import named, stored_or_kept
from webapp.sync.incoming import id_in_form, incoming, kept_if_unreadable
from webapp.sync.receipts import receipt

faults = Blueprint("faults", __name__, url_prefix="/faults")
_WORDS = (
    words.level_name,
    words.event_name,
    words.event_remarks,
    words.event_details,
    words.event_shape,
    words.channel_name,
    words.page_of_source,
    words.clock_name,
    words.state_name,
    words.state_of,
    words.stage_name,
    words.cover_text,
    words.when,
    words.step_button,
    words.cause_name,
    words.choice_name,
    words.field_name,
    words.time_span,
    day_kind_name,
)
for word in (*_WORDS, duration, gauge):
    faults.add_app_template_global(word)
faults.add_app_template_global(missing_listed, "listed")
_LISTS = {"CAUSES": CAUSES, "CHANGES": CHANGES, "DIFFICULTIES": DIFFICULTIES, "PAUSES": PAUSES, "TOLD": TOLD}
_FIELD_STEPS = [kind.value for kind, rule in RULES.items() if rule.is_field]


@faults.context_processor
def lists_of_steps() -> dict[str, Any]:
    """What the forms of steps choose from."""
    return {**_LISTS, "FIELD_STEPS": _FIELD_STEPS}


@faults.get("")
@needs(Right.READ)
def index() -> Response:
    """Faults and hazards of the current site, open ones first."""
    site, asked = current_site(), load_query(ListSchema())
    since, until = asked["month"].bounds(site.timezone) if asked["month"] else (None, None)
    wanted = queries.Wanted(asked["kind"], asked["state"], asked["level"], asked["system"], since, until, asked["q"])
    found, now = queries.find(site.id, wanted, asked["page"]), utc_now()
    sees_warnings = may(_person(), Right.INSTRUCT, site.id) or may(_person(), Right.CLOSE, site.id)
    choices: dict[str, Any] = {
        "now": now,
        "listed_faults": {one: listed(facts, now) for one, facts in facts_with(site.id, found.rows).items()},
        "sees_warnings": sees_warnings,
        "warnings": standing(site.id, now) if sees_warnings else [],
        "level_choices": words.level_choices(site.fault_levels),
        "system_choices": words.system_choices(systems_of(site.id)),
    }
    return page(
        "faults/index.html", found=found, asked=asked, is_open=queries.is_open, levels=site.fault_levels, **choices
    )


@faults.get("/<uuid:finding_id>")
@needs_somewhere(Right.READ)
def show(finding_id: uuid.UUID) -> Response:
    """One fault or hazard: clocks, the next step, facts, photos, what happened."""
    person, now = _person(), utc_now()
    finding = queries.finding_for(person, finding_id)
    site = db.session.get_one(Site, finding.site_id)
    show_times_of(site.timezone)
    shown = shown_to(person, finding, now)
    context: dict[str, Any] = {
        "now": now,
        "shown": shown,
        "hazard": hazard_page(finding, site, frozenset(each for each in Right if may(person, each, site.id)), now),
        "story": story_of(finding, shown),
        "levels": site.fault_levels,
        "level": level_called(finding.level or "", site.fault_levels),
        "cover": covered(finding.asset, local_day(finding.reported_at, site.timezone)) if finding.asset else None,
        "fault_kind": kind_numbered(finding.catalogue_number, site.fault_kinds),
        "is_open": queries.is_open(finding),
        "may_close": may(person, Right.CLOSE, site.id),
        "may_arrive": may(person, Right.INSPECT, site.id),
        "may_take": photo_rule_of(finding, site) != PhotoRule.FORBIDDEN,
        "ties": ties_of(finding.id) if shown else [],
        "names": names_of({finding.reported_by, *(event.by for event in finding.events)}),
    }
    return page("faults/show.html", finding=finding, **context)


@faults.get("/<uuid:finding_id>/clocks")
@needs_somewhere(Right.READ)
def clocks(finding_id: uuid.UUID) -> Response:
    """The clocks of a fault as they stand now; the page asks for them while one runs."""
    person, now = _person(), utc_now()
    finding = queries.finding_for(person, finding_id)
    shown = shown_to(person, finding, now)
    if shown is None:
        raise NotFound(_("A hazard has no clocks."))
    show_times_of(db.session.get_one(Site, finding.site_id).timezone)
    seen = load_query(SeenSchema())["seen"]
    return page("faults/_clocks.html", finding=finding, shown=shown, now=now, seen=seen)


@faults.get("/new")
@needs_somewhere(Right.RAISE)
def new() -> Response:
    """The form to report a fault or hazard of an asset.

    Without `asset` it is the page that phones take along, the same at any time: the script says which asset it is.
    """
    asked, person = load_query(NewSchema()), _person()
    asset = asset_for(person, asked["asset"], Right.RAISE) if "asset" in asked else None
    site = asset.site if asset else require(person, Right.RAISE, current_site().id)
    taken_over = {name: asked[name] for name in ("note", "text") if asked.get(name)}
    return page("faults/new.html", taken_over=taken_over, **form_context(site, asset, asked, utc_now()))


@faults.post("/<uuid:finding_id>")
@signed_in
def receive(finding_id: uuid.UUID) -> BaseResponse:
    """Takes a report; the same again changes nothing, another content under this id is kept and refused."""
    sending, finding_id, person, now = incoming(), named(finding_id), _person(), utc_now()
    with kept_if_unreadable("finding", finding_id, sending, now=now, site_of=_site_about):
        fields = load(ReportSchema())
    uploads = uploads_for(finding_id, Right.RAISE)
    photo_ids = [*fields.get("photo", []), *uploads]
    document = actions.document_of(finding_id, fields, photo_ids, person, sending)
    with stored_or_kept(document, now=now, site_of=_site_about):
        for file_id, kept in uploads.items():
            note_file(file_id, kept, by=person, now=now)
        finding, is_new = actions.report(finding_id, fields, photo_ids=photo_ids, by=person, now=now, sending=sending)
    address = url_for("faults.show", finding_id=finding.id)
    if not wants_json():
        return done(address)
    more = {"number": finding.number, "url": address}
    return receipt(finding.id, document.digest, is_new=is_new, received_at=finding.entered_at, **more)


@faults.post("/<uuid:finding_id>/arrivals")
@signed_in
def arrive(finding_id: uuid.UUID) -> BaseResponse:
    """Somebody is on site; the same document again changes nothing."""
    sending, person, now = incoming(), _person(), utc_now()
    name, about = named(id_in_form("id")), partial(queries.site_of_finding, finding_id)
    with kept_if_unreadable("arrival", name, sending, now=now, site_of=about):
        fields = {**load(ArrivalSchema()), "id": name}
    document = actions.arrival_of(finding_id, fields, person, sending)
    with stored_or_kept(document, now=now, site_of=about):
        event, is_new = actions.arrive(finding_id, document, by=person, now=now)
    address = url_for("faults.show", finding_id=finding_id)
    if not wants_json():
        return done(address)
    return receipt(document.id, document.digest, is_new=is_new, received_at=event.received_at, url=address)


@faults.post("/<uuid:finding_id>/closure")
@needs_somewhere(Right.CLOSE)
def close(finding_id: uuid.UUID) -> BaseResponse:
    """The bureau closes it with a reason (R57)."""
    reason = load(ReasonSchema())["reason"]
    with transaction():
        finding = queries.finding_for(_person(), finding_id, Right.CLOSE)
        actions.close(finding, reason, by=_person(), now=utc_now())
    return done(url_for("faults.show", finding_id=finding.id))


@faults.post("/<uuid:finding_id>/reopening")
@needs_somewhere(Right.CLOSE)
def reopen(finding_id: uuid.UUID) -> BaseResponse:
    """The bureau opens it again with a reason."""
    reason = load(ReasonSchema())["reason"]
    with transaction():
        finding = queries.finding_for(_person(), finding_id, Right.CLOSE)
        actions.reopen(finding, reason, by=_person(), now=utc_now())
    return done(url_for("faults.show", finding_id=finding.id))


def shown_to(person: Person, finding: Finding, now: datetime) -> FaultPage | None:
    """The fault as this person sees it; None for a hazard. Who called is seen by those who work on it (R54)."""
    if finding.kind != FindingKind.FAULT:
        return None
    rights = frozenset(right for right in Right if may(person, right, finding.site_id))
    shown = page_of(facts_with(finding.site_id, [finding])[finding.id], rights, now)
    caller = caller_of(finding.id) if Right.RAISE in rights else None
    warnings = escalations_of(finding.id)
    return replace(shown, escalations=warnings, verdicts=verdicts(warnings, shown.clocks, now), caller=caller)


def story_of(finding: Finding, shown: FaultPage | None) -> list[FindingEvent | FaultEscalation]:
    """What happened, by the time it happened: steps and the warnings between them."""
    story: list[FindingEvent | FaultEscalation] = [*finding.events, *(shown.escalations if shown else [])]
    return sorted(story, key=lambda each: each.due_at if isinstance(each, FaultEscalation) else each.at)


def photo_rule_of(finding: Finding, site: Site) -> str:
    """Whether photos may be taken at the device of a finding (R125)."""
    return (finding.asset.photo_rule if finding.asset else None) or site.photo_rule


def _site_about() -> uuid.UUID | None:
    """The command centre that a refused report is about."""
    return site_of(id_in_form("asset"))


def uploads_for(document_id: uuid.UUID, right: Right) -> dict[uuid.UUID, Bytes]:
    """The pictures of a plain form, of somebody who has the right somewhere."""
    if not sites_with(_person(), right):
        return {}
    uploads = [keep_bytes(part.read(), None) for part in request.files.getlist("upload") if part.filename]
    return {id_of_upload(document_id, kept): kept for kept in uploads}


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
