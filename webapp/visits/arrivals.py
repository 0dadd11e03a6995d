"""What a door of this room answers once a document of the field is stored."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.kit.clock import utc_now
from webapp.kit.problems import wants_json
from webapp.kit.respond import done
from webapp.sync.receipts import receipt
from webapp.visits.actions import Accepted


def accepted(result: Accepted, url: str, template: str | None = None, /, **context: Any) -> Response:
    """The receipt for a device, the changed fragment for htmx, the page for a plain form."""
    if wants_json():
        sealed = {"seal": result.seal.digest} if result.seal else {}
        return receipt(result.id, result.digest, is_new=result.is_new, received_at=utc_now(), **sealed)
    return done(url, template, **context)
