"""The same document from four places at the same moment: the database settles it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.sync.doors import UNREADABLE, letter
from webapp.extensions import db
from webapp.sync.models import Arrival, Refusal

PLACES = 4


def at_once(app: Flask, clients: list[Any], send: Callable[[Any], Any]) -> list[Any]:
    """The answers to what all of them send at the same moment."""
    together = Barrier(len(clients), timeout=30)

    def one(client: Any) -> Any:
        together.wait()
        return send(client)

    with ThreadPoolExecutor(len(clients)) as threads:
        return list(threads.map(one, clients))


def count(app: Flask, table: Any, *conditions: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


@pytest.mark.parametrize("kind", ["inspection", "finding", "arrival", "note", "omission", "sign_off", "joint_test"])
def test_the_same_document_from_four_places_is_stored_once_and_all_get_its_receipt(app, as_, kind):
    sent = letter(app, kind)
    clients = [as_(sent.author) for _place in range(PLACES)]
    answers = at_once(app, clients, sent.send)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201], [a.text for a in answers]
    assert len({answer.text for answer in answers}) == 1, "one receipt, word for word"
    assert count(app, Arrival, Arrival.id == sent.id) == 1
    assert count(app, Refusal) == 0


def test_of_two_contents_under_one_name_one_is_stored_and_the_other_kept(app, as_):
    sent = letter(app, "note")
    other = sent.with_fields(text="another")
    clients = [(as_("tech"), letter_) for letter_ in (sent, other, sent, other)]
    answers = at_once(app, clients, lambda pair: pair[1].send(pair[0]))
    assert sorted(answer.status_code for answer in answers) == [200, 201, 409, 409]
    assert (count(app, Arrival, Arrival.id == sent.id), count(app, Refusal)) == (1, 1)
    with app.app_context():
        assert db.session.scalars(select(Refusal.times)).one() == 2


def test_the_same_refused_document_from_four_places_is_kept_once_and_counted(app, as_):
    sent = letter(app, "note").with_fields(**UNREADABLE["note"])
    answers = at_once(app, [as_("tech") for _place in range(PLACES)], sent.send)
    assert {answer.status_code for answer in answers} == {422}
    with app.app_context():
        assert db.session.scalars(select(Refusal.times)).one() == PLACES
