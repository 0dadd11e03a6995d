"""Limits of one asset: maker's figures and design values in place of the checklist's, set by the lead."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError, fields, validate
from werkzeug.wrappers import Response

from webapp.assets.queries import asset_for
from webapp.checklists import queries, words
from webapp.checklists.actions import set_limits
from webapp.checklists.published import PublishedItem, PublishedVersion
from webapp.checklists.rules import parse_number
from webapp.checklists.schemas import PLAIN
from webapp.kit.clock import utc_now
from webapp.kit.intake import FormSchema, load
from webapp.kit.language import show_times_of
from webapp.kit.problems import NotFound, Problem, invalid_from
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.sites.access import may, needs_somewhere
from webapp.sites.rules import Right

limits = Blueprint("limits", __name__, url_prefix="/checklists/limits")


class Limit(fields.Field[Decimal]):
    """A number as people type it; blank is no limit."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        number = parse_number(value)
        if number is None:
            raise ValidationError(_("“%(text)s” is not a number. Write it like 12.5.", text=value))
        return number


class LimitsSchema(FormSchema):
    """Both limits of one item; both blank: the checklist's limits count again."""

    item = fields.String(required=True, validate=validate.Length(max=60), error_messages=PLAIN)
    minimum = Limit(load_default=None)
    maximum = Limit(load_default=None)
    reason = fields.String(load_default="", validate=validate.Length(max=500))


@limits.get("/<uuid:asset_id>")
@needs_somewhere(Right.READ)
def show(asset_id: uuid.UUID) -> Response:
    """The limits that hold for the asset, and who set them when and why."""
    return page("checklists/limits.html", **_context(asset_id))


@limits.post("/<uuid:asset_id>")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def change(asset_id: uuid.UUID) -> Response:
    """Sets the limits of one item for the asset."""
    asset = asset_for(current_user, asset_id, Right.EDIT_CHECKLISTS)
    try:
        form = load(LimitsSchema())
        item = _item(queries.version_for(asset), form["item"])
        with transaction():
            set_limits(asset, item, form["minimum"], form["maximum"], form["reason"], by=current_user, now=utc_now())
    except (ValidationError, Problem) as error:
        problem = invalid_from(error) if isinstance(error, ValidationError) else error
        context = _context(asset_id) | {"problems": problem.fields, "typed": request.form}
        return page("checklists/limits.html", problem.status, problem=_message(problem, error), **context)
    return done(url_for("limits.show", asset_id=asset_id, _anchor=f"item-{item.key}"))


def _item(version: PublishedVersion | None, key: str) -> PublishedItem:
    found = next((item for item in version.items if item.key == key), None) if version else None
    if found is None:
        raise NotFound(_("The checklist of this device has no such item."))
    return found


def _message(problem: Problem, error: Exception) -> str:
    """What went wrong; the field of a mistake is marked on the page and needs no name here."""
    return problem.message if error is problem else next(iter(problem.fields.values()))[0]


def _context(asset_id: uuid.UUID) -> dict[str, Any]:
    asset = asset_for(current_user, asset_id)
    show_times_of(asset.site.timezone)
    version = queries.version_for(asset)
    history = queries.limits_history(asset_id)
    return {
        "asset": asset,
        "version": version,
        "numbers": [item for item in version.items if item.kind == "number"] if version else [],
        "texts": {item.key: item for item in version.items} if version else {},
        "overrides": queries.overrides_for(asset_id),
        "history": history,
        "names": queries.names_of(row.set_by for row in history),
        "may_change": may(current_user, Right.EDIT_CHECKLISTS, asset.site_id),
        "problems": {},
        "typed": {},
        "words": words,
    }
