"""Pages are kept on devices, so nothing in them is good for one time only: no token, no id of the server, no moment.

A form from a kept page is handed in hours later, perhaps after signing in anew. The device makes up the id of the
document and fills in the time; the page holds the nil id in the one place and nothing in the other.
"""

from __future__ import annotations

import re
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Uuid, select
from werkzeug.test import TestResponse

from tests.house.test_access import ROLES, TABLE, Place, World, make_world, method_of, rules_of, visit
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.sync.models import Refusal

pytestmark = pytest.mark.usefixtures("quick_papers")  # only pages are looked at

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
FORM = re.compile(r"<form\b[^>]*\bdata-outbox\b[^>]*>.*?</form>", re.DOTALL)
NIL = str(uuid.UUID(int=0))
# what people fill in or look up where there is no network; kept for days
FIELD = (
    "app_shell.away",
    "contacts.index",
    "dossiers.scan",
    "faults.new",
    "inspections.new",
    "jointtests.new",
    "notes.new",
    "outbox.show",
)
FIRST_OF = "TSLOA"  # who fetches a page: the first of these who may


@pytest.fixture
def world(app: Flask) -> World:
    with app.test_request_context():
        return make_world()


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[timedelta], None]]:
    """`later(timedelta(minutes=3))`: every room reads the clock that much later."""
    true_now = utc_now

    def turn(step: timedelta) -> None:
        for name, module in list(sys.modules.items()):
            if name.startswith("webapp.") and hasattr(module, "utc_now"):
                monkeypatch.setattr(module, "utc_now", lambda: true_now() + step)

    return turn


def fetch(app: Flask, as_: Callable[[str], Any], place: Place, world: World) -> TestResponse:
    """One page, as a person who signed in just now."""
    letter = next(letter for letter in FIRST_OF if letter in place.who)
    return visit(app, as_(ROLES[letter]), place, world)[1]


def pages(app: Flask) -> list[Place]:
    return [place for place in TABLE if method_of(rules_of(app)[place.endpoint]) == "GET"]


def is_page(answer: TestResponse) -> bool:
    return answer.status_code == 200 and answer.mimetype == "text/html"


_read: list[tuple[dict[str, str], set[str]]] = []


def all_texts(app: Flask, as_: Callable[[str], Any]) -> tuple[dict[str, str], set[str]]:
    """Every page by endpoint, and the ids of all rows there were; fetched by the first test that asks."""
    if not _read:
        with app.test_request_context():
            world = make_world()
        answers = {place.endpoint: fetch(app, as_, place, world) for place in pages(app)}
        with app.app_context():
            _read.append(({name: one.text for name, one in answers.items() if is_page(one)}, known_ids()))
    return _read[0]


def known_ids() -> set[str]:
    """The ids of all rows there are."""
    columns = [
        column
        for table in db.metadata.tables.values()
        for column in table.primary_key.columns
        if isinstance(column.type, Uuid)
    ]
    named = [*columns, Refusal.document_id]  # what was refused has no row of its own
    return {str(value) for column in named for value in db.session.scalars(select(column))}


def test_a_page_is_the_same_after_signing_in_anew(app, as_, world):
    """What differs is good for one session only: a token, or an id that the server made up."""
    differing = []
    for place in pages(app):
        first = fetch(app, as_, place, world)
        if is_page(first) and fetch(app, as_, place, world).data != first.data:
            differing.append(place.endpoint)
    assert differing == []


@pytest.mark.one_database
def test_every_id_in_a_page_is_that_of_a_row_or_nil(app, as_):
    """Write the nil id where the device makes up one; the script puts it in when the form is handed in."""
    texts, known = all_texts(app, as_)
    ids = {endpoint: set(UUID.findall(text)) - known - {NIL} for endpoint, text in texts.items()}
    assert {endpoint: made_up for endpoint, made_up in ids.items() if made_up} == {}
    assert len(texts) > 25


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("endpoint", "step"),
    [(endpoint, timedelta(minutes=3)) for endpoint in FIELD]
    # the joint test is about its day and takes over what was inspected on it; the script renews the date
    + [(endpoint, timedelta(days=1)) for endpoint in FIELD if endpoint != "jointtests.new"],
)
def test_a_page_of_the_field_does_not_know_the_time(app, as_, world, later, endpoint, step):
    """A "today" in a kept page would be the day it was fetched, not the day it is used."""
    (place,) = (one for one in TABLE if one.endpoint == endpoint)
    before = fetch(app, as_, place, world)
    assert is_page(before)
    later(step)
    assert_same(fetch(app, as_, place, world).text, before.text)


def assert_same(now: str, before: str) -> None:
    assert [line for line in now.splitlines() if line not in before.splitlines()] == []
    assert now == before


@pytest.mark.one_database
def test_every_form_of_the_field_names_its_document_by_the_device(app, as_):
    """`data-outbox` forms carry the nil id in their address, or a field that the device fills."""
    wrong, seen = [], 0
    for endpoint, text in all_texts(app, as_)[0].items():
        for form in FORM.findall(text):
            seen += 1
            addresses = re.findall(r'\b(?:data-post|action)="([^"]*)"', form.partition(">")[0])
            if not any(NIL in address for address in addresses) and "data-new-id" not in form:
                wrong.append(f"{endpoint}: {addresses}")
    assert wrong == []
    assert seen
