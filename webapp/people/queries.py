"""Finding accounts and the device behind a cookie."""

from __future__ import annotations

import uuid
from functools import cache

from flask_babel import gettext as _
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import joinedload

from webapp.extensions import db
from webapp.kit.problems import NotFound
from webapp.people.actions import hash_secret
from webapp.people.models import AuthSession, Person


def device_behind(secret: str) -> AuthSession | None:
    """The signed-in device whose cookie holds this secret, with its person."""
    return db.session.scalar(_device(), {"secret_hash": hash_secret(secret)})


@cache
def _device() -> Select[AuthSession]:
    """Asked in every request and so made once: making it costs more than asking it."""
    wanted = select(AuthSession).options(joinedload(AuthSession.person, innerjoin=True))
    return wanted.where(AuthSession.secret_hash == bindparam("secret_hash"))


def person_named(username: str) -> Person:
    """The account of that name. Raises NotFound."""
    person = db.session.scalar(select(Person).where(Person.username == username))
    if person is None:
        raise NotFound(_("There is no account named %(name)s.", name=username))
    return person


def names_of(ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Person id → name, for drawing lists."""
    if not ids:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {row.id: row.name for row in rows}
