"""Forms of this room."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from webapp.kit.intake import FormSchema


class CodeSchema(FormSchema):
    """A short code, or an address, as typed."""

    code = fields.String(
        load_default="", validate=validate.Length(max=300, error=_l("That is too long for a short code."))
    )


class ScanSchema(FormSchema):
    """Which asset's checklist was handed in just before."""

    done = fields.UUID()
