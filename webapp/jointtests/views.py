"""Doors of joint tests: the month, the form, handing in, the record, signing, the paper."""

from __future__ import annotations

import uuid
from contextlib import nullcontext
from functools import partial
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from webapp.extensions import db
from webapp.files.uploads import keep_signature, keep_uploads
from webapp.jointtests import actions, words
from webapp.jointtests.arrivals import accepted, month_named
from webapp.jointtests.history import history_of
from webapp.jointtests.pages import form_page, month_page, problem_turns, record_page
from webapp.jointtests.queries import site_of
from webapp.jointtests.schemas import NewQuery, SignOffSchema, load_document
from webapp.jointtests.seal import KIND
from webapp.jointtests.sheet import heading_of
from webapp.kit import charts
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import json_body, load, load_query
from webapp.kit.language import local, show_times_of
from webapp.kit.pdf import pdf_answer, pdf_of
from webapp.kit.problems import Invalid, wants_json
from webapp.kit.qr import qr_svg
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.sites.access import current_site, needs, needs_somewhere, require, sites_with
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import Sending, named, stored_or_kept
from webapp.sync.incoming import id_in_form, incoming, kept_if_unreadable

jointtests = Blueprint("jointtests", __name__, url_prefix="/joint-tests")


@jointtests.context_processor
def _words() -> dict[str, Any]:
    return {"say": words, "heading": lambda turn: heading_of(turn, local), "problem_turns": problem_turns}


@jointtests.get("/<string(length=7):month>")
@needs(Right.READ)
def month(month: str) -> Response:
    """The joint tests of a month of the current site."""
    return page("jointtests/month.html", found=month_page(current_site(), month_named(month), now=utc_now()))


@jointtests.get("/history")
@needs(Right.READ)
def history() -> Response:
    """The joint tests of the last twelve months: calendar, comparison, plots."""
    return page("jointtests/history.html", found=history_of(current_site(), utc_now()), charts=charts)


@jointtests.get("/new")
@needs(Right.INSPECT)
def new() -> Response:
    """The record to fill in; `?again=` names the record that it corrects."""
    shown = form_page(current_site(), current_user, now=utc_now(), again=load_query(NewQuery()).get("again"))
    return page("jointtests/new.html", shown=shown)


@jointtests.post("/new")
@needs_somewhere(Right.INSPECT)
def receive_plain() -> Response:
    """The form of a browser without scripts: photos come along, the server names the record."""
    return _receive(uuid.uuid4(), incoming())


@jointtests.post("/<uuid:test_id>")
@signed_in
def receive(test_id: uuid.UUID) -> Response:
    """A record from a device: 201, 200, 409, 422 or 424; what is refused is kept with the reason.

    A plain form may post to the nil id; then the server names the record.
    """
    return _receive(named(test_id), incoming())


@jointtests.post("/judgement")
@needs_somewhere(Right.INSPECT)
def judgement() -> Response:
    """What is typed so far, judged: marks, proposals and problems to put into the page. Nothing is stored."""
    document = load_document(request.form)
    site = require(current_user, Right.INSPECT, document["site"])
    shown = form_page(site, current_user, now=utc_now(), document=document, again=document.get("supersedes"))
    return page("jointtests/_judgement.html", shown=shown)


@jointtests.get("/<uuid:test_id>")
@needs_somewhere(Right.READ)
def show(test_id: uuid.UUID) -> Response:
    """The record."""
    record = record_page(current_user, test_id, _site)
    show_times_of(record.site.timezone)
    return page("jointtests/show.html", record=record)


@jointtests.get("/<uuid:test_id>/record.pdf")
@needs_somewhere(Right.READ)
def pdf(test_id: uuid.UUID) -> Response:
    """The monthly joint-test report as a document (R96)."""
    record = record_page(current_user, test_id, _site)
    show_times_of(record.site.timezone)
    return pdf_answer(pdf_of("jointtests/record_pdf.html", record=record, qr_svg=qr_svg), f"{record.test.number}.pdf")


@jointtests.post("/<uuid:test_id>/sign-off")
@signed_in
def sign_off(test_id: uuid.UUID) -> Response:
    """A signature under the record; the second one seals it."""
    sending, now = incoming(), utc_now()
    about, name = partial(site_of, test_id), named(id_in_form("id"))
    with kept_if_unreadable(actions.SIGNATURE_KIND, name, sending, now=now, site_of=about):
        fields = {**load(SignOffSchema()), "id": name}
    picture = keep_signature(by=current_user)
    document = actions.signature_document(fields, test_id, current_user, sending)
    with stored_or_kept(document, now=now, site_of=about):
        result = actions.sign_off(test_id, fields, picture=picture, sending=sending, by=current_user, now=now)
    return accepted(result, url_for("jointtests.show", test_id=test_id))


def _receive(test_id: uuid.UUID, sending: Sending) -> Response:
    """A form on screen can simply be mended; what a device sent may never come again: it is kept when it is refused."""
    now, is_sent = utc_now(), wants_json()
    form = MultiDict(json_body() if request.is_json else request.form)
    problems = keep_uploads(form, by=current_user) if sites_with(current_user, Right.INSPECT) else {}
    about = partial(id_in_form, "site")
    with kept_if_unreadable(KIND, test_id, sending, now=now, site_of=about) if is_sent else nullcontext():
        document = load_document(form)
    try:
        if problems:
            raise Invalid(_("A photo could not be taken."), fields=problems)
        came = actions.document_of(test_id, document, current_user, sending)
        with stored_or_kept(came, now=now, site_of=about) if is_sent else transaction():
            result = actions.hand_in(test_id, document, sending=sending, by=current_user, now=now)
    except Invalid as problem:
        if is_sent:
            raise
        return _form_again(document, problem)
    url = url_for("jointtests.show", test_id=result.test.id)
    return accepted(result, url) if wants_json() else done(url)


def _form_again(document: dict[str, Any], problem: Invalid) -> Response:
    """The form with what was typed and what is wrong with it."""
    site = require(current_user, Right.INSPECT, document["site"])
    again = document.get("supersedes")
    shown = form_page(site, current_user, now=utc_now(), document=document, mistakes=problem.fields, again=again)
    return page("jointtests/new.html", problem.status, shown=shown, message=problem.message)


def _site(site_id: uuid.UUID) -> Site:
    return db.session.get_one(Site, site_id)
