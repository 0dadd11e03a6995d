"""Doors of the month: its page, the records behind each figure, PDF and Excel, reasons for rows left out."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.kit import charts
from webapp.kit.clock import Month, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.pdf import pdf_answer
from webapp.kit.problems import NotFound
from webapp.kit.respond import done, page
from webapp.kit.spreadsheet import table_answer
from webapp.kit.transaction import transaction
from webapp.reports import words
from webapp.reports.actions import explain
from webapp.reports.drill import behind
from webapp.reports.monthly import build
from webapp.reports.paper import pdf_of_month
from webapp.reports.schemas import OmissionSchema, RowsSchema
from webapp.reports.workbook import workbook_of_month
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right

reports = Blueprint("reports", __name__)
FIRST_YEAR, LAST_YEAR = 2000, 2100


def month_called(text: str) -> Month:
    """The month of an address. Raises NotFound for anything but yyyy-mm within living memory."""
    try:
        found = Month.parse(text)
    except ValueError:
        found = Month(0, 1)
    if not FIRST_YEAR <= found.year <= LAST_YEAR or str(found) != text:
        raise NotFound(_("There is no month %(text)s. A month is written like 2026-11.", text=text))
    return found


@reports.get("/months/<month>")
@needs(Right.READ)
def month(month: str) -> Response:
    """The month on one page; every figure opens its records."""
    chosen = month_called(month)
    summary = build(current_site(), chosen, utc_now())
    return page("reports/month.html", summary=summary, month=chosen, words=words, charts=charts)


@reports.get("/months/<month>/rows/<figure>")
@needs(Right.READ)
def rows(month: str, figure: str) -> Response:
    """Exactly the records behind one figure, of one list or system where asked."""
    chosen = month_called(month)
    summary = build(current_site(), chosen, utc_now())
    found = behind(summary, chosen, figure, **load_query(RowsSchema()))
    return page("reports/rows.html", summary=summary, month=chosen, found=found, words=words)


@reports.get("/months/<month>.pdf")
@needs(Right.EXPORT)
def month_pdf(month: str) -> Response:
    """The month as the bureau files it."""
    chosen = month_called(month)
    summary = build(current_site(), chosen, utc_now())
    data = pdf_of_month(summary)
    _note_export(chosen, "pdf")
    return pdf_answer(data, words.file_name(summary, "pdf"))


@reports.get("/months/<month>.xlsx")
@needs(Right.EXPORT)
def month_xlsx(month: str) -> Response:
    """The month as a workbook."""
    chosen = month_called(month)
    summary = build(current_site(), chosen, utc_now())
    data = workbook_of_month(summary)
    _note_export(chosen, "xlsx")
    return table_answer(data, words.file_name(summary, "xlsx"), "xlsx")


@reports.post("/months/<month>/omissions")
@needs(Right.EXPLAIN)
def omissions(month: str) -> Response:
    """Why rows were left out: one reason for all that were chosen."""
    chosen = month_called(month)
    fields = load(OmissionSchema())
    with transaction():
        explain(
            current_site(),
            chosen,
            fields["asset"],
            fields["reason"],
            by=current_user,
            now=utc_now(),
            request_id=fields.get("id"),
        )
    return done(url_for("reports.month", month=str(chosen)))


def _note_export(month: Month, kind: str) -> None:
    """Taking a document out is logged (R126)."""
    site = current_site()
    with transaction():
        record(
            Verb.REPORT_EXPORTED,
            f"month:{site.id}:{month}",
            by=current_user.id,
            now=utc_now(),
            site_id=site.id,
            kind=kind,
        )
