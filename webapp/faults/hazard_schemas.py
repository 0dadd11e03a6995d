"""Forms of hazards: steps from the field, the list of a month, the decisions of the bureau on one page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from marshmallow import fields, validate
from werkzeug.datastructures import MultiDict

from webapp.faults.hazard_rules import BY_STEP, State
from webapp.faults.hazards import Decision
from webapp.faults.schemas import LONGEST_TEXT, StepSchema
from webapp.kit.intake import CleanText, FormSchema, Moment
from webapp.kit.problems import Invalid

_OF_ALL_STEPS = StepSchema().fields


class HazardStepSchema(FormSchema):
    """A step of a hazard; `happened_at` and `claimed_at` as in StepSchema."""

    id = fields.UUID()
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in BY_STEP]))
    happened_at = fields.DateTime(format="iso", validate=_OF_ALL_STEPS["happened_at"].validate)
    claimed_at = Moment()
    text = CleanText(LONGEST_TEXT)
    photo = fields.List(fields.UUID(), validate=validate.Length(max=20))


class HazardsSchema(FormSchema):
    """What the list is narrowed to: one state, "" the open ones, "all"."""

    state = fields.String(load_default="", validate=validate.OneOf(["", "all", *[state.value for state in State]]))
    page = fields.Integer(load_default=1)


class _HandInSchema(FormSchema):
    hazard = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=1000))


def proposals_in(form: MultiDict[str, str]) -> dict[uuid.UUID, str]:
    """Hazard → proposal, of the hazards that are ticked: `hazard`, `proposal-<id>`."""
    ticked = _HandInSchema().load({"hazard": form.getlist("hazard")})["hazard"]
    return {hazard: _text(form, f"proposal-{hazard}") for hazard in ticked}


def decisions_in(form: MultiDict[str, str]) -> list[Decision]:
    """What the bureau said: `word-<id>` approved or refused, with `reason-<id>`; what has no word is left for later."""
    return list(_decisions(form))


def _decisions(form: MultiDict[str, str]) -> Iterator[Decision]:
    for name, word in form.items():
        head, _dash, rest = name.partition("-")
        if head == "word" and word in ("approved", "refused"):
            yield Decision(_id(rest), word == "approved", _text(form, f"reason-{rest}"))


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Invalid(_("The request could not be understood."), code="unreadable") from None


def _text(form: MultiDict[str, str], name: str) -> str:
    schema: Any = CleanText(LONGEST_TEXT)
    return str(schema.deserialize(form.get(name, ""), name))
