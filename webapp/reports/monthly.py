"""Building the month of a command centre. Papers and pages take only the object that `build` returns."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby

from webapp.assets.models import Asset, AssetKind
from webapp.assets.queries import assets_of, period_of
from webapp.assets.rules import is_due
from webapp.kit.clock import Month, local_day
from webapp.plans.planned import planned_month
from webapp.reports import queries
from webapp.reports.comparison import MonthFigures, compare, figures_named
from webapp.reports.counts import Cover, Pair, Past, counted_of
from webapp.reports.fault_figures_queries import fault_figures
from webapp.reports.figures import FIGURES, count_of
from webapp.reports.plan_coverage import PlanCoverage, plan_coverage
from webapp.reports.rules import units_of, weeks_of
from webapp.reports.said import Reason, Told, months_before, told_of
from webapp.reports.steps import newest_comment
from webapp.reports.summary import (
    AbnormalItem,
    Content,
    FindingLine,
    Gap,
    GapKind,
    InspectionLine,
    JointTestLine,
    LineCoverage,
    MonthlySummary,
    Phase,
    Row,
    RowState,
    SystemCoverage,
    Tally,
    Trend,
    Week,
    Words,
)
from webapp.sites.models import ServiceLine, Site

MOST_TRENDS = 6
MOST_POINTS = 12
MOST_EXAMPLES = 3


def build(site: Site, month: Month, now: datetime, *, told: Told | None = None) -> MonthlySummary:
    """Everything about the month, as it stands at `now`; a fixed number of statements, bounded by the month.

    Doors ask `closing.shown`, which draws a closed month as it was closed. `told`: where it is read already.
    """
    told = told or told_of(site, month)
    between = month.bounds(site.timezone)
    assets = assets_of(site.id)
    due = [asset for asset in assets if is_due(asset.status, period_of(asset), month)]
    inspections, abnormal = queries.inspected_in(site.id, between)
    rows = _rows(due, inspections, told.reasons)
    worst = _newest_readings(abnormal)
    earlier = [each for each in months_before(month) if str(each) not in told.closed]
    counted = counted_of(site, month, codes_of(site), list(worst), earlier)
    contents = _contents(counted.contents)
    findings = queries.findings_of(site, month)
    plan = plan_coverage(planned_month(site, month, now))
    needs_joint_test = any(asset.kind == AssetKind.VEHICLE for asset in due)  # R24 is about the satellite vehicle
    summary = MonthlySummary(
        site_id=site.id,
        site_code=site.code,
        site_name=site.name,
        site_short_name=site.short_name,
        timezone=site.timezone,
        month=str(month),
        first=month.first,
        last=month.last,
        as_of=now,
        phase=phase_of(month, local_day(now, site.timezone)),
        lines=_lines(assets, rows),
        total=tally(row for row in rows if not row.is_place),
        places=tally(row for row in rows if row.is_place),
        rows=tuple(rows),
        inspections=tuple(inspections),
        abnormal=tuple(abnormal),
        contents=tuple(contents),
        findings=tuple(findings),
        weeks=tuple(_weeks(month, inspections, site.timezone)),
        trends=tuple(_trends(worst, counted.readings)),
        joint_tests=told.joint_tests,
        levels=tuple((level["key"], Words(level["zh"], level["en"])) for level in site.fault_levels),
        needs_joint_test=needs_joint_test,
        gaps=tuple(
            gap
            for gap in (
                *_gaps_of_rows(rows),
                *_gaps_of_plan(plan),
                *_gaps_of_papers(inspections, told.joint_tests, needs_joint_test),
                *_gaps_of_findings(findings, contents if due else []),
            )
            if gap.count
        ),
        plan=plan,
        past=_past(month, assets, told.closed, counted.past),
        comment=newest_comment(told.steps),
        steps=told.steps,
        fault_figures=fault_figures(site, month, now, assets),
    )
    return replace(summary, last_month=compare(figures_of(summary), summary.past[-1]))


def figures_of(summary: MonthlySummary) -> MonthFigures:
    """The figures of a month that are set beside those of other months."""
    figures = {name: count_of(summary, name) for name in FIGURES}
    return figures_named(summary.month, figures, is_closed=summary.closing is not None)


def codes_of(site: Site) -> tuple[str, ...]:
    """The contents that a month of this command centre must cover: S1–S7 (R12) or F1–F9 (R18)."""
    last = 9 if site.required_contents == "F" else 7
    return tuple(f"{site.required_contents}{number}" for number in range(1, last + 1))


def phase_of(month: Month, today: date) -> Phase:
    """Whether the month is coming, running or over on a day."""
    if today < month.first:
        return Phase.COMING
    return Phase.RUNNING if today <= month.last else Phase.OVER


def row_of(asset: Asset, inspections: Sequence[InspectionLine], reason: Reason | None) -> Row:
    """What became of a due asset, from its inspections of the month (oldest first) and the reason, if one was given."""
    standing = [line for line in inspections if line.is_standing]
    newest = standing[-1] if standing else None
    units_reason = newest.units_reason if newest else ""
    units = units_of(
        1 if asset.is_place else asset.units,
        [line.units_checked for line in standing],
        is_explained=bool(reason or units_reason),
    )
    return Row(
        asset_id=asset.id,
        code=asset.code,
        printed_number=asset.printed_number,
        name=asset.name,
        model=asset.model,
        location=asset.location,
        line_number=asset.system.service_line.number,
        system_id=asset.system_id,
        system_name=asset.system.name,
        is_place=asset.is_place,
        is_outside_contract=asset.is_outside_contract,
        units=1 if asset.is_place else asset.units,
        state=RowState.DONE if newest else RowState.EXPLAINED if reason else RowState.OPEN,
        units_checked=units.checked,
        units_explained=units.explained,
        is_abnormal=any(line.verdict == "abnormal" for line in standing),
        is_signed=any(line.is_sealed for line in standing),
        is_returned=any(line.return_reasons for line in inspections),
        inspection_id=newest.id if newest else None,
        finished_at=newest.finished_at if newest else None,
        technician=newest.technician if newest else "",
        reason=reason.text if reason else units_reason,
        reason_by=reason.by if reason else newest.technician if newest and units_reason else "",
        reason_at=reason.at if reason else newest.finished_at if newest and units_reason else None,
    )


def tally(rows: Iterable[Row]) -> Tally:
    """Counts the rows and their units."""
    all_rows = list(rows)
    states = [row.state for row in all_rows]
    return Tally(
        due=len(all_rows),
        done=states.count(RowState.DONE),
        explained=states.count(RowState.EXPLAINED),
        open=states.count(RowState.OPEN),
        signed=sum(row.is_signed for row in all_rows),
        abnormal=sum(row.is_abnormal for row in all_rows),
        returned=sum(row.is_returned for row in all_rows),
        units_due=sum(row.units for row in all_rows),
        units_checked=sum(row.units_checked for row in all_rows),
        units_explained=sum(row.units_explained for row in all_rows),
        units_open=sum(row.units_open for row in all_rows),
    )


def _rows(
    due: Sequence[Asset], inspections: Sequence[InspectionLine], reasons: Mapping[uuid.UUID, Reason]
) -> list[Row]:
    of_asset: dict[uuid.UUID, list[InspectionLine]] = {}
    for line in inspections:
        of_asset.setdefault(line.asset_id, []).append(line)
    return [row_of(asset, of_asset.get(asset.id, []), reasons.get(asset.id)) for asset in due]


def _lines(assets: Sequence[Asset], rows: Sequence[Row]) -> tuple[LineCoverage, ...]:
    """The lists in printed order, also those out of service in this month."""
    lines: dict[int, ServiceLine] = {}
    for asset in assets:
        lines.setdefault(asset.system.service_line.number, asset.system.service_line)
    listed = [row for row in rows if not row.is_place]
    return tuple(
        LineCoverage(
            number=number,
            name=line.name,
            starts_on=line.starts_on,
            ends_on=line.ends_on,
            systems=_systems([row for row in listed if row.line_number == number]),
            tally=tally(row for row in listed if row.line_number == number),
        )
        for number, line in sorted(lines.items())
    )


def _systems(rows: Sequence[Row]) -> tuple[SystemCoverage, ...]:
    pieces = groupby(rows, key=lambda row: (row.system_id, row.system_name))
    return tuple(SystemCoverage(system_id, name, tally(of_system)) for (system_id, name), of_system in pieces)


def _contents(covers: dict[str, Cover]) -> list[Content]:
    return [Content(code, cover.inspections, cover.answers, cover.abnormal) for code, cover in covers.items()]


def _weeks(month: Month, inspections: Sequence[InspectionLine], zone: str) -> list[Week]:
    days = [local_day(line.finished_at, zone) for line in inspections if line.is_standing]
    return [
        Week(number, first, last, sum(first <= day <= last for day in days))
        for number, (first, last) in enumerate(weeks_of(month.first, month.last), start=1)
    ]


def _newest_readings(abnormal: Sequence[AbnormalItem]) -> dict[Pair, AbnormalItem]:
    """The readings that went out of their limits, with the newest item of each; not more than are drawn."""
    newest: dict[Pair, AbnormalItem] = {}
    for item in abnormal:
        if item.is_reading:
            newest[item.asset_id, item.item_key] = item
    return dict(list(newest.items())[:MOST_TRENDS])


def _trends(
    worst: Mapping[Pair, AbnormalItem], readings: Mapping[Pair, Sequence[tuple[datetime, Decimal]]]
) -> list[Trend]:
    """Each of these readings over the twelve months up to this one."""
    return [
        Trend(
            inspection_id=item.inspection_id,
            asset_id=item.asset_id,
            asset=item.name,
            item=item.item,
            unit=item.unit,
            low=item.low,
            high=item.high,
            points=tuple(readings.get(pair, [])[-MOST_POINTS:]),
        )
        for pair, item in worst.items()
    ]


def _past(
    month: Month, assets: Sequence[Asset], closed: Mapping[str, MonthFigures], counted: Mapping[str, Past]
) -> tuple[MonthFigures, ...]:
    """The months before: a closed one as it was closed, another one as its records stand."""
    return tuple(
        closed.get(str(each)) or _open_month(each, assets, counted[str(each)]) for each in months_before(month)
    )


def _open_month(month: Month, assets: Sequence[Asset], past: Past) -> MonthFigures:
    due = [asset for asset in assets if not asset.is_place and is_due(asset.status, period_of(asset), month)]
    return MonthFigures(
        month=str(month),
        is_closed=False,
        due=len(due),
        done=sum(asset.id in past.units for asset in due),
        units_due=sum(asset.units for asset in due),
        units_checked=sum(min(past.units.get(asset.id, 0), asset.units) for asset in due),
        abnormal=sum(asset.id in past.abnormal for asset in due),
        given_back=past.given_back,
        faults=past.faults,
        hazards=past.hazards,
        photos=past.photos,
    )


def _gaps_of_rows(rows: Sequence[Row]) -> list[Gap]:
    def gap(kind: GapKind, found: list[Row], count: int) -> Gap:
        return Gap(kind, count, True, tuple(row.name for row in found[:MOST_EXAMPLES]))

    listed = [row for row in rows if row.state is RowState.OPEN and not row.is_place]
    places = [row for row in rows if row.state is RowState.OPEN and row.is_place]
    partly = [row for row in rows if row.state is RowState.DONE and row.units_open]
    return [
        gap(GapKind.ROWS_OPEN, listed, len(listed)),
        gap(GapKind.PLACES_OPEN, places, len(places)),
        gap(GapKind.UNITS_OPEN, partly, len(partly)),
    ]


def _gaps_of_plan(plan: PlanCoverage | None) -> list[Gap]:
    missed = plan.unexplained if plan else ()
    return [Gap(GapKind.PLAN_UNEXPLAINED, len(missed), True, tuple(line.name for line in missed[:MOST_EXAMPLES]))]


def _gaps_of_papers(
    inspections: Sequence[InspectionLine], joint_tests: Sequence[JointTestLine], needs_joint_test: bool
) -> list[Gap]:
    unsigned = {
        line.visit_id: f"{line.visit_day} {line.technician}"
        for line in inspections
        if line.is_standing and not line.is_sealed
    }
    unsealed = tuple(test.number for test in joint_tests if not test.digest)
    return [
        Gap(GapKind.VISITS_UNSIGNED, len(unsigned), True, tuple(unsigned.values())[:MOST_EXAMPLES]),
        Gap(
            GapKind.JOINT_TEST_MISSING, int(needs_joint_test and not any(test.is_monthly for test in joint_tests)), True
        ),
        Gap(GapKind.JOINT_TEST_UNSEALED, len(unsealed), True, unsealed[:MOST_EXAMPLES]),
    ]


def _gaps_of_findings(findings: Sequence[FindingLine], contents: Sequence[Content]) -> list[Gap]:
    def numbers(kind: str) -> tuple[str, ...]:
        return tuple(finding.number for finding in findings if finding.kind == kind and finding.is_open)

    uncovered = tuple(content.code for content in contents if not content.is_covered)
    untold = tuple(finding.number for finding in findings if not finding.is_told)
    return [
        Gap(GapKind.CONTENTS_UNCOVERED, len(uncovered), True, uncovered),
        Gap(GapKind.FINDINGS_UNTOLD, len(untold), True, untold[:MOST_EXAMPLES]),
        Gap(GapKind.FAULTS_OPEN, len(numbers("fault")), False, numbers("fault")[:MOST_EXAMPLES]),
        Gap(GapKind.HAZARDS_OPEN, len(numbers("hazard")), False, numbers("hazard")[:MOST_EXAMPLES]),
    ]
