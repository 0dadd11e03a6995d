"""Which days a command centre works on: the calendar of the country with its make-up days, and its own days over it.

A site has one calendar: plans are spread over it, and the clocks of faults that count working days follow it. The days
of the country come from `kit.workdays`. Make-up days are announced each autumn for the next year: until the library
knows them, they are entered as days of the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from webapp.kit.workdays import country_year


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
    is_working = year.is_working(day)
    return Day(day, is_working, "" if is_working else year.free.get(day, ""), is_make_up=day in year.worked)
