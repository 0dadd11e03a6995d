"""The door of steps, the ticking clocks, the terms of the contract, the warnings."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.faults.played import take
from tests.faults.test_views import a_photo, raised
from webapp.extensions import db
from webapp.faults.commands import sweep_once
from webapp.faults.models import Finding, FindingEvent
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.sync.models import Refusal

JSON = {"Accept": "application/json"}
HOUR = timedelta(hours=1)


@pytest.fixture
def in_app(app):
    """Runs a question in an app context of its own."""

    def ask(question):
        with app.test_request_context():
            return question()

    return ask


def test_a_step_from_a_device_is_answered_with_a_receipt_and_the_same_again_with_the_same(as_, in_app):
    finding, tech = in_app(raised), as_("tech")
    form = {"id": str(uuid.uuid4()), "kind": "acknowledged", "claimed_at": utc_now().isoformat()}
    first, again = (tech.post(f"/faults/{finding}/steps", data=form, headers=JSON) for _n in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == form["id"]
    other = tech.post(f"/faults/{finding}/steps", data=form | {"text": "else"}, headers=JSON)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "other_content")
    missing = tech.post(f"/faults/{finding}/steps", data={"kind": "restored"}, headers=JSON)
    assert (missing.status_code, list(missing.get_json()["error"]["fields"])) == (422, ["text"])
    assert in_app(lambda: sorted(db.session.scalars(select(Refusal.status)))) == [409, 422]


def test_a_plain_form_brings_its_photo_and_the_page_shows_it(as_, in_app):
    finding, tech = in_app(raised), as_("tech")
    form = {"id": "", "kind": "restored", "text": "switched over", "upload": (a_photo(), "a.jpg")}
    assert tech.post(f"/faults/{finding}/steps", data=form).location == f"/faults/{finding}"
    page = tech.get(f"/faults/{finding}").text
    assert "switched over" in page
    assert "/thumbnail" in page


def test_a_double_tap_on_a_plain_form_is_one_step_and_leads_to_the_page(as_, in_app):
    finding, tech, bureau = in_app(raised), as_("tech"), as_("supervisor")
    tech.post(f"/faults/{finding}/steps", data={"id": str(uuid.uuid4()), "kind": "repaired", "text": "new fuse"})
    form = {"id": "", "kind": "tested", "passed": "false", "text": "no power"}

    def tap(**more):
        answer = bureau.post(f"/faults/{finding}/steps", data=form | more)
        assert (answer.status_code, answer.location) == (303, f"/faults/{finding}")

    def tests():
        told = select(FindingEvent).where(FindingEvent.finding_id == finding, FindingEvent.kind == "tested")
        return len(db.session.scalars(told).all())

    with time_machine.travel((utc_now() + timedelta(minutes=1)).replace(second=10), tick=False) as clock:
        tap()
        tap()
        assert in_app(tests) == 1
        tap(text="still no power")
        assert in_app(tests) == 2
        clock.shift(timedelta(minutes=1))
        tap()
        assert in_app(tests) == 3


@pytest.mark.parametrize(
    ("username", "shown"),
    [("tech", "I take it on"), ("lead", "I take it on"), ("supervisor", ""), ("office", "")],
)
def test_the_page_shows_one_next_step_at_the_thumb(as_, in_app, username, shown):
    finding = in_app(raised)
    page = as_(username).get(f"/faults/{finding}").text
    thumb = page[page.index("<footer") :] if "<footer" in page else ""
    assert thumb.count('class="btn primary"') == (1 if shown else 0)
    assert shown in thumb
    if not shown:
        assert "The technicians have the next step." in page


def test_the_bureau_is_led_to_the_test_and_a_passed_one_closes(as_, in_app):
    finding = in_app(raised)

    def repaired() -> None:
        with transaction():
            row, now = db.session.get_one(Finding, finding), utc_now()
            take(row, "repaired", by="tech", now=now, text="fuse")
            take(row, "analysed", by="tech", now=now, cause="power", handling="fuse changed")

    in_app(repaired)
    bureau = as_("supervisor")
    assert 'form="step-tested"' in bureau.get(f"/faults/{finding}").text
    bureau.post(f"/faults/{finding}/steps", data={"kind": "tested", "passed": "true", "text": "works"})
    page = bureau.get(f"/faults/{finding}").text
    assert "Closed" in page
    assert "hx-trigger" not in page


def test_the_clocks_tick_by_asking_for_one_fragment_while_one_runs(as_, in_app):
    finding, office = in_app(lambda: raised(level="consult")), as_("office")
    page = office.get(f"/faults/{finding}").text
    assert f'hx-get="/faults/{finding}/clocks?seen=1" hx-trigger="every 20s"' in page
    fragment = office.get(f"/faults/{finding}/clocks", headers={"HX-Request": "true"}).text
    assert re.findall(r'data-clock="(\w+)"', fragment) == ["response", "arrival", "handling"]
    assert "too late" not in fragment
    assert "overdue" in fragment  # the response, reported 30 minutes ago
    assert as_("tech2").get(f"/faults/{finding}/clocks").status_code == 404


def test_an_old_page_is_told_that_somebody_has_gone_on(as_, in_app):
    finding, office = in_app(raised), as_("office")
    assert "gone on with this fault" not in office.get(f"/faults/{finding}/clocks?seen=1").text
    as_("tech").post(f"/faults/{finding}/steps", data={"kind": "acknowledged"})
    fragment = office.get(f"/faults/{finding}/clocks?seen=1").text
    assert "gone on with this fault" in fragment
    assert "clocks?seen=1" in fragment, "it stays until the page is opened anew"
    assert "gone on with this fault" not in office.get(f"/faults/{finding}").text


def test_futian_shows_clocks_that_wait_and_measure(as_, in_app):
    finding = in_app(lambda: raised(username="tech2", code="FT"))
    page = as_("tech2").get(f"/faults/{finding}").text
    assert page.count("starts with the response") == 2


def test_lead_and_bureau_see_warnings_and_others_do_not(as_, in_app):
    in_app(raised)
    assert in_app(sweep_once) == 3
    for username, sees in (("lead", True), ("supervisor", True), ("tech", False), ("office", False)):
        client = as_(username)
        assert ("1 warning" in client.get("/faults").text) == sees
        assert ("Response 10 min: run out" in client.get("/faults/escalations").text) == sees
    assert "faults/escalations" in as_("lead").get("/today").text


def test_today_shows_the_open_faults_to_those_who_work_on_them(as_, in_app):
    finding, tech = in_app(raised), as_("tech")
    assert "faults/escalations" in tech.get("/today").text
    shown = tech.get("/faults/escalations").text
    assert "1 open fault" in shown
    assert f"/faults/{finding}" in shown
    assert "Not taken on yet" in shown
    assert f"/faults/{finding}" not in as_("office").get("/faults/escalations").text


def test_terms_are_read_by_all_changed_by_lead_and_administrator_and_kept(as_, in_app):
    lead = as_("lead")
    page = lead.get("/faults/policy").text
    form = dict(re.findall(r'<input[^>]* name="([\w.]+)" type="number"[^>]* value="(\d*)"', page))
    form |= {"arrival_from": "responded_at", "handling_from": "reported_at", "handling_until": "restored"}
    form |= {"inform.levels": "major", "reason": "agreed on 18 November", "major.response_min": "5"}
    form |= {f"{level}.record": "short" for level in ("major", "general", "consult")}
    assert lead.post("/faults/policy", data=form | {"reason": ""}).status_code == 422
    assert lead.post("/faults/policy", data=form | {"major.response_min": "soon"}).status_code == 422
    assert lead.post("/faults/policy", data=form).location == "/faults/policy?saved=1"
    shown = as_("supervisor").get("/faults/policy").text
    assert "agreed on 18 November" in shown
    assert "No. 2" in shown
    assert '<form class="stack" id="policy"' not in shown
    assert as_("admin").post("/faults/policy", data=form).status_code == 409
    assert as_("supervisor").post("/faults/policy", data=form).status_code == 403


def test_a_late_step_shows_both_times_and_what_it_turned(as_, in_app):
    finding, tech = in_app(raised), as_("tech")
    claimed = (utc_now() - timedelta(minutes=25)).isoformat()
    tech.post(f"/faults/{finding}/steps", data={"kind": "acknowledged", "claimed_at": claimed})
    page = tech.get(f"/faults/{finding}").text
    assert re.search(r"claimed (\w+ \d+ )?\d\d:\d\d, received", page)
    assert "Response recomputed: too late → in time" in page or "Response recomputed: overdue → in time" in page
    assert in_app(lambda: db.session.scalars(select(FindingEvent.facts)).all())[1]["turned"]
