"""What the signed-in person may do, and where. Loaded once per request in one query."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from functools import cache, partial

from flask import g
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import contains_eager

from webapp.extensions import db
from webapp.kit.access import View, guarded
from webapp.kit.problems import NotFound, Refused
from webapp.people.models import Person
from webapp.sites.models import Membership, Role, Site
from webapp.sites.rules import Right, has_right


def memberships(person: Person) -> dict[uuid.UUID, tuple[Site, frozenset[Role]]]:
    """Site id → site and the person's roles there, in the order of the site codes. One query per request."""
    known: dict[uuid.UUID, dict[uuid.UUID, tuple[Site, frozenset[Role]]]] = g.setdefault("memberships", {})
    if person.id not in known:
        found: dict[uuid.UUID, tuple[Site, frozenset[Role]]] = {}
        for row in db.session.scalars(_of_person(), {"person_id": person.id}):
            roles = found[row.site_id][1] if row.site_id in found else frozenset()
            found[row.site_id] = (row.site, roles | {Role(row.role)})
        known[person.id] = found
    return known[person.id]


def may(person: Person, right: Right, site_id: uuid.UUID) -> bool:
    """Whether the person has the right in that site."""
    entry = memberships(person).get(site_id)
    return entry is not None and has_right(entry[1], right)


def sites_with(person: Person, right: Right = Right.READ) -> list[uuid.UUID]:
    """The sites where the person has the right; what every door filters its rows by."""
    return [site_id for site_id in memberships(person) if may(person, right, site_id)]


def require(person: Person, right: Right, site_id: uuid.UUID) -> Site:
    """The site, if the person has the right there.

    Raises:
        NotFound: the person has no role there: not yours and not there look the same.
        Refused: the person belongs to the site, but lacks the right.
    """
    entry = memberships(person).get(site_id)
    if entry is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    if not has_right(entry[1], right):
        raise Refused(_("Your role in this command centre does not allow that."))
    return entry[0]


def current_site() -> Site:
    """The command centre chosen on this device; the first one where nothing was chosen."""
    mine = memberships(current_user)
    chosen = current_user.device.site_id if current_user.device else None
    if chosen in mine:
        return mine[chosen][0]
    if not mine:
        raise Refused(_("Your account belongs to no command centre yet. Please ask your administrator."))
    return next(iter(mine.values()))[0]


def may_here(right: Right) -> bool:
    """Whether the signed-in person has the right in the current site; for drawing buttons, never as the guard."""
    return current_user.is_authenticated and may(current_user, right, current_site().id)


def needs(right: Right) -> Callable[[View], View]:
    """Guard of a route about the current site: the person must have `right` there."""

    def check() -> None:
        require(current_user, right, current_site().id)

    return lambda view: guarded(view, f"needs {right.value}", check)


def needs_somewhere(right: Right) -> Callable[[View], View]:
    """Guard of a route about one record: the right in any site here; the record's own door checks its site."""
    return lambda view: guarded(view, f"needs {right.value} somewhere", partial(_check_somewhere, right))


@cache
def _of_person() -> Select[Membership]:
    """Asked in nearly every request and so made once: making it costs more than asking it."""
    return (
        select(Membership)
        .join(Membership.site)
        .options(contains_eager(Membership.site))
        .where(Membership.person_id == bindparam("person_id"))
        .order_by(Site.code)
    )


def _check_somewhere(right: Right) -> None:
    if not sites_with(current_user, right):
        raise Refused(_("Your role does not allow that."))


def belongs_only_to(person: Person, site_ids: Collection[uuid.UUID]) -> None:
    """From here on, in this request, the person is as if they had roles in these sites only."""
    mine = memberships(person)
    g.memberships[person.id] = {site_id: entry for site_id, entry in mine.items() if site_id in site_ids}
