"""How the steps of a summary, its plan and its comparison speak, and which step is the next one for the reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from flask import url_for
from flask_babel import gettext as _

from webapp.kit.clock import local_day
from webapp.reports import words
from webapp.reports.comparison import ComparedLine, MonthFigures
from webapp.reports.figures import FIGURES, count_of
from webapp.reports.monthly import figures_of
from webapp.reports.steps import Changed, MonthStep, ReviewState, StepKind, changes_since
from webapp.reports.summary import MonthlySummary, Phase
from webapp.sites.access import may_here
from webapp.sites.rules import Right

REMINDED_BEFORE = timedelta(days=5)  # from here on handing in is the next step of a running month (R36)


@dataclass(frozen=True)
class NextStep:
    """The one thing that the reader can do next about the month."""

    text: str
    url: str
    icon: str
    is_sealing: bool = False


def state(summary: MonthlySummary) -> tuple[str, str]:
    """Mark and word of how far the summary has come."""
    if summary.is_overdue:
        return "abnormal", _("Not handed in, overdue")
    texts = {
        ReviewState.NOT_HANDED_IN: ("todo", _("Not handed in yet")),
        ReviewState.HANDED_IN: ("waiting", _("Handed in, waits for the bureau")),
        ReviewState.RETURNED: ("warn", _("Returned with a comment")),
        ReviewState.ACCEPTED: ("ok", _("Accepted by the bureau")),
    }
    return texts[summary.review]


def step(taken: MonthStep) -> tuple[str, str]:
    """Mark and word of one step."""
    texts = {
        StepKind.HANDED_IN: ("waiting", _("Handed in")),
        StepKind.RETURNED: ("warn", _("Returned with a comment")),
        StepKind.ACCEPTED: ("ok", _("Accepted")),
    }
    return texts[taken.kind]


def next_step(summary: MonthlySummary) -> NextStep | None:
    """The next step of the reader; None where somebody else has to act, or nothing is to be done yet."""
    if summary.closing or not summary.rows or summary.phase is Phase.COMING:
        return None
    review = url_for("reviews.show", month=summary.month)
    if summary.review is ReviewState.HANDED_IN:
        return NextStep(_("Check and accept"), review, "pen") if may_here(Right.ACCEPT_MONTH) else None
    if summary.review is ReviewState.ACCEPTED:
        is_due = summary.phase is Phase.OVER and may_here(Right.CLOSE_MONTH)
        url = url_for("reports.closing", month=summary.month)
        return NextStep(_("Close the month"), url, "pen", is_sealing=True) if is_due else None
    if not may_here(Right.HAND_IN_MONTH) or not _is_due_soon(summary):
        return None
    if summary.untold:
        url = url_for("reports.rows", month=summary.month, figure="untold")
        return NextStep(_("Write handling and plan (%(n)s)", n=len(summary.untold)), url, "pen")
    return NextStep(_("Hand in the summary"), review, "up")


def changes(summary: MonthlySummary) -> tuple[Changed, ...]:
    """The figures that are other ones than at the newest step; those of a closed month are settled."""
    if summary.closing or not summary.steps:
        return ()
    return changes_since(summary.steps[-1], {name: count_of(summary, name) for name in FIGURES})


def told_since(summary: MonthlySummary) -> int:
    """Of how many faults and hazards the handling or plan was written anew after the newest step."""
    if summary.closing or not summary.steps:
        return 0
    at = summary.steps[-1].at
    return sum(finding.told_at is not None and finding.told_at > at for finding in summary.findings)


def plan_state(code: str) -> tuple[str, str]:
    """Mark and word of a planned check."""
    texts = {
        "pending": ("todo", _("Not yet done")),
        "in_progress": ("waiting", _("In progress")),
        "done": ("ok", _("Done in time")),
        "late": ("warn", _("Done late")),
        "made_up": ("warn", _("Made up after the month")),
        "missed": ("abnormal", _("Missed")),
        "cancelled": ("na", _("Cancelled")),
    }
    return texts.get(code, ("todo", code))


def compared(line: ComparedLine) -> str:
    """What a line of the comparison is about."""
    if line.name == "row-coverage":
        return _("Rows covered")
    return _("Units covered") if line.name == "unit-coverage" else words.figure(line.name)


def amount(value: Decimal | None, unit: str = "") -> str:
    """A number with its unit, or a dash."""
    return "—" if value is None else f"{value} {unit}".strip()


def change(line: ComparedLine) -> str:
    """The difference with its sign: +3, −1.5, ±0."""
    if line.change is None:
        return "—"
    if not line.change:
        return "±0"
    return f"+{line.change}" if line.change > 0 else f"−{-line.change}"


def months(summary: MonthlySummary) -> list[MonthFigures]:
    """The months of the trend, oldest first, this one last; without those before the first inspection."""
    shown = list(summary.past)
    while shown and not (shown[0].done or shown[0].is_closed):
        shown.pop(0)
    return [each for each in (*shown, figures_of(summary)) if each.due]


def coverage_points(summary: MonthlySummary) -> list[tuple[str, Decimal]]:
    """Rows covered in per cent, month by month."""
    return [(each.month[2:], each.row_percent) for each in months(summary) if each.row_percent is not None]


def abnormal_bars(summary: MonthlySummary) -> list[tuple[str, int]]:
    """Abnormal rows, month by month."""
    return [(each.month[2:], each.abnormal) for each in months(summary)]


def sheet(day: object, number: int) -> str:
    """The name of a sheet: its day, and its number where the day has several."""
    return f"{day} ({number})" if number > 1 else str(day)


def _is_due_soon(summary: MonthlySummary) -> bool:
    is_near = summary.last - local_day(summary.as_of, summary.timezone) <= REMINDED_BEFORE
    return is_near or summary.review is ReviewState.RETURNED
