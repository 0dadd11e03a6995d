"""Somebody arrives at a fault (到场), and reports written on a device that reach the server later."""

from __future__ import annotations

import hashlib
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from tests.faults.played import finish
from tests.inspections.documents import ANTENNA, asset_with, picture
from webapp.assets.models import Label
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.faults.actions import arrival_of, arrive, raise_finding, report
from webapp.faults.models import Finding, FindingEvent, FindingKind
from webapp.faults.queries import finding_for, is_open
from webapp.kit.clock import utc_now
from webapp.kit.problems import Conflict, Invalid, NotFound, Refused
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.models import PhotoRule
from webapp.sites.queries import site_coded
from webapp.sync.actions import Document, Sending
from webapp.sync.models import Refusal

NIL = "00000000-0000-0000-0000-000000000000"
JSON = {"Accept": "application/json"}
NOW = datetime(2026, 11, 18, 7, 0, tzinfo=UTC)  # 15:00 in Shaoguan
AT_TEN = NOW - timedelta(hours=5)


@pytest.fixture
def in_app(app):
    """Runs a question in an app context of its own."""

    def ask(question):
        with app.test_request_context():
            return question()

    return ask


def somebody(username: str) -> Person:
    return db.session.scalars(select(Person).where(Person.username == username)).one()


def label_of(code: str = ANTENNA) -> Label:
    return db.session.scalars(select(Label).where(Label.asset_id == asset_with(code).id)).one()


def fault(*, asset: str | None = ANTENNA, at: datetime = AT_TEN, code: str = "SG", by: str = "tech") -> Finding:
    with transaction():
        return raise_finding(
            FindingKind.FAULT,
            site=site_coded(code),
            asset=asset_with(asset) if asset else None,
            item_text="",
            level="general",
            text="no picture",
            photo_ids=[],
            source=None,
            channel="site",
            by=somebody(by),
            reported_at=at,
            now=at,
        )


def arrived(finding: Finding, *, by: str = "tech", now: datetime = NOW, **fields: Any) -> tuple[FindingEvent, bool]:
    fields = {"id": uuid.uuid4(), "arrived_at": AT_TEN} | fields
    with transaction():
        return arrive(finding.id, arrival_of(finding.id, fields, somebody(by)), by=somebody(by), now=now)


def closed(finding_id: uuid.UUID) -> None:
    with transaction():
        finish(db.session.get_one(Finding, finding_id), now=utc_now())


@pytest.mark.parametrize("spelling", ["token", "address", "short_code"])
def test_a_label_of_the_device_is_a_scan_however_it_was_read(context, spelling):
    finding, label = fault(), label_of()
    address = f"https://inspect.example/a/{label.token}"
    read = {"token": label.token, "address": address, "short_code": label.short_code.lower()}[spelling]
    event, is_new = arrived(finding, scanned=read, reason="opened without scanning")
    assert is_new
    assert (event.at, event.received_at, event.reason) == (AT_TEN, NOW, "")
    assert (event.facts["scanned"], event.facts["flags"]) == (True, [])


def test_a_replaced_label_of_the_device_is_a_scan_too(context):
    with transaction():
        label_of().replaced_at = AT_TEN
    assert arrived(fault(), scanned=label_of().token)[0].facts["scanned"] is True


def test_without_a_scan_a_reason_is_needed_and_kept(context):
    finding = fault()
    with pytest.raises(Invalid) as caught:
        arrived(finding)
    assert "reason" in caught.value.fields
    event, _is_new = arrived(finding, reason="label torn off")
    assert (event.facts["scanned"], event.reason, event.facts["flags"]) == (False, "label torn off", [])


@pytest.mark.parametrize("read", ["another device", "nonsense"])
def test_another_label_is_kept_and_flagged(context, read):
    scanned = label_of("SG-2-01-002").token if read == "another device" else read
    event, _is_new = arrived(fault(), scanned=scanned)
    assert (event.facts["scanned"], event.facts["flags"]) == (False, ["other_label"])


def test_a_fault_without_device_has_no_label(context):
    event, _is_new = arrived(fault(asset=None), scanned=label_of().token)
    assert event.facts["flags"] == ["other_label"]


def test_the_same_arrival_again_changes_nothing_and_another_content_is_a_conflict(context):
    finding, name = fault(), uuid.uuid4()
    first, again = (arrived(finding, id=name, reason="torn") for _n in range(2))
    assert (first[1], again[1]) == (True, False)
    assert first[0].id == again[0].id
    with pytest.raises(Conflict):
        arrived(finding, id=name, reason="else")
    with pytest.raises(Conflict):
        arrived(fault(), id=name, reason="torn")
    with pytest.raises(Conflict):
        arrived(finding, id=name, reason="torn", by="lead")


def test_several_may_arrive_and_the_fault_stays_as_it_is(context):
    finding = fault()
    for by in ("tech", "lead"):
        arrived(finding, by=by, scanned=label_of().token)
    here = finding_for(somebody("tech"), finding.id)
    assert [event.kind for event in here.events] == ["reported", "arrived", "arrived"]
    assert is_open(here)
    verbs = select(AuditEntry.verb).where(AuditEntry.subject == f"finding:{finding.id}").order_by(AuditEntry.id)
    assert db.session.scalars(verbs).all() == ["fault.raised", "arrival.recorded", "arrival.recorded"]


def test_an_arrival_at_a_closed_fault_is_taken_and_flagged(context):
    finding = fault()
    with transaction():
        finish(finding, now=NOW - timedelta(hours=1))
    event, is_new = arrived(finding, scanned=label_of().token)
    assert (is_new, event.facts["flags"]) == (True, ["closed"])
    assert not is_open(finding_for(somebody("tech"), finding.id))


def test_only_those_who_inspect_there_arrive(context):
    finding = fault()
    for username, problem in (("supervisor", Refused), ("office", Refused), ("tech2", NotFound)):
        with pytest.raises(problem):
            arrived(finding, by=username, reason="torn")


@pytest.mark.parametrize(
    ("claimed", "ahead", "at"),
    [
        (AT_TEN, timedelta(), AT_TEN),
        (AT_TEN, timedelta(minutes=1), AT_TEN),
        (AT_TEN, -timedelta(minutes=1), AT_TEN),
        (AT_TEN, timedelta(seconds=61), AT_TEN - timedelta(seconds=61)),
        (AT_TEN, -timedelta(hours=2), AT_TEN + timedelta(hours=2)),
        (NOW + timedelta(minutes=3), timedelta(minutes=3), NOW),
    ],
)
def test_a_clock_that_was_measured_to_be_wrong_is_corrected(context, claimed, ahead, at):
    finding, by = fault(), somebody("tech")
    sending = Sending(sent_at=NOW + ahead)
    document = Document(uuid.uuid4(), "arrival", by.id, {"reason": "torn"}, claimed_at=claimed, sending=sending)
    with transaction():
        event, _is_new = arrive(finding.id, document, by=by, now=NOW)
    assert event.at == at
    assert event.facts["claimed_at"] == claimed.isoformat()


def page_form(in_app, **changes: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "arrived_at": "2026-11-18T02:00:00Z", "scanned": "", "reason": "torn"} | changes


def test_a_device_gets_a_receipt_for_an_arrival_and_the_same_again_the_same(as_, in_app):
    finding, tech = in_app(lambda: fault().id), as_("tech")
    form = page_form(in_app, scanned=in_app(lambda: label_of().token), reason="")
    first, again = (tech.post(f"/faults/{finding}/arrivals", data=form, headers=JSON) for _n in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == again.get_json()["id"] == form["id"]
    assert first.get_json()["received_at"] == again.get_json()["received_at"]
    assert first.get_json()["url"] == f"/faults/{finding}"
    assert tech.get(f"/faults/{finding}").text.count("Arrived on site") == 1


def test_a_device_says_how_its_clock_stands_when_it_sends(as_, in_app):
    finding, tech, wrong = in_app(lambda: fault().id), as_("tech"), timedelta(hours=2)
    claimed = (utc_now() - timedelta(hours=1) + wrong).isoformat()
    headers = {**JSON, "X-Sent-At": (utc_now() + wrong).isoformat()}
    assert (
        tech.post(
            f"/faults/{finding}/arrivals", data=page_form(in_app, arrived_at=claimed), headers=headers
        ).status_code
        == 201
    )
    event = in_app(lambda: db.session.scalars(select(FindingEvent).where(FindingEvent.kind == "arrived")).one())
    assert abs(event.received_at - event.at - timedelta(hours=1)) < timedelta(minutes=1)
    asset = str(in_app(lambda: asset_with(ANTENNA).id))
    form = {"asset": asset, "kind": "hazard", "text": "loose", "claimed_at": claimed}
    name = uuid.uuid4()
    assert tech.post(f"/faults/{name}", data=form, headers=headers).status_code == 201
    here = in_app(lambda: db.session.get_one(Finding, name))
    assert abs(here.entered_at - here.reported_at - timedelta(hours=1)) < timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["note", "finding", "arrival"])
def test_the_receipt_names_the_bytes_that_came_and_other_bytes_are_sent_again(as_, in_app, kind):
    finding, asset = in_app(lambda: (fault().id, asset_with(ANTENNA)))
    address, form = {
        "note": (f"/notes/{uuid.uuid4()}", {"site": asset.site_id, "text": "water"}),
        "finding": (f"/faults/{uuid.uuid4()}", {"asset": asset.id, "kind": "hazard", "text": "loose"}),
        "arrival": (f"/faults/{finding}/arrivals", {"id": uuid.uuid4(), "reason": "torn"}),
    }[kind]
    body = urlencode(form)
    sent = {**JSON, "Content-Type": "application/x-www-form-urlencoded"}
    digest = hashlib.sha256(body.encode()).hexdigest()
    garbled = as_("tech").post(address, data=body + "x", headers={**sent, "X-Content-SHA256": digest})
    assert (garbled.status_code, garbled.get_json()["error"]["code"]) == (400, "digest_differs")
    answer = as_("tech").post(address, data=body, headers={**sent, "X-Content-SHA256": digest})
    assert (answer.status_code, answer.get_json()["sent_sha256"]) == (201, digest)


@pytest.mark.parametrize("name", ["", NIL])
def test_a_plain_form_is_named_and_timed_by_the_server(as_, in_app, name):
    finding, tech = in_app(lambda: fault().id), as_("tech")
    answer = tech.post(f"/faults/{finding}/arrivals", data=page_form(in_app, id=name, arrived_at=""))
    assert (answer.status_code, answer.location) == (303, f"/faults/{finding}")
    document = in_app(lambda: db.session.scalars(select(FindingEvent).where(FindingEvent.kind == "arrived")).one())
    assert document.facts["document"] != NIL
    assert abs(document.at - utc_now()) < timedelta(minutes=1)


def test_an_arrival_without_scan_and_reason_is_refused_and_kept(as_, in_app):
    finding = in_app(lambda: fault().id)
    answer = as_("tech").post(f"/faults/{finding}/arrivals", data=page_form(in_app, reason=""), headers=JSON)
    assert (answer.status_code, list(answer.get_json()["error"]["fields"])) == (422, ["reason"])
    assert in_app(lambda: db.session.scalars(select(Refusal.kind)).all()) == ["arrival"]


@pytest.mark.parametrize(
    ("username", "status"),
    [("tech", 201), ("lead", 201), ("supervisor", 403), ("office", 403), ("admin", 403), ("tech2", 404)],
)
def test_who_may_arrive_is_offered_it(as_, in_app, username, status):
    finding, client = in_app(lambda: fault().id), as_(username)
    answer = client.post(f"/faults/{finding}/arrivals", data=page_form(in_app), headers=JSON)
    assert answer.status_code == status
    page = client.get(f"/faults/{finding}")
    if page.status_code == 200:
        assert ("I have arrived" in page.text) == (status == 201)


def test_another_persons_queue_brings_no_arrival(as_, in_app):
    finding, headers = in_app(lambda: fault().id), {**JSON, "X-Outbox-User": str(uuid.uuid4())}
    answer = as_("tech").post(f"/faults/{finding}/arrivals", data=page_form(in_app), headers=headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "other_user")


def test_claimed_and_received_stand_side_by_side_where_they_differ(as_, in_app):
    finding, tech = in_app(lambda: fault(at=utc_now()).id), as_("tech")
    soon = (utc_now() - timedelta(seconds=30)).isoformat()
    tech.post(f"/faults/{finding}/arrivals", data=page_form(in_app, arrived_at=soon))
    assert "claimed " not in re.sub(r"as claimed", "", tech.get(f"/faults/{finding}").text)
    tech.post(f"/faults/{finding}/arrivals", data=page_form(in_app, arrived_at="2026-01-05T02:00:00Z"))
    assert re.search(r"claimed Jan 5 10:00, received \d\d:\d\d", tech.get(f"/faults/{finding}").text)


def test_the_page_says_how_somebody_arrived_and_greys_what_came_after_the_closing(as_, in_app):
    finding, tech = in_app(lambda: fault().id), as_("tech")
    token, other = in_app(lambda: (label_of().token, label_of("SG-2-01-002").token))
    for scanned, reason in ((token, ""), ("", "torn off"), (other, "")):
        tech.post(f"/faults/{finding}/arrivals", data=page_form(in_app, scanned=scanned, reason=reason))
    page = tech.get(f"/faults/{finding}").text
    for said in (
        "The label was scanned.",
        "Stated, the label was not scanned.",
        "torn off",
        "Another label was scanned",
    ):
        assert said in page
    assert '<li data-s="na">' not in page
    in_app(lambda: closed(finding))
    tech.post(f"/faults/{finding}/arrivals", data=page_form(in_app))
    page = tech.get(f"/faults/{finding}").text
    assert page.count('<li data-s="na">') == 1
    assert "closed already when this came" in page
    assert 'name="scanned"' not in page


def test_the_fault_page_offers_an_arrival_with_the_code_or_with_a_reason(as_, in_app):
    finding = in_app(lambda: fault().id)
    page = as_("tech").get(f"/faults/{finding}").text
    forms = re.findall(rf'<form [^>]*action="/faults/{finding}/arrivals".*?</form>', page, re.S)
    assert len(forms) == 2
    for form in forms:
        for mark in ("data-outbox", 'data-kind="arrival"', "data-new-id", "data-now"):
            assert mark in form
    assert re.search(r'name="scanned"[^>]* required', forms[0])
    assert re.search(r'name="reason"[^>]* required', forms[1])
    lone = in_app(lambda: fault(asset=None).id)
    assert as_("tech").get(f"/faults/{lone}").text.count(f'action="/faults/{lone}/arrivals"') == 1


def test_the_checklist_offers_the_arrival_in_one_tap(as_, in_app):
    finding, asset = in_app(lambda: fault().id), in_app(lambda: asset_with(ANTENNA).id)
    page = as_("tech").get(f"/inspections/new/{asset}").text
    form = re.search(rf'<form [^>]*action="/faults/{finding}/arrivals".*?</form>', page, re.S)[0]
    assert "data-outbox" in form
    assert f'data-next="/inspections/new/{asset}"' in form
    assert re.search(r'type="hidden" name="scanned" value="" data-from-scan', form)
    visible = re.findall(r'<(?:input|textarea|select)(?![^>]*type="hidden")', form)
    assert not visible
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    tech = as_("tech")
    assert tech.post(f"/faults/{finding}/arrivals", data=fields).status_code == 303
    scanned = in_app(lambda: label_of().token)
    assert tech.post(f"/faults/{finding}/arrivals", data=fields | {"scanned": scanned}).status_code == 303
    page = tech.get(f"/faults/{finding}").text
    assert page.count("Stated, the label was not scanned.") == page.count("The label was scanned.") == 1
    assert re.search(r"arrived \w+ \d+ \d\d:\d\d</p>", tech.get(f"/inspections/new/{asset}").text)


# reports that are written on a device


def fields_of(**changes: Any) -> dict[str, Any]:
    base = {"asset": asset_with(ANTENNA).id, "kind": "fault", "level": "major", "text": "black", "claimed_at": AT_TEN}
    return {name: value for name, value in (base | changes).items() if value is not None}


def reported(document_fields: dict[str, Any]) -> Finding:
    with transaction():
        return report(uuid.uuid4(), document_fields, photo_ids=[], by=somebody("tech"), now=NOW)[0]


@pytest.mark.parametrize(
    ("typed", "reported_at"),
    [
        (None, AT_TEN),
        (AT_TEN - timedelta(hours=1), AT_TEN - timedelta(hours=1)),
        (datetime(2026, 11, 18, 9, 30), datetime(2026, 11, 18, 1, 30, tzinfo=UTC)),  # noqa: DTZ001
        (NOW + timedelta(days=400), AT_TEN),
    ],
)
def test_a_report_counts_from_when_it_was_told_not_from_when_it_came(context, typed, reported_at):
    finding = reported(fields_of(reported_at=typed))
    assert (finding.reported_at, finding.entered_at) == (reported_at, NOW)


def test_a_device_ahead_of_the_server_reports_now(context):
    assert reported(fields_of(claimed_at=NOW + timedelta(hours=3))).reported_at == NOW


@pytest.mark.parametrize("level", [None, "level of last year"])
def test_a_report_from_a_device_is_not_lost_for_its_level(context, level):
    finding = reported(fields_of(level=level))
    assert finding.level == "general"
    event = db.session.scalars(select(FindingEvent).where(FindingEvent.finding_id == finding.id)).one()
    assert event.facts == {"flags": ["level_proposed"]}
    with pytest.raises(Invalid):
        reported(fields_of(level=level, claimed_at=None))
    assert reported(fields_of(level=level, kind="hazard")).level is None


def test_a_proposed_level_is_said_on_the_page(as_, in_app):
    form = {
        "asset": str(in_app(lambda: asset_with(ANTENNA).id)),
        "kind": "fault",
        "text": "black",
        "claimed_at": "2026-01-05T02:00:00Z",
    }
    tech, name = as_("tech"), uuid.uuid4()
    answer = tech.post(f"/faults/{name}", data=form, headers=JSON)
    assert (answer.status_code, answer.get_json()["url"]) == (201, f"/faults/{name}")
    page = tech.get(f"/faults/{name}").text
    assert "The one shown is proposed" in page
    assert "Jan 5 10:00" in page


def test_a_plain_report_is_named_by_the_server(as_, in_app):
    form = {"asset": str(in_app(lambda: asset_with(ANTENNA).id)), "kind": "hazard", "text": "loose", "claimed_at": ""}
    answer = as_("tech").post(f"/faults/{NIL}", data=form)
    assert answer.status_code == 303
    assert NIL not in answer.location


def test_an_unreadable_report_is_kept(as_, in_app):
    answer = as_("tech").post(f"/faults/{uuid.uuid4()}", data={"kind": "fault", "text": "black"}, headers=JSON)
    assert answer.status_code == 422
    assert in_app(lambda: db.session.scalars(select(Refusal.content)).one())["text"] == ["black"]


def test_the_camera_of_the_phone_leads_to_an_arrival_in_one_tap(as_, in_app):
    finding, tech = in_app(lambda: fault(at=utc_now()).id), as_("tech")
    token, code = in_app(lambda: (label_of().token, label_of().short_code))
    dossier = tech.get(f"/a/{token}").location
    shown = tech.get(dossier).text
    assert f'name="scanned" value="{code}">' in shown
    tech.post(f"/faults/{finding}/arrivals", data=page_form(in_app, scanned=code))
    assert "The label was scanned." in tech.get(f"/faults/{finding}").text
    for other in (as_("lead"), as_("supervisor")):
        assert "/arrivals" not in other.get(dossier).text, "who has not scanned is not asked"


def test_the_form_without_a_device_is_the_same_at_any_time_and_can_be_taken_along(as_):
    tech = as_("tech")
    first, second = tech.get("/faults/new").text, tech.get("/faults/new").text
    assert first == second
    form = re.search(r'<form [^>]*id="report".*?</form>', first, re.S)[0]
    assert f'action="/faults/{NIL}"' in form
    stays = f'data-next="/faults/{NIL}"'
    for mark in ("data-outbox", 'data-kind="finding"', stays, 'data-strip=""', "data-asset-name"):
        assert mark in form
    assert re.search(r'type="hidden" name="asset" value="" data-from-query="asset"', form)
    assert re.search(r'type="hidden" name="claimed_at" value="" data-now', form)
    assert "hx-" not in form
    assert "report.js" not in first


def test_without_javascript_the_device_is_searched_and_then_named(as_, in_app):
    tech, asset = as_("tech"), in_app(lambda: asset_with(ANTENNA))
    found = tech.get(f"/faults/new?q={asset.code}&text=noise").text
    assert f'href="/faults/new?asset={asset.id}&amp;text=noise"' in found
    page = tech.get(f"/faults/new?asset={asset.id}&text=noise").text
    assert f'name="asset" value="{asset.id}"' in page
    assert asset.name in page
    assert ">noise</textarea>" in page
    assert "Which device is it about?" not in page
    assert 'href="/notes/new"' in tech.get("/faults/new?q=zebra").text


def test_the_search_shows_devices_of_the_own_site_only(as_):
    page = as_("tech2").get(f"/faults/new?q={ANTENNA}").text
    assert "/faults/new?asset=" not in page


@pytest.mark.parametrize(
    ("of_site", "of_asset", "unknown", "known"),
    [
        ("allowed", None, ("", 1), ("", 1)),
        ("close_up", None, ("Close-ups of the device only", 1), ("Close-ups of the device only", 1)),
        ("forbidden", None, ("No photos at this place", 0), ("No photos at this place", 0)),
        ("allowed", "forbidden", ("Photos are forbidden at some places", 1), ("No photos at this place", 0)),
        ("forbidden", "allowed", ("No photos at this place", 0), ("", 1)),
    ],
)
def test_the_strictest_photo_rule_is_said_until_the_device_is_known(as_, in_app, of_site, of_asset, unknown, known):
    def set_rules():
        with transaction():
            site_coded("SG").photo_rule = PhotoRule(of_site).value
            asset_with(ANTENNA).photo_rule = of_asset
        return asset_with(ANTENNA).id

    asset, tech = in_app(set_rules), as_("tech")
    for address, (said, cameras) in (("/faults/new", unknown), (f"/faults/new?asset={asset}", known)):
        page = tech.get(address).text
        assert said in page
        assert page.count('type="file"') == cameras
        if not said:
            assert "No photos" not in page


def test_photos_of_a_report_come_before_it(as_, in_app):
    tech, photo, name = as_("tech"), uuid.uuid4(), uuid.uuid4()
    form = {
        "asset": str(in_app(lambda: asset_with(ANTENNA).id)),
        "kind": "hazard",
        "text": "loose",
        "photo": str(photo),
    }
    answer = tech.post(f"/faults/{name}", data=form, headers=JSON)
    assert (answer.status_code, answer.get_json()["error"]["missing"]) == (424, [str(photo)])
    tech.put(f"/files/{photo}", data=picture())
    assert tech.post(f"/faults/{name}", data=form, headers=JSON).status_code == 201
    assert in_app(lambda: db.session.scalar(select(func.count()).select_from(Finding))) == 1


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59", "9999-12-31T23:59:59-12:00"])
def test_a_time_off_the_calendar_is_no_time(as_, in_app, moment):
    form = {"asset": str(in_app(lambda: asset_with(ANTENNA).id)), "kind": "hazard", "text": "loose"}
    for field in ("reported_at", "claimed_at"):
        answer = as_("tech").post(f"/faults/{uuid.uuid4()}", data=form | {field: moment}, headers=JSON)
        assert answer.status_code == 422
