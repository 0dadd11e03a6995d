"""Pure decisions about assets: when they are due, who must keep them, what a printed line stands for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from webapp.assets.models import AssetKind, AssetStatus
from webapp.kit.clock import Month


class Line(Protocol):
    """A service line as far as the rules need it."""

    name: str
    starts_on: date
    ends_on: date


L = TypeVar("L", bound=Line)


def service_period(own: tuple[date | None, date | None], line: tuple[date, date]) -> tuple[date, date]:
    """First and last day of service: the asset's own days where it has some, else those of its line (R21)."""
    return own[0] or line[0], own[1] or line[1]


def is_due(status: str, period: tuple[date, date], month: Month) -> bool:
    """Whether the asset must be inspected in that month: not retired, and in service on at least one day (R1, R21)."""
    starts_on, ends_on = period
    return status != AssetStatus.RETIRED and starts_on <= month.last and ends_on >= month.first


def needs_keeper(status: str) -> bool:
    """Every asset in use or standby has a named keeper (R121)."""
    return status != AssetStatus.RETIRED


def kind_of(system: str, name: str) -> AssetKind:
    """Software where the printed system or name says so (软件, software), else a device. Places are never guessed."""
    printed = f"{system} {name}".casefold()
    return AssetKind.SOFTWARE if "软件" in printed or "software" in printed else AssetKind.DEVICE


def line_called(section: str, lines: Sequence[L]) -> L | None:
    """The service line that a printed heading means: named exactly so, or the longest name standing in the heading.

    A blank heading means the only line where a command centre has just one. None where nothing or two things fit.
    """
    if not section:
        return lines[0] if len(lines) == 1 else None
    fitting = sorted((line for line in lines if line.name in section), key=lambda line: len(line.name), reverse=True)
    if not fitting or (len(fitting) > 1 and len(fitting[0].name) == len(fitting[1].name)):
        return None
    return fitting[0]


def printed_order(rows: Iterable[tuple[str, int]]) -> list[tuple[int, int]]:
    """Printed number and position of the rows that have a number, by number."""
    return sorted((int(number), position) for number, position in rows if number.isdecimal())


def place_in_order(number: str, system: Sequence[tuple[int, int]], last: int) -> int:
    """Where a new row stands within its site: after the row of its system with the next smaller number (R16).

    Both rows share a position then and their codes decide. `system` is the `printed_order` of the rows already there,
    `last` the highest position of the site.
    """
    if not number.isdecimal() or not system or int(number) >= system[-1][0]:
        return last + 1
    before = bisect_right(system, int(number), key=lambda row: row[0])
    return system[before - 1][1] if before else system[0][1] - 1


def is_meant(code_pattern: str, code: str) -> bool:
    """Whether a remark's pattern ("SG-2-*,SG-3-*") means this code."""
    return any(fnmatchcase(code, pattern.strip()) for pattern in code_pattern.split(","))
