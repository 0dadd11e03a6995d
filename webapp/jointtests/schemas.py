"""The document that a device hands in: one form with flat names, so that a page without JavaScript can send it too.

Fixed names, and for each cell ("section.turn.item") `v.<cell>` the value, `ok.<cell>` a confirmed proposal,
`was.<cell>` what was proposed, `photo.<cell>` file ids; for each problem `about.<turn>` what it is about, and
`dismissed` for what needs no problem. Nothing is filled in on load: the digest is over exactly the fields that came.
"""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate
from werkzeug.datastructures import MultiDict

from webapp.jointtests.rules import Capacity
from webapp.jointtests.sheet import Typed
from webapp.kit.intake import FormSchema, Moment, from_form

MOST_CELLS = 2000
MOST_PHOTOS = 20
_CELL = re.compile(r"[a-z0-9_]{1,40}\.\d{1,2}\.[a-z0-9_]{1,40}")
_TURN = re.compile(r"[a-z0-9_]{1,40}\.\d{1,2}")
_TEXT = fields.String(validate=validate.Length(max=2000))
_CELL_NAME = fields.String(validate=validate.Regexp(f"^{_CELL.pattern}$"))
_TURN_NAME = fields.String(validate=validate.Regexp(f"^{_TURN.pattern}$"))
_FEW = validate.Length(max=MOST_CELLS, error=str(_l("More values than a joint test can have.")))


class JointTestSchema(FormSchema):
    """A filled-in record. `id` comes from the address."""

    site = fields.UUID(required=True)
    form = fields.UUID(required=True)
    supersedes = fields.UUID()
    values = fields.Dict(keys=_CELL_NAME, values=_TEXT, validate=_FEW)
    proposed = fields.Dict(keys=_CELL_NAME, values=_TEXT, validate=_FEW)
    confirmed = fields.List(_CELL_NAME, validate=_FEW)
    photos = fields.Dict(
        keys=_CELL_NAME,
        values=fields.List(fields.UUID(), validate=validate.Length(max=MOST_PHOTOS)),
        validate=_FEW,
    )
    about = fields.Dict(keys=fields.Integer(validate=validate.Range(min=1, max=99)), values=_TURN_NAME)
    dismissed = fields.List(_TURN_NAME, validate=_FEW)


class SignOffSchema(FormSchema):
    """A signature under a record. Without `id` and `file` it came from a plain form with a picture in `upload`."""

    id = fields.UUID()
    capacity = fields.String(required=True, validate=validate.OneOf([each.value for each in Capacity]))
    file = fields.UUID()
    name = fields.String(required=True, validate=validate.Length(min=1, max=60))
    signed_at = Moment()
    covers = fields.String(required=True, validate=validate.Length(equal=64))


class NewQuery(FormSchema):
    """The record that a new one corrects."""

    again = fields.UUID()


def load_document(form: MultiDict[str, Any] | dict[str, Any]) -> dict[str, Any]:
    """The cleaned fields of a form, or of a JSON body with the same flat names.

    Raises:
        ValidationError: something cannot be read.
    """
    flat = form if isinstance(form, MultiDict) else MultiDict(form)
    schema = JointTestSchema()
    simple = from_form(JointTestSchema(only=("site", "form", "supersedes")), flat)
    loaded: dict[str, Any] = schema.load({**simple, **_grouped(flat)})
    return loaded


def typed_of(document: dict[str, Any]) -> Typed:
    """The document as the sheet reads it."""
    return Typed(
        values=document.get("values", {}),
        confirmed=frozenset(document.get("confirmed", ())),
        proposed=document.get("proposed", {}),
        photos=document.get("photos", {}),
        about=document.get("about", {}),
        dismissed=frozenset(document.get("dismissed", ())),
    )


def content_of(document: dict[str, Any]) -> dict[str, Any]:
    """What the document's digest is taken over: all that came, but its id."""
    return {name: value for name, value in document.items() if name != "id"}


def _grouped(form: MultiDict[str, Any]) -> dict[str, Any]:
    values: dict[str, str] = {}
    proposed: dict[str, str] = {}
    photos: dict[str, list[str]] = {}
    about: dict[str, str] = {}
    confirmed: set[str] = set()
    for name in form:
        part, _dot, rest = str(name).partition(".")
        given = [_clean(value) for value in form.getlist(name) if _clean(value)]
        if not given or not rest:
            continue
        if part == "v":
            values[rest] = given[-1]
        elif part == "was":
            proposed[rest] = given[-1]
        elif part == "ok":
            confirmed.add(rest)
        elif part == "photo":
            photos[rest] = given
        elif part == "about":
            about[rest] = given[-1]
    dismissed = sorted({_clean(value) for value in form.getlist("dismissed")} - {""})
    found = {
        "values": values,
        "proposed": proposed,
        "confirmed": sorted(confirmed),
        "photos": photos,
        "about": about,
        "dismissed": dismissed,
    }
    return {name: value for name, value in found.items() if value}


def _clean(value: Any) -> str:
    return str(value).replace("\r\n", "\n").replace("\x00", "").strip()
