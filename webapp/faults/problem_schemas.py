"""Forms of problems and of decisions about repeats, and what the address of the fault book says."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from webapp.faults.problem_models import OwnerKind, ProblemState
from webapp.kit.clock import Month
from webapp.kit.intake import CleanText, FormSchema

MOST_NUMBERS = 50  # faults named in one form


class Numbers(fields.String):
    """Numbers of faults, separated by blanks or commas of any kind: GZ-2611-07 GZ-2611-09."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> list[str]:  # type: ignore[override]
        text = super()._deserialize(value, attr, data, **more)
        found = text.replace(",", " ").replace("，", " ").replace("、", " ").split()
        if len(found) > MOST_NUMBERS or any(len(each) > 20 for each in found):
            raise ValidationError("Not a valid list.")
        return found


class MonthOf(fields.String):
    """A month written 2026-11."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Month:  # type: ignore[override]
        try:
            return Month.parse(super()._deserialize(value, attr, data, **more))
        except ValueError:
            raise ValidationError("Not a valid month.") from None


class OwnedSchema(FormSchema):
    """Who has to solve a problem, and when it is looked at again."""

    owner_kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in OwnerKind]))
    owner = CleanText(120, required=True)
    next_on = fields.Date()
    text = CleanText(2000, load_default="")


class ProblemSchema(OwnedSchema):
    """A new problem with its faults."""

    title = CleanText(200, required=True)
    faults = Numbers(required=True)


class ProblemStepSchema(OwnedSchema):
    """A further step; faults may be added with it."""

    state = fields.String(required=True, validate=validate.OneOf([state.value for state in ProblemState]))
    faults = Numbers(load_default=list)


class DecisionSchema(FormSchema):
    """The bureau's word about a repeat."""

    earlier = fields.UUID(required=True)
    is_repeat = fields.Boolean(required=True)
    reason = CleanText(2000, required=True)


class PageSchema(FormSchema):
    """Which page of a list; of a month where it names one."""

    page = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))
    month = MonthOf(load_default=None)
