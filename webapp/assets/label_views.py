"""Printing labels: choose, look at the first page, take the PDF; check the printer; replace a lost label."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.assets.actions import replace_label
from webapp.assets.label_choice import assets_in, picked, texts_for
from webapp.assets.label_schemas import LabelsSchema, ScopeSchema, SheetSchema
from webapp.assets.label_sheets import SHEETS
from webapp.assets.labels import (
    calibration_pdf,
    labels_pdf,
    note_printed,
    page_count,
    pages,
    repeated,
    sheet_for,
)
from webapp.assets.models import Asset
from webapp.assets.queries import asset_for, branches_of
from webapp.kit.clock import local_day, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.pdf import pdf_answer
from webapp.kit.problems import Invalid
from webapp.kit.respond import done, page, respond
from webapp.kit.transaction import transaction
from webapp.people.actions import choose_site
from webapp.sites.access import current_site, needs, needs_somewhere
from webapp.sites.rules import Right

labels = Blueprint("labels", __name__, url_prefix="/labels")


@labels.get("")
@needs(Right.PRINT_LABELS)
def index() -> Response:
    """The page with the choice of labels and paper, and the first sheet as it will be printed."""
    asked = load_query(ScopeSchema())
    assets = assets_in(current_site().id, asked["of"])
    return page("labels/index.html", **_page(LabelsSchema().load({}) | asked, assets, assets))


@labels.post("/preview")
@needs(Right.PRINT_LABELS)
def preview() -> Response:
    """The first sheet for what the form says; nothing is printed or stored."""
    form = load(LabelsSchema())
    site_id = current_site().id
    chosen = picked(site_id, form["asset"])
    context = _page(form, assets_in(site_id, form["of"]), chosen)
    return respond("labels/index.html", "labels/_preview.html", 422 if context["trouble"] else 200, **context)


@labels.post("/sheet")
@needs(Right.PRINT_LABELS)
def sheet() -> Response:
    """The label sheets as PDF."""
    form = load(LabelsSchema())
    site, now = current_site(), utc_now()
    paper = sheet_for(form)
    assets = picked(site.id, form["asset"])
    data = labels_pdf(texts_for(site, assets, per_unit=form["copies"] == "unit"), paper, form["start"])
    with transaction():
        note_printed(assets, paper, site_id=site.id, by=current_user, now=now)
    return pdf_answer(data, f"{site.short_name}-{_('labels')}-{local_day(now, site.timezone)}.pdf")


@labels.post("/calibration")
@needs(Right.PRINT_LABELS)
def calibration() -> Response:
    """A page of rulers and cell outlines for the paper of the form."""
    paper = sheet_for(load(SheetSchema()))
    return pdf_answer(calibration_pdf(paper), f"{_('calibration')}-{paper.key}.pdf")


@labels.get("/<uuid:asset_id>/replacement")
@needs_somewhere(Right.EDIT_ASSETS)
def replacement(asset_id: uuid.UUID) -> Response:
    """Asks before a lost label is replaced."""
    return page("labels/replacement.html", asset=asset_for(current_user, asset_id, Right.EDIT_ASSETS))


@labels.post("/<uuid:asset_id>/replacement")
@needs_somewhere(Right.EDIT_ASSETS)
def replace(asset_id: uuid.UUID) -> Response:
    """Replaces the label; the next step is to print the new one."""
    with transaction():
        asset = asset_for(current_user, asset_id, Right.EDIT_ASSETS)
        replace_label(asset, by=current_user, now=utc_now())
        choose_site(current_user.device, asset.site_id)  # the page with the labels is about one site
    return done(url_for("labels.index", of=f"asset:{asset_id}", replaced=1))


def _page(form: Mapping[str, Any], assets: Sequence[Asset], chosen: Sequence[Asset]) -> dict[str, Any]:
    """What the page and its preview show. A sheet that cannot be printed is shown with the reason in its place."""
    site = current_site()
    context: dict[str, Any] = {
        "form": form,
        "assets": assets,
        "chosen": {asset.id for asset in chosen},
        "branches": branches_of(site.id),
        "sheets": list(SHEETS.values()),
        "trouble": None,
    }
    try:
        paper = sheet_for(form)
        count = len(repeated(chosen, per_unit=form["copies"] == "unit"))
        texts = texts_for(site, chosen, per_unit=form["copies"] == "unit")
        first = pages(texts, paper, form["start"], only_first=True)[0]
        context |= {
            "sheet": paper,
            "labels": count,
            "sheets_needed": page_count(count, paper, form["start"]),
            "first": first,
        }
    except Invalid as problem:
        context["trouble"] = problem
    return context
