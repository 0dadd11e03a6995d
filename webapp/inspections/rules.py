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


@dataclass(frozen=True)
class Units:
    """How a row of several units was checked (R2)."""

    total: int
    checked: int | None
    abnormal: Sequence[str]
    reason: str


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
        Flag.CLOCK_SKEW: abs(facts.skew) > SKEW_TOLERATED,
        Flag.TIMES_REVERSED: facts.finished_at < facts.started_at,
        Flag.RECEIVED_LATE: facts.received_at - true_moment(facts.finished_at, facts.skew) > LATE_AFTER,
    }
    return [flag.value for flag in Flag if is_set[flag]]


def skew_of(sent_at: datetime | None, received_at: datetime) -> timedelta:
    """How far the device's clock is ahead; zero where it was not measured."""
    return sent_at - received_at if sent_at else timedelta()


def true_moment(claimed: datetime, skew: timedelta) -> datetime:
    """When it was, for counting and sorting: as claimed, unless the device's clock was measured to be wrong.

    A tablet that woke up in the year 2000 would else put the record into a month that nobody opens. The claimed
    moment itself stays in the arrived document.
    """
    return claimed if abs(skew) <= SKEW_TOLERATED else claimed - skew


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
