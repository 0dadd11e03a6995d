"""Shape of a checklist file, and so of every item that comes in, from YAML or from the editor: each rule once.

Fields are loaded under the names of the models; the file's own names (min, seed_ref …) are the `data_key`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate, validates_schema

from webapp.checklists.models import ItemKind
from webapp.checklists.patterns import pattern_problem
from webapp.checklists.words import FREQUENCIES, LEVELS, PHOTO_RULES, SEEDS, SOURCES

MOST_CHECKLISTS = 500
MOST_ITEMS = 100
MOST_OPTIONS = 8
NUMBERS_ONLY = {
    "unit": "unit",
    "minimum": "min",
    "maximum": "max",
    "compare": "compare_previous",
    "are_limits_editable": "limits_editable",
}
CHANGES = ("max_drop", "max_rise", "max_change")

KEY = validate.Regexp(
    r"[a-z][a-z0-9_]{0,59}\Z", error=_l("Use small letters a–z, digits and _, beginning with a letter (at most 60).")
)
VALUE = validate.Regexp(r"[a-z0-9][a-z0-9_]{0,39}\Z", error=_l("Use small letters a–z, digits and _ (at most 40)."))
PLAIN = {  # in the reader's language, instead of marshmallow's own
    "required": _l("This is missing."),
    "null": _l("This is empty."),
    "invalid": _l("This cannot be used here."),
    "type": _l("This cannot be used here."),
    "unknown": _l("This field is not known; is it misspelt?"),
}


def _text(longest: int, *, required: bool = False, **more: Any) -> fields.String:
    length = validate.Length(int(required), longest, error=_length_words(longest, required))
    return fields.String(required=required, validate=length, error_messages=PLAIN, **more)


def _length_words(longest: int, required: bool) -> Any:
    if required:
        return _l("Write 1 to %(n)s characters.", n=longest)
    return _l("Write at most %(n)s characters.", n=longest)


def _flag(**more: Any) -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, error_messages=PLAIN, **more)


def _one_of(words: Iterable[str], **more: Any) -> fields.String:
    allowed = list(words)
    choice = validate.OneOf(allowed, error=_l("Choose one of: %(words)s.", words=", ".join(allowed)))
    return fields.String(validate=choice, error_messages=PLAIN, **more)


def _list(inner: Any, longest: int, shortest: int = 0, **more: Any) -> Any:
    length = validate.Length(shortest, longest, error=_l("Give %(a)s to %(b)s of them.", a=shortest, b=longest))
    return fields.List(inner, validate=length, error_messages=PLAIN, **more)


def _whole(low: int, high: int, **more: Any) -> fields.Integer:
    bounds = validate.Range(low, high, error=_l("Give a whole number from %(a)s to %(b)s.", a=low, b=high))
    return fields.Integer(required=True, strict=True, validate=bounds, error_messages=PLAIN, **more)


def _limit(key: str) -> fields.Decimal:
    return fields.Decimal(
        data_key=key, load_default=None, allow_none=True, validate=_is_reasonable, error_messages=PLAIN
    )


def _is_reasonable(value: Any) -> None:
    if len(str(value)) > 30 or (value != 0 and not -20 <= value.adjusted() <= 20):
        raise ValidationError(_("This number is too long."))


def _is_positive(value: Any) -> None:
    _is_reasonable(value)
    if value < 0:
        raise ValidationError(_("Give 0 or more: how far the value may move."))


def _change() -> fields.Decimal:
    return fields.Decimal(validate=_is_positive, error_messages=PLAIN)


class CompareSchema(Schema):
    """How far a reading may move from the last accepted one, in units or in percent of it."""

    error_messages = PLAIN

    max_drop, max_rise, max_change = _change(), _change(), _change()
    max_drop_pct, max_rise_pct, max_change_pct = _change(), _change(), _change()

    @validates_schema
    def one_of_each(self, data: dict[str, Any], **_more: Any) -> None:
        """Units or percent, not both."""
        for name in CHANGES:
            if name in data and f"{name}_pct" in data:
                raise ValidationError(_("Give the change in units or in percent, not both."), name)


class OptionSchema(Schema):
    """One answer of a choice."""

    error_messages = PLAIN

    value = fields.String(required=True, validate=VALUE, error_messages=PLAIN)
    zh = _text(60, required=True)
    en = _text(60, required=True)
    abnormal = _flag(required=True)
    severity = _one_of(LEVELS)


class ItemSchema(Schema):
    """One item as in the file. Unknown fields are refused, so that a misspelt one is seen."""

    error_messages = PLAIN

    class Meta:
        unknown = RAISE

    key = fields.String(required=True, validate=KEY, error_messages=PLAIN)
    zh = _text(200, required=True)
    en = _text(200, required=True)
    kind = _one_of([kind.value for kind in ItemKind], required=True)
    unit = _text(20, load_default="")
    minimum = _limit("min")
    maximum = _limit("max")
    compare = fields.Nested(CompareSchema, data_key="compare_previous", load_default=dict)
    options = _list(fields.Nested(OptionSchema), MOST_OPTIONS, load_default=list)
    is_required = _flag(data_key="required", required=True)
    is_na_allowed = _flag(data_key="na_allowed", required=True)
    is_safety_stop = _flag(data_key="safety_stop", load_default=False)
    are_limits_editable = _flag(data_key="limits_editable", load_default=False)
    photo = _one_of(PHOTO_RULES, data_key="photo_required_on", required=True)
    severity = _one_of(LEVELS, data_key="severity_if_failed", required=True)
    frequency = _one_of(FREQUENCIES, required=True)
    source = _one_of(SOURCES, load_default="common_practice")
    source_detail = _text(500, load_default="")
    seed_refs = _list(_one_of(SEEDS), len(SEEDS), data_key="seed_ref", load_default=list)
    hint_zh = _text(200, load_default="")
    hint_en = _text(200, load_default="")

    @validates_schema
    def limits_are_in_order(self, data: dict[str, Any], **_more: Any) -> None:
        """The lower limit is not above the upper one; only numbers have limits and comparisons."""
        low, high = data.get("minimum"), data.get("maximum")
        if low is not None and high is not None and low > high:
            raise ValidationError(_("The lower limit is above the upper one."), "min")
        if data.get("kind") != ItemKind.NUMBER:
            for name, key in NUMBERS_ONLY.items():
                if data.get(name):
                    raise ValidationError(_("Only a number has a unit and limits."), key)

    @validates_schema
    def options_belong_to_choices(self, data: dict[str, Any], **_more: Any) -> None:
        """A choice has two options or more, each with its own value; other kinds have none."""
        options = data.get("options", [])
        if data.get("kind") != ItemKind.CHOICE:
            if options:
                raise ValidationError(_("Only a choice has options."), "options")
            return
        if len(options) < 2:
            raise ValidationError(_("Give at least two options."), "options")
        values = [option["value"] for option in options]
        if len(set(values)) < len(values):
            raise ValidationError(_("Two options have the same value."), "options")


def _is_good_pattern(pattern: str) -> None:
    if problem := pattern_problem(pattern):
        raise ValidationError(problem)


def _patterns() -> Any:
    return _list(fields.String(validate=_is_good_pattern, error_messages=PLAIN), 50, load_default=list)


class ChecklistSchema(Schema):
    """One checklist of the file with its items."""

    error_messages = PLAIN

    class Meta:
        unknown = RAISE

    key = fields.String(required=True, validate=KEY, error_messages=PLAIN)
    zh = _text(120, required=True)
    en = _text(120, required=True)
    scope = _one_of(["device", "place"], required=True)
    minutes = _whole(0, 1440, data_key="minutes_per_device")
    match = _patterns()
    exclude = _patterns()
    note = _text(1000, load_default="")
    futian_response_system = _text(60, load_default=None, allow_none=True)
    shaoguan_major_scope = _flag(load_default=False)
    items = _list(fields.Nested(ItemSchema), MOST_ITEMS, 1, required=True)


class FileSchema(Schema):
    """A whole checklist file. Title, conventions and the list of references are for readers and are not stored."""

    class Meta:
        unknown = EXCLUDE

    version = _whole(1, 1)
    categories = _list(fields.Nested(ChecklistSchema), MOST_CHECKLISTS, 1, required=True)
