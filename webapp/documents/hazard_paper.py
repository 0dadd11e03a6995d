"""The hazard list of a month (R71, R72, R99): state, age, the bureau's consent and the work after it, of each hazard.

What the month says comes from its summary, the steps from their rows as they were known when that summary was made: a
closed month prints what was known at its closing.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.documents.findings_paper import done_text, state_text
from webapp.documents.models import Kind
from webapp.documents.paper import Align, Block, Column, Facts, Paper, Paragraph, Table, TableRow
from webapp.documents.parts import Frame, Numbering, both_sides
from webapp.faults.hazard_queries import HazardLine, HazardStep, hazards_known
from webapp.faults.hazard_rules import State
from webapp.faults.hazard_words import hazard_state_name
from webapp.faults.models import EventKind
from webapp.faults.words import event_name
from webapp.kit.clock import Month
from webapp.people.queries import names_of
from webapp.reports.summary import FindingLine, MonthlySummary
from webapp.sites.models import Site

DECISIONS = (EventKind.APPROVED, EventKind.REFUSED)
WORK = (EventKind.STARTED, EventKind.DONE, EventKind.SENT_BACK, EventKind.CLOSED, EventKind.REOPENED)


@dataclass(frozen=True)
class HazardWays:
    """How far each hazard of a month has come, by id, and the names of those who took the steps."""

    lines: Mapping[uuid.UUID, HazardLine] = field(default_factory=dict)
    names: Mapping[uuid.UUID, str] = field(default_factory=dict)


def ways_of(site: Site, month: Month, summary: MonthlySummary) -> HazardWays:
    """The ways of the hazards of a month as they were known when its summary was made. Three statements."""
    lines = hazards_known(site, month, {each.id for each in summary.hazards}, summary.as_of)
    return HazardWays(lines, names_of({step.by for line in lines.values() for step in line.steps}))


def hazard_paper(summary: MonthlySummary, ways: HazardWays, frame: Frame) -> Paper:
    """Hazards found in the month or open at its end: state, age, proposal, the bureau's word, work and check."""
    head = Numbering()
    hazards = summary.hazards
    states = [line.state for line in ways.lines.values()]
    old = sum(line.warning > 0 for line in ways.lines.values())
    blocks: list[Block] = [
        Facts(
            (
                (_("Hazards found in the month"), str(sum(each.is_from_this_month for each in hazards))),
                (_("Hazards open at the end of the month"), str(sum(each.is_open for each in hazards))),
                (_("Waiting for the bureau's consent"), str(states.count(State.LISTED))),
                (_("Open for 30 days and more"), str(old)),
            )
        ),
        head(_("Hazards")),
        _table(summary, ways, frame),
        Paragraph(_("A hazard is rectified only after the bureau has agreed (signature below)."), is_note=True),
        both_sides(frame),
    ]
    return frame.paper(Kind.HAZARDS, blocks, as_of=summary.as_of, is_across=True)


def _table(summary: MonthlySummary, ways: HazardWays, frame: Frame) -> Table:
    columns = (
        Column(_("No."), 4, Align.CENTRE),
        Column(_("Number"), 9),
        Column(_("Device"), 13),
        Column(_("Hazard"), 16),
        Column(_("Reported at"), 9),
        Column(_("Days open"), 6, Align.RIGHT),
        Column(_("State"), 10),
        Column(_("Proposed rectification"), 13),
        Column(_("The bureau's word"), 14),
        Column(_("Work and check"), 16),
    )
    rows = tuple(_row(nth, each, summary, ways, frame) for nth, each in enumerate(summary.hazards, 1))
    return Table(_("Hazards"), columns, rows, _("No hazards in this month."))


def _row(nth: int, each: FindingLine, summary: MonthlySummary, ways: HazardWays, frame: Frame) -> TableRow:
    line = ways.lines.get(each.id)
    return TableRow(
        (
            nth,
            each.number,
            "\n".join(filter(None, [each.asset, each.code])),
            "\n".join(filter(None, [each.item, each.text])),
            frame.at_text(each.reported_at),
            line.age_days if line else _age(each, summary, frame),
            _state(line) if line else state_text(each, frame),
            "\n".join(dict.fromkeys(filter(None, [each.next_steps, _proposal(line) if line else ""]))),
            _told(line, DECISIONS, ways, frame) if line else "",
            _work(each, line, ways, frame),
        )
    )


def _state(line: HazardLine) -> str:
    """Where it stands, and the warning of its age that it has reached (R72)."""
    warning = _("%(days)s days and more", days=line.warning) if line.warning else ""
    return "\n".join(filter(None, [hazard_state_name(line.state), warning]))


def _proposal(line: HazardLine) -> str:
    """What was proposed on the list on which it was put last."""
    return next((step.text for step in reversed(line.steps) if step.kind is EventKind.LISTED), "")


def _work(each: FindingLine, line: HazardLine | None, ways: HazardWays, frame: Frame) -> str:
    """The steps of the work, and what was told about it in the month (R11)."""
    steps = _told(line, WORK, ways, frame) if line else ""
    if not steps:
        return done_text(each)
    return "\n".join(filter(None, [steps, each.handling]))


def _told(line: HazardLine, kinds: tuple[EventKind, ...], ways: HazardWays, frame: Frame) -> str:
    """The steps of these kinds in order: what, when, who, and the words."""
    return "\n".join(_step(step, ways, frame) for step in line.steps if step.kind in kinds)


def _step(step: HazardStep, ways: HazardWays, frame: Frame) -> str:
    who = ways.names.get(step.by, "")
    said = " ".join(filter(None, [event_name(step.kind), frame.at_text(step.at), who]))
    return f"{said}\n{step.text}" if step.text else said


def _age(each: FindingLine, summary: MonthlySummary, frame: Frame) -> int:
    """Whole days from the report to its closing, or to the end of the month (R72)."""
    zone = ZoneInfo(frame.timezone)
    ended = _last_day(each.closed_at, summary, zone)
    return max(0, (ended - each.reported_at.astimezone(zone).date()).days)


def _last_day(closed_at: datetime | None, summary: MonthlySummary, zone: ZoneInfo) -> date:
    if closed_at:
        return closed_at.astimezone(zone).date()
    return min(summary.last, summary.as_of.astimezone(zone).date())
