"""A row that two may bring at the same moment: the database decides who was first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite

from webapp.extensions import Model, db


def insert_if_new(model: type[Model], values: Mapping[str, Any], unique: Sequence[str] = ("id",)) -> bool:
    """Inserts a row unless one with the same `unique` columns is here. True: this call inserted it.

    Of two at once the second waits for the first to end. Whether the row is new is read from what the database
    returns: drivers do not agree on the count of rows.
    """
    insert = postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    once = insert(model).values(**values).on_conflict_do_nothing(index_elements=unique).returning(literal(1))
    return db.session.scalar(once) is not None
