"""What comes in at the doors of this room. Documents of the field: nothing is filled in on load."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.intake import CleanText, FormSchema, Moment
from webapp.visits.rules import Capacity

COVER = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}:[0-9a-f]{64}\Z"  # of a document: its id and digest


class SignOffSchema(FormSchema):
    """A signature under a sheet. Without `id` and `file` it came from a plain form with a picture in `upload`."""

    id = fields.UUID()
    capacity = fields.String(required=True, validate=validate.OneOf([each.value for each in Capacity]))
    file = fields.UUID()
    name = CleanText(60, required=True)
    signed_at = Moment()
    covers = fields.List(fields.String(validate=validate.Length(max=120)), validate=validate.Length(max=5000))


class FieldSignOffSchema(FormSchema):
    """A signature drawn on a device without network. Its id stands in the address; `signer` is who drew it."""

    site = fields.UUID(required=True)
    day = fields.Date(required=True)
    capacity = fields.String(required=True, validate=validate.OneOf([each.value for each in Capacity]))
    signer = fields.UUID(required=True)
    name = CleanText(60, required=True)
    file = fields.UUID()
    signed_at = Moment()
    covers = fields.List(
        fields.String(validate=validate.Regexp(COVER)), required=True, validate=validate.Length(min=1, max=5000)
    )


class ConfirmationSchema(FormSchema):
    """Which signature in one's name one has looked at."""

    signature = fields.UUID()


class ConfirmationsSchema(FormSchema):
    """Several of them at once."""

    signature = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=200))


class ObjectionSchema(FormSchema):
    """Why one does not stand by a signature in one's name."""

    signature = fields.UUID()
    reason = CleanText(2000, required=True)


class ReturnSchema(FormSchema):
    """An inspection, or one item of it, sent back with a reason."""

    id = fields.UUID()
    item = CleanText(60)
    reason = CleanText(2000, required=True)
    returned_at = Moment()


class OmissionSchema(FormSchema):
    """Why an asset was not reached."""

    id = fields.UUID()
    asset = fields.UUID(required=True)
    reason = CleanText(2000, required=True)
    given_at = Moment()


class PageSchema(FormSchema):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10000))
