"""Every door of a document born in the field keeps the protocol of OFFLINE.md in the same way."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.sync.doors import CHANGED, DEVICE, KINDS, NIL, UNREADABLE, letter
from webapp.extensions import db
from webapp.kit.canonical import sha256_hex
from webapp.kit.clock import utc_now
from webapp.sites.queries import site_coded
from webapp.sync.models import Arrival, Refusal

HOUR_MS = 3_600_000


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def arrival(app: Flask, name: uuid.UUID) -> Arrival:
    with app.app_context():
        return db.session.get_one(Arrival, name)


def refusals(app: Flask) -> list[Refusal]:
    with app.app_context():
        return list(db.session.scalars(select(Refusal).order_by(Refusal.id)))


def arrivals(app: Flask, name: uuid.UUID) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Arrival).where(Arrival.id == name)) or 0


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]["code"]


def test_a_receipt_names_the_very_bytes_and_a_replay_gets_the_same_one(app, as_, kind):
    sent = letter(app, kind)
    client, now = as_(sent.author), utc_now()
    first = sent.send(client, sent_at=now + timedelta(hours=1))
    assert first.status_code == 201, first.text
    assert first.json["id"] == str(sent.id)
    assert first.json["sent_sha256"] == sha256_hex(sent.body)
    assert len(first.json["sha256"]) == 64
    assert first.headers["Cache-Control"] == "no-store"
    here = arrival(app, sent.id)
    assert (here.kind, here.author_id, here.device_id, here.brought_by) == (sent.kind, sent.author_id, DEVICE, None)
    assert (here.digest, here.sent_sha256) == (first.json["sha256"], first.json["sent_sha256"])
    assert abs(here.clock_offset_ms - HOUR_MS) < 60_000, "the clock is measured for every kind"
    again = sent.send(client, sent_at=now + timedelta(days=2))
    assert (again.status_code, again.json) == (200, first.json)
    assert arrival(app, sent.id).clock_offset_ms == here.clock_offset_ms, "the first try counts"
    assert refusals(app) == []


def test_what_is_not_the_authors_own_or_damaged_or_too_old_is_not_even_looked_at(app, as_, kind):
    sent = letter(app, kind)
    client = as_(sent.author)
    assert code_of(sent.send(client, X_Content_SHA256="0" * 64)) == (400, "digest_differs")
    assert code_of(sent.send(client, X_Outbox_User=str(uuid.uuid4()))) == (403, "other_user")
    assert code_of(sent.send(client, X_App_Protocol="0")) == (426, "client_too_old")
    assert code_of(sent.send(app.test_client())) == (401, "sign_in")
    assert code_of(sent.send(client, Sec_Fetch_Site="cross-site")) == (403, "cross_site")
    assert (arrivals(app, sent.id), refusals(app)) == (0, [])
    assert sent.send(client, X_Content_SHA256=sha256_hex(sent.body).upper()).status_code == 201, "the device retries"


def test_what_cannot_be_read_is_kept_as_it_came(app, as_, kind):
    sent = letter(app, kind).with_fields(**UNREADABLE[kind])
    client = as_(sent.author)
    for _time in range(2):
        answer = sent.send(client)
        assert answer.status_code == 422, answer.text
        assert set(answer.json["error"]["fields"]) & set(UNREADABLE[kind])
    (kept,) = refusals(app)
    assert (kept.kind, kept.document_id, kept.author_id) == (sent.kind, sent.id, sent.author_id)
    assert (kept.status, kept.times) == (422, 2)
    assert kept.reason == answer.json["error"]["message"]
    name, value = next(iter(UNREADABLE[kind].items()))
    assert kept.content[name] == [value]
    with app.app_context():
        assert kept.site_id == site_coded("SG").id
    assert arrivals(app, sent.id) == 0


def test_other_content_under_the_same_name_is_a_conflict_and_kept(app, as_, kind):
    sent = letter(app, kind)
    client = as_(sent.author)
    sent.send(client)
    other = sent.with_fields(**CHANGED[kind])
    assert code_of(other.send(client)) == (409, "other_content")
    (kept,) = refusals(app)
    assert (kept.status, kept.document_id) == (409, sent.id)
    with app.app_context():
        assert kept.site_id == site_coded("SG").id
    assert arrival(app, sent.id).sent_sha256 == sha256_hex(sent.body)


@pytest.mark.parametrize(("username", "status"), [("office", 403), ("tech2", 404)])
def test_a_document_of_somebody_who_may_not_is_kept_too(app, as_, kind, username, status):
    """Roles change while a phone is in a basement. What was written there is not lost for that."""
    sent = letter(app, kind)
    answer = sent.send(as_(username), X_Outbox_User=None)
    assert answer.status_code == status, answer.text
    (kept,) = refusals(app)
    assert (kept.status, kept.kind, kept.document_id) == (status, sent.kind, sent.id)
    assert arrivals(app, sent.id) == 0


def test_without_a_name_the_server_names_it(app, as_, kind):
    sent = letter(app, kind)
    client = as_(sent.author)
    names = [NIL] if sent.is_named_by_address else [NIL, ""]
    form = sent.form if sent.is_named_by_address else {**sent.form, "id": names[-1]}
    answer = client.post(sent.address.format(NIL), data=form, headers={"Accept": "application/json"})
    assert answer.status_code == 201, answer.text
    assert uuid.UUID(answer.json["id"]).int
    assert arrivals(app, uuid.UUID(answer.json["id"])) == 1
    assert arrivals(app, NIL) == 0


def test_a_plain_form_with_the_nil_name_makes_the_same_record_and_leads_to_a_page(app, as_, kind):
    sent = letter(app, kind)
    client = as_(sent.author)
    form = sent.form if sent.is_named_by_address else {**sent.form, "id": str(NIL)}
    answer = client.post(sent.address.format(NIL), data=form, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    assert client.get(answer.location).status_code == 200
    with app.app_context():
        newest = select(Arrival).where(Arrival.kind == sent.kind, Arrival.author_id == sent.author_id)
        (here,) = db.session.scalars(newest.order_by(Arrival.received_at.desc()).limit(1))
    assert here.id.int
    assert (here.sent_sha256, here.device_id, here.clock_offset_ms) == (None, None, None)
