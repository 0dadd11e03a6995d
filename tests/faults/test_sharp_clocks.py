"""Corners of the clocks that no other test would notice if they were rounded off."""

from __future__ import annotations

from datetime import timedelta

from tests.faults.test_clocks import FUTIAN, HOUR, MINUTE, SECOND, at, fault, step, terms_of
from webapp.faults.clocks import ClockName, ClockState, clocks_of, counted, moment_after, next_due
from webapp.faults.deadlines import wanted
from webapp.faults.facts import began_with, moment_in
from webapp.faults.models import EventKind as Kind

BEGIN = at("2026-11-18 10:00")


def test_timeliness_is_decided_only_by_an_end_and_only_against_a_limit():
    answered, done = step("acknowledged", BEGIN + MINUTE), step("repaired", BEGIN + HOUR)
    measured = clocks_of(fault(BEGIN, answered, done, terms=FUTIAN), BEGIN + 2 * HOUR)[ClockName.HANDLING]
    assert (measured.state, measured.is_in_time, measured.share) == (ClockState.MET, None, None)
    running = clocks_of(fault(BEGIN), BEGIN + 2 * MINUTE)[ClockName.RESPONSE]
    assert (running.state, running.is_in_time, running.is_over) == (ClockState.RUNNING, None, False)
    overdue = clocks_of(fault(BEGIN), BEGIN + HOUR)[ClockName.RESPONSE]
    assert (overdue.state, overdue.is_in_time, overdue.is_over) == (ClockState.OVERDUE, False, False)
    waiting = clocks_of(fault(BEGIN, terms=FUTIAN), BEGIN + MINUTE)[ClockName.ARRIVAL]
    assert (waiting.state, waiting.is_in_time, waiting.share) == (ClockState.WAITING, None, None)


def test_where_two_levels_ask_to_tell_the_bureau_the_first_of_them_starts_the_clock():
    both = terms_of("shaoguan", inform_bureau={"levels": ["major", "general"], "minutes": 10})
    harder = step("level_changed", BEGIN + 5 * MINUTE, level="major")
    clock = clocks_of(fault(BEGIN, harder, level="general", terms=both), BEGIN + HOUR)[ClockName.INFORM]
    assert clock.started_at == BEGIN
    easier = step("level_changed", BEGIN + 5 * MINUTE, level="consult")
    again = step("level_changed", BEGIN + 20 * MINUTE, level="major")
    clock = clocks_of(fault(BEGIN, easier, again, terms=both), BEGIN + HOUR)[ClockName.INFORM]
    assert clock.started_at == BEGIN + 20 * MINUTE


def test_what_ends_first_is_next_and_what_stands_still_for_no_known_time_is_not():
    clocks = clocks_of(fault(BEGIN, step("acknowledged", BEGIN + MINUTE), level="general"), BEGIN + 2 * MINUTE)
    assert next_due(clocks) == BEGIN + 2 * HOUR
    asked = step(
        "pause_asked", BEGIN + 5 * MINUTE, pause="p", pause_kind="agreed", until=(BEGIN + 9 * HOUR).isoformat()
    )
    agreed = step("pause_agreed", BEGIN + 6 * MINUTE, pause="p")
    clocks = clocks_of(fault(BEGIN, asked, agreed), BEGIN + HOUR)
    assert clocks[ClockName.RESPONSE].state is ClockState.PAUSED
    assert next_due(clocks) == BEGIN + 9 * HOUR + 5 * MINUTE
    open_ = step("pause_asked", BEGIN + 5 * MINUTE, pause="p", pause_kind="transmission")
    assert next_due(clocks_of(fault(BEGIN, open_, agreed), BEGIN + HOUR)) is None
    assert next_due({}) is None


def test_pauses_that_touch_or_overlap_are_counted_once_and_empty_ones_not_at_all():
    spans = [(BEGIN + HOUR, BEGIN + 2 * HOUR), (BEGIN + 3 * HOUR, BEGIN + 4 * HOUR)]
    assert counted(BEGIN, BEGIN + 5 * HOUR, spans) == 3 * HOUR
    assert counted(BEGIN + 90 * MINUTE, BEGIN + 3 * HOUR, spans) == HOUR
    assert moment_after(BEGIN, HOUR, spans) == BEGIN + HOUR, "exactly at the beginning of the pause it is there"
    assert moment_after(BEGIN, HOUR + SECOND, spans) == BEGIN + 2 * HOUR + SECOND
    assert moment_after(BEGIN, timedelta(days=3661)) is None

    def pause(name: str, since: int, until: int):
        asked = step("pause_asked", BEGIN + since * MINUTE, pause=name, pause_kind="transmission")
        agreed = step("pause_agreed", BEGIN + 200 * MINUTE, pause=name)
        return asked, agreed, step("resumed", BEGIN + until * MINUTE, pause=name)

    for second in ((30, 40), (20, 50), (50, 60), (60, 60), (10, 55)):
        steps = (*pause("a", 20, 50), *pause("b", *second))
        together = {minute for pair in ((20, 50), second) for minute in range(*pair)}
        clock = clocks_of(fault(BEGIN, *steps), BEGIN + 300 * MINUTE)[ClockName.HANDLING]
        assert clock.paused == len(together) * MINUTE, second


def test_a_missed_deadline_of_an_earlier_level_is_told_by_when_it_was_replaced_and_met():
    for change, met, missed in (
        (4 * HOUR, None, False),  # exactly at its end it had not passed
        (4 * HOUR + SECOND, None, True),
        (4 * HOUR + SECOND, 4 * HOUR, False),
        (4 * HOUR + SECOND, 4 * HOUR + SECOND, True),
    ):
        easier = step("level_changed", BEGIN + change, level="general")
        repaired = [step("repaired", BEGIN + met)] if met else []
        (old,) = clocks_of(fault(BEGIN, easier, *repaired), BEGIN + 9 * HOUR)[ClockName.HANDLING].earlier
        assert (old.key, old.due_at, old.was_missed) == ("major", BEGIN + 4 * HOUR, missed), (change, met)


def test_there_is_nothing_to_warn_of_once_it_is_met_and_only_the_end_once_it_is_late():
    for minutes, shares in ((10, set()), (11, {100})):
        facts = fault(BEGIN, step("acknowledged", BEGIN + minutes * MINUTE))
        keys = wanted(clocks_of(facts, BEGIN + HOUR))
        assert {share for name, share, _at in keys if name == "response"} == shares
    keys = wanted(clocks_of(fault(BEGIN), BEGIN))
    assert {(name, share): due - BEGIN for name, share, due in keys if name in ("response", "arrival")} == {
        ("response", 50): 5 * MINUTE,
        ("response", 80): 8 * MINUTE,
        ("response", 100): 10 * MINUTE,
        ("arrival", 50): 30 * MINUTE,
        ("arrival", 80): 48 * MINUTE,
        ("arrival", 100): HOUR,
    }


def test_what_happened_at_this_very_moment_is_known():
    facts = fault(BEGIN, step("acknowledged", BEGIN + MINUTE))
    assert clocks_of(facts, BEGIN + MINUTE)[ClockName.RESPONSE].state is ClockState.MET
    assert clocks_of(facts, BEGIN + MINUTE - SECOND)[ClockName.RESPONSE].state is ClockState.RUNNING


def test_a_pause_runs_from_its_asking_to_its_end_and_a_clock_stands_still_between():
    asked = step("pause_asked", BEGIN + MINUTE, pause="p", pause_kind="transmission")
    agreed = step("pause_agreed", BEGIN + MINUTE, pause="p")
    back = step("resumed", BEGIN + HOUR, pause="p")
    states = {}
    for when in (BEGIN, BEGIN + MINUTE, BEGIN + HOUR - SECOND, BEGIN + HOUR):
        states[when - BEGIN] = clocks_of(fault(BEGIN, asked, agreed, back), when)[ClockName.HANDLING].state.value
    assert list(states.values()) == ["running", "paused", "paused", "running"]


def test_who_answers_before_the_report_is_in_time_and_nothing_starts_before_it():
    early = step("acknowledged", BEGIN - HOUR)
    clocks = clocks_of(fault(BEGIN, early, terms=FUTIAN), BEGIN + MINUTE)
    assert (clocks[ClockName.RESPONSE].state, clocks[ClockName.RESPONSE].used) == (ClockState.MET, timedelta())
    assert clocks[ClockName.ARRIVAL].started_at == BEGIN


def test_what_a_level_was_at_first_is_what_the_first_change_found():
    first = step("level_changed", BEGIN, **{"from": "general", "level": "major"})
    second = step("level_changed", BEGIN + HOUR, **{"from": "major", "level": "consult"})
    for steps in ((first, second), (second, first)):
        assert began_with("consult", steps, Kind.LEVEL_CHANGED) == "general"
    assert began_with("serious", (first,), Kind.IMPACT_SET) == "serious"
    assert [moment_in({"until": text}, "until") for text in ("", None, 7)] == [None] * 3
