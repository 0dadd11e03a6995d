"""Doors of the dossiers: the page of an asset, the address on its label, the scanner and the typed short code."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.assets import short_code
from webapp.assets.models import Label
from webapp.assets.queries import asset_for, label_with_short_code, label_with_token
from webapp.dossiers import words
from webapp.dossiers.actions import look_up, note_miss
from webapp.dossiers.dossier import dossier_of
from webapp.dossiers.queries import assets_scanned, inspected_since
from webapp.dossiers.rules import SHOWN_FOR, Scan, token_in
from webapp.dossiers.scans import recent_scans, remember
from webapp.dossiers.schemas import CodeSchema, ScanSchema
from webapp.faults.label_report_views import may_be_told
from webapp.kit.clock import utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.respond import done, page, respond
from webapp.kit.transaction import transaction
from webapp.people.actions import choose_site
from webapp.sites.access import may, needs_somewhere
from webapp.sites.rules import Right

dossiers = Blueprint("dossiers", __name__)
AT_THE_LABEL = timedelta(minutes=15)  # so long after a scan somebody still stands at the device


@dossiers.before_request
def offer_report() -> Response | None:
    """Whoever scans a label without an account may report a fault there, where the command centre wants that."""
    if request.endpoint != "dossiers.by_label" or current_user.is_authenticated:
        return None
    token = (request.view_args or {})["token"]
    return done(url_for("label_reports.new", token=token)) if may_be_told(token) else None


@dossiers.get("/assets/<uuid:asset_id>")
@needs_somewhere(Right.READ)
def show(asset_id: uuid.UUID) -> Response:
    """The page of an asset. `old` is the short code of a replaced label that led here."""
    asset = asset_for(current_user, asset_id)
    show_times_of(asset.site.timezone)
    rights = {right for right in Right if may(current_user, right, asset.site_id)}
    now = utc_now()
    scans = [one for one in recent_scans(now) if now - one.at <= AT_THE_LABEL and not one.old_code]
    context: dict[str, Any] = {
        "old": request.args.get("old", ""),
        "was_scanned": asset.id in {one.asset_id for one in scans},
    }
    return page("dossiers/show.html", dossier=dossier_of(asset), rights=rights, words=words, **context)


@dossiers.get("/a/<token>")
@needs_somewhere(Right.READ)
def by_label(token: str) -> Response:
    """The address on a label. The phone's camera leads to the asset page; the scanner asks for the checklist.

    A short code has such an address, too, so that a device without network finds what it took along under it.
    """
    is_code = short_code.looks_like_one(token)
    if is_code and not short_code.is_valid(token):
        return _scanner(422, token, _("This code has a typing error. Please compare it with the label."))
    label = _known(label_with_short_code if is_code else label_with_token, token)
    if label is None and is_code:
        return _scanner(404, token, _("No label of your command centres has this code."))
    if label is None:
        return page("dossiers/unknown.html", 404, label=token)
    return _open(label, to_checklist=request.args.get("to") == "checklist")


@dossiers.get("/scan")
@needs_somewhere(Right.READ)
def scan() -> Response:
    """The scanner; `done` is the asset whose checklist was handed in just now."""
    return _scanner(handed_in=load_query(ScanSchema()).get("done"))


@dossiers.post("/scan")
@needs_somewhere(Right.READ)
def by_code() -> Response:
    """A short code typed by hand, or a label's address typed by a hand-held scanner."""
    typed = load(CodeSchema())["code"]
    token = token_in(typed, (current_app.config["SETTINGS"].public_url, request.host_url.rstrip("/")))
    if token is None and not short_code.is_valid(typed):
        return _scanner(422, typed, _("This code has a typing error. Please compare it with the label."))
    label = _known(label_with_token, token) if token else _known(label_with_short_code, typed)
    if label is None:
        return _scanner(404, typed, _("No label of your command centres has this code."))
    return _open(label, to_checklist=True)


def _known(find: Callable[[str], Label | None], text: str) -> Label | None:
    """The label; an unknown one is counted against the limit on guesses."""
    now, address = utc_now(), request.remote_addr or ""
    label = look_up(find, text, by=current_user, address=address, now=now)
    if label is None:
        with transaction():
            note_miss(by=current_user, address=address, now=now)
    return label


def _open(label: Label, *, to_checklist: bool) -> Response:
    """Leads to the asset or its checklist, in its command centre; a replaced label to the page that says so."""
    asset, old_code = label.asset, label.short_code if label.replaced_at else ""
    with transaction():
        choose_site(current_user.device, asset.site_id)
    remember(Scan(asset.id, utc_now(), old_code))
    if old_code:
        return done(url_for("dossiers.show", asset_id=asset.id, old=old_code))
    if to_checklist and may(current_user, Right.INSPECT, asset.site_id):
        return done(url_for("inspections.new", asset_id=asset.id))
    return done(url_for("dossiers.show", asset_id=asset.id))


def _scanner(status: int = 200, typed: str = "", problem: str = "", handed_in: uuid.UUID | None = None) -> Response:
    now = utc_now()
    scans = recent_scans(now)
    wanted = {scan.asset_id for scan in scans} | ({handed_in} if handed_in else set())
    assets = assets_scanned(current_user, list(wanted))
    return respond(
        "dossiers/scan.html",
        "dossiers/_code.html",
        status,
        handed_in=assets.get(handed_in) if handed_in else None,
        scans=[scan for scan in scans if scan.asset_id in assets],
        assets=assets,
        done=inspected_since(now - SHOWN_FOR, current_user, assets),
        typed=typed,
        wrong=problem,
        public_url=current_app.config["SETTINGS"].public_url,
    )
