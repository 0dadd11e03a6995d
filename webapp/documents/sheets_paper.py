"""The inspection record sheets of a month (R9, R13), each from its paper object, each on pages of its own."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _

from webapp.documents.models import Kind
from webapp.documents.paper import (
    Align,
    Block,
    Column,
    Facts,
    Heading,
    PageBreak,
    Paper,
    Paragraph,
    SignatureBox,
    Signatures,
    Table,
    TableRow,
)
from webapp.documents.parts import Frame
from webapp.visits.paper import Paper as Sheet
from webapp.visits.paper import PaperRow, PaperSignature
from webapp.visits.rules import Capacity
from webapp.visits.words import capacity_name


def sheets_paper(sheets: Sequence[Sheet], frame: Frame) -> Paper:
    """All sheets of the month in the order of their days. Sealed ones are drawn from the sealed content."""
    blocks: list[Block] = []
    for nth, sheet in enumerate(sheets):
        if nth:
            blocks.append(PageBreak())
        blocks += _sheet(sheet, frame)
    return frame.paper(
        Kind.SHEETS, blocks or [Paragraph(_("No inspection was recorded in this month."))], is_across=True
    )


def _sheet(sheet: Sheet, frame: Frame) -> list[Block]:
    facts = [
        (_("Sheet no."), sheet.number),
        (_("Day of inspection"), sheet.day.isoformat()),
        (_("Inspector"), sheet.technician),
        (_("Accompanied by"), sheet.accompanied_by),
    ]
    blocks: list[Block] = [Heading(_("Inspection record sheet %(number)s", number=sheet.number)), Facts(tuple(facts))]
    blocks.append(_table(sheet, frame))
    blocks.append(Signatures(tuple(_box(sheet, capacity, frame) for capacity in sheet.capacities)))
    if sheet.seal:
        blocks.append(frame.seal(sheet.seal.number, sheet.seal.digest, sheet.seal.sealed_at))
    else:
        blocks.append(Paragraph(_("Not sealed yet: signatures are missing.")))
    return blocks


def _table(sheet: Sheet, frame: Frame) -> Table:
    columns = (
        Column(_("No."), 8, Align.CENTRE),
        Column(_("Category"), 13, is_merged=True),
        Column(_("Device on the list"), 20),
        Column(_("Model"), 17),
        Column(_("Time of inspection"), 12),
        Column(_("Running state"), 9),
        Column(_("Reason of abnormality"), 26),
        *(Column(capacity_name(capacity), 9, Align.CENTRE) for capacity in sheet.capacities),
    )
    signers = tuple(_signer(sheet, capacity) for capacity in sheet.capacities)
    rows = (_row(row, signers, frame) for page in sheet.pages for row in page.rows)
    return Table(sheet.number, columns, tuple(rows), _("No inspection is on this sheet."))


def _row(row: PaperRow, signers: tuple[str, ...], frame: Frame) -> TableRow:
    state = f"◆ {row.state}" if row.is_abnormal else row.state
    return TableRow(
        (row.number, row.system, row.device, row.model, frame.at_text(row.checked_at), state, row.reason, *signers)
    )


def _signer(sheet: Sheet, capacity: Capacity) -> str:
    signature = sheet.signatures.get(capacity)
    return signature.name if signature else ""


def _box(sheet: Sheet, capacity: Capacity, frame: Frame) -> SignatureBox:
    signature = sheet.signatures.get(capacity)
    title = capacity_name(capacity)
    return _signed(title, signature, frame) if signature else SignatureBox(title)


def _signed(title: str, signature: PaperSignature, frame: Frame) -> SignatureBox:
    note = _("Brought by %(name)s", name=signature.brought_by) if signature.brought_by else ""
    drawn = frame.picture(signature.file_id, _("Signature of %(name)s", name=signature.name))
    return SignatureBox(title, signature.name, drawn, frame.at_text(signature.signed_at), note)
