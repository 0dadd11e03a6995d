"""Doors of signing without network: the page drawn on the device, what arrives of it, confirming, objecting."""

from __future__ import annotations

import uuid
from functools import partial

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.files.uploads import keep_signature
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import load
from webapp.kit.problems import Problem
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.sites.access import current_site, needs_somewhere
from webapp.sites.rules import Right
from webapp.sync.actions import named, stored_or_kept
from webapp.sync.incoming import id_in_form, incoming
from webapp.visits import field_sign_off
from webapp.visits.actions import document_of
from webapp.visits.arrivals import accepted, readable
from webapp.visits.field_sheet import cards_for
from webapp.visits.queries import visits_of
from webapp.visits.schemas import ConfirmationSchema, ConfirmationsSchema, FieldSignOffSchema, ObjectionSchema
from webapp.visits.views import visits

__all__ = ["visits"]  # the blueprint with the doors of both files


@visits.get("/sheet")
@needs_somewhere(Right.HAND_OVER)
def field_sheet() -> Response:
    """The frame of the sheet that the device draws from what it keeps. Nothing in it is made for one time."""
    return page("visits/field.html", cards=cards_for(current_user))


@visits.post("/sign-offs/<uuid:signature_id>")
@signed_in
def bring(signature_id: uuid.UUID) -> Response:
    """A signature that was drawn without network: 201 · 200 here already · 409 not what was shown · 424 something that
    it covers, or its picture, has not arrived yet. The nil id means: name it here.
    """
    sending, now, about = incoming(), utc_now(), partial(id_in_form, "site")
    fields = readable(FieldSignOffSchema(), "sign_off", sending, now=now, site_of=about, name=named(signature_id))
    document = document_of("sign_off", fields, fields["site"], current_user, sending)
    picture = keep_signature(by=current_user)
    with stored_or_kept(document, now=now, site_of=about):
        result = field_sign_off.bring(fields, picture=picture, sending=sending, by=current_user, now=now)
    return accepted(result, url_for("visits.show", visit_id=result.visit_id))


@visits.post("/visits/<uuid:visit_id>/confirmation")
@needs_somewhere(Right.HAND_OVER)
def confirm(visit_id: uuid.UUID) -> Response:
    """The signer confirms what was signed by hand on another person's device."""
    looked_at = load(ConfirmationSchema()).get("signature")
    with transaction():
        field_sign_off.confirm(visit_id, looked_at, by=current_user, now=utc_now())
    return done(url_for("visits.show", visit_id=visit_id))


@visits.post("/visits/confirmations")
@needs_somewhere(Right.HAND_OVER)
def confirm_several() -> Response:
    """The ticked ones of the list. Each stands alone: one that cannot be confirmed keeps no other back."""
    problems = []
    for signature_id in load(ConfirmationsSchema())["signature"]:
        try:
            with transaction():
                field_sign_off.confirm_signature(signature_id, by=current_user, now=utc_now())
        except Problem as problem:
            problems.append(problem)
    if not problems:
        return done(url_for("visits.index"))
    found = visits_of(current_site().id)
    return page("visits/index.html", problems[0].status, found=found, problem=problems[0].message)


@visits.post("/visits/<uuid:visit_id>/objection")
@needs_somewhere(Right.HAND_OVER)
def object_to(visit_id: uuid.UUID) -> Response:
    """The person named as signer does not stand by it; the sheet is open again."""
    fields = load(ObjectionSchema())
    with transaction():
        looked_at = fields.get("signature")
        field_sign_off.object_to(visit_id, fields["reason"], looked_at, by=current_user, now=utc_now())
    return done(url_for("visits.show", visit_id=visit_id))
