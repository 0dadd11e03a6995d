"""Repeated faults (R81): the same device and class of cause again within thirty days of closing.

What is found here is a proposal; whether it counts is decided by the bureau, row by row (`problem_models`).
"""

from __future__ import annotations

import enum
import uuid
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.faults.facts import FaultFacts

WITHIN = timedelta(days=30)  # from the closing of the earlier one to the report of the later one


class Repeat(enum.StrEnum):
    """Whether a fault is a repeated one."""

    NO = "no"
    PROPOSED = "proposed"  # found by the rule, the bureau has not said
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True)
class Candidate:
    """A fault that may repeat an earlier one."""

    fault: FaultFacts
    earlier: FaultFacts

    @property
    def gap(self) -> timedelta:
        """From the closing of the earlier one to the report of this one."""
        return self.fault.reported_at - (self.earlier.closed_at or self.fault.reported_at)


def candidates(faults: Iterable[FaultFacts]) -> list[Candidate]:
    """Faults that repeat another of these: same device, same class of cause, reported within `WITHIN` of its closing.

    Exactly thirty days are within. Of several earlier ones the one closed last counts, so that a fault is one
    candidate. Without a device or a class of cause there is none. In the order of reporting.
    """
    alike: dict[tuple[uuid.UUID, str], list[FaultFacts]] = defaultdict(list)
    for fault in faults:
        if fault.asset_id and fault.cause_class:
            alike[fault.asset_id, fault.cause_class].append(fault)
    found = [candidate for group in alike.values() for candidate in _among(group)]
    return sorted(found, key=lambda each: (each.fault.reported_at, each.fault.number))


def repeat_of(is_candidate: bool, decision: bool | None) -> Repeat:
    """What a fault counts as: what the bureau said last, else the proposal."""
    if decision is not None:
        return Repeat.CONFIRMED if decision else Repeat.REJECTED
    return Repeat.PROPOSED if is_candidate else Repeat.NO


def _among(group: list[FaultFacts]) -> list[Candidate]:
    """One device and class of cause: each fault with the last that was closed before it."""
    closed = sorted((each for each in group if each.closed_at), key=_closing)
    moments = [_closing(each) for each in closed]
    found = []
    for fault in group:
        before = bisect_right(moments, (fault.reported_at, "￿"))
        earlier = next((each for each in reversed(closed[:before]) if each.id != fault.id), None)
        if earlier and earlier.closed_at and fault.reported_at - earlier.closed_at <= WITHIN:
            found.append(Candidate(fault, earlier))
    return found


def _closing(fault: FaultFacts) -> tuple[datetime, str]:
    return (fault.closed_at or fault.reported_at, fault.number)
