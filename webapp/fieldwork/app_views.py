"""Doors of the installable app: service worker, manifest, and the page for what is not on the device.

All three are the same for everybody, whoever is signed in: a device keeps them beside the pages of several people.
"""

from __future__ import annotations

from flask import Blueprint, jsonify, make_response
from werkzeug.wrappers import Response

from webapp.fieldwork import shell
from webapp.kit.access import open_to_all
from webapp.kit.respond import page
from webapp.people.session import for_nobody

app_shell = Blueprint("app_shell", __name__)


@app_shell.get("/service-worker.js")
@open_to_all
@for_nobody
def service_worker() -> Response:
    """The service worker, at the root, so that it may answer for all pages."""
    answer = make_response(shell.worker_source())
    answer.mimetype = "text/javascript"
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["Service-Worker-Allowed"] = "/"
    return answer


@app_shell.get("/manifest.webmanifest")
@open_to_all
@for_nobody
def manifest() -> Response:
    """Name, icons and colours of the app on a home screen."""
    answer = jsonify(shell.manifest())
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "no-cache"
    answer.vary.add("Cookie")
    return answer


@app_shell.get("/away")
@open_to_all
@for_nobody
def away() -> Response:
    """What the service worker shows when a page can neither be fetched nor is kept."""
    return page("fieldwork/away.html")
