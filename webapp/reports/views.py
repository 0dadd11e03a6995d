"""Doors of the month: its page, the records behind each figure, PDF and Excel, reasons for rows left out."""

from __future__ import annotations

from typing import Any

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
from webapp.kit.problems import Invalid, NotFound
from webapp.kit.respond import done, page
from webapp.kit.spreadsheet import table_answer
from webapp.kit.transaction import transaction
from webapp.reports import closing_words, fault_figures_words, review_words, words
from webapp.reports.actions import explain
from webapp.reports.closing import close, is_accepted, shown
from webapp.reports.closing_queries import unsent_of
from webapp.reports.drill import behind
from webapp.reports.figures import signed_visits, unsigned_visits
from webapp.reports.paper import pdf_of_month
from webapp.reports.schemas import ClosingSchema, OmissionSchema, RowsSchema
from webapp.reports.summary import Phase
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
    """The month on one page; every figure opens its records. A closed month as it was closed, with its addenda."""
    chosen = month_called(month)
    summary = shown(current_site(), chosen, utc_now())
    context: dict[str, Any] = {
        "words": words,
        "closing_words": closing_words,
        "review_words": review_words,
        "fault_words": fault_figures_words,
        "charts": charts,
        "sheets": signed_visits(summary),
    }
    is_open = summary.closing is None and summary.phase is not Phase.COMING
    unsent = unsent_of(current_site(), chosen) if is_open else []
    return page("reports/month.html", summary=summary, month=chosen, unsent=unsent, **context)


@reports.get("/months/<month>/rows/<figure>")
@needs(Right.READ)
def rows(month: str, figure: str) -> Response:
    """Exactly the records behind one figure, of one list or system where asked."""
    chosen = month_called(month)
    summary = shown(current_site(), chosen, utc_now())
    found = behind(summary, figure, **load_query(RowsSchema()))
    said: dict[str, Any] = {"words": words, "review_words": review_words}
    return page("reports/rows.html", summary=summary, month=chosen, found=found, **said)


@reports.get("/months/<month>.pdf")
@needs(Right.EXPORT)
def month_pdf(month: str) -> Response:
    """The month as the bureau files it."""
    chosen = month_called(month)
    summary = shown(current_site(), chosen, utc_now())
    data = pdf_of_month(summary)
    _note_export(chosen, "pdf")
    return pdf_answer(data, words.file_name(summary, "pdf"))


@reports.get("/months/<month>.xlsx")
@needs(Right.EXPORT)
def month_xlsx(month: str) -> Response:
    """The month as a workbook."""
    chosen = month_called(month)
    summary = shown(current_site(), chosen, utc_now())
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


@reports.get("/months/<month>/closing")
@needs(Right.CLOSE_MONTH)
def closing(month: str) -> Response:
    """What is missing, unsigned and known to be still out, before the month is closed."""
    return _closing_page(month_called(month))


@reports.post("/months/<month>/closing")
@needs(Right.CLOSE_MONTH)
def close_month(month: str) -> Response:
    """Closes and seals the month."""
    chosen, fields = month_called(month), load(ClosingSchema())
    try:
        with transaction():
            by = current_user._get_current_object()
            close(current_site(), chosen, **fields, must_be_accepted=True, by=by, now=utc_now())
    except Invalid as problem:
        return _closing_page(chosen, problem, fields["reason"])
    return done(url_for("reports.month", month=str(chosen)))


def _closing_page(month: Month, problem: Invalid | None = None, reason: str = "") -> Response:
    summary = shown(current_site(), month, utc_now())
    return page(
        "reports/closing.html",
        problem.status if problem else 200,
        summary=summary,
        month=month,
        words=words,
        review_words=review_words,
        is_accepted=is_accepted(summary),
        unsigned=unsigned_visits(summary),
        unsent=unsent_of(current_site(), month),
        reason=reason,
        problem=problem.message if problem else None,
        problems=problem.fields if problem else {},
    )


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
