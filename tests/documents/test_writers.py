"""The four writers, each read back by an independent reader: nothing cut, nothing lost, no formula."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from openpyxl import load_workbook

from tests.documents.papers import (
    CHINESE,
    DIGEST,
    ENDLESS,
    fonts_of,
    hard_paper,
    images_of,
    pages_of,
    pdf_from_office,
    photo,
    words_of,
)
from webapp.documents.docx import write_docx
from webapp.documents.html import write_html
from webapp.documents.paper import Column, Heading, Paper, Photos, Picture, RowStyle, Table, TableRow, merged_runs
from webapp.documents.pdf import write_pdf
from webapp.documents.xlsx import write_xlsx

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("context")]


def test_a_merged_column_counts_the_rows_that_each_cell_spans():
    rows = [TableRow((name,)) for name in "aab"] + [TableRow(("b",), RowStyle.GROUP), TableRow(("b",))]
    assert merged_runs(Table("t", (Column("x", is_merged=True),), tuple(rows)), 0) == {0: 2, 1: 0, 2: 1, 3: 1, 4: 1}


def test_the_pdf_repeats_the_head_of_a_long_table_and_loses_no_row(tmp_path):
    write_pdf(hard_paper(tmp_path), tmp_path / "a.pdf")
    pages = pages_of(tmp_path / "a.pdf")
    with_rows = [page for page in pages if re.search(r"设备\d", page)]
    assert len(with_rows) > 3
    assert all("Device" in page and "Coverage" in page for page in with_rows)
    found = {int(number) for page in pages for number in re.findall(r"设备(\d+)", page)}
    assert found == set(range(1, 201))
    assert f"Page 1 of {len(pages)}" in pages[0]
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1]


def test_the_pdf_breaks_long_words_says_what_is_lost_and_embeds_its_fonts(tmp_path):
    write_pdf(hard_paper(tmp_path), tmp_path / "a.pdf")
    text = words_of(tmp_path / "a.pdf")
    assert text.count("W") >= len(ENDLESS) * 4
    assert CHINESE[:28] in text
    assert "本月没有。" in text
    assert "Thebytesofthisphotoaremissing" in text
    assert "Thebytesofthissignaturearemissing" in text
    assert DIGEST in text
    assert len(images_of(tmp_path / "a.pdf")) >= 4
    fonts = fonts_of(tmp_path / "a.pdf")
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts)


def test_the_pdf_opens_no_other_file_and_no_address(tmp_path):
    secret = photo(tmp_path, 9)
    paper = Paper(**{**vars(hard_paper(tmp_path, rows=1, photos=0)), "blocks": (Heading(f'<img src="{secret}">'),)})
    write_pdf(paper, tmp_path / "a.pdf")
    assert not images_of(tmp_path / "a.pdf")


def test_the_word_file_has_real_headings_tables_and_fields(tmp_path):
    write_docx(hard_paper(tmp_path), tmp_path / "a.docx")
    document = Document(str(tmp_path / "a.docx"))
    headings = [line.text for line in document.paragraphs if line.style.name == "Heading 1"]
    assert headings == ["一、各系统覆盖", "二、没有的"]
    table = next(each for each in document.tables if len(each.columns) == 5)
    assert len(table._tbl.tr_lst) == 203
    assert table._tbl.tr_lst[0].find(f".//{qn('w:tblHeader')}") is not None
    assert all(row.find(f".//{qn('w:cantSplit')}") is not None for row in table._tbl.tr_lst)
    widths = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid]
    assert sum(widths) <= (210 - 40) * 1440 / 25.4 + 5
    foot = document.sections[0].footer._element.xml
    assert "NUMPAGES" in foot
    assert "PAGE" in foot
    for name, font in (("Normal", "宋体"), ("Title", "黑体"), ("Heading 1", "黑体")):
        assert document.styles[name].element.rPr.rFonts.get(qn("w:eastAsia")) == font
    assert document.sections[0].page_width.mm == pytest.approx(210, abs=1)
    assert document.sections[0].orientation == WD_ORIENT.PORTRAIT


def test_the_word_file_holds_photos_signatures_and_what_is_lost(tmp_path):
    write_docx(hard_paper(tmp_path, is_across=True), tmp_path / "a.docx")
    document = Document(str(tmp_path / "a.docx"))
    texts = "\n".join(part.text or "" for part in document.element.iter(qn("w:t")))
    assert "The bytes of this photo are missing." in texts
    assert "The bytes of this signature are missing." in texts
    assert DIGEST in texts
    assert "\x07" not in texts
    pictures = list(document.element.iter(qn("pic:pic")))
    assert len(pictures) == 5  # three photos, a signature, the symbol
    names = [part.get("id") for part in document.element.iter(qn("wp:docPr"))]
    assert len(names) == len(set(names))
    assert document.sections[0].orientation == WD_ORIENT.LANDSCAPE


def test_the_workbook_keeps_figures_as_figures_and_runs_no_formula(tmp_path):
    write_xlsx(hard_paper(tmp_path), tmp_path / "a.xlsx")
    book = load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["Cover", "覆盖", "没有的", "照片"]
    sheet = book["覆盖"]
    assert sheet.max_row == 203
    assert (sheet["A3"].value, sheet["E3"].value) == (1, Decimal("97.5"))
    assert sheet["D5"].value == "'=1+1"
    assert sheet["D5"].data_type == "s"
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight, sheet.page_setup.paperSize) == (1, 0, 9)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert "&P" in sheet.oddFooter.center.text
    assert "missing" in book["照片"].cell(5, 2).value


def test_sheets_of_a_workbook_never_share_a_name_or_break_it(tmp_path):
    table = Table("[a]/b:" + "很长的名称" * 10, (Column("x"),), (TableRow((1,)),))
    paper = Paper(**{**vars(hard_paper(tmp_path, rows=1, photos=0)), "blocks": (table, table, table)})
    write_xlsx(paper, tmp_path / "a.xlsx")
    names = load_workbook(tmp_path / "a.xlsx").sheetnames
    assert len(names) == len(set(names)) == 4
    assert max(map(len, names)) <= 31


def test_the_web_page_stands_alone_and_escapes_what_people_wrote(tmp_path):
    write_html(hard_paper(tmp_path), tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert text.count("data:image/jpeg;base64,") == 3
    assert "&lt;b&gt;&amp;" in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "<script" not in text


def test_what_word_prints_is_what_was_meant(tmp_path):
    write_docx(hard_paper(tmp_path, rows=60), tmp_path / "a.docx")
    printed = pdf_from_office(tmp_path / "a.docx", tmp_path)
    if printed is None:
        pytest.skip("LibreOffice is not installed: nobody to print the Word file")
    pages = pages_of(printed)
    assert {int(n) for page in pages for n in re.findall(r"设备\s?(\d+)", page)} == set(range(1, 61))
    assert all("Coverage" in page for page in pages if re.search(r"设备\s?\d", page))
    assert f"Page 1 of {len(pages)}" in pages[0]
    assert len(images_of(printed)) >= 4


def test_an_appendix_of_photos_puts_two_beside_each_other(tmp_path):
    pictures = tuple(Picture(photo(tmp_path, nth), f"{nth}") for nth in range(6))
    paper = Paper(**{**vars(hard_paper(tmp_path, rows=1, photos=0)), "blocks": (Photos("照片", pictures),)})
    write_pdf(paper, tmp_path / "a.pdf")
    assert len(images_of(tmp_path / "a.pdf")) == 6
    assert any(re.search(r"5\. 4\s+6\. 5", page) for page in pages_of(tmp_path / "a.pdf"))
