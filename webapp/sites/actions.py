"""Setting up command centres and giving roles."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.problems import Conflict, Invalid
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
    fault_kinds: list[dict[str, Any]] | None = None,
    fault_terms: dict[str, Any] | None = None,
    is_demo: bool,
    required_contents: str = "S",
    by: uuid.UUID | None,
    now: datetime,
) -> Site:
    """A new command centre. Raises Conflict when its code or name is taken."""
    if db.session.scalar(select(Site.id).where(Site.code == code)):
        raise Conflict(_("There is a command centre with the code %(code)s already.", code=code))
    if db.session.scalar(select(Site.id).where(Site.name == name)):
        raise Conflict(_("There is a command centre called %(name)s already.", name=name))
    site = Site(
        id=uuid.uuid4(),
        code=code,
        name=name,
        short_name=short_name,
        timezone=timezone,
        signatures_needed=signatures_needed,
        photo_rule=photo_rule,
        fault_levels=fault_levels,
        fault_kinds=fault_kinds or [],
        fault_terms=fault_terms or {},
        is_demo=is_demo,
        required_contents=required_contents,
        created_at=now,
    )
    db.session.add(site)
    db.session.flush()
    record(Verb.SITE_ADDED, f"site:{site.id}", by=by, now=now, site_id=site.id, code=code, name=name)
    return site


def change_site(
    site: Site,
    *,
    name: str,
    short_name: str,
    signatures_needed: int,
    photo_rule: str,
    by: uuid.UUID | None,
    now: datetime,
    **policy: Any,
) -> None:
    """Changes the settings of a command centre; the log keeps old and new (R129). `policy`: further columns by name.

    Raises:
        Conflict: another command centre has that name.
    """
    if db.session.scalar(select(Site.id).where(Site.name == name, Site.id != site.id)):
        raise Conflict(_("There is a command centre called %(name)s already.", name=name))
    new = {"name": name, "short_name": short_name, "signatures_needed": signatures_needed, "photo_rule": photo_rule}
    changes = _changed(site, new | policy)
    if changes:
        record(Verb.SITE_CHANGED, f"site:{site.id}", by=by, now=now, site_id=site.id, changes=changes)
    db.session.flush()


def add_service_line(
    site: Site,
    number: int,
    name: str,
    starts_on: date,
    ends_on: date,
    *,
    by: uuid.UUID | None = None,
    now: datetime,
) -> ServiceLine:
    """One equipment list of the contract with its period, both days included (R21).

    Raises:
        Conflict: the number is taken.
        Invalid: the period ends before it starts.
    """
    _check_period(starts_on, ends_on)
    if db.session.scalar(select(ServiceLine.id).where(ServiceLine.site_id == site.id, ServiceLine.number == number)):
        raise Conflict(_("There is a service line with the number %(n)s already.", n=number))
    line = ServiceLine(id=uuid.uuid4(), site_id=site.id, number=number, name=name, starts_on=starts_on, ends_on=ends_on)
    db.session.add(line)
    db.session.flush()
    facts = {"number": number, "name": name, "starts_on": str(starts_on), "ends_on": str(ends_on)}
    record(Verb.SERVICE_LINE_ADDED, f"site:{site.id}", by=by, now=now, site_id=site.id, **facts)
    return line


def change_service_line(
    line: ServiceLine, *, name: str, starts_on: date, ends_on: date, by: uuid.UUID | None, now: datetime
) -> None:
    """Changes name and period of a service line; the log keeps old and new. Raises Invalid for a reversed period."""
    _check_period(starts_on, ends_on)
    changes = _changed(line, {"name": name, "starts_on": starts_on, "ends_on": ends_on})
    if changes:
        facts = {"number": line.number, "changes": changes}
        record(Verb.SERVICE_LINE_CHANGED, f"site:{line.site_id}", by=by, now=now, site_id=line.site_id, **facts)
    db.session.flush()


def _check_period(starts_on: date, ends_on: date) -> None:
    if ends_on < starts_on:
        why = _("The last day lies before the first one.")
        raise Invalid(why, fields={"ends_on": [why]})


def _changed(row: Any, new: dict[str, Any]) -> dict[str, list[str]]:
    """Sets the columns that differ; returns old and new of each."""
    old = {name: getattr(row, name) for name in new}
    changes = {name: [str(old[name]), str(value)] for name, value in new.items() if old[name] != value}
    for name in changes:
        setattr(row, name, new[name])
    return changes


def give_role(person: Person, site: Site, role: Role, *, by: uuid.UUID | None, now: datetime) -> None:
    """Gives a role; giving it twice changes nothing."""
    if db.session.get(Membership, (person.id, site.id, role.value)):
        return
    db.session.add(Membership(person_id=person.id, site_id=site.id, role=role.value))
    db.session.flush()
    record(Verb.ROLE_GIVEN, f"person:{person.id}", by=by, now=now, site_id=site.id, role=role.value)


def take_role(person: Person, site: Site, role: Role, *, by: Person, now: datetime) -> None:
    """Takes a role away.

    Raises:
        Conflict: the own admin role (the site would be left without one), or the last role anywhere: an account that
            belongs nowhere could be taken over by the administrator of another site.
    """
    if person.id == by.id and role is Role.ADMIN:
        raise Conflict(_("You cannot take the administrator's role from yourself."))
    membership = db.session.get(Membership, (person.id, site.id, role.value))
    if membership is None:
        return
    rows = select(func.count()).select_from(Membership).where(Membership.person_id == person.id)
    if db.session.scalar(rows) == 1:
        raise Conflict(_("This is the last role of this account. If the person leaves, switch the account off."))
    db.session.delete(membership)
    db.session.flush()
    record(Verb.ROLE_TAKEN, f"person:{person.id}", by=by.id, now=now, site_id=site.id, role=role.value)
