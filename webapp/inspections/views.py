"""Doors of inspections: the form of an asset, handing it in, the record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, make_response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError, fields
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from webapp.assets.models import Asset
from webapp.assets.queries import asset_for, site_of
from webapp.files.uploads import keep_uploads
from webapp.inspections import pages, queries, words
from webapp.inspections.actions import KIND, document_of, take
from webapp.inspections.form import blank_form
from webapp.inspections.record import record_of
from webapp.inspections.schemas import load_inspection, problems_in
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import FormSchema, load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.problems import Invalid, Problem, wants_json
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.sites.access import may, needs_somewhere
from webapp.sites.rules import Right
from webapp.sync.actions import named, stored_or_kept
from webapp.sync.incoming import id_in_form, incoming, kept_if_unreadable
from webapp.sync.receipts import receipt

inspections = Blueprint("inspections", __name__, url_prefix="/inspections")


class AgainSchema(FormSchema):
    """Which record is done again."""

    again = fields.UUID()


class AssetSchema(FormSchema):
    """Which asset a plain form is about."""

    asset = fields.UUID(required=True)


@inspections.get("/new/<uuid:asset_id>")
@needs_somewhere(Right.INSPECT)
def new(asset_id: uuid.UUID) -> Response:
    """The checklist of an asset, to be filled in; `?again=` names the record that is done again or corrected."""
    asset = asset_for(current_user, asset_id, Right.INSPECT)
    return _form_page(asset, again=load_query(AgainSchema()).get("again"))


@inspections.post("/new/<uuid:asset_id>")
@needs_somewhere(Right.INSPECT)
def receive_plain(asset_id: uuid.UUID) -> Response:
    """The form of a browser without JavaScript: photos come along, the server names the record and the times."""
    return _receive_plain(asset_id)


@inspections.post("/<uuid:inspection_id>")
@signed_in
def receive(inspection_id: uuid.UUID) -> Response:
    """A document from a device: 201 stored · 200 already here · 409 other content under this id · 422 incomplete or
    unreadable · 424 photos have not arrived yet. What is refused is kept, too. A plain form may post to the nil id.
    """
    sending, now, name = incoming(), utc_now(), named(inspection_id)
    if not inspection_id.int and not wants_json():
        return _receive_plain(load(AssetSchema())["asset"])
    with kept_if_unreadable(KIND, name, sending, now=now, site_of=_site_about, explained=_as_problem):
        document = load_inspection(name, request.form)
    with stored_or_kept(document_of(document, current_user, sending), now=now, site_of=_site_about):
        inspection, is_new = take(document, sending=sending, by=current_user, now=now)
    address = url_for("inspections.show", inspection_id=inspection.id)
    if not wants_json():
        return done(address)
    return receipt(inspection.id, inspection.digest, is_new=is_new, received_at=inspection.received_at, url=address)


@inspections.get("/<uuid:inspection_id>")
@needs_somewhere(Right.READ)
def show(inspection_id: uuid.UUID) -> Response:
    """The record."""
    inspection = queries.inspection_for(current_user, inspection_id)
    show_times_of(inspection.asset.site.timezone)
    return page(
        "inspections/show.html",
        record=record_of(inspection),
        words=words,
        may_inspect=may(current_user, Right.INSPECT, inspection.site_id),
        may_take_original=any(may(current_user, right, inspection.site_id) for right in (Right.EXPORT, Right.SIGN)),
    )


def _receive_plain(asset_id: uuid.UUID) -> Response:
    asset = asset_for(current_user, asset_id, Right.INSPECT)
    now = utc_now()
    form = MultiDict({"started_at": now.isoformat(), "finished_at": now.isoformat(), "asset": str(asset_id)})
    form.update(request.form)
    problems = {f"photo.{key}": texts for key, texts in keep_uploads(form, by=current_user).items()}
    try:
        document = load_inspection(uuid.uuid4(), form)
        if problems:
            raise Invalid(_("A photo could not be taken."), fields=problems)
        with transaction():
            take(document, by=current_user, now=now)
    except (Invalid, ValidationError) as error:
        problem = _as_problem(error)
        asset = asset_for(current_user, asset_id, Right.INSPECT)  # the transaction that failed took the row with it
        return _form_page(asset, 422, typed=form, problems=problem.fields, problem=problem.message)
    return done(url_for("inspections.show", inspection_id=document["id"]))


def _site_about() -> uuid.UUID | None:
    """The command centre that a refused document is about."""
    return site_of(id_in_form("asset"))


def _form_page(
    asset: Asset,
    status: int = 200,
    *,
    again: uuid.UUID | None = None,
    typed: MultiDict[str, Any] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
    problem: str | None = None,
) -> Response:
    show_times_of(asset.site.timezone)
    form = blank_form(asset, by=current_user, again=again or _named_in(typed), typed=typed, problems=problems)
    if form is None:
        return page("inspections/no_checklist.html", asset=asset)
    return make_response(pages.drawn(form, problem), status)


def _named_in(typed: MultiDict[str, Any] | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed["supersedes"]) if typed and typed.get("supersedes") else None
    except ValueError:
        return None


def _as_problem(error: Problem | ValidationError) -> Problem:
    if isinstance(error, Problem):
        return error
    found = problems_in(error)
    name, texts = next(iter(found.items()))
    return Invalid(_("%(field)s: %(why)s", field=name, why=texts[0]), code="unreadable", fields=found)
