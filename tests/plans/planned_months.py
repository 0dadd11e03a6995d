"""Plans brought into a state in one call, for tests of this room and of those above."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from webapp.kit.clock import Month
from webapp.kit.transaction import transaction
from webapp.people.queries import person_named
from webapp.plans import actions
from webapp.plans.planned import PlannedMonth, planned_month
from webapp.sites.models import Site
from webapp.sites.queries import site_coded

DECEMBER = Month(2026, 12)
IN_TIME = datetime(2026, 11, 26, 2, tzinfo=UTC)  # the plan of December is due on November 30
IN_DECEMBER = datetime(2026, 12, 9, 4, tzinfo=UTC)


def shaoguan() -> Site:
    return site_coded("SG")


def drafted(month: Month = DECEMBER, *, now: datetime = IN_TIME, code: str = "SG") -> actions.Drafted:
    with transaction():
        return actions.draft(site_coded(code), month, by=None, now=now)


def submitted(month: Month = DECEMBER, *, now: datetime = IN_TIME) -> PlannedMonth:
    drafted(month, now=now)
    with transaction():
        actions.submit(shaoguan(), month, version=1, by=person_named("lead"), now=now)
    return seen(month, now)


def approved(month: Month = DECEMBER, *, now: datetime = IN_TIME) -> PlannedMonth:
    """Drafted, handed in and approved as it was drafted."""
    submitted(month, now=now)
    with transaction():
        actions.approve(shaoguan(), month, version=1, by=person_named("supervisor"), now=now)
    return seen(month, now)


def seen(month: Month = DECEMBER, now: datetime = IN_TIME, code: str = "SG") -> PlannedMonth:
    return planned_month(site_coded(code), month, now)


def deed() -> uuid.UUID:
    return uuid.uuid4()
