"""Fault analysis reports (R97, R98): of one fault after it is solved, and all of a month, with the fields of R52."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _

from webapp.documents.paper import Align, Block, Column, Facts, Heading, Paper, Paragraph, Table, plain_rows
from webapp.documents.parts import Frame, Numbering, both_sides
from webapp.faults.clocks import Clock, ClockName
from webapp.faults.facts import FaultFacts
from webapp.faults.words import cause_name, choice_name, clock_name, event_name, state_name, time_span
from webapp.kit.language import local
from webapp.reports.fault_figures import FaultFigures, SystemFigures
from webapp.reports.fault_figures_words import in_percent, length

R = Align.RIGHT
WORK = ("acknowledged", "arrived", "remote", "restored", "repaired")


@dataclass(frozen=True)
class Analysed:
    """A fault as its report prints it: facts, clocks, device and the names of people."""

    facts: FaultFacts
    clocks: Mapping[ClockName, Clock]
    device: str
    code: str
    system: str
    names: Mapping[uuid.UUID, str] = field(default_factory=dict)
    model: str = ""
    location: str = ""
    supplier: str = ""
    contract: str = ""  # how the device stands to the contract, in words
    channel: str = ""  # how the fault became known

    @property
    def level(self) -> str:
        """The level as the contract calls it."""
        known = self.facts.terms.levels.get(self.facts.levels[-1].key)
        return local(known) if known else self.facts.levels[-1].key

    @property
    def people(self) -> str:
        """Who worked on it (R52)."""
        ids = dict.fromkeys(step.by for step in self.facts.in_order if step.by and step.kind in WORK)
        return ", ".join(self.names.get(one, "") for one in ids)


def fault_paper(fault: Analysed, frame: Frame) -> Paper:
    """The report of one fault (系统故障处理分析报告): what the record says, the clocks, the course, places to sign."""
    head = Numbering()
    facts = fault.facts
    blocks: list[Block] = [
        Facts(_particulars(fault, frame)),
        head(_("Phenomenon")),
        Paragraph(facts.text or "—"),
        *_record(fault, head),
        head(_("Times of the contract")),
        _clock_table(fault, frame),
        head(_("Course")),
        course_of(fault, frame),
        both_sides(frame),
    ]
    return frame.single(_("Fault analysis report"), facts.number, facts.reported_at, blocks)


def month_analysis(faults: Sequence[Analysed], figures: FaultFigures | None, frame: Frame) -> list[Block]:
    """The blocks of a month: figures, causes, follow-up of what is not repaired, and the record of every fault."""
    head = Numbering()
    open_ones = [each for each in faults if not each.facts.repaired and not each.facts.closed_at]
    blocks: list[Block] = []
    if figures:
        blocks += [head(_("Figures about faults")), figures_table(figures)]
    blocks += [head(_("Causes")), _causes(faults), head(_("Not repaired yet: follow-up")), _follow_up(open_ones, frame)]
    blocks.append(head(_("Every fault")))
    for each in faults:
        blocks += [Heading(f"{each.facts.number} {each.device}".strip(), 2), Facts(_particulars(each, frame))]
        blocks.append(Paragraph("\n".join(_sentences(each))))
    if not faults:
        blocks.append(Paragraph(_("No fault in this month.")))
    return [*blocks, both_sides(frame)]


def figures_table(figures: FaultFigures) -> Table:
    """The systems in which something happened, and the total."""
    columns = (
        Column(_("System"), 26),
        Column(_("Availability"), 10, R),
        Column(_("Timeliness"), 10, R),
        Column(_("Faults reported"), 9, R),
        Column(_("Faults due"), 9, R),
        Column(_("Too late"), 8, R),
        Column(_("Repeated faults"), 9, R),
        Column(_("Mean time to repair"), 11, R),
        Column(_("Mean time between failures"), 12, R),
    )

    def row(name: str, one: SystemFigures) -> tuple[str | int, ...]:
        shares = (in_percent(one.availability), in_percent(one.timeliness))
        counts = (one.raised, one.due, one.late, one.repeats)
        return (name, *shares, *counts, length(one.mttr), length(one.mtbf))

    shown = [one for one in figures.systems if one.raised or one.due or one.down_seconds or one.repairs]
    rows = [row(one.name, one) for one in shown] + [row(_("Total"), figures.total)]
    return Table(_("Figures about faults"), columns, plain_rows(*rows))


def _particulars(fault: Analysed, frame: Frame) -> tuple[tuple[str, str], ...]:
    facts = fault.facts
    repaired, restored = facts.repaired, facts.restored
    return (
        (_("Device"), f"{fault.device} {fault.code}".strip() or "—"),
        (_("System"), fault.system or "—"),
        (_("Type"), fault.level),
        (_("Started at"), frame.at_text(facts.reported_at)),
        (_("Service restored"), frame.at_text(restored.at) if restored else "—"),
        (_("Fully repaired"), frame.at_text(repaired.at) if repaired else "—"),
        (_("Closed at"), frame.at_text(facts.closed_at) or "—"),
        (_("Handled by"), fault.people or "—"),
    )


def _record(fault: Analysed, head: Numbering) -> list[Block]:
    """What was written about it, heading by heading; a consultation has its answer only."""
    said = fault.facts.analysis
    if said.get("answer"):
        return [head(_("Answer")), Paragraph(said["answer"])]
    cause = [cause_name(said["cause"])] if said.get("cause") else []
    parts = (
        (_("Cause analysis"), "\n".join([*cause, *filter(None, [said.get("analysis")])])),
        (_("Handling"), said.get("handling", "")),
        (_("Responsibility"), said.get("responsibility", "")),
        (_("Lessons"), said.get("lessons", "")),
    )
    return [block for name, text in parts for block in (head(name), Paragraph(text or _("Not written down yet.")))]


def _clock_table(fault: Analysed, frame: Frame) -> Table:
    columns = (
        Column(_("Clock"), 18),
        Column(_("Limit"), 12, R),
        Column(_("Due at"), 18),
        Column(_("Reached at"), 18),
        Column(_("Took"), 12, R),
        Column(_("Pauses"), 12, R),
        Column(_("State"), 10, Align.CENTRE),
    )
    rows = (
        (
            clock_name(clock.name.value),
            time_span(clock.limit) if clock.limit else "—",
            frame.at_text(clock.due_at) or "—",
            frame.at_text(clock.met_at) or "—",
            time_span(clock.used),
            time_span(clock.paused) if clock.paused else "—",
            state_name(clock.state.value),
        )
        for clock in fault.clocks.values()
    )
    return Table(_("Times of the contract"), columns, plain_rows(*rows), _("None."))


def course_of(fault: Analysed, frame: Frame) -> Table:
    """Every step with the time it happened and the time the server had it."""
    columns = (
        Column(_("Happened at"), 16),
        Column(_("Received at"), 16),
        Column(_("Step"), 18),
        Column(_("Who"), 14),
        Column(_("What was said"), 36),
    )
    rows = (
        (
            frame.at_text(step.at),
            frame.at_text(step.received_at),
            event_name(step.kind),
            fault.names.get(step.by, "") if step.by else "",
            " · ".join(filter(None, [_told(step.more), str(step.more.get("person") or ""), step.text])),
        )
        for step in fault.facts.in_order
    )
    return Table(_("Course"), columns, plain_rows(*rows), _("None."))


def _told(more: Mapping[str, object]) -> str:
    return choice_name(str(more["told"])) if more.get("told") else ""


def _causes(faults: Sequence[Analysed]) -> Table:
    """How often each class of cause stands behind the faults of the month."""
    columns = (Column(_("Class of the cause"), 40), Column(_("Faults"), 12, R), Column(_("Numbers"), 48))
    counts = Counter(each.facts.cause_class for each in faults)
    rows = (
        (
            cause_name(cause) if cause else _("not noted yet"),
            count,
            " ".join(each.facts.number for each in faults if each.facts.cause_class == cause),
        )
        for cause, count in counts.most_common()
    )
    return Table(_("Causes"), columns, plain_rows(*rows), _("None."))


def _follow_up(faults: Sequence[Analysed], frame: Frame) -> Table:
    columns = (
        Column(_("Number"), 12),
        Column(_("Device"), 22),
        Column(_("Phenomenon"), 26),
        Column(_("Reported at"), 14),
        Column(_("Due at"), 14),
        Column(_("Last step"), 24),
    )
    rows = ((*_unrepaired(each, frame),) for each in faults)
    return Table(_("Not repaired"), columns, plain_rows(*rows), _("Every fault is repaired."))


def _unrepaired(each: Analysed, frame: Frame) -> tuple[str, ...]:
    facts, handling = each.facts, each.clocks.get(ClockName.HANDLING)
    last = facts.in_order[-1] if facts.in_order else None
    due: datetime | None = handling.due_at if handling else None
    step = f"{event_name(last.kind)} {frame.at_text(last.at)}" if last else "—"
    device = f"{each.device} {each.code}".strip()
    return facts.number, device, facts.text, frame.at_text(facts.reported_at), frame.at_text(due) or "—", step


def _sentences(each: Analysed) -> list[str]:
    said = each.facts.analysis
    lines = [_("Phenomenon") + ": " + each.facts.text]
    if said.get("cause") or said.get("analysis"):
        cause = cause_name(said["cause"]) if said.get("cause") else ""
        lines.append(_("Cause analysis") + ": " + " · ".join(filter(None, [cause, said.get("analysis", "")])))
    names = {
        "handling": _("Handling"),
        "responsibility": _("Responsibility"),
        "lessons": _("Lessons"),
        "answer": _("Answer"),
    }
    return lines + [f"{name}: {said[key]}" for key, name in names.items() if said.get(key)]
