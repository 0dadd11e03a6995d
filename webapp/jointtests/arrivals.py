"""What the doors of this room answer once a document is stored, and the month in an address."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from webapp.jointtests.actions import Accepted
from webapp.kit.clock import Month
from webapp.kit.problems import NotFound, wants_json
from webapp.kit.respond import done
from webapp.sync.queries import received_at_of
from webapp.sync.receipts import receipt


def accepted(result: Accepted, url: str) -> Response:
    """The receipt for a device, the page for a person."""
    if not wants_json():
        return done(url)
    more = {"number": result.test.number, "url": url}
    if result.seal:
        more["seal"] = result.seal.digest
    received_at = received_at_of(result.record_id)
    return receipt(result.record_id, result.digest, is_new=result.is_new, received_at=received_at, **more)


def month_named(text: str) -> Month:
    """The month in an address. Raises NotFound."""
    try:
        return Month.parse(text)
    except ValueError:
        raise NotFound(_("There is nothing at this address, or it is not for you to see.")) from None
