"""What is to be done: the rounds of a month, the next device, what falls due each week. Pure decisions."""

from __future__ import annotations

import enum
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from webapp.assets.models import Asset, System
from webapp.inspections.models import Inspection
from webapp.plans.lines import PlannedLine
from webapp.sites.models import ServiceLine


class State(enum.StrEnum):
    """How a row of a round stands in the month."""

    TODO = "todo"
    OK = "ok"
    ABNORMAL = "abnormal"
    RETURNED = "returned"  # the bureau sent it back: counts as not done (R7)


@dataclass(frozen=True)
class Row:
    """A device or place that is due, with what was done about it in the month."""

    asset: Asset
    state: State
    units: int  # how many units were checked
    inspection_id: uuid.UUID | None  # the newest standing one, or the one to repeat

    @property
    def is_done(self) -> bool:
        """Whether a standing inspection is there (R1)."""
        return self.state in (State.OK, State.ABNORMAL)

    @property
    def units_due(self) -> int:
        """How many units the row stands for (R2); a place is one."""
        return 1 if self.asset.is_place else self.asset.units


@dataclass(frozen=True)
class Count:
    """Rows and units, done and due; how many rows have something abnormal."""

    done: int
    due: int
    units_done: int
    units_due: int
    abnormal: int


@dataclass(frozen=True)
class Round:
    """A service line in a month: the rows of its list, and beside them its places (vehicle, rooms, cabling)."""

    line: ServiceLine
    rows: Sequence[Row]
    places: Sequence[Row]

    @cached_property
    def count(self) -> Count:
        """Over the rows of the list; places are counted apart, as in the month."""
        return count(self.rows)

    @cached_property
    def next_row(self) -> Row | None:
        """The first row not done, in printed order; after the list its places. None: all is done."""
        return next((row for row in (*self.rows, *self.places) if not row.is_done), None)

    @property
    def ticks(self) -> list[str]:
        """One state per row, the next one marked, for kit.charts.ticks."""
        names = {State.RETURNED: "todo"}
        return ["now" if row is self.next_row else names.get(row.state, row.state.value) for row in self.rows]

    @property
    def systems(self) -> list[tuple[System, list[Row]]]:
        """The rows under their systems, in printed order."""
        found: dict[uuid.UUID, tuple[System, list[Row]]] = {}
        for row in self.rows:
            found.setdefault(row.asset.system_id, (row.asset.system, []))[1].append(row)
        return list(found.values())


def count(rows: Iterable[Row]) -> Count:
    """Adds rows up."""
    listed = list(rows)
    return Count(
        done=sum(row.is_done for row in listed),
        due=len(listed),
        units_done=sum(row.units for row in listed),
        units_due=sum(row.units_due for row in listed),
        abnormal=sum(row.state is State.ABNORMAL for row in listed),
    )


def rounds(due: Iterable[Asset], standing: Iterable[Inspection], returned: Iterable[Inspection]) -> list[Round]:
    """The rounds of a month. `due` in printed order with system and line, `standing` of the month, oldest first.

    A row that was sent back is to be repeated as long as no standing inspection of the month takes its place.
    """
    done: dict[uuid.UUID, list[Inspection]] = defaultdict(list)
    for inspection in standing:
        done[inspection.asset_id].append(inspection)
    back = {inspection.asset_id: inspection.id for inspection in returned}
    lines: dict[int, tuple[ServiceLine, list[Row]]] = {}
    for asset in due:
        line = asset.system.service_line
        lines.setdefault(line.number, (line, []))[1].append(row_of(asset, done[asset.id], back.get(asset.id)))
    return [
        Round(line, [row for row in rows if not row.asset.is_place], [row for row in rows if row.asset.is_place])
        for _number, (line, rows) in sorted(lines.items())
    ]


def row_of(asset: Asset, standing: Sequence[Inspection], returned_id: uuid.UUID | None) -> Row:
    """How one asset stands. Of several inspections the most units count: two rounds may have seen the same (R2)."""
    if not standing:
        return Row(asset, State.RETURNED if returned_id else State.TODO, 0, returned_id)
    is_abnormal = any(inspection.verdict == "abnormal" for inspection in standing)
    total = 1 if asset.is_place else asset.units
    units = min(total, max(inspection.units_checked for inspection in standing))
    return Row(asset, State.ABNORMAL if is_abnormal else State.OK, units, standing[-1].id)


def week_of(today: date) -> tuple[date, date]:
    """First and last day, Monday to Sunday, of the week of a day."""
    monday = today - timedelta(days=today.weekday())
    return monday, monday + timedelta(days=6)


def weekly_due(
    places: Iterable[Asset], frequencies: Mapping[uuid.UUID, Collection[str]], done: Collection[uuid.UUID]
) -> list[Asset]:
    """The places with weekly items that nobody has inspected this week (R25).

    `frequencies`: asset id → the frequencies of its checklist's items. Weekly items of devices are asked in the round.
    """
    return [place for place in places if "weekly" in frequencies.get(place.id, ()) and place.id not in done]


COMING_DAYS = 7


@dataclass(frozen=True)
class Share:
    """What one person has to do by the plan, or to accompany: overdue, today, in the next days; done of today's."""

    overdue: Sequence[PlannedLine]
    today: Sequence[PlannedLine]
    coming: Sequence[PlannedLine]
    done_today: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the plan is theirs now."""
        return not (self.overdue or self.today or self.coming or self.done_today)


def share_of(lines: Iterable[PlannedLine], person_id: uuid.UUID, today: date) -> Share:
    """The lines of a plan that a person inspects or accompanies, as of a day; cancelled ones are nobody's."""
    mine = [line for line in lines if person_id in (line.technician_id, line.supervisor_id) and not line.is_cancelled]
    still = [line for line in mine if line.is_open]
    until = today + timedelta(days=COMING_DAYS)
    return Share(
        overdue=[line for line in still if line.day < today],
        today=[line for line in still if line.day == today],
        coming=[line for line in still if today < line.day <= until],
        done_today=sum(line.day == today and not line.is_open for line in mine),
    )
