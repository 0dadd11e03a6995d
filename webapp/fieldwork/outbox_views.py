"""The page of the outbox. What it lists lies on the device alone; the server sends the frame, the same to everybody."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

from webapp.kit.access import signed_in
from webapp.kit.respond import page

outbox = Blueprint("outbox", __name__)


@outbox.get("/outbox")
@signed_in
def show() -> Response:
    """What waits on this device, why, and what has arrived."""
    return page("fieldwork/outbox.html")
