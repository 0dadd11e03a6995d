"""Figures of a month about its faults (R79–R81): availability, timeliness, repeats, times to repair and between faults.

Pure: facts of faults, assets with their service periods and the present moment in, plain values out. Times are counted
in whole seconds, shares are Decimals, so that the same records give the same figures everywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from webapp.faults.clocks import Clock, handling_of
from webapp.faults.facts import FaultFacts
from webapp.faults.repeats import Repeat, candidates, repeat_of
from webapp.reports.rules import percent

Span = tuple[datetime, datetime]
SECOND = timedelta(seconds=1)
LOOKING_BACK = timedelta(days=31)  # repeats look back thirty days, deadlines a few hours; in whole days of any zone


@dataclass(frozen=True)
class Served:
    """An asset in service from one moment to another; `units` is what its row stands for (R2)."""

    asset_id: uuid.UUID
    code: str
    name: str
    system_id: uuid.UUID
    system: str
    line_number: int
    units: int
    since: datetime
    until: datetime


@dataclass(frozen=True)
class FaultFigure:
    """One fault with all that the figures of a month take from it. `down_seconds`: of this month, before overlaps."""

    id: uuid.UUID
    number: str
    asset_id: uuid.UUID | None
    code: str
    asset: str
    system_id: uuid.UUID | None
    level: str
    text: str
    cause: str
    reported_at: datetime
    restored_at: datetime | None
    repaired_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None
    is_raised: bool  # reported in the month
    is_due: bool  # its limit for handling ends in the month
    is_in_time: bool | None  # None: the limit is not over yet
    is_repaired: bool  # fully, in the month
    is_failure: bool  # a device failed; advice is no failure
    down_seconds: int
    repair_seconds: int
    repeat: Repeat = Repeat.NO
    repeats_number: str = ""  # the earlier fault


@dataclass(frozen=True)
class SystemFigures:
    """The sums of one system, or of all. Seconds are multiplied with units, but for repairs."""

    system_id: uuid.UUID | None
    name: str
    line_number: int
    raised: int
    failures: int
    due: int
    in_time: int
    late: int
    service_seconds: int
    down_seconds: int
    repairs: int
    repair_seconds: int
    repeats: int  # confirmed by the bureau
    proposed: int  # the bureau has not said

    @property
    def availability(self) -> Decimal | None:
        """Service time without down time, in per cent, rounded down (R80); None where nothing was in service."""
        return exact_percent(self.service_seconds - self.down_seconds, self.service_seconds)

    @property
    def timeliness(self) -> Decimal:
        """Repaired within the limit of those due and decided, in per cent; none due is 100 (R79)."""
        return percent(self.in_time, self.in_time + self.late) or Decimal(0 if self.late else 100)

    @property
    def mttr(self) -> int | None:
        """Mean minutes from the report to the full repair; None without a repair."""
        return self.repair_seconds // 60 // self.repairs if self.repairs else None

    @property
    def mtbf(self) -> int | None:
        """Mean minutes in service between failures; None without a failure."""
        return (self.service_seconds - self.down_seconds) // 60 // self.failures if self.failures else None

    @property
    def is_low(self) -> bool:
        """Availability below the 99 % of the contract (R80)."""
        return self.availability is not None and self.availability < 99

    @property
    def is_untimely(self) -> bool:
        """Timeliness below the 98 % of the contract (R79)."""
        return self.timeliness < 98


@dataclass(frozen=True)
class FaultFigures:
    """The figures of a month, by system and in all, with the faults behind them."""

    systems: tuple[SystemFigures, ...]
    total: SystemFigures
    faults: tuple[FaultFigure, ...]  # in the order of reporting


def figures_between(
    span: Span,
    now: datetime,
    served: Sequence[Served],
    faults: Iterable[FaultFacts],
    decisions: Mapping[uuid.UUID, bool],
    clocks: Mapping[uuid.UUID, Clock | None] | None = None,
) -> FaultFigures:
    """The figures of a month from its first moment to that of the next one, as known at `now`.

    Nothing is counted beyond `now`. `faults` reach back `LOOKING_BACK`, for repeats and for limits that end here.
    `clocks`: the clocks of handling, where several months need them.
    """
    start, end = span
    known = [fault.known_at(now) for fault in faults if fault.reported_at <= now]
    places = {each.asset_id: each for each in served}
    earlier = {each.fault.id: each.earlier.number for each in candidates(known)}
    clocks = handling_clocks(known, now) if clocks is None else clocks
    shown = []
    for fault in known:
        said = earlier.get(fault.id, ""), decisions.get(fault.id)
        figure = _figure(fault, span, now, places, clocks[fault.id], *said)
        if figure.is_raised or figure.is_due or figure.is_repaired or figure.down_seconds:
            shown.append(figure)
    seen = (start, max(start, min(end, now)))
    down = _down_of_assets([fault for fault in known if _is_failure(fault)], places, seen)
    by_system: dict[uuid.UUID, list[Served]] = {}
    for each in served:
        by_system.setdefault(each.system_id, []).append(each)
    systems = tuple(
        _sums(system_id, assets[0].system, assets[0].line_number, assets, shown, down, seen)
        for system_id, assets in by_system.items()
    )
    total = _sums(None, "", 0, served, shown, down, seen)
    return FaultFigures(systems, total, tuple(sorted(shown, key=lambda each: (each.reported_at, each.number))))


def handling_clocks(faults: Iterable[FaultFacts], now: datetime) -> dict[uuid.UUID, Clock | None]:
    """Fault → its clock of handling as it stands at `now`."""
    return {fault.id: handling_of(fault, now) for fault in faults}


def united(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps, in order."""
    joined: list[Span] = []
    for since, until in sorted(span for span in spans if span[0] < span[1]):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(until, joined[-1][1]))
        else:
            joined.append((since, until))
    return joined


def seconds_in(spans: Iterable[Span]) -> int:
    """How long spans are together, in whole seconds."""
    return sum(((until - since) // SECOND for since, until in spans), 0)


def clipped(span: Span, bounds: Span) -> Span:
    """The part of a span within bounds; of no length where there is none."""
    since = max(span[0], bounds[0])
    return since, max(since, min(span[1], bounds[1]))


def exact_percent(part: int, whole: int) -> Decimal | None:
    """Share in per cent with two decimals, rounded down; 100 is really all. None of nothing."""
    if whole <= 0:
        return None
    hundredths = 10_000 * part // whole
    return Decimal(100) if hundredths == 10_000 else Decimal(hundredths) / 100


def down_span(fault: FaultFacts, end: datetime) -> Span:
    """From the report until service runs again; until `end` where it does not. Closed without a word: the closing."""
    until = fault.restored.at if fault.restored else fault.closed_at
    return fault.reported_at, max(fault.reported_at, until or end)


def _is_failure(fault: FaultFacts) -> bool:
    """Whether a device failed. A level that only asks for an answer is advice (R39)."""
    level = fault.terms.levels.get(fault.levels[-1].key)
    return level is None or level.record != "answer"


def _figure(
    fault: FaultFacts,
    span: Span,
    now: datetime,
    places: Mapping[uuid.UUID, Served],
    handling: Clock | None,
    earlier: str,
    decision: bool | None,
) -> FaultFigure:
    start, end = span
    due_at = handling.due_at if handling else None
    place = places.get(fault.asset_id) if fault.asset_id else None
    repaired = fault.repaired.at if fault.repaired else None
    is_failure, is_raised = _is_failure(fault), start <= fault.reported_at < end
    down = (
        clipped(clipped(down_span(fault, now), span), (place.since, min(place.until, max(now, place.since))))
        if is_failure and place
        else (start, start)
    )
    return FaultFigure(
        id=fault.id,
        number=fault.number,
        asset_id=fault.asset_id,
        code=place.code if place else "",
        asset=place.name if place else "",
        system_id=place.system_id if place else None,
        level=fault.levels[-1].key,
        text=fault.text,
        cause=fault.cause_class,
        reported_at=fault.reported_at,
        restored_at=fault.restored.at if fault.restored else None,
        repaired_at=repaired,
        closed_at=fault.closed_at,
        due_at=due_at,
        is_raised=is_raised,
        is_due=due_at is not None and start <= due_at < end,
        is_in_time=handling.is_in_time if handling else None,
        is_repaired=is_failure and repaired is not None and start <= repaired < end,
        is_failure=is_failure,
        down_seconds=seconds_in([down]),
        repair_seconds=max(0, (repaired - fault.reported_at) // SECOND) if repaired else 0,
        repeat=repeat_of(bool(earlier), decision),
        repeats_number=earlier,
    )


def _down_of_assets(
    faults: Iterable[FaultFacts], places: Mapping[uuid.UUID, Served], seen: Span
) -> dict[uuid.UUID, int]:
    """Asset → seconds in which at least one fault kept it down, within its service and the time seen."""
    spans: dict[uuid.UUID, list[Span]] = {}
    for fault in faults:
        if fault.asset_id and (place := places.get(fault.asset_id)):
            within = clipped((place.since, place.until), seen)
            spans.setdefault(fault.asset_id, []).append(clipped(down_span(fault, seen[1]), within))
    return {asset_id: seconds_in(united(each)) for asset_id, each in spans.items()}


def _sums(
    system_id: uuid.UUID | None,
    name: str,
    line_number: int,
    served: Collection[Served],
    faults: Sequence[FaultFigure],
    down: Mapping[uuid.UUID, int],
    seen: Span,
) -> SystemFigures:
    here = [fault for fault in faults if system_id is None or fault.system_id == system_id]
    raised = [fault for fault in here if fault.is_raised]
    due = [fault for fault in here if fault.is_due]
    repaired = [fault for fault in here if fault.is_repaired]
    return SystemFigures(
        system_id=system_id,
        name=name,
        line_number=line_number,
        raised=len(raised),
        failures=sum(fault.is_failure for fault in raised),
        due=len(due),
        in_time=sum(fault.is_in_time is True for fault in due),
        late=sum(fault.is_in_time is False for fault in due),
        service_seconds=sum(each.units * seconds_in([clipped((each.since, each.until), seen)]) for each in served),
        down_seconds=sum(each.units * down.get(each.asset_id, 0) for each in served),
        repairs=len(repaired),
        repair_seconds=sum(fault.repair_seconds for fault in repaired),
        repeats=sum(fault.repeat is Repeat.CONFIRMED for fault in raised),
        proposed=sum(fault.repeat is Repeat.PROPOSED for fault in raised),
    )
