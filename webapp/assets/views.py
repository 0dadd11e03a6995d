"""Doors of the equipment list: finding, adding and changing assets, lists in and out."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from webapp.assets import actions, tickets
from webapp.assets.columns import COLUMNS, KINDS, PHOTO_RULES, STATUSES
from webapp.assets.exporting import export_list, may_export, require_export, table
from webapp.assets.importing import import_as_seen, plan_import
from webapp.assets.models import Asset
from webapp.assets.queries import asset_for, branches_of, find, line_of, systems_of
from webapp.assets.schemas import AssetSchema, ConfirmSchema, ExportSchema, SearchSchema, UploadSchema, where_of
from webapp.kit.clock import local_day, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import language
from webapp.kit.problems import Invalid, invalid_from
from webapp.kit.respond import done, is_fragment_wanted, page, respond
from webapp.kit.spreadsheet import LARGEST_FILE, table_answer
from webapp.kit.transaction import transaction
from webapp.sites.access import current_site, needs, needs_somewhere
from webapp.sites.models import Site
from webapp.sites.queries import people_of, service_lines
from webapp.sites.rules import Right

assets = Blueprint("assets", __name__)


@assets.get("/assets")
@needs(Right.READ)
def index() -> Response:
    """The equipment list: service line → system → asset, searched as one types, fifty to a page."""
    asked = load_query(SearchSchema())
    site = current_site()
    narrowed = {"status": asked["status"], "kind": asked["kind"], **where_of(asked["where"])}
    answer = respond(
        "assets/index.html",
        "assets/_found.html",
        found=find(site.id, asked["q"], **narrowed, number=asked["page"]),
        asked=asked,
        branches=branches_of(site.id),
        kinds=KINDS,
        statuses=STATUSES,
        may_export=may_export(current_user, site),
    )
    if is_fragment_wanted():  # "back" and a reload show the same list again
        answer.headers["HX-Replace-Url"] = request.full_path.rstrip("?")
    return answer


@assets.get("/assets/new")
@needs(Right.EDIT_ASSETS)
def new() -> Response:
    """The form of a new asset."""
    return _form(current_site(), None, {"kind": "device", "status": "in_use"})


@assets.post("/assets/new")
@needs(Right.EDIT_ASSETS)
def add() -> Response:
    """Stores a new asset and gives it a label; leads to its own page."""
    site = current_site()
    try:
        form = load(AssetSchema())
        with transaction():
            system = actions.system_named(line_of(site.id, form["service_line"]), form["system"])
            asset = actions.add_asset(site, system, form, by=current_user, now=utc_now())
    except (ValidationError, Invalid) as error:
        return _form(site, None, request.form, _as_invalid(error))
    return done(url_for("dossiers.show", asset_id=asset.id))


@assets.get("/assets/<uuid:asset_id>/edit")
@needs_somewhere(Right.EDIT_ASSETS)
def edit(asset_id: uuid.UUID) -> Response:
    """The form of an asset as it is now."""
    asset = asset_for(current_user, asset_id, Right.EDIT_ASSETS)
    return _form(asset.site, asset, _values(asset))


@assets.post("/assets/<uuid:asset_id>/edit")
@needs_somewhere(Right.EDIT_ASSETS)
def change(asset_id: uuid.UUID) -> Response:
    """Stores what was changed; old and new go to the log."""
    asset = asset_for(current_user, asset_id, Right.EDIT_ASSETS)
    try:
        form = load(AssetSchema())
        with transaction():
            system = actions.system_named(line_of(asset.site_id, form["service_line"]), form["system"])
            actions.change_asset(asset, form, system=system, by=current_user, now=utc_now())
    except (ValidationError, Invalid) as error:
        asset = asset_for(current_user, asset_id, Right.EDIT_ASSETS)
        return _form(asset.site, asset, request.form, _as_invalid(error))
    return done(url_for("dossiers.show", asset_id=asset.id))


@assets.get("/assets/import")
@needs(Right.EDIT_ASSETS)
def import_page() -> Response:
    """Where a list is chosen, and what it may hold."""
    return _import_form(None)


@assets.post("/assets/import")
@needs(Right.EDIT_ASSETS)
def preview() -> Response:
    """Shows what a list would do and every mistake in it. The bytes are kept; nothing else changes."""
    site, upload = current_site(), request.files.get("file")
    try:
        keeper = load(UploadSchema())["keeper"]
        if upload is None or not upload.filename:
            raise Invalid(_("Please choose a file."), fields={"file": [_("Please choose a file.")]})
        data = upload.read(LARGEST_FILE + 1)
        plan = plan_import(site, data, upload.filename[-120:], keeper=keeper)
    except (ValidationError, Invalid) as error:
        return _import_form(_as_invalid(error))
    ticket = "" if plan.bad else tickets.keep(plan, data, keeper, by=current_user)
    return page("assets/preview.html", 422 if plan.bad else 200, plan=plan, ticket=ticket)


@assets.post("/assets/import/confirmation")
@needs(Right.EDIT_ASSETS)
def confirm() -> Response:
    """Imports exactly what was looked at, or nothing."""
    site = current_site()
    ticket, data = tickets.take_up(load(ConfirmSchema())["ticket"], by=current_user, site=site)
    with transaction():
        plan = import_as_seen(
            site, data, ticket.filename, keeper=ticket.keeper, seen=ticket.plan, by=current_user, now=utc_now()
        )
    return done(url_for("assets.index", added=len(plan.new), changed=len(plan.changed)))


@assets.get("/assets/import/empty-list.xlsx")
@needs(Right.EDIT_ASSETS)
def empty_list() -> Response:
    """An empty list with all headings, to fill in."""
    name = _("Equipment list")
    return table_answer(table(current_site(), [], "xlsx", language=language()), f"{name}.xlsx", "xlsx")


@assets.get("/assets/export")
@needs(Right.READ)
def export() -> Response:
    """The whole list as a file, for those who export or edit it; logged."""
    site, kind, now = current_site(), load_query(ExportSchema())["format"], utc_now()
    require_export(current_user, site)
    with transaction():
        data = export_list(site, kind, language=language(), by=current_user, now=now)
    title = _("Equipment list")
    return table_answer(data, f"{site.short_name}-{title}-{local_day(now, site.timezone)}.{kind}", kind)


def _import_form(problem: Invalid | None) -> Response:
    return page(
        "assets/import.html",
        problem.status if problem else 200,
        columns=COLUMNS,
        keepers=_names_at(current_site()),
        keeper=request.form.get("keeper", ""),
        problem=problem.message if problem else None,
    )


def _names_at(site: Site) -> list[str]:
    return sorted({person.name for person, _roles in people_of(site.id)})


def _form(site: Site, asset: Asset | None, values: Any, problem: Invalid | None = None) -> Response:
    choices = {"kinds": KINDS, "statuses": STATUSES, "photo_rules": PHOTO_RULES}
    return page(
        "assets/form.html",
        problem.status if problem else 200,
        of=site,
        asset=asset,
        values=values,
        problem=_("Nothing was saved. Please mend the marked fields.") if problem else None,
        problems=problem.fields if problem else {},
        lines=service_lines(site.id),
        systems=systems_of(site.id),
        keepers=_names_at(site),
        **choices,
    )


def _values(asset: Asset) -> dict[str, Any]:
    """What the form shows of an asset."""
    shown = {name: getattr(asset, name) for name in actions.FIELDS}
    return shown | {"service_line": str(asset.system.service_line_id), "system": asset.system.name}


def _as_invalid(error: ValidationError | Invalid) -> Invalid:
    return error if isinstance(error, Invalid) else invalid_from(error)
