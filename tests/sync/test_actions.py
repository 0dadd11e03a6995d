"""A document of the field is stored once, or kept with the reason; nothing in between."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid, Missing, NotFound, Problem, Refused
from webapp.kit.transaction import transaction
from webapp.sync.actions import Document, receive, stored_or_kept
from webapp.sync.models import Arrival, Refusal

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
