"""How documents come through the doors of this room: uploads first, receipts after, what is refused is kept."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from webapp.files.actions import keep_bytes, note_file
from webapp.jointtests.actions import Accepted
from webapp.jointtests.schemas import content_of, document_id
from webapp.kit.clock import Month, utc_now
from webapp.kit.problems import Conflict, Invalid, NotFound, Refused, wants_json
from webapp.kit.respond import done
from webapp.kit.transaction import transaction
from webapp.sync.actions import Document, keep_refused
from webapp.sync.receipts import receipt


def keep_uploads() -> MultiDict[str, Any]:
    """The form, with the pictures of `upload.<cell>` stored and named in it as `photo.<cell>`."""
    form = MultiDict(request.form)
    for name, uploads in request.files.lists():
        part, _dot, cell = name.partition(".")
        for upload in uploads:
            if part != "upload" or not upload.filename:
                continue
            kept = keep_bytes(upload.read(), None)
            with transaction():
                row, _is_new = note_file(uuid.uuid4(), kept, by=current_user, now=utc_now())
                form.add(f"photo.{cell}", str(row.id))
    return form


@contextmanager
def kept_if_refused(record_id: uuid.UUID | None, kind: str, fields: dict[str, Any]) -> Iterator[None]:
    """What a device sent and cannot be accepted is kept with the reason; a form on screen can simply be mended."""
    try:
        yield
    except (Conflict, Invalid, Refused) as problem:
        if wants_json():
            document = Document(document_id(record_id), kind, current_user.id, content_of(fields))
            with transaction():
                keep_refused(document, status=problem.status, reason=problem.message, now=utc_now())
        raise


def accepted(result: Accepted, url: str) -> Response:
    """The receipt for a device, the page for a person."""
    if not wants_json():
        return done(url)
    more = {"number": result.test.number, "url": url}
    if result.seal:
        more["seal"] = result.seal.digest
    return receipt(result.record_id, result.digest, is_new=result.is_new, received_at=result.test.received_at, **more)


def month_named(text: str) -> Month:
    """The month in an address. Raises NotFound."""
    try:
        return Month.parse(text)
    except ValueError:
        raise NotFound(_("There is nothing at this address, or it is not for you to see.")) from None
