"""Doors of this room: the list of sheets, one sheet, signing, sending back, reasons, paper."""

from __future__ import annotations

import uuid
from functools import partial

from flask import Blueprint, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.extensions import db
from webapp.files.uploads import keep_signature
from webapp.inspections.models import Inspection
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import load_query
from webapp.kit.language import show_times_of
from webapp.kit.pdf import pdf_answer, pdf_of
from webapp.kit.qr import qr_svg
from webapp.kit.respond import page
from webapp.sites.access import current_site, needs, needs_somewhere
from webapp.sites.rules import Right
from webapp.sync.actions import stored_or_kept
from webapp.sync.incoming import incoming
from webapp.visits import actions, words
from webapp.visits.arrivals import accepted, readable
from webapp.visits.paper import PaperSignature, paper_for
from webapp.visits.queries import ToConfirm, site_of, site_of_inspection, to_confirm, visits_of
from webapp.visits.rules import Capacity, RowState
from webapp.visits.schemas import OmissionSchema, PageSchema, ReturnSchema, SignOffSchema
from webapp.visits.sheet import sheet_for

visits = Blueprint("visits", __name__)


@visits.app_context_processor
def _words() -> dict[str, object]:
    return {"say": words, "Capacity": Capacity, "RowState": RowState, "in_my_name": _in_my_name}


def _in_my_name() -> list[ToConfirm]:
    """For pages that say what waits for the reader's word; asked of the database only where a page calls it."""
    return to_confirm(current_user)


@visits.get("/visits")
@needs(Right.READ)
def index() -> Response:
    """The sheets of the current site: what waits for a signature first."""
    found = visits_of(current_site().id, load_query(PageSchema())["page"])
    return page("visits/index.html", found=found)


@visits.get("/visits/<uuid:visit_id>")
@needs_somewhere(Right.READ)
def show(visit_id: uuid.UUID) -> Response:
    """The sheet of a visit."""
    sheet = sheet_for(current_user, visit_id)
    show_times_of(sheet.site.timezone)
    return page("visits/show.html", sheet=sheet)


@visits.post("/visits/<uuid:visit_id>/sign-off")
@signed_in
def sign_off(visit_id: uuid.UUID) -> Response:
    """A signature under the sheet; the last one needed seals it."""
    sending, now, about = incoming(), utc_now(), partial(site_of, visit_id)
    fields = readable(SignOffSchema(), "sign_off", sending, now=now, site_of=about)
    picture = keep_signature(by=current_user)
    document = actions.document_of("sign_off", fields, visit_id, current_user, sending)
    with stored_or_kept(document, now=now, site_of=about):
        result = actions.sign_off(visit_id, fields, picture=picture, sending=sending, by=current_user, now=now)
    return accepted(result, url_for("visits.show", visit_id=visit_id))


@visits.post("/inspections/<uuid:inspection_id>/return")
@signed_in
def give_back(inspection_id: uuid.UUID) -> Response:
    """The supervisor sends an inspection, or one item, back with a reason."""
    sending, now, about = incoming(), utc_now(), partial(site_of_inspection, inspection_id)
    fields = readable(ReturnSchema(), "return", sending, now=now, site_of=about)
    document = actions.document_of("return", fields, inspection_id, current_user, sending)
    with stored_or_kept(document, now=now, site_of=about):
        result = actions.give_back(inspection_id, fields, sending=sending, by=current_user, now=now)
    visit_id = db.session.get_one(Inspection, inspection_id).visit_id
    return accepted(result, url_for("visits.show", visit_id=visit_id, _anchor=f"inspection-{inspection_id}"))


@visits.post("/visits/<uuid:visit_id>/omissions")
@signed_in
def omit(visit_id: uuid.UUID) -> Response:
    """Why an asset was not reached."""
    sending, now, about = incoming(), utc_now(), partial(site_of, visit_id)
    fields = readable(OmissionSchema(), "omission", sending, now=now, site_of=about)
    document = actions.document_of("omission", fields, visit_id, current_user, sending)
    with stored_or_kept(document, now=now, site_of=about):
        result = actions.explain_omission(visit_id, fields, sending=sending, by=current_user, now=now)
    return accepted(result, url_for("visits.show", visit_id=visit_id, _anchor="not-reached"))


@visits.get("/visits/<uuid:visit_id>/paper")
@needs_somewhere(Right.READ)
def paper(visit_id: uuid.UUID) -> Response:
    """The sheet as it is printed (R9, R13)."""
    printed = paper_for(current_user, visit_id)
    show_times_of(printed.timezone)
    return page("visits/paper.html", paper=printed, picture_of=_address_of, qr_svg=qr_svg)


@visits.get("/visits/<uuid:visit_id>/sheet.pdf")
@needs_somewhere(Right.READ)
def pdf(visit_id: uuid.UUID) -> Response:
    """The same as a PDF file."""
    printed = paper_for(current_user, visit_id)
    show_times_of(printed.timezone)
    return pdf_answer(
        pdf_of("visits/paper_pdf.html", paper=printed, picture_of=_inside, qr_svg=qr_svg), f"{printed.number}.pdf"
    )


def _address_of(signature: PaperSignature) -> str:
    """Where a browser finds the picture of a signature."""
    return url_for("files.display", file_id=signature.file_id)


def _inside(signature: PaperSignature) -> str:
    """The picture itself, for a document that fetches nothing."""
    return signature.picture
