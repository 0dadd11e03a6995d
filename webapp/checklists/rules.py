"""The one judge of answers. Checklists, joint tests, reports all ask here; nothing else compares a value with a limit.

An `item` is a CheckItem or any object with the same attributes (key, kind, unit, minimum, maximum, compare, options,
is_required, is_na_allowed, photo, severity). Numbers are Decimals; a limit is inclusive on both sides.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any, Protocol

from webapp.checklists.models import ItemKind

REMEDIES = ("fixed", "fault", "hazard")
LONGEST_NUMBER = 30  # characters, as typed
LARGEST_EXPONENT = 20
ENOUGH_DIGITS = 120  # so that no product of two typed numbers is ever rounded

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
# Chinese keyboards give full-width digits, points and several kinds of minus; nothing else is guessed at
_TYPED = str.maketrans("０１２３４５６７８９．＋－−﹣–", "0123456789.+----")


class Verdict(enum.StrEnum):
    """What an answer means. INFO: text, a photo or nothing that could be judged."""

    OK = "ok"
    ABNORMAL = "abnormal"
    NA = "na"
    INFO = "info"


@dataclass(frozen=True)
class Given:
    """An answer as it came: "pass"/"fail", number text, an option's value, or text."""

    value: str = ""
    na: bool = False
    photo_count: int = 0


@dataclass(frozen=True)
class Bounds:
    """Between what a number is normal, both ends included; None: open. `*_from` says which rule set the end."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_from: str = ""  # limit | override | previous | "" (open)
    high_from: str = ""
    previous: Decimal | None = None


OPEN = Bounds()


@dataclass(frozen=True)
class Judgement:
    """The verdict with its reason. `number` is the value read; `excess` how far it lies outside, always positive."""

    verdict: Verdict
    severity: str = ""  # proposed fault level, only where abnormal
    reason: str = ""  # "" | failed | below | above | option
    number: Decimal | None = None
    excess: Decimal | None = None


class Limits(Protocol):
    """Limits of one device that stand in for those of the checklist; both None: the checklist's count again."""

    @property
    def minimum(self) -> Decimal | None: ...
    @property
    def maximum(self) -> Decimal | None: ...


class Named(Protocol):
    """A checklist as far as finding it by an asset's name needs it."""

    @property
    def key(self) -> str: ...
    @property
    def match(self) -> list[str]: ...
    @property
    def exclude(self) -> list[str]: ...


def parse_number(text: object) -> Decimal | None:
    """A plain decimal, also with full-width digits or a real minus; None for anything else, never an error.

    Accepted: 61.5, -105, .5, 1e-7, ６１．５, −3. Refused: blank, 61,5, nan, inf, 1e99, more than 30 characters.
    """
    if not isinstance(text, str):
        return None
    typed = text.strip().translate(_TYPED)
    if len(typed) > LONGEST_NUMBER or not _NUMBER.fullmatch(typed):
        return None
    _digits, _e, exponent = typed.lower().partition("e")
    if exponent and abs(int(exponent)) > LARGEST_EXPONENT:
        return None
    return Decimal(typed)


def bounds(item: Any, previous: Decimal | None, override: Limits | None = None) -> Bounds:
    """What is normal for this item now: fixed limits and the last accepted value ± allowed change, the tighter wins.

    - An override stands in for both limits of the item; one without any limit counts as none.
    - The first value is the baseline: without `previous` nothing is compared.
    - A last value outside the present fixed limits is no baseline (the limits changed since); else nothing could ever
      be accepted again. So repeating the last accepted value is never abnormal.
    - Percent is of the size of the last value: 10 % of −60 is 6. Of zero no percent can be taken: nothing is compared.
    """
    if item.kind != ItemKind.NUMBER:
        return OPEN
    low, high, origin = item.minimum, item.maximum, "limit"
    if override is not None and (override.minimum is not None or override.maximum is not None):
        low, high, origin = override.minimum, override.maximum, "override"
    low_from, high_from = origin if low is not None else "", origin if high is not None else ""
    if previous is not None and _is_within(previous, low, high):
        floor, ceiling = _allowed_change(item.compare, previous)
        if floor is not None and (low is None or floor > low):
            low, low_from = floor, "previous"
        if ceiling is not None and (high is None or ceiling < high):
            high, high_from = ceiling, "previous"
    return Bounds(low, high, low_from, high_from, previous)


def judge(item: Any, answer: Given, limits: Bounds = OPEN) -> Judgement:
    """The verdict on one answer. Never raises: what cannot be read is INFO, and `problems` says what is wrong."""
    if answer.na:
        return Judgement(Verdict.NA)
    if item.kind == ItemKind.PASS_FAIL:
        return _judge_pass_fail(item, answer.value)
    if item.kind == ItemKind.NUMBER:
        return _judge_number(item, answer.value, limits)
    if item.kind == ItemKind.CHOICE:
        return _judge_choice(item, answer.value)
    return Judgement(Verdict.INFO)


def problems(
    item: Any, given: Given, judgement: Judgement, why: str, remedy: str, *, are_photos_allowed: bool = True
) -> list[str]:
    """What is missing before the answer can be handed in (R10), as codes.

    "answer" nothing given · "number", "option" cannot be read · "na" not applicable is not allowed here ·
    "why", "remedy" an abnormal answer lacks its reason or what becomes of it · "photo" a photo is due.
    Where photos are forbidden (R125) none is ever due.
    """
    if given.na:
        return [] if item.is_na_allowed else ["na"]
    photo_due = are_photos_allowed and given.photo_count == 0
    if item.kind == ItemKind.PHOTO:
        return ["photo"] if photo_due and item.is_required else []
    if not given.value.strip():
        return ["answer"] if item.is_required else []
    found = _unreadable(item, given.value, judgement)
    is_abnormal = judgement.verdict is Verdict.ABNORMAL
    if is_abnormal and not why.strip():
        found.append("why")
    if is_abnormal and remedy not in REMEDIES:
        found.append("remedy")
    if photo_due and (item.photo == "always" or (item.photo == "abnormal" and is_abnormal)):
        found.append("photo")
    return found


def category_for(name: str, checklists: Iterable[Named]) -> str | None:
    """Key of the checklist for an asset of that name: the first one, in their order, that claims it."""
    return next(iter(categories_for(name, checklists)), None)


def categories_for(name: str, checklists: Iterable[Named]) -> list[str]:
    """Keys of all checklists that claim the name; good patterns leave exactly one."""
    return [
        one.key
        for one in checklists
        if any(re.search(pattern, name) for pattern in one.match)
        and not any(re.search(pattern, name) for pattern in one.exclude)
    ]


def _judge_pass_fail(item: Any, value: str) -> Judgement:
    if value == "fail":
        return Judgement(Verdict.ABNORMAL, item.severity, "failed")
    return Judgement(Verdict.OK if value == "pass" else Verdict.INFO)


def _judge_number(item: Any, value: str, limits: Bounds) -> Judgement:
    number = parse_number(value)
    if number is None:
        return Judgement(Verdict.INFO)
    with localcontext(prec=ENOUGH_DIGITS):
        if limits.low is not None and number < limits.low:
            return Judgement(Verdict.ABNORMAL, item.severity, "below", number, limits.low - number)
        if limits.high is not None and number > limits.high:
            return Judgement(Verdict.ABNORMAL, item.severity, "above", number, number - limits.high)
    return Judgement(Verdict.OK, number=number)


def _judge_choice(item: Any, value: str) -> Judgement:
    option = _option(item, value)
    if option is None:
        return Judgement(Verdict.INFO)
    if option.get("abnormal"):
        return Judgement(Verdict.ABNORMAL, option.get("severity") or item.severity, "option")
    return Judgement(Verdict.OK)


def _option(item: Any, value: str) -> dict[str, Any] | None:
    return next((option for option in item.options if option["value"] == value), None)


def _unreadable(item: Any, value: str, judgement: Judgement) -> list[str]:
    if judgement.verdict is not Verdict.INFO or item.kind == ItemKind.TEXT:
        return []
    return ["number"] if item.kind == ItemKind.NUMBER else ["option"]


def _is_within(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _allowed_change(compare: dict[str, Any], previous: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Lowest and highest value that the last one allows."""
    drops = _steps(compare, ("max_drop", "max_change"), previous)
    rises = _steps(compare, ("max_rise", "max_change"), previous)
    with localcontext(prec=ENOUGH_DIGITS):
        return (
            _tidy(previous - min(drops)) if drops else None,
            _tidy(previous + min(rises)) if rises else None,
        )


def _steps(compare: dict[str, Any], names: tuple[str, str], previous: Decimal) -> list[Decimal]:
    """The allowed changes in units; percent of the size of the last value, left out where that is zero."""
    steps = []
    for name in names:
        if compare.get(name) is not None:
            steps.append(Decimal(str(compare[name])))
        if compare.get(f"{name}_pct") is not None and previous != 0:
            with localcontext(prec=ENOUGH_DIGITS):
                steps.append(abs(previous) * Decimal(str(compare[f"{name}_pct"])) / 100)
    return steps


def _tidy(value: Decimal) -> Decimal:
    """Without the trailing zeros that calculating adds: 46.100 becomes 46.1, 1E+2 becomes 100."""
    with localcontext(prec=ENOUGH_DIGITS):
        return Decimal(f"{value.normalize():f}")
