"""Which role may do what (the role × right matrix), and when a service period needs attention."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from datetime import date

from webapp.sites.models import Role


class Right(enum.StrEnum):
    """A thing one may do in a site."""

    READ = "read"  # see assets, inspections, faults, months of the site
    INSPECT = "inspect"  # fill in and hand in checklists, free notes, joint tests
    SIGN = "sign"  # sign visits, return inspections: the bureau only
    HAND_OVER = "hand_over"  # second signature of a visit where the site asks for it
    RAISE = "raise"  # report faults and hazards
    CLOSE = "close"  # close faults and hazards: the bureau only (R57)
    INSTRUCT = "instruct"  # say how to go on with a fault that was escalated, change its level (R59, R62)
    EDIT_FAULT_TERMS = "edit_fault_terms"  # levels, limits and clocks of the contract
    EDIT_ASSETS = "edit_assets"  # import lists, change assets, replace labels
    PRINT_LABELS = "print_labels"
    EDIT_CHECKLISTS = "edit_checklists"  # draft and publish checklists, change limits
    EXPLAIN = "explain"  # say why an asset was not inspected
    EXPORT = "export"  # take lists and reports out (R126)
    CLOSE_MONTH = "close_month"  # what arrives afterwards is an addendum
    PLAN = "plan"  # draft the plan of a month, hand it in, add to it afterwards (R3)
    REVIEW_PLAN = "review_plan"  # edit, return and approve a plan, agree to what is cancelled: the bureau only (R4)
    HAND_IN_MONTH = "hand_in_month"  # comment on the summary of a month and hand it in (R3)
    ACCEPT_MONTH = "accept_month"  # accept or return that summary: the bureau only
    EDIT_REMINDERS = "edit_reminders"  # where reminders are sent to
    IMPORT_OUTBOX = "import_outbox"  # bring in the exported outbox of somebody's device
    HANDLE_ARRIVALS = "handle_arrivals"  # see to refused documents and to devices that hold unsent work
    EDIT_CONTACTS = "edit_contacts"  # who is called in an emergency (R137)
    EDIT_PEOPLE = "edit_people"
    EDIT_SITE = "edit_site"  # names, signatures needed, photo rule, service periods


_ROLES: dict[Right, frozenset[Role]] = {
    Right.READ: frozenset(Role),
    Right.INSPECT: frozenset({Role.TECHNICIAN, Role.LEAD}),
    Right.SIGN: frozenset({Role.SUPERVISOR}),
    Right.HAND_OVER: frozenset({Role.SUPERVISOR, Role.TECHNICIAN, Role.LEAD}),
    Right.RAISE: frozenset({Role.TECHNICIAN, Role.LEAD, Role.SUPERVISOR}),
    Right.CLOSE: frozenset({Role.SUPERVISOR}),
    Right.INSTRUCT: frozenset({Role.LEAD}),
    Right.EDIT_FAULT_TERMS: frozenset({Role.LEAD, Role.ADMIN}),
    Right.EDIT_ASSETS: frozenset({Role.LEAD, Role.ADMIN}),
    Right.PRINT_LABELS: frozenset({Role.LEAD, Role.OFFICE, Role.ADMIN}),
    Right.EDIT_CHECKLISTS: frozenset({Role.LEAD}),
    Right.EXPLAIN: frozenset({Role.TECHNICIAN, Role.LEAD}),
    Right.EXPORT: frozenset({Role.LEAD, Role.SUPERVISOR, Role.OFFICE}),
    Right.CLOSE_MONTH: frozenset({Role.LEAD}),
    Right.PLAN: frozenset({Role.LEAD}),
    Right.REVIEW_PLAN: frozenset({Role.SUPERVISOR}),
    Right.HAND_IN_MONTH: frozenset({Role.LEAD}),
    Right.ACCEPT_MONTH: frozenset({Role.SUPERVISOR}),
    Right.EDIT_REMINDERS: frozenset({Role.LEAD, Role.ADMIN}),
    Right.IMPORT_OUTBOX: frozenset({Role.LEAD}),
    Right.HANDLE_ARRIVALS: frozenset({Role.LEAD, Role.OFFICE}),
    Right.EDIT_CONTACTS: frozenset({Role.LEAD, Role.ADMIN}),
    Right.EDIT_PEOPLE: frozenset({Role.ADMIN}),
    Right.EDIT_SITE: frozenset({Role.ADMIN}),
}


def has_right(roles: Iterable[Role], right: Right) -> bool:
    """Whether somebody with these roles in a site has the right there."""
    return not _ROLES[right].isdisjoint(roles)


def roles_with(right: Right) -> frozenset[Role]:
    """The roles that carry a right."""
    return _ROLES[right]


class Ending(enum.StrEnum):
    """How near the end of a service period is (R21)."""

    FAR = "far"
    SOON = "soon"  # within 60 days
    VERY_SOON = "very_soon"  # within 30 days
    OVER = "over"


def ending(ends_on: date, today: date) -> Ending:
    """How near the last day of service is; on the last day itself the period still runs."""
    left = days_left(ends_on, today)
    if left < 0:
        return Ending.OVER
    if left <= 30:
        return Ending.VERY_SOON
    return Ending.SOON if left <= 60 else Ending.FAR


def days_left(ends_on: date, today: date) -> int:
    """Days until the last day of service; negative once it is over."""
    return (ends_on - today).days
