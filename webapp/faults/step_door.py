"""What the doors of the steps of faults and hazards have in common: a document comes in, a receipt goes out."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.faults import queries
from webapp.faults.models import FindingEvent
from webapp.faults.views import uploads_for
from webapp.files.actions import note_file
from webapp.kit.clock import utc_now
from webapp.kit.intake import FormSchema, load
from webapp.kit.problems import wants_json
from webapp.kit.respond import done
from webapp.people.models import Person
from webapp.sites.rules import Right
from webapp.sync.actions import Document, stored_or_kept
from webapp.sync.incoming import id_in_form, incoming, kept_if_unreadable, name_of_form
from webapp.sync.receipts import receipt


def received_step(
    finding_id: uuid.UUID,
    kind: str,
    schema: FormSchema,
    document_of: Callable[..., Document],
    take: Callable[..., tuple[FindingEvent, bool]],
) -> BaseResponse:
    """Takes the step that was sent; the same again changes nothing, another content under its id is kept and refused.

    `kind`: how arrivals call the document; `document_of`, `take`: step_document and take_step of its flow.
    """
    by: Person = current_user._get_current_object()
    sending, now = incoming(), utc_now()
    given = id_in_form("id")
    name = given if given and given.int else name_of_form(by.id, now)
    about = partial(queries.site_of_finding, finding_id)
    with kept_if_unreadable(kind, name, sending, now=now, site_of=about):
        fields: dict[str, Any] = {**load(schema), "id": name}
    uploads = uploads_for(name, Right.INSPECT)
    photo_ids = [*fields.get("photo", []), *uploads]
    document = document_of(finding_id, fields, photo_ids, by, sending)
    with stored_or_kept(document, now=now, site_of=about):
        for file_id, kept in uploads.items():
            note_file(file_id, kept, by=by, now=now)
        event, is_new = take(finding_id, document, fields, photo_ids=photo_ids, by=by, now=now)
    address = url_for("faults.show", finding_id=finding_id)
    if not wants_json():
        return done(address)
    return receipt(document.id, document.digest, is_new=is_new, received_at=event.received_at, url=address)
