"""What a fault still needs, without a database: closing, the next step of each role, and what nothing may do early."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.faults.test_clocks import FUTIAN, SHAOGUAN, at, fault, step
from webapp.faults.closing import FULL, SHORT, missing_for_closing, record_asked, words_asked
from webapp.faults.hazard_rules import MOVES, State, next_state, state_after
from webapp.faults.models import EventKind as Kind
from webapp.faults.repeats import WITHIN

BEGIN = at("2026-11-18 10:00")
MINUTE = timedelta(minutes=1)
RECORD = dict.fromkeys(FULL, "words")


def when(minute: int):
    return BEGIN + minute * MINUTE


INFORMED, BACKED_UP = step("informed", when(1)), step("backed_up", when(2))
REPAIRED, WRITTEN = step("repaired", when(3)), step("analysed", when(4), **RECORD)
PASSED = step("tested", when(5), passed=True)
WHOLE = (INFORMED, BACKED_UP, REPAIRED, WRITTEN, PASSED)


def test_a_full_record_is_complete_with_all_of_it_and_lacks_exactly_what_is_left_out():
    assert missing_for_closing(fault(BEGIN, *WHOLE)) == []
    for left_out, what in zip(WHOLE, ("informed", "backed_up", "repaired", FULL, "tested"), strict=True):
        rest = [one for one in WHOLE if one is not left_out]
        assert missing_for_closing(fault(BEGIN, *rest)) == (list(what) if isinstance(what, tuple) else [what])
    for name in FULL:
        part = step("analysed", when(4), **{one: text for one, text in RECORD.items() if one != name})
        assert missing_for_closing(fault(BEGIN, INFORMED, BACKED_UP, REPAIRED, part, PASSED)) == [name]


def test_a_short_record_needs_neither_backup_nor_telling_the_bureau_and_an_answer_nothing_else():
    short = step("analysed", when(4), **dict.fromkeys(SHORT, "words"))
    assert missing_for_closing(fault(BEGIN, REPAIRED, short, PASSED, level="general")) == []
    assert missing_for_closing(fault(BEGIN, level="general")) == ["repaired", *SHORT, "tested"]
    assert missing_for_closing(fault(BEGIN, step("analysed", when(1), answer="so"), level="consult")) == []
    assert missing_for_closing(fault(BEGIN, REPAIRED, WRITTEN, PASSED, level="consult")) == ["answer"]


def test_the_level_of_now_asks_not_the_one_it_began_with():
    harder = step("level_changed", when(1), level="major")
    facts = fault(BEGIN, harder, level="general")
    assert (record_asked(facts), words_asked(facts)) == ("full", FULL)
    easier = step("level_changed", when(2), level="general")
    assert record_asked(fault(BEGIN, harder, easier, level="general")) == "short"
    assert record_asked(fault(BEGIN, level="unknown to the contract")) == "short"
    assert SHAOGUAN.levels["major"].record == "full"
    assert FUTIAN.levels["general"].record in ("short", "full")


@pytest.mark.parametrize("failed", [step("tested", when(6), passed=False), step("reopened", when(6))])
def test_after_a_failure_repair_and_test_are_asked_for_anew_and_the_record_stays(failed):
    assert missing_for_closing(fault(BEGIN, *WHOLE, failed)) == ["repaired", "tested"]
    again = (step("repaired", when(7)), step("tested", when(8), passed=True))
    assert missing_for_closing(fault(BEGIN, *WHOLE, failed, *again)) == []
    early = (step("repaired", when(6)), again[1])  # at the very moment of the failure, told after it
    assert missing_for_closing(fault(BEGIN, *WHOLE, failed, *early)) == []
    assert missing_for_closing(fault(BEGIN, *WHOLE, early[0], failed, again[1])) == ["repaired"]


def test_words_that_were_written_later_stand_and_blank_ones_take_nothing_away():
    first = step("analysed", when(1), handling="first", lessons="learned")
    later, blank = step("analysed", when(2), handling="second"), step("analysed", when(3), handling="", lessons="")
    for order in ((first, later, blank), (blank, later, first)):
        assert fault(BEGIN, *order).analysis == {"handling": "second", "lessons": "learned"}


def test_repeats_are_looked_for_within_thirty_days():
    assert timedelta(days=30) == WITHIN


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=25))
def test_by_no_order_of_steps_is_there_work_without_the_consent_that_holds(tried):
    """Any steps are tried; those that are not the next one are refused, as the door does."""
    done: list[Kind] = [Kind.REPORTED]
    has_consent = False
    for kind in tried:
        after = next_state(done, kind)
        if after is None:
            assert state_after(done) not in MOVES[kind].before
            continue
        done.append(kind)
        if kind in (Kind.APPROVED, Kind.REFUSED, Kind.ASKED_AGAIN):
            has_consent = kind is Kind.APPROVED
        if after in (State.APPROVED, State.IN_WORK, State.DONE, State.CHECKED):
            assert has_consent, done
        if kind in (Kind.STARTED, Kind.DONE, Kind.SENT_BACK):
            assert has_consent
        assert state_after(done) is after


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ([Kind.LISTED, Kind.CLOSED, Kind.REOPENED], State.FOUND),  # closed before there was this way: nobody agreed
        ([Kind.LISTED, Kind.APPROVED, Kind.CLOSED, Kind.REOPENED], State.IN_WORK),
        ([Kind.LISTED, Kind.APPROVED, Kind.REFUSED, Kind.CLOSED, Kind.REOPENED], State.FOUND),
        ([Kind.LISTED, Kind.APPROVED, Kind.ASKED_AGAIN, Kind.CLOSED, Kind.REOPENED], State.FOUND),
        ([Kind.LISTED, Kind.APPROVED, Kind.STARTED, Kind.ARRIVED, Kind.CLOSED, Kind.REOPENED], State.IN_WORK),
    ],
)
def test_opened_again_only_consent_that_was_not_taken_back_holds_whatever_rows_there_are(kinds, state):
    assert state_after([Kind.REPORTED, *kinds]) is state


def test_what_sends_a_hazard_back_or_says_it_is_done_needs_words():
    assert {kind for kind, move in MOVES.items() if move.needs_text} == {
        Kind.REFUSED,
        Kind.ASKED_AGAIN,
        Kind.DONE,
        Kind.SENT_BACK,
        Kind.CLOSED,
        Kind.REOPENED,
    }
