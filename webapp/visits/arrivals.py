"""How the doors of this room read a document of the field, and what they answer once it is stored."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Response

from webapp.kit.intake import FormSchema, load
from webapp.kit.problems import wants_json
from webapp.kit.respond import done
from webapp.sync.actions import Sending, SiteOf, named
from webapp.sync.incoming import id_in_form, kept_if_unreadable
from webapp.sync.queries import received_at_of
from webapp.sync.receipts import receipt
from webapp.visits.actions import Accepted


def readable(
    schema: FormSchema, kind: str, sending: Sending, *, now: datetime, site_of: SiteOf, name: uuid.UUID | None = None
) -> dict[str, Any]:
    """The cleaned fields with the document's `id`: `name`, else the one in the form, else a new one.

    Raises:
        Invalid: it cannot be read; it is kept as it came.
    """
    name = name or named(id_in_form("id"))
    with kept_if_unreadable(kind, name, sending, now=now, site_of=site_of):
        return {**load(schema), "id": name}


def accepted(result: Accepted, url: str) -> Response:
    """The receipt for a device, the page for a plain form."""
    if wants_json():
        more = {"url": url} | ({"seal": result.seal.digest} if result.seal else {})
        received_at = received_at_of(result.id)
        return receipt(result.id, result.digest, is_new=result.is_new, received_at=received_at, **more)
    return done(url)
