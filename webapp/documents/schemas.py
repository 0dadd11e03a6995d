"""The shape of what comes in: what is to be made, names of parties, sheets on paper."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.documents.models import Kind
from webapp.kit.intake import CleanText, FormSchema


class AskSchema(FormSchema):
    """Which documents are to be made."""

    kind = fields.List(
        fields.String(validate=validate.OneOf([kind.value for kind in Kind])),
        required=True,
        validate=validate.Length(min=1, max=len(Kind)),
    )


class PartiesSchema(FormSchema):
    """How the two sides are called."""

    client = CleanText(120, load_default="")
    provider = CleanText(120, load_default="")


class SheetSchema(FormSchema):
    """A sheet that was filled in on paper. Its photos come as files."""

    line = fields.UUID(required=True)
    filled_in_on = fields.Date(required=True)
    kept_at = CleanText(120, load_default="")


class TypedSchema(FormSchema):
    """When an inspection was done, as written on the paper: a time of that day at the place."""

    at = fields.Time(required=True)
