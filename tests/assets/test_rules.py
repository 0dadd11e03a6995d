"""When an asset is due, which line is meant, where a row belongs: both sides of each boundary."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.assets.rules import (
    is_due,
    is_meant,
    kind_of,
    line_called,
    needs_keeper,
    place_in_order,
    printed_order,
    service_period,
)
from webapp.kit.clock import Month

FIELD_POST = (date(2026, 6, 28), date(2027, 6, 27))


@pytest.mark.parametrize(
    ("month", "due"),
    [
        ("2026-05", False),
        ("2026-06", True),
        ("2026-07", True),
        ("2027-05", True),
        ("2027-06", True),
        ("2027-07", False),
    ],
)
def test_the_field_post_is_due_from_28_june_to_27_june(month, due):
    assert is_due("in_use", FIELD_POST, Month.parse(month)) is due


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "due"),
    [
        (date(2026, 6, 30), date(2026, 12, 31), True),
        (date(2026, 7, 1), date(2026, 12, 31), False),
        (date(2026, 1, 1), date(2026, 6, 1), True),
        (date(2026, 1, 1), date(2026, 5, 31), False),
        (date(2026, 6, 15), date(2026, 6, 15), True),
    ],
)
def test_one_day_of_service_in_the_month_makes_it_due(starts_on, ends_on, due):
    assert is_due("in_use", (starts_on, ends_on), Month(2026, 6)) is due


@pytest.mark.parametrize(("status", "due"), [("in_use", True), ("standby", True), ("retired", False)])
def test_standby_is_due_and_retired_is_not(status, due):
    assert is_due(status, FIELD_POST, Month(2026, 11)) is due


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 800), st.integers(0, 4000))
def test_due_means_that_some_day_of_the_month_is_in_the_period(starts_on, length, later):
    ends_on = starts_on + timedelta(days=length)
    month = Month.of(date(2020, 1, 1) + timedelta(days=later))
    days = (month.first + timedelta(days=n) for n in range((month.last - month.first).days + 1))
    assert is_due("in_use", (starts_on, ends_on), month) == any(starts_on <= day <= ends_on for day in days)


def test_an_assets_own_days_go_before_those_of_its_line():
    own = date(2026, 9, 1)
    assert service_period((None, None), FIELD_POST) == FIELD_POST
    assert service_period((own, None), FIELD_POST) == (own, FIELD_POST[1])
    assert service_period((None, own), FIELD_POST) == (FIELD_POST[0], own)


@pytest.mark.parametrize(("status", "needed"), [("in_use", True), ("standby", True), ("retired", False)])
def test_what_is_in_use_or_standby_needs_a_keeper(status, needed):
    assert needs_keeper(status) is needed


@pytest.mark.parametrize(
    ("system", "name", "kind"),
    [
        ("软件平台", "三防系统", "software"),
        ("综合显控系统", "矩阵控制软件", "software"),
        ("x", "Control SOFTWARE", "software"),
        ("综合显控系统", "视频矩阵", "device"),
        ("音频系统", "监控主机与后台系统", "device"),
    ],
)
def test_software_is_what_the_list_calls_so(system, name, kind):
    assert kind_of(system, name) == kind


@dataclass
class Line:
    name: str
    starts_on: date = date(2026, 1, 1)
    ends_on: date = date(2026, 12, 31)


LINES = [Line("应急指挥调度系统"), Line("移动卫星应急指挥车"), Line("现场指挥部"), Line("现场指挥部应急通讯")]


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("一、应急指挥调度系统软硬件清单", "应急指挥调度系统"),
        ("移动卫星应急指挥车", "移动卫星应急指挥车"),
        ("三、现场指挥部应急通讯保障设备", "现场指挥部应急通讯"),
        ("四、别的", None),
        ("", None),
    ],
)
def test_a_printed_heading_means_the_line_whose_name_it_holds(section, name):
    line = line_called(section, LINES)
    assert (line.name if line else None) == name


def test_a_heading_that_holds_two_names_of_one_length_means_neither():
    assert line_called("甲一乙二", [Line("甲一"), Line("乙二")]) is None


def test_no_heading_is_needed_where_there_is_one_line():
    assert line_called("", LINES[:1]) is LINES[0]


SYSTEM = printed_order([("7", 7), ("9", 8), ("13", 12), ("", 13)])


@pytest.mark.parametrize(
    ("number", "position"), [("8", 7), ("10", 8), ("9", 8), ("13", 21), ("14", 21), ("1", 6), ("", 21), ("A3", 21)]
)
def test_a_gap_in_the_numbers_is_filled_in_its_place(number, position):
    assert place_in_order(number, SYSTEM, 20) == position


def test_the_first_row_of_a_system_comes_last_of_the_site():
    assert place_in_order("5", [], 20) == 21


@pytest.mark.parametrize(
    ("pattern", "code", "meant"),
    [
        ("SG-2-*,SG-3-*", "SG-3-01-001", True),
        ("SG-2-*, SG-3-*", "SG-1-01-001", False),
        ("FT-1-04-036", "FT-1-04-036", True),
        ("FT-1-04-036", "FT-1-04-0361", False),
    ],
)
def test_a_remark_may_mean_many_codes(pattern, code, meant):
    assert is_meant(pattern, code) is meant
