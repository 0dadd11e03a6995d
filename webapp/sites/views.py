"""Choosing the command centre one works in, where a person belongs to several."""

from __future__ import annotations

from flask import Blueprint, request
from flask_login import current_user
from marshmallow import fields
from werkzeug.wrappers import Response

from webapp.kit.access import signed_in
from webapp.kit.intake import FormSchema, load
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.actions import choose_site
from webapp.people.session import safe_path
from webapp.sites.access import needs, require
from webapp.sites.rules import Right

sites = Blueprint("sites", __name__, url_prefix="/sites")


class ChoiceSchema(FormSchema):
    """Which command centre."""

    site = fields.UUID(required=True)


@sites.post("/choice")
@signed_in
def choose() -> Response:
    """Remembers the command centre on this device."""
    site = require(current_user, Right.READ, load(ChoiceSchema())["site"])
    with transaction():
        choose_site(current_user.device, site.id)
    return done(safe_path(request.form.get("next", "/")))


@sites.get("/people")
@needs(Right.EDIT_PEOPLE)
def people() -> Response:
    """Skeleton."""
    return page("skeleton.html")
