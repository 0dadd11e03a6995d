"""Forms of a command centre: its settings, its people."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from webapp.kit.intake import FormSchema
from webapp.sites.models import PhotoRule, Role


class ChoiceSchema(FormSchema):
    """Which command centre."""

    site = fields.UUID(required=True)


class SettingsSchema(FormSchema):
    """Names, signatures and photo rule of a command centre; whether labels take reports without an account."""

    name = fields.String(required=True, validate=validate.Length(max=120))
    short_name = fields.String(required=True, validate=validate.Length(max=40))
    signatures_needed = fields.Integer(required=True, validate=validate.OneOf([1, 2]))
    photo_rule = fields.String(required=True, validate=validate.OneOf([rule.value for rule in PhotoRule]))
    takes_label_reports = fields.Boolean(load_default=False)


class LineSchema(FormSchema):
    """Name and period of a service line, both days included (R21)."""

    name = fields.String(required=True, validate=validate.Length(max=120))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)


class NewLineSchema(LineSchema):
    """The same with the number it has in the contract."""

    number = fields.Integer(required=True, validate=validate.Range(min=1, max=99))


class RolesSchema(FormSchema):
    """The roles somebody has in this command centre."""

    role = fields.List(fields.Enum(Role, by_value=True), load_default=list)


class NewPersonSchema(RolesSchema):
    """A new account."""

    username = fields.String(
        required=True,
        validate=validate.Regexp(
            r"^[\w.\-]{2,60}$", error=_l("2 to 60 letters, digits, dots, hyphens or underscores, no blanks.")
        ),
    )
    name = fields.String(required=True, validate=validate.Length(max=60))
    nda_signed_on = fields.Date(load_default=None)


class InvitationSchema(FormSchema):
    """An account of another command centre gets a role here."""

    username = fields.String(required=True, validate=validate.Length(max=60))
    role = fields.Enum(Role, by_value=True, required=True)


class PersonSchema(FormSchema):
    """What may be changed about an account."""

    name = fields.String(required=True, validate=validate.Length(max=60))
    is_enabled = fields.Boolean(load_default=False)
    nda_signed_on = fields.Date(load_default=None)
