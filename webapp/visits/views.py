"""Doors of this room: the list of sheets, one sheet, signing, sending back, reasons, paper."""

from __future__ import annotations

import uuid

from flask import Blueprint, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.extensions import db
from webapp.files.actions import keep_bytes
from webapp.inspections.models import Inspection
from webapp.kit.clock import utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.pdf import pdf_answer, pdf_of
from webapp.kit.qr import qr_svg
from webapp.kit.respond import is_fragment_wanted, page
from webapp.sites.access import current_site, needs, needs_somewhere
from webapp.sites.rules import Right
from webapp.sync.actions import stored_or_kept
from webapp.sync.receipts import refuse_other_author
from webapp.visits import actions, words
from webapp.visits.arrivals import accepted
from webapp.visits.paper import PaperSignature, paper_for
from webapp.visits.queries import visits_of
from webapp.visits.rules import Capacity, RowState
from webapp.visits.schemas import OmissionSchema, PageSchema, ReturnSchema, SignOffSchema
from webapp.visits.sheet import sheet_for

visits = Blueprint("visits", __name__)


@visits.app_context_processor
def _words() -> dict[str, object]:
    return {"say": words, "Capacity": Capacity, "RowState": RowState}


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
@needs_somewhere(Right.HAND_OVER)
def sign_off(visit_id: uuid.UUID) -> Response:
    """A signature under the sheet; the last one needed seals it."""
    refuse_other_author()
    fields = load(SignOffSchema())
    data = request.files["upload"].read() if request.files.get("upload") else None
    picture = keep_bytes(data, None) if data else None  # slow: not within the transaction
    now, document = utc_now(), actions.document_of("sign_off", fields, visit_id, current_user)
    with stored_or_kept(document, now=now):
        result = actions.sign_off(visit_id, fields, picture=picture, by=current_user, now=now)
    return accepted(result, url_for("visits.show", visit_id=visit_id))


@visits.post("/inspections/<uuid:inspection_id>/return")
@needs_somewhere(Right.SIGN)
def give_back(inspection_id: uuid.UUID) -> Response:
    """The supervisor sends an inspection, or one item, back with a reason."""
    refuse_other_author()
    fields = load(ReturnSchema())
    now, document = utc_now(), actions.document_of("return", fields, inspection_id, current_user)
    with stored_or_kept(document, now=now):
        result = actions.give_back(inspection_id, fields, by=current_user, now=now)
    visit_id = db.session.get_one(Inspection, inspection_id).visit_id
    url = url_for("visits.show", visit_id=visit_id, _anchor=f"inspection-{inspection_id}")
    if not is_fragment_wanted():
        return accepted(result, url)
    sheet = sheet_for(current_user, visit_id)
    show_times_of(sheet.site.timezone)
    row = next(row for row in sheet.rows if row.inspection.id == inspection_id)
    return accepted(result, url, "visits/_returned.html", sheet=sheet, row=row)


@visits.post("/visits/<uuid:visit_id>/omissions")
@needs_somewhere(Right.EXPLAIN)
def omit(visit_id: uuid.UUID) -> Response:
    """Why an asset was not reached."""
    refuse_other_author()
    fields = load(OmissionSchema())
    now, document = utc_now(), actions.document_of("omission", fields, visit_id, current_user)
    with stored_or_kept(document, now=now):
        result = actions.explain_omission(visit_id, fields, by=current_user, now=now)
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
