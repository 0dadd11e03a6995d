"""Doors of the report about one fault (R97): PDF and Word, as of this moment; it is not kept."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path

from flask import Blueprint, make_response
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.documents.collect import Material, write
from webapp.documents.fault_analysis import fault_paper
from webapp.documents.fault_material import analysed
from webapp.documents.models import Format
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
    """The report as PDF."""
    data, name = _report(finding_id, Format.PDF)
    return pdf_answer(data, name)


@faultpapers.get("/faults/<uuid:finding_id>/report.docx")
@needs_somewhere(Right.EXPORT)
def docx(finding_id: uuid.UUID) -> Response:
    """The report for Word."""
    data, name = _report(finding_id, Format.DOCX)
    answer = make_response(data)
    answer.mimetype = MEDIA_TYPES[Format.DOCX]
    return attached(answer, name)


def _report(finding_id: uuid.UUID, form: Format) -> tuple[bytes, str]:
    """Bytes and file name, in Chinese as all papers; taking it out is logged (R126)."""
    by: Person = current_user._get_current_object()
    now = utc_now()
    finding = finding_for(by, finding_id, Right.EXPORT)
    if finding.kind != FindingKind.FAULT:
        raise NotFound(_("There is a report for faults only."))
    site = db.session.get_one(Site, finding.site_id)
    month = Month.of(local_day(finding.reported_at, site.timezone))
    fault = analysed(facts_among(site.id, [finding.id]), now)[0]
    with force_locale("zh"), tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"report.{form.value}"
        write(fault_paper(fault, Material(site, month, by=by, now=now, folder=Path(folder)).frame(1, [])), form, target)
        data, name = target.read_bytes(), f"{finding.number}_{_('Fault analysis report')}.{form.value}"
    with transaction():
        subject = f"finding:{finding_id}"
        record(Verb.REPORT_EXPORTED, subject, by=by.id, now=now, site_id=site.id, kind=form.value)
    return data, name
