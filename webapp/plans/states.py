"""How planned lines stand: which inspection is meant by which line, and what follows. Pure: data and `now` in.

One inspection counts for one line only. First each line takes an inspection of its own time (its week, its month, the
day before a presentation), the narrowest first; what is left over then serves the lines that are still open, as late,
or, once the month is over, as made up. What serves no line is work outside the plan.
"""

from __future__ import annotations

import enum
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from webapp.kit.clock import Month, local_day


class LineState(enum.StrEnum):
    """How a planned line stands at a moment."""

    PENDING = "pending"  # not done, its time is not over
    IN_PROGRESS = "in_progress"  # only part of the units, or sent back and not yet repeated
    DONE = "done"  # a standing inspection on or before the planned day
    LATE = "late"  # after the planned day, within the month
    MADE_UP = "made_up"  # after the month ended
    MISSED = "missed"  # the month is over and it was not done
    CANCELLED = "cancelled"  # taken out with the bureau's approval


OPEN_STATES = (LineState.PENDING, LineState.IN_PROGRESS)
DONE_STATES = (LineState.DONE, LineState.LATE, LineState.MADE_UP)


@dataclass(frozen=True)
class StateCount:
    """How many lines are planned and how many of them stand in each state: planned = sum of states, always."""

    planned: int = 0
    pending: int = 0
    in_progress: int = 0
    done: int = 0
    late: int = 0
    made_up: int = 0
    missed: int = 0
    cancelled: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the states add up to what is planned."""
        return self.planned == sum(getattr(self, state.value) for state in LineState)

    @property
    def fulfilled(self) -> int:
        """Done in whatever time."""
        return self.done + self.late + self.made_up

    def __add__(self, other: StateCount) -> StateCount:
        """Both together."""
        return StateCount(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True)
class Expected:
    """A planned line as far as its state depends on it."""

    id: uuid.UUID
    asset_id: uuid.UUID
    day: date
    opens_at: datetime
    closes_at: datetime
    due_at: datetime | None = None
    is_cancelled: bool = False


@dataclass(frozen=True)
class Work:
    """An inspection: when, whether it stands (neither sent back nor replaced), whether it holds all units."""

    id: uuid.UUID
    asset_id: uuid.UUID
    finished_at: datetime
    is_standing: bool = True
    is_whole: bool = True
    reason: str = ""  # why units were left out


@dataclass(frozen=True)
class Standing:
    """What became of one line."""

    state: LineState
    is_overdue: bool = False
    done_at: datetime | None = None
    work_id: uuid.UUID | None = None
    is_returned: bool = False  # that inspection was sent back and is to be repeated
    reason: str = ""


@dataclass(frozen=True)
class Frame:
    """A month in a zone, and the moment from which it is looked at."""

    month: Month
    zone: str
    now: datetime

    @property
    def end(self) -> datetime:
        """First moment after the month."""
        return self.month.bounds(self.zone)[1]

    @property
    def is_over(self) -> bool:
        """Whether the month is over."""
        return self.now >= self.end


def standings(
    lines: Sequence[Expected], works: Iterable[Work], frame: Frame
) -> tuple[dict[uuid.UUID, Standing], list[Work]]:
    """Line id → how it stands; and the standing inspections that served no line, oldest first."""
    here = sorted((work for work in works if work.finished_at <= frame.now), key=lambda work: work.finished_at)
    wanted = [line for line in lines if not line.is_cancelled]
    served, spare = serve(wanted, here, frame.zone)
    unfinished: dict[uuid.UUID, list[Work]] = defaultdict(list)
    for work in here:
        if work.id not in {one.id for one in served.values()} and not (work.is_standing and work.is_whole):
            unfinished[work.asset_id].append(work)
    found = {
        line.id: _standing(line, served.get(line.id), unfinished[line.asset_id], frame)
        if not line.is_cancelled
        else Standing(LineState.CANCELLED)
        for line in lines
    }
    in_progress = {one.work_id for one in found.values() if one.work_id}
    return found, [work for work in spare if work.finished_at < frame.end and work.id not in in_progress]


def serve(lines: Sequence[Expected], works: Sequence[Work], zone: str) -> tuple[dict[uuid.UUID, Work], list[Work]]:
    """Line id → the inspection that serves it; and the standing inspections left over. `works` oldest first."""
    spare: dict[uuid.UUID, list[Work]] = defaultdict(list)
    for work in works:
        if work.is_standing and work.is_whole:
            spare[work.asset_id].append(work)
    found: dict[uuid.UUID, Work] = {}
    narrow_first = sorted(lines, key=lambda line: (line.closes_at - line.opens_at, deadline(line, zone), str(line.id)))
    for line in narrow_first:
        _take(line, spare, found, lambda work, line=line: line.opens_at <= work.finished_at < line.closes_at)
    for line in sorted(lines, key=lambda line: (deadline(line, zone), str(line.id))):
        if line.id not in found:
            _take(line, spare, found, lambda work, line=line: work.finished_at >= line.opens_at)
    left = [work for listed in spare.values() for work in listed]
    partial = [work for work in works if work.is_standing and not work.is_whole]
    return found, sorted(left + partial, key=lambda work: work.finished_at)


def deadline(line: Expected, zone: str) -> datetime:
    """Until when a line is done in time: its hour where it has one, else the end of its day."""
    return line.due_at or datetime.combine(line.day + timedelta(days=1), time(), ZoneInfo(zone))


def count(states: Iterable[LineState]) -> StateCount:
    """Adds states up."""
    numbers: dict[str, int] = defaultdict(int)
    for state in states:
        numbers[state.value] += 1
    return StateCount(planned=sum(numbers.values()), **numbers)


def counts_by(pairs: Iterable[tuple[Any, LineState]]) -> dict[Any, StateCount]:
    """What lines are grouped by → their counts, in the order in which the groups appear."""
    groups: dict[Any, list[LineState]] = {}
    for key, state in pairs:
        groups.setdefault(key, []).append(state)
    return {key: count(states) for key, states in groups.items()}


def _take(line: Expected, spare: Mapping[uuid.UUID, list[Work]], found: dict[uuid.UUID, Work], fits: Any) -> None:
    listed = spare.get(line.asset_id, [])
    chosen = next((work for work in listed if fits(work)), None)
    if chosen:
        listed.remove(chosen)
        found[line.id] = chosen


def _standing(line: Expected, work: Work | None, unfinished: Sequence[Work], frame: Frame) -> Standing:
    if work:
        return Standing(_done_state(line, work, frame), done_at=work.finished_at, work_id=work.id)
    begun = [one for one in unfinished if line.opens_at <= one.finished_at < frame.end]
    newest = begun[-1] if begun else None
    reason = newest.reason if newest and newest.is_standing else ""
    if frame.is_over:
        return Standing(LineState.MISSED, work_id=newest.id if newest else None, reason=reason)
    is_overdue = frame.now >= deadline(line, frame.zone)
    if newest is None:
        return Standing(LineState.PENDING, is_overdue)
    is_returned = not newest.is_standing
    return Standing(LineState.IN_PROGRESS, is_overdue, work_id=newest.id, is_returned=is_returned, reason=reason)


def _done_state(line: Expected, work: Work, frame: Frame) -> LineState:
    if work.finished_at >= frame.end:
        return LineState.MADE_UP
    if line.due_at:
        return LineState.DONE if work.finished_at <= line.due_at else LineState.LATE
    return LineState.DONE if local_day(work.finished_at, frame.zone) <= line.day else LineState.LATE
