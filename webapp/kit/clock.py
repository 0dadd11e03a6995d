"""The present moment and the calendar of a site. Actions get `now` as an argument; only doors ask the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """The present moment in UTC, aware."""
    return datetime.now(UTC)


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day of `moment` in `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, written yyyy-mm."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """Reads "2026-11", of a year that has neighbours on the calendar. Raises ValueError for anything else."""
        if len(text) != 7:
            raise ValueError(f"{text!r} is not a month like 2026-11")
        first = date.fromisoformat(f"{text}-01")
        if not MINYEAR < first.year < MAXYEAR:
            raise ValueError(f"{text!r} is at the end of the calendar")
        return cls(first.year, first.month)

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that `day` belongs to."""
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.next().first - timedelta(days=1)

    def next(self) -> Month:
        """The month after."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def previous(self) -> Month:
        """The month before."""
        return Month(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def bounds(self, zone: str) -> tuple[datetime, datetime]:
        """First moment of the month and of the next one, in UTC, as seen in `zone`."""
        tz = ZoneInfo(zone)
        start = datetime.combine(self.first, time(), tz)
        end = datetime.combine(self.next().first, time(), tz)
        return start.astimezone(UTC), end.astimezone(UTC)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"
