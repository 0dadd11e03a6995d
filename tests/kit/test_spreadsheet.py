"""Tables in and out: encodings, limits, broken files, formulas."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from webapp.kit.problems import Invalid
from webapp.kit.spreadsheet import Sheet, as_given, csv_of, harmless, read_table, xlsx_of

LIST = "code,name\r\nSG-1,高清视频会议服务器\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_in_the_encodings_of_offices(context, encoding):
    rows = read_table(LIST.encode(encoding), "list.csv")
    assert [(row.line, row.cells) for row in rows] == [(2, {"code": "SG-1", "name": "高清视频会议服务器"})]


def test_line_numbers_count_blank_and_broken_lines(context):
    rows = read_table(b'code,name\n\n"a","two\nlines"\nb,c\n', "x.csv")
    assert [(row.line, row.cells["code"]) for row in rows] == [(4, "a"), (5, "b")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"code,code\n1,2\n", "twice"),
        (b"code\n1,2\n", "line 2"),
        (b'code,name\n"a,b\n', "line"),
        (b",,\n1,2,3\n", "no column names"),
        (bytes([0xFF, 0xFE, 0x00, 0x41]) * 20, "neither UTF-8 nor GB18030"),
        (b"PK\x03\x04 but not a workbook", "Excel"),
        (b"a\n" * 20_002, "more than 20000 rows"),
    ],
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_a_broken_file_is_named_with_its_fault(context, data, says):
    with pytest.raises(Invalid, match=says) as caught:
        read_table(data, "list.csv")
    assert "list.csv" in caught.value.message


def test_a_workbook_that_unpacks_to_too_much_is_not_read(context):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 90_000_000)
    with pytest.raises(Invalid, match="far too much"):
        read_table(packed.getvalue(), "bomb.xlsx")


def test_a_workbook_whose_cells_are_damaged_is_named_too(context):
    good, damaged = zipfile.ZipFile(io.BytesIO(xlsx_of([Sheet("s", ["code"], [["SG-1"]])]))), io.BytesIO()
    with zipfile.ZipFile(damaged, "w") as archive:
        for name in good.namelist():
            part = good.read(name)
            archive.writestr(name, part.replace(b'r="A2"', b'r="??"') if name.endswith("sheet1.xml") else part)
    with pytest.raises(Invalid, match="cannot be read"):
        read_table(damaged.getvalue(), "list.xlsx")


def test_a_workbook_comes_back_as_it_went_out(context):
    sheet = Sheet("清单", ["code", "n", "day"], [["SG-1", 16, date(2026, 11, 21)], ["SG-2", None, None]])
    rows = read_table(xlsx_of([sheet]), "list.xlsx")
    assert [row.cells for row in rows] == [
        {"code": "SG-1", "n": "16", "day": "2026-11-21"},
        {"code": "SG-2", "n": "", "day": ""},
    ]


@given(st.text(max_size=20))
def test_no_text_becomes_a_formula_and_none_is_changed_for_good(text):
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    if not text.startswith("'"):
        assert as_given(harmless(text)) == text


def test_formulas_are_harmless_in_both_kinds():
    evil = '=HYPERLINK("http://x")'
    assert b"\n'=HYPERLINK" in csv_of(["a"], [[evil]]).replace(b"\r", b"").replace(b'"', b"", 1)
    book = load_workbook(io.BytesIO(xlsx_of([Sheet("s", ["a", "b"], [[evil, Decimal("1.5")]])])))
    cell = book.active["A2"]
    assert (cell.value, cell.data_type) == ("'" + evil, "s")
    assert book.active["B2"].value == 1.5


def test_what_xml_does_not_take_keeps_no_workbook_from_being_written():
    odd = "a" + "".join(chr(code) for code in (*range(32), 0xFFFE, 0xFFFF)) + "b\x00=1"
    book = load_workbook(io.BytesIO(xlsx_of([Sheet("s", ["a", "b"], [[odd, "\x01=1+1"]])])))
    assert book.active["A2"].value.replace("\r", "\n").split() == ["a", "b=1"]
    assert book.active["B2"].value == "'=1+1"
