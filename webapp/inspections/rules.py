"""Pure decisions about inspections: what is missing, what is odd, which level is proposed, which moment is meant."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

RUN_STATES = ("running", "defective", "stopped")  # 运行情况
SKEW_TOLERATED = timedelta(minutes=5)
LATE_AFTER = timedelta(days=3)
# Speed: reading a question and tapping takes two seconds at least, before anything is looked at; who fills in several
# lists side by side and hands them in one after the other still taps each once. Short lists say nothing.
FEWEST_ANSWERS_JUDGED = 5
SECONDS_PER_ANSWER = 2
SECONDS_PER_ANSWER_AFTER_ANOTHER = 1


class Flag(enum.StrEnum):
    """Odd things for the office. They never keep a document out: nobody is at the device any more to repair it."""

    OLD_VERSION = "old_version"
    OTHER_CHECKLIST = "other_checklist"
    RETIRED = "retired"
    SECOND_IN_VISIT = "second_in_visit"
    REPLACED_TWICE = "replaced_twice"
    REUSED_PHOTO = "reused_photo"
    PHOTO_FORBIDDEN = "photo_forbidden"
    CLOCK_SKEW = "clock_skew"
    TIMES_REVERSED = "times_reversed"
    RECEIVED_LATE = "received_late"
    CLAIMED_AHEAD = "claimed_ahead"
    TOO_FAST = "too_fast"
    PAPER = "paper"
    AFTER_CLOSING = "after_closing"  # known only once the row stands: see actions.take


@dataclass(frozen=True)
class Units:
    """How a row of several units was checked (R2)."""

    total: int
    checked: int | None
    abnormal: Sequence[str]
    reason: str


@dataclass(frozen=True)
class Speed:
    """How quickly a form was filled in.

    `seconds` is how long it was worked on by a clock that nobody sets, None where the device did not say.
    `after_another` is how long before this one the technician finished another asset, None where not so shortly before.
    """

    answers: int
    seconds: int | None
    after_another: timedelta | None
    is_correction: bool


@dataclass(frozen=True)
class Facts:
    """What the flags are decided from; moments as claimed."""

    is_old_version: bool
    is_other_checklist: bool
    is_retired: bool
    is_second_in_visit: bool
    is_replaced_twice: bool
    has_reused_photo: bool
    has_forbidden_photo: bool
    skew: timedelta
    started_at: datetime
    finished_at: datetime
    received_at: datetime
    speed: Speed
    is_paper: bool = False  # typed in from a sheet that was filled in on paper


def flags(facts: Facts) -> list[str]:
    """The flags of a document, in the order of the enum."""
    is_set = {
        Flag.OLD_VERSION: facts.is_old_version and not facts.is_other_checklist,
        Flag.OTHER_CHECKLIST: facts.is_other_checklist,
        Flag.RETIRED: facts.is_retired,
        Flag.SECOND_IN_VISIT: facts.is_second_in_visit,
        Flag.REPLACED_TWICE: facts.is_replaced_twice,
        Flag.REUSED_PHOTO: facts.has_reused_photo,
        Flag.PHOTO_FORBIDDEN: facts.has_forbidden_photo,
        Flag.CLOCK_SKEW: not _is_believed(facts.skew),
        Flag.TIMES_REVERSED: facts.finished_at < facts.started_at,
        Flag.RECEIVED_LATE: facts.received_at - true_moment(facts.finished_at, facts.skew) > LATE_AFTER,
        Flag.CLAIMED_AHEAD: _is_believed(facts.skew) and facts.finished_at - facts.received_at > SKEW_TOLERATED,
        Flag.TOO_FAST: not facts.is_paper and is_too_fast(facts.speed, facts.finished_at - facts.started_at),
        Flag.PAPER: facts.is_paper,
        Flag.AFTER_CLOSING: False,
    }
    return [flag.value for flag in Flag if is_set[flag]]


def is_too_fast(speed: Speed, taken: timedelta) -> bool:
    """Whether so many answers cannot have been given in that time. A hint, no proof: looking may have come before.

    `taken` is from beginning to end by the device's clock.

    Not judged: short lists; a correction, whose form was filled in already; a form without a clock of its own, where
    beginning and end are the same moment. Finishing shortly after another asset is odd only where the device did not
    measure the time itself: lists filled in side by side may well be handed in one after the other.
    """
    if speed.answers < FEWEST_ANSWERS_JUDGED or speed.is_correction:
        return False
    if speed.seconds is not None:
        return speed.seconds < SECONDS_PER_ANSWER * speed.answers
    if timedelta() < taken < timedelta(seconds=SECONDS_PER_ANSWER * speed.answers):
        return True
    return speed.after_another is not None and speed.after_another < shortest_gap(speed.answers)


def shortest_gap(answers: int) -> timedelta:
    """How far apart two inspections by one person end at least, when the second has so many answers."""
    return timedelta(seconds=SECONDS_PER_ANSWER_AFTER_ANOTHER * answers)


def _is_believed(skew: timedelta) -> bool:
    """Whether times stand as the device claimed them."""
    return abs(skew) <= SKEW_TOLERATED


def skew_of(sent_at: datetime | None, received_at: datetime) -> timedelta:
    """How far the device's clock is ahead; zero where it was not measured."""
    return sent_at - received_at if sent_at else timedelta()


def true_moment(claimed: datetime, skew: timedelta) -> datetime:
    """When it was, for counting and sorting: as claimed, unless the device's clock was measured to be wrong.

    A tablet that woke up in the year 2000 would else put the record into a month that nobody opens. The claimed
    moment itself stays in the arrived document.
    """
    return claimed if _is_believed(skew) else claimed - skew


def unit_problems(units: Units, *, has_abnormal_answer: bool) -> dict[str, str]:
    """Field → code of what is wrong with the units of a row (R2).

    - "units_checked": "answer" (not said), "range"
    - "units_reason": "why" (fewer checked than there are, without a reason)
    - "unit": "range" (no such unit), "which" (an item is abnormal, but no unit marked), "item" (a unit is marked, but
      no item is abnormal), "more" (more abnormal than checked).
    """
    if units.total == 1:
        return {}
    found: dict[str, str] = {}
    if units.checked is None:
        found["units_checked"] = "answer"
    elif not 1 <= units.checked <= units.total:
        found["units_checked"] = "range"
    elif units.checked < units.total and not units.reason:
        found["units_reason"] = "why"
    if wrong := _wrong_units(units, has_abnormal_answer):
        found["unit"] = wrong
    return found


def _wrong_units(units: Units, has_abnormal_answer: bool) -> str:
    if any(not unit.isascii() or not unit.isdigit() or not 1 <= int(unit) <= units.total for unit in units.abnormal):
        return "range"
    if has_abnormal_answer and not units.abnormal:
        return "which"
    if units.abnormal and not has_abnormal_answer:
        return "item"
    if units.checked is not None and len(set(units.abnormal)) > units.checked:
        return "more"
    return ""


def units_in_order(marked: Sequence[str]) -> list[str]:
    """Each marked position once, in order: ["7", "3", "7"] → ["3", "7"]."""
    return sorted({str(int(unit)) for unit in marked}, key=int)


def proposed_level(severity: str, levels: Sequence[Mapping[str, Any]]) -> str:
    """The site's level for an item's severity. A contract without that level takes the lowest it has (R49: Futian)."""
    keys = [str(level["key"]) for level in levels]
    return severity if severity in keys else (keys[-1] if keys else "")


def level_meant(given: str, severity: str, levels: Sequence[Mapping[str, Any]]) -> str:
    """The level chosen, if the contract has it, else the proposed one; the bureau confirms it anyway."""
    return given if any(level["key"] == given for level in levels) else proposed_level(severity, levels)
