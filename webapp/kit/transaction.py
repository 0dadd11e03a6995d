"""The one place that commits. Doors (views, commands, jobs) open a transaction around one action."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from webapp.extensions import db

BUSY_SECONDS = 20


@contextmanager
def transaction() -> Iterator[None]:
    """Everything inside is stored together or not at all.

    SQLite takes its write lock at the start, so that two writers wait for each other instead of failing half-way.
    """
    db.session.commit()  # ends the read that the guard began; nothing has been written yet
    db.session.connection(execution_options={"writes": True})
    try:
        yield
        db.session.flush()
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def set_up_sqlite(engine: Engine) -> None:
    """WAL, full sync and foreign keys; BEGIN is sent by us, because the driver's own would come too late."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_SECONDS * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
