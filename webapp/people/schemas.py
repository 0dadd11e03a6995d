"""Forms of sign-in and accounts."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.intake import FormSchema


class SignInSchema(FormSchema):
    """`next` is a path of this app only."""

    username = fields.String(required=True, validate=validate.Length(max=60))
    password = fields.String(required=True, validate=validate.Length(max=200))
    shared = fields.Boolean(load_default=False)
    next = fields.String(load_default="/")


class PasswordSchema(FormSchema):
    """A person's own change of password."""

    old = fields.String(required=True, validate=validate.Length(max=200))
    new = fields.String(required=True, validate=validate.Length(max=200))


class LanguageSchema(FormSchema):
    """The language switch; `next` is where to go back to."""

    language = fields.String(required=True, validate=validate.OneOf(["zh", "en"]))
    next = fields.String(load_default="/")
