"""Pure decisions about a joint test: judgements, proposed results, the running number, what a problem is about."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from webapp.checklists.models import ItemKind
from webapp.checklists.rules import Given, Judgement, Verdict, bounds, judge, parse_number
from webapp.jointtests.form import Item
from webapp.kit.clock import Month


class Result(enum.StrEnum):
    """Result of one link, as the form prints it."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    NOT_TESTED = "not_tested"


class Overall(enum.StrEnum):
    """Conclusion of the whole test."""

    PASS = "pass"  # noqa: S105  (no password)
    WITH_PROBLEMS = "pass_with_problems"
    FAIL = "fail"


class Capacity(enum.StrEnum):
    """As what somebody signs. Both signatures together seal the record."""

    TECHNICIAN = "technician"
    SUPERVISOR = "supervisor"


WITHOUT_VALUES = (Result.FAILED, Result.NOT_TESTED)  # where nothing could be measured, a reason stands instead
NEEDS_PROBLEM = (Result.FAILED, Result.DEGRADED)
ALL_CAPACITIES = frozenset(Capacity)
EXTRA = ("drill", "important")  # kinds of test that replace no monthly one


def is_monthly(kind: str) -> bool:
    """Whether a test of that kind is the one due every month; a drill or guarded period comes on top (R19, R24)."""
    return kind not in EXTRA


def judged(item: Item, value: str, day: date) -> Judgement:
    """The verdict on one value. A contract figure may be missed by its tolerance; an end date must not be near."""
    if item.warning_days is not None and (ends_on := _as_day(value)):
        is_near = ends_on - day < timedelta(days=item.warning_days)
        return Judgement(Verdict.ABNORMAL, item.severity, "ends") if is_near else Judgement(Verdict.OK)
    return judge(item, Given(value), bounds(item.as_judged, None))


def is_only_compared(item: Item) -> bool:
    """Whether a number has no limit and is only set beside last month's."""
    return item.kind == ItemKind.NUMBER and item.minimum is None and item.maximum is None


def is_within_tolerance(item: Item, judgement: Judgement) -> bool:
    """Whether a value passes only because some of the contract figure is tolerated."""
    return (
        judgement.verdict is Verdict.OK
        and item.tolerance is not None
        and item.minimum is not None
        and judgement.number is not None
        and judgement.number < item.minimum
    )


def change_between(value: str, previous: str) -> Decimal | None:
    """How much a number changed since last time."""
    now, before = parse_number(value), parse_number(previous)
    if now is None or before is None:
        return None
    return now - before or Decimal(0)  # plain 0, not 0E-7


def is_judged(item: Item) -> bool:
    """Whether an answer can be out of order at all: it has a limit, can fail, or has an abnormal option."""
    if item.kind == ItemKind.CHOICE:
        return any(option.get("abnormal") for option in item.options)
    return item.kind in (ItemKind.NUMBER, ItemKind.PASS_FAIL) and not is_only_compared(item)


def proposed_result(verdicts: Iterable[Verdict], *, is_measured: bool) -> Result:
    """What the values of a link propose: all in order, some not, none in order, or nothing measured here."""
    judged_ones = [verdict for verdict in verdicts if verdict in (Verdict.OK, Verdict.ABNORMAL)]
    bad = judged_ones.count(Verdict.ABNORMAL)
    if not is_measured:
        return Result.NOT_TESTED
    if not bad:
        return Result.OK
    return Result.FAILED if bad == len(judged_ones) else Result.DEGRADED


def proposed_conclusion(results: Iterable[str], has_abnormal: bool) -> Overall:
    """Failed if any link failed; with problems if any is degraded, not tested, or a value elsewhere is abnormal."""
    found = set(results)
    if Result.FAILED in found:
        return Overall.FAIL
    if has_abnormal or found & {Result.DEGRADED, Result.NOT_TESTED}:
        return Overall.WITH_PROBLEMS
    return Overall.PASS


def proposed_level(result: str) -> str:
    """Level of the fault that a problem proposes: an interrupted link is a major one."""
    return "major" if result == Result.FAILED else "general"


def number_prefix(site_code: str, month: Month) -> str:
    """What the record numbers of a site and month begin with: "JT-SG-202611-"."""
    return f"JT-{site_code}-{month.year:04d}{month.month:02d}-"


def next_number(prefix: str, taken: Iterable[str]) -> str:
    """The number after the highest one taken; two digits, more if needed."""
    highest = max((int(number.removeprefix(prefix)) for number in taken), default=0)
    return f"{prefix}{highest + 1:02d}"


def is_clock_time(text: str) -> bool:
    """Whether a text is a time of day, 09:43 or 09:43:20."""
    return re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", text) is not None


def _as_day(text: str) -> date | None:
    found = re.search(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})", text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None
