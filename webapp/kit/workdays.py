"""Working days of the country: free days and weekend days worked instead, from the library `holidays`; no network.

Make-up days are announced each autumn for the next year; until the library knows them, weekends are free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

LIBRARY_LANGUAGES = {"zh": "zh_CN", "en": "en_US"}
SATURDAY = 5


@dataclass(frozen=True)
class CountryYear:
    """A year of the country: free days with their names, weekend days that are worked on."""

    free: Mapping[date, str]
    worked: frozenset[date]


@cache
def country_year(year: int, language: str = "zh") -> CountryYear:
    """Holidays and make-up days of China. Loaded on first use: the library takes a moment."""
    from holidays.countries.china import China

    found = China(years=[year], language=LIBRARY_LANGUAGES.get(language, "zh_CN"))  # type: ignore[no-untyped-call]
    worked = frozenset(day for day in found.weekend_workdays if day.year == year)
    return CountryYear({day: name for day, name in sorted(found.items()) if day.year == year}, worked)


def is_working_day(day: date) -> bool:
    """Whether the country works on that day."""
    year = country_year(day.year)
    if day in year.worked:
        return True
    return day not in year.free and day.weekday() < SATURDAY


def working_day_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`; `day` itself is never counted."""
    for _turn in range(count):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return day
