"""The pages of the month: every number opens exactly its rows; who may see, explain and take out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import lxml.html
import pytest
from sqlalchemy import select

from tests.reports.month_of_work import (
    IN_OCTOBER,
    due,
    give_back,
    inspect,
    inspect_everything,
    joint_test,
    leave_out,
    list_rows,
    photograph,
    sign,
    somebody,
)
from webapp.audit.models import AuditEntry, Verb
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.inspections.models import Omission
from webapp.kit.transaction import transaction
from webapp.reports.figures import FIGURES

MONTH = "/months/2026-10"


def parsed(answer):
    return lxml.html.document_fromstring(answer.text)


def october_with_everything() -> None:
    """A month where every kind of record is there: done, abnormal, sent back, left out, open, signed, photographed."""
    rows = list_rows()
    made = inspect_everything(rows[:40])
    for asset in rows[40:44]:
        item = version_for(asset).items[0]
        photograph(inspect(asset, abnormal={item.key: {}}), item.key, 2)
    reading = next(a for a in rows[44:] if any(i.kind == "number" for i in version_for(a).items))
    key = next(i.key for i in version_for(reading).items if i.kind == "number")
    inspect(reading, abnormal={key: {"value": "342", "judgement": {"high": "300"}}})
    many = next(asset for asset in reversed(rows) if asset.units > 3)
    inspect(many, units=2, advice="天线旁树木需修剪")
    give_back(made[0])
    give_back(made[1])
    inspect(rows[1], IN_OCTOBER + timedelta(days=9), supersedes=made[1])
    sign(made[2])
    leave_out(rows[50], "设备外借")
    places = [asset for asset in due() if asset.is_place]
    inspect(places[0], abnormal={version_for(places[0]).items[0].key: {}})
    leave_out(places[1], "钥匙不在")
    joint_test()
    for number, kind in (("GZ-2610-01", "fault"), ("YH-2610-01", "hazard")):
        db.session.add(
            Finding(
                site_id=rows[0].site_id, kind=kind, number=number, asset_id=rows[0].id, text="见现场照片",
                level="general", reported_by=somebody("tech").id, reported_at=IN_OCTOBER, entered_at=IN_OCTOBER,
            )
        )  # fmt: skip


@pytest.fixture
def full_october(app):
    with app.test_request_context(), transaction():
        october_with_everything()


@pytest.mark.one_database
def test_every_number_on_the_page_opens_exactly_its_rows(as_, full_october):
    browser = as_("lead")
    links = [e for e in parsed(browser.get(MONTH)).iter("a") if e.get("data-figure")]
    seen = {}
    for link in links:
        address, number = link.get("href"), int(link.get("data-number"))
        assert str(number) in "".join(link.itertext()), address
        if address not in seen:
            answer = browser.get(address)
            assert answer.status_code == 200, address
            page = parsed(answer)
            records = [e for e in page.iter("li") if e.get("data-record") is not None]
            totals = [int(e.get("data-total")) for e in page.iter("b") if e.get("data-total")]
            seen[address] = sum(int(e.get("data-units")) for e in records)
            assert totals == [seen[address]], address
        assert seen[address] == number, address
    named = {link.get("data-figure") for link in links}
    of_plan = {name for name in FIGURES if name.startswith("plan")}
    assert set(FIGURES) - named - of_plan <= {"outside-contract", "returned", "places-abnormal"}
    assert {f"content-S{n}" for n in range(1, 8)} & named


@pytest.mark.one_database
def test_all_figures_open_in_an_empty_month_too(as_):
    browser = as_("office")
    for figure in FIGURES:
        answer = browser.get(f"/months/2025-03/rows/{figure}")
        assert answer.status_code == 200
        assert "There are no records behind this figure" in answer.text


def test_the_page_shows_what_the_contract_counts(as_, full_october):
    text = as_("supervisor").get(MONTH).text
    for shown in ("/ 120 rows", "/ 436 units", "/ 5", "GZ-2610-01", "JT-SG-202610-01", "天线旁树木需修剪", "342"):
        assert shown in text, shown
    assert "PDF" in text


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-10", "2026-1", "november", "1999-12", "2101-01", "0001-01"])
def test_a_month_that_does_not_exist_is_not_found(as_, text):
    browser = as_("tech")
    assert browser.get(f"/months/{text}").status_code == 404
    assert browser.get(f"/months/{text}/rows/due").status_code == 404


def test_a_figure_list_or_system_that_does_not_exist_is_not_found(as_):
    browser = as_("tech")
    assert browser.get(f"{MONTH}/rows/profit").status_code == 404
    assert browser.get(f"{MONTH}/rows/content-F1").status_code == 404, "Shaoguan's contract has S1 to S7"
    assert browser.get(f"{MONTH}/rows/due?line=9").status_code == 404
    assert browser.get(f"{MONTH}/rows/due?system={uuid.uuid4()}").status_code == 404
    assert browser.get(f"{MONTH}/rows/due?line=x").status_code == 422


def test_months_link_to_their_neighbours(as_):
    text = as_("tech").get("/months/2026-01").text
    assert 'href="/months/2025-12"' in text
    assert 'href="/months/2026-02"' in text


def test_before_the_service_the_page_says_so(as_):
    browser = as_("tech")
    assert "Nothing is due in this month" in browser.get("/months/2025-03").text
    assert "1 list is not in service in this month" in browser.get("/months/2026-05").text
    assert "This month has not begun yet" in browser.get("/months/2100-01").text


def test_people_of_the_other_site_see_their_own_month_only(as_, full_october):
    text = as_("tech2").get(MONTH).text
    assert "GZ-2610-01" not in text
    assert "/ 76 rows" in text
    assert as_("tech2").get(f"{MONTH}/rows/due?system={system_of_shaoguan(as_)}").status_code == 404


def system_of_shaoguan(as_) -> str:
    links = [e.get("href") for e in parsed(as_("tech").get(MONTH)).iter("a") if "system=" in (e.get("href") or "")]
    return urlsplit(links[0]).query.removeprefix("system=")


@pytest.mark.parametrize("amount", [0, 60])
def test_the_page_takes_at_most_eleven_statements(app, as_, queries, amount):
    """Ten for who reads it and the month itself, one for what devices are known to hold of it."""
    with app.test_request_context(), transaction():
        for asset in list_rows()[:amount]:
            item = next((i for i in version_for(asset).items if i.kind == "number"), None)
            for months_ago in range(3):
                at = IN_OCTOBER - timedelta(days=31 * months_ago)
                inspect(asset, at, abnormal={item.key: {"value": "342"}} if item else None)
    browser = as_("lead")
    browser.get(MONTH)
    queries.clear()
    assert browser.get(MONTH).status_code == 200
    statements = [sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]
    assert len(statements) <= 11, statements


def reasons(app) -> list[Omission]:
    with app.app_context():
        return list(db.session.scalars(select(Omission)))


def ids(app, count: int) -> list[str]:
    with app.test_request_context():
        return [str(asset.id) for asset in list_rows()[:count]]


def test_one_reason_for_several_rows_is_written_down_once(app, as_):
    form = {"asset": ids(app, 3), "reason": " 设备外借到乐昌演练 ", "id": str(uuid.uuid4())}
    browser = as_("lead")
    answer = browser.post(f"{MONTH}/omissions", data=form)
    assert (answer.status_code, answer.location) == (303, MONTH)
    assert browser.post(f"{MONTH}/omissions", data=form).status_code == 303, "sent twice"
    assert [(o.month, o.reason) for o in reasons(app)] == [("2026-10", "设备外借到乐昌演练")] * 3
    with app.app_context():
        logged = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.OMISSION_EXPLAINED)).all()
        assert [entry.facts["month"] for entry in logged] == ["2026-10"] * 3
    text = browser.get(f"{MONTH}/rows/explained").text
    assert text.count("data-record") == 3
    assert "李建国" in text


def test_the_same_deed_with_another_reason_is_a_conflict(app, as_):
    form = {"asset": ids(app, 1), "reason": "设备外借", "id": str(uuid.uuid4())}
    assert as_("tech").post(f"{MONTH}/omissions", data=form).status_code == 303
    assert as_("tech").post(f"{MONTH}/omissions", data={**form, "reason": "返修"}).status_code == 409
    assert len(reasons(app)) == 1


def test_htmx_is_sent_on_as_well(app, as_):
    form = {"asset": ids(app, 1), "reason": "返修"}
    answer = as_("tech").post(f"{MONTH}/omissions", data=form, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == MONTH


@pytest.mark.parametrize(
    ("username", "status"), [("tech", 303), ("lead", 303), ("supervisor", 403), ("office", 403), ("admin", 403)]
)
def test_only_the_provider_gives_reasons(app, as_, username, status):
    form = {"asset": ids(app, 1), "reason": "返修"}
    assert as_(username).post(f"{MONTH}/omissions", data=form).status_code == status
    assert len(reasons(app)) == (status == 303)
    page = as_(username).get(f"{MONTH}/rows/open").text
    assert ("Write down the reason" in page) == (status == 303)


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"reason": "返修"}, 422),
        ({"asset": ["x"], "reason": "返修"}, 422),
        ({"asset": [str(uuid.uuid4())], "reason": "返修"}, 422),
        ({"asset": "MINE"}, 422),
        ({"asset": "MINE", "reason": "   "}, 422),
        ({"asset": "MINE", "reason": "长" * 501}, 422),
        ({"asset": "MINE", "reason": "返修", "id": "x"}, 422),
    ],
)
def test_a_form_that_cannot_be_used_changes_nothing(app, as_, form, status):
    if form.get("asset") == "MINE":
        form = {**form, "asset": ids(app, 1)}
    assert as_("lead").post(f"{MONTH}/omissions", data=form).status_code == status
    assert reasons(app) == []


def test_the_other_sites_rows_cannot_be_explained(app, as_):
    answer = as_("tech2").post(f"{MONTH}/omissions", data={"asset": ids(app, 1), "reason": "返修"})
    assert answer.status_code == 422
    assert reasons(app) == []


def test_a_row_that_was_inspected_meanwhile_needs_no_reason(app, as_):
    with app.test_request_context(), transaction():
        inspect(list_rows()[1])
    answer = as_("lead").post(f"{MONTH}/omissions", data={"asset": ids(app, 2), "reason": "返修"})
    assert answer.status_code == 409
    assert "Inspected meanwhile" in answer.text
    assert reasons(app) == []


def test_a_coming_month_takes_no_reasons(app, as_):
    with app.app_context():
        future = datetime.now(UTC).year + 1
    with app.test_request_context(), transaction():
        lines = {asset.system.service_line for asset in due()}
        for line in lines:
            line.ends_on = line.ends_on.replace(year=future + 1)
    answer = as_("lead").post(f"/months/{future}-12/omissions", data={"asset": ids(app, 1), "reason": "返修"})
    assert answer.status_code == 409


def test_a_single_row_is_chosen_already(app, as_):
    with app.test_request_context(), transaction():
        inspect_everything(list_rows()[1:])
    assert "checked" in as_("lead").get(f"{MONTH}/rows/open").text


def test_signing_in_is_asked_for(client):
    for address in (MONTH, f"{MONTH}.pdf", f"{MONTH}.xlsx", f"{MONTH}/rows/due"):
        assert client.get(address).status_code == 303
