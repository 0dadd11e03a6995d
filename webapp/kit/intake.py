"""What comes in: one form or JSON body through one marshmallow schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, Schema, fields, validate
from werkzeug.datastructures import MultiDict

from webapp.kit.problems import Invalid

FIRST_YEAR, LAST_YEAR = 1900, 2999  # with a moment beyond, reckoning would leave the calendar
TOO_LONG: Any = _l("At most {max} characters.")


class FormSchema(Schema):
    """Base of all schemas. Unknown form fields are left out, blank ones count as not given."""

    class Meta:
        unknown = EXCLUDE


class CleanText(fields.String):
    """A text without zero characters, with one kind of line end, whatever the browser made of it."""

    def __init__(self, longest: int, **more: Any) -> None:
        super().__init__(validate=validate.Length(max=longest, error=TOO_LONG), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **more)
        return text.replace("\r\n", "\n").replace("\x00", "").strip()


class Moment(fields.AwareDateTime):
    """A moment in ISO 8601; one without a zone is taken as UTC. The clock of a device may be wrong by centuries."""

    def __init__(self, **more: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **more)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return moment


def load(schema: Schema, source: MultiDict[str, Any] | None = None) -> dict[str, Any]:
    """The cleaned fields of the request's form or JSON body (or of `source`).

    Raises:
        ValidationError: field by field; drawn as 422 by kit.problems.
    """
    if source is None and request.is_json:
        return _checked(schema, json_body())
    return _checked(schema, from_form(schema, request.form if source is None else source))


def json_body() -> dict[str, Any]:
    """The request's JSON object; empty where something else came.

    Raises:
        Invalid: nested without end, or with half characters that no database keeps.
    """
    try:
        body = request.get_json(silent=True)
        json.dumps(body, ensure_ascii=False).encode()
    except (RecursionError, UnicodeEncodeError):
        raise Invalid(_("The request could not be understood."), code="unreadable") from None
    return body if isinstance(body, dict) else {}


def load_query(schema: Schema) -> dict[str, Any]:
    """The cleaned fields of the address's query string."""
    return _checked(schema, from_form(schema, request.args))


def from_form(schema: Schema, form: MultiDict[str, Any]) -> dict[str, Any]:
    """Turns a flat form into what the schema reads: lists where it wants lists, no blank values."""
    data: dict[str, Any] = {}
    for name, kind in schema.fields.items():
        key = kind.data_key or name
        if key not in form:
            continue
        values = [v.strip() if isinstance(v, str) else v for v in form.getlist(key)]
        if isinstance(kind, fields.List):
            data[key] = [v for v in values if v != ""]
        elif values[-1] != "":
            data[key] = values[-1]
    return data


def _checked(schema: Schema, data: dict[str, Any]) -> dict[str, Any]:
    loaded: dict[str, Any] = schema.load(data)
    return loaded
