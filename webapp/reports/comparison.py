"""A month beside the months before it: coverage, abnormal rows, faults, hazards, re-inspections, photos (R95). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from webapp.reports.rules import percent

EARLIER_MONTHS = 5  # months before this one that the trend shows


@dataclass(frozen=True)
class MonthFigures:
    """The figures of one month that are set beside those of another. Rows are list rows, places are not counted."""

    month: str
    is_closed: bool
    due: int = 0
    done: int = 0
    units_due: int = 0
    units_checked: int = 0
    abnormal: int = 0
    given_back: int = 0
    faults: int = 0
    hazards: int = 0
    photos: int = 0

    @property
    def row_percent(self) -> Decimal | None:
        """Rows done of rows due; None where nothing was due."""
        return percent(self.done, self.due)

    @property
    def unit_percent(self) -> Decimal | None:
        """Units checked of units due; None where nothing was due."""
        return percent(self.units_checked, self.units_due)


@dataclass(frozen=True)
class ComparedLine:
    """One figure of two months. `name` is that of the figure, `unit` "%" or empty."""

    name: str
    unit: str
    before: Decimal | None
    now: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """How much it rose or fell; None where one of the months has no such figure."""
        return None if self.before is None or self.now is None else self.now - self.before


@dataclass(frozen=True)
class Comparison:
    """This month beside the last one; `is_closed`: the last one is taken from its sealed object."""

    month: str
    is_closed: bool
    lines: tuple[ComparedLine, ...]


def figures_named(month: str, figures: Mapping[str, int], *, is_closed: bool) -> MonthFigures:
    """The figures of a month by the names under which its page shows them, such as those kept when it was closed."""
    return MonthFigures(
        month=month,
        is_closed=is_closed,
        due=figures.get("due", 0),
        done=figures.get("done", 0),
        units_due=figures.get("units-due", 0),
        units_checked=figures.get("units-checked", 0),
        abnormal=figures.get("abnormal", 0),
        given_back=figures.get("given-back", 0),
        faults=figures.get("faults", 0),
        hazards=figures.get("hazards", 0),
        photos=figures.get("photos", 0),
    )


def compare(now: MonthFigures, before: MonthFigures) -> Comparison | None:
    """A month beside the one before; None where nothing was due before and nothing was done."""
    if not (before.due or before.photos or before.faults or before.hazards):
        return None
    pairs: list[tuple[str, str, Decimal | int | None, Decimal | int | None]] = [
        ("row-coverage", "%", before.row_percent, now.row_percent),
        ("unit-coverage", "%", before.unit_percent, now.unit_percent),
        ("done", "", before.done, now.done),
        ("units-checked", "", before.units_checked, now.units_checked),
        ("abnormal", "", before.abnormal, now.abnormal),
        ("given-back", "", before.given_back, now.given_back),
        ("faults", "", before.faults, now.faults),
        ("hazards", "", before.hazards, now.hazards),
        ("photos", "", before.photos, now.photos),
    ]
    lines = tuple(ComparedLine(name, unit, _decimal(then), _decimal(new)) for name, unit, then, new in pairs)
    return Comparison(before.month, before.is_closed, lines)


def _decimal(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else Decimal(value)
