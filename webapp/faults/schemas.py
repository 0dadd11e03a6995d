"""Forms of faults and hazards. The report is born in the field: nothing is filled in that did not come (OFFLINE)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from webapp.faults.models import FindingKind
from webapp.faults.steps import CAUSES, CHANGES, DIFFICULTIES, PAUSES, RULES, TOLD
from webapp.kit.clock import Month
from webapp.kit.intake import FIRST_YEAR, LAST_YEAR, CleanText, FormSchema, Moment

CHANNELS = ("site", "telephone", "desk", "monitoring")  # how it became known (R42, R55)
LONGEST_TEXT = 2000


def _is_of_our_time(moment: datetime) -> None:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:  # a zone would leave the calendar
        raise ValidationError("Not a valid datetime.")


class Words(CleanText):
    """A text that says something, also once blanks and zero characters are taken out of it."""

    def __init__(self, longest: int, shortest: int = 2, **more: Any) -> None:
        super().__init__(longest, **more)
        self.validators.append(validate.Length(min=shortest))


class ReportSchema(FormSchema):
    """A fault or hazard of an asset.

    `reported_at`: when it was told, as typed; with a zone, or the wall clock of the site; blank: when it was written.
    `claimed_at`: when it was written, by the clock of the device; only a page with its script fills it in.
    `note`: the free note that it comes from; `call`: the call of the hotline.
    """

    asset = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in FindingKind]))
    level = fields.String(validate=validate.Length(max=20))
    catalogue_number = fields.Integer(strict=False)
    item_text = CleanText(200)
    text = Words(LONGEST_TEXT, required=True, error_messages={"required": _l("Say what is wrong.")})
    channel = fields.String(validate=validate.OneOf(CHANNELS))
    reported_at = fields.DateTime(format="iso", validate=_is_of_our_time)
    claimed_at = Moment()
    note = fields.UUID()
    call = fields.UUID()
    photo = fields.List(fields.UUID(), validate=validate.Length(max=20))
    caller_organisation = CleanText(120)
    caller_name = CleanText(60)
    caller_phone = CleanText(40)
    form_number = CleanText(40)


class NewSchema(FormSchema):
    """What the address of the form says: the asset, the note it comes from with its text, words to find the asset."""

    asset = fields.UUID()
    note = fields.UUID()
    text = CleanText(LONGEST_TEXT, load_default="")
    q = CleanText(100, load_default="")


class ArrivalSchema(FormSchema):
    """Somebody is on site. `scanned`: what was read from the label, or typed; `reason`: why it was not scanned."""

    id = fields.UUID()
    arrived_at = Moment()
    scanned = CleanText(300)
    reason = CleanText(LONGEST_TEXT)


def _one_of(values: Iterable[str]) -> fields.String:
    return fields.String(validate=validate.OneOf(list(values)))


class StepSchema(FormSchema):
    """A step of a fault. Which fields it needs depends on its kind: faults.steps.

    `happened_at`: when it was, as typed; with a zone, or the wall clock of the site; blank: when it was written.
    `claimed_at`: when it was written, by the clock of the device; only a page with its script fills it in.
    `person`: to whom, with whom or who, whatever the kind asks for. `until`: agreed or estimated time.
    """

    id = fields.UUID()
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in RULES]))
    happened_at = fields.DateTime(format="iso", validate=_is_of_our_time)
    claimed_at = Moment()
    text = CleanText(LONGEST_TEXT)
    photo = fields.List(fields.UUID(), validate=validate.Length(max=20))
    person = CleanText(120)
    until = fields.DateTime(format="iso", validate=_is_of_our_time)
    difficulty = _one_of(DIFFICULTIES)
    change = _one_of(CHANGES)
    told = _one_of(TOLD)
    part = CleanText(200)
    quantity = fields.Integer(validate=validate.Range(min=1, max=9999))
    cause = _one_of(CAUSES)
    analysis = CleanText(LONGEST_TEXT)
    handling = CleanText(LONGEST_TEXT)
    responsibility = CleanText(LONGEST_TEXT)
    lessons = CleanText(LONGEST_TEXT)
    answer = CleanText(LONGEST_TEXT)
    pause_kind = _one_of(PAUSES)
    pause = fields.UUID()
    level = fields.String(validate=validate.Length(max=20))
    impact = fields.String(validate=validate.Length(max=20))
    passed = fields.Boolean()
    satisfied = fields.Boolean()
    considerable = fields.Boolean()


class ReasonSchema(FormSchema):
    """Why something is closed or opened again."""

    reason = Words(LONGEST_TEXT, required=True, error_messages={"required": _l("Give a reason.")})


class SeenSchema(FormSchema):
    """How many events the page shows that asks for its clocks."""

    seen = fields.Integer(load_default=10_000, validate=validate.Range(min=0, max=10_000))


class PolicySchema(FormSchema):
    """Why the terms of the contract are changed; their figures are read by faults.policy_form."""

    reason = Words(LONGEST_TEXT, required=True, error_messages={"required": _l("Give a reason.")})


class MonthField(fields.Field[Month]):
    """A month as yyyy-mm."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Month:
        try:
            return Month.parse(str(value))
        except ValueError:
            raise ValidationError(str(_l("Give a month like 2026-11."))) from None


class ListSchema(FormSchema):
    """What the list is narrowed to."""

    kind = fields.String(load_default="", validate=validate.OneOf(["", *[kind.value for kind in FindingKind]]))
    state = fields.String(load_default="", validate=validate.OneOf(["", "open", "closed"]))
    level = fields.String(load_default="", validate=validate.Length(max=20))
    system = fields.UUID(load_default=None)
    month = MonthField(load_default=None)
    q = fields.String(load_default="", validate=validate.Length(max=100))
    page = fields.Integer(load_default=1)
