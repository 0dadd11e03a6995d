"""The document that a device hands in: one form with flat names, so that a page without JavaScript can send it too.

Fixed names, and for each item `a.<key>` value, `na.<key>`, `why.<key>`, `remedy.<key>`, `level.<key>`, `photo.<key>`.
Nothing is filled in on load: the digest of the document is taken over exactly the fields that came, and must not change
because the app was updated between a try and its retry.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from webapp.checklists.rules import REMEDIES
from webapp.inspections.rules import RUN_STATES
from webapp.kit.intake import CleanText, FormSchema, Moment, from_form

MOST_ANSWERS = 200
MOST_PHOTOS = 20  # of one item
MOST_SECONDS = 10_000_000  # some months
PARTS = {"a": "value", "na": "na", "why": "why", "remedy": "remedy", "level": "level", "photo": "photo"}


class AnswerSchema(FormSchema):
    """The answer to one item."""

    value = CleanText(2000)
    na = fields.Boolean()
    why = CleanText(1000)
    remedy = fields.String(validate=validate.OneOf(REMEDIES))
    level = CleanText(20)
    photo = fields.List(fields.UUID(), validate=validate.Length(max=MOST_PHOTOS))


class InspectionSchema(FormSchema):
    """A completed checklist. `id` comes from the address."""

    id = fields.UUID(required=True)
    asset = fields.UUID(required=True)
    version = fields.UUID(required=True)
    started_at = Moment(required=True)
    finished_at = Moment(required=True)
    seconds = fields.Integer(validate=validate.Range(min=0, max=MOST_SECONDS))  # worked on, by a clock nobody sets
    supersedes = fields.UUID()
    run_state = fields.String(validate=validate.OneOf(RUN_STATES))
    units_checked = fields.Integer(validate=validate.Range(min=0, max=100_000))
    unit = fields.List(CleanText(10), validate=validate.Length(max=1000))
    units_reason = CleanText(500)
    advice = CleanText(4000)
    accompanied_by = CleanText(120)
    paper = fields.Boolean()  # typed in from a sheet that was filled in on paper
    answers = fields.Dict(
        keys=CleanText(60),
        values=fields.Nested(AnswerSchema),
        validate=validate.Length(max=MOST_ANSWERS),
    )


_WHOLE = InspectionSchema()  # made once: a schema copies all its fields each time
_FIXED = InspectionSchema(exclude=["answers"])


def load_inspection(inspection_id: uuid.UUID, form: Mapping[str, Any]) -> dict[str, Any]:
    """The cleaned fields of a form (a MultiDict, or a dict whose lists stand for repeated fields).

    Raises:
        ValidationError: something cannot be read.
    """
    flat = form if isinstance(form, MultiDict) else MultiDict(dict(form))
    data = from_form(_FIXED, flat)
    data["id"] = str(inspection_id)
    if answers := grouped(flat):
        data["answers"] = answers
    loaded: dict[str, Any] = _WHOLE.load(data)
    return loaded


def grouped(form: MultiDict[str, Any]) -> dict[str, dict[str, Any]]:
    """Item key → its parts, as AnswerSchema reads them; blank ones are left out."""
    answers: dict[str, dict[str, Any]] = {}
    for name in form:
        part, dot, key = name.partition(".")
        if not dot or part not in PARTS:
            continue
        values = [value.strip() if isinstance(value, str) else value for value in form.getlist(name)]
        given = [value for value in values if value != ""]
        if given:
            answers.setdefault(key, {})[PARTS[part]] = given if part == "photo" else given[-1]
    return answers


def content_of(fields_: Mapping[str, Any]) -> dict[str, Any]:
    """What the document's digest is taken over: all that came, but its id."""
    return {name: value for name, value in fields_.items() if name != "id"}


def problems_in(error: ValidationError) -> dict[str, list[str]]:
    """Field of the form → what cannot be read there; the parts of an answer under their own names ("why.stow")."""
    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
    answers = messages.pop("answers", {})
    found = {name: _flat(texts) for name, texts in messages.items()}
    if not isinstance(answers, dict):
        return {**found, "answers": _flat(answers)}
    short = {long: name for name, long in PARTS.items()}
    for key, inner in answers.items():
        parts = inner.get("value", inner) if isinstance(inner, dict) else inner
        if isinstance(parts, dict):
            found |= {f"{short.get(part, 'a')}.{key}": _flat(texts) for part, texts in parts.items()}
        else:
            found[f"a.{key}"] = _flat(parts)
    return found


def _flat(texts: Any) -> list[str]:
    if isinstance(texts, dict):
        return [text for inner in texts.values() for text in _flat(inner)]
    return [str(text) for text in texts] if isinstance(texts, list) else [str(texts)]
