"""What comes in at the doors of this room. Documents of the field: nothing is filled in on load."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.intake import CleanText, FormSchema, Moment
from webapp.visits.rules import Capacity


class SignOffSchema(FormSchema):
    """A signature under a sheet. Without `id` and `file` it came from a plain form with a picture in `upload`."""

    id = fields.UUID()
    capacity = fields.String(required=True, validate=validate.OneOf([each.value for each in Capacity]))
    file = fields.UUID()
    name = CleanText(60, required=True)
    signed_at = Moment()
    covers = fields.List(fields.String(validate=validate.Length(max=120)), validate=validate.Length(max=5000))
    sent_at = Moment()


class ReturnSchema(FormSchema):
    """An inspection, or one item of it, sent back with a reason."""

    id = fields.UUID()
    item = CleanText(60)
    reason = CleanText(2000, required=True)
    returned_at = Moment()
    sent_at = Moment()


class OmissionSchema(FormSchema):
    """Why an asset was not reached."""

    id = fields.UUID()
    asset = fields.UUID(required=True)
    reason = CleanText(2000, required=True)
    given_at = Moment()
    sent_at = Moment()


class PageSchema(FormSchema):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10000))
