"""What comes in at the doors of the plan."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.intake import CleanText, FormSchema

LONGEST = 500
MOST_LINES = 1000


class ShowSchema(FormSchema):
    """Which part of a plan is looked at."""

    person = fields.UUID()
    day = fields.Date()
    line = fields.Integer(validate=validate.Range(min=1, max=999))
    state = fields.String(validate=validate.Length(max=20))


class VersionsSchema(FormSchema):
    """Which two versions are compared."""

    old = fields.Integer(validate=validate.Range(min=1, max=100000))
    new = fields.Integer(validate=validate.Range(min=1, max=100000))


class ChosenSchema(FormSchema):
    """Lines one by one, or all of a day or system; which day and people they get."""

    line = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MOST_LINES))
    group = fields.List(CleanText(200), load_default=list, validate=validate.Length(max=MOST_LINES))
    day = fields.Date(load_default=None)
    technician = fields.UUID(load_default=None)
    supervisor = fields.UUID(load_default=None)


class ChangeSchema(ChosenSchema):
    """A change of a plan that is not approved yet; `version` is the one that was seen."""

    version = fields.Integer(required=True, validate=validate.Range(min=1, max=100000))
    left_out = fields.Boolean(load_default=None, allow_none=True)


class StepSchema(FormSchema):
    """Handing in or approving."""

    version = fields.Integer(required=True, validate=validate.Range(min=1, max=100000))
    comment = CleanText(LONGEST, load_default="")


class ReturnSchema(StepSchema):
    """Returning, which needs a comment."""

    comment = CleanText(LONGEST, required=True)


class AddendumSchema(ChosenSchema):
    """A change of an approved plan; `id` names the deed, so that the same again changes nothing."""

    id = fields.UUID(required=True)
    deed = fields.String(required=True, validate=validate.OneOf(["add", "move", "cancel"]))
    asset = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MOST_LINES))
    reason = CleanText(LONGEST, required=True)


class DecisionSchema(FormSchema):
    """What the bureau says about lines to be cancelled."""

    addendum = fields.List(fields.UUID(), load_default=list, validate=validate.Length(max=MOST_LINES))
    is_approved = fields.Boolean(required=True)
    comment = CleanText(LONGEST, load_default="")


class PresentationSchema(FormSchema):
    """A presentation: what, on which day, at what time of the site."""

    id = fields.UUID(required=True)
    title = CleanText(120, required=True)
    day = fields.Date(required=True)
    time = fields.Time(required=True, format="%H:%M")


class CallingOffSchema(FormSchema):
    """Which presentation is called off, and why."""

    presentation = fields.UUID(required=True)
    reason = CleanText(LONGEST, required=True)


class YearSchema(FormSchema):
    """Which year of the calendar."""

    year = fields.Integer(validate=validate.Range(min=2001, max=2100))


class CalendarDaySchema(FormSchema):
    """A day that differs here: worked on or free."""

    day = fields.Date(required=True)
    is_working = fields.Boolean(required=True)
    name = CleanText(60, required=True)
    reason = CleanText(LONGEST, load_default="")


class ForgottenDaySchema(FormSchema):
    """A day for which the calendar of the country counts again."""

    day = fields.Date(required=True)
