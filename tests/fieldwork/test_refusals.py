"""Refused documents as the office sees them: who, when, why, what was in them, and what was done about it."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.inspections.documents import ANTENNA, asset_with, filled, picture
from tests.sync.doors import CHANGED, UNREADABLE, letter
from tests.visits.days import somebody
from webapp.audit.models import AuditEntry, Verb
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.fieldwork.queries import PAGE_SIZE, refusal_for, refusals_of
from webapp.fieldwork.refused import MOST_ROWS, sheet_of
from webapp.fieldwork.words import KINDS, value_in_words
from webapp.files.actions import attach
from webapp.kit.problems import NotFound
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.actions import give_role
from webapp.sites.models import Role
from webapp.sites.queries import site_coded
from webapp.sync.actions import Document, keep_refused, receive
from webapp.sync.models import Refusal
from webapp.sync.rules import MOST_KEPT

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def site(code: str = "SG") -> uuid.UUID:
    return site_coded(code).id


def refused(
    by: Person, *, kind: str = "note", at: datetime = NOW, about: uuid.UUID | None = None, **content: Any
) -> int:
    """A refused document; its number."""
    document = Document(uuid.uuid4(), kind, by.id, content or {"text": "water under the rack"})
    keep_refused(document, status=422, reason="Say what you saw.", site_id=about, now=at)
    return db.session.scalars(select(Refusal.id).where(Refusal.document_id == document.id)).one()


def here(app: Flask, username: str = "tech", **changes: Any) -> int:
    with app.test_request_context(), transaction():
        return refused(somebody(username), about=site(), **changes)


def seen(code: str = "SG") -> list[int]:
    return [kept.refusal.id for kept in refusals_of(site(code)).rows]


def rows_of(number: int) -> dict[str, str]:
    return {row.label: row.text for row in sheet_of(site(), number).rows}


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


# which site sees what


def test_a_site_sees_what_is_about_it_whoever_wrote_it(context, person):
    ours, theirs = refused(person("tech"), about=site()), refused(person("tech2"), about=site("FT"))
    moved = refused(person("tech2"), about=site(), at=NOW - timedelta(days=1))
    assert (seen(), seen("FT")) == ([ours, moved], [theirs])


def test_where_the_door_could_not_tell_the_sites_of_its_author_see_it(context, person):
    number = refused(person("tech"))
    assert (seen(), seen("FT")) == ([number], [])
    give_role(person("tech"), site_coded("FT"), Role.TECHNICIAN, by=None, now=NOW)
    db.session.flush()
    assert (seen(), seen("FT")) == ([number], [number])


def test_what_is_about_one_site_is_not_shown_to_another_site_of_its_author(context, person):
    give_role(person("tech"), site_coded("FT"), Role.TECHNICIAN, by=None, now=NOW)
    number = refused(person("tech"), about=site())
    assert (seen(), seen("FT")) == ([number], [])
    with pytest.raises(NotFound):
        refusal_for(site("FT"), number)


def test_one_about_a_site_that_never_was_is_seen_by_nobody_else(context, person):
    refused(person("tech"), about=uuid.uuid4())
    assert (seen(), seen("FT")) == ([], [])


@pytest.mark.parametrize(
    ("username", "sees", "handles"),
    [
        ("lead", 200, 303),
        ("office", 200, 303),
        ("supervisor", 200, 403),
        ("tech", 403, 403),
        ("admin", 403, 403),
        ("supervisor2", 404, 403),
    ],
)
def test_who_sees_and_who_sees_to_them(app, as_, username, sees, handles):
    number = here(app)
    client, address = as_(username), f"/field-work/refused/{number}"
    assert client.get(address).status_code == sees
    assert client.get("/field-work/refused").status_code == (403 if sees == 403 else 200)
    assert client.post(f"{address}/handling", data={"note": "done anew"}).status_code == handles
    text = as_("supervisor").get(address).text
    assert ("done anew" in text) is (handles == 303)
    assert "Mark as seen to" not in text


# what became of it


def test_one_that_arrives_later_under_its_name_is_shown_as_arrived_after_all(app, as_):
    sent = letter(app, "note")
    client, lead = as_(sent.author), as_("lead")
    odd = sent.with_fields(**UNREADABLE["note"])
    assert odd.send(client).status_code == 422
    assert "1 not seen to yet" in lead.get("/field-work/refused").text
    assert sent.send(client).status_code == 201
    page = plain(lead.get("/field-work/refused").text)
    assert "Arrived after all" in page
    assert "0 not seen to yet" in page
    with app.app_context():
        number = db.session.scalars(select(Refusal.id)).one()
    page = lead.get(f"/field-work/refused/{number}").text
    assert "Arrived after all" in page
    assert "Mark as seen to" not in page


def test_another_content_under_a_name_that_is_here_has_not_arrived(app, as_):
    sent = letter(app, "note")
    client = as_(sent.author)
    sent.send(client)
    sent.with_fields(**CHANGED["note"]).send(client)
    page = plain(as_("lead").get("/field-work/refused").text)
    assert "Not seen to yet" in page
    assert "Arrived after all" not in page


def test_an_arrival_of_somebody_else_under_that_name_is_not_its_happy_end(context, person):
    number = refused(person("tech"), about=site())
    name = db.session.get_one(Refusal, number).document_id
    receive(Document(name, "note", person("lead").id, {"text": "x"}), now=NOW + timedelta(hours=1))
    assert refusal_for(site(), number).arrived_at is None


def test_it_is_seen_to_once_with_a_note_and_an_entry_in_the_log(app, as_):
    number = here(app)
    lead, address = as_("lead"), f"/field-work/refused/{number}/handling"
    assert lead.post(address, data={"note": " "}).status_code == 422
    answer = lead.post(address, data={"note": "张伟 hands it in anew"})
    assert (answer.status_code, answer.location) == (303, f"/field-work/refused/{number}")
    again = as_("office").post(address, data={"note": "other"}, headers={"Accept": "application/json"})
    assert (again.status_code, again.json["error"]["code"]) == (409, "already_handled")
    page = plain(lead.get(answer.location).text)
    assert "张伟 hands it in anew" in page
    assert "李建国" in page
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.REFUSAL_HANDLED)).one()
        refusal = db.session.get_one(Refusal, number)
        assert (entry.subject, entry.site_id, entry.person_id) == (f"refusal:{number}", site(), somebody("lead").id)
    assert entry.facts == {"document": str(refusal.document_id), "kind": "note", "note": "张伟 hands it in anew"}


def test_of_two_who_see_to_it_at_once_one_wins(app, as_):
    number, together = here(app), Barrier(2, timeout=30)
    clients = [as_("lead"), as_("office")]

    def one(client) -> int:
        together.wait()
        return client.post(f"/field-work/refused/{number}/handling", data={"note": "seen"}).status_code

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(one, clients)) == [303, 409]
    with app.app_context():
        assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.REFUSAL_HANDLED)).all()) == 1


# the list


def test_those_to_be_seen_to_come_first_then_the_newest_in_pages(context, person):
    numbers = [refused(person("tech"), at=NOW + timedelta(minutes=nth)) for nth in range(PAGE_SIZE + 2)]
    oldest, newest = db.session.get_one(Refusal, numbers[0]), db.session.get_one(Refusal, numbers[-1])
    newest.handled_at = NOW
    db.session.flush()
    found, second = refusals_of(site()), refusals_of(site(), 2)
    assert [each.refusal.id for each in found.rows] == numbers[-2 : -PAGE_SIZE - 2 : -1]
    assert [each.refusal.id for each in second.rows] == [oldest.id, newest.id]
    assert (found.total, found.open, found.pages) == (PAGE_SIZE + 2, PAGE_SIZE + 1, 2)
    assert refusals_of(site(), 99).number == 2


def test_the_list_says_who_when_what_and_why(app, as_):
    with app.test_request_context(), transaction():
        document = Document(uuid.uuid4(), "inspection", somebody("tech").id, {"advice": "x"})
        for hours in range(3):
            keep_refused(document, status=409, reason="Another record is here.", now=NOW + timedelta(hours=hours))
    text = plain(as_("office").get("/field-work/refused").text)
    for words in ("Inspection · 张伟", "Another record is here.", "Not seen to yet", "Nov 20 12:00", "3 times"):
        assert words in text, words
    assert "张伟" not in as_("supervisor2").get("/field-work/refused").text


def test_an_empty_list_has_a_page(as_):
    assert "Nothing was refused." in as_("lead").get("/field-work/refused").text


def test_the_list_takes_a_fixed_number_of_queries(app, as_, queries):
    lead, counts = as_("lead"), []
    for amount in (1, 12):
        for _nth in range(amount):
            here(app)
        queries.clear()
        lead.get("/field-work/refused")
        counts.append(len([sql for sql in queries if sql.startswith("SELECT")]))
    assert counts[0] == counts[1] <= 4


# what was in it


def test_a_checklist_is_shown_with_the_words_of_its_items_whether_it_could_be_read_or_not(context, person):
    asset = asset_with(ANTENNA)
    form = filled(asset, **{"a.acquire_time": "342", "why.acquire_time": "rain", "remedy.acquire_time": "fixed"})
    raw = refused(person("tech"), kind="inspection", about=site(), **{name: [value] for name, value in form.items()})
    answers = {"acquire_time": {"value": "342", "why": "rain", "remedy": "fixed"}, "stow": {"value": "pass"}}
    read = {name: value for name, value in form.items() if "." not in name} | {"answers": answers}
    cleaned = refused(person("tech"), kind="inspection", about=site(), **read)
    slow = next(item.en for item in version_for(asset).items if item.key == "acquire_time")
    for number in (raw, cleaned):
        rows = rows_of(number)
        assert rows["Device"] == f"{asset.name} · {ANTENNA}"
        assert (rows[slow], rows[f"{slow} · Reason"]) == ("342", "rain")
        assert rows[f"{slow} · What to do"] == "Fixed on the spot"
        assert rows["Stow / lock works"] == "Normal"
        assert rows["Running state"] == "Running normally"
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", rows["Finished"])
        assert "version" not in rows


def test_what_nobody_knows_is_shown_as_it_stands(context, person):
    odd = {
        "asset": "SG-9", "version": "x", "finished_at": "yesterday", "weather": "fog", "deep": {"deeper": {"x": "1"}},
        "started_at": "9999-12-31T23:59:59-12:00", "noted_at": "2026-11-20T09:00:00", "list": ["a", "b"], "n": 1,
    }  # fmt: skip
    rows = rows_of(refused(person("tech"), about=site(), **odd))
    assert (rows["Device"], rows["Finished"], rows["weather"], rows["deep.deeper.x"]) == (
        "SG-9",
        "yesterday",
        "fog",
        "1",
    )
    assert (rows["Begun"], rows["Noted at"], rows["list"]) == (odd["started_at"], odd["noted_at"], "a, b")


def test_an_asset_of_another_site_is_not_named(context, person):
    number = refused(person("tech"), asset=str(asset_with("FT-1-02-014").id))
    assert rows_of(number)["Device"] == str(asset_with("FT-1-02-014").id)


def test_a_very_large_one_says_that_it_is_cut(app, as_):
    large, long = here(app, text="x" * 300_000), here(app, **{f"f{nth}": "x" for nth in range(MOST_ROWS + 1)})
    whole = here(app)
    lead = as_("lead")
    for number, is_cut in ((large, True), (long, True), (whole, False)):
        page = lead.get(f"/field-work/refused/{number}").text
        assert ("only a part of it is kept here" in page) is is_cut
        assert len(page) < MOST_KEPT


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{7*7}}", "\x00", "=cmd()"])
def test_odd_texts_are_shown_as_texts(app, as_, text):
    page = as_("lead").get(f"/field-work/refused/{here(app, text=text, **{text or 'x': 'y'})}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "{{" not in text or text in page.text


def test_every_kind_has_a_word():
    assert set(KINDS) == {
        "inspection", "sign_off", "return", "omission", "joint_test", "joint_test_signature", "finding", "note",
        "arrival", "fault_step", "hazard_step", "call",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("a.stow", "fail", "Abnormal"),
        ("answers.stow.value", "pass", "Normal"),
        ("a.agc", "62.1", "62.1"),
        ("remedy.stow", "hazard", "Note a hazard"),
        ("kind", "fault", "Fault"),
        ("capacity", "handover", "Handover signature"),
        ("text", "pass", "pass"),
    ],
)
def test_codes_are_said_in_words_where_they_are_known(context, path, value, words):
    assert value_in_words(path, value) == words


# photos


def photo_by(client, colour: str = "navy") -> uuid.UUID:
    name = uuid.uuid4()
    assert client.put(f"/files/{name}", data=picture(colour)).status_code == 201
    return name


def test_the_photos_that_did_arrive_are_shown_to_who_sees_the_document(app, as_):
    one, two = photo_by(as_("tech")), photo_by(as_("tech"), "teal")
    lost = uuid.uuid4()
    number = here(app, photo=[str(one), str(lost)], answers={"roof": {"photo": [str(two)]}})
    lead = as_("lead")
    page = lead.get(f"/field-work/refused/{number}").text
    for name in (one, two):
        address = f"/field-work/refused/{number}/photos/{name}"
        assert address in page
        shown = lead.get(address)
        assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
        assert lead.get(f"/files/{name}/display").status_code == 404, "it belongs to no record yet"
    assert str(lost) not in page.partition("photos")[2]
    assert lead.get(f"/field-work/refused/{number}/photos/{lost}").status_code == 404
    assert as_("tech").get(f"/field-work/refused/{number}/photos/{one}").status_code == 403
    assert as_("supervisor2").get(f"/field-work/refused/{number}/photos/{one}").status_code == 404


def test_a_refused_document_opens_no_photos_of_anybody_else(app, as_):
    """Whoever writes ids of other people's photos into a document does not get them shown to the office."""
    foreign, hers = photo_by(as_("tech2")), photo_by(as_("lead"))
    with app.test_request_context(), transaction():
        mine_elsewhere = uuid.uuid4()
    as_("tech").put(f"/files/{mine_elsewhere}", data=picture("olive"))
    with app.test_request_context(), transaction():
        attach([mine_elsewhere], site("FT"), by=somebody("tech"))
    number = here(app, photo=[str(foreign), str(hers), str(mine_elsewhere)])
    lead = as_("lead")
    for name in (foreign, hers, mine_elsewhere):
        assert lead.get(f"/field-work/refused/{number}/photos/{name}").status_code == 404
    assert "Photos that did arrive" not in lead.get(f"/field-work/refused/{number}").text
