"""Working days: the calendar of the country from the library `holidays`, and the days that differ from it; no network.

Make-up days are announced each autumn for the next year; until the library knows them, weekends are free unless
somebody says that a day differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

LIBRARY_LANGUAGES = {"zh": "zh_CN", "en": "en_US"}
SATURDAY = 5

OwnDays = Mapping[date, bool]  # days that differ from the country: True is worked on, False is free
NO_DAYS: OwnDays = {}


@dataclass(frozen=True)
class CountryYear:
    """A year of the country: free days with their names, weekend days that are worked on."""

    free: Mapping[date, str]
    worked: frozenset[date]

    def is_working(self, day: date) -> bool:
        """Whether the country works on a day of this year."""
        return day in self.worked or (day not in self.free and day.weekday() < SATURDAY)


@cache
def country_year(year: int, language: str = "zh") -> CountryYear:
    """Holidays and make-up days of China. Loaded on first use: the library takes a moment."""
    from holidays.countries.china import China

    found = China(years=[year], language=LIBRARY_LANGUAGES.get(language, "zh_CN"))  # type: ignore[no-untyped-call]
    worked = frozenset(day for day in found.weekend_workdays if day.year == year)
    return CountryYear({day: name for day, name in sorted(found.items()) if day.year == year}, worked)


def is_working_day(day: date, own: OwnDays = NO_DAYS) -> bool:
    """Whether that day is worked on: what was said of it, else what the country does."""
    return own[day] if day in own else country_year(day.year).is_working(day)


def as_kept(days: OwnDays) -> dict[str, bool]:
    """Own days as plain JSON, in order."""
    return {day.isoformat(): days[day] for day in sorted(days)}


def from_kept(kept: Mapping[str, bool] | None) -> OwnDays:
    """Own days out of JSON; none where nothing was kept."""
    return {date.fromisoformat(day): is_working for day, is_working in (kept or {}).items()}


def working_day_after(day: date, count: int, own: OwnDays = NO_DAYS) -> date:
    """The `count`-th working day after `day`; `day` itself is never counted."""
    for _turn in range(count):
        day += timedelta(days=1)
        while not is_working_day(day, own):
            day += timedelta(days=1)
    return day
