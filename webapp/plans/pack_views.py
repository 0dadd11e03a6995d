"""The door of a round to be taken along (带上这一轮)."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, json
from flask_login import current_user
from marshmallow import fields, validate

from webapp.kit.clock import utc_now
from webapp.kit.intake import FormSchema, load_query
from webapp.plans.pack import pack_of
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right

packs = Blueprint("packs", __name__)


class PackSchema(FormSchema):
    """Which service line."""

    line = fields.Integer(required=True, validate=validate.Range(min=1, max=99))


@packs.get("/today/pack")
@needs(Right.INSPECT)
def show() -> Response:
    """The pages, labels and pictures of a round of the current site, to be kept on the device. JSON, never cached."""
    line = load_query(PackSchema())["line"]
    person = current_user._get_current_object()
    pack = pack_of(current_site(), line, by=person, now=utc_now())
    # Chinese as it is: written as \uXXXX it would weigh half as much again
    answer = current_app.response_class(json.dumps(pack, ensure_ascii=False), mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
