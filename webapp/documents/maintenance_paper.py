"""Maintenance and analysis tables of a month (R98): faults handled, causes, what is not repaired, timeliness (R40)."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from webapp.documents.fault_analysis import Analysed
from webapp.documents.findings_paper import done_text
from webapp.documents.models import Kind
from webapp.documents.paper import Align, Block, Column, Paper, Paragraph, RowStyle, Table, TableRow, plain_rows
from webapp.documents.parts import Frame, Numbering, both_sides
from webapp.faults.clocks import Clock, ClockName
from webapp.faults.words import cause_name, time_span
from webapp.kit.language import local
from webapp.reports.rules import percent
from webapp.reports.summary import FindingLine, MonthlySummary


@dataclass(frozen=True)
class Upkeep:
    """What the tables need beside the summary: the faults of the month with their clocks, by id."""

    faults: Mapping[uuid.UUID, Analysed]

    def handling(self, line: FindingLine) -> Clock | None:
        """The contract's clock of handling: the one that the fault's own page shows (R40, R41)."""
        fault = self.faults.get(line.id)
        return fault.clocks.get(ClockName.HANDLING) if fault else None

    def arrived_at(self, line: FindingLine) -> datetime | None:
        """When somebody was first on site."""
        fault = self.faults.get(line.id)
        return fault.facts.arrived.at if fault and fault.facts.arrived else None

    def cause(self, line: FindingLine) -> str:
        """The class of the cause, in words."""
        fault = self.faults.get(line.id)
        return cause_name(fault.facts.cause_class) if fault and fault.facts.cause_class else ""


def maintenance_paper(summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> Paper:
    """The tables of a month. Times are those of the contract's clocks; timeliness is the month's own figure (R79)."""
    head = Numbering()
    blocks: list[Block] = [
        head(_("Faults handled")),
        _handled([line for line in summary.faults if not line.is_open], summary, upkeep, frame),
        head(_("Faults not repaired yet: follow-up")),
        _unrepaired([line for line in summary.faults if line.is_open], summary, upkeep, frame),
        head(_("Timeliness of repair")),
        _timeliness(summary),
        Paragraph(
            _(
                "Counted are faults whose limit for handling ended in this month. Time runs by the contract until the "
                "full repair, without agreed pauses. Percentages are rounded down."
            ),
            is_note=True,
        ),
        head(_("Devices with several faults")),
        _repeated(summary),
        head(_("Work of the month")),
        _work(summary),
        both_sides(frame),
    ]
    return frame.paper(Kind.MAINTENANCE, blocks, as_of=summary.as_of, is_across=True)


def _handled(lines: Sequence[FindingLine], summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> Table:
    columns = (
        Column(_("Number"), 9),
        Column(_("Device"), 15),
        Column(_("Level"), 8),
        Column(_("Phenomenon"), 18),
        Column(_("Reported at"), 10),
        Column(_("Arrived at"), 10),
        Column(_("Closed at"), 10),
        Column(_("Took"), 8, Align.RIGHT),
        Column(_("Time limit"), 7, Align.RIGHT),
        Column(_("In time"), 6, Align.CENTRE),
        Column(_("Cause and handling"), 20),
    )
    rows = tuple(
        TableRow(
            (
                line.number,
                "\n".join(filter(None, [line.asset, line.code])),
                _level(line, summary),
                "\n".join(filter(None, [line.item, line.text])),
                frame.at_text(line.reported_at),
                frame.at_text(upkeep.arrived_at(line)) or "—",
                frame.at_text(line.closed_at),
                *_judged(upkeep.handling(line)),
                "\n".join(filter(None, [upkeep.cause(line), done_text(line)])),
            )
        )
        for line in lines
    )
    return Table(_("Faults handled"), columns, rows, _("No fault was closed in this month."))


def _unrepaired(lines: Sequence[FindingLine], summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> Table:
    columns = (
        Column(_("Number"), 9),
        Column(_("Device"), 16),
        Column(_("Level"), 8),
        Column(_("Phenomenon"), 20),
        Column(_("Reported at"), 10),
        Column(_("Time limit"), 10),
        Column(_("What was done"), 20),
        Column(_("What is planned"), 20),
    )
    rows = tuple(
        TableRow(
            (
                line.number,
                "\n".join(filter(None, [line.asset, line.code])),
                _level(line, summary),
                "\n".join(filter(None, [line.item, line.text])),
                frame.at_text(line.reported_at),
                _due_text(line, summary, upkeep, frame),
                done_text(line),
                line.next_steps or "—",
            )
        )
        for line in lines
    )
    return Table(_("Not repaired"), columns, rows, _("Every fault is closed."))


def _timeliness(summary: MonthlySummary) -> Table:
    """Of the faults whose limit ended in the month: which were repaired within it. The figures of the month itself."""
    columns = (
        Column(_("Level"), 20),
        Column(_("Faults due"), 10, Align.RIGHT),
        Column(_("In time"), 10, Align.RIGHT),
        Column(_("Late"), 10, Align.RIGHT),
        Column(_("Limit not over"), 12, Align.RIGHT),
        Column(_("Timeliness") + " %", 12, Align.RIGHT),
    )
    figures = summary.fault_figures
    due = [fault for fault in figures.faults if fault.is_due] if figures else []
    levels = dict.fromkeys([*(key for key, _words in summary.levels), *sorted(fault.level for fault in due)])
    rows = []
    for level in levels:
        if verdicts := [fault.is_in_time for fault in due if fault.level == level]:
            good, late = verdicts.count(True), verdicts.count(False)
            name = local(summary.level_words(level)) or _("no level")
            rows.append(TableRow((name, len(verdicts), good, late, verdicts.count(None), percent(good, good + late))))
    if figures:
        total = figures.total
        counts = (len(due), total.in_time, total.late, len(due) - total.in_time - total.late, total.timeliness)
        rows.append(TableRow((_("Total"), *counts), RowStyle.TOTAL))
    return Table(_("Timeliness of repair"), columns, tuple(rows), _("None."))


def _repeated(summary: MonthlySummary) -> Table:
    columns = (Column(_("Device"), 40), Column(_("Faults"), 10, Align.RIGHT), Column(_("Numbers"), 40))
    counts = Counter((line.code, line.asset) for line in summary.faults if line.code)
    rows = plain_rows(
        *(
            (
                f"{asset} {code}",
                count,
                " ".join(line.number for line in summary.faults if line.code == code),
            )
            for (code, asset), count in counts.most_common()
            if count > 1
        )
    )
    return Table(_("Several faults"), columns, rows, _("None."))


def _work(summary: MonthlySummary) -> Table:
    columns = (Column(_("Figure"), 60), Column(_("Value"), 20, Align.RIGHT))
    return Table(
        _("Work of the month"),
        columns,
        plain_rows(
            (_("Rows inspected"), summary.total.done),
            (_("Units checked"), summary.total.units_checked),
            (_("Inspections that count"), len(summary.standing)),
            (_("Abnormal items"), len(summary.abnormal)),
            (_("Fixed on the spot"), sum(item.remedy == "fixed" for item in summary.abnormal)),
            (_("Faults raised in the month"), sum(line.is_from_this_month for line in summary.faults)),
            (_("Faults open at the end of the month"), sum(line.is_open for line in summary.faults)),
            (_("Hazards open at the end of the month"), sum(line.is_open for line in summary.hazards)),
        ),
    )


def _level(line: FindingLine, summary: MonthlySummary) -> str:
    return local(summary.level_words(line.level)) if line.level else "—"


def _judged(clock: Clock | None) -> tuple[str, str, str]:
    """How long handling took, the limit, and whether it was kept."""
    if clock is None:
        return "—", "—", "—"
    took = time_span(clock.used) if clock.met_at else "—"
    return took, time_span(clock.limit) if clock.limit else "—", _yes_no(clock.is_in_time)


def _due_text(line: FindingLine, summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> str:
    clock = upkeep.handling(line)
    if clock is None or clock.due_at is None:
        return "—"
    due = frame.at_text(clock.due_at)
    return f"{due} ({_('limit passed')})" if clock.due_at < summary.as_of else due


def _yes_no(verdict: bool | None) -> str:
    return {True: _("yes"), False: _("no"), None: "—"}[verdict]
