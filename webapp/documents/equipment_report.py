"""The equipment fault report (设备故障报告单) for the client (R53, R62, R63): what is broken, done, and to be decided.

Written where a repair is difficult or takes long; then the provider waits for the client's instruction.
"""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.documents.fault_analysis import Analysed, course_of
from webapp.documents.paper import Block, Column, Facts, Paper, Paragraph, SignatureBox, Signatures, Table, plain_rows
from webapp.documents.parts import Frame, Numbering
from webapp.faults.clocks import ClockName
from webapp.faults.facts import moment_in
from webapp.faults.models import EventKind as Kind
from webapp.faults.steps import TOLD
from webapp.faults.words import channel_name, choice_name


def equipment_report(fault: Analysed, frame: Frame) -> Paper:
    """The report on one fault as things stand: what is known, what was done, what is proposed, places to sign."""
    head, facts = Numbering(), fault.facts
    instructed = facts.last(Kind.INSTRUCTED)
    blocks: list[Block] = [
        Facts(_particulars(fault, frame)),
        head(_("Phenomenon")),
        Paragraph(facts.text or "—"),
        head(_("What was done so far")),
        course_of(fault, frame),
        head(_("Proposal")),
        Facts(_proposal(fault, frame)),
        head(_("Reported to supplier, bureau, client")),
        _told(fault, frame),
    ]
    if instructed:
        blocks += [head(_("Instruction of the client")), Paragraph(instructed.text)]
    blocks.append(_places_to_sign(frame, is_instructed=instructed is not None))
    return frame.single(_("Equipment fault report"), facts.number, facts.reported_at, blocks)


def _particulars(fault: Analysed, frame: Frame) -> tuple[tuple[str, str], ...]:
    facts = fault.facts
    reported = facts.first(Kind.REPORTED)
    submitter = fault.names.get(reported.by, "") if reported and reported.by else ""
    return (
        (_("Submitted by"), submitter or "—"),
        (_("Company"), frame.provider or "—"),
        (_("Device"), f"{fault.device} {fault.code}".strip() or "—"),
        (_("Model"), fault.model or "—"),
        (_("Location"), fault.location or "—"),
        (_("System"), fault.system or "—"),
        (_("Contract"), fault.contract or "—"),
        (_("Supplier"), fault.supplier or "—"),
        (_("Type"), fault.level),
        (_("Reported at"), frame.at_text(facts.reported_at)),
        (_("Found by way of"), channel_name(fault.channel) or "—"),
        (_("Handled by"), fault.people or "—"),
    )


def _proposal(fault: Analysed, frame: Frame) -> tuple[tuple[str, str], ...]:
    """Difficulty, what has to be decided, when it will likely be repaired, and the limit of the contract."""
    escalated, estimated = fault.facts.last(Kind.ESCALATED), fault.facts.last(Kind.ESTIMATED)
    handling = fault.clocks.get(ClockName.HANDLING)
    likely = frame.at_text(moment_in(estimated.more, "until")) if estimated else ""
    return (
        (_("Difficulty"), choice_name(str(escalated.more.get("difficulty", ""))) if escalated else "—"),
        (_("To be decided"), (escalated.text if escalated else "") or "—"),
        (_("Likely repaired by"), likely or "—"),
        (_("Limit of the contract"), (frame.at_text(handling.due_at) if handling else "") or "—"),
    )


def _places_to_sign(frame: Frame, *, is_instructed: bool) -> Signatures:
    """For both sides; where the client has not said how to go on, with room for it."""
    room = "" if is_instructed else "\n\n"
    title = _("Checked by (bureau)") if is_instructed else _("Instruction of the client")
    boxes = SignatureBox(_("Drawn up by (provider)"), frame.provider), SignatureBox(title, frame.client, note=room)
    return Signatures(boxes)


def _told(fault: Analysed, frame: Frame) -> Table:
    """The three reporting ticks with their times; what is missing is said (R63)."""
    columns = (
        Column(_("Reported to"), 30),
        Column(_("When"), 20),
        Column(_("Informed person"), 24),
        Column(_("Answer"), 26),
    )
    ticks = {str(step.more.get("told")): step for step in fault.facts.in_order if step.kind == Kind.TICKED}
    rows = (
        (
            choice_name(told),
            frame.at_text(ticks[told].at) if told in ticks else _("not told yet"),
            str(ticks[told].more.get("person") or "") if told in ticks else "",
            ticks[told].text if told in ticks else "",
        )
        for told in TOLD
    )
    return Table(_("Reported to supplier, bureau, client"), columns, plain_rows(*rows))
