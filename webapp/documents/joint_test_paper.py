"""The monthly joint-test report (R96): each record of the month with its values, comparison, problems, signatures."""

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
    Picture,
    RowStyle,
    SignatureBox,
    Signatures,
    Table,
    TableRow,
)
from webapp.documents.parts import Frame, Numbering, appendix
from webapp.faults.queries import is_open
from webapp.jointtests import words
from webapp.jointtests.form import PROBLEMS
from webapp.jointtests.pages import RecordPage
from webapp.jointtests.rules import Capacity
from webapp.jointtests.sheet import Cell, Part, Turn, compared_cells, heading_of
from webapp.kit.language import local, signed_number

HEADER, CONCLUSION, SIGNATURES = "header", "conclusion", "signatures"
PRINTED_ABOVE = ("record_no", "date", "start_time", "end_time")


def joint_test_paper(records: Sequence[RecordPage], frame: Frame) -> Paper:
    """The report of a month. One without a test says so: the month is red (R24)."""
    head = Numbering()
    blocks: list[Block] = []
    if not records:
        blocks.append(Paragraph(_("No joint test in this month.")))
    for nth, record in enumerate(records):
        if nth:
            blocks.append(PageBreak())
        blocks += _record(record, frame, head)
    pictures = [picture for record in records for picture in _photos(record, frame)]
    return frame.paper(Kind.JOINT_TEST, [*blocks, *appendix(head, pictures)])


def _record(record: RecordPage, frame: Frame, head: Numbering) -> list[Block]:
    test, sheet = record.test, record.sheet
    blocks: list[Block] = [head(f"{local(sheet.form)} {test.number}"), Facts(_facts(record, frame))]
    for part in sheet.parts:
        if part.section.key not in (HEADER, PROBLEMS, CONCLUSION, SIGNATURES) and part.turns:
            blocks += [Heading(local(part.section), 2), _values(part, test.number)]
    blocks += [Heading(_("Compared with last time"), 2), _compared(record)]
    blocks += [Heading(_("Problems"), 2), _problems(record, frame)]
    blocks.append(Heading(_("Conclusion"), 2))
    blocks.append(Paragraph(_("Result: %(result)s", result=_result(record))))
    if advice := sheet.value(CONCLUSION, "advice"):
        blocks.append(Paragraph(_("Advice: %(advice)s", advice=advice)))
    blocks.append(Signatures(tuple(_box(record, capacity.value, frame) for capacity in Capacity)))
    if record.seal:
        blocks.append(frame.seal(record.seal.number, record.seal.digest, record.seal.sealed_at))
    else:
        blocks.append(Paragraph(_("Not sealed yet: signatures are missing.")))
    return blocks


def _facts(record: RecordPage, frame: Frame) -> tuple[tuple[str, str], ...]:
    test = record.test
    began, ended = frame.at(test.started_at), frame.at(test.finished_at)
    times = f"{began:%H:%M}–{ended:%H:%M}" if began and ended else ""
    rows = [
        (_("Record no."), test.number),
        (_("Day"), f"{test.day.isoformat()} {times}"),
        (_("Technician"), test.technician.name),
        (_("Result"), _result(record)),
    ]
    part = record.sheet.part(HEADER)
    for cell in part.turns[0].cells if part and part.turns else ():
        if cell.value and cell.item.key not in PRINTED_ABOVE:
            rows.append((local(cell.item), _value(cell)))
    return tuple(rows)


def _result(record: RecordPage) -> str:
    section = record.sheet.form.section(CONCLUSION)
    item = section.item("result") if section else None
    option = item.option(record.test.result) if item else None
    return local(option) if option else record.test.result


def _values(part: Part, number: str) -> Table:
    columns = (
        Column(_("Item"), 30),
        Column(_("Value"), 20),
        Column(_("Limit"), 12, Align.CENTRE),
        Column(_("Judgement"), 16),
        Column(_("Last time"), 13, Align.RIGHT),
        Column(_("Difference"), 9, Align.RIGHT),
    )
    rows: list[TableRow] = []
    for turn in part.turns:
        if part.section.repeats and (heading := heading_of(turn, local)):
            rows.append(TableRow((heading,), RowStyle.GROUP))
        rows += [_cell_row(cell) for cell in turn.cells if cell.value]
    return Table(f"{local(part.section)} {number}", columns, tuple(rows), _("None."))


def _cell_row(cell: Cell) -> TableRow:
    before = words.value_words(cell, cell.previous) if cell.previous else ""
    change = signed_number(cell.change) if cell.change else ""
    judged = words.judgement_words(cell)[1]
    return TableRow((local(cell.item), _value(cell), words.limit_text(cell.item), judged, before, change))


def _value(cell: Cell) -> str:
    return f"{words.value_words(cell)} {cell.item.unit}".strip()


def _compared(record: RecordPage) -> Table:
    columns = (
        Column(_("Link"), 34),
        Column(_("Item"), 24),
        Column(_("Last time"), 14, Align.RIGHT),
        Column(_("This time"), 14, Align.RIGHT),
        Column(_("Difference"), 12, Align.RIGHT),
    )
    rows = tuple(_compared_row(turn, cell) for turn, cell in compared_cells(record.sheet))
    return Table(f"{_('Compared')} {record.test.number}", columns, rows, _("There is no earlier test to compare with."))


def _compared_row(turn: Turn, cell: Cell) -> TableRow:
    link = " · ".join(filter(None, [local(turn.section), heading_of(turn, local)]))
    before = f"{words.value_words(cell, cell.previous)} {cell.item.unit}".strip()
    return TableRow((link, local(cell.item), before, _value(cell), signed_number(cell.change) if cell.change else "="))


def _problems(record: RecordPage, frame: Frame) -> Table:
    columns = (
        Column(_("Number"), 14),
        Column(_("Description"), 44),
        Column(_("Reported at"), 16),
        Column(_("State"), 12),
    )
    rows = tuple(
        TableRow(
            (
                finding.number,
                "\n".join(filter(None, [finding.item_text, finding.text])),
                frame.at_text(finding.reported_at),
                _("open") if is_open(finding) else _("closed"),
            )
        )
        for finding in record.findings.values()
    )
    return Table(f"{_('Problems')} {record.test.number}", columns, rows, _("None."))


def _box(record: RecordPage, capacity: str, frame: Frame) -> SignatureBox:
    signature = record.signature(capacity)
    title = words.capacity_name(capacity)
    if signature is None:
        return SignatureBox(title)
    drawn = frame.picture(signature.file_id, _("Signature of %(name)s", name=signature.name))
    return SignatureBox(title, signature.name, drawn, frame.at_text(signature.signed_at))


def _photos(record: RecordPage, frame: Frame) -> list[Picture]:
    found = []
    for turn in record.sheet.turns:
        for cell in turn.cells:
            where = " · ".join(filter(None, [record.test.number, local(turn.section), local(cell.item)]))
            found += [frame.picture(photo.file_id, where) for photo in cell.photos]
    return found
