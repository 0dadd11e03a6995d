"""The clocks of both contracts: every limit from both sides, and any story against counting minute by minute."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from webapp.demo.load import HERE
from webapp.faults.clocks import ClockName, ClockState, clocks_of, next_due
from webapp.faults.deadlines import wanted
from webapp.faults.facts import FaultFacts, Step
from webapp.faults.terms import Terms
from webapp.sites.importing import check_contract

TZ = ZoneInfo("Asia/Shanghai")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
CONTRACTS = yaml.safe_load((HERE / "fault_and_scoring.yaml").read_text(encoding="utf-8"))


def terms_of(contract: str, **changes) -> Terms:
    data = CONTRACTS[contract]
    terms = data["fault_terms"] | changes
    content = check_contract(data["fault_levels"], data.get("fault_kinds", []), terms)
    return Terms.of(content, "Asia/Shanghai")


SHAOGUAN, FUTIAN = terms_of("shaoguan"), terms_of("futian")


def at(text: str) -> datetime:
    """A wall clock of the site: "2026-11-18 23:55"."""
    return datetime.fromisoformat(text).replace(tzinfo=TZ).astimezone(UTC)


def step(kind: str, when: datetime, **more) -> Step:
    return Step(kind, when, when, more=more)


def fault(reported: datetime, *steps: Step, level: str = "major", terms: Terms = SHAOGUAN, **more) -> FaultFacts:
    return FaultFacts(
        id=uuid.UUID(int=1),
        site_id=uuid.UUID(int=2),
        number="GZ-2611-01",
        reported_at=reported,
        entered_at=reported,
        level=level,
        terms=terms,
        steps=steps,
        **more,
    )


# every limit of Shaoguan, from the report; over midnight, the end of a month, a year, a holiday
STARTS = ("2026-11-18 10:00", "2026-11-18 23:55", "2026-11-30 23:10", "2026-12-31 22:30", "2026-10-01 09:00")
LIMITS = [
    ("major", ClockName.RESPONSE, "acknowledged", 10 * MINUTE),
    ("major", ClockName.INFORM, "informed", 10 * MINUTE),
    ("major", ClockName.ARRIVAL, "arrived", 1 * HOUR),
    ("major", ClockName.HANDLING, "repaired", 4 * HOUR),
    ("general", ClockName.RESPONSE, "acknowledged", 10 * MINUTE),
    ("general", ClockName.ARRIVAL, "arrived", 2 * HOUR),
    ("general", ClockName.HANDLING, "repaired", 8 * HOUR),
    ("consult", ClockName.RESPONSE, "acknowledged", 10 * MINUTE),
    ("consult", ClockName.ARRIVAL, "arrived", 4 * HOUR),
    ("consult", ClockName.HANDLING, "repaired", 12 * HOUR),
]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize(("level", "name", "kind", "limit"), LIMITS)
def test_shaoguan_counts_every_limit_from_the_report_at_any_hour(start, level, name, kind, limit):
    reported = at(start)
    due = reported + limit
    for when, running, ended in (
        (due - SECOND, ClockState.RUNNING, ClockState.MET),
        (due, ClockState.RUNNING, ClockState.MET),
        (due + SECOND, ClockState.OVERDUE, ClockState.LATE),
    ):
        open_ = clocks_of(fault(reported, level=level), when)[name]
        assert (open_.due_at, open_.state) == (due, running)
        done = clocks_of(fault(reported, step(kind, when), level=level), when + HOUR)[name]
        assert (done.state, done.met_at, done.met_by) == (ended, when, kind)
        assert done.is_in_time is (ended is ClockState.MET)
    assert clocks_of(fault(reported, level=level), due)[name].share == 1


def test_only_a_major_fault_has_a_clock_for_telling_the_bureau():
    assert ClockName.INFORM not in clocks_of(fault(at("2026-11-18 10:00"), level="general"), at("2026-11-18 11:00"))


@pytest.mark.parametrize("start", STARTS)
def test_futian_counts_the_response_from_the_report_and_the_rest_from_the_response(start):
    reported = at(start)
    waiting = clocks_of(fault(reported, terms=FUTIAN), reported + MINUTE)
    assert (waiting[ClockName.RESPONSE].due_at, waiting[ClockName.RESPONSE].limit) == (reported + 2 * HOUR, 2 * HOUR)
    assert waiting[ClockName.ARRIVAL].state is waiting[ClockName.HANDLING].state is ClockState.WAITING
    for late, state in ((timedelta(), ClockState.MET), (SECOND, ClockState.LATE)):
        answered = reported + 2 * HOUR + late
        clocks = clocks_of(fault(reported, step("acknowledged", answered), terms=FUTIAN), answered + 30 * MINUTE)
        assert clocks[ClockName.RESPONSE].state is state
        assert clocks[ClockName.ARRIVAL].started_at == clocks[ClockName.HANDLING].started_at == answered
        assert (clocks[ClockName.HANDLING].limit, clocks[ClockName.HANDLING].used) == (None, 30 * MINUTE)
        assert clocks[ClockName.HANDLING].is_in_time is None


@pytest.mark.parametrize(("impact", "hours"), [("serious", 4), ("indirect", 24), ("potential", 72)])
def test_the_maker_is_on_site_within_the_hours_of_the_impact_from_the_call(impact, hours):
    reported, called = at("2026-11-29 20:00"), at("2026-11-29 21:30")
    due = called + hours * HOUR
    for when, state in ((due, ClockState.MET), (due + SECOND, ClockState.LATE)):
        steps = (step("vendor_called", called), step("vendor_arrived", when))
        clock = clocks_of(fault(reported, *steps, terms=FUTIAN, impact=impact), due + HOUR)[ClockName.VENDOR]
        assert (clock.started_at, clock.due_at, clock.state) == (called, due, state)
    assert ClockName.VENDOR not in clocks_of(fault(reported, terms=FUTIAN, impact=impact), due)


@pytest.mark.parametrize(
    ("reported", "due"),
    [
        ("2026-11-18 10:00", "2026-11-23 18:00"),  # Wednesday; Thursday, Friday, Monday
        ("2026-11-20 23:59", "2026-11-25 18:00"),
        ("2026-11-21 00:00", "2026-11-25 18:00"),  # a Saturday
        ("2026-09-29 09:00", "2026-10-09 18:00"),  # Wednesday is worked on, then the holidays until the 7th
        ("2026-12-30 17:00", "2027-01-05 18:00"),  # New Year's Day is free, 1 to 3 January are a holiday and a weekend
    ],
)
def test_office_software_is_solved_within_three_working_days_of_the_calendar(reported, due):
    facts = fault(at(reported), terms=FUTIAN, level="general", catalogue_number=18)
    clock = clocks_of(facts, at(reported))[ClockName.SOFTWARE]
    assert clock.due_at == at(due)
    for when, state in ((at(due), ClockState.MET), (at(due) + SECOND, ClockState.LATE)):
        done = fault(at(reported), step("repaired", when), terms=FUTIAN, level="general", catalogue_number=18)
        assert clocks_of(done, when)[ClockName.SOFTWARE].state is state


@pytest.mark.parametrize("kind", [None, 1, 13, 14, 16, 19, 22])
def test_other_kinds_have_no_working_days(kind):
    facts = fault(at("2026-11-18 10:00"), terms=FUTIAN, catalogue_number=kind)
    assert ClockName.SOFTWARE not in clocks_of(facts, at("2026-11-18 10:00"))


@pytest.mark.parametrize(
    ("reported", "due"),
    [
        ("2026-11-18 10:00", "2026-11-18 12:00"),
        ("2026-11-18 17:00", "2026-11-19 09:30"),
        ("2026-11-18 16:00", "2026-11-18 18:00"),
        ("2026-11-20 17:30", "2026-11-23 10:00"),  # over the weekend
        ("2026-11-21 12:00", "2026-11-23 10:30"),
        ("2026-09-30 17:00", "2026-10-08 09:30"),  # over the holidays
    ],
)
def test_where_the_response_counts_in_office_hours_nights_weekends_and_holidays_do_not_count(reported, due):
    terms = terms_of("futian", response_in_office_hours=True)
    clock = clocks_of(fault(at(reported), terms=terms), at(reported))[ClockName.RESPONSE]
    assert clock.due_at == at(due)
    assert clocks_of(fault(at(reported), terms=terms), at(due))[ClockName.RESPONSE].share == 1


def test_a_failed_test_voids_the_repair_and_keeps_the_original_start():
    reported = at("2026-11-18 23:00")
    repaired, failed, again = reported + 2 * HOUR, reported + 3 * HOUR, reported + 5 * HOUR
    steps = [step("acknowledged", reported), step("restored", repaired), step("repaired", repaired)]
    steps += [step("tested", failed, passed=False)]
    going_on = clocks_of(fault(reported, *steps), failed + HOUR)[ClockName.HANDLING]
    assert (going_on.state, going_on.started_at, going_on.used) == (ClockState.RUNNING, reported, 4 * HOUR)
    done = fault(reported, *steps, step("repaired", again))
    assert clocks_of(done, again)[ClockName.HANDLING].state is ClockState.LATE
    assert (done.restored.at, done.failures) == (again, (failed,))
    assert clocks_of(done, again)[ClockName.RESPONSE].state is ClockState.MET


def test_what_was_opened_again_runs_on_from_the_report():
    reported = at("2026-11-30 20:00")
    closed, reopened = reported + HOUR, reported + 24 * HOUR
    steps = (step("repaired", closed), step("closed", closed), step("reopened", reopened))
    assert clocks_of(fault(reported, *steps), closed)[ClockName.HANDLING].state is ClockState.MET
    clock = clocks_of(fault(reported, *steps), reopened)[ClockName.HANDLING]
    assert (clock.state, clock.started_at) == (ClockState.OVERDUE, reported)


def paused(start: datetime, *, said: str | None, until: datetime | None = None, agreed: datetime | None = None) -> list:
    more = {"pause": "p", "pause_kind": "agreed" if agreed else "transmission"}
    more |= {"until": agreed.isoformat()} if agreed else {}
    steps = [step("pause_asked", start, **more)]
    steps += [step(f"pause_{said}", start + 5 * MINUTE, pause="p")] if said else []
    return steps + ([step("resumed", until, pause="p")] if until else [])


def test_an_agreed_pause_stops_the_clock_from_its_asking_and_both_clocks_are_shown():
    reported = at("2026-11-18 22:00")
    start, end = reported + HOUR, reported + 11 * HOUR  # over midnight
    facts = fault(reported, *paused(start, said="agreed", until=end))
    within = clocks_of(facts, start + 2 * HOUR)[ClockName.HANDLING]
    assert (within.state, within.due_at, within.used, within.ran) == (ClockState.PAUSED, None, HOUR, 3 * HOUR)
    assert within.due_unpaused_at == reported + 4 * HOUR
    after = clocks_of(facts, end + HOUR)[ClockName.HANDLING]
    assert (after.state, after.due_at, after.paused) == (ClockState.RUNNING, reported + 14 * HOUR, 10 * HOUR)
    assert clocks_of(facts, after.due_at + SECOND)[ClockName.HANDLING].state is ClockState.OVERDUE


@pytest.mark.parametrize("said", [None, "refused"])
def test_without_the_consent_of_the_bureau_the_clock_runs_on(said):
    reported = at("2026-11-18 10:00")
    clock = clocks_of(fault(reported, *paused(reported + HOUR, said=said)), reported + 5 * HOUR)[ClockName.HANDLING]
    assert (clock.state, clock.due_at, clock.paused) == (ClockState.OVERDUE, reported + 4 * HOUR, timedelta())


def test_a_pause_until_an_agreed_date_ends_by_itself():
    reported, date = at("2026-11-18 10:00"), at("2026-12-02 09:00")
    facts = fault(reported, *paused(reported + 3 * HOUR, said="agreed", agreed=date))
    assert clocks_of(facts, date - SECOND)[ClockName.HANDLING].state is ClockState.PAUSED
    assert clocks_of(facts, date)[ClockName.HANDLING].due_at == date + HOUR
    assert ("handling", 100, date + HOUR) in wanted(clocks_of(facts, reported + 4 * HOUR))


@pytest.mark.parametrize("hours", [4, 5])
def test_a_pause_after_the_limit_or_at_its_very_end_heals_nothing(hours):
    reported = at("2026-11-18 10:00")
    facts = fault(reported, *paused(reported + hours * HOUR, said="agreed"))
    clock = clocks_of(facts, reported + 9 * HOUR)[ClockName.HANDLING]
    assert (clock.state, clock.due_at) == (ClockState.OVERDUE, reported + 4 * HOUR)


def test_a_change_of_level_reckons_anew_from_the_report_and_keeps_the_old_deadline():
    reported = at("2026-11-18 10:00")
    for changed, missed in ((reported + 3 * HOUR, False), (reported + 8 * HOUR + MINUTE, True)):
        facts = fault(reported, step("level_changed", changed, level="major"), level="general")
        before = clocks_of(facts, changed - SECOND)
        assert (before[ClockName.HANDLING].due_at, ClockName.INFORM in before) == (reported + 8 * HOUR, False)
        after = clocks_of(facts, changed + MINUTE)
        assert after[ClockName.HANDLING].due_at == reported + 4 * HOUR
        old = after[ClockName.HANDLING].earlier[0]
        assert (old.key, old.due_at, old.changed_at, old.was_missed) == (
            "general",
            reported + 8 * HOUR,
            changed,
            missed,
        )
        assert after[ClockName.INFORM].due_at == changed + 10 * MINUTE
        assert after[ClockName.RESPONSE].earlier == ()  # ten minutes in both


def test_a_late_document_turns_the_clock_whatever_the_order_of_arrival():
    reported = at("2026-11-18 10:00")
    arrived = Step("arrived", reported + 50 * MINUTE, reported + 5 * HOUR)
    repaired = Step("repaired", reported + 3 * HOUR, reported + 3 * HOUR)
    for steps in ((repaired, arrived), (arrived, repaired)):
        clocks = clocks_of(fault(reported, *steps), reported + 6 * HOUR)
        assert clocks[ClockName.ARRIVAL].met_at == reported + 50 * MINUTE
        assert clocks[ClockName.ARRIVAL].state is clocks[ClockName.HANDLING].state is ClockState.MET


def test_what_is_mended_from_afar_needs_no_arrival():
    reported = at("2026-11-18 10:00")
    clock = clocks_of(fault(reported, step("restored", reported + 20 * MINUTE)), reported + HOUR)[ClockName.ARRIVAL]
    assert (clock.state, clock.met_by) == (ClockState.MET, "restored")


def test_warnings_come_at_half_at_four_fifths_and_at_the_end():
    reported = at("2026-11-18 10:00")
    clocks = clocks_of(fault(reported), reported)
    handling = {at_ for name, _share, at_ in wanted(clocks) if name == "handling"}
    assert handling == {reported + 2 * HOUR, reported + 192 * MINUTE, reported + 4 * HOUR}
    assert next_due(clocks) == reported + 10 * MINUTE
    met = fault(reported, step("acknowledged", reported), step("repaired", reported + 5 * HOUR))
    kept = {(name, share) for name, share, _at in wanted(clocks_of(met, reported + 6 * HOUR))}
    assert kept == {("arrival", 100), ("handling", 100), ("inform", 50), ("inform", 80), ("inform", 100)}


# any story, against counting minute by minute

BEGIN = at("2026-11-30 21:00")
minutes = st.integers(0, 900)
kinds = st.sampled_from(["acknowledged", "arrived", "restored", "repaired", "failed", "passed", "level", "vendor"])
happened = st.lists(st.tuples(kinds, minutes), max_size=8)
pauses = st.lists(st.tuples(minutes, st.integers(1, 300), st.booleans()), max_size=3)


def story(events, stops) -> list[Step]:
    made = []
    for kind, when in events:
        moment = BEGIN + when * MINUTE
        if kind in ("failed", "passed"):
            made.append(step("tested", moment, passed=kind == "passed"))
        elif kind == "level":
            made.append(step("level_changed", moment, level="general"))
        else:
            made.append(step("vendor_called" if kind == "vendor" else kind, moment))
    for number, (start, length, is_agreed) in enumerate(stops):
        moment, name = BEGIN + start * MINUTE, f"p{number}"
        made.append(step("pause_asked", moment, pause=name, pause_kind="transmission"))
        made.append(step("pause_agreed" if is_agreed else "pause_refused", moment, pause=name))
        made.append(step("resumed", moment + length * MINUTE, pause=name))
    return made


def slowly(events, stops, until: int) -> tuple[int, int | None, bool]:
    """Minutes that the handling clock has run by then, the minute of the repair that stands, in time or not."""
    done = None
    for kind, when in sorted(events, key=lambda event: event[1]):
        if when > until:
            break
        if kind == "failed":
            done = None
        elif kind == "repaired" and done is None:
            done = when
    level = "general" if any(kind == "level" and when <= until for kind, when in events) else "major"
    limit = 240 if level == "major" else 480
    known = [(start, length) for start, length, is_agreed in stops if is_agreed and start <= until]
    ran, due = 0, None
    end = until if done is None else done
    for minute in range(end):
        if not any(start <= minute < start + length for start, length in known):
            ran += 1
        if ran == limit and due is None:
            due = minute + 1  # a pause that begins at this very moment comes too late
    return ran, done, due is not None and end > due


@settings(max_examples=300, deadline=None)
@given(happened, pauses, st.integers(0, 1000), st.randoms())
@example([], [(240, 1, True)], 241, Random(1))
def test_the_handling_clock_agrees_with_counting_minute_by_minute(events, stops, until, chance):
    steps = story(events, stops)
    order = {id(one): position for position, one in enumerate(steps)}
    chance.shuffle(steps)
    steps.sort(key=lambda one: order[id(one)] if one.kind == "tested" or one.kind == "repaired" else 0)
    clock = clocks_of(fault(BEGIN, *steps), BEGIN + until * MINUTE)[ClockName.HANDLING]
    ran, done, over = slowly(events, stops, until)
    assert clock.used == ran * MINUTE
    assert clock.met_at == (None if done is None else BEGIN + done * MINUTE)
    assert (clock.state in (ClockState.OVERDUE, ClockState.LATE)) == over


@settings(max_examples=100, deadline=None)
@given(happened, pauses, st.lists(st.integers(0, 1000), min_size=2, max_size=4))
def test_time_only_goes_on_and_shares_follow_it(events, stops, moments):
    facts = fault(BEGIN, *story([each for each in events if each[0] not in ("failed", "level")], stops))
    used = []
    for until in sorted(moments):
        clock = clocks_of(facts, BEGIN + until * MINUTE)[ClockName.ARRIVAL]
        used.append(clock.used)
        assert timedelta() <= clock.used <= clock.ran
        assert clock.share == Decimal(int(clock.used.total_seconds())) / Decimal(int(clock.limit.total_seconds()))
    assert used == sorted(used)
