"""A paper as the bureau files it: one tree of plain values. HTML, PDF, Word and Excel writers take only this.

The order of blocks is the order on paper. Pictures are files on disk, small already; one whose bytes are lost has no
file, and every writer says so in its place. Widths are shares of the width of the page.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from markupsafe import Markup

from webapp.kit.spreadsheet import Cell


class Align(enum.StrEnum):
    """Where the text of a column stands."""

    LEFT = "left"
    CENTRE = "center"
    RIGHT = "right"


@dataclass(frozen=True)
class Heading:
    """A heading with its number in it; level 1 or 2."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text; a line end is a line end. `is_note`: small print."""

    text: str
    is_note: bool = False


@dataclass(frozen=True)
class Facts:
    """Names and values, two pairs beside each other."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """A column of a table. `is_merged`: the same text in neighbouring rows becomes one cell."""

    title: str
    width: int = 10
    align: Align = Align.LEFT
    is_merged: bool = False


class RowStyle(enum.StrEnum):
    """How a row looks."""

    PLAIN = "plain"
    GROUP = "group"  # its first cell runs over the whole width
    TOTAL = "total"


@dataclass(frozen=True)
class TableRow:
    """A row: as many cells as columns; a group has one."""

    cells: tuple[Cell, ...]
    style: RowStyle = RowStyle.PLAIN


@dataclass(frozen=True)
class Table:
    """A table; `name` is what its sheet is called in Excel. Without rows every writer says that there are none."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[TableRow, ...]
    empty: str = ""  # what is said instead of rows


@dataclass(frozen=True)
class Picture:
    """A photo with its caption. `file` is None where the bytes are lost."""

    file: Path | None
    caption: str


@dataclass(frozen=True)
class Photos:
    """An appendix of photos, two beside each other."""

    name: str
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Chart:
    """A drawing for paper and screen; where only text can be edited, `table` stands for it."""

    caption: str
    drawing: Markup
    table: Table


@dataclass(frozen=True)
class SignatureBox:
    """A place to sign: the drawn signature where there is one, else lines to sign by hand."""

    title: str
    name: str = ""
    picture: Picture | None = None
    signed_at: str = ""
    note: str = ""


@dataclass(frozen=True)
class Signatures:
    """Places to sign beside each other, never cut apart."""

    boxes: tuple[SignatureBox, ...]


@dataclass(frozen=True)
class SealMark:
    """The seal over the record that the paper shows. The symbol holds `verify_url`."""

    number: int
    digest: str
    sealed_on: str
    verify_url: str


@dataclass(frozen=True)
class Symbol:
    """A QR symbol that leads somewhere, with what it is for."""

    address: str
    caption: str


@dataclass(frozen=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | Facts | Table | Photos | Chart | Signatures | SealMark | Symbol | PageBreak


@dataclass(frozen=True)
class Party:
    """One side of the contract and what it is in it: 甲方, 乙方."""

    duty: str
    name: str  # empty: a line to write on


@dataclass(frozen=True)
class Paper:
    """A document ready to be written."""

    title: str
    number: str
    period: str
    site_name: str
    parties: tuple[Party, Party]
    as_of: datetime
    made_at: str
    blocks: tuple[Block, ...]
    is_across: bool = False
    is_demo: bool = False

    @property
    def tables(self) -> Iterator[Table]:
        """All tables in order, those of charts too."""
        for block in self.blocks:
            if isinstance(block, Table):
                yield block
            elif isinstance(block, Chart):
                yield block.table

    @property
    def pictures(self) -> Iterator[Picture]:
        """All photos and drawn signatures in order."""
        for block in self.blocks:
            if isinstance(block, Photos):
                yield from block.pictures
            elif isinstance(block, Signatures):
                yield from (box.picture for box in block.boxes if box.picture)


def plain_rows(*rows: tuple[Cell, ...]) -> tuple[TableRow, ...]:
    """Rows without a look of their own."""
    return tuple(TableRow(row) for row in rows)


def cell_text(cell: Cell) -> str:
    """A cell as people read it; a moment must have been put into the site's zone before."""
    if cell is None:
        return "—"
    return cell.strftime("%Y-%m-%d %H:%M") if isinstance(cell, datetime) else printable(str(cell))


def printable(text: str) -> str:
    """A text without control characters and the two that are none: XML takes none of them, and no font has them."""
    return "".join(sign for sign in text if (sign >= " " or sign in "\n\t") and sign not in "\ufffe\uffff")


def merged_runs(table: Table, column: int) -> dict[int, int]:
    """Row → how many rows its cell in a merged column spans; 0 for those that are swallowed."""
    runs: dict[int, int] = {}
    first, before = 0, None
    for index, row in enumerate(table.rows):
        here = row.cells[column] if row.style is RowStyle.PLAIN else None
        if here is not None and here == before:
            runs[index] = 0
            runs[first] += 1
        else:
            first, runs[index] = index, 1
        before = here
    return runs
