"""What comes in at the doors of this room. The call is born beside a telephone: nothing is filled in on load."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from webapp.calls.models import CallKind, StepKind
from webapp.faults.schemas import MonthField
from webapp.kit.intake import FIRST_YEAR, LAST_YEAR, CleanText, FormSchema, Moment

LONGEST_TEXT = 2000
KINDS = [kind.value for kind in CallKind]


def _is_of_our_time(day: date | datetime) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:  # a zone would leave the calendar
        raise ValidationError("Not a valid date.")


class CallSchema(FormSchema):
    """A call. `called_at`: when it rang, as typed; with a zone, or the wall clock of the site; blank: when it was
    written. `claimed_at`: when it was written, by the clock of the device; only a page with its script fills it in.
    `follow_up_on`: when it is looked at again.
    """

    site = fields.UUID(required=True)
    kind = fields.String(
        required=True,
        validate=validate.OneOf(KINDS),
        error_messages={"required": _l("Choose what the call is about.")},
    )
    text = CleanText(LONGEST_TEXT, required=True, error_messages={"required": _l("Say what was asked or told.")})
    answer = CleanText(LONGEST_TEXT)
    effect = CleanText(200)
    organisation = CleanText(120)
    caller_name = CleanText(60)
    caller_phone = CleanText(40)
    form_number = CleanText(40)
    asset = fields.UUID()
    called_at = fields.DateTime(format="iso", validate=_is_of_our_time)
    claimed_at = Moment()
    follow_up_on = fields.Date(validate=_is_of_our_time)


class NewSchema(FormSchema):
    """What the address of the form says: a device, or words to find one."""

    asset = fields.UUID()
    q = CleanText(100, load_default="")


class FaultSchema(NewSchema):
    """The same for the form of a fault. `order`: make a consultation an order with clocks."""

    order = fields.Boolean(load_default=False)


class StepSchema(FormSchema):
    """What was done about a call."""

    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in StepKind]))
    text = CleanText(LONGEST_TEXT, required=True, error_messages={"required": _l("Say what was said or done.")})
    next_on = fields.Date(load_default=None, validate=_is_of_our_time)


class ListSchema(FormSchema):
    """What the list is narrowed to."""

    kind = fields.String(load_default="", validate=validate.OneOf(["", *KINDS]))
    month = MonthField(load_default=None)
    q = CleanText(100, load_default="")
    page = fields.Integer(load_default=1)
