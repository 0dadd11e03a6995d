"""What a month's plan must hold, from the cycles of the contract. Pure decisions: no database, no clock.

Each due asset is inspected once a month (R1, R23); in one month of the quarter that inspection is the one for the
quarterly items. Systems and places with weekly items are checked in every week instead (R25, R26). A presentation asks
for one check of every platform an hour before it and for one follow-up (R27).
Keys name the need, not the day: drafting again finds what is there.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webapp.kit.clock import Month, local_day
from webapp.plans.models import LineKind
from webapp.plans.workdays import days_of, weeks_of

BEFORE_PRESENTATION = timedelta(hours=1)  # R27
CHECK_OPENS = timedelta(days=1)  # a check earlier than a day before does not count for the presentation
USUAL_MINUTES = 5  # of an asset without checklist


@dataclass(frozen=True)
class Due:
    """An asset that is due in the month, as far as planning needs it. Service days include both ends (R21)."""

    asset_id: uuid.UUID
    group: str  # what is kept together on a day: its system
    starts_on: date
    ends_on: date
    minutes: int = USUAL_MINUTES
    is_software: bool = False
    is_place: bool = False
    frequencies: Collection[str] = ()

    @property
    def is_weekly(self) -> bool:
        """Systems and places with weekly items; weekly items of devices are asked in their monthly inspection."""
        return (self.is_software or self.is_place) and "weekly" in self.frequencies


@dataclass(frozen=True)
class Shown:
    """A presentation: its id and when it starts."""

    id: uuid.UUID
    starts_at: datetime


@dataclass(frozen=True)
class Need:
    """One check that the plan must hold, and the days it may stand on, never empty."""

    key: str
    kind: LineKind
    asset_id: uuid.UUID
    group: str
    minutes: int
    days: tuple[date, ...]
    opens_at: datetime
    closes_at: datetime
    due_at: datetime | None = None
    presentation_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Frame:
    """The month to be planned: its working days, the zone of the site, the first day that can still be planned."""

    month: Month
    working: Sequence[date]
    zone: str
    from_day: date
    quarter: tuple[Month, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Finds the months of the quarter."""
        first = (self.month.month - 1) // 3 * 3 + 1
        object.__setattr__(self, "quarter", tuple(Month(self.month.year, first + n) for n in range(3)))

    def midnight(self, day: date) -> datetime:
        """The first moment of a day in the site's zone."""
        return datetime.combine(day, time(), ZoneInfo(self.zone))

    def days_between(self, first: date, last: date) -> tuple[date, ...]:
        """The days to choose from: worked on if there are any, else every day; never before `from_day` if possible."""
        inside = [day for day in days_of(self.month) if first <= day <= last]
        ahead = [day for day in inside if day >= self.from_day]
        worked = [day for day in ahead if day in set(self.working)]
        return tuple(worked or ahead or inside[-1:])


def needs_of(frame: Frame, due: Iterable[Due], shown: Iterable[Shown]) -> list[Need]:
    """Everything that the plan of the month must hold, in printed order; keys are unique."""
    assets = list(due)
    regular = [need for one in assets for need in (_weekly(frame, one) or [_once(frame, one)])]
    return regular + [need for one in shown for need in for_presentation(frame, assets, one)]


def for_presentation(frame: Frame, due: Sequence[Due], shown: Shown) -> list[Need]:
    """The checks before one presentation and the follow-up, as far as they fall into the month."""
    due_at = shown.starts_at - BEFORE_PRESENTATION
    checks = [
        Need(
            key=f"event:{shown.id}:{one.asset_id}",
            kind=LineKind.EVENT,
            asset_id=one.asset_id,
            group=f"event:{shown.id}",
            minutes=one.minutes,
            days=(local_day(due_at, frame.zone),),
            opens_at=due_at - CHECK_OPENS,
            closes_at=due_at,
            due_at=due_at,
            presentation_id=shown.id,
        )
        for one in before_presentations(due)
    ]
    day = local_day(shown.starts_at, frame.zone)
    follow_ups = [
        Need(
            key=f"follow_up:{shown.id}:{one.asset_id}",
            kind=LineKind.FOLLOW_UP,
            asset_id=one.asset_id,
            group=f"event:{shown.id}",
            minutes=one.minutes,
            days=(day,),
            opens_at=shown.starts_at,
            closes_at=frame.midnight(Month.of(day).next().first),
            presentation_id=shown.id,
        )
        for one in _followed_up(due)
    ]
    return [need for need in checks + follow_ups if Month.of(need.days[0]) == frame.month]


def before_presentations(due: Sequence[Due]) -> list[Due]:
    """What is checked before a presentation: places made for it and the platforms that are watched weekly.

    Where no system is watched weekly, all software.
    """
    made_for = [one for one in due if "before_event" in one.frequencies]
    software = [one for one in due if one.is_software and one not in made_for]
    return made_for + ([one for one in software if one.is_weekly] or software)


def quarterly_month(due: Due, quarter: Sequence[Month]) -> Month:
    """In which month of the quarter the quarterly items of an asset are looked at: always the same, and in service."""
    serving = [month for month in quarter if due.starts_on <= month.last and due.ends_on >= month.first]
    return (serving or list(quarter))[due.asset_id.int % len(serving or quarter)]


def missing(needs: Iterable[Need], known: Collection[str]) -> list[Need]:
    """The needs that no line has yet. `known`: the keys of the lines, those left out by hand too."""
    return [need for need in needs if need.key not in known]


def _once(frame: Frame, due: Due) -> Need:
    month = frame.month
    is_quarterly = "quarterly" in due.frequencies and quarterly_month(due, frame.quarter) == month
    return Need(
        key=f"base:{due.asset_id}",
        kind=LineKind.QUARTERLY if is_quarterly else LineKind.MONTHLY,
        asset_id=due.asset_id,
        group=due.group,
        minutes=due.minutes,
        days=frame.days_between(max(due.starts_on, month.first), min(due.ends_on, month.last)),
        opens_at=frame.midnight(month.first),
        closes_at=frame.midnight(month.next().first),
    )


def _weekly(frame: Frame, due: Due) -> list[Need]:
    """One check in each week of the month in which the asset is in service; none for what is not watched weekly."""
    found: list[Need] = []
    if not due.is_weekly:
        return found
    month = frame.month
    for monday, sunday in weeks_of(month):
        first, last = max(monday, due.starts_on, month.first), min(sunday, due.ends_on, month.last)
        if first > last or last < frame.from_day:
            continue
        year, week, _weekday = monday.isocalendar()
        found.append(
            Need(
                key=f"weekly:{due.asset_id}:{year}-W{week:02d}",
                kind=LineKind.WEEKLY,
                asset_id=due.asset_id,
                group=due.group,
                minutes=due.minutes,
                days=frame.days_between(first, last),
                opens_at=frame.midnight(max(monday, month.first)),
                closes_at=frame.midnight(min(sunday, month.last) + timedelta(days=1)),
            )
        )
    return found


def _followed_up(due: Sequence[Due]) -> list[Due]:
    """One follow-up after a presentation, at the place made for it or at the first platform."""
    return before_presentations(due)[:1]
