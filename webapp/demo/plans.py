"""Plans of the example months, made by the real actions: past and present ones approved, the next one handed in.

That of the present month is made when the demo is, so it is late, and plans nothing for days that are over. Futian's
next plan stays a draft: whoever tries the demo hands it in and approves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from webapp.kit.clock import Month
from webapp.kit.problems import Conflict
from webapp.kit.transaction import transaction
from webapp.people.queries import person_named
from webapp.plans.actions import approve, draft, submit
from webapp.plans.history import PlanStatus, Story, stories_of
from webapp.plans.presentations import enter
from webapp.sites.models import Site
from webapp.sites.queries import site_coded

CASTS = {"SG": ("lead", "supervisor"), "FT": ("lead2", "supervisor2")}  # who hands in, who approves
HANDED_IN_ONLY, DRAFT_ONLY = "SG", "FT"  # how far the plan of the next month has come
PRESENTATION = "省厅应急演练观摩汇报"
DRAFTED, HANDED_IN, APPROVED = 24, 26, 28  # days of the month before


def plan_months(months: Sequence[Month], say: Callable[[str], None]) -> None:
    """Gives these months an approved plan, each in its own time; months that have one are left alone."""
    for code in CASTS:
        for month in months:
            site = site_coded(code)
            moments = [_day_before(site, month, day) for day in (DRAFTED, HANDED_IN, APPROVED)]
            _approved(site, month, moments, say)


def plan_ahead(now: datetime, say: Callable[[str], None]) -> None:
    """This month approved; the next one handed in for Shaoguan with a presentation in it, a draft for Futian."""
    month = Month.of(now.date()).next()
    for code in CASTS:
        _approved(site_coded(code), month.previous(), (now, now, now), say)
    site = site_coded(HANDED_IN_ONLY)
    if _status(site, month) is PlanStatus.NONE:
        starts_at = datetime.combine(month.first + timedelta(days=14), time(15), ZoneInfo(site.timezone))
        with transaction():
            lead = person_named(CASTS[site.code][0])
            enter(site_coded(site.code), _name(site, month), PRESENTATION, starts_at, by=lead, now=now)
        if _drafted(site, month, now):
            _hand_in(site, month, now)
            say(f"{site.code} {month}: plan handed in")
    if _drafted(site_coded(DRAFT_ONLY), month, now):
        say(f"{DRAFT_ONLY} {month}: plan drafted")


def _approved(site: Site, month: Month, moments: Sequence[datetime], say: Callable[[str], None]) -> None:
    """Drafted, handed in and approved, each at its moment."""
    if _status(site, month) is not PlanStatus.NONE or not _drafted(site, month, moments[0]):
        return
    _hand_in(site, month, moments[1])
    with transaction():
        version = _number(site, month)
        bureau = person_named(CASTS[site.code][1])
        approve(site_coded(site.code), month, version=version, by=bureau, now=moments[2])
    say(f"{site.code} {month}: plan approved")


def _drafted(site: Site, month: Month, now: datetime) -> bool:
    """Drafts as cron does; False where nothing is due in that month."""
    try:
        with transaction():
            return draft(site_coded(site.code), month, by=None, now=now).added > 0
    except Conflict:
        return False


def _hand_in(site: Site, month: Month, now: datetime) -> None:
    with transaction():
        lead = person_named(CASTS[site.code][0])
        submit(site_coded(site.code), month, version=_number(site, month), by=lead, now=now)


def _status(site: Site, month: Month) -> PlanStatus:
    return stories_of(site.id, [month]).get(str(month), Story()).status


def _number(site: Site, month: Month) -> int:
    return stories_of(site.id, [month])[str(month)].number


def _day_before(site: Site, month: Month, day: int) -> datetime:
    """Ten in the morning of a day of the month before."""
    before = month.previous()
    return datetime.combine(date(before.year, before.month, day), time(10), ZoneInfo(site.timezone))


def _name(site: Site, month: Month) -> UUID:
    return uuid5(site.id, f"presentation {month}")
