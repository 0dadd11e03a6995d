"""The plan of a month as other rooms see it: its lines with their states, its steps, its counts. One object.

Every count obeys `planned = sum of states` (R1, R5, R7). At most three statements, whatever the month holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from webapp.kit.clock import Month, local_day
from webapp.plans.history import PlanStatus, StepTaken, Story, stories_of
from webapp.plans.lines import Performed, PlanAddendumLine, PlannedLine, in_order, lines_of, performed_in
from webapp.plans.states import (
    Expected,
    Frame,
    LineState,
    Standing,
    StateCount,
    Work,
    count,
    counts_by,
    serve,
    standings,
)
from webapp.sites.models import Site

__all__ = [
    "LineState",
    "OutsideWork",
    "PlanAddendumLine",
    "PlanStatus",
    "PlannedLine",
    "PlannedMonth",
    "StateCount",
    "StepTaken",
    "due_on",
    "planned_month",
]


@dataclass(frozen=True)
class OutsideWork:
    """An inspection of the month that serves no planned line: allowed, and marked (R5)."""

    inspection_id: uuid.UUID
    code: str
    name: str
    technician: str
    at: datetime


@dataclass(frozen=True)
class PlannedMonth:
    """The plan of one command centre and month, with what became of it until `now`.

    The lines are those of the approved version with its addenda, else of the newest version. `submitted_at` is the
    first handing in, which the due day is about; every step stands in `steps`.
    """

    site_id: uuid.UUID
    site_name: str
    month: str
    status: PlanStatus
    version: int
    due_on: date
    submitted_at: datetime | None
    submitted_by: str
    approved_at: datetime | None
    approved_by: str
    is_late: bool
    lines: tuple[PlannedLine, ...]
    total: StateCount
    by_line: tuple[tuple[int, StateCount], ...]
    by_system: tuple[tuple[str, StateCount], ...]
    addenda: tuple[PlanAddendumLine, ...]
    by_asset: tuple[tuple[uuid.UUID, StateCount], ...] = ()
    steps: tuple[StepTaken, ...] = ()
    versions: tuple[int, ...] = ()
    left_out: tuple[PlannedLine, ...] = ()  # taken out of a draft by hand
    outside: tuple[OutsideWork, ...] = ()

    @property
    def is_approved(self) -> bool:
        """Only an approved plan makes rounds (R4)."""
        return self.status is PlanStatus.APPROVED


def planned_month(site: Site, month: Month, now: datetime) -> PlannedMonth:
    """The plan of a month as it stands at `now`; status NONE and no lines where nothing was drafted.

    At most three statements: versions and steps, lines with addenda, inspections.
    """
    frame = Frame(month, site.timezone, now)
    looked_at = [month, month.next()] if frame.is_over else [month]
    stories = stories_of(site.id, looked_at)
    story, following = stories.get(str(month), Story()), stories.get(str(month.next()), Story())
    lines, outside = _judged(site, frame, story, following, looked_at)
    kept = tuple(line for line in lines if not line.is_left_out)
    printed = sorted(kept, key=lambda line: line.place)
    return PlannedMonth(
        site_id=site.id,
        site_name=site.name,
        month=str(month),
        status=story.status,
        version=story.number,
        due_on=due_on(month),
        submitted_at=story.submitted.at if story.submitted else None,
        submitted_by=story.submitted.by if story.submitted else "",
        approved_at=story.approved.at if story.approved else None,
        approved_by=story.approved.by if story.approved else "",
        is_late=is_late(month, story, site.timezone, now),
        lines=kept,
        total=count(line.state for line in kept),
        by_line=tuple(counts_by((line.line_number, line.state) for line in printed).items()),
        by_system=tuple(counts_by((line.system_name, line.state) for line in printed).items()),
        by_asset=tuple(counts_by((line.asset_id, line.state) for line in printed).items()),
        addenda=tuple(sorted((one for line in kept for one in line.addenda), key=lambda one: (one.at, str(one.id)))),
        steps=story.steps,
        versions=tuple(version.number for version in story.versions),
        left_out=tuple(line for line in lines if line.is_left_out),
        outside=outside if story.is_approved else (),
    )


def due_on(month: Month) -> date:
    """The plan is handed in by the last day of the month before (R3, R36)."""
    return month.previous().last


def is_late(month: Month, story: Story, zone: str, now: datetime) -> bool:
    """Whether the plan was first handed in after its due day, or that day has passed and it was not."""
    handed_in = story.submitted.at if story.submitted else now
    return local_day(handed_in, zone) > due_on(month)


def _judged(
    site: Site, frame: Frame, story: Story, following: Story, looked_at: Sequence[Month]
) -> tuple[list[PlannedLine], tuple[OutsideWork, ...]]:
    """The lines of the plan with their states. What the next month does not need itself makes up for this one."""
    if not story.version_id:
        return [], ()
    version_ids = [story.version_id, *([following.version_id] if following.is_approved else [])]
    listed = lines_of([one for one in version_ids if one], frame.month)
    here = [line for line in listed if line.version_id == story.version_id]
    there = [line for line in listed if line.version_id != story.version_id]
    performed = performed_in(site, looked_at)
    works = [one.work for one in performed]
    own = [work for work in works if work.finished_at < frame.end]
    after = [work for work in works if work.finished_at >= frame.end]
    expected = [_expected(line) for line in here if not line.is_left_out]
    found, spare = standings(expected, own + _spare_of_next(here, there, after, frame), frame)
    lines = [_stated(line, found[line.id], frame.zone) if line.id in found else line for line in here]
    return in_order(lines), _outside(performed, spare)


def _spare_of_next(
    here: Iterable[PlannedLine], there: Sequence[PlannedLine], after: Sequence[Work], frame: Frame
) -> list[Work]:
    """The inspections of the next month that it does not need itself; of an asset without plan it needs one."""
    start, end = frame.month.next().bounds(frame.zone)
    planned = {line.asset_id for line in there}
    others = {line.asset_id for line in here} - planned
    needed = [_expected(line) for line in there if not line.is_left_out and not line.is_cancelled]
    needed += [Expected(asset_id, asset_id, frame.month.next().last, start, end) for asset_id in others]
    return [work for work in serve(needed, after, frame.zone)[1] if work.is_whole]


def _expected(line: PlannedLine) -> Expected:
    return Expected(
        line.id, line.asset_id, line.day, line.opens_at, line.closes_at, line.due_at, is_cancelled=line.is_cancelled
    )


def _stated(line: PlannedLine, standing: Standing, zone: str) -> PlannedLine:
    reason = standing.reason
    if standing.state is LineState.CANCELLED and line.cancellation:
        reason = line.cancellation.reason
    elif standing.state is LineState.MISSED:
        reason = reason or line.omission
    return replace(
        line,
        state=standing.state,
        is_overdue=standing.is_overdue,
        done_on=local_day(standing.done_at, zone) if standing.done_at else None,
        reason=reason,
        work_id=standing.work_id,
        is_returned=standing.is_returned,
    )


def _outside(performed: Iterable[Performed], spare: Iterable[Work]) -> tuple[OutsideWork, ...]:
    known = {one.work.id: one for one in performed}
    found = [known[work.id] for work in spare]
    return tuple(OutsideWork(one.work.id, one.code, one.name, one.technician, one.work.finished_at) for one in found)
