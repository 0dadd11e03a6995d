"""Doors of the figures about faults: a month by system and in all, the last months, the faults behind each figure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response
from flask_babel import gettext as _

from webapp.assets.queries import assets_of
from webapp.faults.words import cause_name, time_span
from webapp.kit import charts
from webapp.kit.clock import Month, utc_now
from webapp.kit.intake import load_query
from webapp.kit.problems import NotFound
from webapp.kit.respond import page, respond
from webapp.reports.closing import shown
from webapp.reports.fault_figures import (
    LOOKING_BACK,
    FaultFigure,
    FaultFigures,
    SystemFigures,
    figures_between,
    handling_clocks,
)
from webapp.reports.fault_figures_queries import served_of, touching
from webapp.reports.fault_figures_words import FIGURES, figure_name, length, repeat_word
from webapp.reports.schemas import RowsSchema
from webapp.reports.views import month_called
from webapp.sites.access import current_site, needs
from webapp.sites.models import Site
from webapp.sites.rules import Right

faultfigures = Blueprint("faultfigures", __name__)
MONTHS = 6
BEHIND: dict[str, Callable[[FaultFigure], bool]] = {
    "raised": lambda fault: fault.is_raised,
    "failures": lambda fault: fault.is_raised and fault.is_failure,
    "due": lambda fault: fault.is_due,
    "in-time": lambda fault: fault.is_due and fault.is_in_time is True,
    "late": lambda fault: fault.is_due and fault.is_in_time is False,
    "down": lambda fault: fault.down_seconds > 0,
    "repairs": lambda fault: fault.is_repaired,
    "repeats": lambda fault: fault.is_raised and fault.repeat.value == "confirmed",
    "proposed": lambda fault: fault.is_raised and fault.repeat.value == "proposed",
}


@faultfigures.context_processor
def _words() -> dict[str, Any]:
    return {
        "charts": charts,
        "length": length,
        "figure_name": figure_name,
        "repeat_word": repeat_word,
        "cause_name": cause_name,
        "time_span": time_span,
    }


@faultfigures.get("/fault-figures/<month>")
@needs(Right.READ)
def show(month: str) -> Response:
    """Availability, timeliness, repeats, times to repair and between failures, by system; plots come after it."""
    chosen = month_called(month)
    summary = shown(current_site(), chosen, utc_now())
    context: dict[str, Any] = {"figures": summary.fault_figures, "FIGURES": FIGURES}
    return page("reports/fault_figures.html", month=chosen, summary=summary, **context)


@faultfigures.get("/fault-figures/<month>/plots")
@needs(Right.READ)
def plots(month: str) -> Response:
    """The last months as plots. Apart from the page, for they go through the faults of half a year."""
    chosen = month_called(month)
    past = _last_months(current_site(), chosen)
    return respond("reports/fault_plots.html", "reports/_fault_plots.html", month=chosen, past=past)


@faultfigures.get("/fault-figures/<month>/<figure>")
@needs(Right.READ)
def behind(month: str, figure: str) -> Response:
    """Exactly the faults behind one figure, of one system where asked."""
    chosen, system = month_called(month), load_query(RowsSchema()).get("system")
    figures = shown(current_site(), chosen, utc_now()).fault_figures
    if figures is None or figure not in BEHIND:
        raise NotFound(_("There is no figure called %(name)s.", name=figure))
    place = next((each for each in figures.systems if each.system_id == system), None)
    if system and place is None:
        raise NotFound(_("This month has no such list or system."))
    faults = faults_behind(figures, figure, place)
    return page("reports/fault_figures_faults.html", month=chosen, figure=figure, faults=faults, place=place)


def faults_behind(figures: FaultFigures, figure: str, place: SystemFigures | None = None) -> list[FaultFigure]:
    """The faults that a figure counts, in all or of one system. Raises KeyError for an unknown figure."""
    here = [each for each in figures.faults if place is None or each.system_id == place.system_id]
    return [each for each in here if BEHIND[figure](each)]


def _last_months(site: Site, month: Month) -> dict[str, list[tuple[str, Any]]]:
    """Points of the plots, oldest first, from the records as they stand. Three statements."""
    months = [month]
    while len(months) < MONTHS:
        months.insert(0, months[0].previous())
    bounds = [each.bounds(site.timezone) for each in months]
    found = touching(site, bounds[0][0] - LOOKING_BACK, bounds[-1][1])
    served, now = served_of(assets_of(site.id), site.timezone), utc_now()
    clocks = handling_clocks([fault for fault in found.faults if fault.reported_at <= now], now)
    points: dict[str, list[tuple[str, Any]]] = {"availability": [], "timeliness": [], "raised": [], "mttr": []}
    for each, (start, end) in zip(months, bounds, strict=True):
        if start > now:
            continue
        near = [fault for fault in found.faults if fault.reported_at < end]
        near = [fault for fault in near if not fault.closed_at or fault.closed_at >= start - LOOKING_BACK]
        total = figures_between((start, end), now, served, near, found.decisions, clocks).total
        name = f"{each.month:02d}"
        points["availability"] += [(name, total.availability)] if total.availability is not None else []
        points["timeliness"].append((name, Decimal(total.timeliness)))
        points["raised"].append((name, total.raised))
        points["mttr"].append((name, (total.mttr or 0) // 60))
    return points
