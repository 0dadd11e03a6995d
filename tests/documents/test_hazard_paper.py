"""The hazard list on paper: state, age, the bureau's word and the work, in all formats, as known at the closing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from docx import Document
from openpyxl import load_workbook

from tests.documents.october import material
from tests.documents.papers import words_of
from tests.faults.hazards_played import check, put_on_list, say, work
from tests.faults.played import somebody
from tests.faults.test_actions import first_asset, raised, site_of
from tests.reports.month_of_work import IN_OCTOBER, OCTOBER
from webapp.documents.collect import write
from webapp.documents.models import Format, Kind
from webapp.extensions import db
from webapp.faults.models import Finding, FindingKind
from webapp.kit.transaction import transaction
from webapp.reports.closing import close

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("context")]

DAY = timedelta(days=1)
LISTED, DECIDED, BEGUN, DONE, CLOSED = (IN_OCTOBER + n * DAY for n in (2, 4, 6, 8, 25))  # the last on 6 November
WAYS = {"YH-2610-01": "done", "YH-2610-02": "refused", "YH-2610-03": "waits", "YH-2610-04": "found"}
TITLES = {"state": 7, "proposal": 8, "word": 9, "work": 10, "age": 6}


def hazard(at: datetime = IN_OCTOBER) -> Finding:
    asset = first_asset(site_of())
    return raised(somebody("tech"), FindingKind.HAZARD, level=None, asset=asset, reported_at=at, now=at)


@pytest.fixture
def hazards(context) -> list[Finding]:
    """One that was rectified, one refused, one that waits, one that is on no list."""
    with transaction():
        found = [hazard() for _each in WAYS]
    done, refused, waits, _found = found
    with transaction():
        put_on_list(done, refused, waits, now=LISTED)
        say(done, yes=True, reason="注意安全", now=DECIDED)
        say(refused, yes=False, reason="来年再议", now=DECIDED)
    with transaction():
        work(done, "started", by="tech", now=BEGUN)
        work(done, "done", by="tech", now=DONE, text="接头已紧固")
    return found


def made(folder, form: Format):
    paper = material(folder).paper(Kind.HAZARDS, 1)
    write(paper, form, folder / f"hazards.{form}")
    return folder / f"hazards.{form}"


def table_of(folder) -> dict[str, dict[str, object]]:
    sheet = load_workbook(made(folder, Format.XLSX))["Hazards"]
    return {
        str(sheet.cell(row, 2).value): {name: sheet.cell(row, column).value for name, column in TITLES.items()}
        for row in range(2, sheet.max_row + 1)
    }


def test_each_hazard_shows_its_state_its_age_the_bureaus_word_and_the_work(tmp_path, hazards):
    rows = table_of(tmp_path)
    assert list(rows) == list(WAYS)
    done, refused, waits, found = rows.values()
    assert done["state"] == "Done, waits for the check"
    assert done["word"] == "Bureau agreed 2026-10-16 10:00 陈志强\n注意安全"
    assert done["work"] == "Work begun 2026-10-18 10:00 张伟\nRectified 2026-10-20 10:00 张伟\n接头已紧固"
    assert done["proposal"] == "tighten it"
    assert (refused["state"], refused["work"]) == ("Consent refused", "—")
    assert refused["word"] == "Bureau refused 2026-10-16 10:00 陈志强\n来年再议"
    assert (waits["state"], waits["word"]) == ("On the list, waits for consent", None)
    assert (found["state"], found["proposal"]) == ("Found", None)
    assert [row["age"] for row in rows.values()] == [19] * 4


def test_all_four_formats_say_the_same(tmp_path, hazards):
    html = made(tmp_path, Format.HTML).read_text(encoding="utf-8")
    word = Document(str(made(tmp_path, Format.DOCX)))
    table = next(each for each in word.tables if each.cell(0, 1).text == "Number")
    texts = {
        "pdf": words_of(made(tmp_path, Format.PDF)),
        "docx": "".join("".join(cell.text.split()) for row in table.rows for cell in row.cells),
        "html": "".join(html.split()),
        "xlsx": "".join("".join(str(cell).split()) for row in table_of(tmp_path).values() for cell in row.values()),
    }
    for form, text in texts.items():
        # single words: a line of a PDF may end between two
        for shown in ("refused", "agreed", "2026-10-16", "陈志强", "注意安全", "来年再议", "begun", "接头已紧固"):
            assert shown in text, (form, shown)


def test_a_closed_month_prints_what_was_known_at_its_closing_whatever_happens_afterwards(tmp_path, hazards):
    done, _refused, waits, _found = hazards
    with transaction():
        close(site_of(), OCTOBER, by=somebody("lead"), now=CLOSED)
    before = table_of(tmp_path)
    with transaction():
        check(done, now=CLOSED + DAY)
        say(waits, yes=True, now=CLOSED + DAY)
    assert table_of(tmp_path) == before
    assert before["YH-2610-01"]["state"] == "Done, waits for the check"


def test_an_open_month_prints_what_is_known_now_and_the_age_of_what_is_open_at_its_end(tmp_path, hazards):
    with transaction():
        old = hazard(IN_OCTOBER - 40 * DAY)
        old.number = "YH-2610-05"
        check(hazards[0], now=CLOSED)
    db.session.expire_all()
    rows = table_of(tmp_path)
    assert rows["YH-2610-01"]["state"] == "Checked"
    assert rows["YH-2610-01"]["work"].endswith("Closed 2026-11-06 10:00 陈志强\nlooks fine")
    assert (rows["YH-2610-05"]["state"], rows["YH-2610-05"]["age"]) == ("Found\n30 days and more", 59)
