"""What a request says about the document it brings: headers of the outbox, an import, a second version of the app."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from flask import g
from marshmallow import Schema, missing
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.inspections.documents import picture
from tests.sync.doors import DEVICE, FORM, letter
from tests.visits.days import somebody
from webapp.extensions import db
from webapp.faults.schemas import ArrivalSchema, ReportSchema
from webapp.inspections.models import Inspection
from webapp.inspections.schemas import AnswerSchema, InspectionSchema
from webapp.jointtests.schemas import JointTestSchema
from webapp.jointtests.schemas import SignOffSchema as JointTestSignOffSchema
from webapp.kit.canonical import sha256_hex
from webapp.kit.clock import utc_now
from webapp.notes.schemas import NoteSchema
from webapp.sync.actions import Sending
from webapp.sync.incoming import as_it_came, incoming
from webapp.sync.models import Arrival, Refusal
from webapp.visits.schemas import FieldSignOffSchema, OmissionSchema, ReturnSchema, SignOffSchema

FIELD_BORN = (
    InspectionSchema,
    AnswerSchema,
    JointTestSchema,
    JointTestSignOffSchema,
    ReportSchema,
    ArrivalSchema,
    NoteSchema,
    SignOffSchema,
    FieldSignOffSchema,
    ReturnSchema,
    OmissionSchema,
)
MOMENT = datetime(2026, 11, 18, 1, 12, tzinfo=UTC)


def came(app, **request) -> Sending:
    with app.test_request_context("/x", method="POST", **request):
        g._login_user = somebody("tech")
        return incoming()


def arrival(app, name: uuid.UUID) -> Arrival:
    with app.app_context():
        return db.session.get_one(Arrival, name)


@pytest.mark.parametrize("schema", FIELD_BORN, ids=lambda schema: f"{schema.__module__}.{schema.__name__}")
def test_nothing_is_filled_in_when_a_field_born_document_is_loaded(schema: type[Schema]):
    """A default would change the digest between a try and its retry when the app is updated in between."""
    assert {name for name, field in schema().fields.items() if field.load_default is not missing} == set()


def test_a_retry_after_an_update_of_the_app_that_knows_more_fields_is_the_same_document(app, as_, monkeypatch):
    sent = letter(app, "inspection")
    client = as_("tech")
    first = sent.send(client)
    from marshmallow import fields

    class Newer(InspectionSchema):
        weather = fields.String()
        people = fields.List(fields.String())

    monkeypatch.setattr("webapp.inspections.schemas._WHOLE", Newer())
    monkeypatch.setattr("webapp.inspections.schemas._FIXED", Newer(exclude=["answers"]))
    again = sent.send(client)
    assert (again.status_code, again.json) == (200, first.json)


def test_the_headers_of_the_outbox_are_read(app):
    body = "a=1&b=%E6%BC%8F"
    headers = {"X-Device": str(DEVICE), "X-Sent-At": "2026-11-18T09:12:00+08:00"}
    sending = came(app, data=body, content_type=FORM, headers=headers)
    assert sending == Sending(sha256_hex(body), MOMENT, DEVICE, None)


@pytest.mark.parametrize(
    ("header", "field", "meant"),
    [
        (None, None, None),
        (None, MOMENT.isoformat(), MOMENT),
        (MOMENT.isoformat(), "2020-01-01T00:00:00Z", MOMENT),
        ("yesterday", None, None),
        ("0001-01-01T00:00:00Z", None, None),
        (None, "nonsense", None),
    ],
)
def test_the_clock_of_the_device_is_in_the_header_else_in_the_form_and_may_be_unreadable(app, header, field, meant):
    headers = {"X-Sent-At": header} if header else {}
    assert came(app, data={"sent_at": field} if field else {}, headers=headers).sent_at == meant


@pytest.mark.parametrize("name", ["", "phone", "00000000-0000-0000-0000-000000000000"])
def test_a_device_without_a_readable_name_has_none(app, name):
    assert came(app, data={}, headers={"X-Device": name}).device_id is None


def test_of_a_plain_form_the_bytes_are_not_noted(app):
    assert came(app, data={"a": "1"}, content_type="multipart/form-data").sent_sha256 is None


def test_a_plain_form_whose_digest_is_claimed_is_compared_nevertheless(app, as_):
    sent = letter(app, "note")
    headers = {"Accept": "application/json", "X-Content-SHA256": "0" * 64}
    answer = as_("tech").post(f"/notes/{sent.id}", data=sent.form, content_type="multipart/form-data", headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "digest_differs")


def test_an_imported_document_says_who_brought_it_and_nothing_of_the_devices_clock(app):
    with app.test_request_context("/x", method="POST", data={"sent_at": MOMENT.isoformat()}):
        g._login_user, g.brought_by = somebody("tech"), somebody("lead")
        sending = incoming()
        assert (sending.brought_by, sending.sent_at) == (somebody("lead").id, None)


def test_a_body_as_json_is_kept_without_floats_when_it_cannot_be_read(app, as_):
    address = f"/joint-tests/{uuid.uuid4()}"
    odd = {"site": 1.5, "form": [0.1, float("nan")], "values": {"a": None}}
    answer = as_("tech").post(address, json=odd, headers={"Accept": "application/json"})
    assert answer.status_code == 422
    with app.app_context():
        kept = db.session.scalars(select(Refusal)).one()
    assert (kept.content["site"], kept.content["form"]) == ("1.5", ["0.1", "NaN"])


def test_a_form_is_kept_with_every_value_of_every_field(app):
    with app.test_request_context("/x", method="POST", data="a=1&a=2&b=", content_type=FORM):
        assert as_it_came() == {"a": ["1", "2"], "b": [""]}


def test_a_form_that_is_too_long_is_refused_before_it_is_read(app, as_):
    sent = letter(app, "note").with_fields(text="x" * (4 * 1024 * 1024))
    assert sent.send(as_("tech")).status_code == 413


@pytest.mark.parametrize("is_imported", [False, True])
def test_weeks_between_making_and_importing_say_nothing_about_the_clock_of_the_phone(app, is_imported):
    sent, ago = letter(app, "inspection"), utc_now() - timedelta(days=20)
    sent = sent.with_fields(started_at=ago.isoformat(), finished_at=(ago + timedelta(minutes=9)).isoformat())
    address, headers = sent.address.format(sent.id), sent.headers(sent_at=ago + timedelta(minutes=9))
    with (
        app.app_context(),
        app.test_request_context(address, method="POST", data=sent.body, content_type=FORM, headers=headers),
    ):
        g._login_user = somebody("tech")
        if is_imported:
            g.brought_by = somebody("lead")
        assert app.full_dispatch_request().status_code == 201
    with app.app_context():
        flags = db.session.get_one(Inspection, sent.id).flags
        brought_by = somebody("lead").id if is_imported else None
    here = arrival(app, sent.id)
    assert ("clock_skew" in flags, "received_late" in flags) == (not is_imported, is_imported)
    assert (here.clock_offset_ms is None, here.brought_by) == (is_imported, brought_by)


def test_a_photo_gets_a_receipt_of_its_own_bytes(as_):
    data, name = picture(), uuid.uuid4()
    headers = {"X-Content-SHA256": sha256_hex(data)}
    first = as_("tech").put(f"/files/{name}", data=data, headers=headers)
    assert first.json["sent_sha256"] == first.json["sha256"] == sha256_hex(data)
    damaged = as_("tech").put(f"/files/{uuid.uuid4()}", data=data[:-1], headers=headers)
    assert (damaged.status_code, damaged.json["error"]["code"]) == (400, "digest_differs")
    old = as_("tech").put(f"/files/{name}", data=data, headers={"X-App-Protocol": "0"})
    assert (old.status_code, old.json["error"]["code"]) == (426, "client_too_old")


def test_pages_are_not_asked_for_their_protocol(as_):
    assert as_("tech").get("/today").status_code == 200


def test_who_guessed_too_many_labels_is_told_when_to_try_again(as_):
    client = as_("tech")
    for nth in range(21):
        answer = client.get(f"/a/AAAAAAAAAAAAAAAAAAAA{nth:02d}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")


def test_who_tried_too_many_passwords_is_told_when_to_try_again(client):
    for _time in range(9):
        answer = client.post("/sign-in", data={"username": "tech", "password": "wrong", "next": "/"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")


def test_who_asks_too_often_about_seals_is_told_when_to_try_again(client):
    for _time in range(40):
        answer = client.get(f"/verify/{'0' * 64}")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


def test_a_database_that_is_away_is_answered_503_with_when_to_try_again(app, as_, monkeypatch):
    sent = letter(app, "note")

    def away(*_args, **_more):
        raise OperationalError("select 1", {}, Exception("database is locked"))

    monkeypatch.setattr("webapp.notes.actions.take", away)
    answer = sent.send(as_("tech"))
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
    with app.app_context():
        assert db.session.scalars(select(Refusal)).all() == [], "busy is no reason to refuse"
    monkeypatch.undo()
    assert sent.send(as_("tech")).status_code == 201


@pytest.mark.parametrize("depth", [10, 300, 450, 900, 5000])
def test_a_body_nested_however_deep_is_refused_and_never_breaks_the_server(as_, depth):
    body = '{"site":' + '{"a":' * depth + "1" + "}" * depth + ', "values": [[1, {"x": 0.5}], "y"]}'
    address, headers = f"/joint-tests/{uuid.uuid4()}", {"Accept": "application/json"}
    answer = as_("tech").post(address, data=body, content_type="application/json", headers=headers)
    assert answer.status_code == 422
