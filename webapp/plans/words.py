"""States, kinds and steps of plans as people say them; symbols for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.kit.clock import Month
from webapp.kit.language import language
from webapp.plans.lines import PlanAddendumLine, PlannedLine
from webapp.plans.models import AddendumKind, LineKind, StepKind
from webapp.plans.planned import LineState, PlannedMonth, PlanStatus
from webapp.plans.workdays import days_of
from webapp.sites.calendar import Day, day_of
from webapp.sites.calendar_models import CalendarDay

STATES = {
    LineState.PENDING: _l("not yet"),
    LineState.IN_PROGRESS: _l("in progress"),
    LineState.DONE: _l("done in time"),
    LineState.LATE: _l("done late"),
    LineState.MADE_UP: _l("made up"),
    LineState.MISSED: _l("missed checks"),
    LineState.CANCELLED: _l("cancelled"),
}
# data-s and symbol of each state
SIGNS = {
    LineState.PENDING: ("todo", "todo"),
    LineState.IN_PROGRESS: ("waiting", "waiting"),
    LineState.DONE: ("ok", "ok"),
    LineState.LATE: ("warn", "ok"),
    LineState.MADE_UP: ("info", "ok"),
    LineState.MISSED: ("missed", "abnormal"),
    LineState.CANCELLED: ("na", "na"),
}
KINDS = {
    LineKind.MONTHLY: _l("monthly check"),
    LineKind.QUARTERLY: _l("monthly and quarterly check"),
    LineKind.WEEKLY: _l("weekly check"),
    LineKind.EVENT: _l("before a presentation"),
    LineKind.FOLLOW_UP: _l("after a presentation"),
    LineKind.ADDENDUM: _l("added to the plan"),
}
STATUSES = {
    PlanStatus.NONE: (_l("No plan yet"), "todo"),
    PlanStatus.DRAFT: (_l("Draft"), "draft"),
    PlanStatus.SUBMITTED: (_l("Handed in"), "waiting"),
    PlanStatus.RETURNED: (_l("Returned to the lead"), "warn"),
    PlanStatus.APPROVED: (_l("Approved"), "ok"),
}
STEPS = {
    StepKind.SUBMITTED: (_l("Plan handed in"), "sent"),
    StepKind.RETURNED: (_l("Plan returned"), "warn"),
    StepKind.APPROVED: (_l("Plan approved"), "ok"),
}
ADDENDA = {
    AddendumKind.ADDED: _l("Line added"),
    AddendumKind.MOVED: _l("Line changed"),
    AddendumKind.CANCELLED: _l("Line to be cancelled"),
}


def addendum(one: PlanAddendumLine) -> str:
    """What an addendum comes to, with the bureau's word where it needs one."""
    if one.kind != AddendumKind.CANCELLED:
        return str(ADDENDA[AddendumKind(one.kind)])
    if one.is_approved is None:
        return _("To be cancelled, waits for the bureau")
    return _("Cancelled") if one.is_approved else _("Not cancelled, the bureau refused")


def place(line: PlannedLine) -> str:
    """Where it stands, in the reader's language."""
    return line.location_en if language() == "en" and line.location_en else line.location


def by_day(
    lines: Iterable[PlannedLine], own: dict[date, CalendarDay], extra: Iterable[date] = ()
) -> list[tuple[Day, list[PlannedLine]]]:
    """The lines under their days, with what the calendar says of each."""
    found: dict[date, list[PlannedLine]] = {one: [] for one in extra}
    for line in lines:
        found.setdefault(line.day, []).append(line)
    return [(day_of(one, own, language()), found[one]) for one in sorted(found)]


def calendar(month: Month, own: dict[date, CalendarDay]) -> list[Day]:
    """All days of a month as the site counts them."""
    return [day_of(one, own, language()) for one in days_of(month)]


def groups(lines: Sequence[PlannedLine], by: str) -> list[tuple[str, str, list[PlannedLine]]]:
    """Value, heading and lines of the groups that can be chosen at once: days, or systems of a service line."""
    found: dict[str, list[PlannedLine]] = {}
    for line in lines if by == "day" else sorted(lines, key=lambda line: (line.place, line.day)):
        found.setdefault(group_of(line, by), []).append(line)
    return [(value, listed[0].system_name, listed) for value, listed in found.items()]


def group_of(line: PlannedLine, by: str) -> str:
    """The value that means the whole group of a line."""
    return f"day:{line.day}" if by == "day" else f"system:{line.line_number}:{line.system_name}"[:200]


def chosen(lines: Iterable[PlannedLine], ids: Iterable[object], whole: Iterable[str]) -> list[PlannedLine]:
    """The lines that were ticked one by one or with their day or system."""
    wanted, meant = set(ids), set(whole)
    return [line for line in lines if line.id in wanted or {group_of(line, "day"), group_of(line, "system")} & meant]


def what_next(planned: PlannedMonth) -> str:
    """One sentence: whose turn it is."""
    return {
        PlanStatus.NONE: _("Nothing has been drafted for this month."),
        PlanStatus.DRAFT: _("The project lead looks the draft over and hands it in."),
        PlanStatus.SUBMITTED: _("The bureau looks at it, may change it, and approves or returns it."),
        PlanStatus.RETURNED: _("The project lead changes it and hands it in again."),
        PlanStatus.APPROVED: _("The rounds follow this plan. Changes are addenda with a reason."),
    }[planned.status]
