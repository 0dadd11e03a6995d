"""Repeats (R81): same device and class of cause, within thirty days of closing, from both sides of every limit."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.test_clocks import SHAOGUAN, step
from webapp.faults.facts import FaultFacts
from webapp.faults.repeats import WITHIN, Repeat, candidates, repeat_of

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def fault(number: int, reported: datetime, closed: datetime | None, cause="power", asset: int | None = 1, *more):
    steps = [step("analysed", reported, cause=cause)] if cause else []
    steps += [step("closed", closed)] if closed else []
    return FaultFacts(
        id=uuid.UUID(int=1000 + number),
        site_id=uuid.UUID(int=2),
        number=f"GZ-2610-{number:02d}",
        reported_at=reported,
        entered_at=reported,
        level="general",
        terms=SHAOGUAN,
        asset_id=uuid.UUID(int=asset) if asset else None,
        steps=(*steps, *more),
    )


def found(*faults: FaultFacts) -> list[tuple[str, str]]:
    return [(each.fault.number[-2:], each.earlier.number[-2:]) for each in candidates(faults)]


FIRST = fault(1, START, START + DAY)


def test_thirty_days_after_the_closing_is_a_repeat_and_a_second_later_is_none():
    assert found(FIRST, fault(2, START + DAY + WITHIN, None)) == [("02", "01")]
    assert found(FIRST, fault(2, START + DAY + WITHIN + SECOND, None)) == []
    assert found(FIRST, fault(2, START + DAY, None)) == [("02", "01")]


def test_what_was_reported_before_the_closing_is_no_repeat():
    assert found(FIRST, fault(2, START + DAY - SECOND, START + 2 * DAY)) == []


def test_another_device_another_cause_and_an_unknown_one_are_no_repeat():
    for other in (
        fault(2, START + 2 * DAY, None, asset=2),
        fault(2, START + 2 * DAY, None, cause="software"),
        fault(2, START + 2 * DAY, None, cause=""),
        fault(2, START + 2 * DAY, None, asset=None),
    ):
        assert found(FIRST, other) == []


def test_a_fault_that_was_opened_again_is_not_closed_and_so_nothing_repeats_it():
    again = fault(1, START, START + DAY, "power", 1, step("reopened", START + 2 * DAY))
    assert found(again, fault(2, START + 3 * DAY, None)) == []


def test_of_several_earlier_ones_the_one_closed_last_counts():
    second = fault(2, START + 2 * DAY, START + 3 * DAY)
    third = fault(3, START + 20 * DAY, None)
    assert found(third, FIRST, second) == [("02", "01"), ("03", "02")]


def test_the_word_of_the_bureau_stands_above_the_proposal():
    assert [repeat_of(True, None), repeat_of(False, None)] == [Repeat.PROPOSED, Repeat.NO]
    assert [repeat_of(False, True), repeat_of(True, False)] == [Repeat.CONFIRMED, Repeat.REJECTED]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 90),
            st.none() | st.integers(0, 40),
            st.sampled_from(["power", "wear", ""]),
            st.integers(1, 2),
        ),
        max_size=8,
    )
)
def test_any_faults_repeat_as_looking_at_every_pair_says(drawn):
    faults = [
        fault(n, START + at * DAY, None if after is None else START + (at + after) * DAY, cause, asset)
        for n, (at, after, cause, asset) in enumerate(drawn)
    ]
    slowly = set()
    for one in faults:
        for other in faults:
            is_alike = one.asset_id == other.asset_id and one.cause_class == other.cause_class != ""
            gap = one.reported_at - other.closed_at if other.closed_at else -DAY
            if one is not other and is_alike and timedelta() <= gap <= timedelta(days=30):
                slowly.add(one.number)
    assert {each.fault.number for each in candidates(faults)} == slowly
    for each in candidates(faults):
        assert timedelta() <= each.gap <= WITHIN
