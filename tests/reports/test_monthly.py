"""The month as one object, from real rows: coverage, returns, reasons, contents, findings, gaps."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.reports.month_of_work import (
    AFTER_OCTOBER,
    IN_OCTOBER,
    OCTOBER,
    due,
    give_back,
    inspect,
    inspect_everything,
    joint_test,
    leave_out,
    list_rows,
    photograph,
    sign,
    site_called,
    somebody,
)
from webapp.checklists.models import CheckItem
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.faults.models import EventKind, Finding, FindingEvent
from webapp.inspections.models import Answer
from webapp.kit.canonical import canonical_json
from webapp.kit.clock import Month
from webapp.reports.figures import FIGURES, count_of, records_of
from webapp.reports.monthly import build
from webapp.reports.summary import GapKind, MonthlySummary, Phase, RowState
from webapp.seals.actions import seal


def october(code: str = "SG", now: datetime = AFTER_OCTOBER) -> MonthlySummary:
    db.session.flush()
    return build(site_called(code), OCTOBER, now)


def gaps(summary: MonthlySummary) -> dict[GapKind, int]:
    return {gap.kind: gap.count for gap in summary.gaps}


def number_item(asset) -> CheckItem:
    version = version_for(asset)
    return next(item for item in version.items if item.kind == "number")


def measured(code: str = "SG"):
    """A list row whose checklist has a number item."""
    return next(a for a in list_rows(code) if any(item.kind == "number" for item in version_for(a).items))


def finding(number: str, reported_at: datetime, kind: str = "fault") -> Finding:
    asset = list_rows()[0]
    made = Finding(
        site_id=asset.site_id, kind=kind, number=number, asset_id=asset.id, item_text="电源指示", level="general",
        text="指示灯不亮", reported_by=somebody("tech").id, reported_at=reported_at, entered_at=reported_at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def happened(to: Finding, kind: EventKind, at: datetime) -> None:
    db.session.add(
        FindingEvent(
            finding_id=to.id, kind=kind, at=at, received_at=at, by=somebody("supervisor").id, reason="已换电源"
        )
    )
    db.session.flush()


def test_both_contracts_stay_visible_places_are_counted_apart(context):
    shaoguan, futian = october(), october("FT")
    assert (shaoguan.total.due, shaoguan.total.units_due, shaoguan.places.due) == (120, 436, 5)
    assert (futian.total.due, futian.places.due) == (76, 4)
    assert [line.tally.due for line in shaoguan.lines] == [48, 52, 20]
    assert [line.tally.units_due for line in shaoguan.lines] == [327, 71, 38]
    assert shaoguan.total.row_percent == 0


@pytest.mark.parametrize(
    ("month", "rows", "in_service"),
    [
        (Month(2025, 12), 0, [False, False, False]),
        (Month(2026, 5), 100, [True, True, False]),
        (Month(2026, 6), 120, [True, True, True]),  # list three begins on 28 June
        (Month(2027, 6), 20, [False, False, True]),
        (Month(2027, 7), 0, [False, False, False]),
    ],
)
def test_a_list_is_due_only_within_its_service_period(context, month, rows, in_service):
    summary = build(site_called("SG"), month, AFTER_OCTOBER)
    assert summary.total.due == rows
    assert [bool(line.tally.due) for line in summary.lines] == in_service


def test_a_month_is_complete_when_all_is_done_signed_and_tested(context):
    for made in inspect_everything(due()):
        last = made
    test = joint_test()
    assert gaps(october()) == {GapKind.VISITS_UNSIGNED: 1, GapKind.JOINT_TEST_UNSEALED: 1}
    sign(last)
    seal(test.site_id, "joint_test", test.id, {"id": str(test.id)}, by=test.technician_id, now=IN_OCTOBER)
    summary = october()
    assert summary.gaps == ()
    assert summary.is_complete
    assert (summary.total.row_percent, summary.total.signed, summary.places.done) == (100, 120, 5)
    assert all(content.is_covered for content in summary.contents)
    assert not october(now=IN_OCTOBER).is_complete, "the month is still running"


def test_a_returned_inspection_counts_again_only_after_the_re_inspection(context):
    asset = list_rows()[0]
    first = inspect(asset)
    assert october().total.done == 1
    give_back(first)
    summary = october()
    assert (summary.total.done, summary.total.returned, summary.rows[0].state) == (0, 1, RowState.OPEN)
    assert summary.inspections[0].return_reasons == ("reading not plausible",)
    inspect(asset, IN_OCTOBER + timedelta(days=1), supersedes=first)
    summary = october()
    assert (summary.total.done, summary.total.returned, len(summary.standing)) == (1, 1, 1)
    assert summary.inspections[0].is_superseded


def test_several_returns_of_one_inspection_are_one_record(context):
    made = inspect(list_rows()[0])
    give_back(made, "photo missing")
    give_back(made, "value missing")
    summary = october()
    assert [set(i.return_reasons) for i in summary.inspections] == [{"photo missing", "value missing"}]


def test_the_newest_reason_counts_and_only_for_its_month(context):
    asset = list_rows()[3]
    leave_out(asset, "设备外借")
    leave_out(asset, "返修中", at=IN_OCTOBER + timedelta(days=2))
    leave_out(list_rows()[4], "会议占用", month=Month(2026, 9))
    summary = october()
    row = next(r for r in summary.rows if r.asset_id == asset.id)
    assert (row.state, row.reason, row.reason_by) == (RowState.EXPLAINED, "返修中", "李建国")
    assert (summary.total.explained, summary.total.open) == (1, 119)


def test_twelve_screens_eleven_checked_is_visible(context):
    screens = next(asset for asset in list_rows() if asset.units == 12)
    inspect(screens, units=11, units_reason="第7块返修")
    summary = october()
    row = next(r for r in summary.rows if r.asset_id == screens.id)
    assert (row.units_checked, row.units_explained, row.units_open) == (11, 1, 0)
    assert (summary.total.units_checked, summary.total.units_explained) == (11, 1)
    assert GapKind.UNITS_OPEN not in gaps(summary)


def test_the_month_ends_at_midnight_of_the_site(context):
    asset = list_rows()[0]
    inspect(asset, datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))  # 23:59:59 in Shaoguan
    inspect(list_rows()[1], datetime(2026, 10, 31, 16, 0, tzinfo=UTC))  # 1 November
    inspect(list_rows()[2], datetime(2026, 9, 30, 16, 0, tzinfo=UTC))  # 1 October, 00:00
    assert october().total.done == 2


def test_the_other_command_centre_is_not_counted(context):
    inspect(list_rows("FT")[0], by="tech2")
    assert (october().total.done, october("FT").total.done) == (0, 1)


def test_contents_name_what_each_contract_asks_for(context):
    assert [content.code for content in october().contents] == [f"S{n}" for n in range(1, 8)]
    assert [content.code for content in october("FT").contents] == [f"F{n}" for n in range(1, 10)]


def test_a_content_is_covered_by_answered_items_that_carry_it(context):
    vehicle = next(asset for asset in due() if asset.kind == "vehicle")
    made = inspect(vehicle)
    covers = {content.code: content for content in october().contents}
    assert (covers["S6"].inspections, covers["S6"].answers) == (1, 3)
    assert (covers["S4"].inspections, covers["S4"].is_covered) == (0, False)
    give_back(made)
    assert not any(content.is_covered for content in october().contents), "a returned inspection proves nothing"


def test_not_applicable_covers_nothing(context):
    vehicle = next(asset for asset in due() if asset.kind == "vehicle")
    made = inspect(vehicle)
    for answer in db.session.query(Answer).where(Answer.inspection_id == made.id):
        answer.verdict = "na"
    db.session.flush()
    assert not any(content.is_covered for content in october().contents)


def test_an_abnormal_reading_carries_limits_reason_photos_and_its_course(context):
    asset = measured()
    item = number_item(asset)
    for months_ago in (14, 3, 2, 1):
        at = IN_OCTOBER - timedelta(days=30 * months_ago)
        inspect(asset, at)
    made = inspect(
        asset,
        abnormal={
            item.key: {
                "value": "342", "number": Decimal(342), "why": "对星超时", "remedy": "fixed",
                "judgement": {"low": None, "high": "300", "reason": "above"},
            }
        },
    )  # fmt: skip
    photos = photograph(made, item.key, 2)
    summary = october()
    (found,) = summary.abnormal
    assert (found.why, found.high, found.low, found.photo_ids) == ("对星超时", Decimal(300), None, tuple(photos))
    assert found.shown.zh == f"342 {item.unit}".strip()
    assert summary.out_of_limits == (found,)
    assert summary.photos == 2
    assert (summary.total.abnormal, summary.rows[0].is_abnormal) == (1, summary.rows[0].asset_id == asset.id)
    (trend,) = summary.trends
    assert [value for _at, value in trend.points] == [5, 5, 5, 342], "twelve months, not fourteen"


def test_faults_of_the_month_and_those_still_open_at_its_end(context):
    inside, before = IN_OCTOBER, IN_OCTOBER - timedelta(days=40)
    finding("GZ-2610-01", inside)
    closed = finding("GZ-2610-02", inside)
    happened(closed, EventKind.CLOSED, inside + timedelta(days=1))
    later = finding("GZ-2610-03", inside)
    happened(later, EventKind.CLOSED, AFTER_OCTOBER)  # open at the end of October
    old_open = finding("GZ-2609-01", before)
    happened(old_open, EventKind.CLOSED, before)
    happened(old_open, EventKind.REOPENED, before + timedelta(days=1))
    old_closed = finding("GZ-2609-02", before)
    happened(old_closed, EventKind.CLOSED, before)
    finding("GZ-2611-01", AFTER_OCTOBER)
    finding("YH-2610-01", inside, "hazard")
    summary = october()
    assert {f.number: f.is_open for f in summary.faults} == {
        "GZ-2609-01": True, "GZ-2610-01": True, "GZ-2610-02": False, "GZ-2610-03": True,
    }  # fmt: skip
    assert [f.number for f in summary.hazards] == ["YH-2610-01"]
    assert (count_of(summary, "faults"), count_of(summary, "faults-open"), count_of(summary, "hazards-open")) == (
        3,
        3,
        1,
    )
    assert summary.level_words("general").zh == "一般故障"
    closing = next(f for f in summary.faults if f.number == "GZ-2610-02")
    assert (closing.closing_reason, closing.closed_at) == ("已换电源", inside + timedelta(days=1))


def test_a_joint_test_is_asked_for_only_where_there_is_a_vehicle(context):
    assert gaps(october())[GapKind.JOINT_TEST_MISSING] == 1
    assert GapKind.JOINT_TEST_MISSING not in gaps(october("FT"))
    joint_test()
    assert gaps(october())[GapKind.JOINT_TEST_UNSEALED] == 1


def test_before_the_service_nothing_is_due_and_nothing_lacks(context):
    summary = build(site_called("SG"), Month(2025, 3), AFTER_OCTOBER)
    assert (summary.rows, summary.gaps, summary.total.row_percent) == ((), (), None)
    assert not summary.is_complete, "nothing was due, so nothing is proved"


def test_a_coming_month_is_neither_complete_nor_late(context):
    summary = build(site_called("SG"), Month(2026, 12), AFTER_OCTOBER)
    assert (summary.phase, summary.is_complete, summary.total.due) == (Phase.COMING, False, 120)


def test_inspections_per_week_add_up(context):
    inspect(list_rows()[0], datetime(2026, 10, 7, 2, tzinfo=UTC))
    inspect(list_rows()[1], datetime(2026, 10, 7, 16, tzinfo=UTC))  # already the 8th in Shaoguan
    assert [week.inspections for week in october().weeks] == [1, 1, 0, 0, 0]


def test_the_whole_object_can_be_frozen_and_sealed(context):
    made = inspect(list_rows()[0], abnormal={version_for(list_rows()[0]).items[0].key: {}})
    photograph(made, version_for(list_rows()[0]).items[0].key)
    summary = october()
    assert canonical_json(dataclasses.asdict(summary)) == canonical_json(dataclasses.asdict(october()))


def test_figures_of_lists_and_systems_add_up_to_the_figure_of_the_month(context):
    inspect_everything(list_rows()[::3])
    summary = october()
    for name in ("due", "done", "open", "units-due", "units-checked", "units-open"):
        figure = FIGURES[name]
        measure = (lambda rows, f=figure: sum(map(f.units, rows))) if figure.units else len
        by_line = sum(measure(records_of(summary, name, line=line.number)) for line in summary.lines)
        by_system = sum(
            measure(records_of(summary, name, system=system.system_id))
            for line in summary.lines
            for system in line.systems
        )
        assert by_line == by_system == count_of(summary, name), name


@pytest.mark.parametrize("inspected", [0, 30])
def test_building_takes_the_same_few_statements_whatever_the_amount(context, queries, inspected):
    inspect_everything(list_rows()[:inspected])
    for months_ago in range(1, 4):
        inspect_everything(list_rows()[:inspected], IN_OCTOBER - timedelta(days=31 * months_ago))
    db.session.flush()
    site = site_called("SG")
    queries.clear()
    build(site, OCTOBER, AFTER_OCTOBER)
    assert len([statement for statement in queries if statement.lstrip().upper().startswith("SELECT")]) == 7, queries
