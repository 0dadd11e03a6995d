"""Tables of faults and hazards that several papers print alike."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from webapp.documents.paper import Column, Table, TableRow
from webapp.documents.parts import Frame
from webapp.kit.language import local
from webapp.reports.summary import FindingLine, MonthlySummary


def findings_table(name: str, lines: Iterable[FindingLine], summary: MonthlySummary, frame: Frame) -> Table:
    """Faults or hazards with what was done and what is planned (R11)."""
    columns = (
        Column(_("Number"), 14),
        Column(_("Device"), 16),
        Column(_("Description"), 19),
        Column(_("Reported at"), 13),
        Column(_("State"), 11),
        Column(_("What was done"), 16),
        Column(_("What is planned"), 15),
    )
    return Table(name, columns, tuple(_row(line, summary, frame) for line in lines), _("None."))


def state_text(line: FindingLine, frame: Frame) -> str:
    """Open, or closed with its moment."""
    return _("open") if line.is_open else f"{_('closed')} {frame.at_text(line.closed_at)}".strip()


def done_text(line: FindingLine) -> str:
    """What was done, as told in the month, and how it was closed."""
    return "\n".join(dict.fromkeys(text for text in (line.handling, line.closing_reason) if text)) or "—"


def _row(line: FindingLine, summary: MonthlySummary, frame: Frame) -> TableRow:
    level = local(summary.level_words(line.level)) if line.level else ""
    return TableRow(
        (
            "\n".join(filter(None, [line.number, level])),
            "\n".join(filter(None, [line.asset, line.code])),
            "\n".join(filter(None, [line.item, line.text])),
            frame.at_text(line.reported_at),
            state_text(line, frame),
            done_text(line),
            line.next_steps or "—",
        )
    )
