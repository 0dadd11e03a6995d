"""What comes in at the doors of this room."""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, pre_load, validate

from webapp.fieldwork.rules import MOST_IDS
from webapp.kit.intake import CleanText, FormSchema, Moment

_COUNT = validate.Range(min=0, max=1_000_000)


class ReportSchema(FormSchema):
    """What a browser says about the work on it; not a document: what it leaves out counts as none."""

    device = fields.UUID(required=True)
    waiting = fields.Integer(required=True, validate=_COUNT)
    attention = fields.Integer(required=True, validate=_COUNT)
    drafts = fields.Integer(load_default=0, validate=_COUNT)
    packs = fields.Integer(load_default=0, validate=_COUNT)
    oldest = Moment(load_default=None)
    version = CleanText(80, load_default="")
    storage_ok = fields.Boolean(load_default=None)

    @pre_load
    def without_blanks(self, data: Any, **_more: Any) -> Any:
        """An empty text counts as not given, in JSON as in a form."""
        return {name: value for name, value in data.items() if value != ""}


class Ids(fields.Field[list[uuid.UUID]]):
    """Ids separated by commas."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[uuid.UUID]:
        texts = [text for text in str(value).split(",") if text]
        if len(texts) > MOST_IDS:
            raise ValidationError(str(_l("At most %(n)s ids at once.", n=MOST_IDS)))
        try:
            return [uuid.UUID(text) for text in texts]
        except ValueError:
            raise ValidationError("Not a valid UUID.") from None


class ReceiptsSchema(FormSchema):
    """Which receipts are asked for."""

    ids = Ids(required=True)


class ReasonSchema(FormSchema):
    """Why a device is written off."""

    reason = CleanText(
        2000, required=True, error_messages={"required": _l("Say what happened to it, and to the work on it.")}
    )


class HandlingSchema(FormSchema):
    """What was done about a refused document."""

    note = CleanText(2000, required=True, error_messages={"required": _l("Say what was done.")})


class PageSchema(FormSchema):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10000))
