"""Signed sheets and joint tests as documents: every line, every signature in its place, the seal."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from docx import Document
from docx.oxml.ns import qn
from werkzeug.datastructures import MultiDict

from tests.documents.october import material
from tests.documents.papers import images_of, words_of
from tests.jointtests.documents import NOON, flat_record
from tests.reports.month_of_work import somebody
from tests.visits.days import day_of, signed
from webapp.documents.collect import write
from webapp.documents.models import Format, Kind
from webapp.jointtests.actions import hand_in
from webapp.jointtests.schemas import load_document
from webapp.kit.clock import Month
from webapp.kit.transaction import transaction

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("context")]
IN_OCTOBER = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)


def test_the_sheets_of_a_month_show_each_line_the_signatures_and_the_seal(tmp_path):
    with transaction():
        signed(day_of(at=IN_OCTOBER))
    made = material(tmp_path)
    [sheet] = made.sheets
    paper = made.paper(Kind.SHEETS, 1)
    write(paper, Format.PDF, tmp_path / "a.pdf")
    write(paper, Format.DOCX, tmp_path / "a.docx")
    text = words_of(tmp_path / "a.pdf")
    for shown in (sheet.number, sheet.seal.digest, "陈志强"):
        assert shown in text
    for page in sheet.pages:
        for row in page.rows:
            assert "".join(row.device.split()) in text
    assert images_of(tmp_path / "a.pdf")
    word = Document(str(tmp_path / "a.docx"))
    table = next(each for each in word.tables if len(each.columns) == 7 + len(sheet.capacities))
    assert len(table._tbl.tr_lst) == 1 + sheet.rows
    assert len(list(word.element.iter(qn("pic:pic")))) == 1 + len(sheet.signatures)


def test_the_joint_test_report_shows_values_results_problems_and_who_has_to_sign(tmp_path):
    with transaction():
        test = hand_in(uuid4(), load_document(MultiDict(flat_record())), by=somebody("tech"), now=NOON).test
        number, month = test.number, Month.of(test.day)
    made = material(tmp_path)
    made.month = month
    paper = made.paper(Kind.JOINT_TEST, 1)
    write(paper, Format.PDF, tmp_path / "a.pdf")
    write(paper, Format.XLSX, tmp_path / "a.xlsx")
    text = words_of(tmp_path / "a.pdf")
    [record] = made.joint_tests
    values = [cell.value for turn in record.sheet.turns for cell in turn.cells if cell.item.kind == "number"]
    for shown in (number, *values, "Technicianoftheprovider", "Supervisorofthebureau", "Notsealedyet"):
        assert shown in text, shown
