"""Spreading checks over days and people. Pure and deterministic: the same needs give the same plan.

A system stays together on one day as long as it is not much more than a day's even share; then the fullest pieces go
first to the emptiest of their days. Of the people the one with the least work is next; a day has one supervisor.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from webapp.plans.needs import Need

TOGETHER = 150  # per cent of a day's even share up to which a system is not divided


@dataclass(frozen=True)
class Taken:
    """Work that is planned already: it weighs, but is not moved."""

    day: date
    minutes: int
    technician: uuid.UUID | None
    supervisor: uuid.UUID | None


@dataclass(frozen=True)
class Placed:
    """A need with its day and its people; None where the site has nobody."""

    need: Need
    day: date
    technician: uuid.UUID | None
    supervisor: uuid.UUID | None


def spread(
    needs: Sequence[Need],
    technicians: Sequence[uuid.UUID],
    supervisors: Sequence[uuid.UUID],
    taken: Sequence[Taken] = (),
) -> list[Placed]:
    """Gives every need one of its days, a technician and a supervisor, evenly; in the order of the days."""
    most = most_together(needs, taken)
    minutes: dict[date, int] = defaultdict(int)
    for one in taken:
        minutes[one.day] += one.minutes
    by_day: dict[date, list[list[Need]]] = defaultdict(list)
    for piece in _in_order_of_choice(_pieces(needs, most)):
        day = min(piece[0].days, key=lambda day: (minutes[day], day))
        minutes[day] += _minutes(piece)
        by_day[day].append(piece)
    return list(_staffed(by_day, technicians, supervisors, taken))


def most_together(needs: Sequence[Need], taken: Sequence[Taken] = ()) -> int:
    """How many minutes of one system may stand on one day."""
    days = {day for need in needs for day in need.days} | {one.day for one in taken}
    total = sum(need.minutes for need in needs) + sum(one.minutes for one in taken)
    share = -(-total // len(days)) if days else 0
    return max([share * TOGETHER // 100] + [need.minutes for need in needs])


def _pieces(needs: Iterable[Need], most: int) -> Iterator[list[Need]]:
    """The needs of one system with the same days, divided into equal pieces where they are too many for a day."""
    groups: dict[tuple[str, tuple[date, ...]], list[Need]] = {}
    for need in needs:
        groups.setdefault((need.group, need.days), []).append(need)
    for (_group, days), listed in groups.items():
        parts = 1 if len(days) == 1 else -(-_minutes(listed) // most)
        each = -(-_minutes(listed) // parts)
        piece: list[Need] = []
        for need in listed:
            if piece and _minutes(piece) + need.minutes > max(each, need.minutes):
                yield piece
                piece = []
            piece.append(need)
        yield piece


def _in_order_of_choice(pieces: Iterable[list[Need]]) -> list[list[Need]]:
    """Those with the fewest days to choose from first, of these the largest; else in printed order."""
    return sorted(pieces, key=lambda piece: (len(piece[0].days), -_minutes(piece)))


def _staffed(
    by_day: dict[date, list[list[Need]]],
    technicians: Sequence[uuid.UUID],
    supervisors: Sequence[uuid.UUID],
    taken: Sequence[Taken],
) -> Iterator[Placed]:
    work: dict[uuid.UUID, int] = defaultdict(int)
    watch: dict[uuid.UUID, int] = defaultdict(int)
    present: dict[date, uuid.UUID] = {}
    for one in taken:
        if one.technician:
            work[one.technician] += one.minutes
        if one.supervisor:
            watch[one.supervisor] += one.minutes
            present.setdefault(one.day, one.supervisor)
    for day in sorted(by_day):
        supervisor = present.get(day) or _least(supervisors, watch)
        for piece in by_day[day]:
            technician = _least(technicians, work)
            if technician:
                work[technician] += _minutes(piece)
            if supervisor:
                watch[supervisor] += _minutes(piece)
            yield from (Placed(need, day, technician, supervisor) for need in piece)


def _least(people: Sequence[uuid.UUID], load: dict[uuid.UUID, int]) -> uuid.UUID | None:
    """Who has least to do; of several the first in the list."""
    return min(people, key=lambda one: (load[one], people.index(one)), default=None)


def _minutes(needs: Iterable[Need]) -> int:
    return sum(need.minutes for need in needs)
