"""The words people read for the codes of an inspection: running states, remedies, flags, verdicts, limits."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.checklists.models import ItemKind
from webapp.checklists.published import AnyItem
from webapp.checklists.rules import Bounds
from webapp.faults.rules import duration
from webapp.inspections.models import Answer
from webapp.kit.language import language, local

RUN_STATES = {
    "running": ("ok", _l("Running normally")),
    "defective": ("warn", _l("Usable, with defects")),
    "stopped": ("abnormal", _l("Out of use")),
}
REMEDIES = {"fixed": _l("Fixed on the spot"), "fault": _l("Raise a fault"), "hazard": _l("Note a hazard")}
VERDICTS = {"ok": _l("Normal"), "abnormal": _l("Abnormal"), "na": _l("Not applicable"), "info": _l("Noted")}
FLAGS = {
    "old_version": _l("An older version of the checklist was used."),
    "other_checklist": _l("Another checklist was used than the one this asset has now."),
    "retired": _l("The asset is retired."),
    "second_in_visit": _l("The same asset was inspected twice in this visit."),
    "replaced_twice": _l("Two people corrected the same record; this one came last."),
    "reused_photo": _l("A photo is also used in another place."),
    "photo_forbidden": _l("Photos are forbidden at this place, but some came."),
    "clock_skew": _l("The clock of the device was wrong; the times shown are corrected."),
    "times_reversed": _l("It ends before it begins."),
    "received_late": _l("It arrived more than three days after it was done."),
    "claimed_ahead": _l("By its own clock it was done later than it arrived."),
    "too_fast": _l("It was answered faster than one can look; the device may have been looked at before."),
    "paper": _l("It was filled in on paper and typed in later."),
    "after_closing": _l("It arrived after the month was closed: an addendum, it changes no figure of that month."),
}
# what is often the reason, to be tapped instead of typed
PHRASES = {
    ItemKind.NUMBER: (_l("Reading unstable"), _l("Needs adjusting"), _l("Cause not known yet")),
    ItemKind.PASS_FAIL: (_l("Loose"), _l("Alarm shown"), _l("Worn or broken")),
}
OTHER_PHRASES = (_l("To be arranged"), _l("Part is missing"), _l("Cause not known yet"))


def phrases_for(item: AnyItem) -> tuple[Any, ...]:
    """The phrases offered for the reason of an abnormal answer."""
    return PHRASES.get(ItemKind(item.kind), OTHER_PHRASES)


def limits_in_words(limits: Bounds, unit: str) -> str:
    """ "≤ 300 s", "≥ 30 dB", "18–27 ℃"; empty without limits."""
    low, high = limits.low, limits.high
    if low is not None and high is not None:
        return f"{plain(low)}–{plain(high)} {unit}".strip()
    if high is not None:
        return f"≤ {plain(high)} {unit}".strip()
    return f"≥ {plain(low)} {unit}".strip() if low is not None else ""


def plain(number: Decimal) -> str:
    """A number without exponent, with a real minus."""
    return f"{number:f}".replace("-", "−")


def answer_in_words(item: AnyItem | None, answer: Answer) -> str:
    """What was answered, as a person reads it: "Normal", "342 s", the words of an option, the text."""
    if answer.verdict == "na":
        return str(VERDICTS["na"])
    if item is None or item.kind == ItemKind.TEXT:
        return answer.value
    if item.kind == ItemKind.PASS_FAIL:
        return str(VERDICTS["ok" if answer.value == "pass" else "abnormal"])
    if item.kind == ItemKind.NUMBER:
        return f"{answer.value if answer.number is None else plain(answer.number)} {item.unit}".strip()
    if item.kind == ItemKind.PHOTO:
        return _("Photo")
    return next((local(option) for option in item.options if option["value"] == answer.value), answer.value)


def limits_of(answer: Answer, unit: str) -> str:
    """The limits that a stored answer was judged by."""
    low, high = (answer.judgement.get(name) for name in ("low", "high"))
    return limits_in_words(Bounds(Decimal(low) if low else None, Decimal(high) if high else None), unit)


def reason_in_words(answer: Answer, unit: str) -> str:
    """Why a reading was judged abnormal: by how much it is beyond which limit; empty for anything else."""
    facts = answer.judgement
    excess = f"{facts.get('excess', '')} {unit}".strip()
    if facts.get("reason") == "above":
        return _("%(excess)s above the limit of %(limit)s", excess=excess, limit=f"{facts['high']} {unit}".strip())
    if facts.get("reason") == "below":
        return _("%(excess)s below the limit of %(limit)s", excess=excess, limit=f"{facts['low']} {unit}".strip())
    return ""


def level_limits(level: Mapping[str, Any]) -> str:
    """The three limits of a fault level; empty where the contract names none for the level alone."""
    limits = [level.get(name) for name in ("response_min", "arrival_min", "handling_min")]
    return _limits_in(language(), *limits) if all(limits) else ""


@cache
def _limits_in(_language: str, response: int, arrival: int, handling: int) -> str:
    """Kept, one for each language: the page of a checklist says it for every item."""
    return _(
        "response %(response)s · arrival %(arrival)s · repair %(handling)s",
        response=duration(response),
        arrival=duration(arrival),
        handling=duration(handling),
    )
