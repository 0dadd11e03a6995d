"""Sheets and rolls of labels: where each cell lies. All lengths are millimetres as Decimals, from the top left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from flask_babel import gettext as _

ZERO = Decimal(0)
UNPRINTABLE = Decimal("4.3")  # what most laser printers leave white along the edge of a sheet
PADDING = Decimal("1.5")  # between the cut and what is printed
SMALLEST_MODULE = Decimal("0.3")  # a phone at arm's length reads no finer symbol
LARGEST_PAPER = Decimal(600)
MOST_CELLS = 400
CUSTOM = "custom"


@dataclass(frozen=True)
class Sheet:
    """One kind of paper: its cells in rows and columns. `dot` is the dot of a label printer (None: laser printer)."""

    key: str
    paper_width: Decimal
    paper_height: Decimal
    columns: int
    rows: int
    cell_width: Decimal
    cell_height: Decimal
    margin_left: Decimal = ZERO
    margin_top: Decimal = ZERO
    gap_x: Decimal = ZERO
    gap_y: Decimal = ZERO
    dot: Decimal | None = None

    @property
    def cells(self) -> int:
        """Labels per sheet."""
        return self.columns * self.rows

    @property
    def is_roll(self) -> bool:
        """Whether each page is one label."""
        return self.cells == 1

    @property
    def name(self) -> str:
        """What people call it: A4, 3 × 8 cells, size of a label."""
        size = f"{plain(self.cell_width)} × {plain(self.cell_height)} mm"
        if self.is_roll:
            return _("Roll, %(size)s", size=size)
        paper = "A4" if (self.paper_width, self.paper_height) == (Decimal(210), Decimal(297)) else _("Sheet of labels")
        return f"{paper}, {self.columns} × {self.rows}, {size}"

    @property
    def right(self) -> Decimal:
        """Where the last column ends."""
        return self.margin_left + self.columns * self.cell_width + (self.columns - 1) * self.gap_x

    @property
    def bottom(self) -> Decimal:
        """Where the last row ends."""
        return self.margin_top + self.rows * self.cell_height + (self.rows - 1) * self.gap_y

    @property
    def inset_x(self) -> Decimal:
        """What stays white at the left and right of every cell."""
        return self._inset(self.margin_left, self.paper_width - self.right)

    @property
    def inset_y(self) -> Decimal:
        """What stays white at the top and bottom of every cell."""
        return self._inset(self.margin_top, self.paper_height - self.bottom)

    def corner(self, index: int) -> tuple[Decimal, Decimal]:
        """Top left corner of the cell with that index: 0 is the first, rows are filled from the left."""
        row, column = divmod(index, self.columns)
        return (
            self.margin_left + column * (self.cell_width + self.gap_x),
            self.margin_top + row * (self.cell_height + self.gap_y),
        )

    def moved(self, right: Decimal, down: Decimal) -> Sheet:
        """The same sheet for a printer that is off by that much."""
        return replace(self, margin_left=self.margin_left + right, margin_top=self.margin_top + down)

    def _inset(self, before: Decimal, after: Decimal) -> Decimal:
        return PADDING if self.is_roll else max(PADDING, UNPRINTABLE - before, UNPRINTABLE - after)


def _a4(key: str, columns: int, rows: int, *sizes: str) -> Sheet:
    width, height, left, top, gap_x = (Decimal(size) for size in sizes)
    return Sheet(key, Decimal(210), Decimal(297), columns, rows, width, height, left, top, gap_x)


def _roll(key: str, width: int, height: int) -> Sheet:
    dot = Decimal("0.125")  # 203 dpi, the usual label printer
    return Sheet(key, Decimal(width), Decimal(height), 1, 1, Decimal(width), Decimal(height), dot=dot)


SHEETS: dict[str, Sheet] = {
    sheet.key: sheet
    for sheet in (
        _a4("a4-3x8", 3, 8, "63.5", "33.9", "7.25", "12.9", "2.5"),
        _a4("a4-3x10", 3, 10, "70", "29.7", "0", "0", "0"),
        _a4("a4-5x13", 5, 13, "38.1", "21.2", "4.75", "10.7", "2.5"),
        _roll("roll-40x30", 40, 30),
        _roll("roll-60x40", 60, 40),
    )
}


def sheet_problems(sheet: Sheet) -> dict[str, list[str]]:
    """What is wrong with a sheet measured by hand: field → messages. Empty when all cells lie on the paper."""
    problems: dict[str, list[str]] = {}
    if sheet.cells > MOST_CELLS:
        problems["rows"] = [_("At most %(n)s cells on a sheet.", n=MOST_CELLS)]
    for field, end, paper in (
        ("columns", sheet.right, sheet.paper_width),
        ("rows", sheet.bottom, sheet.paper_height),
    ):
        if end > paper:
            problems.setdefault(field, []).append(
                _(
                    "Margin, cells and gaps take %(need)s mm, but the paper has %(have)s mm.",
                    need=plain(end),
                    have=plain(paper),
                )
            )
    return problems


def plain(length: Decimal) -> str:
    """A length without needless zeros: 63.50 → 63.5, 40.0 → 40."""
    text = f"{length:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
