"""The call register at the door: the form, the list, who sees whom, the way from a call to its fault and back."""

from __future__ import annotations

import re
import uuid

import pytest
from sqlalchemy import func, select

from tests.calls.test_actions import CALLER, fault_from, taken
from tests.inspections.documents import ANTENNA, asset_with
from webapp.calls.models import Call, CallStep
from webapp.extensions import db
from webapp.faults.models import FaultCaller, Finding
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

NIL = uuid.UUID(int=0)
JSON = {"Accept": "application/json"}


@pytest.fixture
def in_app(app):
    """Runs a deed in an app context and a transaction of its own."""

    def ask(deed):
        with app.test_request_context(), transaction():
            return deed()

    return ask


@pytest.fixture
def form(in_app):
    site = in_app(lambda: site_coded("SG").id)
    return {"site": site, "kind": "consultation", "text": "how is the wall switched?", **CALLER}


def the_call(kind: str = "other", **more) -> uuid.UUID:
    return taken(kind, now=utc_now(), **more).id


def count(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model))


def test_from_the_call_to_the_fault_and_back(as_, in_app, form):
    """A fault is told by telephone: everything is typed once, both pages name each other, the call is off the list."""
    tech, name = as_("tech"), uuid.uuid4()
    asset = in_app(lambda: asset_with(ANTENNA).id)
    told = form | {"kind": "fault", "text": "the wall is dark", "asset": asset, "called_at": "2026-01-05T09:30"}
    answer = tech.post(f"/calls/{name}", data=told | {"form_number": "SL-17"})
    assert (answer.status_code, answer.location) == (303, f"/calls/{name}/fault")
    assert "Fault not entered yet" in tech.get(f"/calls/{name}").text

    page = tech.get(answer.location).text
    assert re.search(r'value="fault" required checked', page)
    assert re.search(r'name="channel" value="telephone" checked', page)
    filled = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]+)"', page))
    wanted = {"caller_name": "李明", "caller_phone": "13800000000", "form_number": "SL-17"}
    wanted |= {"caller_organisation": CALLER["organisation"], "reported_at": "2026-01-05T09:30", "call": str(name)}
    assert wanted.items() <= filled.items()
    assert ">the wall is dark</textarea>" in page

    sent = {field: filled[field] for field in (*wanted, "asset")} | {"kind": "fault", "level": "major"}
    answer = tech.post(f"/faults/{uuid.uuid4()}", data=sent | {"channel": "telephone", "text": "the wall is dark"})
    fault_page = tech.get(answer.location).text
    assert f'href="/calls/{name}"' in fault_page
    assert "李明" in fault_page
    call_page = tech.get(f"/calls/{name}").text
    assert f'href="{answer.location}"' in call_page
    assert "Passed on" in call_page
    assert "Enter the fault" not in call_page
    fault = in_app(lambda: db.session.scalars(select(Finding.reported_at)).one())
    assert fault == in_app(lambda: db.session.get_one(Call, name).called_at)
    assert in_app(lambda: db.session.scalars(select(FaultCaller.phone)).one()) == CALLER["caller_phone"]
    again = tech.get(f"/calls/{name}/fault")
    assert (again.status_code, again.location) == (303, f"/calls/{name}")


def test_a_call_sent_twice_is_one_call_whether_the_device_named_it_or_not(as_, in_app, form):
    tech, name = as_("tech"), uuid.uuid4()
    first, again = (tech.post(f"/calls/{name}", data=form, headers=JSON) for _n in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["number"] == again.get_json()["number"]
    other = tech.post(f"/calls/{name}", data=form | {"text": "else"}, headers=JSON)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "other_content")
    plain = {tech.post(f"/calls/{NIL}", data=form).location for _n in range(2)}
    assert len(plain) <= 2  # two, only where a minute began between the taps
    assert in_app(lambda: count(Call)) == 1 + len(plain)


def test_a_plain_form_that_is_refused_comes_back_with_what_was_typed(as_, in_app, form):
    asset = in_app(lambda: asset_with(ANTENNA).id)
    answer = as_("tech").post(f"/calls/{NIL}", data=form | {"kind": "", "asset": asset, "effect": "no picture <b>"})
    assert answer.status_code == 422
    assert "how is the wall switched?</textarea>" in answer.text
    assert "no picture &lt;b&gt;" in answer.text
    assert re.search(rf'value="{asset}" checked', answer.text)
    assert in_app(lambda: count(Call)) == 0


def test_devices_are_found_beside_the_form_and_one_may_be_chosen_by_its_page(as_, in_app):
    tech = as_("tech")
    asset = in_app(lambda: asset_with(ANTENNA).id)
    code = in_app(lambda: asset_with(ANTENNA).code)
    part = tech.get(f"/calls/new?q={code}", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div class="stack" id="devices">')
    assert str(asset) in part
    assert str(asset) in tech.get(f"/calls/new?q={code}").text
    assert f"/calls/new?asset={asset}" in tech.get(f"/assets/{asset}").text
    assert re.search(rf'value="{asset}" checked', tech.get(f"/calls/new?asset={asset}").text)
    assert as_("tech2").get(f"/calls/new?asset={asset}").status_code == 404


def test_who_called_is_seen_by_those_who_work_on_it_and_cannot_be_guessed_by_others(as_, in_app):
    name = in_app(the_call)
    for username, sees in (("tech", True), ("lead", True), ("supervisor", True), ("office", False), ("admin", False)):
        client = as_(username)
        page, listed = client.get(f"/calls/{name}").text, client.get("/calls").text
        assert ("李明" in page, "13800000000" in page) == (sees, sees), username
        assert "李明" not in listed
        assert CALLER["organisation"] in listed
        assert ("DH-" in client.get("/calls?q=13800000000").text) is sees
    assert as_("tech2").get(f"/calls/{name}").status_code == 404
    assert "DH-" not in as_("tech2").get("/calls").text


def test_an_open_consultation_is_followed_up_and_answered(as_, in_app):
    tech, name = as_("tech"), in_app(lambda: the_call("consultation"))
    steps = f"/calls/{name}/steps"
    assert as_("office").post(steps, data={"kind": "closed", "text": "x"}).status_code == 403
    assert tech.post(steps, data={"kind": "followed_up"}).status_code == 422
    tech.post(steps, data={"kind": "followed_up", "text": "asked the maker", "next_on": "2030-01-05"})
    page = tech.get(f"/calls/{name}").text
    assert "asked the maker" in page
    assert "due on Jan 5" in page
    assert tech.post(steps, data={"kind": "answered", "text": "press F4"}).location == f"/calls/{name}"
    page = tech.get(f"/calls/{name}").text
    assert "Answered" in page
    assert "<textarea" not in page
    assert tech.post(steps, data={"kind": "closed", "text": "again"}).status_code == 409


def test_a_consultation_becomes_an_order_with_clocks_only_where_the_contract_has_that_level(as_, in_app):
    name = in_app(lambda: the_call("consultation"))
    tech = as_("tech")
    assert f"/calls/{name}/fault?order=1" in tech.get(f"/calls/{name}").text
    assert tech.get(f"/calls/{name}/fault").location == f"/calls/{name}"  # nothing is made an order by itself
    page = tech.get(f"/calls/{name}/fault?order=1&q=天线").text
    assert re.search(r'name="level" value="consult" checked', page)
    assert re.search(r'href="/calls/[^"]+/fault\?asset=[^"]+order=1"', page)  # the device is chosen on the way
    futian = in_app(lambda: the_call("consultation", by="tech2", code="FT"))
    tech2 = as_("tech2")
    assert "order=1" not in tech2.get(f"/calls/{futian}").text
    assert tech2.get(f"/calls/{futian}/fault?order=1").location == f"/calls/{futian}"


def test_what_is_due_waits_on_today_for_those_who_take_calls(as_, in_app):
    in_app(lambda: the_call("fault"))
    in_app(lambda: the_call(follow_up_on=utc_now().date()))
    assert "/calls/waiting" in as_("tech").get("/today").text
    waiting = as_("tech").get("/calls/waiting").text
    assert "2 calls to follow up" in waiting
    assert waiting.index("Fault not entered yet") < waiting.index("To follow up")
    assert "<section" not in as_("office").get("/calls/waiting").text
    assert "/calls" in as_("tech").get("/faults").text


@pytest.mark.one_database
def test_pages_ask_a_fixed_number_of_queries(as_, in_app, queries):
    tech, first = as_("tech"), in_app(lambda: the_call("consultation"))

    def asked() -> list[int]:
        counts = []
        for address in ("/calls", f"/calls/{first}", "/calls/waiting", "/calls/new"):
            queries.clear()
            assert tech.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    before = asked()
    for kind in ("consultation", "fault", "other", "fault"):
        in_app(lambda kind=kind: the_call(kind))
    in_app(lambda: fault_from(taken("fault", now=utc_now()), now=utc_now()))
    assert asked() == before
    assert max(before) <= 10


@pytest.mark.one_database
def test_callers_are_masked_by_a_command(app, in_app):
    in_app(lambda: taken("consultation", answer="press F4"))
    result = app.test_cli_runner().invoke(args=["calls", "mask-callers", "--days", "1"])
    assert result.output == "1 callers masked\n"
    assert in_app(lambda: db.session.scalars(select(Call.caller_name)).one()) == ""
    assert in_app(lambda: count(CallStep)) == 2
