"""Doors of the office to the field: receipts, what devices say, what is still out on them, what was refused."""

from __future__ import annotations

import uuid

from flask import Blueprint, jsonify, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.fieldwork import actions, queries, words
from webapp.fieldwork.refused import sheet_of
from webapp.fieldwork.schemas import HandlingSchema, PageSchema, ReasonSchema, ReceiptsSchema, ReportSchema
from webapp.files.shown import shown
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.problems import NotFound
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right
from webapp.sync.incoming import refuse_other_author, sent_at

fieldwork = Blueprint("fieldwork", __name__)


@fieldwork.get("/receipts")
@signed_in
def receipts() -> Response:
    """Which of the asking person's own documents and files are here, always as JSON. `?ids=` takes up to 200."""
    answer = jsonify({"receipts": queries.receipts_of(current_user, load_query(ReceiptsSchema())["ids"])})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@fieldwork.post("/field-work/report")
@signed_in
def report() -> Response:
    """A browser says what is still out on it. Saying it again changes nothing."""
    refuse_other_author()
    said, now = load(ReportSchema()), utc_now()
    with transaction():
        actions.note_report(said, user_agent=request.user_agent.string, sent_at=sent_at(), by=current_user, now=now)
    answer = jsonify({"device": str(said["device"]), "reported_at": now.isoformat()})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@fieldwork.get("/field-work/devices")
@needs(Right.EXPORT)
def devices() -> Response:
    """What the devices of the site's people are known to hold: what has not arrived, since when, last contact."""
    return page("fieldwork/devices.html", devices=queries.devices_of(current_site().id, utc_now()), words=words)


@fieldwork.post("/field-work/devices/<uuid:device_id>/<uuid:person_id>/writing-off")
@needs(Right.HANDLE_ARRIVALS)
def write_off(device_id: uuid.UUID, person_id: uuid.UUID) -> Response:
    """A device is lost or broken: what it holds is no longer waited for."""
    reason, site = load(ReasonSchema())["reason"], current_site()
    with transaction():
        found = queries.device_for(site.id, device_id, person_id)
        actions.write_off(found, reason, site_id=site.id, by=current_user, now=utc_now())
    return done(url_for("fieldwork.devices"))


@fieldwork.get("/field-work/refused")
@needs(Right.EXPORT)
def refused() -> Response:
    """Documents of the field that could not be accepted; those that nobody has seen to first."""
    found = queries.refusals_of(current_site().id, load_query(PageSchema())["page"])
    return page("fieldwork/refusals.html", found=found, words=words)


@fieldwork.get("/field-work/refused/<int:refusal_id>")
@needs(Right.EXPORT)
def refusal(refusal_id: int) -> Response:
    """One of them: why, its fields, the photos that did arrive."""
    return page("fieldwork/refusal.html", sheet=sheet_of(current_site().id, refusal_id), words=words)


@fieldwork.get("/field-work/refused/<int:refusal_id>/photos/<uuid:file_id>")
@needs(Right.EXPORT)
def refused_photo(refusal_id: int, file_id: uuid.UUID) -> Response:
    """A photo of a refused document; it belongs to no record yet, so nobody but its author sees it elsewhere."""
    site = current_site()
    photos = queries.photos_of(queries.refusal_for(site.id, refusal_id).refusal, site.id)
    for photo in photos:
        if photo.id == file_id:
            return shown(photo, "display")
    raise NotFound(_("There is nothing at this address, or it is not for you to see."))


@fieldwork.post("/field-work/refused/<int:refusal_id>/handling")
@needs(Right.HANDLE_ARRIVALS)
def handle(refusal_id: int) -> Response:
    """Lead or office say what became of it."""
    note, site = load(HandlingSchema())["note"], current_site()
    with transaction():
        found = queries.refusal_for(site.id, refusal_id).refusal
        actions.handle_refusal(found, note, site_id=site.id, by=current_user, now=utc_now())
    return done(url_for("fieldwork.refusal", refusal_id=refusal_id))
