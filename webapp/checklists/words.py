"""The words people read for the codes of a checklist: kinds, levels, frequencies, sources, contract references."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.kit.language import local

KINDS = {
    "pass_fail": _l("Normal / abnormal"),
    "number": _l("Reading"),
    "choice": _l("Choice"),
    "text": _l("Text"),
    "photo": _l("Photo"),
}
PHOTO_RULES = {
    "never": _l("no photo"),
    "abnormal": _l("photo when abnormal"),
    "always": _l("always a photo"),
}
LEVELS = {
    "major": _l("Major fault"),
    "general": _l("General fault"),
    "consult": _l("Technical consultation"),
}
FREQUENCIES = {
    "weekly": _l("weekly"),
    "monthly": _l("monthly"),
    "quarterly": _l("quarterly"),
    "before_event": _l("before each event"),
}
SOURCES = {
    "seed": _l("Contract"),
    "standard": _l("Standard"),
    "common_practice": _l("Experience"),
    "maker_data": _l("Maker's figures"),
    "baseline": _l("Comparison with earlier readings"),
}
# what the two contracts ask an inspection to cover (R12, R18); the tenth of Futian is the report itself
SEEDS = {
    "S1": _l("Hardware, ancillaries and application software at work"),
    "S2": _l("Power and batteries: test, maintenance and upkeep"),
    "S3": _l("Modules, interfaces, labels; patch panels tidied, spare jumpers removed"),
    "S4": _l("Application software running, data checked, backup"),
    "S5": _l("Environment of machine room and satellite antenna, with advice"),
    "S6": _l("Vehicle racks, cabinet doors, side panels and devices fastened"),
    "S7": _l("Dust removed inside the devices"),
    "F1": _l("Dust removal"),
    "F2": _l("Virus signatures updated"),
    "F3": _l("Patches updated"),
    "F4": _l("Core devices: stability and use checked"),
    "F5": _l("System software backed up"),
    "F6": _l("Basic network: safety check"),
    "F7": _l("Telephone exchange: safety check"),
    "F8": _l("Network links: safety check"),
    "F9": _l("Databases: safety check"),
}
# fields of an item in the order of the editor, as the difference between two versions names them
FIELDS = {
    "zh": _l("Text (Chinese)"),
    "en": _l("Text (English)"),
    "kind": _l("Kind of answer"),
    "unit": _l("Unit"),
    "minimum": _l("Lower limit"),
    "maximum": _l("Upper limit"),
    "compare": _l("Change since the last value"),
    "options": _l("Options"),
    "is_required": _l("Must be answered"),
    "is_na_allowed": _l("“Not applicable” allowed"),
    "is_safety_stop": _l("Stop work if it fails"),
    "are_limits_editable": _l("Limits may differ per device"),
    "photo": _l("Photo"),
    "severity": _l("Proposed fault level"),
    "frequency": _l("Frequency"),
    "source": _l("Source"),
    "source_detail": _l("Source in detail"),
    "seed_refs": _l("Contract references"),
    "hint_zh": _l("Hint (Chinese)"),
    "hint_en": _l("Hint (English)"),
}


def limits(low: Decimal | None, high: Decimal | None, unit: str = "") -> str:
    """ "198–235 V", "≥ 12 V", "≤ 4 Ω"; empty without limits."""
    ends = [f"{end:f}".replace("-", "−") for end in (low, high) if end is not None]
    if not ends:
        return ""
    if len(ends) == 2:
        text = f"{ends[0]} … {ends[1]}" if "−" in "".join(ends) else f"{ends[0]}–{ends[1]}"
    else:
        text = f"{'≥' if high is None else '≤'} {ends[0]}"
    return f"{text} {unit}".strip()


def changes(compare: dict[str, Any], unit: str = "") -> str:
    """ "falls by at most 3 dB since the last value"; empty where nothing is compared."""
    texts = {
        "max_drop": _l("falls by at most %(much)s"),
        "max_rise": _l("rises by at most %(much)s"),
        "max_change": _l("changes by at most %(much)s"),
    }
    parts = []
    for name, text in texts.items():
        if name in compare:
            parts.append(text % {"much": f"{compare[name]} {unit}".strip()})
        if f"{name}_pct" in compare:
            parts.append(text % {"much": f"{compare[f'{name}_pct']} %"})
    return ", ".join(str(part) for part in parts)


def options(given: list[dict[str, Any]]) -> str:
    """ "Good · Fair · Poor (abnormal)"."""
    return " · ".join(_("%(text)s (abnormal)", text=local(o)) if o.get("abnormal") else local(o) for o in given)


def facts(item: Any) -> list[str]:
    """What an item asks for, in short pieces for one line."""
    pieces = [str(KINDS[item.kind])]
    if item.kind == "number":
        pieces += [limits(item.minimum, item.maximum, item.unit) or item.unit, changes(item.compare, item.unit)]
    if item.kind == "choice":
        pieces.append(options(item.options))
    pieces.append("" if item.photo == "never" else str(PHOTO_RULES[item.photo]))
    pieces.append(str(FREQUENCIES[item.frequency]))
    pieces.append("" if item.is_na_allowed else _("“not applicable” is not allowed"))
    return [piece for piece in pieces if piece]


def shown(field: str, value: Any) -> str:
    """A field's value as the difference between two versions shows it."""
    named = {"kind": KINDS, "photo": PHOTO_RULES, "severity": LEVELS, "frequency": FREQUENCIES, "source": SOURCES}
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field in named:
        return str(named[field][value])
    if field == "compare":
        return changes(value)
    if field == "options":
        return options(value)
    if isinstance(value, list):
        return ", ".join(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
