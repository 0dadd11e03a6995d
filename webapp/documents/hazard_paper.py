"""The hazard list of a month (R71, R99): work begins only after the bureau has agreed."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.documents.findings_paper import done_text, state_text
from webapp.documents.models import Kind
from webapp.documents.paper import Align, Block, Column, Facts, Paper, Paragraph, Table, TableRow
from webapp.documents.parts import Frame, Numbering, both_sides
from webapp.reports.summary import FindingLine, MonthlySummary


def hazard_paper(summary: MonthlySummary, frame: Frame) -> Paper:
    """Hazards found in the month or open at its end, with their age and a place for the bureau's word."""
    head = Numbering()
    hazards = summary.hazards
    blocks: list[Block] = [
        Facts(
            (
                (_("Hazards found in the month"), str(sum(each.is_from_this_month for each in hazards))),
                (_("Hazards open at the end of the month"), str(sum(each.is_open for each in hazards))),
            )
        ),
        head(_("Hazards")),
        _table(summary, frame),
        Paragraph(_("A hazard is rectified only after the bureau has agreed (signature below)."), is_note=True),
        both_sides(frame),
    ]
    return frame.paper(Kind.HAZARDS, blocks, as_of=summary.as_of, is_across=True)


def _table(summary: MonthlySummary, frame: Frame) -> Table:
    columns = (
        Column(_("No."), 4, Align.CENTRE),
        Column(_("Number"), 9),
        Column(_("Device"), 15),
        Column(_("Hazard"), 20),
        Column(_("Reported at"), 9),
        Column(_("Days open"), 6, Align.RIGHT),
        Column(_("State"), 9),
        Column(_("What was done"), 14),
        Column(_("Proposed rectification"), 14),
        Column(_("The bureau's word"), 10),
    )
    rows = tuple(
        TableRow(
            (
                nth,
                each.number,
                "\n".join(filter(None, [each.asset, each.code])),
                "\n".join(filter(None, [each.item, each.text])),
                frame.at_text(each.reported_at),
                _age(each, summary, frame),
                state_text(each, frame),
                done_text(each),
                each.next_steps,
                "",
            )
        )
        for nth, each in enumerate(summary.hazards, 1)
    )
    return Table(_("Hazards"), columns, rows, _("No hazards in this month."))


def _age(each: FindingLine, summary: MonthlySummary, frame: Frame) -> int:
    """Whole days from the report to its closing, or to the end of the month (R72)."""
    zone = ZoneInfo(frame.timezone)
    ended = _last_day(each.closed_at, summary, zone)
    return max(0, (ended - each.reported_at.astimezone(zone).date()).days)


def _last_day(closed_at: datetime | None, summary: MonthlySummary, zone: ZoneInfo) -> date:
    if closed_at:
        return closed_at.astimezone(zone).date()
    return min(summary.last, summary.as_of.astimezone(zone).date())
