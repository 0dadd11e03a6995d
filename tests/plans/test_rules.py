"""Rounds, the next device, the week: without database."""

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.assets.models import Asset, System
from webapp.inspections.models import Inspection
from webapp.plans.rules import State, count, rounds, row_of, week_of, weekly_due
from webapp.sites.models import ServiceLine


def an_asset(quantity: int | None = 1, kind: str = "device", line: int = 1, system: str = "A") -> Asset:
    of_system = System(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"{line}{system}"),
        name=system,
        service_line=ServiceLine(number=line, name=f"line {line}"),
    )
    return Asset(id=uuid.uuid4(), quantity=quantity, kind=kind, system=of_system, system_id=of_system.id)


def done(asset: Asset, verdict: str = "ok", units: int = 1) -> Inspection:
    return Inspection(id=uuid.uuid4(), asset_id=asset.id, verdict=verdict, units_checked=units)


@pytest.mark.parametrize(
    ("verdicts", "returned", "state"),
    [
        ([], False, State.TODO),
        ([], True, State.RETURNED),
        (["ok"], False, State.OK),
        (["ok"], True, State.OK),
        (["abnormal"], False, State.ABNORMAL),
        (["abnormal", "ok"], False, State.ABNORMAL),
    ],
)
def test_how_a_row_stands(verdicts, returned, state):
    asset = an_asset()
    standing = [done(asset, verdict) for verdict in verdicts]
    row = row_of(asset, standing, uuid.uuid4() if returned else None)
    assert row.state is state
    assert row.is_done == bool(verdicts)
    assert row.inspection_id == (standing[-1].id if standing else row.inspection_id)


@pytest.mark.parametrize(
    ("quantity", "kind", "checked", "units", "due"),
    [
        (12, "device", [5], 5, 12),
        (12, "device", [12], 12, 12),
        (12, "device", [5, 4], 5, 12),
        (10, "device", [12], 10, 10),
        (None, "device", [1], 1, 1),
        (None, "room", [1], 1, 1),
    ],
)
def test_units_of_a_row_never_exceed_what_is_due(quantity, kind, checked, units, due):
    asset = an_asset(quantity, kind)
    row = row_of(asset, [done(asset, units=number) for number in checked], None)
    assert (row.units, row.units_due) == (units, due)


def test_rounds_follow_the_service_lines_and_count_places_apart():
    first, room, second = an_asset(3), an_asset(kind="room"), an_asset(line=2)
    one, two = rounds([first, room, second], [done(first, "abnormal", 2), done(room)], [])
    assert (one.line.number, two.line.number) == (1, 2)
    assert one.count == count(one.rows)
    assert (one.count.done, one.count.due, one.count.units_done, one.count.units_due) == (1, 1, 2, 3)
    assert one.count.abnormal == 1
    assert [row.asset for row in one.places] == [room]
    assert one.next_row is None
    assert two.next_row.asset is second


def test_the_next_row_is_the_first_not_done_in_printed_order_and_places_come_last():
    rows = [an_asset() for _n in range(3)]
    room = an_asset(kind="room")
    (one,) = rounds([room, *rows], [done(rows[0])], [done(rows[1])])
    assert one.next_row.asset is rows[1]
    assert one.ticks == ["ok", "now", "todo"]
    (one,) = rounds([room, *rows], [done(row) for row in rows], [])
    assert one.next_row.asset is room
    assert one.ticks == ["ok", "ok", "ok"]


def test_what_was_sent_back_is_not_done_until_it_is_done_again():
    asset, other = an_asset(), an_asset()
    back = done(asset)
    (one,) = rounds([asset, other], [], [back])
    assert [row.state for row in one.rows] == [State.RETURNED, State.TODO]
    assert one.next_row.inspection_id == back.id
    assert one.ticks == ["now", "todo"]
    (one,) = rounds([asset, other], [done(asset)], [back])
    assert one.rows[0].state is State.OK


def test_rows_stand_under_their_systems_in_printed_order():
    rows = [an_asset(system=name) for name in ("A", "A", "B", "A")]
    (one,) = rounds(rows, [], [])
    assert [(system.name, len(found)) for system, found in one.systems] == [("A", 3), ("B", 1)]


@given(
    st.lists(st.tuples(st.integers(1, 30), st.sampled_from(["", "ok", "abnormal"]), st.integers(0, 40)), max_size=20)
)
def test_figures_never_exceed_what_is_due(plan):
    assets = [an_asset(quantity) for quantity, _verdict, _units in plan]
    standing = [done(a, v, u) for a, (_quantity, v, u) in zip(assets, plan, strict=True) if v]
    for one in rounds(assets, standing, []):
        figures = one.count
        assert 0 <= figures.abnormal <= figures.done <= figures.due == len(one.ticks)
        assert 0 <= figures.units_done <= figures.units_due


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)))
def test_a_week_runs_from_monday_to_sunday_around_its_day(day):
    monday, sunday = week_of(day)
    assert (monday.weekday(), sunday - monday) == (0, timedelta(days=6))
    assert monday <= day <= sunday


def test_a_place_with_weekly_items_is_due_until_it_is_done_this_week():
    weekly, monthly, without = (an_asset(kind="place") for _n in range(3))
    frequencies = {weekly.id: {"weekly", "monthly"}, monthly.id: {"monthly"}}
    assert weekly_due([weekly, monthly, without], frequencies, []) == [weekly]
    assert weekly_due([weekly, monthly, without], frequencies, [weekly.id]) == []
