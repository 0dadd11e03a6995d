"""The frame of the sheet that a device draws from what it keeps: who may sign at which command centre, and as what."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.people.models import Person
from webapp.sites.access import memberships, sites_with
from webapp.sites.models import Role, Site
from webapp.sites.queries import people_of
from webapp.sites.rules import Right, has_right
from webapp.visits.rules import Capacity, capacities, may_sign, needed


@dataclass(frozen=True)
class Card:
    """A sheet of one command centre, still without day and rows."""

    site: Site
    places: list[Place]


@dataclass(frozen=True)
class Place:
    """One signature of the sheet: in which capacity, whether the sheet waits for it, and who may give it here."""

    capacity: Capacity
    is_needed: bool
    signers: list[Person]


def cards_for(person: Person) -> list[Card]:
    """One for each command centre where the person hands sheets over. The inspector is the person and nobody else."""
    sites = [memberships(person)[site_id][0] for site_id in sites_with(person, Right.HAND_OVER)]
    return [Card(site, _places(site, person)) for site in sites]


def _places(site: Site, person: Person) -> list[Place]:
    others = [(other, roles) for other, roles in people_of(site.id) if other.id != person.id and other.is_active]
    return [
        Place(
            capacity=capacity,
            is_needed=capacity in needed(site.signatures_needed),
            signers=[person]
            if capacity is Capacity.INSPECTOR
            else [other for other, roles in others if _may_sign(capacity, site, roles)],
        )
        for capacity in capacities(site.signatures_needed)
    ]


def _may_sign(capacity: Capacity, site: Site, roles: set[Role]) -> bool:
    return may_sign(
        capacity,
        site.signatures_needed,
        is_technician=False,
        may_supervise=has_right(roles, Right.SIGN),
        may_take_over=has_right(roles, Right.HAND_OVER),
    )
