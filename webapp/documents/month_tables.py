"""The tables of the monthly inspection report, each from the object of the month."""

from __future__ import annotations

from collections import Counter

from flask_babel import gettext as _

from webapp.documents.paper import Align, Chart, Column, RowStyle, Table, TableRow, plain_rows
from webapp.documents.parts import Frame
from webapp.documents.plan_paper import state_word
from webapp.kit import charts
from webapp.kit.language import local
from webapp.plans.planned import LineState
from webapp.reports import closing_words, words
from webapp.reports.comparison import Comparison
from webapp.reports.plan_coverage import PlanCoverage, PlanTally
from webapp.reports.review_words import compared
from webapp.reports.summary import MonthlySummary, Tally, Trend

R = Align.RIGHT


def due_table(summary: MonthlySummary) -> Table:
    """Rows, units and places: due = inspected + left out with a reason + open (R1, R2)."""
    columns = (
        Column("", 12),
        Column(_("Due this month"), 10, R),
        Column(_("Inspected"), 10, R),
        Column(_("Left out, reason given"), 12, R),
        Column(words.open_word(summary.phase), 12, R),
        Column(_("Coverage") + " %", 10, R),
        Column(_("Signed rows"), 10, R),
        Column(_("Abnormal rows"), 10, R),
    )
    t, p = summary.total, summary.places
    return Table(
        _("Due and done"),
        columns,
        plain_rows(
            (_("Rows"), t.due, t.done, t.explained, t.open, t.row_percent, t.signed, t.abnormal),
            (_("Units"), t.units_due, t.units_checked, t.units_explained, t.units_open, t.unit_percent, None, None),
            (_("Places"), p.due, p.done, p.explained, p.open, p.row_percent, p.signed, p.abnormal),
        ),
    )


def coverage_table(summary: MonthlySummary) -> Table:
    """List by list, system by system."""
    columns = (
        Column(_("System"), 26),
        Column(_("Rows due"), 9, R),
        Column(_("Rows inspected"), 10, R),
        Column(_("Coverage") + " %", 9, R),
        Column(_("Units due"), 9, R),
        Column(_("Units checked"), 10, R),
        Column(_("Signed rows"), 9, R),
        Column(_("Abnormal rows"), 9, R),
    )

    def row(name: str, t: Tally, style: RowStyle = RowStyle.PLAIN) -> TableRow:
        figures = (t.due, t.done, t.row_percent, t.units_due, t.units_checked, t.signed, t.abnormal)
        return TableRow((name, *figures), style)

    rows: list[TableRow] = []
    for line in summary.lines:
        name = f"{_('List %(number)s', number=words.list_number(line.number))} {line.name}"
        if not line.tally.due:
            span = words.day_span(line.starts_on, line.ends_on)
            name = f"{name} ({_('not in service in this month, %(span)s', span=span)})"
        rows.append(TableRow((name,), RowStyle.GROUP))
        rows += [row(system.name, system.tally) for system in line.systems]
    rows.append(row(_("Total"), summary.total, RowStyle.TOTAL))
    return Table(_("Coverage by system"), columns, tuple(rows))


def plan_table(plan: PlanCoverage) -> Table:
    """Planned = sum of states, in all, per list and per system."""
    columns = (
        Column(_("List / system"), 24),
        Column(_("Planned"), 8, R),
        *(Column(state_word(state), 8, R) for state in LineState),
    )

    def row(name: str, tally: PlanTally, style: RowStyle = RowStyle.PLAIN) -> TableRow:
        return TableRow((name, tally.planned, *(tally.count(state.value) for state in LineState)), style)

    rows = [row(_("List %(number)s", number=words.list_number(number)), tally) for number, tally in plan.by_list]
    rows += [row(name, tally) for _number, name, tally in plan.by_system]
    return Table(_("The plan of the month"), columns, (*rows, row(_("Total"), plan.total, RowStyle.TOTAL)))


def comparison_table(comparison: Comparison, month: str) -> Table:
    """Last month, this month, the change."""
    columns = (
        Column(_("Figure"), 30),
        Column(comparison.month, 14, R),
        Column(month, 14, R),
        Column(_("Difference"), 14, R),
        Column(_("Unit"), 8, Align.CENTRE),
    )
    lines = ((compared(line), line.before, line.now, line.change, line.unit) for line in comparison.lines)
    return Table(_("Compared with last month"), columns, plain_rows(*lines))


def contents_table(summary: MonthlySummary) -> Table:
    """What the contract asks of a month and the records that cover it (R12, R18)."""
    columns = (
        Column(_("Content"), 50),
        Column(_("Inspections"), 12, R),
        Column(_("Answers"), 12, R),
        Column(_("State"), 14, Align.CENTRE),
    )
    rows = plain_rows(
        *(
            (
                f"{content.code} {words.content(content.code)}",
                content.inspections,
                content.answers,
                _("covered") if content.is_covered else _("not covered"),
            )
            for content in summary.contents
        )
    )
    return Table(_("Required contents"), columns, rows)


def abnormal_table(summary: MonthlySummary, frame: Frame) -> Table:
    """Every abnormal item; its photos are in the appendix under the same number."""
    columns = (
        Column(_("No."), 5, Align.CENTRE),
        Column(_("Device"), 19),
        Column(_("Item and finding"), 25),
        Column(_("Reason"), 20),
        Column(_("Handling"), 13),
        Column(_("Inspected at"), 13),
        Column(_("Photos"), 6, R),
    )
    rows = plain_rows(
        *(
            (
                nth,
                f"{item.name}\n{item.code}",
                "\n".join(filter(None, [local(item.item), local(item.shown), words.limits(item)])),
                item.why,
                f"{words.remedy(item.remedy)[1]} {item.finding_number}".strip(),
                frame.at_text(item.finished_at),
                len(item.photo_ids),
            )
            for nth, item in enumerate(summary.abnormal, 1)
        )
    )
    return Table(_("Abnormal items"), columns, rows, _("None."))


def returned_table(summary: MonthlySummary, frame: Frame) -> Table:
    """What the bureau sent back and whether it was done again (R7)."""
    columns = (
        Column(_("Device"), 28),
        Column(_("Technician"), 10),
        Column(_("Inspected at"), 14),
        Column(_("Sent back because"), 30),
        Column(_("State"), 14),
    )
    rows = plain_rows(
        *(
            (
                f"{line.name} {line.code}",
                line.technician,
                frame.at_text(line.finished_at),
                words.joined(line.return_reasons),
                _("done again") if line.is_superseded else _("not done again yet"),
            )
            for line in summary.inspections
            if line.return_reasons
        )
    )
    return Table(_("Re-inspections"), columns, rows, _("None."))


def missing_table(summary: MonthlySummary) -> Table:
    """Rows and units left out, with the reason (R1, R2)."""
    columns = (
        Column(_("Code"), 14),
        Column(_("Device"), 28),
        Column(_("Units missing"), 12, R),
        Column(_("Reason"), 30),
        Column(_("Given by"), 12),
    )
    rows = plain_rows(
        *(
            (
                row.code,
                row.name,
                f"{row.units - row.units_checked} / {row.units}",
                row.reason or words.open_word(summary.phase),
                row.reason_by,
            )
            for row in words.missing(summary)
        )
    )
    return Table(_("Rows left out"), columns, rows, _("None."))


def joint_test_table(summary: MonthlySummary) -> Table:
    """The joint tests of the month (R24); the reports are documents of their own."""
    columns = (
        Column(_("Number"), 20),
        Column(_("Day"), 12),
        Column(_("Technician"), 12),
        Column(_("Result"), 16),
        Column(_("Seal"), 30),
    )
    rows = plain_rows(
        *(
            (
                test.number,
                test.day.isoformat(),
                test.technician,
                words.result(test.result)[1],
                test.digest[:16] or _("not signed"),
            )
            for test in summary.joint_tests
        )
    )
    return Table(_("Joint tests"), columns, rows, _("No joint test in this month."))


def row_table(summary: MonthlySummary, frame: Frame) -> Table:
    """Every row that was due and what became of it."""
    columns = (
        Column(_("No."), 6, Align.CENTRE),
        Column(_("Code"), 13),
        Column(_("Device"), 24),
        Column(_("Model"), 16),
        Column(_("Units"), 8, R),
        Column(_("State"), 14),
        Column(_("Inspected at"), 12),
        Column(_("Technician"), 9),
    )
    rows: list[TableRow] = []
    group = None
    for row in summary.rows:
        if group != (row.line_number, row.system_name):
            group = (row.line_number, row.system_name)
            text = f"{_('List %(number)s', number=words.list_number(row.line_number))} {row.system_name}"
            rows.append(TableRow((text,), RowStyle.GROUP))
        rows.append(
            TableRow(
                (
                    row.printed_number,
                    row.code,
                    row.name,
                    row.model,
                    f"{row.units_checked} / {row.units}",
                    words.state(row, summary.phase)[1],
                    frame.at_text(row.finished_at),
                    row.technician,
                )
            )
        )
    return Table(_("Rows"), columns, tuple(rows), _("Nothing due"))


def sheet_table(summary: MonthlySummary) -> Table:
    """The sheets of the month and whether they are signed."""
    columns = (
        Column(_("Day"), 14),
        Column(_("Technician"), 16),
        Column(_("Sheet"), 10, Align.CENTRE),
        Column(_("Inspections"), 12, R),
        Column(_("State"), 16),
    )
    sheets = Counter((one.visit_day, one.technician, one.visit_number, one.is_sealed) for one in summary.inspections)
    rows = [
        (day.isoformat(), technician, number, count, _("sealed") if is_sealed else _("not signed"))
        for (day, technician, number, is_sealed), count in sorted(sheets.items())
    ]
    return Table(_("Signed sheets"), columns, plain_rows(*rows), _("None."))


def addenda_table(summary: MonthlySummary, frame: Frame) -> Table:
    """What arrived after the closing."""
    columns = (
        Column(_("No."), 5, Align.CENTRE),
        Column(_("Kind"), 16),
        Column(_("About"), 26),
        Column(_("Who"), 10),
        Column(_("Done at"), 14),
        Column(_("Received at"), 14),
    )
    rows = plain_rows(
        *(
            (
                nth,
                closing_words.kind(each),
                f"{closing_words.subject(each)} {closing_words.number(each)}".strip(),
                each.person,
                frame.at_text(each.done_at),
                frame.at_text(each.received_at),
            )
            for nth, each in enumerate(summary.addenda, 1)
        )
    )
    return Table(_("Addenda"), columns, rows, _("None."))


def trend_chart(trend: Trend) -> Chart:
    """A reading that went out of its limits, over the months."""
    name = f"{trend.asset}: {local(trend.item)}"
    limits = words.limits(trend)
    caption = f"{name} ({limits})" if limits else name
    points, label = words.points(trend), local(trend.item)
    drawing = charts.trend(points, low=trend.low, high=trend.high, label=label, unit=trend.unit)
    columns = (Column(_("Month"), 30), Column(f"{local(trend.item)} {trend.unit}".strip(), 30, R))
    return Chart(caption, drawing, Table(name, columns, plain_rows(*points)))
