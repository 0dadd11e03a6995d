"""The papers of a month say what the objects say, in every format."""

from __future__ import annotations

from decimal import Decimal

import pytest
from docx import Document
from openpyxl import load_workbook

from tests.documents.october import material
from tests.documents.papers import images_of, text_of, words_of
from tests.reports.test_views import full_october  # noqa: F401  (a fixture)
from webapp.documents.collect import write
from webapp.documents.models import Format, Kind
from webapp.documents.parts import file_name_of, in_chinese, number_of
from webapp.documents.rules import PAPERS
from webapp.files.store import Store
from webapp.kit.clock import Month

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("full_october", "context")]


def table_named(book, start):
    return next(book[name] for name in book.sheetnames if name.startswith(start))


def test_headings_count_in_chinese():
    assert [in_chinese(n) for n in (1, 10, 11, 20, 21, 99)] == ["一", "十", "十一", "二十", "二十一", "九十九"]


def test_names_and_numbers_of_documents_tell_centre_month_kind_and_version():
    assert number_of("SG", Month(2026, 11), Kind.REPORT, 2) == "SG-202611-BG-02"
    assert file_name_of("a/b", Month(2026, 11), Kind.HAZARDS, "pdf") == "a_b_Nov-2026_Hazard list.pdf"


def test_the_report_shows_the_figures_of_the_object_in_every_format(tmp_path):
    made = material(tmp_path)
    t, paper = made.summary.total, made.paper(Kind.REPORT, 1)
    figures = [t.due, t.done, t.explained, t.open, t.row_percent, t.signed, t.abnormal]
    for form in (Format.PDF, Format.DOCX, Format.XLSX):
        write(paper, form, tmp_path / f"a.{form}")
    squeezed = " ".join(text_of(tmp_path / "a.pdf").split())
    assert " ".join(map(str, figures)) in squeezed
    book = load_workbook(tmp_path / "a.xlsx")
    row = next(row for row in book["Due and done"].iter_rows(values_only=True) if row[0] == "Rows")
    assert [Decimal(str(cell)) for cell in row[1:]] == [Decimal(figure) for figure in figures]
    assert book["Abnormal items"].max_row - 1 == len(made.summary.abnormal)
    word = Document(str(tmp_path / "a.docx"))
    due = next(each for each in word.tables if each.cell(0, 1).text == "Due this month")
    assert [cell.text for cell in due.rows[1].cells] == ["Rows", *map(str, figures)]


def test_the_report_holds_everything_that_the_contract_asks_of_it(tmp_path):
    paper = material(tmp_path).paper(Kind.REPORT, 1)
    write(paper, Format.PDF, tmp_path / "a.pdf")
    text = words_of(tmp_path / "a.pdf")
    for shown in ("GZ-2610-01", "YH-2610-01", "JT-SG-202610-01", "天线旁树木需修剪", "seenonsite", "设备外借",
                  "readingnotplausible", "Thismonthisnotclosed", "Signature(stamp)", "SG-202610-BG-01"):  # fmt: skip
        assert shown in text, shown
    photos = sum(len(item.photo_ids) for item in material(tmp_path).summary.abnormal)
    assert len([line for line in images_of(tmp_path / "a.pdf") if " image " in line]) >= photos


def test_a_lost_photo_is_said_and_keeps_no_paper_from_being_made(tmp_path, monkeypatch):
    def lost(*_args):
        raise FileNotFoundError

    monkeypatch.setattr(Store, "served", lost)
    paper = material(tmp_path).paper(Kind.REPORT, 1)
    assert [picture for picture in paper.pictures if picture.file is None]
    write(paper, Format.DOCX, tmp_path / "a.docx")
    write(paper, Format.PDF, tmp_path / "a.pdf")
    assert "Thebytesofthisphotoaremissing" in words_of(tmp_path / "a.pdf")


def test_hazards_faults_and_their_follow_up_have_papers_of_their_own(tmp_path):
    made = material(tmp_path)
    for kind in (Kind.HAZARDS, Kind.MAINTENANCE):
        write(made.paper(kind, 1), Format.XLSX, tmp_path / f"{kind}.xlsx")
    hazards = load_workbook(tmp_path / "hazards.xlsx")["Hazards"]
    assert [hazards.cell(2, 2).value, hazards.max_row - 1] == ["YH-2610-01", len(made.summary.hazards)]
    assert hazards.cell(2, 6).value == 19  # reported on 12 October, open at the end of the month
    book = load_workbook(tmp_path / "maintenance.xlsx")
    assert book["Not repaired"].cell(2, 1).value == "GZ-2610-01"
    assert "limit passed" in book["Not repaired"].cell(2, 6).value
    total = [cell.value for cell in book["Timeliness of repair"][book["Timeliness of repair"].max_row]]
    assert total == ["Total", 1, 0, 1, 0, made.summary.fault_figures.total.timeliness]  # one figure on page and paper


def test_every_paper_of_an_empty_month_can_be_written(tmp_path):
    made = material(tmp_path)
    made.month = Month(2025, 3)
    for kind in PAPERS:
        for form in (Format.DOCX, Format.XLSX, Format.HTML):
            write(made.paper(kind, 1), form, tmp_path / f"{kind}.{form}")
            assert (tmp_path / f"{kind}.{form}").stat().st_size > 1000
    assert "None." in (tmp_path / "report.html").read_text(encoding="utf-8")
