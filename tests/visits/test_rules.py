"""Who signs, what changed since, how a row stands, what fits on a page."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.visits.rules import (
    Capacity,
    RowState,
    SheetChange,
    capacities,
    change_since,
    cover,
    into_pages,
    is_complete,
    lines_needed,
    may_sign,
    omission_cover,
    row_state,
    text_width,
)

INSP, SUP, HAND = Capacity.INSPECTOR, Capacity.SUPERVISOR, Capacity.HANDOVER


@pytest.mark.parametrize(
    ("signed", "needed", "seals"),
    [
        ([], 1, False),
        ([INSP], 1, False),
        ([SUP], 1, True),
        ([INSP, SUP], 1, True),
        ([INSP], 2, False),
        ([HAND], 2, False),
        ([INSP, HAND], 2, True),
    ],
)
def test_which_signatures_seal_a_sheet(signed, needed, seals):
    assert is_complete(signed, needed) is seals


def test_the_places_stand_in_the_order_of_the_paper():
    assert capacities(1) == (INSP, SUP)
    assert capacities(2) == (INSP, HAND)


@pytest.mark.parametrize(
    ("capacity", "needed", "is_technician", "may_supervise", "may_take_over", "allowed"),
    [
        (INSP, 1, True, False, True, True),
        (INSP, 1, False, True, True, False),  # nobody signs for the inspector
        (SUP, 1, False, True, True, True),
        (SUP, 1, False, False, True, False),  # a technician does not accept for the bureau
        (SUP, 1, True, True, True, False),  # nor anybody the own work
        (SUP, 2, False, True, True, False),  # Futian's sheet has no such place
        (HAND, 1, False, True, True, False),
        (HAND, 2, False, False, True, True),
        (HAND, 2, True, True, True, False),
        (HAND, 2, False, True, False, False),
    ],
)
def test_who_may_sign_in_which_capacity(capacity, needed, is_technician, may_supervise, may_take_over, allowed):
    found = may_sign(
        capacity, needed, is_technician=is_technician, may_supervise=may_supervise, may_take_over=may_take_over
    )
    assert found is allowed


@pytest.mark.parametrize(
    ("verdict", "is_returned", "is_replaced", "state"),
    [
        ("ok", False, False, RowState.OK),
        ("abnormal", False, False, RowState.ABNORMAL),
        ("ok", True, False, RowState.RETURNED),
        ("abnormal", True, False, RowState.RETURNED),
        ("abnormal", True, True, RowState.REPLACED),
        ("ok", False, True, RowState.REPLACED),
    ],
)
def test_how_a_row_stands(verdict, is_returned, is_replaced, state):
    assert row_state(verdict, is_returned=is_returned, is_replaced=is_replaced) is state


@pytest.mark.parametrize(
    ("shown", "present", "change"),
    [
        (["a", "b"], ["b", "a"], None),
        (["a"], ["a", "b", "c"], SheetChange(2, 0)),
        (["a", "b"], ["a"], SheetChange(0, 1)),
        ([], ["a"], SheetChange(1, 0)),
        (["a:1"], ["a:2"], SheetChange(1, 1)),
    ],
)
def test_what_changed_between_looking_and_signing(shown, present, change):
    assert change_since(shown, present) == change


def test_another_reason_or_another_asset_is_another_cover():
    one, asset, other = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    assert cover(one, "d") == f"{one}:d"
    assert len({omission_cover(one, asset, "a"), omission_cover(one, asset, "b"), omission_cover(one, other, "a")}) == 3


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [("", 10, 1), ("abc", 10, 1), ("一二三四五", 10, 1), ("一二三四五六", 10, 2), ("a\nb", 10, 2), ("a" * 21, 10, 3)],
)
def test_lines_of_a_printed_cell(text, width, lines):
    assert lines_needed(text, width) == lines


def test_a_chinese_character_is_twice_as_wide():
    assert text_width("BUC 功放") == 8


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(30, 200), st.integers(0, 29))
def test_pages_hold_every_row_once_and_no_page_is_overfull(heights, room, reserve):
    pages = into_pages(heights, room, room, reserve)
    assert sum(pages) == len(heights)
    start = 0
    for count in pages:
        assert count > 0 or not heights
        assert sum(heights[start : start + count]) <= room
        start += count


def test_the_last_page_keeps_room_for_the_signatures():
    assert into_pages([10] * 10, 100, 100, 0) == [10]
    assert into_pages([10] * 10, 100, 100, 20) == [9, 1]
    assert into_pages([], 100, 100, 20) == [0]
    assert into_pages([500], 100, 100, 20) == [1]
