"""PDF and Excel of the month, opened by independent readers and compared with the object."""

from __future__ import annotations

import io
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from tests.reports.month_of_work import AFTER_OCTOBER, OCTOBER, list_rows, site_called
from tests.reports.test_views import MONTH, full_october  # noqa: F401  (a fixture)
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.reports.monthly import build
from webapp.reports.summary import MonthlySummary

pytestmark = pytest.mark.usefixtures("full_october")


@pytest.fixture
def october(app) -> MonthlySummary:
    with app.test_request_context():
        return build(site_called("SG"), OCTOBER, AFTER_OCTOBER)


def read(tool: str, data: bytes, folder: Path) -> str:
    file = folder / "month.pdf"
    file.write_bytes(data)
    command = [tool, str(file), "-"] if tool == "pdftotext" else [tool, str(file)]
    if tool == "pdftotext":
        command.insert(1, "-layout")
    if tool == "pdfimages":
        command = [tool, "-list", str(file)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.one_database
def test_the_pdf_shows_the_figures_of_the_object(as_, october, tmp_path):
    answer = as_("office", "zh").get(f"{MONTH}.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    text = read("pdftotext", answer.data, tmp_path)
    total = october.total
    squeezed = " ".join(text.split())
    assert f"{total.due} {total.done} {total.explained} {total.open} {total.row_percent}" in squeezed
    assert f"{total.units_due} {total.units_checked} {total.units_explained} {total.units_open}" in squeezed
    for shown in ("韶关市应急管理局应急指挥中心", "2026-10-01 – 2026-10-31", "设备外借", "GZ-2610-01", "YH-2610-01",
                  "JT-SG-202610-01", "天线旁树木需修剪", "seen on site"):  # fmt: skip
        assert shown in text, shown
    for line in october.lines:
        assert line.name in text


@pytest.mark.one_database
def test_the_pdf_counts_its_pages_embeds_its_fonts_and_carries_the_photos(as_, october, tmp_path):
    data = as_("lead", "en").get(f"{MONTH}.pdf").data
    text = read("pdftotext", data, tmp_path)
    pages = text.count("\f")
    assert f"Page 1 of {pages}" in text
    assert f"Page {pages} of {pages}" in text
    assert "A4" in read("pdfinfo", data, tmp_path)
    fonts = read("pdffonts", data, tmp_path).splitlines()[2:]
    assert fonts
    assert all(line.split()[-5] == "yes" for line in fonts), "every font is embedded"
    pictures = read("pdfimages", data, tmp_path).splitlines()[2:]
    assert len(pictures) >= min(3, sum(len(item.photo_ids) for item in october.abnormal))


@pytest.mark.one_database
def test_photos_whose_bytes_are_lost_do_not_keep_the_pdf_from_being_made(app, as_, monkeypatch):
    from webapp.files.store import Store

    def lost(*_args):
        raise FileNotFoundError

    monkeypatch.setattr(Store, "served", lost)
    assert as_("lead").get(f"{MONTH}.pdf").status_code == 200


@pytest.mark.one_database
def test_an_empty_month_makes_a_pdf_and_a_workbook_too(as_, tmp_path):
    browser = as_("lead")
    assert "None." in read("pdftotext", browser.get("/months/2025-03.pdf").data, tmp_path)
    assert load_workbook(io.BytesIO(browser.get("/months/2025-03.xlsx").data)).worksheets[2].max_row == 1


def test_the_workbook_shows_the_figures_of_the_object(as_, october):
    answer = as_("supervisor").get(f"{MONTH}.xlsx")
    assert "2026-10" in answer.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == [
        "Summary", "Coverage", "Rows", "Abnormal", "Faults", "Hazards", "Missing rows", "Joint tests",
        "Signed sheets", "Comparison",
    ]  # fmt: skip
    figures = [(row[0], row[1]) for row in book["Summary"].iter_rows(min_row=2, values_only=True)]
    assert ("Rows due", october.total.due) in figures
    assert ("Units checked", october.total.units_checked) in figures
    assert ("Photos taken", october.photos) in figures
    percents = [value for name, value in figures if name == "Coverage"]
    assert [Decimal(str(value)) for value in percents] == [october.total.row_percent, october.total.unit_percent]
    amounts = {name: book[name].max_row - 1 for name in book.sheetnames}
    assert amounts["Rows"] == len(october.rows) == 125
    assert amounts["Abnormal"] == len(october.abnormal)
    assert (amounts["Faults"], amounts["Hazards"]) == (len(october.faults), len(october.hazards))
    assert amounts["Coverage"] == sum(len(line.systems) for line in october.lines) + 2


def test_the_workbook_makes_formulas_harmless(app, as_):
    from webapp.kit.transaction import transaction

    with app.test_request_context(), transaction():
        list_rows()[0].name = '=HYPERLINK("http://evil.example")'
    book = load_workbook(io.BytesIO(as_("lead").get(f"{MONTH}.xlsx").data))
    cells = [cell for row in book["Rows"].iter_rows() for cell in row if "HYPERLINK" in str(cell.value)]
    assert cells
    assert all(cell.data_type == "s" and str(cell.value).startswith("'=") for cell in cells)


@pytest.mark.parametrize(
    ("username", "status"), [("lead", 200), ("supervisor", 200), ("office", 200), ("tech", 403), ("admin", 403)]
)
def test_taking_documents_out_needs_the_right_and_is_logged(app, as_, username, status):
    browser = as_(username)
    assert browser.get(f"{MONTH}.xlsx").status_code == status
    with app.app_context():
        logged = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.REPORT_EXPORTED)).all()
        assert [entry.facts["kind"] for entry in logged] == (["xlsx"] if status == 200 else [])
    assert (f"{MONTH}.pdf" in browser.get(MONTH).text) == (status == 200)
    if status == 403:
        assert browser.get(f"{MONTH}.pdf").status_code == 403


def test_the_workbook_speaks_the_readers_language(as_):
    book = load_workbook(io.BytesIO(as_("lead", "zh").get(f"{MONTH}.xlsx").data))
    assert book.sheetnames[0] != "Summary"
