"""A document of the field is stored once, or kept with the reason; nothing in between."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid, Missing, NotFound, Problem, Refused
from webapp.kit.transaction import transaction
from webapp.sync.actions import Document, Sending, keep_refused, named, receive, stored_or_kept
from webapp.sync.models import Arrival, Refusal
from webapp.sync.rules import MOST_KEPT, MOST_REFUSALS, MOST_REFUSED_BYTES, REFUSALS_WITHIN

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def document_by(author: uuid.UUID, **content: str) -> Document:
    return Document(uuid.uuid4(), "letter", author, content or {"text": "all well"})


def kept() -> list[tuple[uuid.UUID, int, str]]:
    return [(row.document_id, row.status, row.reason) for row in db.session.scalars(select(Refusal))]


def test_the_same_document_is_new_once(context, person):
    document = document_by(person("tech").id)
    assert [receive(document, now=NOW), receive(document, now=NOW + timedelta(hours=1))] == [True, False]
    assert db.session.scalars(select(Arrival.received_at)).all() == [NOW]


def test_another_content_or_author_under_the_same_id_is_a_conflict(context, person):
    tech, lead = person("tech").id, person("lead").id
    document = document_by(tech)
    receive(document, now=NOW)
    for other in (
        Document(document.id, "letter", tech, {"text": "not well"}),
        Document(document.id, "letter", lead, document.content),
    ):
        with pytest.raises(Conflict):
            receive(other, now=NOW)


@pytest.mark.parametrize("problem", [Conflict("no"), Invalid("no"), Refused("no"), NotFound("no")])
def test_a_refused_document_changes_nothing_and_is_kept_with_the_reason(context, person, problem: Problem):
    document = document_by(person("tech").id)
    with pytest.raises(type(problem)), stored_or_kept(document, now=NOW):
        receive(document, now=NOW)
        raise problem
    assert kept() == [(document.id, problem.status, "no")]
    assert db.session.scalar(select(Arrival.id)) is None


def test_a_document_that_waits_for_its_photos_is_not_refused(context, person):
    document = document_by(person("tech").id)
    with pytest.raises(Missing), stored_or_kept(document, now=NOW):
        receive(document, now=NOW)
        raise Missing("not yet")
    assert kept() == []
    with stored_or_kept(document, now=NOW):
        assert receive(document, now=NOW)


def test_a_row_is_inserted_only_where_its_key_is_free(context, person):
    document = document_by(person("tech").id)
    values = {"id": document.id, "kind": "letter", "author_id": document.author_id, "digest": document.digest}
    values |= {"content": document.content, "received_at": NOW}
    with transaction():
        assert insert_if_new(Arrival, values)
    with transaction():
        assert not insert_if_new(Arrival, {**values, "kind": "other"})
    assert db.session.scalars(select(Arrival.kind)).all() == ["letter"]


def refuse(document: Document, at: datetime = NOW, **changes) -> None:
    keep_refused(document, **{"status": 422, "reason": "no", "now": at, **changes})


def only() -> Refusal:
    db.session.expire_all()
    return db.session.scalars(select(Refusal)).one()


def test_how_a_document_came_is_noted_beside_its_content(context, person):
    tech, lead = person("tech").id, person("lead").id
    sending = Sending("a" * 64, NOW - timedelta(minutes=2), uuid.uuid4(), lead)
    document = replace(document_by(tech), sending=sending)
    assert document.digest == document_by(tech).digest, "nothing of it is content"
    receive(document, now=NOW)
    here = db.session.get_one(Arrival, document.id)
    assert (here.sent_sha256, here.device_id, here.brought_by) == ("a" * 64, sending.device_id, lead)
    assert here.clock_offset_ms == -120_000


def test_the_first_bytes_and_the_first_device_stay_whatever_comes_later(context, person):
    first = replace(document_by(person("tech").id), sending=Sending("a" * 64, None, uuid.uuid4()))
    receive(first, now=NOW)
    assert receive(replace(first, sending=Sending("b" * 64, NOW, uuid.uuid4())), now=NOW) is False
    here = db.session.get_one(Arrival, first.id)
    assert (here.sent_sha256, here.device_id, here.clock_offset_ms) == ("a" * 64, first.sending.device_id, None)


def test_where_the_bytes_were_not_noted_the_next_try_tells_them(context, person):
    """A plain form, or one from before the app noted them: else the device could never be shown that it arrived."""
    document = document_by(person("tech").id)
    receive(document, now=NOW)
    receive(replace(document, sending=Sending("b" * 64)), now=NOW)
    receive(replace(document, sending=Sending("c" * 64)), now=NOW)
    db.session.expire_all()
    assert db.session.get_one(Arrival, document.id).sent_sha256 == "b" * 64


def test_a_name_is_taken_as_given_and_made_where_it_is_empty_or_nil():
    name = uuid.uuid4()
    assert named(name) == name
    assert named(None) != named(None)
    assert named(uuid.UUID(int=0)).int


def test_the_same_document_refused_again_is_counted_with_the_last_reason(context, person):
    document = document_by(person("tech").id)
    refuse(document)
    refuse(document, NOW + timedelta(hours=1), status=409, reason="other")
    kept = only()
    assert (kept.times, kept.first_at, kept.received_at) == (2, NOW, NOW + timedelta(hours=1))
    assert (kept.status, kept.reason) == (409, "other")


def test_another_content_or_another_author_is_another_refusal(context, person):
    document = document_by(person("tech").id)
    refuse(document)
    refuse(replace(document, content={"text": "not well"}))
    refuse(replace(document, author_id=person("lead").id))
    assert sorted(db.session.scalars(select(Refusal.times))) == [1, 1, 1]


def test_what_was_seen_to_stays_seen_to_when_it_is_refused_again(context, person):
    document = document_by(person("tech").id)
    refuse(document)
    kept = only()
    kept.handled_at, kept.handled_note = NOW, "done anew"
    db.session.flush()
    refuse(document, NOW + timedelta(days=1))
    assert (only().times, only().handled_note) == (2, "done anew")


def test_of_a_very_large_document_a_part_is_kept_and_it_is_still_the_same_one(context, person):
    document = document_by(person("tech").id, text="x" * 3_000_000, asset="SG-1")
    refuse(document)
    refuse(document)
    kept = only()
    assert kept.size > 3_000_000
    assert len(kept.content["text"]) <= MOST_KEPT
    assert (kept.content["asset"], kept.times) == ("SG-1", 2)


def test_the_site_is_asked_for_only_when_a_document_is_refused(context, person):
    document, site, asked = document_by(person("tech").id), uuid.uuid4(), []
    about = lambda: asked.append(1) or site  # noqa: E731
    with stored_or_kept(document, now=NOW, site_of=about):
        pass
    assert not asked
    with pytest.raises(Invalid), stored_or_kept(document, now=NOW, site_of=about):
        raise Invalid("no")
    assert only().site_id == site


def fill_up(author: uuid.UUID, count: int, size: int = 10, at: datetime = NOW) -> None:
    facts = {"kind": "letter", "author_id": author, "status": 422, "reason": "x", "content": {}, "size": size}
    db.session.add_all(Refusal(document_id=uuid.uuid4(), received_at=at, **facts) for _nth in range(count))
    db.session.flush()


@pytest.mark.parametrize(
    ("count", "size", "age", "is_kept"),
    [
        (MOST_REFUSALS - 1, 10, timedelta(), True),
        (MOST_REFUSALS, 10, timedelta(), False),
        (MOST_REFUSALS, 10, REFUSALS_WITHIN, True),
        (MOST_REFUSED_BYTES // MOST_KEPT - 1, MOST_KEPT, timedelta(), True),
        (MOST_REFUSED_BYTES // MOST_KEPT, MOST_KEPT * 9, timedelta(), False),  # only a part of each was kept
    ],
)
def test_nobody_fills_the_disk_with_refused_documents(context, person, count, size, age, is_kept):
    tech, lead = person("tech").id, person("lead").id
    fill_up(tech, count, size, NOW - age)
    document = document_by(tech)
    refuse(document)
    assert (db.session.scalar(select(Refusal.id).where(Refusal.document_id == document.id)) is not None) is is_kept
    other = document_by(lead)
    refuse(other)
    assert db.session.scalar(select(Refusal.id).where(Refusal.document_id == other.id)), "others are not affected"


def test_what_is_kept_already_is_counted_even_when_the_author_is_at_the_limit(context, person):
    tech = person("tech").id
    document = document_by(tech)
    refuse(document)
    fill_up(tech, MOST_REFUSALS)
    refuse(document)
    assert db.session.scalar(select(Refusal.times).where(Refusal.document_id == document.id)) == 2
