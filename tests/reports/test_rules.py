"""How a month is counted, without any database."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.assets.models import Asset, System
from webapp.kit.clock import Month
from webapp.reports.monthly import phase_of, row_of, tally
from webapp.reports.rules import percent, units_of, weeks_of
from webapp.reports.said import Reason
from webapp.reports.summary import InspectionLine, Phase, Row, RowState
from webapp.sites.models import ServiceLine

MOMENT = datetime(2026, 10, 12, tzinfo=UTC)
SYSTEM = System(
    id=uuid.uuid4(),
    name="大屏",
    service_line=ServiceLine(number=1, name="一", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)),
)


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        (0, 0, None),
        (0, 120, "0"),
        (117, 120, "97.5"),
        (429, 436, "98.3"),  # 98.39: rounded down
        (2999, 3000, "99.9"),  # 99.966: never 100
        (119_999, 120_000, "99.9"),
        (4, 5, "80"),
        (120, 120, "100"),
        (1, 3, "33.3"),
    ],
)
def test_percentages_are_rounded_down(part, whole, shown):
    assert percent(part, whole) == (None if shown is None else Decimal(shown))
    assert shown is None or str(percent(part, whole)) == shown


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_hundred_per_cent_means_all(part, whole):
    share = percent(min(part, whole), whole)
    assert share is not None
    assert (share == 100) == (part >= whole)
    assert share * whole <= 100 * min(part, whole)


@pytest.mark.parametrize(
    ("total", "checked", "is_explained", "expected"),
    [
        (12, [], False, (0, 0)),
        (12, [], True, (0, 12)),
        (12, [11], False, (11, 0)),
        (12, [11], True, (11, 1)),
        (12, [6, 6], False, (6, 0)),  # two rounds may have seen the same six
        (12, [12], True, (12, 0)),
        (12, [15], False, (12, 0)),  # the list was corrected since
        (1, [1], False, (1, 0)),
    ],
)
def test_units_are_checked_explained_or_open(total, checked, is_explained, expected):
    units = units_of(total, checked, is_explained=is_explained)
    assert (units.checked, units.explained) == expected


@pytest.mark.parametrize(
    ("month", "last_piece"), [(Month(2026, 2), None), (Month(2028, 2), (29, 29)), (Month(2026, 11), (29, 30))]
)
def test_the_weeks_of_a_month_cover_each_day_once(month, last_piece):
    pieces = weeks_of(month.first, month.last)
    days = [day for first, last in pieces for day in range(first.day, last.day + 1)]
    assert days == list(range(1, month.last.day + 1))
    assert [first.day for first, _last in pieces[:4]] == [1, 8, 15, 22]
    if last_piece:
        assert (pieces[4][0].day, pieces[4][1].day) == last_piece


@pytest.mark.parametrize(
    ("today", "phase"),
    [
        (date(2026, 9, 30), Phase.COMING),
        (date(2026, 10, 1), Phase.RUNNING),
        (date(2026, 10, 31), Phase.RUNNING),
        (date(2026, 11, 1), Phase.OVER),
    ],
)
def test_a_month_runs_from_its_first_to_its_last_day(today, phase):
    assert phase_of(Month(2026, 10), today) is phase


def asset(quantity: int | None = 1, kind: str = "device") -> Asset:
    return Asset(
        id=uuid.uuid4(), code="SG-1-001", name="LCD拼接屏", kind=kind, quantity=quantity, system=SYSTEM,
        system_id=SYSTEM.id, printed_number="1", model="", location="", is_outside_contract=False,
    )  # fmt: skip


def line(
    checked: int = 1, *, standing: bool = True, sealed: bool = False, why: str = "", back: str = ""
) -> InspectionLine:
    return InspectionLine(
        id=uuid.uuid4(), asset_id=uuid.uuid4(), code="", name="", system_id=SYSTEM.id, visit_id=uuid.uuid4(),
        visit_day=MOMENT.date(), visit_number=1, technician="张伟", finished_at=MOMENT, verdict="ok", units_total=12,
        units_checked=checked, units_reason=why, advice="", photos=0, is_standing=standing and not back,
        is_sealed=sealed, is_superseded=False, return_reasons=(back,) if back else (),
    )  # fmt: skip


REASON = Reason("设备外借", "李建国", MOMENT)


def test_a_row_is_done_with_a_standing_inspection_and_open_without():
    assert row_of(asset(), [line()], None).state is RowState.DONE
    assert row_of(asset(), [], None).state is RowState.OPEN
    assert row_of(asset(), [], REASON).state is RowState.EXPLAINED


def test_a_returned_inspection_is_not_done_until_it_is_done_again():
    back = line(back="读数不可信")
    assert row_of(asset(), [back], None).state is RowState.OPEN
    again = row_of(asset(), [back, line()], None)
    assert (again.state, again.is_returned) == (RowState.DONE, True)


def test_a_reason_for_some_units_explains_exactly_those():
    row = row_of(asset(12), [line(11, why="第7块拆下返修")], None)
    assert (row.state, row.units_checked, row.units_explained, row.units_open) == (RowState.DONE, 11, 1, 0)
    assert (row.reason, row.reason_by) == ("第7块拆下返修", "张伟")
    assert row_of(asset(12), [line(11)], None).units_open == 1
    assert row_of(asset(12), [line(11)], REASON).units_open == 0


def test_a_place_counts_as_one_whatever_its_quantity():
    assert row_of(asset(7, "vehicle"), [line()], None).units == 1


inspection_sets = st.lists(
    st.builds(
        line,
        st.integers(0, 40),
        standing=st.booleans(),
        sealed=st.booleans(),
        why=st.sampled_from(["", "拆下返修"]),
        back=st.sampled_from(["", "重做"]),
    ),
    max_size=4,
)
rows = st.builds(
    row_of,
    st.builds(asset, st.none() | st.integers(1, 30), st.sampled_from(["device", "software", "room"])),
    inspection_sets,
    st.none() | st.just(REASON),
)


@given(st.lists(rows, max_size=40))
def test_what_was_due_is_always_done_or_explained_or_open(all_rows: list[Row]):
    counts = tally(all_rows)
    assert counts.due == counts.done + counts.explained + counts.open == len(all_rows)
    assert counts.units_due == counts.units_checked + counts.units_explained + counts.units_open
    assert min(counts.units_checked, counts.units_explained, counts.units_open, counts.open, counts.explained) >= 0
    assert counts.signed <= counts.done
    assert counts.abnormal <= counts.done
    assert counts.is_complete == (counts.open == 0 and counts.units_open == 0)
    assert all((row.units_open == row.units) for row in all_rows if row.state is RowState.OPEN)


@given(st.lists(rows, max_size=30), st.integers(0, 30))
def test_the_parts_of_a_month_add_up_to_the_whole(all_rows: list[Row], cut: int):
    first, second, whole = tally(all_rows[:cut]), tally(all_rows[cut:]), tally(all_rows)
    for name in ("due", "done", "explained", "open", "signed", "abnormal", "units_due", "units_checked", "units_open"):
        assert getattr(first, name) + getattr(second, name) == getattr(whole, name)
