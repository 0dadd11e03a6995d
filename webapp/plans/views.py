"""Doors of this room (skeleton, replaced by the real ones)."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from webapp.kit.respond import page
from webapp.sites.access import needs
from webapp.sites.rules import Right

plans = Blueprint("plans", __name__)


@plans.get("/today")
@needs(Right.READ)
def today(**_where: str) -> Response:
    """Skeleton."""
    return page("skeleton.html")
