"""The fault book, decisions about repeats, problems behind several faults: actions and pages."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.faults.played import finish, somebody, take
from tests.faults.test_actions import raised
from webapp.assets.models import Asset
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.faults import problems
from webapp.faults.book import book_of
from webapp.faults.models import Finding
from webapp.faults.problem_models import Problem, RepeatDecision
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid, NotFound
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOVEMBER = Month(2026, 11)
OWNED = {"owner_kind": "supplier", "owner": "华光电子"}


def fault(at: datetime = NOW, *, ended: bool = True, code: str = "SG") -> Finding:
    tech, bureau = ("tech", "supervisor") if code == "SG" else ("tech2", "supervisor2")
    with transaction():
        asset = db.session.scalars(
            select(Asset).where(Asset.site_id == site_coded(code).id).order_by(Asset.code)
        ).first()
        finding = raised(somebody(tech), code=code, level="general", asset=asset, reported_at=at, now=at)
        if ended:
            finish(finding, now=at + HOUR, by=tech, bureau=bureau)
    return finding


def test_the_bureau_decides_and_may_decide_anew_and_both_rows_stay(context):
    earlier, again = fault(), fault(NOW + DAY)
    proposed = problems.proposals(site_coded("SG"), NOVEMBER)
    assert [(each.finding.id, each.earlier.id, each.decision) for each in proposed] == [(again.id, earlier.id, None)]
    for said in (True, False):
        with transaction():
            problems.decide(again, earlier.id, said, "looked at it", by=somebody("supervisor"), now=NOW + 2 * DAY)
    assert problems.proposals(site_coded("SG"), NOVEMBER)[0].decision.is_repeat is False
    assert len(db.session.scalars(select(RepeatDecision)).all()) == 2


def test_only_faults_of_one_device_in_their_order_can_be_a_repeat(context):
    earlier, again, foreign = fault(), fault(NOW + DAY), fault(code="FT")
    for one, other in ((earlier, again.id), (again, again.id), (again, foreign.id), (again, uuid.uuid4())):
        with pytest.raises(Invalid):
            problems.decide(one, other, True, "?", by=somebody("supervisor"), now=NOW)


def test_a_problem_ties_faults_together_and_its_newest_step_counts(context):
    first, second, foreign = fault(), fault(NOW + DAY), fault(code="FT")
    lead, site = somebody("lead"), site_coded("SG")
    with transaction():
        fields = {"title": "power supplies of one batch", **OWNED, "next_on": NOW.date()}
        problem = problems.open_problem(site, fields, [first.number], by=lead, now=NOW)
        problems.link(problem, [second.number, first.number.lower()], by=lead, now=NOW)
        stepped = {"state": "promised", **OWNED, "next_on": NOW.date() + 7 * DAY, "text": "a new batch comes"}
        problems.take_step(problem, stepped, by=lead, now=NOW + DAY)
    found = problems.problem_for(lead, problem.id)
    assert found.number == "WT-2611-01"
    assert {link.finding.number for link in found.links} == {first.number, second.number}
    assert [step.state for step in found.steps] == ["open", "promised"]
    assert found.is_open
    assert not problems.is_due(found, NOW.date())
    assert problems.is_due(found, NOW.date() + 7 * DAY)
    for wrong in ([], ["GZ-0000-99"], ["YH-2611-01"]):
        with pytest.raises(Invalid):
            problems.link(found, wrong, by=lead, now=NOW)
    with pytest.raises(NotFound):
        problems.problem_for(somebody("tech2"), problem.id)
    assert foreign.site_id != found.site_id


def test_the_book_goes_by_time_and_reads_its_newest_page_from_the_end(context, monkeypatch):
    monkeypatch.setattr("webapp.faults.book.PAGE_SIZE", 3)
    later = [fault(NOW + number * DAY, ended=False) for number in range(5)]
    before = fault(NOW - 40 * DAY, ended=False)  # told late: its number is of now, its place is of then
    site = site_coded("SG")
    pages = [book_of(site, None, number, NOW + 9 * DAY) for number in (1, 2)]
    everything = [entry for page in pages for entry in page.entries]
    assert [entry.nth for entry in everything] == list(range(1, 7))
    assert everything[0].finding.id == before.id
    assert [entry.finding.id for entry in book_of(site, None, 0, NOW).entries][-1] == later[-1].id
    assert book_of(site, None, 99, NOW).number == 2
    of_month = book_of(site, Month(2026, 10), 0, NOW)
    assert [entry.finding.id for entry in of_month.entries] == [before.id]


def test_pages_show_what_happened_and_only_those_with_the_right_act(app, as_):
    with app.test_request_context():
        earlier, again = fault(), fault(NOW + DAY)
        with transaction():
            take(again, "ticked", by="tech", now=NOW + DAY, told="construction_unit", person="王工", text="by Friday")
        ids, number = (earlier.id, again.id), again.number
    lead, bureau, tech = as_("lead"), as_("supervisor"), as_("tech")
    book = tech.get("/fault-book?month=2026-11").text
    assert number in book
    assert "Hardware" in book
    assert "changed the fuse" in book
    assert "Decide" not in tech.get("/repeats?month=2026-11").text
    asking = bureau.get("/repeats?month=2026-11").text
    assert f'data-candidate="{number}"' in asking
    said = {"earlier": ids[0], "is_repeat": "true", "reason": "the same fuse"}
    address = f"/repeats/{ids[1]}/decisions"
    assert [tech.post(address, data=said).status_code, lead.post(address, data=said).status_code] == [403, 403]
    assert as_("supervisor2").post(address, data=said).status_code == 404
    assert bureau.post(address, data=said).location.endswith("/repeats?month=2026-11")
    assert "the same fuse" in tech.get("/repeats?month=2026-11").text
    problem = {"title": "fuses of one batch", **OWNED, "faults": f"{number}，GZ-0000-01", "text": "change them"}
    assert tech.post("/problems", data=problem).status_code == 403
    refused = lead.post("/problems", data=problem)
    assert refused.status_code == 422
    assert "GZ-0000-01" in refused.text
    assert "fuses of one batch" in refused.text
    made = lead.post("/problems", data={**problem, "faults": number})
    assert made.status_code == 303
    shown = bureau.get(made.location).text
    assert "王工" in shown
    assert "by Friday" in shown
    assert 'id="problem-step"' not in shown
    step = {**OWNED, "state": "pressed", "next_on": "2026-12-01", "text": "called again"}
    assert lead.post(f"{made.location}/steps", data=step).status_code == 303
    assert "called again" in tech.get(made.location).text
    assert "Pressed to act" in tech.get("/problems").text
    assert as_("tech2").get(made.location).status_code == 404


@pytest.mark.one_database
def test_the_pages_take_the_same_statements_whatever_they_hold(app, as_, queries):
    def taken() -> list[int]:
        counts = []
        for address in ("/fault-book", "/repeats?month=2026-11", "/problems"):
            client.get(address)
            queries.clear()
            assert client.get(address).status_code == 200
            counts.append(len([sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]))
        return counts

    def more(days: int) -> None:
        with app.test_request_context():
            made = [fault(NOW - days * DAY), fault(NOW - days * DAY + 2 * HOUR)]
            with transaction():
                problems.decide(made[1], made[0].id, True, "x", by=somebody("supervisor"), now=NOW)
                fields = {"title": "x", **OWNED}
                problems.open_problem(site_coded("SG"), fields, [made[0].number], by=somebody("lead"), now=NOW)

    client = as_("lead")
    more(0)
    few = taken()
    for days in range(1, 4):
        more(days)
    assert taken() == few
    assert max(few) <= 10
    with app.app_context():
        assert len(db.session.scalars(select(Problem)).all()) == 4


def test_a_fault_tied_by_mistake_is_untied_with_a_reason_and_may_be_tied_again(context):
    first, second = fault(), fault(NOW + DAY)
    lead, site = somebody("lead"), site_coded("SG")
    with transaction():
        fields = {"title": "power supplies of one batch", **OWNED}
        problem = problems.open_problem(site, fields, [first.number, second.number], by=lead, now=NOW)
    with transaction():
        problems.untie(problem, second.id, "another device", by=lead, now=NOW + HOUR)
    found = problems.problem_for(lead, problem.id)
    assert [link.finding.number for link in found.tied] == [first.number]
    assert len(found.links) == 2
    assert [(turn.is_tied, turn.reason, turn.by) for turn in found.turns] == [(False, "another device", lead.id)]
    assert [(tie.number, tie.holds, tie.by) for tie in problems.ties_of(second.id)] == [
        ("WT-2611-01", False, lead.name)
    ]
    for wrong in (second.id, fault(NOW + 2 * DAY).id, fault(code="FT").id, uuid.uuid4()):
        with pytest.raises(Conflict):
            problems.untie(problem, wrong, "?", by=lead, now=NOW)
    for _again in range(2):
        with transaction():
            problems.link(problem, [second.number], by=lead, now=NOW + DAY)
    found = problems.problem_for(lead, problem.id)
    assert len(found.tied) == 2
    assert [turn.is_tied for turn in found.turns] == [False, True]
    assert problems.ties_of(second.id)[0].holds
    logged = select(AuditEntry.verb).where(AuditEntry.subject == f"problem:{problem.id}").order_by(AuditEntry.id)
    assert list(db.session.scalars(logged))[-2:] == [Verb.PROBLEM_FAULT_UNTIED, Verb.PROBLEM_FAULT_LINKED]


def test_of_two_who_untie_at_once_one_wins(app):
    with app.test_request_context():
        finding = fault()
        with transaction():
            made = problems.open_problem(
                site_coded("SG"), {"title": "x", **OWNED}, [finding.number], by=somebody("lead"), now=NOW
            )
        finding_id, problem_id = finding.id, made.id

    def untied(reason: str) -> bool:
        with app.test_request_context():
            try:
                with transaction():
                    lead = somebody("lead")
                    found = problems.problem_for(lead, problem_id)
                    problems.untie(found, finding_id, reason, by=lead, now=NOW + HOUR)
            except Conflict:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(untied, ("one", "other"))) == [False, True]
    with app.test_request_context():
        assert len(problems.problem_for(somebody("lead"), problem_id).turns) == 1


def test_untying_is_seen_on_both_pages_and_done_by_the_lead_only(app, as_):
    with app.test_request_context():
        kept, wrong = fault(), fault(NOW + DAY)
        with transaction():
            fields = {"title": "fuses of one batch", **OWNED}
            numbers = [kept.number, wrong.number]
            made = problems.open_problem(site_coded("SG"), fields, numbers, by=somebody("lead"), now=NOW)
        page, ids, number = f"/problems/{made.id}", (kept.id, wrong.id), wrong.number
    lead, tech = as_("lead"), as_("tech")
    assert "fuses of one batch" in tech.get(f"/faults/{ids[1]}").text
    door = f"{page}/faults/{ids[1]}/removal"
    assert "Untie" not in tech.get(page).text
    assert [as_(who).post(door, data={"reason": "no"}).status_code for who in ("tech", "supervisor", "lead2")] == [
        403,
        403,
        404,
    ]
    assert f"Untie {number}" in lead.get(page).text
    assert lead.post(door, data={"reason": ""}).status_code == 422
    assert lead.post(door, data={"reason": "a stranger's device"}).status_code == 303
    assert lead.post(door, data={"reason": "again"}).status_code == 409
    shown = lead.get(page).text
    assert "1 fault<" in shown
    assert "Fault untied" in shown
    assert "a stranger&#39;s device" in shown
    assert f"Untie {number}" not in shown
    assert "1 fault" in lead.get("/problems").text
    of_fault = tech.get(f"/faults/{ids[1]}").text
    assert "untied" in of_fault
    assert "a stranger&#39;s device" in of_fault
    assert "untied" not in tech.get(f"/faults/{ids[0]}").text
    assert lead.post(f"{page}/steps", data={**OWNED, "state": "open", "faults": number}).status_code == 303
    assert "Fault tied" in lead.get(page).text
