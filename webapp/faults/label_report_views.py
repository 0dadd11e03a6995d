"""Doors of reports from labels: the open page behind a label, and what people of the site make of what was told."""

from __future__ import annotations

import time
import uuid
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from marshmallow import fields, validate
from werkzeug.wrappers import Response as BaseResponse

from webapp.assets.models import Asset
from webapp.faults import label_report_queries as queries
from webapp.faults import label_reports
from webapp.faults.label_report_queries import asset_told_of
from webapp.faults.label_reports import Told, TooMany
from webapp.faults.schemas import Words
from webapp.files.actions import Bytes, keep_bytes
from webapp.files.images import check_size
from webapp.files.models import StoredFile
from webapp.files.shown import shown
from webapp.files.store import store
from webapp.kit.access import open_to_all
from webapp.kit.clock import utc_now
from webapp.kit.intake import CleanText, FormSchema, load
from webapp.kit.language import show_times_of
from webapp.kit.limits import Limit
from webapp.kit.problems import NotFound
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.sites.access import current_site, may, needs, needs_somewhere
from webapp.sites.models import PhotoRule
from webapp.sites.rules import Right

label_report_doors = Blueprint("label_reports", __name__)
label_report_doors.add_app_template_filter(label_reports.shortened, "shortened")
ASKED = Limit(30, 60)  # pages of labels from one address: guessing tells nothing
SENT = Limit(5, 600)  # reports from one address
LONGEST_REPORT = 500


class ToldSchema(FormSchema):
    """What somebody without an account tells."""

    text = Words(LONGEST_REPORT, shortest=1, required=True, error_messages={"required": _l("Say what is wrong.")})
    name = CleanText(60, load_default="")
    phone = CleanText(40, load_default="")


class ConfirmSchema(FormSchema):
    """What a report becomes: a fault of a level, or of a kind that sets it."""

    level = fields.String(load_default=None, validate=validate.Length(max=20))
    catalogue_number = fields.Integer(strict=False, load_default=None)


class RejectSchema(FormSchema):
    """Why a report is none."""

    reason = Words(2000, shortest=1, required=True, error_messages={"required": _l("Give a reason.")})


def may_be_told(token: str) -> bool:
    """Whether the label of this address takes reports without an account. Whoever asks too often is told no."""
    return not ASKED.is_over(request.remote_addr or "", time.monotonic()) and asset_told_of(token) is not None


@label_report_doors.get("/a/<token>/report")
@open_to_all
def new(token: str) -> BaseResponse:
    """The form behind a label: the name of the device, and nothing else of it."""
    if current_user.is_authenticated:
        return done(url_for("dossiers.by_label", token=token))
    asset = _told_of(token)
    may_take = _photo_rule(asset) != PhotoRule.FORBIDDEN
    context: dict[str, Any] = {"token": token, "may_take": may_take, "rule": _photo_rule(asset)}
    return page("faults/label_report.html", name=asset.name, is_sent="sent" in request.args, **context)


@label_report_doors.post("/a/<token>/report")
@open_to_all
def receive(token: str) -> BaseResponse:
    """Takes what was told. A page of another site cannot send it (kit.same_origin)."""
    asset, now = _told_of(token), utc_now()
    told = Told(**load(ToldSchema()))
    label_reports.check_how_often(asset, now=now)
    if SENT.is_over(request.remote_addr or "", time.monotonic()):
        raise TooMany(_("Too many reports from here. Please wait ten minutes. If it is urgent, please tell the staff."))
    photo = _photo_sent() if _photo_rule(asset) != PhotoRule.FORBIDDEN else None
    with transaction():
        label_reports.take(asset, told, photo, now=now)
    return done(url_for("label_reports.new", token=token, sent=1))


@label_report_doors.get("/faults/label-reports")
@needs(Right.READ)
def index() -> Response:
    """What was told from labels of the current site: what nobody has decided about first."""
    return page("faults/label_reports.html", reports=queries.reports_of(current_site().id))


@label_report_doors.get("/faults/label-reports/<uuid:report_id>")
@needs_somewhere(Right.READ)
def show(report_id: uuid.UUID) -> Response:
    """One report with the two answers to it. Name and telephone only for those who work on it."""
    report = queries.report_for(_person(), report_id, Right.READ)
    site = report.asset.site
    show_times_of(site.timezone)
    decision = report.decision
    context: dict[str, Any] = {
        "target": site,
        "decision": decision,
        "may_decide": may(_person(), Right.RAISE, site.id),
        "names": names_of({decision.decided_by}) if decision else {},
    }
    return page("faults/label_report_shown.html", report=report, **context)


@label_report_doors.get("/faults/label-reports/<uuid:report_id>/photo")
@needs_somewhere(Right.RAISE)
def photo(report_id: uuid.UUID) -> Response:
    """The photo of a report, drawn anew without metadata."""
    report = queries.report_for(_person(), report_id)
    if not report.photo_sha256:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return shown(StoredFile(sha256=report.photo_sha256), "display")


@label_report_doors.post("/faults/label-reports/<uuid:report_id>/confirmation")
@needs_somewhere(Right.RAISE)
def confirm(report_id: uuid.UUID) -> BaseResponse:
    """It becomes a fault."""
    given, person = load(ConfirmSchema()), _person()
    sha256 = queries.report_for(person, report_id).photo_sha256
    kept = keep_bytes(store().read(sha256), None) if sha256 else None
    with transaction():
        report = queries.report_for(person, report_id)
        finding = label_reports.confirm(report, **given, photo=kept, by=person, now=utc_now())
    return done(url_for("faults.show", finding_id=finding.id))


@label_report_doors.post("/faults/label-reports/<uuid:report_id>/rejection")
@needs_somewhere(Right.RAISE)
def reject(report_id: uuid.UUID) -> BaseResponse:
    """It is no fault; the reason is kept."""
    reason, person = load(RejectSchema())["reason"], _person()
    with transaction():
        label_reports.reject(queries.report_for(person, report_id), reason, by=person, now=utc_now())
    return done(url_for("label_reports.index"))


def _told_of(token: str) -> Asset:
    """The asset. What is no label, what takes no reports and who asks too often get the same answer."""
    asset = asset_told_of(token) if not ASKED.is_over(request.remote_addr or "", time.monotonic()) else None
    if asset is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return asset


def _photo_rule(asset: Asset) -> str:
    return asset.photo_rule or asset.site.photo_rule


def _photo_sent() -> Bytes | None:
    check_size(request.content_length or 0)
    part = request.files.get("upload")
    return keep_bytes(part.read(), None) if part and part.filename else None


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
