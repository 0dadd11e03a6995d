"""Maintenance and analysis tables of a month (R98): faults handled, causes, what is not repaired, timeliness (R40)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from flask_babel import gettext as _

from webapp.documents.findings_paper import done_text
from webapp.documents.models import Kind
from webapp.documents.paper import Align, Block, Column, Paper, Paragraph, RowStyle, Table, TableRow, plain_rows
from webapp.documents.parts import Frame, Numbering, both_sides
from webapp.faults.rules import duration
from webapp.kit.language import local
from webapp.reports.rules import percent
from webapp.reports.summary import FindingLine, MonthlySummary


@dataclass(frozen=True)
class Upkeep:
    """What the tables need beside the summary: first arrival per fault, minutes allowed for repair per level."""

    arrived_at: Mapping[object, datetime]
    minutes: Mapping[str, int]

    def due_at(self, line: FindingLine) -> datetime | None:
        """Until when the contract wants it repaired; None where the level names no limit."""
        allowed = self.minutes.get(line.level)
        return line.reported_at + timedelta(minutes=allowed) if allowed else None

    def is_in_time(self, line: FindingLine, as_of: datetime) -> bool | None:
        """Whether it was repaired within the limit; None where there is no limit, or it is not over yet."""
        due = self.due_at(line)
        if due is None:
            return None
        if line.closed_at:
            return line.closed_at <= due
        return None if as_of <= due else False


def maintenance_paper(summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> Paper:
    """The tables of a month. Times run from the report until the bureau closed the record."""
    head = Numbering()
    blocks: list[Block] = [
        head(_("Faults handled")),
        _handled([line for line in summary.faults if not line.is_open], summary, upkeep, frame),
        head(_("Faults not repaired yet: follow-up")),
        _unrepaired([line for line in summary.faults if line.is_open], summary, upkeep, frame),
        head(_("Timeliness of repair")),
        _timeliness(summary, upkeep, frame),
        Paragraph(
            _(
                "Counted are faults whose time limit ended in this month. Time runs from the report until the bureau "
                "closed the record. Percentages are rounded down."
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
                frame.at_text(upkeep.arrived_at.get(line.id)) or "—",
                frame.at_text(line.closed_at),
                _took(line),
                _limit(line, upkeep),
                _yes_no(upkeep.is_in_time(line, summary.as_of)),
                done_text(line),
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


def _timeliness(summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> Table:
    """Of the faults whose limit ended in the month (R79): which were repaired within it."""
    columns = (
        Column(_("Level"), 20),
        Column(_("Faults due"), 10, Align.RIGHT),
        Column(_("Closed"), 10, Align.RIGHT),
        Column(_("In time"), 10, Align.RIGHT),
        Column(_("Late"), 10, Align.RIGHT),
        Column(_("Limit not over"), 12, Align.RIGHT),
        Column(_("Timeliness") + " %", 12, Align.RIGHT),
    )
    levels = [key for key, _words in summary.levels]
    counted = [line for line in summary.faults if _is_due_here(line, summary, upkeep, frame)]
    known = [*levels, *sorted({line.level for line in counted} - set(levels))]
    rows = [
        _timeliness_row(local(summary.level_words(level)) or _("no level"), lines, summary, upkeep)
        for level in known
        if (lines := [line for line in counted if line.level == level])
    ]
    rows.append(_timeliness_row(_("Total"), counted, summary, upkeep, RowStyle.TOTAL))
    return Table(_("Timeliness of repair"), columns, tuple(rows))


def _is_due_here(line: FindingLine, summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> bool:
    due = frame.at(upkeep.due_at(line))
    return due is not None and summary.first <= due.date() <= summary.last


def _timeliness_row(
    name: str,
    lines: Sequence[FindingLine],
    summary: MonthlySummary,
    upkeep: Upkeep,
    style: RowStyle = RowStyle.PLAIN,
) -> TableRow:
    verdicts = [upkeep.is_in_time(line, summary.as_of) for line in lines]
    good, late = verdicts.count(True), verdicts.count(False)
    share: Decimal | None = percent(good, good + late)
    closed = sum(not line.is_open for line in lines)
    return TableRow((name, len(lines), closed, good, late, verdicts.count(None), share), style)


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


def _took(line: FindingLine) -> str:
    if not line.closed_at:
        return "—"
    return duration(max(0, int((line.closed_at - line.reported_at).total_seconds()) // 60))


def _limit(line: FindingLine, upkeep: Upkeep) -> str:
    minutes = upkeep.minutes.get(line.level)
    return duration(minutes) if minutes else "—"


def _due_text(line: FindingLine, summary: MonthlySummary, upkeep: Upkeep, frame: Frame) -> str:
    due = upkeep.due_at(line)
    if due is None:
        return "—"
    return f"{frame.at_text(due)} ({_('limit passed')})" if due < summary.as_of else frame.at_text(due)


def _yes_no(verdict: bool | None) -> str:
    return {True: _("yes"), False: _("no"), None: "—"}[verdict]
