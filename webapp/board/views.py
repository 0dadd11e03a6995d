"""The door of the wall board: one page, one fragment that asks for itself again."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from webapp.board.queries import board_of
from webapp.faults import words
from webapp.kit.charts import gauge
from webapp.kit.clock import utc_now
from webapp.kit.respond import respond
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right

board = Blueprint("board", __name__)


@board.get("/board")
@needs(Right.READ)
def show() -> Response:
    """Open faults with running clocks, today's rounds, hazards, phones with unsent work."""
    site = current_site()
    context: dict[str, Any] = {
        "board": board_of(site, utc_now()),
        "levels": site.fault_levels,
        "clock_name": words.clock_name,
        "time_span": words.time_span,
        "gauge": gauge,
    }
    return respond("board/show.html", "board/_board.html", **context)
