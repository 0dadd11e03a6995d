"""Doors of the emergency contacts: the list for everybody, and keeping it up to date."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError, fields, validate
from werkzeug.wrappers import Response as BaseResponse

from webapp.kit.clock import utc_now
from webapp.kit.intake import CleanText, FormSchema, load
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites import contacts as actions
from webapp.sites.access import current_site, needs, needs_somewhere
from webapp.sites.contacts import contact_for, contacts_of, dialled, tidy_phone
from webapp.sites.rules import Right

contacts = Blueprint("contacts", __name__, url_prefix="/contacts")
contacts.add_app_template_filter(dialled)


class Phone(CleanText):
    """A telephone number that can be dialled, with an extension where there is one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        try:
            return tidy_phone(super()._deserialize(value, attr, data, **more))
        except ValueError:
            raise ValidationError(_("Please give a telephone number such as 0751-888 1234.")) from None


class ContactSchema(FormSchema):
    """One contact."""

    name = CleanText(60, required=True)
    phone = Phone(40, required=True)
    duty = CleanText(60)
    note = CleanText(200)


class StepSchema(FormSchema):
    """Up or down."""

    step = fields.Integer(required=True, validate=validate.OneOf([-1, 1]))


@contacts.get("")
@needs(Right.READ)
def index() -> Response:
    """Whom to call, one tap each; plain enough to be kept on a phone."""
    return page("sites/contacts.html", contacts=contacts_of(current_site().id))


@contacts.get("/edit")
@needs(Right.EDIT_CONTACTS)
def edit() -> Response:
    """The list to be changed."""
    saved = request.args.get("saved")
    return page("sites/contacts_edit.html", contacts=contacts_of(current_site().id), saved=saved)


@contacts.post("")
@needs(Right.EDIT_CONTACTS)
def add() -> BaseResponse:
    """A further contact at the end of the list."""
    given = load(ContactSchema())
    with transaction():
        actions.add_contact(current_site(), given, by=current_user.id, now=utc_now())
    return _changed()


@contacts.post("/<uuid:contact_id>")
@needs_somewhere(Right.EDIT_CONTACTS)
def change(contact_id: uuid.UUID) -> BaseResponse:
    """Name, duty, number and note of a contact."""
    given = load(ContactSchema())
    with transaction():
        actions.change_contact(contact_for(_me(), contact_id), given, by=current_user.id, now=utc_now())
    return _changed()


@contacts.post("/<uuid:contact_id>/place")
@needs_somewhere(Right.EDIT_CONTACTS)
def move(contact_id: uuid.UUID) -> BaseResponse:
    """One up or down."""
    step = load(StepSchema())["step"]
    with transaction():
        actions.move_contact(contact_for(_me(), contact_id), step, by=current_user.id, now=utc_now())
    return _changed()


@contacts.post("/<uuid:contact_id>/removal")
@needs_somewhere(Right.EDIT_CONTACTS)
def remove(contact_id: uuid.UUID) -> BaseResponse:
    """Off the list; the log keeps what stood there."""
    with transaction():
        actions.remove_contact(contact_for(_me(), contact_id), by=current_user.id, now=utc_now())
    return _changed()


def _changed() -> BaseResponse:
    return done(url_for("contacts.edit", saved=1))


def _me() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
