"""Days, working days and weeks of a month, as plans are spread over them. What is worked on says `sites.calendar`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from webapp.kit.clock import Month
from webapp.sites.calendar import Differing, day_of


def days_of(month: Month) -> list[date]:
    """All days of a month."""
    return [month.first + timedelta(days=n) for n in range((month.last - month.first).days + 1)]


def working_days(month: Month, own: Mapping[date, Differing]) -> list[date]:
    """The days of a month that are worked on, in order."""
    return [day for day in days_of(month) if day_of(day, own).is_working]


def weeks_of(month: Month) -> list[tuple[date, date]]:
    """Monday and Sunday of the weeks that belong to a month: those whose Thursday lies in it, so each to one month."""
    monday = month.first - timedelta(days=month.first.weekday())
    found = []
    while monday <= month.last:
        if Month.of(monday + timedelta(days=3)) == month:
            found.append((monday, monday + timedelta(days=6)))
        monday += timedelta(days=7)
    return found
