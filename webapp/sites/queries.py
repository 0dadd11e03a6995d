"""Finding command centres and their people."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.problems import Invalid, NotFound
from webapp.people.models import Person
from webapp.sites.models import Membership, Role, ServiceLine, Site
from webapp.sites.rules import Right, roles_with


def site_coded(code: str) -> Site:
    """The command centre with that code, for commands. Raises NotFound."""
    site = db.session.scalar(select(Site).where(Site.code == code))
    if site is None:
        raise NotFound(_("There is no command centre with the code %(code)s.", code=code))
    return site


def site_named(names: set[str]) -> Site:
    """The one command centre that a file means by name or code; without any name the only one there is.

    Raises:
        Invalid: several are meant, none is, or there are several and the file names none.
    """
    found = [site for site in all_sites() if not names or {site.code, site.name, site.short_name} & names]
    if len(found) != 1:
        codes = ", ".join(site.code for site in all_sites())
        raise Invalid(
            _("It is not clear which command centre is meant. Give --site with one of: %(codes)s", codes=codes)
        )
    return found[0]


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


def person_here(site_id: uuid.UUID, person_id: uuid.UUID) -> tuple[Person, set[Role]]:
    """Somebody with a role in this site, and these roles. Raises NotFound for everybody else, known or not."""
    roles = roles_in(person_id, site_id)
    if not roles:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return db.session.get_one(Person, person_id), roles


def roles_in(person_id: uuid.UUID, site_id: uuid.UUID) -> set[Role]:
    """The roles of a person in a site."""
    rows = db.session.scalars(
        select(Membership.role).where(Membership.person_id == person_id, Membership.site_id == site_id)
    )
    return {Role(role) for role in rows}


def belongs_elsewhere(person_id: uuid.UUID, admin_id: uuid.UUID) -> bool:
    """Whether the person has a role in a site where the other is not an administrator."""
    return person_id in belonging_elsewhere({person_id}, admin_id)


def belonging_elsewhere(person_ids: set[uuid.UUID], admin_id: uuid.UUID) -> set[uuid.UUID]:
    """Those of the people who have a role in a site where the other is not an administrator."""
    own = select(Membership.site_id).where(
        Membership.person_id == admin_id, Membership.role.in_(roles_with(Right.EDIT_PEOPLE))
    )
    rows = select(Membership.person_id).where(Membership.person_id.in_(person_ids), Membership.site_id.not_in(own))
    return set(db.session.scalars(rows.distinct()))


def line_of(site_id: uuid.UUID, line_id: uuid.UUID) -> ServiceLine:
    """A service line of this site. Raises NotFound."""
    line = db.session.scalar(select(ServiceLine).where(ServiceLine.id == line_id, ServiceLine.site_id == site_id))
    if line is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return line
