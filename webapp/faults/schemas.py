"""Forms of faults and hazards. The report is born in the field: nothing is filled in that did not come (OFFLINE)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from webapp.faults.models import FindingKind
from webapp.kit.clock import Month
from webapp.kit.intake import FormSchema

CHANNELS = ("site", "telephone", "monitoring")  # how it became known (R42)
LONGEST_TEXT = 2000


class ReportSchema(FormSchema):
    """A fault or hazard of an asset. `reported_at`: with a zone, or the wall clock of the site; blank: now."""

    asset = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in FindingKind]))
    level = fields.String(validate=validate.Length(max=20))
    catalogue_number = fields.Integer(strict=False)
    item_text = fields.String(validate=validate.Length(max=200))
    text = fields.String(
        required=True,
        validate=validate.Length(min=2, max=LONGEST_TEXT),
        error_messages={"required": _l("Say what is wrong.")},
    )
    channel = fields.String(validate=validate.OneOf(CHANNELS))
    reported_at = fields.DateTime(format="iso")
    photo = fields.List(fields.UUID(), validate=validate.Length(max=20))


class ReasonSchema(FormSchema):
    """Why something is closed or opened again."""

    reason = fields.String(
        required=True,
        validate=validate.Length(min=2, max=LONGEST_TEXT),
        error_messages={"required": _l("Give a reason.")},
    )


class MonthField(fields.Field[Month]):
    """A month as yyyy-mm."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Month:
        try:
            return Month.parse(str(value))
        except ValueError:
            raise ValidationError(str(_l("Give a month like 2026-11."))) from None


class ListSchema(FormSchema):
    """What the list is narrowed to."""

    kind = fields.String(load_default="", validate=validate.OneOf(["", *[kind.value for kind in FindingKind]]))
    state = fields.String(load_default="", validate=validate.OneOf(["", "open", "closed"]))
    level = fields.String(load_default="", validate=validate.Length(max=20))
    system = fields.UUID(load_default=None)
    month = MonthField(load_default=None)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    page = fields.Integer(load_default=1)
