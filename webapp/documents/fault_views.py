"""Doors of the papers about one fault (R53, R97): PDF and Word, as of this moment; they are not kept."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, make_response
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.documents.collect import Material, write
from webapp.documents.equipment_report import equipment_report
from webapp.documents.fault_analysis import Analysed, fault_paper
from webapp.documents.fault_material import analysed
from webapp.documents.models import Format
from webapp.documents.paper import Paper
from webapp.documents.parts import Frame
from webapp.documents.views import MEDIA_TYPES, attached
from webapp.extensions import db
from webapp.faults.gathering import facts_among
from webapp.faults.models import FindingKind
from webapp.faults.queries import finding_for
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.pdf import pdf_answer
from webapp.kit.problems import NotFound
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.access import needs_somewhere
from webapp.sites.models import Site
from webapp.sites.rules import Right

faultpapers = Blueprint("faultpapers", __name__)


@faultpapers.get("/faults/<uuid:finding_id>/report.pdf")
@needs_somewhere(Right.EXPORT)
def pdf(finding_id: uuid.UUID) -> Response:
    """The analysis report as PDF (R97)."""
    return _answer(finding_id, fault_paper, Format.PDF)


@faultpapers.get("/faults/<uuid:finding_id>/report.docx")
@needs_somewhere(Right.EXPORT)
def docx(finding_id: uuid.UUID) -> Response:
    """The analysis report for Word (R97)."""
    return _answer(finding_id, fault_paper, Format.DOCX)


@faultpapers.get("/faults/<uuid:finding_id>/equipment.pdf")
@needs_somewhere(Right.EXPORT)
def equipment_pdf(finding_id: uuid.UUID) -> Response:
    """The equipment fault report as PDF (R53, R62)."""
    return _answer(finding_id, equipment_report, Format.PDF)


@faultpapers.get("/faults/<uuid:finding_id>/equipment.docx")
@needs_somewhere(Right.EXPORT)
def equipment_docx(finding_id: uuid.UUID) -> Response:
    """The equipment fault report for Word (R53, R62)."""
    return _answer(finding_id, equipment_report, Format.DOCX)


def _answer(finding_id: uuid.UUID, build: Callable[[Analysed, Frame], Paper], form: Format) -> Response:
    """A paper about a fault, in Chinese as all papers; taking it out is logged (R126)."""
    by: Person = current_user._get_current_object()
    now = utc_now()
    finding = finding_for(by, finding_id, Right.EXPORT)
    if finding.kind != FindingKind.FAULT:
        raise NotFound(_("There is a report for faults only."))
    site = db.session.get_one(Site, finding.site_id)
    month = Month.of(local_day(finding.reported_at, site.timezone))
    with force_locale("zh"), tempfile.TemporaryDirectory() as folder:
        fault = analysed(facts_among(site.id, [finding.id]), now, channel=finding.channel)[0]
        paper = build(fault, Material(site, month, by=by, now=now, folder=Path(folder)).frame(1, []))
        target = Path(folder) / f"report.{form.value}"
        write(paper, form, target)
        data, name = target.read_bytes(), f"{finding.number}_{paper.title}.{form.value}"
    with transaction():
        record(Verb.REPORT_EXPORTED, f"finding:{finding_id}", by=by.id, now=now, site_id=site.id, kind=form.value)
    if form is Format.PDF:
        return pdf_answer(data, name)
    answer = make_response(data)
    answer.mimetype = MEDIA_TYPES[form]
    return attached(answer, name)
