"""Fixtures of all tests: an app on a fresh filled database, people signed in, the number of queries."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from werkzeug.security import generate_password_hash

from tests.cast import PASSWORD
from tests.checking_client import CheckingClient
from tests.databases import PostgresClones, SqliteCopies, fill
from webapp import create_app
from webapp.config import read_settings
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people import actions as people_actions
from webapp.people.actions import sign_in
from webapp.people.models import Person
from webapp.verify import limits

Databases = SqliteCopies | PostgresClones
CHEAP = "scrypt:1024:8:1"  # the product's own costs are the default: tests/people says so
RARELY = (50_000, 20, 50)

gc.set_threshold(*RARELY)  # hundreds of thousands of objects live as long as the run; looking through them is a tenth


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hashing a password takes milliseconds instead of a tenth of a second, in the same way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people_actions, "generate_password_hash", partial(generate_password_hash, method=CHEAP))
        yield


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """SQLite, or PostgreSQL where TEST_DATABASE_URL names a server."""
    server = os.environ.get("TEST_DATABASE_URL")
    folder = tmp_path_factory.mktemp("databases")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    made: Databases = PostgresClones(server, worker) if server else SqliteCopies(folder)
    fill(make_app(made.filled_url, folder))
    yield made
    made.drop()


@pytest.fixture(scope="session")
def shared_app(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app of this worker; its database is renewed for each test by `app`."""
    made = make_app(databases.url, tmp_path_factory.mktemp("data"))
    gc.freeze()
    return made


@pytest.fixture
def app(shared_app: Flask, databases: Databases) -> Iterator[Flask]:
    """The app on a fresh copy of the filled database."""
    with shared_app.app_context():
        db.engine.dispose()
    databases.renew()
    limits.asked.forget()  # counted per process: tests before this one have asked, too
    yield shared_app
    with shared_app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """A request for tests of actions and queries; its messages are English."""
    with app.test_request_context(headers={"Cookie": "language=en"}):
        yield app


@pytest.fixture
def client(app: Flask) -> CheckingClient:
    """A browser where nobody is signed in."""
    return CheckingClient(app)


@pytest.fixture
def as_(app: Flask) -> Callable[[str], CheckingClient]:
    """`as_("tech")` is a browser where that person is signed in, reading English unless said otherwise."""

    def signed_in(username: str, language: str = "en") -> CheckingClient:
        client = CheckingClient(app)
        with app.app_context(), transaction():
            person = db.session.scalars(select(Person).where(Person.username == username)).one()
            person.language = language
            device = sign_in(person, user_agent="test", is_shared=False, now=utc_now())
            secret = device.secret
        with client.session_transaction() as session:
            session["_user_id"] = secret
            session["_fresh"] = True
        return client

    return signed_in


@pytest.fixture
def person(context: Flask) -> Callable[[str], Person]:
    """`person("tech")`: somebody of the cast, within `context`."""
    return lambda username: db.session.scalars(select(Person).where(Person.username == username)).one()


@pytest.fixture
def quick_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """PDF files are filled in but not drawn: for tests that ask who gets one, not what it looks like."""
    import weasyprint

    class Undrawn:
        def __init__(self, string: str, **_options: Any) -> None:
            assert string.strip()

        def write_pdf(self, target: Path | None = None, **_options: Any) -> bytes | None:
            return b"%PDF-1.7" if target is None else target.write_bytes(b"%PDF-1.7") and None

    monkeypatch.setattr(weasyprint, "HTML", Undrawn)


@pytest.fixture
def queries(app: Flask) -> Iterator[list[str]]:
    """Every SQL statement sent since the list was last cleared."""
    sent: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def make_app(database_url: str, folder: Path) -> Flask:
    """An app for tests: demo on, everything it writes in `folder`."""
    environ = {"DEMO": "1", "DEMO_PASSWORD": PASSWORD, "DATABASE_URL": database_url, "DATA_DIR": str(folder)}
    made = create_app(read_settings(environ))
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the second database run neither tests without one nor those that count statements: those say nothing new."""
    if os.environ.get("TEST_DATABASE_URL"):
        told = [item for item in items if _says_nothing_new(getattr(item, "fixturenames", ()))]
        config.hook.pytest_deselected(items=told)
        items[:] = [item for item in items if item not in set(told)]


def _says_nothing_new(fixtures: Sequence[str]) -> bool:
    return "databases" not in fixtures or "queries" in fixtures
