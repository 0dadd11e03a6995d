"""How a document of the field goes through a door of this room: stored whole, or kept with the reason."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response
from flask_login import current_user

from webapp.kit.clock import utc_now
from webapp.kit.problems import Conflict, Invalid, Refused, wants_json
from webapp.kit.respond import done
from webapp.kit.transaction import transaction
from webapp.sync.actions import keep_refused
from webapp.sync.receipts import receipt
from webapp.visits.actions import Accepted, document_of


@contextmanager
def stored_or_kept(kind: str, fields: dict[str, Any], about: uuid.UUID) -> Iterator[None]:
    """One transaction. A document that is refused changes nothing and is kept with the reason."""
    try:
        with transaction():
            yield
    except (Conflict, Invalid, Refused) as problem:
        with transaction():
            document = document_of(kind, fields, about, current_user)
            keep_refused(document, status=problem.status, reason=problem.message, now=utc_now())
        raise


def accepted(result: Accepted, url: str, template: str | None = None, /, **context: Any) -> Response:
    """The receipt for a device, the changed fragment for htmx, the page for a plain form."""
    if wants_json():
        sealed = {"seal": result.seal.digest} if result.seal else {}
        return receipt(result.id, result.digest, is_new=result.is_new, received_at=utc_now(), **sealed)
    return done(url, template, **context)
