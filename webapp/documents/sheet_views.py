"""Doors of the paper fallback: the blank round sheet, registering a filled-in one, typing it in line by line."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from webapp.assets.label_choice import valid_labels
from webapp.assets.models import Asset
from webapp.assets.queries import asset_for
from webapp.checklists.queries import versions_for
from webapp.documents import sheets
from webapp.documents.collect import Material
from webapp.documents.pdf import write_pdf
from webapp.documents.round_sheet import Round, round_sheet
from webapp.documents.schemas import SheetSchema, TypedSchema
from webapp.files.uploads import keep_uploads
from webapp.inspections import words
from webapp.inspections.form import blank_form
from webapp.inspections.schemas import load_inspection, problems_in
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.intake import load
from webapp.kit.language import show_times_of
from webapp.kit.pdf import pdf_answer
from webapp.kit.problems import Invalid, NotFound
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.sites.access import current_site, may, needs, needs_somewhere
from webapp.sites.queries import service_lines
from webapp.sites.rules import Right

papersheets = Blueprint("papersheets", __name__, url_prefix="/paper-sheets")


@papersheets.get("")
@needs(Right.INSPECT)
def index() -> Response:
    """Blank sheets to print, the form to register a filled-in one, and those that are registered."""
    return _index()


@papersheets.get("/lines/<int:line_number>.pdf")
@needs(Right.INSPECT)
def blank(line_number: int) -> Response:
    """The blank round sheet of a list, with the devices that are in service now."""
    site, now = current_site(), utc_now()
    today = local_day(now, site.timezone)
    line = next((each for each in service_lines(site.id) if each.number == line_number), None)
    if line is None:
        raise NotFound(_("There is no such list in this command centre."))
    assets = sheets.line_assets(site.id, line_number, today)
    codes = {asset_id: label.short_code for asset_id, label in valid_labels(site.id).items()}
    with tempfile.TemporaryDirectory() as folder:
        material = Material(site, Month.of(today), by=current_user, now=now, folder=Path(folder))
        frame = material.frame(1, [])
        found = Round(line.name, assets, codes, versions_for(assets), f"{frame.public_url}{url_for('.index')}")
        write_pdf(round_sheet(found, frame), Path(folder) / "sheet.pdf")
        data = (Path(folder) / "sheet.pdf").read_bytes()
    return pdf_answer(data, f"{site.short_name}_{line.name}_{_('round sheet')}.pdf")


@papersheets.post("")
@needs(Right.INSPECT)
def register() -> Response:
    """Registers a sheet with its photos."""
    fields, form = load(SheetSchema()), MultiDict(request.form)
    problems = keep_uploads(form, by=current_user)
    try:
        if problems:
            raise Invalid(_("A photo could not be taken."), fields={"upload.sheet": problems.get("sheet", [])})
        photos = [uuid.UUID(photo) for photo in form.getlist("photo.sheet")]
        with transaction():
            sheet = sheets.register(current_site(), fields, photos, by=current_user, now=utc_now())
            address = url_for("papersheets.show", sheet_id=sheet.id)
    except Invalid as problem:
        return _index(problem)
    return done(address)


@papersheets.get("/<uuid:sheet_id>")
@needs_somewhere(Right.READ)
def show(sheet_id: uuid.UUID) -> Response:
    """A sheet: its photos, and what of it is typed in."""
    sheet, site = sheets.sheet_for(current_user, sheet_id)
    show_times_of(site.timezone)
    found = sheets.typed_of(sheet, site)
    return page("documents/sheet.html", found=found, may_type=may(current_user, Right.INSPECT, site.id))


@papersheets.get("/<uuid:sheet_id>/lines/<uuid:asset_id>")
@needs_somewhere(Right.INSPECT)
def line(sheet_id: uuid.UUID, asset_id: uuid.UUID) -> Response:
    """The checklist of one device, to type in what stands on the paper."""
    return _line_page(sheet_id, asset_for(current_user, asset_id, Right.INSPECT))


@papersheets.post("/<uuid:sheet_id>/lines/<uuid:asset_id>")
@needs_somewhere(Right.INSPECT)
def type_in(sheet_id: uuid.UUID, asset_id: uuid.UUID) -> Response:
    """Takes one line of the sheet as an inspection of its day."""
    sheet, site = sheets.sheet_for(current_user, sheet_id, Right.INSPECT)
    asset = asset_for(current_user, asset_id, Right.INSPECT)
    form = MultiDict(request.form)
    problems = {f"photo.{key}": texts for key, texts in keep_uploads(form, by=current_user).items()}
    try:
        at = sheets.moment_on(sheet.filled_in_on, load(TypedSchema())["at"], site.timezone).isoformat()
        form.update({"asset": str(asset.id), "started_at": at, "finished_at": at, "paper": "1"})
        document = load_inspection(sheets.name_of_line(sheet.id, asset.id), form)
        if problems:
            raise Invalid(_("A photo could not be taken."), fields=problems)
        with transaction():
            sheets.type_in(sheet, site, asset, document, by=current_user, now=utc_now())
    except ValidationError as error:
        return _line_page(sheet_id, asset_for(current_user, asset_id, Right.INSPECT), form, problems_in(error))
    except Invalid as problem:
        asset = asset_for(current_user, asset_id, Right.INSPECT)  # the transaction took the row with it
        return _line_page(sheet_id, asset, form, problem.fields, problem.message)
    return done(url_for("papersheets.show", sheet_id=sheet_id))


def _index(problem: Invalid | None = None) -> Response:
    site = current_site()
    return page(
        "documents/sheets.html",
        problem.status if problem else 200,
        lines=service_lines(site.id),
        sheets=sheets.sheets_of(site.id),
        today=local_day(utc_now(), site.timezone),
        problem=problem.message if problem else None,
        problems=problem.fields if problem else {},
    )


def _line_page(
    sheet_id: uuid.UUID,
    asset: Asset,
    typed: MultiDict[str, Any] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
    problem: str = "",
) -> Response:
    sheet, site = sheets.sheet_for(current_user, sheet_id, Right.INSPECT)
    if asset.site_id != site.id:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    show_times_of(site.timezone)
    form = blank_form(asset, by=current_user, typed=typed, problems=problems)
    if form is None:
        return page("inspections/no_checklist.html", asset=asset)
    context: dict[str, Any] = {"sheet": sheet, "form": form, "words": words, "problem": problem or None}
    return page("documents/sheet_line.html", 422 if problems is not None else 200, **context)
