"""What comes in at the doors of the month."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.intake import CleanText, FormSchema

LONGEST_REASON = 500
LONGEST_TEXT = 2000
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


class TellingSchema(FormSchema):
    """What was done about one or several faults and hazards, and what is planned (R11)."""

    id = fields.UUID()
    finding = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=MOST_ROWS_AT_ONCE))
    handling = CleanText(LONGEST_TEXT, required=True)
    next_steps = CleanText(LONGEST_TEXT, required=True)


class ReturnSchema(FormSchema):
    """The summary goes back to the provider; that it needs a comment is said by the action."""

    id = fields.UUID()
    comment = CleanText(LONGEST_TEXT, load_default="")


class HandInSchema(FormSchema):
    """The summary is handed in with the words of the provider."""

    id = fields.UUID()
    comment = CleanText(LONGEST_TEXT, required=True)


class AcceptanceSchema(ReturnSchema):
    """The summary is accepted; `covers` is the digest of what was shown."""

    covers = fields.String(required=True, validate=validate.Length(equal=64))
