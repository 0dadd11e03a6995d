"""From a figure to its records: what the page /months/<month>/rows/<figure> lists."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from webapp.kit.problems import NotFound
from webapp.reports import queries
from webapp.reports.figures import CONTENT, FIGURES, Shape, records_of
from webapp.reports.summary import MonthlySummary, Row


@dataclass(frozen=True)
class Records:
    """The records behind a figure. `units` gives the unit figure of a row where the figure counts units."""

    figure: str
    shape: Shape
    records: list[Any]
    place: str  # the list or system asked for, by name; empty: all
    units: Callable[[Row], int] | None = None

    @property
    def number(self) -> int:
        """The figure itself."""
        return sum(self.units(row) for row in self.records) if self.units else len(self.records)


def behind(summary: MonthlySummary, figure: str, line: int | None = None, system: uuid.UUID | None = None) -> Records:
    """The records behind a figure. Raises NotFound for a figure, list or system that the month does not have."""
    place = _name_of_place(summary, line, system)
    standing = [each.id for each in summary.standing]  # of the object, which a closed month keeps as it stood
    if figure == "photos":
        return Records(figure, Shape.PHOTOS, list(queries.photos_of(standing)), place)
    if figure.startswith(CONTENT):
        code = figure.removeprefix(CONTENT)
        if code not in [content.code for content in summary.contents]:
            raise _no_figure(figure)
        covering = queries.inspections_covering(standing, code)
        return Records(figure, Shape.INSPECTIONS, [i for i in summary.standing if i.id in covering], place)
    if figure not in FIGURES:
        raise _no_figure(figure)
    known = FIGURES[figure]
    return Records(figure, known.shape, records_of(summary, figure, line, system), place, known.units)


def _name_of_place(summary: MonthlySummary, line: int | None, system: uuid.UUID | None) -> str:
    names: list[str] = [known.name for known in summary.lines if known.number == line]
    names += [known.name for each in summary.lines for known in each.systems if known.system_id == system]
    if len(names) != (line is not None) + (system is not None):
        raise NotFound(_("This month has no such list or system."))
    return " · ".join(names)


def _no_figure(figure: str) -> NotFound:
    return NotFound(_("There is no figure called %(name)s.", name=figure))
