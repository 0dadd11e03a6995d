"""What a call becomes and where it stands, without a database."""

from __future__ import annotations

from datetime import date

import pytest

from webapp.calls.models import CallKind, StepKind
from webapp.calls.rules import State, due_on, may_become_order, number_prefix, state_of, step_of_answer, steps_allowed
from webapp.kit.clock import Month

CALLED = date(2026, 11, 30)


def test_numbers_begin_with_the_month():
    assert number_prefix(Month(2026, 11)) == "DH-2611-"


@pytest.mark.parametrize(
    ("kind", "answer", "step"),
    [
        ("consultation", "press F4", StepKind.ANSWERED),
        ("consultation", "", None),
        ("other", "will ask", StepKind.FOLLOWED_UP),
        ("fault", "on my way", StepKind.FOLLOWED_UP),
    ],
)
def test_an_answer_closes_a_consultation_and_nothing_else(kind, answer, step):
    assert step_of_answer(kind, answer) is step


@pytest.mark.parametrize(
    ("kind", "steps", "has_fault", "state"),
    [
        ("consultation", ["taken"], False, State.TO_FOLLOW_UP),
        ("consultation", ["taken", "answered"], False, State.ANSWERED),
        ("consultation", ["taken"], True, State.PASSED_ON),
        ("other", ["taken", "followed_up"], False, State.TO_FOLLOW_UP),
        ("other", ["taken", "closed"], False, State.CLOSED),
        ("fault", ["taken", "followed_up"], False, State.FAULT_MISSING),
        ("fault", ["taken"], True, State.PASSED_ON),
        ("fault", ["taken", "closed"], True, State.CLOSED),
    ],
)
def test_a_call_stands_where_its_steps_and_its_fault_say(kind, steps, has_fault, state):
    assert state_of(kind, steps, has_fault) is state


def test_a_consultation_becomes_an_order_only_where_the_contract_has_a_level_for_it():
    assert may_become_order("consultation", ["major", "general", "consult"])
    assert not may_become_order("consultation", ["major", "general"])
    assert may_become_order("fault", [])
    assert not may_become_order("other", ["consult"])


def test_a_consultation_can_be_answered_and_every_call_closed():
    ends = {kind: steps_allowed(kind.value) for kind in CallKind}
    assert [kind for kind, steps in ends.items() if StepKind.ANSWERED in steps] == [CallKind.CONSULTATION]
    assert all(StepKind.CLOSED in steps and StepKind.TAKEN not in steps for steps in ends.values())


def test_it_is_due_on_the_day_that_was_named_or_on_the_next_and_a_missing_fault_at_once():
    assert due_on(State.TO_FOLLOW_UP, CALLED, date(2026, 12, 4)) == date(2026, 12, 4)
    assert due_on(State.TO_FOLLOW_UP, CALLED, None) == date(2026, 12, 1)
    assert due_on(State.FAULT_MISSING, CALLED, date(2026, 12, 4)) == CALLED
    assert due_on(State.PASSED_ON, CALLED, date(2026, 12, 4)) is None
    assert due_on(State.ANSWERED, CALLED, None) is None
