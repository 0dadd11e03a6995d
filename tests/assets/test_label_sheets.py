"""Where the cells of a sheet lie, without app or database."""

from dataclasses import replace
from decimal import Decimal

import pytest

from webapp.assets.label_sheets import SHEETS, UNPRINTABLE, plain, sheet_problems


@pytest.mark.parametrize(
    ("key", "cells", "last"),
    [
        ("a4-3x8", 24, ("139.25", "250.2")),
        ("a4-3x10", 30, ("140", "267.3")),
        ("a4-5x13", 65, ("167.15", "265.1")),
        ("roll-40x30", 1, ("0", "0")),
        ("roll-60x40", 1, ("0", "0")),
    ],
)
def test_each_kind_of_paper_has_its_cells_where_the_maker_cut_them(key, cells, last):
    sheet = SHEETS[key]
    assert sheet.cells == cells
    assert sheet.corner(cells - 1) == (Decimal(last[0]), Decimal(last[1]))
    assert sheet_problems(sheet) == {}


@pytest.mark.parametrize("sheet", [s for s in SHEETS.values() if not s.is_roll], ids=lambda sheet: sheet.key)
def test_the_cells_lie_in_the_middle_of_the_sheet(sheet):
    assert sheet.paper_width - sheet.right == pytest.approx(sheet.margin_left, abs=Decimal("0.01"))
    assert sheet.paper_height - sheet.bottom == pytest.approx(sheet.margin_top, abs=Decimal("0.1"))


@pytest.mark.parametrize("sheet", [s for s in SHEETS.values() if not s.is_roll], ids=lambda sheet: sheet.key)
def test_nothing_is_printed_where_laser_printers_cannot_print(sheet):
    assert sheet.margin_left + sheet.inset_x >= UNPRINTABLE
    assert sheet.margin_top + sheet.inset_y >= UNPRINTABLE
    assert sheet.right - sheet.inset_x <= sheet.paper_width - UNPRINTABLE


def test_cells_are_filled_row_by_row_from_the_left():
    sheet = SHEETS["a4-3x8"]
    assert [sheet.corner(index)[1] for index in (0, 1, 2)] == [Decimal("12.9")] * 3
    assert sheet.corner(1)[0] - sheet.corner(0)[0] == Decimal("66")
    assert sheet.corner(3) == (Decimal("7.25"), Decimal("46.8"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"columns": 4}, "columns"),
        ({"rows": 9}, "rows"),
        ({"cell_width": Decimal("65.92")}, "columns"),
        ({"margin_top": Decimal("25.81")}, "rows"),
        ({"gap_y": Decimal("1.85")}, "rows"),
        ({"columns": 20, "rows": 21}, "rows"),
    ],
)
def test_a_sheet_that_runs_over_its_paper_says_in_which_direction(change, field):
    assert field in sheet_problems(replace(SHEETS["a4-3x8"], **change))


@pytest.mark.parametrize(
    "change", [{"cell_width": Decimal("65.91")}, {"margin_top": Decimal("25.80")}, {"gap_y": Decimal("1.84")}]
)
def test_a_sheet_that_just_fits_is_accepted(change):
    assert sheet_problems(replace(SHEETS["a4-3x8"], **change)) == {}


def test_a_printer_that_is_off_moves_all_cells_alike():
    moved = SHEETS["a4-3x8"].moved(Decimal("1.5"), Decimal("-0.5"))
    assert moved.corner(0) == (Decimal("8.75"), Decimal("12.4"))
    assert moved.corner(23) == (Decimal("140.75"), Decimal("249.7"))


@pytest.mark.parametrize(
    ("length", "text"), [("63.50", "63.5"), ("40", "40"), ("40.00", "40"), ("0", "0"), ("7.25", "7.25")]
)
def test_lengths_are_written_without_needless_zeros(length, text):
    assert plain(Decimal(length)) == text
