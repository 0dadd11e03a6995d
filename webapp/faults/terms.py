"""What a contract says about faults, as typed data: levels with limits, where clocks start, impacts, office hours.

Made from the content of a policy, which is plain JSON; no figure of a contract stands in code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from webapp.kit.workdays import NO_DAYS, OwnDays, is_working_day, working_day_after

FROM_REPORT, FROM_RESPONSE = "reported_at", "responded_at"


@dataclass(frozen=True)
class Level:
    """A level of the contract (R40, R45); a limit of None is not printed. `record`: answer, short or full (R52)."""

    key: str
    zh: str
    en: str
    response: timedelta | None
    arrival: timedelta | None
    handling: timedelta | None
    inform: timedelta | None  # within which the bureau is told (R43)
    record: str


@dataclass(frozen=True)
class Impact:
    """How badly business is touched (R48), apart from the level (R49)."""

    key: str
    zh: str
    en: str
    vendor: timedelta


@dataclass(frozen=True)
class OfficeHours:
    """Hours of working days that count; holidays do not, days made up for them do."""

    days: frozenset[int]  # 1 is Monday
    starts: time
    ends: time

    def open_on(self, moment: datetime, own: OwnDays = NO_DAYS) -> bool:
        """Whether the day of a local moment is one of them. `own`: the days that differ at the site."""
        day = moment.date()
        if day in own:
            return own[day]
        if day.isoweekday() in self.days:
            return is_working_day(day) or day.weekday() > 4
        return day.weekday() > 4 and is_working_day(day)


@dataclass(frozen=True)
class Terms:
    """The terms that a fault runs under. Times of day are those of `zone`."""

    zone: str
    levels: Mapping[str, Level]
    impacts: Mapping[str, Impact]
    arrival_from: str
    handling_from: str
    handling_until: str  # repaired | restored (R60)
    office_hours: OfficeHours | None
    is_response_in_office_hours: bool
    software_kinds: frozenset[int]
    software_days: int | None

    @classmethod
    def of(cls, content: Mapping[str, Any], zone: str) -> Terms:
        """From the content of a policy."""
        terms = content.get("terms", {})
        hours, software = terms.get("office_hours"), terms.get("office_software") or {}
        return cls(
            zone=zone,
            levels={each["key"]: _level(each, terms) for each in content.get("levels", [])},
            impacts={
                each["key"]: Impact(
                    each["key"], each["zh"], each["en"], timedelta(hours=int(each["vendor_on_site_hours"]))
                )
                for each in terms.get("impacts", [])
            },
            arrival_from=terms.get("arrival_from", FROM_REPORT),
            handling_from=terms.get("handling_from", FROM_REPORT),
            handling_until=terms.get("handling_until", "repaired"),
            office_hours=_hours(hours) if hours else None,
            is_response_in_office_hours=bool(terms.get("response_in_office_hours")),
            software_kinds=frozenset(software.get("kinds", ())),
            software_days=software.get("working_days"),
        )

    @property
    def counts_days(self) -> bool:
        """Whether any of its clocks follows the calendar of the site."""
        return self.counts_office_hours or bool(self.software_kinds and self.software_days)

    @property
    def counts_office_hours(self) -> bool:
        """Whether the response counts in office hours only."""
        return self.is_response_in_office_hours and self.office_hours is not None

    def end_of_working_days(self, start: datetime, own: OwnDays = NO_DAYS) -> datetime | None:
        """When the working days for office software are over: on the last of them, with the office hours (R50).

        The day of the report itself is not counted. None where the contract has no such rule. `own`: the days that
        differ at the site.
        """
        if self.software_days is None:
            return None
        tz = ZoneInfo(self.zone)
        day = working_day_after(start.astimezone(tz).date(), self.software_days, own)
        if self.office_hours:
            return datetime.combine(day, self.office_hours.ends, tz)
        return datetime.combine(day + timedelta(days=1), time(), tz)


def _level(each: Mapping[str, Any], terms: Mapping[str, Any]) -> Level:
    inform = terms.get("inform_bureau") or {}
    return Level(
        key=each["key"],
        zh=each["zh"],
        en=each["en"],
        response=_minutes(each.get("response_min") or terms.get("own_staff_response_min")),
        arrival=_minutes(each.get("arrival_min")),
        handling=_minutes(each.get("handling_min")),
        inform=_minutes(inform.get("minutes")) if each["key"] in inform.get("levels", ()) else None,
        record=terms.get("records", {}).get(each["key"], "short"),
    )


def _minutes(value: int | None) -> timedelta | None:
    return timedelta(minutes=value) if value else None


def _hours(hours: Mapping[str, Any]) -> OfficeHours:
    return OfficeHours(frozenset(hours["days"]), time.fromisoformat(hours["from"]), time.fromisoformat(hours["to"]))
