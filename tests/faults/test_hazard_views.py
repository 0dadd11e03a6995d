"""Hazards at the door: list by state, list of the month, decisions in bulk, steps by plain form and outbox."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from tests.faults.hazards_played import put_on_list, rectify, say
from tests.faults.played import somebody
from tests.faults.test_actions import first_asset, raised, site_of
from webapp.extensions import db
from webapp.faults.models import Finding, FindingKind
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.transaction import transaction
from webapp.sync.models import Refusal

DAY = timedelta(days=1)


@pytest.fixture
def in_app(app):
    def ask(question):
        with app.test_request_context(), transaction():
            return question()

    return ask


def hazard(age: int = 0, **more) -> uuid.UUID:
    at = utc_now() - age * DAY
    more = {"asset": first_asset(site_of()), "text": "loose <b>cable</b>", **more}
    return raised(somebody("tech"), FindingKind.HAZARD, reported_at=at, now=at, **more).id


def one(finding_id: uuid.UUID) -> Finding:
    return db.session.get_one(Finding, finding_id)


def this_month() -> Month:
    return Month.of(local_day(utc_now(), "Asia/Shanghai"))


def test_a_hazard_goes_its_way_by_the_buttons_at_the_thumb(as_, in_app):
    name = in_app(hazard)
    tech, lead, bureau = as_("tech"), as_("lead"), as_("supervisor")
    page, month = f"/faults/{name}", this_month()
    assert f"/faults/hazards/lists/{month}" in lead.get(page).text
    assert "The project leader has the next step" in tech.get(page).text
    assert tech.get(f"{page}/clocks").status_code == 404  # a hazard has none
    answer = lead.post(f"/faults/hazards/lists/{month}", data={"hazard": [str(name)], f"proposal-{name}": "tighten"})
    assert answer.status_code == 303
    assert "tighten" in lead.get(answer.location).text
    assert "step-decide" in bureau.get(page).text
    assert "tighten" in bureau.get("/faults/hazards/decisions").text
    step = f"/faults/hazards/{name}/steps"
    assert tech.post(step, data={"kind": "started"}).status_code == 409
    said = {f"word-{name}": "approved", f"reason-{name}": "in the evening", "back": str(name)}
    assert tech.post("/faults/hazards/decisions", data=said).status_code == 403
    assert bureau.post("/faults/hazards/decisions", data=said).location == page
    assert "in the evening" in tech.get(page).text
    assert 'form="step-started"' in tech.get(page).text
    assert tech.post(step, data={"kind": "started"}).status_code == 303
    assert tech.post(step, data={"kind": "done", "text": "tightened"}).status_code == 303
    assert 'form="step-closed"' in bureau.get(page).text
    assert bureau.post(f"{page}/closure", data={"reason": "looked at it"}).status_code == 303
    shown = bureau.get(page).text
    assert "Checked" in shown
    assert "Open YH-" in shown


def test_what_came_too_early_from_the_field_is_refused_and_kept(as_, in_app):
    name, document = in_app(hazard), uuid.uuid4()
    form = {"id": str(document), "kind": "started", "claimed_at": utc_now().isoformat()}
    answer = as_("tech").post(f"/faults/hazards/{name}/steps", data=form, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "hazard_state")
    kept = in_app(lambda: [(each.document_id, each.kind) for each in db.session.query(Refusal)])
    assert kept == [(document, "hazard_step")]


def test_the_list_is_filtered_by_state_and_shows_age_warning_and_the_item_that_found_it(as_, in_app):
    origin = uuid.uuid4()
    old = in_app(lambda: hazard(65, source=f"inspection:{origin}:lamp"))
    young = in_app(hazard)
    in_app(lambda: put_on_list(one(young), now=utc_now()))
    lead = as_("lead")
    page = lead.get("/faults/hazards").text
    assert "65 days old" in page
    assert "over 60 days" in page
    assert "is late: 1 hazard" in page
    assert "&lt;b&gt;cable" in page
    assert "<b>cable" not in page
    assert "65 days old" not in lead.get("/faults/hazards?state=listed").text
    assert "No hazard in this state" in lead.get("/faults/hazards?state=approved").text
    assert f'href="/inspections/{origin}#a-lamp"' in lead.get(f"/faults/{old}").text
    waiting = lead.get("/faults/hazards/waiting").text
    assert "65 days old" in waiting
    assert "is late" in waiting
    assert "waits for the word" in as_("supervisor").get("/faults/hazards/waiting").text
    assert "<section" not in as_("office").get("/faults/hazards/waiting").text
    asset = in_app(lambda: one(old).asset_id)
    assert "over 60 days" in lead.get(f"/assets/{asset}").text
    month = in_app(lambda: Month.of(local_day(one(old).reported_at, "Asia/Shanghai")))
    places = ["/faults/hazards", "/faults/hazards/waiting", f"/faults/hazards/lists/{month}", f"/assets/{asset}"]
    in_app(lambda: put_on_list(one(old), now=utc_now(), month=month))
    places += [f"/faults/hazards/lists/{month}", "/faults/hazards/decisions"]
    for place in places:
        assert (
            f'href="/inspections/{origin}#a-lamp"'
            in as_("supervisor" if "decisions" in place else "lead").get(place).text
        )


def test_the_bureau_decides_about_the_whole_list_on_one_page(as_, in_app):
    names = in_app(lambda: [hazard() for _turn in range(3)])
    in_app(lambda: put_on_list(*map(one, names), now=utc_now()))
    bureau = as_("supervisor")
    said = {f"word-{names[0]}": "approved", f"word-{names[1]}": "refused", f"word-{names[2]}": ""}
    assert bureau.post("/faults/hazards/decisions", data=said).status_code == 422  # a refusal needs a reason
    said[f"reason-{names[1]}"] = "not ours"
    assert bureau.post("/faults/hazards/decisions", data=said).status_code == 303
    states = in_app(lambda: [one(name).hazard_state for name in names])
    assert states == ["approved", "refused", "listed"]
    for nonsense in ({}, {"word-x": "approved"}, {f"word-{uuid.uuid4()}": "approved"}):
        assert bureau.post("/faults/hazards/decisions", data=nonsense).status_code in (404, 422)


def test_lists_are_for_the_lead_and_for_months_that_have_begun(as_, in_app):
    name, month = in_app(hazard), this_month()
    for who in ("tech", "supervisor", "office"):
        assert as_(who).get(f"/faults/hazards/lists/{month}").status_code == 200
        assert as_(who).post(f"/faults/hazards/lists/{month}", data={"hazard": str(name)}).status_code == 403
    lead = as_("lead")
    assert lead.post(f"/faults/hazards/lists/{month.next()}", data={"hazard": str(name)}).status_code == 422
    assert lead.post(f"/faults/hazards/lists/{month}", data={"hazard": "x"}).status_code == 422
    assert lead.get("/faults/hazards/lists/0000-01").status_code == 404


def test_another_site_sees_and_changes_nothing(as_, in_app):
    name = in_app(hazard)
    in_app(lambda: put_on_list(one(name), now=utc_now()))
    theirs, unknown = as_("supervisor2"), uuid.uuid4()
    for target in (name, unknown):
        said = {f"word-{target}": "approved"}
        assert theirs.post("/faults/hazards/decisions", data=said).status_code == 404
        assert theirs.post("/faults/hazards/decisions", data=said | {"back": str(target)}).status_code == 404
        assert as_("tech2").post(f"/faults/hazards/{target}/steps", data={"kind": "started"}).status_code == 404
    assert "YH-" not in theirs.get("/faults/hazards?state=all").text


@pytest.mark.one_database
def test_the_pages_take_a_fixed_number_of_statements(as_, in_app, queries):
    lead, bureau = as_("lead"), as_("supervisor")
    sent = []
    for _turn in range(2):
        names = in_app(lambda: [hazard(40) for _each in range(3)])
        in_app(lambda names=names: put_on_list(one(names[0]), now=utc_now()))
        in_app(lambda names=names: rectify(one(names[1]), now=utc_now()))
        counts = []
        for client, path in (
            (lead, "/faults/hazards?state=all"),
            (lead, f"/faults/hazards/lists/{this_month()}"),
            (bureau, "/faults/hazards/decisions"),
            (lead, "/faults/hazards/waiting"),
        ):
            client.get(path)
            queries.clear()
            assert client.get(path).status_code == 200
            counts.append(len(queries))
        sent.append(counts)
    assert sent[0] == sent[1]
    assert max(sent[0]) <= 10
    in_app(lambda: say(one(names[0]), yes=True, now=utc_now()))
