"""Finding command centres and their people."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.models import Membership, Role, ServiceLine, Site


def site_coded(code: str) -> Site:
    """The command centre with that code, for commands. Raises NotFound."""
    site = db.session.scalar(select(Site).where(Site.code == code))
    if site is None:
        raise NotFound(_("There is no command centre with the code %(code)s.", code=code))
    return site


def all_sites() -> Sequence[Site]:
    """Every command centre by code, for commands."""
    return db.session.scalars(select(Site).order_by(Site.code)).all()


def service_lines(site_id: uuid.UUID) -> Sequence[ServiceLine]:
    """The site's equipment lists in printed order."""
    return db.session.scalars(
        select(ServiceLine).where(ServiceLine.site_id == site_id).order_by(ServiceLine.number)
    ).all()


def people_of(site_id: uuid.UUID) -> list[tuple[Person, set[Role]]]:
    """The people of a site with their roles there, by account name."""
    rows = db.session.execute(
        select(Person, Membership.role)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.site_id == site_id)
        .order_by(Person.username)
    )
    found: dict[uuid.UUID, tuple[Person, set[Role]]] = {}
    for person, role in rows:
        found.setdefault(person.id, (person, set()))[1].add(Role(role))
    return list(found.values())
