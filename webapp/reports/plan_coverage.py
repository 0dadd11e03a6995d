"""What became of the plan of a month, as the summary keeps it: planned = sum of states, always (R1, R5). Pure.

A copy of what `plans.planned` tells, so that a stored summary can be read whatever becomes of that room.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from webapp.plans.planned import LineState, PlannedMonth, PlanStatus

STATES = tuple(state.value for state in LineState)


@dataclass(frozen=True)
class PlanLine:
    """One planned check and its state."""

    id: uuid.UUID
    asset_id: uuid.UUID
    code: str
    name: str
    line_number: int
    system_name: str
    day: date
    kind: str
    technician: str
    supervisor: str
    state: str  # a plans.planned.LineState
    is_overdue: bool
    done_on: date | None
    reason: str
    is_addendum: bool
    event: str

    @property
    def is_unexplained(self) -> bool:
        """Whether it was missed and nobody said why."""
        return self.state == LineState.MISSED and not self.reason


@dataclass(frozen=True)
class PlanTally:
    """How many checks were planned, and how many of them stand in each state."""

    planned: int
    pending: int
    in_progress: int
    done: int
    late: int
    made_up: int
    missed: int
    cancelled: int

    def count(self, state: str) -> int:
        """The number of one state."""
        return int(getattr(self, state))


@dataclass(frozen=True)
class PlanCoverage:
    """The plan of a month: how it came about, its lines, its counts in total, per list and per system."""

    status: str  # a plans.planned.PlanStatus
    version: int
    submitted_at: datetime | None
    submitted_by: str
    approved_at: datetime | None
    approved_by: str
    is_late: bool
    lines: tuple[PlanLine, ...]
    total: PlanTally
    by_list: tuple[tuple[int, PlanTally], ...]
    by_system: tuple[tuple[int, str, PlanTally], ...]  # list number, system
    changes: int  # made after the approval

    @property
    def unexplained(self) -> tuple[PlanLine, ...]:
        """Missed lines without a reason."""
        return tuple(line for line in self.lines if line.is_unexplained)


def settled(coverage: PlanCoverage) -> PlanCoverage:
    """The same coverage with every check that is not done as missed: what the end of the month makes of it by itself.

    Two moments with the same records give the same, so that time alone is no change of what the bureau accepted.
    """
    not_done = (LineState.PENDING, LineState.IN_PROGRESS, LineState.MISSED)
    lines = tuple(
        replace(
            line, state=LineState.MISSED.value if line.state in not_done else line.state, is_overdue=False, reason=""
        )
        for line in coverage.lines
    )
    return replace(coverage, lines=lines, **_counts(lines))


def plan_coverage(planned: PlannedMonth) -> PlanCoverage | None:
    """The plan as the summary keeps it; None where the month has none, or none was approved yet."""
    if planned.status is not PlanStatus.APPROVED:
        return None
    lines = tuple(
        PlanLine(
            id=line.id,
            asset_id=line.asset_id,
            code=line.code,
            name=line.name,
            line_number=line.line_number,
            system_name=line.system_name,
            day=line.day,
            kind=line.kind,
            technician=line.technician,
            supervisor=line.supervisor,
            state=line.state.value,
            is_overdue=line.is_overdue,
            done_on=line.done_on,
            reason=line.reason,
            is_addendum=line.is_addendum,
            event=line.event,
        )
        for line in planned.lines
    )
    return PlanCoverage(
        status=planned.status.value,
        version=planned.version,
        submitted_at=planned.submitted_at,
        submitted_by=planned.submitted_by,
        approved_at=planned.approved_at,
        approved_by=planned.approved_by,
        is_late=planned.is_late,
        lines=lines,
        **_counts(lines),
        changes=len(planned.addenda),
    )


def _counts(lines: Sequence[PlanLine]) -> dict[str, Any]:
    lists = sorted({line.line_number for line in lines})
    systems = sorted(
        dict.fromkeys((line.line_number, line.system_name) for line in lines), key=lambda each: each[0]
    )  # the systems of a list in the order of the plan
    return {
        "total": tallied(lines),
        "by_list": tuple((number, tallied(line for line in lines if line.line_number == number)) for number in lists),
        "by_system": tuple(
            (*system, tallied(line for line in lines if (line.line_number, line.system_name) == system))
            for system in systems
        ),
    }


def tallied(lines: Iterable[PlanLine]) -> PlanTally:
    """Counts the lines by state."""
    states = [line.state for line in lines]
    return PlanTally(planned=len(states), **{state: states.count(state) for state in STATES})
