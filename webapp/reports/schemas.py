"""What comes in at the doors of the month."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.intake import FormSchema

LONGEST_REASON = 500
MOST_ROWS_AT_ONCE = 500


class OmissionSchema(FormSchema):
    """One reason for one or several rows; `id` names the deed where a device made it."""

    id = fields.UUID()
    asset = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=MOST_ROWS_AT_ONCE))
    reason = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_REASON))


class ClosingSchema(FormSchema):
    """The closing of a month; over unsent work it needs the tick and a reason."""

    nevertheless = fields.Boolean(load_default=False)
    reason = fields.String(load_default="", validate=validate.Length(max=LONGEST_REASON))


class RowsSchema(FormSchema):
    """Of which list or system the records behind a figure are wanted."""

    line = fields.Integer(validate=validate.Range(min=0, max=999))
    system = fields.UUID()
