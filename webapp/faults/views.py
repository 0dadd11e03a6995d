"""Doors of this room (skeleton, replaced by the real ones)."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from webapp.kit.respond import page
from webapp.sites.access import needs
from webapp.sites.rules import Right

faults = Blueprint("faults", __name__)


@faults.get("/faults")
@needs(Right.READ)
def index(**_where: str) -> Response:
    """Skeleton."""
    return page("skeleton.html")
