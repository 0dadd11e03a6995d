"""Which days are worked on: the calendar of the country with its make-up days, and a site's own days over it.

The days of the country come from `kit.workdays`. Make-up days are announced each autumn for the next year: until the
library knows them, they are entered as days of the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from webapp.kit.clock import Month
from webapp.kit.workdays import SATURDAY, country_year


class Differing(Protocol):
    """A day of a site that differs, as far as it matters here."""

    is_working: bool
    name: str


@dataclass(frozen=True)
class Day:
    """A day as the site counts it. `name`: the holiday, or what the site calls it."""

    day: date
    is_working: bool
    name: str = ""
    is_own: bool = False  # said by the site itself
    is_make_up: bool = False  # a weekend day that the country works on


def knows_make_up_days(year: int) -> bool:
    """Whether the library knows days worked instead in that year; before they are announced it cannot."""
    return bool(country_year(year).worked)


def day_of(day: date, own: Mapping[date, Differing], language: str = "zh") -> Day:
    """One day: what the site says first, then the country, then the weekend."""
    if here := own.get(day):
        return Day(day, here.is_working, here.name, is_own=True)
    year = country_year(day.year, language)
    if day in year.worked:
        return Day(day, is_working=True, is_make_up=True)
    if day in year.free:
        return Day(day, is_working=False, name=year.free[day])
    return Day(day, is_working=day.weekday() < SATURDAY)


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
