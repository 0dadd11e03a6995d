"""The people of a command centre, as its administrator keeps them.

An account is one for all command centres. Only an administrator of every command centre that the person belongs to may
change the account itself (password, switch, agreement); others give and take roles in their own command centre. So
nobody takes over people of a place that is not theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.clock import local_day
from webapp.kit.problems import Conflict, Invalid, NotFound, Refused
from webapp.people.actions import add_person, change_person, set_temporary_password, sign_out_everywhere
from webapp.people.models import Person
from webapp.people.rules import password_problem
from webapp.sites.actions import give_role, take_role
from webapp.sites.models import Membership, Role, Site
from webapp.sites.queries import belongs_elsewhere, roles_in

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without look-alikes: it is read out and typed


def temporary_password(username: str) -> str:
    """A random password of 12 characters in three groups, to be changed at the first sign-in."""
    while True:
        groups = ["".join(secrets.choice(_ALPHABET) for _n in range(4)) for _group in range(3)]
        password = "-".join(groups)
        if password_problem(password, username) is None:
            return password


def add_member(
    site: Site,
    username: str,
    name: str,
    roles: Collection[Role],
    *,
    nda_signed_on: date | None,
    by: Person | None,
    now: datetime,
) -> tuple[Person, str]:
    """A new account with roles in this command centre, and its temporary password.

    Raises:
        Conflict: the account name is taken.
        Invalid: no role, or an agreement of the future.
    """
    _check_roles(roles)
    _check_agreement(nda_signed_on, site, now)
    password = temporary_password(username)
    author = by.id if by else None
    person = add_person(username, name, password, nda_signed_on=nda_signed_on, by=author, now=now)
    for role in sorted(roles):
        give_role(person, site, role, by=author, now=now)
    return person, password


def invite(site: Site, username: str, role: Role, *, by: Person, now: datetime) -> Person:
    """Gives a role here to an account of another command centre, by its exact name.

    Raises:
        NotFound: no account of that name belongs to any command centre.
    """
    wanted = select(Person).where(
        Person.username == username, select(Membership.role).where(Membership.person_id == Person.id).exists()
    )
    person = db.session.scalar(wanted)
    if person is None:
        raise NotFound(_("There is no account with exactly this name."))
    give_role(person, site, role, by=by.id, now=now)
    return person


def set_roles(person: Person, site: Site, roles: Collection[Role], *, by: Person, now: datetime) -> None:
    """Gives and takes roles in this command centre until exactly these are left.

    Raises:
        Conflict: the own administrator's role would go, or the last role of the account.
    """
    here = roles_in(person.id, site.id)
    for role in sorted(set(roles) - here):
        give_role(person, site, role, by=by.id, now=now)
    for role in sorted(here - set(roles)):
        take_role(person, site, role, by=by, now=now)


def change_member(
    person: Person, site: Site, *, name: str, is_enabled: bool, nda_signed_on: date | None, by: Person, now: datetime
) -> None:
    """Changes the account: name, switch, date of the confidentiality agreement (R126: no access without).

    Raises:
        Conflict: one's own account would be locked.
        Invalid: an agreement of the future.
        Refused: the person also belongs to a command centre that is not in the administrator's hands.
    """
    _require_whole(person, by)
    _check_agreement(nda_signed_on, site, now)
    if person.id == by.id and nda_signed_on is None:
        raise Conflict(_("Without the date of the agreement you would lock yourself out."))
    change_person(person, name=name, is_enabled=is_enabled, nda_signed_on=nda_signed_on, by=by, now=now)


def reset_member_password(person: Person, *, by: Person, now: datetime) -> str:
    """Sets a temporary password and signs all devices out. Raises Conflict for oneself, Refused as change_member."""
    _require_whole(person, by)
    if person.id == by.id:
        raise Conflict(_("Change your own password on the page of your account."))
    password = temporary_password(person.username)
    set_temporary_password(person, password, by=by, now=now)
    return password


def sign_out_member(person: Person, *, by: Person, now: datetime) -> int:
    """Signs all devices of the person out; returns how many. Raises Refused as change_member."""
    _require_whole(person, by)
    return sign_out_everywhere(person, by=by, now=now)


def _require_whole(person: Person, by: Person) -> None:
    if belongs_elsewhere(person.id, by.id):
        raise Refused(
            _(
                "This person also belongs to a command centre where you are not the administrator. "
                "You can give and take roles here; the account itself is changed by the operator of the server."
            )
        )


def _check_roles(roles: Collection[Role]) -> None:
    if not roles:
        raise Invalid(_("Choose at least one role."), fields={"role": [_("Choose at least one role.")]})


def _check_agreement(signed_on: date | None, site: Site, now: datetime) -> None:
    if signed_on and signed_on > local_day(now, site.timezone):
        why = _("The day of the agreement lies in the future.")
        raise Invalid(why, fields={"nda_signed_on": [why]})
