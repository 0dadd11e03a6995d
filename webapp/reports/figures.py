"""The figures of the month that can be opened: each name stands for exactly the records behind the number shown."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.reports.plan_coverage import STATES, PlanLine
from webapp.reports.summary import MonthlySummary, Row, RowState


class Shape(enum.StrEnum):
    """What the records behind a figure are, and so how the list draws them."""

    ROWS = "rows"
    UNITS = "units"  # rows too; the figure is the sum of one of their unit columns
    INSPECTIONS = "inspections"
    ITEMS = "items"
    FINDINGS = "findings"
    JOINT_TESTS = "joint_tests"
    VISITS = "visits"
    PHOTOS = "photos"
    PLAN_LINES = "plan_lines"


@dataclass(frozen=True)
class Figure:
    """A figure: how its records look and how they are picked. `units` adds up a unit figure."""

    shape: Shape
    pick: Callable[[MonthlySummary], Sequence[Any]]
    units: Callable[[Row], int] | None = None


@dataclass(frozen=True)
class SheetLine:
    """A sheet with standing inspections of the month, signed or not."""

    id: uuid.UUID
    day: Any
    number: int
    technician: str
    inspections: int
    is_signed: bool


def _rows(keep: Callable[[Row], bool], *, of_places: bool = False) -> Figure:
    return Figure(Shape.ROWS, lambda month: [r for r in month.rows if r.is_place is of_places and keep(r)])


def _always(_row: Row) -> bool:
    return True


def _units(count: Callable[[Row], int]) -> Figure:
    return Figure(Shape.UNITS, lambda month: [r for r in month.rows if not r.is_place and count(r)], count)


def _findings(kind: str, *, only_open: bool) -> Figure:
    return Figure(
        Shape.FINDINGS,
        lambda month: [
            f for f in month.findings if f.kind == kind and (f.is_open if only_open else f.is_from_this_month)
        ],
    )


def _plan(keep: Callable[[PlanLine], bool]) -> Figure:
    return Figure(Shape.PLAN_LINES, lambda month: [p for p in month.plan.lines if keep(p)] if month.plan else [])


def _state(state: str) -> Figure:
    return _plan(lambda line: line.state == state)


def unsigned_visits(month: MonthlySummary) -> list[SheetLine]:
    """The sheets of the month that still lack a signature, oldest first."""
    return _sheets(month, is_signed=False)


def signed_visits(month: MonthlySummary) -> list[SheetLine]:
    """The signed sheets of the month, oldest first: they are attached to the report (R95)."""
    return _sheets(month, is_signed=True)


def _sheets(month: MonthlySummary, *, is_signed: bool) -> list[SheetLine]:
    found: dict[uuid.UUID, SheetLine] = {}
    for line in month.standing:
        if line.is_sealed is is_signed:
            before = found[line.visit_id].inspections if line.visit_id in found else 0
            found[line.visit_id] = SheetLine(
                line.visit_id, line.visit_day, line.visit_number, line.technician, before + 1, is_signed
            )
    return sorted(found.values(), key=lambda sheet: (sheet.day, sheet.technician, sheet.number))


def figure_of_state(state: str) -> str:
    """The name of the figure that counts the planned checks of a state: made_up is plan-made-up."""
    return f"plan-{state.replace('_', '-')}"


FIGURES: dict[str, Figure] = {
    "due": _rows(_always),
    "done": _rows(lambda r: r.state is RowState.DONE),
    "explained": _rows(lambda r: r.state is RowState.EXPLAINED),
    "open": _rows(lambda r: r.state is RowState.OPEN),
    "signed": _rows(lambda r: r.is_signed),
    "abnormal": _rows(lambda r: r.is_abnormal),
    "returned": _rows(lambda r: r.is_returned),
    "outside-contract": _rows(lambda r: r.is_outside_contract),
    "places-due": _rows(_always, of_places=True),
    "places-done": _rows(lambda r: r.state is RowState.DONE, of_places=True),
    "places-explained": _rows(lambda r: r.state is RowState.EXPLAINED, of_places=True),
    "places-open": _rows(lambda r: r.state is RowState.OPEN, of_places=True),
    "places-abnormal": _rows(lambda r: r.is_abnormal, of_places=True),
    "partly-open": Figure(
        Shape.ROWS, lambda month: [r for r in month.rows if r.state is RowState.DONE and r.units_open]
    ),
    "units-due": _units(lambda r: r.units),
    "units-checked": _units(lambda r: r.units_checked),
    "units-explained": _units(lambda r: r.units_explained),
    "units-open": _units(lambda r: r.units_open),
    "inspections": Figure(Shape.INSPECTIONS, lambda month: month.standing),
    "given-back": Figure(Shape.INSPECTIONS, lambda month: [i for i in month.inspections if i.return_reasons]),
    "advice": Figure(Shape.INSPECTIONS, lambda month: month.advice),
    "abnormal-items": Figure(Shape.ITEMS, lambda month: month.abnormal),
    "out-of-limits": Figure(Shape.ITEMS, lambda month: month.out_of_limits),
    "faults": _findings("fault", only_open=False),
    "faults-open": _findings("fault", only_open=True),
    "hazards": _findings("hazard", only_open=False),
    "hazards-open": _findings("hazard", only_open=True),
    "joint-tests": Figure(Shape.JOINT_TESTS, lambda month: month.joint_tests),
    "untold": Figure(Shape.FINDINGS, lambda month: month.untold),
    "unsigned-visits": Figure(Shape.VISITS, unsigned_visits),
    "signed-visits": Figure(Shape.VISITS, signed_visits),
    "planned": _plan(lambda _line: True),
    **{figure_of_state(state): _state(state) for state in STATES},
    "plan-unexplained": _plan(lambda line: line.is_unexplained),
    "photos": Figure(Shape.PHOTOS, lambda _month: ()),  # read by the door: the object only counts them
}
CONTENT = "content-"  # content-S1: the inspections that cover one required content; read by the door


def records_of(month: MonthlySummary, name: str, line: int | None = None, system: uuid.UUID | None = None) -> list[Any]:
    """The records behind a figure, of one list or system where asked. Raises KeyError for an unknown figure."""
    figure = FIGURES[name]
    records = list(figure.pick(month))
    if figure.shape is Shape.PLAN_LINES:
        names = {s.name for each in month.lines for s in each.systems if s.system_id == system}
        return [
            each
            for each in records
            if (line is None or each.line_number == line) and (system is None or each.system_name in names)
        ]
    if figure.shape not in (Shape.ROWS, Shape.UNITS):
        return records
    return [
        row
        for row in records
        if (line is None or row.line_number == line) and (system is None or row.system_id == system)
    ]


def count_of(month: MonthlySummary, name: str) -> int:
    """The number that a figure shows for the whole month."""
    figure = FIGURES[name]
    if name == "photos":
        return month.photos
    if figure.units:
        return sum(figure.units(row) for row in figure.pick(month))
    return len(figure.pick(month))
