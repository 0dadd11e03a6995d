"""A paper as an Excel workbook: one sheet per table, ready to print on A4. Figures stay figures, texts stay texts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from webapp.documents.html import head_pairs, page_words
from webapp.documents.paper import Facts, Paper, Photos, RowStyle, SealMark, Signatures, Table, printable
from webapp.kit.spreadsheet import Cell, harmless

ILLEGAL = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
LONGEST_NAME = 31
CHARACTERS_ACROSS, CHARACTERS_ALONG = 130, 90  # what a page holds in width
LONGEST_CELL = 32_000
A4 = 9  # as Excel numbers it
_LINE = Side(style="thin", color="000000")
_FRAME = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_SHADE, _LIGHT = PatternFill("solid", fgColor="EDEDED"), PatternFill("solid", fgColor="F5F5F5")


def write_xlsx(paper: Paper, target: Path) -> None:
    """Writes the file. Rows are written as they come and not kept in memory."""
    book = Workbook(write_only=True)
    taken: set[str] = set()
    _cover(book, paper, taken)
    for table in paper.tables:
        _table(book, paper, table, taken)
    _photos(book, paper, taken)
    book.properties.title = f"{paper.site_name} {paper.title}"
    book.save(target)


def _cover(book: Any, paper: Paper, taken: set[str]) -> None:
    sheet = _new_sheet(book, paper, _("Cover"), taken)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, 64
    sheet.append([_drawn(sheet, f"{paper.site_name} {paper.title}", is_bold=True, size=14)])
    pairs = [(_("Number"), paper.number), *(pair for pairs in head_pairs(paper) for pair in pairs)]
    for block in paper.blocks:
        if isinstance(block, Facts):
            pairs += block.rows
        elif isinstance(block, Signatures):
            pairs += [(box.title, " ".join(filter(None, [box.name, box.signed_at, box.note]))) for box in block.boxes]
        elif isinstance(block, SealMark):
            pairs += [(_("Seal"), f"{block.number:04d} {block.digest}"), (_("To verify"), block.verify_url)]
    if paper.is_demo:
        pairs.append((_("Demo"), _("Demo: example data")))
    for name, value in pairs:
        if name:
            sheet.append([_drawn(sheet, name, fill=_LIGHT, is_framed=True), _drawn(sheet, value, is_framed=True)])


def _table(book: Any, paper: Paper, table: Table, taken: set[str]) -> None:
    sheet = _new_sheet(book, paper, table.name, taken)
    room = CHARACTERS_ACROSS if paper.is_across or len(table.columns) > 8 else CHARACTERS_ALONG
    whole = sum(column.width for column in table.columns)
    for nth, column in enumerate(table.columns, 1):
        sheet.column_dimensions[get_column_letter(nth)].width = max(6, room * column.width / whole)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape" if room == CHARACTERS_ACROSS else "portrait"
    sheet.append(
        [
            _drawn(sheet, column.title, is_bold=True, fill=_SHADE, align="center", is_framed=True)
            for column in table.columns
        ]
    )
    for row in table.rows:
        if row.style is RowStyle.GROUP:
            sheet.append([_drawn(sheet, row.cells[0], is_bold=True, fill=_LIGHT)])
            continue
        is_total = row.style is RowStyle.TOTAL
        sheet.append(
            [
                _drawn(sheet, cell, is_bold=is_total, align=column.align.value, is_framed=True)
                for cell, column in zip(row.cells, table.columns, strict=True)
            ]
        )
    if not table.rows:
        sheet.append([_drawn(sheet, table.empty or _("None."))])


def _photos(book: Any, paper: Paper, taken: set[str]) -> None:
    """What the photos show; the pictures themselves are in the other formats."""
    for block in paper.blocks:
        if isinstance(block, Photos) and block.pictures:
            sheet = _new_sheet(book, paper, block.name, taken)
            sheet.column_dimensions["B"].width = 80
            sheet.append([_drawn(sheet, _("No."), is_bold=True), _drawn(sheet, _("Photo"), is_bold=True)])
            for nth, picture in enumerate(block.pictures, 1):
                lost = "" if picture.file else f" ({_('The bytes of this photo are missing.')})"
                sheet.append([_drawn(sheet, nth), _drawn(sheet, picture.caption + lost)])


def _new_sheet(book: Any, paper: Paper, name: str, taken: set[str]) -> Any:
    sheet = book.create_sheet(_free_name(name, taken))
    sheet.page_setup.paperSize = A4
    sheet.page_setup.orientation = "landscape" if paper.is_across else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    before, between, after = page_words()
    sheet.oddHeader.center.text = f"{paper.site_name} {paper.title}".replace("&", "&&")
    sheet.oddFooter.center.text = f"{before}&P{between}&N{after}"
    sheet.oddFooter.right.text = paper.number.replace("&", "&&")
    return sheet


def _free_name(name: str, taken: set[str]) -> str:
    wanted = name.translate(ILLEGAL).strip("' ")[:LONGEST_NAME] or "1"
    free, nth = wanted, 2
    while free.lower() in taken:
        free = f"{wanted[: LONGEST_NAME - 4]} {nth}"
        nth += 1
    taken.add(free.lower())
    return free


def _drawn(
    sheet: Any,
    value: Cell,
    *,
    is_bold: bool = False,
    size: int = 10,
    fill: PatternFill | None = None,
    align: str = "left",
    is_framed: bool = False,
) -> Any:
    cell = WriteOnlyCell(sheet, value=_excel_value(value))
    cell.font = Font(name="宋体", size=size, bold=is_bold)
    is_figure = not isinstance(value, str) and value is not None
    cell.alignment = Alignment(
        horizontal="right" if is_figure and align == "left" else align, vertical="center", wrap_text=True
    )
    if fill:
        cell.fill = fill
    if is_framed:
        cell.border = _FRAME
    return cell


def _excel_value(value: Cell) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, str):
        return harmless(printable(value)[:LONGEST_CELL])
    return value
