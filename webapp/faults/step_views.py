"""The door of all steps of a fault, and the warnings for lead and bureau."""

from __future__ import annotations

import uuid
from functools import partial

from flask import Response, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.faults import flow, queries
from webapp.faults.escalations import standing
from webapp.faults.schemas import StepSchema
from webapp.faults.views import faults, uploads_for
from webapp.files.actions import note_file
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import load
from webapp.kit.problems import wants_json
from webapp.kit.respond import done, page
from webapp.people.models import Person
from webapp.sites.access import current_site, may_here, needs
from webapp.sites.rules import Right
from webapp.sync.actions import named, stored_or_kept
from webapp.sync.incoming import id_in_form, incoming, kept_if_unreadable
from webapp.sync.receipts import receipt


@faults.post("/<uuid:finding_id>/steps")
@signed_in
def step(finding_id: uuid.UUID) -> BaseResponse:
    """Takes a step; the same again changes nothing, another content under this id is kept and refused."""
    sending, person, now = incoming(), _person(), utc_now()
    name, about = named(id_in_form("id")), partial(queries.site_of_finding, finding_id)
    with kept_if_unreadable(flow.KIND, name, sending, now=now, site_of=about):
        fields = {**load(StepSchema()), "id": name}
    uploads = uploads_for(name, Right.INSPECT)
    photo_ids = [*fields.get("photo", []), *uploads]
    document = flow.step_document(finding_id, fields, photo_ids, person, sending)
    with stored_or_kept(document, now=now, site_of=about):
        for file_id, kept in uploads.items():
            note_file(file_id, kept, by=person, now=now)
        event, is_new = flow.take_step(finding_id, document, fields, photo_ids=photo_ids, by=person, now=now)
    address = url_for("faults.show", finding_id=finding_id)
    if not wants_json():
        return done(address)
    return receipt(document.id, document.digest, is_new=is_new, received_at=event.received_at, url=address)


@faults.get("/escalations")
@needs(Right.READ)
def escalations() -> Response:
    """The warnings of the current site as a part of other pages; nothing for those who need not act on them."""
    sees = may_here(Right.INSTRUCT) or may_here(Right.CLOSE)
    warnings = standing(current_site().id, utc_now()) if sees else []
    return page("faults/_escalations.html", warnings=warnings)


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
