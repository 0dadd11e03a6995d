"""How a month is counted: percentages that never flatter, what became of a row, what a complete month lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

TENTH = Decimal("0.1")


def percent(part: int, whole: int) -> Decimal | None:
    """Share in per cent with one decimal, rounded down: 99.96 is 99.9, and 100 means all. None of nothing."""
    if whole <= 0:
        return None
    share = (Decimal(100) * part / whole).quantize(TENTH, rounding=ROUND_DOWN)
    return share.quantize(Decimal(1)) if share == share.to_integral_value() else share


@dataclass(frozen=True)
class Units:
    """The units of one row (R2)."""

    checked: int
    explained: int


def units_of(total: int, checked: Iterable[int], *, is_explained: bool) -> Units:
    """What became of the `total` units of a row.

    `checked` are the counts of its standing inspections: the largest is taken, because two rounds may have seen the
    same units. It never exceeds `total`, which may have been corrected since. The rest has a reason or not.
    """
    seen = min(max(checked, default=0), total)
    return Units(seen, total - seen if is_explained else 0)


def weeks_of(first: date, last: date) -> list[tuple[date, date]]:
    """The days of a month in pieces of seven: 1–7, 8–14, 15–21, 22–28 and the rest."""
    pieces = []
    start = first
    while start <= last:
        end = min(start + timedelta(days=6), last)
        pieces.append((start, end))
        start = end + timedelta(days=1)
    return pieces
