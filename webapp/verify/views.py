"""Doors of this room (skeleton, replaced by the real ones)."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from webapp.kit.access import open_to_all
from webapp.kit.respond import page

verify = Blueprint("verify", __name__, url_prefix="/verify")


@verify.get("/<seal>")
@open_to_all
def show(seal: str) -> Response:
    """Skeleton."""
    return page("skeleton.html")
