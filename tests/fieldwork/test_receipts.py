"""Which of mine does the server have? After storage was lost, and for support."""

from __future__ import annotations

import uuid

import pytest

from tests.inspections.documents import picture
from tests.sync.doors import letter
from webapp.fieldwork.rules import MOST_IDS
from webapp.kit.canonical import sha256_hex


def asked(client, *ids: object):
    return client.get(f"/receipts?ids={','.join(map(str, ids))}")


def test_documents_and_files_of_ones_own_are_told_in_the_order_asked(app, as_):
    tech, photo, unknown = as_("tech"), uuid.uuid4(), uuid.uuid4()
    sent = letter(app, "note")
    first = sent.send(tech).json
    tech.put(f"/files/{photo}", data=picture())
    answer = asked(tech, photo, unknown, sent.id, photo)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"
    file, document = answer.json["receipts"]
    assert (file["id"], file["kind"]) == (str(photo), "file")
    assert file["sha256"] == file["sent_sha256"] == sha256_hex(picture())
    assert document == {name: first[name] for name in ("id", "sha256", "sent_sha256", "received_at")} | {"kind": "note"}


@pytest.mark.parametrize("username", ["lead", "office", "supervisor", "tech2"])
def test_nobody_is_told_of_what_belongs_to_somebody_else(app, as_, username):
    tech, photo = as_("tech"), uuid.uuid4()
    sent = letter(app, "note")
    sent.send(tech)
    tech.put(f"/files/{photo}", data=picture())
    assert asked(as_(username), sent.id, photo).json == {"receipts": []}


def test_what_came_by_a_plain_form_has_no_digest_of_bytes(app, as_):
    tech, sent = as_("tech"), letter(app, "note")
    tech.post(f"/notes/{sent.id}", data=sent.form, content_type="multipart/form-data")
    (found,) = asked(tech, sent.id).json["receipts"]
    assert (found["id"], found["sent_sha256"]) == (str(sent.id), None)


@pytest.mark.parametrize("count", [1, MOST_IDS])
def test_so_many_may_be_asked_for(as_, count):
    assert asked(as_("tech"), *(uuid.uuid4() for _nth in range(count))).json == {"receipts": []}


@pytest.mark.parametrize("ids", ["nonsense", ",".join(str(uuid.uuid4()) for _nth in range(MOST_IDS + 1)), None, ""])
def test_what_cannot_be_asked_is_said_as_json(as_, ids):
    answer = as_("tech").get("/receipts" if ids is None else f"/receipts?ids={ids}")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid")
    assert "ids" in answer.json["error"]["fields"]


def test_who_is_signed_out_gets_401_and_no_page(client):
    answer = asked(client, uuid.uuid4())
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "sign_in")


def test_asking_takes_the_same_two_queries_for_one_and_for_many(app, as_, queries):
    tech = as_("tech")
    ids = [uuid.uuid4() for _nth in range(30)]
    for name in ids:
        tech.put(f"/files/{name}", data=picture())
    counts = []
    for wanted in (ids[:1], ids):
        queries.clear()
        assert len(asked(tech, *wanted).json["receipts"]) == len(wanted)
        counts.append(len([sql for sql in queries if sql.startswith("SELECT")]))
    assert counts[0] == counts[1] <= 3  # one of them for who asks
