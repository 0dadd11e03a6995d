"""The editor's form of one item: flat names in a plain form, checked by the same ItemSchema as the file."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields, post_load

from webapp.checklists.models import CheckItem
from webapp.checklists.rules import parse_number
from webapp.checklists.schemas import CHANGES, MOST_OPTIONS, ItemSchema
from webapp.kit.intake import FormSchema

OPTION_PARTS = ("value", "zh", "en", "means")


def _ticked() -> fields.Boolean:
    return fields.Boolean(load_default=False)


def _typed() -> fields.String:
    return fields.String(load_default="")


OptionRows: Any = FormSchema.from_dict(
    {f"option{place}_{part}": _typed() for place in range(MOST_OPTIONS) for part in OPTION_PARTS}
)


class ItemForm(OptionRows):  # type: ignore[misc]
    """What the editor sends. Loads to the fields of ItemSchema; problems are named by the field on the page."""

    key, zh, en, hint_zh, hint_en = _typed(), _typed(), _typed(), _typed(), _typed()
    kind, unit, min, max = _typed(), _typed(), _typed(), _typed()
    max_drop, max_rise, max_change = _typed(), _typed(), _typed()
    max_drop_in, max_rise_in, max_change_in = _typed(), _typed(), _typed()
    required, na_allowed, safety_stop, limits_editable = _ticked(), _ticked(), _ticked(), _ticked()
    photo_required_on, severity_if_failed, frequency = _typed(), _typed(), _typed()
    source, source_detail = _typed(), _typed()
    seed_ref = fields.List(fields.String(), load_default=list)

    @post_load
    def as_in_the_file(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """Checks the item as if it stood in a file. What does not belong to the chosen kind is left out."""
        entry = {name: data[name] for name in data if not name.startswith(("max_", "option"))}
        entry["en"] = data["en"] or data["zh"]
        entry["source"] = data["source"] or "common_practice"
        entry["key"] = data["key"] or _key_from(data["en"])
        if data["kind"] == "number":
            entry |= {"min": _number(data["min"], "min"), "max": _number(data["max"], "max")}
            entry["compare_previous"] = _changes(data)
        else:
            entry |= {"unit": "", "min": None, "max": None, "limits_editable": False}
        if data["kind"] == "choice":
            entry["options"] = _options(data)
        try:
            loaded: dict[str, Any] = ItemSchema().load(entry)
        except ValidationError as error:
            messages: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
            raise ValidationError(messages | _by_field(messages.pop("compare_previous", {}))) from error
        return loaded


def form_of(item: CheckItem) -> dict[str, Any]:
    """The values of the editor's fields for an item."""
    values: dict[str, Any] = {
        "key": item.key,
        "zh": item.zh,
        "en": item.en,
        "hint_zh": item.hint_zh,
        "hint_en": item.hint_en,
        "kind": item.kind,
        "unit": item.unit,
        "min": _plain(item.minimum),
        "max": _plain(item.maximum),
        "required": item.is_required,
        "na_allowed": item.is_na_allowed,
        "safety_stop": item.is_safety_stop,
        "limits_editable": item.are_limits_editable,
        "photo_required_on": item.photo,
        "severity_if_failed": item.severity,
        "frequency": item.frequency,
        "source": item.source,
        "source_detail": item.source_detail,
        "seed_ref": list(item.seed_refs),
    }
    for name in CHANGES:
        if f"{name}_pct" in item.compare:
            values |= {name: item.compare[f"{name}_pct"], f"{name}_in": "percent"}
        else:
            values |= {name: item.compare.get(name, ""), f"{name}_in": "units"}
    for place, option in enumerate(item.options):
        means = (option.get("severity") or "abnormal") if option.get("abnormal") else "normal"
        parts = {"value": option["value"], "zh": option["zh"], "en": option["en"], "means": means}
        values |= {f"option{place}_{part}": text for part, text in parts.items()}
    return values


def new_item_form() -> dict[str, Any]:
    """The values an empty form begins with."""
    return {
        "kind": "pass_fail",
        "required": True,
        "na_allowed": True,
        "photo_required_on": "abnormal",
        "severity_if_failed": "general",
        "frequency": "monthly",
        "source": "common_practice",
        "seed_ref": [],
    }


def _by_field(changes: Any) -> dict[str, Any]:
    """The page has one field for units and percent."""
    return {name.removesuffix("_pct"): why for name, why in changes.items()} if isinstance(changes, dict) else {}


def _plain(limit: Decimal | None) -> str:
    return "" if limit is None else f"{limit:f}"


def _number(text: str, name: str) -> Decimal | None:
    if not text:
        return None
    number = parse_number(text)
    if number is None:
        raise ValidationError(_("“%(text)s” is not a number. Write it like 12.5.", text=text), name)
    return number


def _changes(data: dict[str, Any]) -> dict[str, Decimal]:
    found = {}
    for name in CHANGES:
        number = _number(data[name], name)
        if number is not None:
            found[f"{name}_pct" if data[f"{name}_in"] == "percent" else name] = number
    return found


def _options(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows that have a text; a new option gets a value of its own."""
    found: list[dict[str, Any]] = []
    for place in range(MOST_OPTIONS):
        zh, en, means = (data[f"option{place}_{part}"] for part in ("zh", "en", "means"))
        if not zh:
            continue
        taken = [option["value"] for option in found]
        value = data[f"option{place}_value"] or f"option_{place + 1}"
        while value in taken:
            value += "_2"
        option = {"value": value, "zh": zh, "en": en or zh, "abnormal": means not in ("", "normal")}
        if means not in ("", "normal", "abnormal"):
            option["severity"] = means
        found.append(option)
    return found


def _key_from(english: str) -> str:
    """A key from the first English words; "item" where there are none."""
    words = re.findall(r"[a-z][a-z0-9]*", english.lower())
    return "_".join(words[:4])[:40] or "item"
