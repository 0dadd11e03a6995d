"""Doors of this room (skeleton, replaced by the real ones)."""

from __future__ import annotations

from flask import Blueprint

files = Blueprint("files", __name__, url_prefix="/files")
