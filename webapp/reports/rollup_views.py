"""The page for who oversees several command centres: their last months side by side, each cell a way to its month."""

from __future__ import annotations

import enum
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.language import month_name
from webapp.kit.respond import page
from webapp.reports.rollup import Cell, rollup
from webapp.sites.access import memberships, sites_with

overview = Blueprint("overview", __name__)
NEARLY_ALL = 90  # percent


class Measure(enum.StrEnum):
    """What the cells show."""

    COVERAGE = "coverage"
    ABNORMAL = "abnormal"
    FAULTS = "faults"
    LATE = "late"
    UNSENT = "unsent"


@overview.get("/overview")
@signed_in
def index() -> Response:
    """All command centres where the reader has a role. `show`: which figure the cells show."""
    mine = memberships(current_user)
    found = rollup([mine[site_id][0] for site_id in sites_with(current_user)], utc_now())
    asked = request.args.get("show", "")
    measure = next((each for each in Measure if each == asked), Measure.COVERAGE)
    names: dict[str, Any] = {
        "level": level,
        "value": value,
        "spoken": spoken,
        "measures": measures(),
        "Measure": Measure,
    }
    return page("reports/rollup.html", rollup=found, measure=measure, late_words=late_words, **names)


def measures() -> list[tuple[Measure, str]]:
    """The figures that the cells can show, with their names."""
    return [
        (Measure.COVERAGE, _("Coverage %")),
        (Measure.ABNORMAL, _("Abnormal rows")),
        (Measure.FAULTS, _("Faults open")),
        (Measure.LATE, _("Papers late")),
        (Measure.UNSENT, _("Not sent yet")),
    ]


def value(cell: Cell, measure: Measure) -> str:
    """The figure of a cell; a dash where nothing was due."""
    if cell.is_empty:
        return "–"
    if measure is Measure.COVERAGE:
        return "–" if cell.coverage is None else str(cell.coverage)
    return str(_counts(cell)[measure])


def level(cell: Cell, measure: Measure) -> str:
    """How a cell is coloured; its figure says the same. The coverage of a running month is no good or bad yet."""
    if value(cell, measure) == "–":
        return "na"
    if measure is Measure.COVERAGE:
        share = cell.coverage or 0
        if share >= 100:
            return "ok"
        return "info" if not cell.is_over else "warn" if share >= NEARLY_ALL else "abnormal"
    if not _counts(cell)[measure]:
        return "ok"
    return "warn" if measure in (Measure.ABNORMAL, Measure.UNSENT) else "abnormal"


def late_words(cell: Cell) -> str:
    """Which papers of a month are late, or were."""
    if cell.late == 2:
        return _("plan and summary")
    if cell.is_plan_late:
        return _("plan")
    return _("summary") if cell.is_summary_late else _("none")


def spoken(name: str, cell: Cell) -> str:
    """Everything that is known of a cell, for who hears it or points at it."""
    parts = [
        f"{name} {month_name(cell.month.first)}",
        _("coverage %(percent)s %%", percent=cell.coverage) if cell.due else _("nothing due"),
        ngettext("%(num)d abnormal row", "%(num)d abnormal rows", cell.abnormal),
        ngettext("%(num)d fault open", "%(num)d faults open", cell.faults_open),
        _("late: %(papers)s", papers=late_words(cell)),
        ngettext("%(num)d document not sent yet", "%(num)d documents not sent yet", cell.unsent),
        *([_("closed")] if cell.is_closed else []),
    ]
    return " · ".join(parts)


def _counts(cell: Cell) -> dict[Measure, int]:
    return {
        Measure.ABNORMAL: cell.abnormal,
        Measure.FAULTS: cell.faults_open,
        Measure.LATE: cell.late,
        Measure.UNSENT: cell.unsent,
    }
