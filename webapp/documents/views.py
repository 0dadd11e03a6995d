"""Doors of documents: the page of a month, making them, how far it is, taking them out, the names of the parties."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, make_response, send_file, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.documents import actions, words, worker
from webapp.documents.collect import Material, write
from webapp.documents.models import Format, Kind, Outcome
from webapp.documents.parts import file_name_of, name_of
from webapp.documents.queries import document_for, job_of, parties_of, shelf_of
from webapp.documents.rules import is_dead
from webapp.documents.schemas import AskSchema, PartiesSchema
from webapp.files.store import store
from webapp.kit import charts
from webapp.kit.clock import Month, utc_now
from webapp.kit.intake import load
from webapp.kit.problems import NotFound
from webapp.kit.respond import done, page, respond
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.plans.planned import planned_month
from webapp.reports.closing import shown
from webapp.reports.views import month_called
from webapp.sites.access import current_site, needs, needs_somewhere
from webapp.sites.models import Site
from webapp.sites.rules import Right

documents = Blueprint("documents", __name__)
MEDIA_TYPES = {
    Format.PDF: "application/pdf",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.HTML: "text/html; charset=utf-8",
    Format.ZIP: "application/zip",
}


@documents.context_processor
def _words() -> dict[str, Any]:
    return {"say": words, "name_of": name_of, "Kind": Kind, "charts": charts}


@documents.get("/documents/<month>")
@needs(Right.EXPORT)
def index(month: str) -> Response:
    """All documents of a month with their formats and versions, and the job that makes them."""
    chosen, site, now = month_called(month), current_site(), utc_now()
    summary = shown(site, chosen, now)
    return page(
        "documents/index.html",
        month=chosen,
        shelf=shelf_of(site.id, chosen),
        summary=summary,
        plan=planned_month(site, chosen, now),
        parties=parties_of(site.id),
        **_job_of(site, chosen),
    )


@documents.post("/documents/<month>/jobs")
@needs(Right.EXPORT)
def make(month: str) -> Response:
    """Begins to make documents; while one job of the month runs, a second one is not begun."""
    chosen, site = month_called(month), current_site()
    kinds = [Kind(kind) for kind in load(AskSchema())["kind"]]
    with transaction():
        job, is_new = actions.ask(site, chosen, kinds, by=current_user, now=utc_now())
        job_id = job.id
    if is_new:
        worker.start(job_id)
    return done(url_for("documents.index", month=str(chosen)))


@documents.get("/documents/<month>/progress")
@needs(Right.EXPORT)
def progress(month: str) -> Response:
    """How far the job is; the page asks again until it has ended."""
    chosen = month_called(month)
    found = _job_of(current_site(), chosen)
    answer = respond("documents/progress.html", "documents/_progress.html", month=chosen, **found)
    if found["is_ended"]:
        answer.headers["HX-Refresh"] = "true"
    return answer


@documents.get("/documents/files/<uuid:document_id>")
@needs_somewhere(Right.EXPORT)
def take(document_id: uuid.UUID) -> Response:
    """One document, piece by piece; noted in the log."""
    document, site = document_for(current_user, document_id)
    try:
        path = store().file(document.sha256)
    except FileNotFoundError:
        raise NotFound(_("The bytes of this document are missing. Please tell your administrator.")) from None
    form, name, month = Format(document.format), document.file_name, Month.parse(document.month)
    with transaction():
        actions.note_exported(
            site, month, form.value, by=current_user, now=utc_now(), document=str(document_id), sha256=document.sha256
        )
    return attached(send_file(path, MEDIA_TYPES[form]), name)


@documents.get("/months/<month>.docx")
@needs(Right.EXPORT)
def month_docx(month: str) -> Response:
    """The monthly inspection report for Word, as of this moment; it is not kept."""
    chosen, site, now = month_called(month), current_site(), utc_now()
    by: Person = current_user._get_current_object()
    version = actions.next_version(site.id, chosen, Kind.REPORT)
    with force_locale("zh"), tempfile.TemporaryDirectory() as folder:
        material = Material(site, chosen, by=by, now=now, folder=Path(folder))
        write(material.paper(Kind.REPORT, version), Format.DOCX, Path(folder) / "month.docx")
        data = (Path(folder) / "month.docx").read_bytes()
        name = file_name_of(parties_of(site.id).client or site.name, chosen, Kind.REPORT, "docx")
    with transaction():
        actions.note_exported(current_site(), chosen, "docx", by=current_user, now=now)
    answer = make_response(data)
    answer.mimetype = MEDIA_TYPES[Format.DOCX]
    return attached(answer, name)


@documents.post("/documents/<month>/parties")
@needs(Right.HAND_IN_MONTH)
def name_parties(month: str) -> Response:
    """How client and provider are called on documents made from now on."""
    chosen, fields = month_called(month), load(PartiesSchema())
    with transaction():
        actions.name_parties(current_site(), **fields, by=current_user, now=utc_now())
    return done(url_for("documents.index", month=str(chosen)))


def _job_of(site: Site, month: Month) -> dict[str, Any]:
    """The job of a month as the page shows it. One whose process died is shown as failed, whoever looks."""
    job = job_of(site.id, month)
    is_running = job is not None and job.slot is not None and not is_dead(job.beat_at, utc_now())
    has_died = job is not None and job.slot is not None and not is_running
    return {
        "job": job,
        "is_running": is_running,
        "is_ended": not is_running,
        "has_failed": has_died or (job is not None and job.outcome == Outcome.FAILED),
        "has_died": has_died,
    }


def attached(answer: Response, name: str) -> Response:
    """The answer as a file to keep, under a Chinese name; nothing in it may run in a browser."""
    plain = f"document{Path(name).suffix}"  # for clients that read no Chinese
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
