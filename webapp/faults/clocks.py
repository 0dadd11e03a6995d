"""The clocks of the contract (R39–R51, R64): facts of a fault and the present moment in, clocks out. Nothing else.

Every clock has a start, perhaps a limit, and what ends it. Agreed pauses stop all clocks; beside the clock of the
contract stands the one that ran on. What is done exactly at the end of a limit is in time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from webapp.faults.facts import FaultFacts, Since, Step
from webapp.faults.models import EventKind as Kind
from webapp.faults.terms import FROM_RESPONSE, OfficeHours
from webapp.kit.workdays import OwnDays

THRESHOLDS = (50, 80, 100)  # per cent of a limit at which somebody is warned
NOTHING = timedelta()
LONGEST = timedelta(days=3660)  # nothing is reckoned further ahead than that

Span = tuple[datetime, datetime]


class ClockName(enum.StrEnum):
    """What a contract sets a limit for, in the order in which pages show it."""

    RESPONSE = "response"
    INFORM = "inform"  # the bureau is told of a major fault (R43)
    ARRIVAL = "arrival"
    HANDLING = "handling"
    VENDOR = "vendor"  # the maker is on site (R48)
    SOFTWARE = "software"  # office software, in working days (R50)


class ClockState(enum.StrEnum):
    """How a clock stands. Without a limit it only measures: running, paused or met."""

    WAITING = "waiting"  # what starts it has not happened
    RUNNING = "running"
    PAUSED = "paused"
    OVERDUE = "overdue"  # running beyond its limit
    MET = "met"  # ended in time, or without a limit
    LATE = "late"  # ended after its limit


ENDED = (ClockState.MET, ClockState.LATE)


@dataclass(frozen=True)
class EarlierDue:
    """A deadline of a level or impact that was replaced. `was_missed`: it had passed by then without being met."""

    key: str
    due_at: datetime
    changed_at: datetime
    was_missed: bool


@dataclass(frozen=True)
class Clock:
    """One clock at a moment.

    `due_at` is None without a limit, before the start, and while a pause has no end. `used` counts without pauses,
    `ran` with them: the two clocks of R64. `met_by` is the kind of step that ended it, "closed" where only the
    closing did.
    """

    name: ClockName
    state: ClockState
    started_at: datetime | None = None
    limit: timedelta | None = None
    due_at: datetime | None = None
    met_at: datetime | None = None
    met_by: str = ""
    used: timedelta = NOTHING
    ran: timedelta = NOTHING
    due_unpaused_at: datetime | None = None
    earlier: tuple[EarlierDue, ...] = ()
    warn_at: dict[int, datetime] = field(default_factory=dict)  # threshold → when it is reached; those that are known
    own_days: OwnDays = field(default_factory=dict)  # days between start and end on which the site differs

    @property
    def paused(self) -> timedelta:
        """Time that agreed pauses took."""
        return self.ran - self.used

    @property
    def share(self) -> Decimal | None:
        """Share of the limit that is used, 1 is all of it; None without a limit."""
        if not self.limit or self.started_at is None:
            return None
        return Decimal(self.used // timedelta(seconds=1)) / Decimal(self.limit // timedelta(seconds=1))

    @property
    def is_over(self) -> bool:
        """Ended by being met or not; nothing runs any more."""
        return self.state in ENDED

    @property
    def is_in_time(self) -> bool | None:
        """For timeliness: True or False once it is decided, None while it runs or where there is no limit."""
        if self.limit is None or self.state in (ClockState.WAITING, ClockState.RUNNING, ClockState.PAUSED):
            return None
        return self.state is ClockState.MET


def clocks_of(facts: FaultFacts, now: datetime) -> dict[ClockName, Clock]:
    """The clocks of a fault as they stand at `now`, in the order of ClockName; those that do not apply are left out."""
    known = facts.known_at(now)
    found: dict[ClockName, Clock] = {}
    for clock in (
        _response(known, now),
        _inform(known, now),
        _arrival(known, now),
        _handling(known, now),
        _vendor(known, now),
        _software(known, now),
    ):
        if clock:
            found[clock.name] = clock
    return found


def handling_of(facts: FaultFacts, now: datetime) -> Clock | None:
    """The clock of handling alone, for figures over very many faults."""
    return _handling(facts.known_at(now), now)


def next_due(clocks: dict[ClockName, Clock]) -> datetime | None:
    """The end of the clock that ends first; overdue ones have ended longest ago and come first.

    A clock that stands still until an agreed date has an end, too: it runs on by itself, without an event.
    """
    going = (ClockState.RUNNING, ClockState.OVERDUE, ClockState.PAUSED)
    return min((each.due_at for each in clocks.values() if each.state in going and each.due_at), default=None)


def counted(start: datetime, end: datetime, pauses: Sequence[Span] = (), hours: _Hours | None = None) -> timedelta:
    """How long a clock ran between two moments. `pauses` in order and apart."""
    return sum((until - since for since, until in _running(start, end, pauses, hours)), NOTHING)


def moment_after(
    start: datetime, amount: timedelta, pauses: Sequence[Span] = (), hours: _Hours | None = None
) -> datetime | None:
    """When a clock has run for `amount`: the first such moment. None where it never comes within ten years."""
    left = amount
    for since, until in _running(start, start + LONGEST, pauses, hours):
        if until - since >= left:
            return since + left
        left -= until - since
    return None


@dataclass(frozen=True)
class _Hours:
    """Office hours in a zone, with the days that differ there."""

    hours: OfficeHours
    zone: ZoneInfo
    own: OwnDays


@dataclass(frozen=True)
class _Limits:
    """The limits of one clock as level or impact changed: the last one holds."""

    now: timedelta | None
    earlier: tuple[tuple[Since, timedelta, datetime], ...] = ()  # what held, its limit, when it was replaced


def _response(facts: FaultFacts, now: datetime) -> Clock | None:
    limits = _limits_of(facts.levels, {key: level.response for key, level in facts.terms.levels.items()})
    hours = _office(facts) if facts.terms.is_response_in_office_hours else None
    clock = _clock(ClockName.RESPONSE, facts, facts.starts_at, limits, _end(facts, facts.responded), now, hours)
    return replace(clock, own_days=_differing(clock, facts)) if hours else clock


def _inform(facts: FaultFacts, now: datetime) -> Clock | None:
    """From when the level asks for it: a fault may become a major one."""
    limit, start = None, facts.starts_at
    for since in facts.levels:
        level = facts.terms.levels.get(since.key)
        asked = level.inform if level else None
        if asked and not limit:
            start = since.at
        limit = asked
    if limit is None:
        return None
    told = _end(facts, facts.first(Kind.INFORMED))
    return _clock(ClockName.INFORM, facts, start, _Limits(limit), told, now)


def _arrival(facts: FaultFacts, now: datetime) -> Clock | None:
    limits = _limits_of(facts.levels, {key: level.arrival for key, level in facts.terms.levels.items()})
    start = _start(facts, facts.terms.arrival_from)
    return _clock(ClockName.ARRIVAL, facts, start, limits, _end(facts, facts.arrived), now)


def _handling(facts: FaultFacts, now: datetime) -> Clock | None:
    limits = _limits_of(facts.levels, {key: level.handling for key, level in facts.terms.levels.items()})
    start = _start(facts, facts.terms.handling_from)
    return _clock(ClockName.HANDLING, facts, start, limits, _end(facts, _handled(facts)), now)


def _vendor(facts: FaultFacts, now: datetime) -> Clock | None:
    """From "not solvable by own staff, vendor called" until the maker is on site; repair without them ends it, too."""
    called = facts.first(Kind.VENDOR_CALLED)
    limits = _limits_of(facts.impacts, {key: impact.vendor for key, impact in facts.terms.impacts.items()})
    if called is None or not facts.terms.impacts:
        return None
    there = next((step for step in facts.in_order if step.kind == Kind.VENDOR_ARRIVED and step.at >= called.at), None)
    ended = min((step for step in (there, _handled(facts)) if step), key=lambda step: step.at, default=None)
    return _clock(ClockName.VENDOR, facts, called.at, limits, _end(facts, ended), now)


def _software(facts: FaultFacts, now: datetime) -> Clock | None:
    if facts.catalogue_number not in facts.terms.software_kinds:
        return None
    ends = facts.terms.end_of_working_days(facts.starts_at, facts.calendar)
    if ends is None:
        return None
    limits = _Limits(ends - facts.starts_at)
    clock = _clock(ClockName.SOFTWARE, facts, facts.starts_at, limits, _end(facts, _handled(facts)), now)
    return replace(clock, own_days=_differing(clock, facts))


def _handled(facts: FaultFacts) -> Step | None:
    return facts.restored if facts.terms.handling_until == "restored" else facts.repaired


def _start(facts: FaultFacts, rule: str) -> datetime | None:
    """The report, or the moment of response (R41): then it waits for it. Nothing starts before the report."""
    if rule != FROM_RESPONSE:
        return facts.starts_at
    return max(facts.responded.at, facts.starts_at) if facts.responded else None


def _end(facts: FaultFacts, step: Step | None) -> tuple[datetime, str] | None:
    """What ended a clock: its step, or else the closing of the fault."""
    if step:
        return step.at, step.kind
    return (facts.closed_at, Kind.CLOSED.value) if facts.closed_at else None


def _limits_of(history: Sequence[Since], limits: dict[str, timedelta | None] | dict[str, timedelta]) -> _Limits:
    replaced = [
        (since, limit, after.at)
        for since, after in pairwise(history)
        if (limit := limits.get(since.key)) and limit != limits.get(after.key)
    ]
    return _Limits(limits.get(history[-1].key), tuple(replaced))


def _clock(
    name: ClockName,
    facts: FaultFacts,
    start: datetime | None,
    limits: _Limits,
    end: tuple[datetime, str] | None,
    now: datetime,
    hours: _Hours | None = None,
) -> Clock:
    if start is None:
        met_at, met_by = end or (None, "")
        return Clock(name, ClockState.MET if end else ClockState.WAITING, None, limits.now, None, met_at, met_by)
    pauses = _spans(facts)
    met_at, met_by = end or (None, "")
    until = max(start, met_at or now)

    def due(limit: timedelta, without: Sequence[Span] = pauses) -> datetime | None:
        return moment_after(start, limit, without, hours)

    due_at = due(limits.now) if limits.now else None
    paused_now = any(since <= now < until for since, until in pauses)
    return Clock(
        name=name,
        state=_state(due_at, met_at, now, is_paused=paused_now),
        started_at=start,
        limit=limits.now,
        due_at=due_at,
        met_at=met_at,
        met_by=met_by,
        used=counted(start, until, pauses, hours),
        ran=counted(start, until, (), hours),
        due_unpaused_at=due(limits.now, ()) if limits.now else None,
        earlier=tuple(
            EarlierDue(since.key, old, changed, changed > old and not (met_at and met_at <= old))
            for since, limit, changed in limits.earlier
            if (old := due(limit))
        ),
        warn_at={share: at for share in THRESHOLDS if limits.now and (at := due(limits.now * share / 100))},
    )


def _state(due_at: datetime | None, met_at: datetime | None, now: datetime, *, is_paused: bool) -> ClockState:
    if met_at is not None:
        return ClockState.LATE if due_at and met_at > due_at else ClockState.MET
    if due_at and now > due_at:
        return ClockState.OVERDUE
    return ClockState.PAUSED if is_paused else ClockState.RUNNING


def _office(facts: FaultFacts) -> _Hours | None:
    hours = facts.terms.office_hours
    return _Hours(hours, ZoneInfo(facts.terms.zone), facts.calendar) if hours else None


def _differing(clock: Clock, facts: FaultFacts) -> OwnDays:
    """The own days of the site between the start of a clock and its end."""
    zone = ZoneInfo(facts.terms.zone)
    first = facts.starts_at.astimezone(zone).date()
    ends = clock.due_at or clock.met_at
    last = ends.astimezone(zone).date() if ends else first
    return {day: facts.calendar[day] for day in sorted(facts.calendar) if first <= day <= last}


def _spans(facts: FaultFacts) -> list[Span]:
    """Agreed pauses, in order and joined where they overlap; one without an end lasts for ever."""
    for_ever = datetime.max.replace(tzinfo=UTC)
    agreed = sorted((each.starts_at, each.ends_at or for_ever) for each in facts.pauses if each.is_agreed)
    joined: list[Span] = []
    for since, until in agreed:
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        elif since < until:
            joined.append((since, until))
    return joined


def _running(start: datetime, end: datetime, pauses: Sequence[Span], hours: _Hours | None) -> Iterator[Span]:
    """The spans between two moments in which a clock runs, in order."""
    for opens, closes in _open(start, end, hours):
        since = opens
        for pause_from, pause_until in pauses:
            if pause_until <= since or pause_from >= closes:
                continue
            if pause_from > since:
                yield since, pause_from
            since = min(pause_until, closes)
        if since < closes:
            yield since, closes


def _open(start: datetime, end: datetime, hours: _Hours | None) -> Iterator[Span]:
    """All of it, or the office hours within it."""
    if hours is None:
        yield start, end
        return
    day = start.astimezone(hours.zone)
    while (midnight := datetime.combine(day.date(), time(), hours.zone)) < end:
        if hours.hours.open_on(day, hours.own):
            since = max(start, datetime.combine(day.date(), hours.hours.starts, hours.zone).astimezone(UTC))
            until = min(end, datetime.combine(day.date(), hours.hours.ends, hours.zone).astimezone(UTC))
            if since < until:
                yield since, until
        day = midnight + timedelta(days=1)
