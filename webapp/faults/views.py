"""Faults and hazards: list, page, report, arrive, close, open again."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.assets.queries import asset_for, find, site_of, systems_of
from webapp.extensions import db
from webapp.faults import actions, queries, words
from webapp.faults.rules import duration, kind_numbered, level_called
from webapp.faults.schemas import CHANNELS, ArrivalSchema, ListSchema, NewSchema, ReasonSchema, ReportSchema
from webapp.files.actions import Bytes, id_of_upload, keep_bytes, note_file
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.problems import wants_json
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
_WORDS = (words.level_name, words.event_name, words.event_remarks, words.channel_name, words.page_of_source)
for word in (*_WORDS, duration):
    faults.add_app_template_global(word)


@faults.get("")
@needs(Right.READ)
def index() -> Response:
    """Faults and hazards of the current site, open ones first."""
    site, asked = current_site(), load_query(ListSchema())
    since, until = asked["month"].bounds(site.timezone) if asked["month"] else (None, None)
    wanted = queries.Wanted(asked["kind"], asked["state"], asked["level"], asked["system"], since, until, asked["q"])
    found = queries.find(site.id, wanted, asked["page"])
    choices: dict[str, Any] = {
        "level_choices": words.level_choices(site.fault_levels),
        "system_choices": words.system_choices(systems_of(site.id)),
    }
    return page(
        "faults/index.html", found=found, asked=asked, is_open=queries.is_open, levels=site.fault_levels, **choices
    )


@faults.get("/<uuid:finding_id>")
@needs_somewhere(Right.READ)
def show(finding_id: uuid.UUID) -> Response:
    """One fault or hazard: facts, limits, photos, what happened."""
    person = _person()
    finding = queries.finding_for(person, finding_id)
    site = db.session.get_one(Site, finding.site_id)
    show_times_of(site.timezone)
    context: dict[str, Any] = {
        "levels": site.fault_levels,
        "level": level_called(finding.level or "", site.fault_levels),
        "fault_kind": kind_numbered(finding.catalogue_number, site.fault_kinds),
        "is_open": queries.is_open(finding),
        "may_close": may(person, Right.CLOSE, site.id),
        "may_arrive": may(person, Right.INSPECT, site.id),
        "names": names_of({finding.reported_by, *(event.by for event in finding.events)}),
    }
    return page("faults/show.html", finding=finding, **context)


@faults.get("/new")
@needs_somewhere(Right.RAISE)
def new() -> Response:
    """The form to report a fault or hazard of an asset.

    Without `asset` it is the page that phones take along, the same at any time: the script says which asset it is.
    """
    asked, person = load_query(NewSchema()), _person()
    asset = asset_for(person, asked["asset"], Right.RAISE) if "asset" in asked else None
    site = asset.site if asset else require(person, Right.RAISE, current_site().id)
    rule = (asset.photo_rule or site.photo_rule) if asset else queries.strictest_photo_rule(site)
    found = find(site.id, asked["q"]) if asked["q"] and not asset else None
    context: dict[str, Any] = {
        "target": site,
        "photo_rule": rule,
        "may_take": (rule if asset else site.photo_rule) != PhotoRule.FORBIDDEN,
        "taken_over": {name: asked[name] for name in ("note", "text") if asked.get(name)},
    }
    return page("faults/new.html", asset=asset, channels=CHANNELS, asked=asked, found=found, **context)


@faults.post("/<uuid:finding_id>")
@signed_in
def receive(finding_id: uuid.UUID) -> BaseResponse:
    """Takes a report; the same again changes nothing, another content under this id is kept and refused."""
    sending, finding_id, person, now = incoming(), named(finding_id), _person(), utc_now()
    with kept_if_unreadable("finding", finding_id, sending, now=now, site_of=_site_about):
        fields = load(ReportSchema())
    uploads = _uploads(finding_id)
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


def _site_about() -> uuid.UUID | None:
    """The command centre that a refused report is about."""
    return site_of(id_in_form("asset"))


def _uploads(finding_id: uuid.UUID) -> dict[uuid.UUID, Bytes]:
    """The pictures of a plain form, of somebody who may report."""
    if not sites_with(_person(), Right.RAISE):
        return {}
    uploads = [keep_bytes(part.read(), None) for part in request.files.getlist("upload") if part.filename]
    return {id_of_upload(finding_id, kept): kept for kept in uploads}


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
