"""Closing a month: its figures are frozen and sealed, and whatever arrives later is an addendum that changes none."""

from __future__ import annotations

import io
import json
import subprocess
import threading
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from tests.inspections.documents import ANTENNA, WALL, asset_with, filled
from tests.jointtests.documents import handed_in
from tests.jointtests.documents import signed as joint_test_signed
from tests.reports.month_of_work import AFTER_OCTOBER, IN_OCTOBER, OCTOBER, list_rows, site_called, somebody
from tests.reports.test_views import MONTH, full_october, parsed  # noqa: F401  (a fixture)
from tests.visits.days import abnormal_antenna, inspected, signed
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.models import FindingKind
from webapp.fieldwork.models import DeviceReport
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Inspection, Visit
from webapp.inspections.schemas import load_inspection
from webapp.jointtests.models import JointTest
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid
from webapp.kit.transaction import transaction
from webapp.plans.queries import today_of
from webapp.reports import closing, closing_words, views
from webapp.reports.closing import close, shown
from webapp.reports.closing_content import content_text, received_in, summary_in
from webapp.reports.closing_queries import Unsent, records_of, unsent_of
from webapp.reports.figures import FIGURES, count_of
from webapp.reports.models import ClosedMonth
from webapp.reports.monthly import build
from webapp.reports.summary import MonthlySummary
from webapp.seals.models import Seal
from webapp.seals.rules import MONTH as MONTH_SEAL
from webapp.seals.rules import month_record
from webapp.visits.actions import explain_omission, give_back

CLOSED_AT = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
LATER = CLOSED_AT + timedelta(days=4)
BEFORE = ("SG-2-01-002", "SG-2-01-003", "SG-2-01-004")
JOINT_TEST_DAY = date(2026, 10, 20)


def october(now: datetime = LATER) -> MonthlySummary:
    db.session.flush()
    return shown(site_called("SG"), OCTOBER, now)


def close_october(**changes: Any) -> ClosedMonth:
    db.session.flush()
    return close(site_called("SG"), OCTOBER, **{"by": somebody("lead"), "now": CLOSED_AT, **changes})


def work_of_october() -> list[Inspection]:
    """Three rows in order and the antenna abnormal with two photos, signed; two more rows on an open sheet."""
    tech, last = somebody("tech"), IN_OCTOBER + timedelta(days=2)
    made = [inspected(code, tech, at=IN_OCTOBER + timedelta(minutes=9 * place)) for place, code in enumerate(BEFORE)]
    made.append(abnormal_antenna(tech, at=IN_OCTOBER + timedelta(hours=1)))
    signed(sheet_of(made[0]))
    return [*made, inspected("SG-2-02-001", tech, at=last), inspected(WALL, tech, at=last + timedelta(hours=1))]


def sheet_of(inspection: Inspection) -> Visit:
    return db.session.get_one(Visit, inspection.visit_id)


def arrived_late(code: str, at: datetime = IN_OCTOBER + timedelta(days=5), **changes: Any) -> Inspection:
    """An inspection of October that reaches the server in November."""
    document = load_inspection(uuid.uuid4(), filled(asset_with(code), at=at, **changes))
    return hand_in(document, by=somebody("tech"), now=LATER)


def figures(summary: MonthlySummary) -> dict[str, int]:
    return {name: count_of(summary, name) for name in FIGURES}


def frozen(summary: MonthlySummary) -> MonthlySummary:
    """What must never change."""
    return replace(summary, closing=None, addenda=())


def verify(app) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["seals", "verify", "SG"])
    return result.exit_code, result.output.strip().splitlines()[-1]


def test_a_late_inspection_changes_no_figure_and_is_listed_with_its_flags(context):
    work_of_october()
    before = october(CLOSED_AT)
    closed = close_october()
    late = arrived_late("SG-2-01-005")
    after = october()
    assert figures(after) == figures(before) == closed.figures
    (found,) = after.addenda
    assert (found.kind, found.id, found.code, found.person) == ("inspection", late.id, "SG-2-01-005", "张伟")
    assert (found.done_at, found.received_at) == (late.finished_at, late.received_at)
    assert found.flags == tuple(late.flags) == ("received_late", "after_closing")
    assert closing_words.flags(found) == ["It arrived more than three days after it was done."]


def test_what_was_received_before_is_no_addendum_and_carries_no_flag(context):
    made = work_of_october()
    close_october()
    november = inspected("SG-2-01-005", somebody("tech"), at=LATER)
    assert october().addenda == ()
    assert not any("after_closing" in each.flags for each in [*made, november])


def test_late_documents_of_every_kind_are_addenda_and_nothing_of_the_month_moves(app, context):
    with transaction():
        made = work_of_october()
        tested = handed_in(now=CLOSED_AT - timedelta(days=9), day=JOINT_TEST_DAY)
        before = october(CLOSED_AT)
        close_october()
        closed = october(CLOSED_AT)
    with transaction():
        kinds = everything_comes_late(made, tested)
    after = october()
    assert sorted(each.kind for each in after.addenda) == sorted(kinds)
    assert frozen(after) == frozen(closed)
    assert figures(after) == figures(before)
    assert dict(closing_words.counts(after.addenda))["Signature under a joint test"] == 2
    assert figures(build(site_called("SG"), OCTOBER, LATER)) != figures(after), "else nothing was tried"
    assert verify(app)[0] == 0


def everything_comes_late(made: list[Inspection], tested: JointTest) -> list[str]:
    """One late document of each kind; the kinds that the list must show."""
    tech, supervisor, site = somebody("tech"), somebody("supervisor"), site_called("SG")
    *_others, row, wall = made
    arrived_late("SG-2-01-005")
    inspected("SG-2-02-001", tech, at=LATER, supersedes=str(row.id))  # done in November, corrects October's
    reason = {"id": uuid.uuid4(), "asset": asset_with("SG-2-02-002").id, "reason": "借出", "given_at": IN_OCTOBER}
    explain_omission(row.visit_id, reason, by=tech, now=LATER)
    give_back(wall.id, {"id": uuid.uuid4(), "reason": "照片不清楚"}, by=supervisor, now=LATER)
    inspected(WALL, tech, at=IN_OCTOBER + timedelta(days=2, hours=5))
    signed(sheet_of(row))
    raise_finding(
        FindingKind.HAZARD, site=site, asset=asset_with(ANTENNA), item_text="", level=None, text="松动", photo_ids=[],
        source=None, channel="site", by=tech, reported_at=IN_OCTOBER, now=LATER,
    )  # fmt: skip
    handed_in(now=LATER, day=JOINT_TEST_DAY)
    joint_test_signed(tested, "tech", "technician")
    joint_test_signed(tested, "supervisor", "supervisor")
    kinds = ["inspection", "inspection", "correction", "omission", "return", "sign_off", "finding", "joint_test"]
    return [*kinds, "joint_test_sign_off", "joint_test_sign_off"]


def test_a_change_of_the_equipment_list_does_not_reach_a_closed_month(context):
    work_of_october()
    close_october()
    closed = october()
    asset = asset_with(BEFORE[0])
    asset.name, asset.status = "改名", "retired"
    db.session.flush()
    assert frozen(october()) == frozen(closed)
    assert build(site_called("SG"), OCTOBER, LATER).total != closed.total


def test_the_present_month_and_today_do_not_count_an_addendum(context):
    work_of_october()
    close_october()
    late = arrived_late("SG-2-01-005")
    db.session.flush()
    november = build(site_called("SG"), Month(2026, 11), LATER)
    assert (november.total.done, november.inspections) == (0, ())
    rounds = today_of(site_called("SG"), date(2026, 11, 7)).rounds
    assert sum(each.count.done for each in rounds) == 0
    assert late.id not in {row.inspection_id for each in rounds for row in (*each.rows, *each.places)}


def test_the_text_of_a_month_reads_back_as_the_same_object(app, full_october):  # noqa: F811
    with app.test_request_context():
        summary = build(site_called("SG"), OCTOBER, AFTER_OCTOBER)
        text = content_text(summary, {"return": ["x"]}, [])
        assert summary_in(json.loads(text)) == summary
        assert received_in(json.loads(text)) == {("return", "x")}


def test_a_text_that_is_older_than_a_field_is_still_read(context):
    text = json.loads(content_text(october(CLOSED_AT), {}, []))
    assert "closing" not in text["summary"]
    text["summary"]["of_another_version"] = 1
    assert summary_in(text).closing is None


def test_a_month_is_closed_once_and_only_when_it_is_over(context):
    with pytest.raises(Conflict, match="not over yet"):
        close_october(now=datetime(2026, 10, 31, 15, 59, tzinfo=UTC))  # 23:59 in Shaoguan
    assert close_october(now=datetime(2026, 10, 31, 16, 0, tzinfo=UTC))
    with pytest.raises(Conflict, match="closed already"):
        close_october()
    assert db.session.scalars(select(Seal.kind)).all() == [MONTH_SEAL]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.MONTH_CLOSED)).one()
    assert (entry.person_id, entry.facts["month"], entry.facts["seal"]) == (somebody("lead").id, "2026-10", 1)


@pytest.fixture
def still_out(monkeypatch) -> Unsent:
    """A phone that was last known to hold three documents of October."""
    waiting = Unsent("张伟", 3, since=IN_OCTOBER, heard_at=CLOSED_AT - timedelta(hours=9))
    monkeypatch.setattr(closing, "unsent_of", lambda _site, _month: [waiting])
    monkeypatch.setattr(views, "unsent_of", lambda _site, _month: [waiting])
    return waiting


def test_only_work_that_may_be_of_the_month_and_is_still_expected_counts_as_out(context):
    def phone(username: str, oldest_at: datetime | None, **more: Any) -> None:
        said = {"machine": "other", "browser": "", "waiting": 2, "attention": 1, "drafts": 0, "packs": 0, "version": ""}
        said |= {"device_id": uuid.uuid4(), "person_id": somebody(username).id, "reported_at": CLOSED_AT, **more}
        db.session.add(DeviceReport(**said, oldest_at=oldest_at))

    phone("tech", IN_OCTOBER)
    phone("lead", None)
    phone("tech", datetime(2026, 10, 31, 16, 0, tzinfo=UTC))  # 1 November in Shaoguan
    phone("tech2", IN_OCTOBER)
    phone("tech", IN_OCTOBER, written_off_at=CLOSED_AT)
    phone("tech", IN_OCTOBER, waiting=0, attention=0)
    db.session.flush()
    assert [(each.person, each.documents) for each in unsent_of(site_called("SG"), OCTOBER)] == [
        ("李建国", 3),
        ("张伟", 3),
    ]


@pytest.mark.parametrize(
    ("said", "lacking"),
    [
        ({}, {"nevertheless", "reason"}),
        ({"nevertheless": True}, {"reason"}),
        ({"reason": "手机报废"}, {"nevertheless"}),
    ],
)
def test_over_unsent_work_a_month_is_closed_only_with_tick_and_reason(context, still_out, said, lacking):
    with pytest.raises(Invalid) as refused:
        close_october(**said)
    assert set(refused.value.fields) == lacking
    closed = close_october(nevertheless=True, reason="手机报废")
    assert closed.reason == "手机报废"
    assert json.loads(closed.content)["unsent"][0]["documents"] == 3
    assert october().closing.unsent == 3


def test_the_lead_closes_on_the_page_after_having_seen_what_is_out(app, as_, still_out):
    lead, address = as_("lead"), f"{MONTH}/closing"
    with app.test_request_context(), transaction():
        work_of_october()
    assert f'href="{address}"' in lead.get(MONTH).text
    assert f'href="{address}"' not in as_("supervisor").get(MONTH).text
    asked = lead.get(address).text
    for said in ("张伟: 3 documents wait", "Sheets without signature", "rows without inspection or reason"):
        assert said in asked, said
    refused = lead.post(address, data={"reason": "手机报废"})
    assert refused.status_code == 422
    assert "Tick that the month" in refused.text
    assert "手机报废" in refused.text, "what was typed stays"
    answer = lead.post(address, data={"reason": "手机报废", "nevertheless": "1"})
    assert (answer.status_code, answer.location) == (303, MONTH)
    page = lead.get(MONTH).text
    for said in ("Month closed", "李建国", "3 documents were known", "手机报废", "No. 0002"):
        assert said in page, said
    assert lead.post(address, data={"reason": "x", "nevertheless": "1"}).status_code == 409
    assert "closed already" in lead.get(address).text


def test_a_month_that_still_runs_offers_no_closing(as_):
    lead = as_("lead")
    assert "/closing" not in lead.get("/months/2027-05").text
    assert "not over yet" in lead.get("/months/2027-05/closing").text
    assert lead.post("/months/2027-05/closing", data={}).status_code == 409


@pytest.fixture
def closed_with_addenda(app):
    """October closed, with two late inspections; one of them replaced a photographed record."""
    with app.test_request_context(), transaction():
        antenna = work_of_october()[3]
        close_october()
        arrived_late("SG-2-01-005")
        arrived_late(ANTENNA, supersedes=str(antenna.id))


@pytest.mark.one_database
def test_every_number_of_a_closed_month_still_opens_exactly_its_rows(as_, closed_with_addenda):
    browser = as_("lead")
    links = [each for each in parsed(browser.get(MONTH)).iter("a") if each.get("data-figure")]
    assert {"photos", "content-S1"} & {each.get("data-figure") for each in links}
    for link in links:
        page = parsed(browser.get(link.get("href")))
        records = [each for each in page.iter("li") if each.get("data-record") is not None]
        assert sum(int(each.get("data-units")) for each in records) == int(link.get("data-number")), link.get("href")


def test_the_page_lists_the_addenda_with_their_number(as_, closed_with_addenda):
    page = parsed(as_("supervisor").get(MONTH))
    rows = ["".join(each.itertext()) for each in page.iter("tr") if each.get("data-addendum")]
    assert len(rows) == 2
    assert all("张伟" in row and "2026-10-17" in row for row in rows)
    assert "Inspection: 2" in "".join("".join(each.itertext()) for each in page.iter("section"))


@pytest.mark.one_database
def test_pdf_and_workbook_carry_the_addenda(as_, closed_with_addenda, tmp_path):
    lead = as_("lead")
    book = load_workbook(io.BytesIO(lead.get(f"{MONTH}.xlsx").data))
    rows = list(book["Addenda"].iter_rows(min_row=2, values_only=True))
    assert [row[1] for row in rows] == ["Inspection", "Inspection"]
    assert {row[3] for row in rows} == {"SG-2-01-005", ANTENNA}
    (tmp_path / "month.pdf").write_bytes(lead.get(f"{MONTH}.pdf").data)
    command = ["pdftotext", "-layout", str(tmp_path / "month.pdf"), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for said in ("Month closed", "Addenda", "Inspection: 2", "SG-2-01-005"):
        assert said in text, said


@pytest.mark.parametrize("amount", [1, 40])
def test_a_closed_month_takes_at_most_ten_statements(app, as_, queries, amount):
    with app.test_request_context(), transaction():
        close_october()
        for asset in [asset for asset in list_rows() if asset.units == 1][:amount]:
            arrived_late(asset.code)
    browser = as_("lead")
    browser.get(MONTH)
    queries.clear()
    assert browser.get(MONTH).text.count("data-addendum=") == amount
    statements = [sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]
    assert len(statements) <= 10, statements


def test_a_closed_month_is_checked_like_every_seal(app, as_, client):
    with app.test_request_context(), transaction():
        work_of_october()
        close_october()
        digest = db.session.scalars(select(Seal.digest).where(Seal.kind == MONTH_SEAL)).one()
    public, lead = client.get(f"/verify/{digest}").text, as_("lead").get(f"/verify/{digest}").text
    assert "2026-10" in public
    assert f'href="{MONTH}"' not in public
    assert f'href="{MONTH}"' in lead
    assert verify(app) == (0, "SG: 2 seals, all unchanged.")
    with app.app_context(), transaction():
        text = db.session.scalars(select(ClosedMonth.content)).one()
        db.session.execute(update(ClosedMonth).values(content=text.replace('"done":5', '"done":6')))
    status, _said = verify(app)
    assert status == 1
    assert "Unchanged since" not in client.get(f"/verify/{digest}").text


def close_by_command(app, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["month", "close", *arguments])
    return result.exit_code, result.output


def test_a_month_is_closed_from_the_command_line(app):
    status, said = close_by_command(app, "SG", "2026-10", "--by", "lead", "--reason", "月底")
    assert status == 0
    assert "SG 2026-10: closed. 0 of 120 rows inspected, 120 open." in said
    assert "Seal No. 1: " in said
    with app.app_context():
        closed = db.session.scalars(select(ClosedMonth)).one()
        assert (closed.reason, closed.closed_by) == ("月底", somebody("lead").id)
    assert close_by_command(app, "FT", "2026-10")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("XX", "2026-10"), "no command centre"),
        (("SG", "2026-13"), "give a month like"),
        (("SG", "2099-01"), "not over yet"),
        (("SG", "2026-10", "--by", "nobody"), "no account named"),
        (("SG", "2026-10", "--by", "tech"), "Your role"),
        (("FT", "2026-10", "--by", "lead"), "nothing at this address"),
    ],
)
def test_what_cannot_be_closed_is_said_and_nothing_changes(app, arguments, why):
    status, said = close_by_command(app, *arguments)
    assert status != 0
    assert why in said
    with app.app_context():
        assert db.session.scalars(select(ClosedMonth)).all() == []


def test_what_arrives_while_a_month_is_closed_is_counted_or_an_addendum_never_neither(app):
    """Each record is in the closed figures without the flag, or an addendum with it, whoever came first."""
    with app.app_context():
        codes = [asset.code for asset in list_rows() if asset.units == 1][:12]
    some, failures = threading.Semaphore(0), []

    def work(*deeds, waits_for: int = 0) -> None:
        try:
            for _turn in range(waits_for):
                some.acquire(timeout=60)
            for deed in deeds:
                with app.test_request_context(), transaction():
                    deed()
                some.release()
        except Exception as error:  # whatever it is, the test must show it
            failures.append(error)

    days = [IN_OCTOBER + timedelta(days=place) for place in range(len(codes))]  # a sheet each: none waits for another
    deeds = [lambda code=code, day=day: arrived_late(code, day) for code, day in zip(codes, days, strict=True)]
    threads = [threading.Thread(target=work, args=deeds[first::3]) for first in range(3)]
    threads.append(threading.Thread(target=work, args=(close_october,), kwargs={"waits_for": 3}))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    with app.test_request_context():
        closed = db.session.scalars(select(ClosedMonth)).one()
        assert closed.id == month_record(closed.site_id, OCTOBER)
        counted = {uuid.UUID(name) for kind, name in received_in(json.loads(closed.content)) if kind == "inspection"}
        flagged = {each.id for each in db.session.scalars(select(Inspection)) if "after_closing" in each.flags}
        assert {each.id for each in october().addenda} == flagged
        assert len(counted) >= 3
        assert len(counted) == closed.figures["inspections"] == len(codes) - len(flagged)
        assert len(records_of(site_called("SG"), OCTOBER)) == len(codes)
