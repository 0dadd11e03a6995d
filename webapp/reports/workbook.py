"""The month as an Excel workbook: figures and records of the page, one sheet per kind. Numbers stay numbers."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.kit.language import local
from webapp.kit.spreadsheet import Cell, Sheet, xlsx_of
from webapp.reports import closing_words, review_words, words
from webapp.reports.comparison import Comparison
from webapp.reports.figures import signed_visits
from webapp.reports.plan_coverage import PlanCoverage
from webapp.reports.summary import FindingLine, MonthlySummary, Tally


def workbook_of_month(summary: MonthlySummary) -> bytes:
    """The workbook of a month: one sheet per kind of record, and the plan, comparison and steps where there are any."""
    return xlsx_of(
        [
            _summary(summary),
            _coverage(summary),
            _rows(summary),
            _abnormal(summary),
            _findings(summary, _("Faults"), summary.faults),
            _findings(summary, _("Hazards"), summary.hazards),
            _missing(summary),
            _joint_tests(summary),
            _sheets(summary),
            *([_plan(summary.plan)] if summary.plan else []),
            *([_compared(summary.last_month)] if summary.last_month else []),
            *([_steps(summary)] if summary.steps else []),
            *([_addenda(summary)] if summary.closing else []),
        ]
    )


def _summary(summary: MonthlySummary) -> Sheet:
    rows: list[list[Cell]] = [
        [_("Command centre"), summary.site_name, None],
        [_("Month"), summary.month, None],
        [_("Period"), words.day_span(summary.first, summary.last), None],
        [_("Data as of"), _at(summary, summary.as_of), None],
        *_closing_lines(summary),
        [_("Comment of the provider"), summary.comment, None],
        *_tally_lines(summary.total),
        [words.figure("places-due"), summary.places.due, _("places")],
        [words.figure("places-done"), summary.places.done, _("places")],
        [words.figure("places-explained"), summary.places.explained, _("places")],
        [words.figure("places-open"), summary.places.open, _("places")],
        [words.figure("inspections"), len(summary.standing), None],
        [words.figure("abnormal-items"), len(summary.abnormal), None],
        [words.figure("out-of-limits"), len(summary.out_of_limits), None],
        [words.figure("given-back"), sum(bool(line.return_reasons) for line in summary.inspections), None],
        [words.figure("faults"), sum(f.is_from_this_month for f in summary.faults), None],
        [words.figure("faults-open"), sum(f.is_open for f in summary.faults), None],
        [words.figure("hazards"), sum(f.is_from_this_month for f in summary.hazards), None],
        [words.figure("hazards-open"), sum(f.is_open for f in summary.hazards), None],
        *_fault_lines(summary),
        [words.figure("photos"), summary.photos, None],
        [words.figure("joint-tests"), len(summary.joint_tests), None],
    ]
    rows += [[f"{c.code} {words.content(c.code)}", c.inspections, _("inspections")] for c in summary.contents]
    return Sheet(_("Summary"), [_("Figure"), _("Value"), _("Unit")], rows)


def _closing_lines(summary: MonthlySummary) -> list[list[Cell]]:
    if summary.closing is None:
        return []
    return [
        [_("Closed on"), _at(summary, summary.closing.at), None],
        [_("Closed by"), summary.closing.by, None],
        [_("Seal"), summary.closing.digest, None],
        [_("Addenda"), len(summary.addenda), None],
    ]


def _fault_lines(summary: MonthlySummary) -> list[list[Cell]]:
    if summary.fault_figures is None:
        return []
    total = summary.fault_figures.total
    return [
        [_("Availability"), total.availability, "%"],
        [_("Timeliness"), total.timeliness, "%"],
        [_("Repeated faults"), total.repeats, None],
        [_("Mean time to repair"), total.mttr, _("minutes")],
        [_("Mean time between failures"), total.mtbf, _("minutes")],
    ]


def _tally_lines(tally: Tally) -> list[list[Cell]]:
    rows, units = _("rows"), _("units")
    return [
        [words.figure("due"), tally.due, rows],
        [words.figure("done"), tally.done, rows],
        [words.figure("explained"), tally.explained, rows],
        [words.figure("open"), tally.open, rows],
        [_("Coverage"), tally.row_percent, "%"],
        [words.figure("signed"), tally.signed, rows],
        [words.figure("abnormal"), tally.abnormal, rows],
        [words.figure("units-due"), tally.units_due, units],
        [words.figure("units-checked"), tally.units_checked, units],
        [words.figure("units-explained"), tally.units_explained, units],
        [words.figure("units-open"), tally.units_open, units],
        [_("Coverage"), tally.unit_percent, "%"],
    ]


def _coverage(summary: MonthlySummary) -> Sheet:
    columns = [
        _("List"), _("System"), _("Rows due"), _("Rows inspected"), _("Left out, reason given"),
        words.open_word(summary.phase), _("Coverage") + " %", _("Units due"), _("Units checked"), _("Signed rows"),
        _("Abnormal rows"),
    ]  # fmt: skip
    rows = [_coverage_line(line.name, system.name, system.tally) for line in summary.lines for system in line.systems]
    rows.append(_coverage_line(_("Total"), "", summary.total))
    rows.append(_coverage_line(_("Places"), "", summary.places))
    return Sheet(_("Coverage"), columns, rows)


def _coverage_line(line: str, system: str, tally: Tally) -> list[Cell]:
    return [
        line, system, tally.due, tally.done, tally.explained, tally.open, tally.row_percent, tally.units_due,
        tally.units_checked, tally.signed, tally.abnormal,
    ]  # fmt: skip


def _rows(summary: MonthlySummary) -> Sheet:
    columns = [
        _("List"), _("System"), _("Printed number"), _("Code"), _("Device"), _("Model"), _("Location"), _("Units"),
        _("Units checked"), _("State"), _("Inspected at"), _("Technician"), _("Sealed"), _("Reason"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            row.line_number, row.system_name, row.printed_number, row.code, row.name, row.model, row.location,
            row.units, row.units_checked, words.state(row, summary.phase)[1], _at(summary, row.finished_at),
            row.technician, _("yes") if row.is_signed else _("no"), row.reason,
        ]
        for row in summary.rows
    ]  # fmt: skip
    return Sheet(_("Rows"), columns, rows)


def _abnormal(summary: MonthlySummary) -> Sheet:
    columns = [
        _("Code"), _("Device"), _("Item"), _("What was found"), _("Limits"), _("Reason"), _("Handling"),
        _("Record number"), _("Inspected at"), _("Photos"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            item.code, item.name, local(item.item), local(item.shown), words.limits(item), item.why,
            words.remedy(item.remedy)[1], item.finding_number, _at(summary, item.finished_at), len(item.photo_ids),
        ]
        for item in summary.abnormal
    ]  # fmt: skip
    return Sheet(_("Abnormal"), columns, rows)


def _findings(summary: MonthlySummary, title: str, lines: tuple[FindingLine, ...]) -> Sheet:
    columns = [
        _("Number"), _("Code"), _("Device"), _("Item"), _("Level"), _("Description"), _("Reported at"), _("State"),
        _("Closed at"), _("Reason of closing"), _("Handling"), _("Next steps"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            line.number, line.code, line.asset, line.item, local(summary.level_words(line.level)), line.text,
            _at(summary, line.reported_at), _("open") if line.is_open else _("closed"), _at(summary, line.closed_at),
            line.closing_reason, line.handling, line.next_steps,
        ]
        for line in lines
    ]  # fmt: skip
    return Sheet(title, columns, rows)


def _missing(summary: MonthlySummary) -> Sheet:
    columns = [
        _("List"),
        _("System"),
        _("Code"),
        _("Device"),
        _("Units missing"),
        _("State"),
        _("Reason"),
        _("Given by"),
    ]
    rows: list[list[Cell]] = [
        [
            row.line_number, row.system_name, row.code, row.name, row.units - row.units_checked,
            words.state(row, summary.phase)[1], row.reason, row.reason_by,
        ]
        for row in words.missing(summary)
    ]  # fmt: skip
    return Sheet(_("Missing rows"), columns, rows)


def _joint_tests(summary: MonthlySummary) -> Sheet:
    columns = [_("Number"), _("Day"), _("Technician"), _("Result"), _("Seal")]
    rows: list[list[Cell]] = [
        [test.number, test.day, test.technician, words.result(test.result)[1], test.digest]
        for test in summary.joint_tests
    ]
    return Sheet(_("Joint tests"), columns, rows)


def _sheets(summary: MonthlySummary) -> Sheet:
    columns = [_("Day"), _("Technician"), _("Inspections")]
    rows: list[list[Cell]] = [
        [review_words.sheet(each.day, each.number), each.technician, each.inspections]
        for each in signed_visits(summary)
    ]
    return Sheet(_("Signed sheets"), columns, rows)


def _plan(plan: PlanCoverage) -> Sheet:
    columns = [
        _("List"), _("System"), _("Code"), _("Device"), _("Planned day"), _("Technician"), _("State"), _("Done on"),
        _("Reason"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            line.line_number, line.system_name, line.code, line.name, line.day, line.technician,
            review_words.plan_state(line.state)[1], line.done_on, line.reason,
        ]
        for line in plan.lines
    ]  # fmt: skip
    return Sheet(_("Plan"), columns, rows)


def _compared(comparison: Comparison) -> Sheet:
    columns = [_("Figure"), _("Last month"), _("This month"), _("Difference"), _("Unit")]
    rows: list[list[Cell]] = [
        [review_words.compared(line), line.before, line.now, line.change, line.unit or None]
        for line in comparison.lines
    ]
    return Sheet(_("Comparison"), columns, rows)


def _steps(summary: MonthlySummary) -> Sheet:
    columns = [_("Step"), _("Who"), _("When"), _("Late"), _("Remark")]
    rows: list[list[Cell]] = [
        [
            review_words.step(each)[1], each.by, _at(summary, each.at), _("yes") if each.is_late else _("no"),
            each.comment,
        ]
        for each in summary.steps
    ]  # fmt: skip
    return Sheet(_("Steps"), columns, rows)


def _addenda(summary: MonthlySummary) -> Sheet:
    columns = [
        _("No."), _("Kind"), _("About"), _("Number"), _("Who"), _("Done at"), _("Received at"), _("To be looked at"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            place, closing_words.kind(each), closing_words.subject(each), closing_words.number(each), each.person,
            _at(summary, each.done_at), _at(summary, each.received_at), words.joined(closing_words.flags(each)),
        ]
        for place, each in enumerate(summary.addenda, 1)
    ]  # fmt: skip
    return Sheet(_("Addenda"), columns, rows)


def _at(summary: MonthlySummary, moment: datetime | None) -> datetime | None:
    """A moment on the wall clock of the command centre, as the workbook shows it."""
    return moment.astimezone(ZoneInfo(summary.timezone)) if moment else None
