"""A label is scanned, a code is typed, the page of a device is read."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.inspections.documents import ANTENNA, WALL, asset_with, filled, picture
from webapp.assets.actions import change_asset, replace_label
from webapp.assets.models import Asset, Label
from webapp.assets.queries import asset_for
from webapp.audit.models import AuditEntry, Verb
from webapp.checklists.models import CheckItem
from webapp.dossiers.rules import MISSES_PER_PERSON
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.models import FindingKind
from webapp.files.actions import receive_file
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Return
from webapp.inspections.queries import history_of
from webapp.inspections.schemas import load_inspection
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people.models import AuthSession, Person
from webapp.sites.actions import give_role
from webapp.sites.models import Role, Site

FUTIAN = "FT-1-01-001"
NOWHERE = "/a/abcdefghjk23456789ab"


@pytest.fixture
def labels(app):
    """code → (asset id, token, short code)."""
    with app.app_context():
        rows = db.session.execute(select(Asset.code, Asset.id, Label.token, Label.short_code).join(Label.asset))
        return {code: (asset_id, token, short) for code, asset_id, token, short in rows}


def person_named(username):
    return db.session.scalars(select(Person).where(Person.username == username)).one()


def inspect(app, code, *, times=1, photo_of="", **changes):
    """Hands in inspections of the last days, the newest a minute ago; `photo_of` is the item that gets a photo."""
    with app.test_request_context(), transaction():
        asset, tech = asset_with(code), person_named("tech")
        photo = uuid.uuid4()
        if photo_of:
            receive_file(photo, picture(), None, by=tech, now=utc_now())
        for days in reversed(range(times)):
            at = utc_now() - timedelta(days=days, minutes=1)
            form = filled(asset, at=at, photos={photo_of: [photo]} if photo_of else None, **changes)
            hand_in(load_inspection(uuid.uuid4(), form), by=tech, now=at)


def replace(app, code):
    with app.test_request_context(), transaction():
        lead = person_named("lead")
        return replace_label(asset_for(lead, asset_with(code).id), by=lead, now=utc_now()).short_code


# --- the address on a label ---


def test_a_label_asks_for_sign_in_and_comes_back(client, labels):
    answer = client.get(f"/a/{labels[ANTENNA][1]}")
    assert answer.location == f"/sign-in?next=/a/{labels[ANTENNA][1]}"


def test_the_phones_camera_leads_to_the_device_and_the_scanner_to_its_checklist(as_, labels):
    asset_id, token, _short = labels[ANTENNA]
    tech = as_("tech")
    assert tech.get(f"/a/{token}").location == f"/assets/{asset_id}"
    assert tech.get(f"/a/{token}?to=checklist").location == f"/inspections/new/{asset_id}"
    assert as_("supervisor").get(f"/a/{token}?to=checklist").location == f"/assets/{asset_id}"


def test_a_label_of_another_command_centre_looks_like_one_that_never_was(as_, labels):
    client = as_("tech")
    theirs, unknown = client.get(f"/a/{labels[FUTIAN][1]}"), client.get(NOWHERE)
    assert (theirs.status_code, unknown.status_code) == (404, 404)
    assert "belongs to no device that you can see" in theirs.text
    assert theirs.text.replace(labels[FUTIAN][1], "") == unknown.text.replace(NOWHERE[3:], "")


def test_a_label_switches_to_its_command_centre_for_people_of_several(as_, app, labels):
    with app.test_request_context(), transaction():
        futian = db.session.scalars(select(Site).where(Site.code == "FT")).one()
        give_role(person_named("tech"), futian, Role.TECHNICIAN, by=None, now=utc_now())
    client = as_("tech")
    assert client.get(f"/a/{labels[FUTIAN][1]}").status_code == 303
    with app.app_context():
        newest = db.session.scalars(select(AuthSession).order_by(AuthSession.created_at.desc())).first()
        assert newest.site_id == futian.id


def test_a_replaced_label_says_so_names_the_new_one_and_leads_on(as_, app, labels):
    asset_id, token, old = labels[ANTENNA]
    new = replace(app, ANTENNA)
    client = as_("tech")
    answer = client.get(f"/a/{token}?to=checklist")
    assert answer.location == f"/assets/{asset_id}?old={old}"
    page = client.get(answer.location).text
    assert f"{old} is void; the valid one is {new}" in page
    assert f"/inspections/new/{asset_id}" in page
    assert "was replaced" not in client.get(f"/assets/{asset_id}?old={new}").text
    assert f"old label {old}" in client.get("/scan").text


def test_after_twenty_unknown_labels_even_a_right_one_waits(as_, app, labels):
    client = as_("tech")
    for _ in range(MISSES_PER_PERSON):
        assert client.get(NOWHERE).status_code == 404
    refused = client.get(f"/a/{labels[ANTENNA][1]}")
    assert refused.status_code == 429
    assert "quarter of an hour" in refused.text
    assert as_("lead").get(f"/a/{labels[ANTENNA][1]}").status_code == 303
    with app.app_context():
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.LABEL_UNKNOWN)).all()
        assert len(entries) == MISSES_PER_PERSON
        assert {(entry.subject, str(entry.facts)) for entry in entries} == {("address:127.0.0.1", "{}")}
        for entry in entries:
            entry.at -= timedelta(minutes=15)
        with transaction():
            db.session.add_all(entries)
    assert client.get(f"/a/{labels[ANTENNA][1]}").status_code == 303


# --- the typed short code ---


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{lower}", "{plain}"])
def test_a_short_code_opens_the_checklist_in_any_spelling(as_, labels, spelling):
    asset_id, _token, short = labels[ANTENNA]
    typed = spelling.format(short, lower=short.lower(), plain=short.replace("-", ""))
    answer = as_("tech").post("/scan", data={"code": typed})
    assert (answer.status_code, answer.location) == (303, f"/inspections/new/{asset_id}")


def test_who_does_not_inspect_gets_to_the_page_of_the_device(as_, labels):
    asset_id, _token, short = labels[ANTENNA]
    assert as_("office").post("/scan", data={"code": short}).location == f"/assets/{asset_id}"


def test_an_address_typed_by_a_hand_held_scanner_is_understood(as_, labels):
    asset_id, token, _short = labels[ANTENNA]
    answer = as_("tech").post("/scan", data={"code": f"http://127.0.0.1:8000/a/{token}"})
    assert answer.location == f"/inspections/new/{asset_id}"


@pytest.mark.parametrize("code", ["", "K7M", "https://evil.example/a/k7m4q9rk7m4q9rk7m4q9", "' or 1=1"])
def test_what_is_no_short_code_is_called_a_typing_error_and_is_no_guess(as_, app, code):
    answer = as_("tech").post("/scan", data={"code": code})
    assert answer.status_code == 422
    assert "typing error" in answer.text
    with app.app_context():
        assert db.session.scalar(select(AuditEntry.id).where(AuditEntry.verb == Verb.LABEL_UNKNOWN)) is None


def test_one_wrong_character_is_called_a_typing_error(as_, labels):
    short = labels[ANTENNA][2]
    wrong = ("3" if short[0] != "3" else "4") + short[1:]
    answer = as_("tech").post("/scan", data={"code": wrong})
    assert (answer.status_code, "typing error" in answer.text) == (422, True)
    assert f'value="{wrong}"' in answer.text


def test_a_code_of_another_command_centre_is_unknown(as_, labels):
    answer = as_("tech").post("/scan", data={"code": labels[FUTIAN][2]})
    assert answer.status_code == 404
    assert "No label of your command centres has this code." in answer.text
    assert "typing error" not in answer.text


def test_a_text_too_long_for_a_code_is_refused(as_):
    assert as_("tech").post("/scan", data={"code": "K" * 301}).status_code == 422


# --- the scanner ---


def test_the_scanner_lists_what_was_just_scanned_and_what_became_of_it(as_, app, labels):
    client = as_("tech")
    assert "Nothing yet." in client.get("/scan").text
    for code in (ANTENNA, WALL):
        client.post("/scan", data={"code": labels[code][2]})
    page = client.get("/scan").text
    assert page.index("LCD拼接屏") < page.index("车载Ku动中通天线")
    assert page.count("not done yet") == 2
    inspect(app, ANTENNA)
    page = client.get("/scan").text
    assert page.count("not done yet") == 1
    assert "all normal" in page


def test_the_scanner_sends_the_same_number_of_queries_for_one_scan_and_for_many(as_, labels, queries):
    client = as_("tech")
    counts = []
    for codes in ([ANTENNA], [WALL, "SG-1-02-002", "SG-1-02-003"]):
        for code in codes:
            client.get(f"/a/{labels[code][1]}")
        queries.clear()
        assert client.get("/scan").status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert counts[0] <= 6


def test_a_cookie_of_another_version_of_the_app_breaks_nothing(as_):
    client = as_("tech")
    with client.session_transaction() as session:
        session["scans"] = [["nonsense"], 5]
    assert "Nothing yet." in client.get("/scan").text


def test_the_scanner_page_carries_every_text_that_its_script_says(as_):
    page = as_("tech").get("/scan").text
    for name in ("starting", "ready", "found", "insecure", "missing", "denied", "busy", "undecodable"):
        assert f'data-{name}="' in page


# --- the page of a device ---


@pytest.mark.parametrize(
    ("who", "sees", "not_"),
    [
        ("tech", ["Start the checklist", "Report a fault"], ["Replace the label", "Edit<", "Print the label"]),
        ("lead", ["Start the checklist", "Replace the label", "Edit", "Print the label"], []),
        ("supervisor", ["Report a fault"], ["Start the checklist", "Replace the label"]),
        ("office", ["Print the label"], ["Start the checklist", "Report a fault", "Replace the label"]),
        ("admin", ["Replace the label"], ["Start the checklist"]),
    ],
)
def test_each_role_finds_what_it_may_do(as_, labels, who, sees, not_):
    page = as_(who).get(f"/assets/{labels[ANTENNA][0]}").text
    assert all(text in page for text in sees)
    assert not [text for text in not_ if text in page]
    assert page.count('class="btn primary"') <= 1


def test_a_device_of_another_command_centre_is_not_there(as_, labels):
    assert as_("tech2").get(f"/assets/{labels[ANTENNA][0]}").status_code == 404
    assert as_("tech").get(f"/assets/{uuid.uuid4()}").status_code == 404


def test_the_page_tells_the_facts_of_the_list(as_, app, labels):
    page = as_("tech").get(f"/assets/{labels[ANTENNA][0]}").text
    for text in (
        "车载Ku动中通天线",
        ANTENNA,
        "海格恒通 WX-080-14",
        "1 套",
        "张伟",
        "2026-01-01 to 2026-12-31",
        labels[ANTENNA][2],
    ):
        assert text in page
    assert "11 items" in page
    assert "Open questions about the list" in page
    assert "Not inspected yet" in page


def test_flags_of_the_list_are_shown(as_, app, labels):
    with app.test_request_context(), transaction():
        lead = person_named("lead")
        asset = asset_for(lead, labels[ANTENNA][0])
        change_asset(asset, {"is_outside_contract": True, "photo_rule": "forbidden"}, by=lead, now=utc_now())
    page = as_("tech").get(f"/assets/{labels[ANTENNA][0]}").text
    assert "Outside the contract" in page
    assert "<dd>forbidden</dd>" in page
    assert "Changed: outside the contract, photo rule" in page


def test_a_retired_device_is_shown_but_cannot_be_inspected(as_, app, labels):
    with app.test_request_context(), transaction():
        lead = person_named("lead")
        change_asset(asset_for(lead, labels[ANTENNA][0]), {"status": "retired"}, by=lead, now=utc_now())
    page = as_("tech").get(f"/assets/{labels[ANTENNA][0]}").text
    assert "Retired" in page
    assert "Start the checklist" not in page


def test_readings_are_drawn_against_their_limits_and_what_is_out_comes_first(as_, app, labels):
    with app.app_context():
        item = db.session.scalars(select(CheckItem).where(CheckItem.key == "acquire_time")).first()
    for value in ("158", "171", "342"):
        extra = {f"why.{item.key}": "慢", f"remedy.{item.key}": "hazard"} if value == "342" else {}
        inspect(app, ANTENNA, photo_of=item.key if extra else "", **{f"a.{item.key}": value}, **extra)
    page = as_("tech").get(f"/assets/{labels[ANTENNA][0]}").text
    first = page[page.index('class="reading"') :]
    assert item.en in first[:200]
    assert "0–300 s" in first[:400]
    assert 'class="c-bad"' in first
    assert "158 s, 171 s, 342 s" in first
    assert "Inspection, 1 item abnormal" in page
    assert page.count("Inspection, all normal") == 2
    assert "Hazard open" in page
    assert page.count("YH-") >= 2  # in the note, and in the history beside its inspection


def test_open_faults_lead_to_their_page(as_, app, labels):
    with app.test_request_context(), transaction():
        tech, now = person_named("tech"), utc_now()
        asset = asset_for(tech, labels[WALL][0])
        finding = raise_finding(
            FindingKind.FAULT,
            site=asset.site,
            asset=asset,
            item_text="黑屏",
            level="general",
            text="三号屏黑屏",
            photo_ids=[],
            source=None,
            channel="telephone",
            by=tech,
            reported_at=now,
            now=now,
        )
    page = as_("supervisor").get(f"/assets/{labels[WALL][0]}").text
    assert f"/faults/{finding.id}" in page
    assert f"{finding.number} Fault open" in page
    assert "1 not closed" in page


def test_what_was_sent_back_stands_in_the_history_and_no_longer_counts(as_, app, labels):
    inspect(app, ANTENNA)
    with app.test_request_context(), transaction():
        supervisor, now = person_named("supervisor"), utc_now()
        done = history_of(asset_with(ANTENNA).id)[0]
        back = {"item_key": "agc", "reason": "看不清", "returned_by": supervisor.id}
        db.session.add(Return(id=uuid.uuid4(), inspection_id=done.id, returned_at=now, received_at=now, **back))
    page = as_("tech").get(f"/assets/{labels[ANTENNA][0]}").text
    assert "Sent back" in page
    assert "陈志强 · 看不清" in page
    assert "Not inspected yet" in page


def test_replaced_labels_stand_in_the_history(as_, app, labels):
    replace(app, ANTENNA)
    page = as_("lead").get(f"/assets/{labels[ANTENNA][0]}").text
    assert f"Label replaced, {labels[ANTENNA][2]} is void" in page


def test_the_page_sends_the_same_number_of_queries_whatever_happened_to_the_device(as_, app, labels, queries):
    client = as_("tech")
    counts = []
    inspect(app, ANTENNA)
    inspect(app, WALL, times=9)
    for code in (ANTENNA, WALL):
        queries.clear()
        assert client.get(f"/assets/{labels[code][0]}").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 22


def test_a_wrong_code_answers_htmx_with_the_form_alone(as_):
    answer = as_("tech").post("/scan", data={"code": "K7M-4Q9X"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.text.strip().startswith('<div class="thumb">')
    assert "typing error" in answer.text


def test_the_scanner_confirms_only_what_was_really_handed_in(as_, app):
    with app.app_context():
        asset_id = db.session.scalars(select(Asset.id).where(Asset.code == "SG-2-01-001")).one()
    assert "is handed in" not in as_("tech").get(f"/scan?done={asset_id}").text
