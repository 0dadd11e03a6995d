"""Tables in and out: CSV and XLSX, in the encodings that offices use, with formulas made harmless."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from flask import Response, make_response
from flask_babel import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from webapp.kit.problems import Invalid

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_UNPACKED = 80 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 60
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")  # the quote too: as_given takes back exactly what was added
WIDEST_COLUMN = 60
# a text with one of these, and no workbook is written
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Cell = str | int | Decimal | date | datetime | None


@dataclass(frozen=True)
class Row:
    """One line of a table that came in: its line number in the file and its cells by column name."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook that goes out."""

    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)


def read_table(data: bytes, filename: str) -> list[Row]:
    """Reads CSV (UTF-8 or GB18030) or XLSX; the first row holds the column names, blank rows are skipped.

    Raises:
        Invalid: too large, unreadable, columns missing or twice; the message names file, line and column.
    """
    if len(data) > LARGEST_FILE:
        raise Invalid(_("%(file)s is larger than 5 MB. Please split it.", file=filename))
    lines = _read_xlsx(data, filename) if data[:4] == b"PK\x03\x04" else _read_csv(data, filename)
    if not lines:
        raise Invalid(_("%(file)s is empty.", file=filename))
    head = [name.strip() for name in lines[0][1]]
    _check_head(head, filename)
    rows = []
    for number, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
            raise Invalid(
                _(
                    "%(file)s, line %(line)s: %(n)s cells, but only %(columns)s columns have a name.",
                    file=filename,
                    line=number,
                    n=len(cells),
                    columns=len(head),
                )
            )
        padded = [*cells, *[""] * (len(head) - len(cells))]
        rows.append(Row(number, {name: cell.strip() for name, cell in zip(head, padded, strict=False) if name}))
    return rows


def _check_head(head: list[str], filename: str) -> None:
    for name in head:
        if name and head.count(name) > 1:
            raise Invalid(_("%(file)s, line 1: the column %(name)s stands there twice.", file=filename, name=name))
    if not any(head):
        raise Invalid(_("%(file)s, line 1: there are no column names.", file=filename))


def _read_csv(data: bytes, filename: str) -> list[tuple[int, list[str]]]:
    text = _decoded(data, filename)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            lines.append((reader.line_num, cells))
            _check_size(len(lines), len(cells), filename)
    except csv.Error as error:
        raise Invalid(
            _(
                "%(file)s, line %(line)s: this is not a proper CSV line (%(why)s). Check the quotation marks.",
                file=filename,
                line=reader.line_num,
                why=error,
            )
        ) from error
    return lines


def _decoded(data: bytes, filename: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid(_("%(file)s is neither UTF-8 nor GB18030 text. Save it as CSV or XLSX again.", file=filename))


def _read_xlsx(data: bytes, filename: str) -> list[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > LARGEST_UNPACKED:
            raise Invalid(_("%(file)s unpacks to far too much. It was not read.", file=filename))
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        lines = []
        for number, values in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            _check_size(number, len(values), filename)
            lines.append((number, [_cell_text(value) for value in values]))
        book.close()
    except Invalid:
        raise
    except Exception as error:  # openpyxl raises many kinds for broken files, some not before their rows are read
        raise Invalid(_("%(file)s cannot be read as an Excel file.", file=filename)) from error
    return lines


def _cell_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value)


def _check_size(rows: int, columns: int, filename: str) -> None:
    if rows > MOST_ROWS + 1:
        raise Invalid(_("%(file)s has more than %(n)s rows. Please split it.", file=filename, n=MOST_ROWS))
    if columns > MOST_COLUMNS:
        raise Invalid(_("%(file)s has more than %(n)s columns.", file=filename, n=MOST_COLUMNS))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: a quote stands before =, +, -, @ (OWASP CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def as_given(text: str) -> str:
    """Takes back what `harmless` added, so that an exported list imports unchanged."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """CSV in UTF-8 with a mark that makes Excel read Chinese properly."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(sheets: Sequence[Sheet]) -> bytes:
    """An Excel workbook; figures stay numbers, texts never become formulas, heads are frozen."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        drawn = book.create_sheet(sheet.title[:31])
        drawn.append([harmless(column) for column in sheet.columns])
        for row in sheet.rows:
            drawn.append([_excel_value(cell) for cell in row])
        for cell in drawn[1]:
            cell.font = Font(bold=True)
        drawn.freeze_panes = "A2"
        for index, column in enumerate(sheet.columns, start=1):
            widest = max([len(str(row[index - 1] or "")) for row in sheet.rows[:200]] + [len(column)])
            drawn.column_dimensions[get_column_letter(index)].width = min(widest * 1.8 + 2, WIDEST_COLUMN)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    return harmless(cell) if isinstance(cell, str) else str(cell)


def _excel_value(cell: Cell) -> Any:
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    return harmless(_NOT_IN_XML.sub("", cell)) if isinstance(cell, str) else cell


def table_answer(data: bytes, filename: str, kind: str) -> Response:
    """The answer that saves a table; `kind` is "csv" or "xlsx"."""
    types = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    answer = make_response(data)
    answer.headers["Content-Type"] = types[kind]
    answer.headers["Content-Disposition"] = f"attachment; filename=\"table.{kind}\"; filename*=UTF-8''{quote(filename)}"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
