"""How documents speak on their page: states, sizes, progress, problems."""

from __future__ import annotations

from decimal import Decimal

from flask_babel import gettext as _

from webapp.documents.actions import DIED
from webapp.documents.models import Document, DocumentJob, Format, Kind, Outcome
from webapp.documents.parts import name_of
from webapp.documents.worker import FAILED
from webapp.plans.planned import PlannedMonth, PlanStatus
from webapp.reports.summary import MonthlySummary


def format_word(form: str) -> str:
    """What a format is called."""
    return {"pdf": "PDF", "docx": "Word", "xlsx": "Excel", "html": _("Web page"), "zip": "ZIP"}[form]


def about(kind: Kind) -> str:
    """What a document holds, in a sentence."""
    texts = {
        Kind.PLAN: _("Days, devices, staff and supervisors of this month."),
        Kind.REPORT: _("Coverage, abnormal items with photos, faults and hazards, comparison, every row."),
        Kind.SHEETS: _("The record sheets of all visits with their signatures."),
        Kind.JOINT_TEST: _("Links, levels, rates and grades beside those of last month."),
        Kind.HAZARDS: _("Hazards with their age, for the bureau to agree to."),
        Kind.FAULTS: _("Each fault with cause, responsibility and lessons; figures; what is not repaired."),
        Kind.MAINTENANCE: _("Faults handled and not repaired yet, causes, timeliness."),
        Kind.BUNDLE: _("All documents, sealed records, photos and a checker in one ZIP, to be verified by anybody."),
    }
    return texts[kind]


def state(rows: list[Document], *, is_closed: bool) -> tuple[str, str]:
    """Mark and word of the newest version."""
    if not rows:
        return "todo", _("Not made yet")
    if rows[0].is_final:
        return "ok", _("Final")
    return ("warn", _("Made before the month was closed")) if is_closed else ("info", _("Not final yet"))


def lacking(kind: Kind, summary: MonthlySummary, plan: PlannedMonth) -> str:
    """What makes a document of little use today; empty where nothing does."""
    if kind is Kind.PLAN and plan.status is PlanStatus.NONE:
        return _("No plan was drafted for this month.")
    if kind is Kind.PLAN and plan.status is not PlanStatus.APPROVED:
        return _("The plan is not approved yet.")
    if kind is Kind.REPORT and summary.untold:
        return _("Handling or plan is not written down for every fault and hazard.")
    if kind is Kind.JOINT_TEST and summary.needs_joint_test and not summary.joint_tests:
        return _("No joint test in this month.")
    return ""


def size(count: int) -> str:
    """4 kB, 1.2 MB."""
    if count < 1_000_000:
        return f"{max(1, count // 1000)} kB"
    return f"{(Decimal(count) / 1_000_000).quantize(Decimal('0.1'))} MB"


def step(job: DocumentJob) -> str:
    """What is being made: 月度巡检报告, Word."""
    kind, _dot, form = job.step.partition(".")
    return f"{name_of(Kind(kind))}, {format_word(form)}" if form else ""


def problem(job: DocumentJob) -> str:
    """Why a job failed."""
    if job.outcome != Outcome.FAILED:
        return ""
    texts = {
        DIED: _("The server was stopped while it worked on this. Please start it again."),
        FAILED: _("Something went wrong. Please start it again; if it fails again, tell your administrator."),
    }
    return texts.get(job.problem, job.problem)


def formats(rows: list[Document]) -> list[Document]:
    """The formats of one version in the order in which people want them."""
    order = list(Format)
    return sorted(rows, key=lambda row: order.index(Format(row.format)))
