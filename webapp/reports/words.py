"""How the month speaks: names of contents, figures, states and gaps in the reader's language."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.kit.language import language
from webapp.reports.figures import Shape
from webapp.reports.summary import AbnormalItem, Gap, GapKind, MonthlySummary, Phase, Row, RowState, Trend


def content(code: str) -> str:
    """What a required content asks for (R12, R18)."""
    texts = {
        "S1": _("Working state of hardware, ancillary devices and application software"),
        "S2": _("Power supplies and batteries tested and maintained"),
        "S3": _("Modules, interfaces, labels; patch panels tidied, spare jumpers removed"),
        "S4": _("Application software running, data checked and updated, backup"),
        "S5": _("Environment of machine rooms and satellite antenna assessed, advice given"),
        "S6": _("Racks, cabinet doors, side panels and devices of the vehicle fastened"),
        "S7": _("Dust removed inside devices"),
        "F1": _("Dust removal"),
        "F2": _("Virus signatures updated"),
        "F3": _("Patches installed"),
        "F4": _("Core devices: stability and use checked"),
        "F5": _("System software backed up"),
        "F6": _("Basic network checked for safe running"),
        "F7": _("Telephone exchange checked for safe running"),
        "F8": _("Network links checked for safe running"),
        "F9": _("Databases checked for safe running"),
    }
    return texts[code]


def figure(name: str) -> str:
    """The heading of the list behind a figure."""
    texts = {
        "due": _("Rows due"),
        "done": _("Rows inspected"),
        "explained": _("Rows left out with a reason"),
        "open": _("Rows without inspection or reason"),
        "signed": _("Rows inspected and signed"),
        "abnormal": _("Rows with something abnormal"),
        "returned": _("Rows sent back for re-inspection"),
        "outside-contract": _("Rows outside the contract"),
        "places-due": _("Places due"),
        "places-done": _("Places inspected"),
        "places-explained": _("Places left out with a reason"),
        "places-open": _("Places without inspection or reason"),
        "places-abnormal": _("Places with something abnormal"),
        "partly-open": _("Rows with units neither checked nor explained"),
        "units-due": _("Units due"),
        "units-checked": _("Units checked"),
        "units-explained": _("Units left out with a reason"),
        "units-open": _("Units without inspection or reason"),
        "inspections": _("Inspections that count"),
        "given-back": _("Inspections sent back"),
        "advice": _("Advice on the environment"),
        "abnormal-items": _("Abnormal items"),
        "out-of-limits": _("Readings out of limits"),
        "faults": _("Faults raised in the month"),
        "faults-open": _("Faults open at the end of the month"),
        "hazards": _("Hazards found in the month"),
        "hazards-open": _("Hazards open at the end of the month"),
        "joint-tests": _("Joint tests"),
        "untold": _("Faults and hazards without handling or plan"),
        "unsigned-visits": _("Visits without signature"),
        "signed-visits": _("Signed sheets"),
        "photos": _("Photos taken"),
        **_plan_figures(),
    }
    return texts.get(name) or content(name.removeprefix("content-"))


def _plan_figures() -> dict[str, str]:
    return {
        "planned": _("Planned checks"),
        "plan-pending": _("Planned checks not yet done"),
        "plan-in-progress": _("Planned checks in progress"),
        "plan-done": _("Planned checks done in time"),
        "plan-late": _("Planned checks done late"),
        "plan-made-up": _("Planned checks made up after the month"),
        "plan-missed": _("Planned checks missed"),
        "plan-cancelled": _("Planned checks cancelled"),
        "plan-unexplained": _("Planned checks missed without a reason"),
    }


def open_word(phase: Phase) -> str:
    """What an open row is called: nobody is late before the month is over."""
    return _("Missing, no reason") if phase is Phase.OVER else _("Still to do")


def state(row: Row, phase: Phase) -> tuple[str, str]:
    """Mark and word of a row."""
    if row.state is RowState.DONE:
        return ("abnormal", _("Abnormal")) if row.is_abnormal else ("ok", _("Normal"))
    if row.state is RowState.EXPLAINED:
        return "info", _("Left out, reason given")
    return ("abnormal" if phase is Phase.OVER else "todo"), open_word(phase)


def gap(gap: Gap, phase: Phase) -> str:
    """What is lacking, in words."""
    n = gap.count
    if gap.kind is GapKind.ROWS_OPEN and phase is Phase.OVER:
        return ngettext("%(num)d row without inspection or reason", "%(num)d rows without inspection or reason", n)
    if gap.kind is GapKind.PLACES_OPEN and phase is Phase.OVER:
        return ngettext("%(num)d place without inspection or reason", "%(num)d places without inspection or reason", n)
    texts = {
        GapKind.ROWS_OPEN: ngettext("%(num)d row still to do", "%(num)d rows still to do", n),
        GapKind.PLACES_OPEN: ngettext("%(num)d place still to do", "%(num)d places still to do", n),
        GapKind.UNITS_OPEN: ngettext(
            "%(num)d row with units not checked, no reason", "%(num)d rows with units not checked, no reason", n
        ),
        GapKind.VISITS_UNSIGNED: ngettext("%(num)d visit without signature", "%(num)d visits without signature", n),
        GapKind.JOINT_TEST_MISSING: _("No joint test yet this month"),
        GapKind.JOINT_TEST_UNSEALED: ngettext(
            "%(num)d joint test without signatures", "%(num)d joint tests without signatures", n
        ),
        GapKind.CONTENTS_UNCOVERED: ngettext(
            "%(num)d required content without a record", "%(num)d required contents without a record", n
        ),
        GapKind.FAULTS_OPEN: ngettext("%(num)d fault still open", "%(num)d faults still open", n),
        GapKind.HAZARDS_OPEN: ngettext("%(num)d hazard still open", "%(num)d hazards still open", n),
        GapKind.FINDINGS_UNTOLD: ngettext(
            "%(num)d fault or hazard without handling or plan", "%(num)d faults or hazards without handling or plan", n
        ),
        GapKind.PLAN_UNEXPLAINED: ngettext(
            "%(num)d planned check missed without a reason", "%(num)d planned checks missed without a reason", n
        ),
    }
    return texts[gap.kind]


def gap_figure(gap: Gap) -> str:
    """The figure behind a gap; empty where a page of its own shows it."""
    figures = {
        GapKind.ROWS_OPEN: "open",
        GapKind.PLACES_OPEN: "places-open",
        GapKind.UNITS_OPEN: "partly-open",
        GapKind.VISITS_UNSIGNED: "unsigned-visits",
        GapKind.FAULTS_OPEN: "faults-open",
        GapKind.HAZARDS_OPEN: "hazards-open",
        GapKind.FINDINGS_UNTOLD: "untold",
        GapKind.PLAN_UNEXPLAINED: "plan-unexplained",
    }
    return figures.get(gap.kind, "")


def gap_address(gap: Gap, summary: MonthlySummary) -> str:
    """Where a gap is mended."""
    if name := gap_figure(gap):
        return url_for("reports.rows", month=summary.month, figure=name)
    if gap.kind is GapKind.CONTENTS_UNCOVERED:
        return "#contents"
    return url_for("jointtests.month", month=summary.month)


def remedy(code: str) -> tuple[str, str]:
    """Mark and word of what became of an abnormal item."""
    texts = {
        "fixed": ("ok", _("Fixed on the spot")),
        "fault": ("warn", _("Became a fault")),
        "hazard": ("info", _("Noted as a hazard")),
    }
    return texts.get(code, ("todo", "—"))


def result(code: str) -> tuple[str, str]:
    """Mark and word of the outcome of a joint test."""
    texts = {
        "pass": ("ok", _("Passed")),
        "pass_with_problems": ("warn", _("Passed with problems")),
        "fail": ("abnormal", _("Failed")),
    }
    return texts.get(code, ("todo", code))


def limits(item: AbnormalItem | Trend) -> str:
    """The range that a reading left: "−105 … −60 dBm", "≤ 300 s", or nothing."""
    if item.low is not None and item.high is not None:
        return f"{item.low} … {item.high} {item.unit}".strip()
    if item.high is not None:
        return f"≤ {item.high} {item.unit}".strip()
    return f"≥ {item.low} {item.unit}".strip() if item.low is not None else ""


def in_percent(value: Decimal | None) -> str:
    """97.5, or a dash where nothing was due."""
    return "—" if value is None else str(value)


def weeks(summary: MonthlySummary) -> list[tuple[str, int]]:
    """The bars of the month: "1–7" with its inspections, and so on."""
    return [
        (f"{week.first.day}–{week.last.day}" if week.first != week.last else str(week.first.day), week.inspections)
        for week in summary.weeks
    ]


def points(trend: Trend) -> list[tuple[str, Decimal]]:
    """The readings of a plot with their months, oldest first."""
    return [(f"{at:%y-%m}", value) for at, value in trend.points]


def ticks(summary: MonthlySummary) -> list[str]:
    """One tick per list row: normal, abnormal, left out with a reason, still to do."""
    order = [row for row in summary.rows if not row.is_place]
    done = ["abnormal" if row.is_abnormal else "ok" for row in order if row.state is RowState.DONE]
    return [*sorted(done, reverse=True), *["now"] * summary.total.explained, *["todo"] * summary.total.open]


def list_number(number: int) -> str:
    """一、二、三 as the contract numbers its lists, for Chinese readers up to nineteen; else the figure."""
    if language() != "zh" or not 1 <= number <= 19:
        return str(number)
    return "一二三四五六七八九十"[number - 1] if number <= 10 else f"十{'一二三四五六七八九'[number - 11]}"


def heading(number: int, text: str) -> str:
    """A numbered heading of a document: 一、应检与完成 / 1. Due and done."""
    return f"{list_number(number)}、{text}" if language() == "zh" else f"{number}. {text}"


def joined(texts: Iterable[str]) -> str:
    """Several texts in a row."""
    return ("、" if language() == "zh" else ", ").join(texts)


def counted(shape: Shape, number: int) -> str:
    """What a number counts."""
    texts = {
        Shape.ROWS: ngettext("row", "rows", number),
        Shape.UNITS: ngettext("unit", "units", number),
        Shape.INSPECTIONS: ngettext("inspection", "inspections", number),
        Shape.ITEMS: ngettext("item", "items", number),
        Shape.FINDINGS: ngettext("record", "records", number),
        Shape.JOINT_TESTS: ngettext("joint test", "joint tests", number),
        Shape.VISITS: ngettext("visit", "visits", number),
        Shape.PHOTOS: ngettext("photo", "photos", number),
        Shape.PLAN_LINES: ngettext("check", "checks", number),
    }
    return texts[shape]


def missing(summary: MonthlySummary) -> list[Row]:
    """The rows of which something was left out, with or without a reason."""
    return [row for row in summary.rows if row.state is not RowState.DONE or row.units_checked < row.units]


def usual_reasons() -> list[str]:
    """Reasons that come up often, to choose from while typing."""
    return [
        _("Sent in for repair"),
        _("Lent out, not on site"),
        _("Room could not be entered"),
        _("In use for a meeting or operation"),
        _("Out of service, waiting to be written off"),
    ]


def new_id() -> str:
    """A name for a deed, so that sending it twice does it once."""
    return str(uuid.uuid4())


def day_span(first: date, last: date) -> str:
    """2026-11-01 – 2026-11-30, as documents print a period."""
    return f"{first.isoformat()} – {last.isoformat()}"


def file_name(summary: MonthlySummary, kind: str) -> str:
    """韶关_2026-11_巡检总结.pdf."""
    return f"{summary.site_short_name}_{summary.month}_{_('Inspection summary')}.{kind}"
