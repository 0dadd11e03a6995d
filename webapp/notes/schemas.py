"""What comes in at the doors of this room. The note is born in the field: nothing is filled in on load."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from webapp.kit.intake import CleanText, FormSchema, Moment

MOST_PHOTOS = 20


class NoteSchema(FormSchema):
    """A free note. `label` and `code` are what was scanned or typed, as the page was told; the first of them counts."""

    site = fields.UUID(required=True)
    label = CleanText(300)
    code = CleanText(300)
    place = CleanText(200)
    text = CleanText(4000, required=True, error_messages={"required": _l("Say what you saw.")})
    photo = fields.List(fields.UUID(), validate=validate.Length(max=MOST_PHOTOS))
    noted_at = Moment()


class TakenOverSchema(FormSchema):
    """What the address of the form brings along for a browser without JavaScript."""

    label = CleanText(300, load_default="")
    code = CleanText(300, load_default="")


class HandlingSchema(FormSchema):
    """What was done about a note."""

    comment = CleanText(2000, required=True, error_messages={"required": _l("Say what was done.")})


class PageSchema(FormSchema):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(min=1, max=10000))
