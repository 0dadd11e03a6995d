"""Faults and hazards: list, page, report, close, open again."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.assets.queries import asset_for, systems_of
from webapp.extensions import db
from webapp.faults import actions, queries, words
from webapp.faults.rules import duration, kind_numbered, level_called
from webapp.faults.schemas import CHANNELS, ListSchema, ReasonSchema, ReportSchema
from webapp.files.actions import Bytes, id_of_upload, keep_bytes, note_file
from webapp.kit.clock import utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.problems import wants_json
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.sites.access import current_site, may, needs, needs_somewhere
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import stored_or_kept
from webapp.sync.receipts import receipt, refuse_other_author

faults = Blueprint("faults", __name__, url_prefix="/faults")
for word in (words.level_name, words.event_name, words.channel_name, words.page_of_source, duration):
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
        "names": names_of({finding.reported_by, *(event.by for event in finding.events)}),
    }
    return page("faults/show.html", finding=finding, **context)


@faults.get("/new")
@needs_somewhere(Right.RAISE)
def new() -> Response:
    """The form to report a fault or hazard of an asset."""
    asset = asset_for(_person(), _asset_id(), Right.RAISE)
    return page("faults/new.html", asset=asset, finding_id=uuid.uuid4(), channels=CHANNELS)


@faults.post("/<uuid:finding_id>")
@needs_somewhere(Right.RAISE)
def receive(finding_id: uuid.UUID) -> BaseResponse:
    """Takes a report; the same again changes nothing, another content under this id is kept and refused."""
    refuse_other_author()
    fields, person, now = load(ReportSchema()), _person(), utc_now()
    uploads = _uploads(finding_id)
    photo_ids = [*fields.get("photo", []), *uploads]
    document = actions.document_of(finding_id, fields, photo_ids, person)
    with stored_or_kept(document, now=now):
        for file_id, kept in uploads.items():
            note_file(file_id, kept, by=person, now=now)
        finding, is_new = actions.report(finding_id, fields, photo_ids=photo_ids, by=person, now=now)
    if not wants_json():
        return done(url_for("faults.show", finding_id=finding.id))
    return receipt(finding.id, document.digest, is_new=is_new, received_at=finding.entered_at, number=finding.number)


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


def _uploads(finding_id: uuid.UUID) -> dict[uuid.UUID, Bytes]:
    """The pictures of a plain form."""
    uploads = [keep_bytes(part.read(), None) for part in request.files.getlist("upload") if part.filename]
    return {id_of_upload(finding_id, kept): kept for kept in uploads}


def _asset_id() -> uuid.UUID:
    return load_query(ReportSchema(only=("asset",)))["asset"]  # type: ignore[no-any-return]


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
