"""What a plan must hold and how it is spread, without database: nothing twice, no gaps, always the same."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.kit.clock import Month
from webapp.plans.models import LineKind
from webapp.plans.needs import Due, Frame, Shown, missing, needs_of, quarterly_month
from webapp.plans.spreading import Taken, most_together, spread
from webapp.plans.workdays import days_of, weeks_of, working_days
from webapp.sites.calendar import day_of, knows_make_up_days

ZONE = "Asia/Shanghai"
DECEMBER = Month(2026, 12)
ALWAYS = (date(2020, 1, 1), date(2030, 12, 31))
BASE = (LineKind.MONTHLY, LineKind.QUARTERLY)


def frame(month: Month = DECEMBER, from_day: date = date(2020, 1, 1)) -> Frame:
    return Frame(month, working_days(month, {}), ZONE, from_day)


def an_asset(number: int = 1, group: str = "A", period: tuple[date, date] = ALWAYS, **more) -> Due:
    return Due(uuid.UUID(int=number), group, *period, **more)


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2026, 2, 13), True),  # Friday before Spring Festival
        (date(2026, 2, 14), True),  # a Saturday worked instead
        (date(2026, 2, 17), False),  # Spring Festival
        (date(2026, 2, 23), False),  # a Monday that is free
        (date(2026, 2, 28), True),  # month end: a Saturday worked instead
        (date(2026, 10, 1), False),
        (date(2026, 10, 10), True),
        (date(2026, 11, 21), False),
    ],
)
def test_holidays_are_free_and_make_up_days_are_worked_on(day, is_working):
    assert day_of(day, {}).is_working is is_working


def test_what_the_site_says_about_a_day_goes_before_the_calendar_of_the_country():
    said = {date(2026, 12, 5): SimpleNamespace(is_working=True, name="演练")}
    assert day_of(date(2026, 12, 5), said).is_working
    assert day_of(date(2026, 12, 5), said).name == "演练"
    assert not day_of(date(2026, 12, 6), said).is_working


def test_days_worked_instead_are_unknown_before_they_are_announced():
    assert knows_make_up_days(2026)
    assert not knows_make_up_days(2040)


@given(st.dates(date(2021, 1, 1), date(2029, 12, 31)))
def test_each_week_belongs_to_exactly_one_month(day):
    month = Month.of(day)
    found = [
        week for one in (month.previous(), month, month.next()) for week in weeks_of(one) if week[0] <= day <= week[1]
    ]
    assert len(found) == 1


def test_a_weekly_check_stands_in_every_week_even_in_one_that_is_all_holiday():
    network = an_asset(is_place=True, frequencies=("weekly",))
    october = Month(2026, 10)
    needs = needs_of(frame(october), [network], [])
    # October 1 to 4 is holiday throughout: the check stands there all the same
    assert [need.days[0].day for need in needs] == [1, 8, 12, 19, 26]
    assert needs[0].days == tuple(date(2026, 10, day) for day in (1, 2, 3, 4))
    february = needs_of(frame(Month(2026, 2)), [network], [])
    assert [need.kind for need in february] == [LineKind.WEEKLY] * 4
    assert all(need.days for need in february)


def test_weekly_items_of_a_device_are_asked_in_its_monthly_check():
    assert [need.kind for need in needs_of(frame(), [an_asset(frequencies=("weekly", "monthly"))], [])] == ["monthly"]


def test_quarterly_items_come_once_in_the_quarter_and_in_a_month_of_service():
    quarter = (Month(2026, 10), Month(2026, 11), Month(2026, 12))
    for number in range(7):
        asset = an_asset(number, frequencies=("monthly", "quarterly"))
        kinds = [needs_of(frame(month), [asset], [])[0].kind for month in quarter]
        assert kinds.count(LineKind.QUARTERLY) == 1
        ending = an_asset(number, period=(ALWAYS[0], date(2026, 11, 3)))
        assert quarterly_month(ending, quarter) in quarter[:2]


def test_a_line_that_ends_within_the_month_is_planned_before_its_last_day():
    ending = an_asset(period=(ALWAYS[0], date(2026, 12, 2)))
    (need,) = needs_of(frame(), [ending], [])
    assert need.days == (date(2026, 12, 1), date(2026, 12, 2))
    on_a_holiday = an_asset(period=(ALWAYS[0], date(2026, 10, 1)))
    (need,) = needs_of(frame(Month(2026, 10)), [on_a_holiday], [])
    assert need.days == (date(2026, 10, 1),)


def test_drafting_within_the_month_plans_no_day_that_is_past():
    needs = needs_of(
        frame(from_day=date(2026, 12, 17)), [an_asset(), an_asset(2, is_place=True, frequencies=["weekly"])], []
    )
    assert min(day for need in needs for day in need.days) == date(2026, 12, 17)
    assert len(needs) == 1 + 3  # the weeks that are over are not planned any more


def test_a_presentation_asks_for_every_platform_an_hour_before_and_one_follow_up():
    place = an_asset(1, is_place=True, frequencies=["before_event"])
    platform = an_asset(2, is_software=True, frequencies=["weekly"])
    licence, device = an_asset(3, is_software=True), an_asset(4)
    show = Shown(uuid.UUID(int=99), datetime(2026, 12, 8, 1, 30, tzinfo=UTC))
    needs = [need for need in needs_of(frame(), [place, platform, licence, device], [show]) if need.presentation_id]
    checks = [need for need in needs if need.kind is LineKind.EVENT]
    assert {need.asset_id for need in checks} == {place.asset_id, platform.asset_id}
    assert {need.due_at for need in checks} == {datetime(2026, 12, 8, 0, 30, tzinfo=UTC)}
    assert [(need.asset_id, need.opens_at) for need in needs if need.kind is LineKind.FOLLOW_UP] == [
        (place.asset_id, show.starts_at)
    ]


def test_a_presentation_just_after_midnight_of_the_first_is_checked_in_the_month_before():
    show = Shown(uuid.UUID(int=99), datetime(2026, 11, 30, 16, 30, tzinfo=UTC))  # 00:30 on December 1
    platform = an_asset(2, is_software=True)
    kinds = {
        month: [need.kind for need in needs_of(frame(month), [platform], [show]) if need.presentation_id]
        for month in (Month(2026, 11), DECEMBER)
    }
    assert kinds == {Month(2026, 11): [LineKind.EVENT], DECEMBER: [LineKind.FOLLOW_UP]}


assets = st.lists(
    st.builds(
        lambda number, group, minutes, kind, frequencies, ends: an_asset(
            number,
            group,
            (ALWAYS[0], ends),
            minutes=minutes,
            is_software=kind == "software",
            is_place=kind == "place",
            frequencies=frequencies,
        ),
        st.integers(1, 10**9),
        st.sampled_from("ABCDE"),
        st.integers(1, 40),
        st.sampled_from(["device", "software", "place"]),
        st.sets(st.sampled_from(["monthly", "weekly", "quarterly", "before_event"])),
        st.one_of(st.just(ALWAYS[1]), st.dates(date(2026, 12, 1), date(2026, 12, 31))),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda one: one.asset_id,
)
shows = st.lists(
    st.builds(
        lambda number, hours: Shown(uuid.UUID(int=number), datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=hours)),
        st.integers(1, 99),
        st.integers(0, 800),
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)
PEOPLE = [uuid.UUID(int=1000 + n) for n in range(3)]


@settings(max_examples=60)
@given(assets, shows, st.integers(0, 3), st.integers(0, 2))
def test_every_due_asset_is_checked_once_a_month_or_every_week_and_every_need_has_one_of_its_days(
    due, shown, technicians, sups
):
    needs = needs_of(frame(), due, shown)
    assert max(Counter(need.key for need in needs).values()) == 1
    monthly = Counter(need.asset_id for need in needs if need.kind in BASE)
    weekly = Counter(need.asset_id for need in needs if need.kind is LineKind.WEEKLY)
    assert set(monthly) | set(weekly) == {one.asset_id for one in due}
    assert not set(monthly) & set(weekly)
    assert set(monthly.values()) <= {1}
    assert set(weekly.values()) <= set(range(1, 6))
    placed = spread(needs, PEOPLE[:technicians], PEOPLE[:sups])
    assert Counter(one.need.key for one in placed) == Counter(need.key for need in needs)
    assert all(one.day in one.need.days for one in placed)
    assert all((one.technician is None) == (not technicians) for one in placed)
    assert placed == spread(needs, PEOPLE[:technicians], PEOPLE[:sups])


@settings(max_examples=60)
@given(assets, st.integers(1, 3))
def test_days_and_people_are_loaded_evenly(due, technicians):
    free = [an_asset(one.asset_id.int, one.group, minutes=one.minutes) for one in due]  # any day of the month
    needs = needs_of(frame(), free, [])
    placed = spread(needs, PEOPLE[:technicians], PEOPLE[:1])
    minutes: Counter[date] = Counter()
    work: Counter[uuid.UUID] = Counter()
    for one in placed:
        minutes[one.day] += one.need.minutes
        work[one.technician] += one.need.minutes
    share = sum(minutes.values()) / len(frame().working)
    most = most_together(needs)
    assert max(minutes.values()) <= share + most
    assert max(work[one] for one in PEOPLE[:technicians]) - min(work[one] for one in PEOPLE[:technicians]) <= most


@settings(max_examples=60)
@given(assets, shows, st.integers(0, 2**32))
def test_completing_a_plan_that_lost_lines_brings_back_exactly_these(due, shown, seed):
    """Drafted twice, or after days of downtime: without doubles, without gaps, and nothing planned is moved."""
    needs = needs_of(frame(), due, shown)
    placed = spread(needs, PEOPLE, PEOPLE[:1])
    kept = [one for one in placed if random.Random(seed).random() < 0.5 or one is placed[0]]
    later = needs_of(frame(from_day=date(2026, 12, 4)), due, shown)
    lost = missing(later, {one.need.key for one in kept})
    taken = [Taken(one.day, one.need.minutes, one.technician, one.supervisor) for one in kept]
    added = spread(lost, PEOPLE, PEOPLE[:1], taken)
    keys = Counter(one.need.key for one in [*kept, *added])
    assert max(keys.values()) == 1
    assert set(keys) >= {need.key for need in later}
    assert missing(later, set(keys)) == []


def test_a_system_stays_together_on_one_day_where_it_fits():
    due = [an_asset(n, group=f"system {n // 4}", minutes=5) for n in range(1, 81)]
    placed = spread(needs_of(frame(), due, []), PEOPLE[:1], PEOPLE[:1])
    days = {one.need.group: set() for one in placed}
    for one in placed:
        days[one.need.group].add(one.day)
    assert all(len(found) == 1 for found in days.values())
    assert {one.day for one in placed} <= set(frame().working) <= set(days_of(DECEMBER))
