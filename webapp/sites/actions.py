"""Setting up command centres and giving roles."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.problems import Conflict
from webapp.people.models import Person
from webapp.sites.models import Membership, Role, ServiceLine, Site


def add_site(
    code: str,
    name: str,
    short_name: str,
    *,
    timezone: str,
    signatures_needed: int,
    photo_rule: str,
    fault_levels: list[dict[str, Any]],
    is_demo: bool,
    by: uuid.UUID | None,
    now: datetime,
) -> Site:
    """A new command centre. Raises Conflict when its code is taken."""
    if db.session.scalar(select(Site.id).where(Site.code == code)):
        raise Conflict(_("There is a command centre with the code %(code)s already.", code=code))
    site = Site(
        id=uuid.uuid4(),
        code=code,
        name=name,
        short_name=short_name,
        timezone=timezone,
        signatures_needed=signatures_needed,
        photo_rule=photo_rule,
        fault_levels=fault_levels,
        is_demo=is_demo,
        created_at=now,
    )
    db.session.add(site)
    db.session.flush()
    record(Verb.SITE_ADDED, f"site:{site.id}", by=by, now=now, site_id=site.id, code=code, name=name)
    return site


def add_service_line(site: Site, number: int, name: str, starts_on: date, ends_on: date) -> ServiceLine:
    """One equipment list of the contract with its period, both days included (R21)."""
    line = ServiceLine(
        id=uuid.uuid4(), site_id=site.id, number=number, name=name, starts_on=starts_on, ends_on=ends_on
    )
    db.session.add(line)
    db.session.flush()
    return line


def give_role(person: Person, site: Site, role: Role, *, by: uuid.UUID | None, now: datetime) -> None:
    """Gives a role; giving it twice changes nothing."""
    if db.session.get(Membership, (person.id, site.id, role.value)):
        return
    db.session.add(Membership(person_id=person.id, site_id=site.id, role=role.value))
    record(Verb.ROLE_GIVEN, f"person:{person.id}", by=by, now=now, site_id=site.id, role=role.value)


def take_role(person: Person, site: Site, role: Role, *, by: Person, now: datetime) -> None:
    """Takes a role away. An administrator cannot take the own admin role: the site would be left without one."""
    if person.id == by.id and role is Role.ADMIN:
        raise Conflict(_("You cannot take the administrator's role from yourself."))
    membership = db.session.get(Membership, (person.id, site.id, role.value))
    if membership is None:
        return
    db.session.delete(membership)
    record(Verb.ROLE_TAKEN, f"person:{person.id}", by=by.id, now=now, site_id=site.id, role=role.value)
