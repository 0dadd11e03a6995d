"""Doors of the labels (skeleton, replaced by the real ones)."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from webapp.kit.respond import page
from webapp.sites.access import needs
from webapp.sites.rules import Right

labels = Blueprint("labels", __name__, url_prefix="/labels")


@labels.get("")
@needs(Right.PRINT_LABELS)
def index() -> Response:
    """Skeleton."""
    return page("skeleton.html")
