"""The monthly inspection report with the summary of the month (R95, R11, R12), from the one object of the month."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from webapp.documents.fault_analysis import figures_table
from webapp.documents.findings_paper import findings_table
from webapp.documents.models import Kind
from webapp.documents.month_tables import (
    abnormal_table,
    addenda_table,
    comparison_table,
    contents_table,
    coverage_table,
    due_table,
    joint_test_table,
    missing_table,
    plan_table,
    returned_table,
    row_table,
    sheet_table,
    trend_chart,
)
from webapp.documents.paper import Block, Facts, Paper, Paragraph, Picture
from webapp.documents.parts import Frame, Numbering, appendix, both_sides
from webapp.kit.language import local
from webapp.reports.steps import MonthStep, StepKind
from webapp.reports.summary import MonthlySummary, Phase


def month_paper(summary: MonthlySummary, frame: Frame) -> Paper:
    """The report. A month that is not closed says so: its figures may still change."""
    head = Numbering()
    blocks: list[Block] = [
        Facts(_facts(summary, frame)),
        *_not_final(summary),
        head(_("Due and done")),
        due_table(summary),
        Paragraph(
            _(
                "Places are the vehicle, rooms and cabling; they are no rows of a list and counted apart. "
                "Percentages are rounded down."
            ),
            is_note=True,
        ),
        head(_("Coverage by system")),
        coverage_table(summary),
        head(_("The plan of the month")),
        *_plan(summary),
        head(_("Compared with last month")),
        *_compared(summary),
        head(_("Required contents")),
        contents_table(summary),
        *_advice(summary, frame),
        head(_("Abnormal items")),
        abnormal_table(summary, frame),
        head(_("Faults: what was done and what is planned")),
        findings_table(_("Faults"), summary.faults, summary, frame),
        *_fault_figures(summary, head),
        head(_("Hazards: what was done and what is planned")),
        findings_table(_("Hazards"), summary.hazards, summary, frame),
        head(_("Re-inspections")),
        returned_table(summary, frame),
        head(_("Rows and units left out")),
        missing_table(summary),
        *_joint_tests(summary, head),
        *_trends(summary, head),
        head(_("Comment of the provider")),
        Paragraph(summary.comment or _("None.")),
        *_addenda(summary, frame, head),
        head(_("Every row of the lists")),
        row_table(summary, frame),
        head(_("Signed sheets")),
        sheet_table(summary),
        Paragraph(_("The sheets themselves are attached: Inspection record sheets."), is_note=True),
        *_seal(summary, frame),
        _sides(summary, frame),
        *appendix(head, list(photos_of(summary, frame))),
    ]
    return frame.paper(Kind.REPORT, blocks, as_of=summary.as_of)


def photos_of(summary: MonthlySummary, frame: Frame) -> Iterable[Picture]:
    """Every photo of an abnormal item under what it shows."""
    for nth, item in enumerate(summary.abnormal, 1):
        for photo in item.photo_ids:
            words = [f"{item.name} {item.code}", local(item.item), frame.at_text(item.finished_at)]
            yield frame.picture(photo, _("Item %(n)s: %(words)s", n=nth, words=" · ".join(filter(None, words))))


def _facts(summary: MonthlySummary, frame: Frame) -> tuple[tuple[str, str], ...]:
    closing = summary.closing
    return (
        (_("State"), _state(summary)),
        (
            _("Closing of the month"),
            f"{frame.at_text(closing.at)} {closing.by}".strip() if closing else _("not closed"),
        ),
        *((_step_word(step), f"{frame.at_text(step.at)} {step.by}") for step in summary.steps),
    )


def _state(summary: MonthlySummary) -> str:
    if not summary.rows:
        return _("Nothing due")
    if summary.is_complete:
        return _("Month complete")
    words = {Phase.OVER: _("Month incomplete"), Phase.COMING: _("Not begun"), Phase.RUNNING: _("Month running")}
    return words[summary.phase]


def _step_word(step: MonthStep) -> str:
    late = f" ({_('late')})" if step.is_late else ""
    words = {
        StepKind.HANDED_IN: _("Handed in"),
        StepKind.RETURNED: _("Returned by the bureau"),
        StepKind.ACCEPTED: _("Accepted by the bureau"),
    }
    return words[step.kind] + late


def _not_final(summary: MonthlySummary) -> list[Block]:
    if summary.closing:
        return []
    return [Paragraph(_("This month is not closed. Its figures may still change."))]


def _plan(summary: MonthlySummary) -> list[Block]:
    if summary.plan is None:
        return [Paragraph(_("No approved plan for this month."))]
    return [plan_table(summary.plan)]


def _compared(summary: MonthlySummary) -> list[Block]:
    if summary.last_month is None:
        return [Paragraph(_("There is no month before to compare with."))]
    return [comparison_table(summary.last_month, summary.month)]


def _advice(summary: MonthlySummary, frame: Frame) -> list[Block]:
    if not summary.advice:
        return [Paragraph(_("Advice on the environment: none."))]
    lines = (
        f"{line.name}: {line.advice} ({line.technician}, {frame.at_text(line.finished_at)})" for line in summary.advice
    )
    return [Paragraph("\n".join([_("Advice on the environment"), *lines]))]


def _fault_figures(summary: MonthlySummary, head: Numbering) -> list[Block]:
    """Availability, timeliness and the rest (R79–R81); nothing for a month closed by an older version."""
    if summary.fault_figures is None:
        return []
    return [head(_("Figures about faults")), figures_table(summary.fault_figures)]


def _joint_tests(summary: MonthlySummary, head: Numbering) -> list[Block]:
    if not (summary.needs_joint_test or summary.joint_tests):
        return []
    return [head(_("Joint test")), joint_test_table(summary)]


def _trends(summary: MonthlySummary, head: Numbering) -> list[Block]:
    if not summary.trends:
        return []
    return [head(_("Readings that went out of their limits")), *(trend_chart(trend) for trend in summary.trends)]


def _addenda(summary: MonthlySummary, frame: Frame, head: Numbering) -> list[Block]:
    if not summary.closing:
        return []
    return [
        head(_("Addenda")),
        Paragraph(_("Arrived after the month was closed. Counted in no figure above."), is_note=True),
        addenda_table(summary, frame),
    ]


def _seal(summary: MonthlySummary, frame: Frame) -> list[Block]:
    closing = summary.closing
    return [frame.seal(closing.seal_number, closing.digest, closing.at)] if closing else []


def _sides(summary: MonthlySummary, frame: Frame) -> Block:
    """Who handed in and who accepted within the app; both still sign the paper."""
    said = {
        kind: [f"{_step_word(step)}: {step.by} {frame.at_text(step.at)}" for step in summary.steps if step.kind is kind]
        for kind in StepKind
    }
    return both_sides(frame, said[StepKind.HANDED_IN][-1:], said[StepKind.ACCEPTED][-1:])
