"""What becomes of warnings by what is known later: they stay and say whether they hold; those that do not are quiet."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.faults.played import somebody, take
from tests.faults.test_clocks import FUTIAN, MINUTE, at, step
from tests.faults.test_clocks import fault as story
from tests.faults.test_flow import HOUR, NOW, fault
from webapp.extensions import db
from webapp.faults.actions import close, reopen
from webapp.faults.clocks import ClockName, clocks_of
from webapp.faults.commands import sweep_once
from webapp.faults.deadlines import due_now, escalate, renew
from webapp.faults.escalations import Verdict, escalations_of, standing, verdict, verdicts
from webapp.faults.gathering import facts_of
from webapp.faults.models import FaultDeadline, FaultEscalation, Finding
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction

BEGIN = at("2026-11-18 10:00")
SECOND = timedelta(seconds=1)
HOLDS, IN_TIME, MOVED = Verdict.HOLDS, Verdict.IN_TIME, Verdict.MOVED


def warning(clock: ClockName, share: int, due) -> FaultEscalation:
    return FaultEscalation(clock=clock.value, threshold=share, due_at=due)


def judged(facts, clock: ClockName, share: int, due, now) -> Verdict:
    return verdict(warning(clock, share, due), clocks_of(facts, now).get(clock), now)


@pytest.mark.parametrize(
    ("arrived", "shares"),
    [
        (None, (HOLDS, HOLDS, HOLDS)),
        (30 * MINUTE, (IN_TIME, IN_TIME, IN_TIME)),  # exactly at half of the limit: half was not exceeded
        (30 * MINUTE + SECOND, (HOLDS, IN_TIME, IN_TIME)),
        (48 * MINUTE + SECOND, (HOLDS, HOLDS, IN_TIME)),
        (HOUR, (HOLDS, HOLDS, IN_TIME)),  # exactly at its end is in time
        (HOUR + SECOND, (HOLDS, HOLDS, HOLDS)),
    ],
)
def test_a_warning_holds_if_the_clock_had_come_that_far(arrived, shares):
    facts = story(BEGIN, *([step("arrived", BEGIN + arrived)] if arrived else []))
    for share, wanted in zip((50, 80, 100), shares, strict=True):
        due = BEGIN + HOUR * share / 100
        assert judged(facts, ClockName.ARRIVAL, share, due, BEGIN + 2 * HOUR) is wanted, share


def test_a_running_clock_must_have_reached_the_share_by_now():
    facts = story(BEGIN)
    due = BEGIN + 30 * MINUTE
    assert judged(facts, ClockName.ARRIVAL, 50, due, due) is HOLDS
    assert judged(facts, ClockName.ARRIVAL, 50, due, due - SECOND) is MOVED
    assert judged(story(BEGIN, terms=FUTIAN), ClockName.ARRIVAL, 100, due, due + HOUR) is MOVED  # waits for its start
    assert verdict(warning(ClockName.INFORM, 100, due), None, due) is MOVED  # no such clock any more


def test_an_agreed_pause_moves_what_was_warned_of_and_a_shorter_limit_does_not_take_it_back():
    asked = step("pause_asked", BEGIN + 10 * MINUTE, pause="p", pause_kind="transmission")
    agreed = step("pause_agreed", BEGIN + 2 * HOUR, pause="p")
    back = step("resumed", BEGIN + 3 * HOUR, pause="p")
    due, now = BEGIN + HOUR, BEGIN + 3 * HOUR + 30 * MINUTE
    assert judged(story(BEGIN, asked), ClockName.ARRIVAL, 100, due, now) is HOLDS
    assert judged(story(BEGIN, asked, agreed, back), ClockName.ARRIVAL, 100, due, now) is MOVED
    there = step("arrived", BEGIN + 3 * HOUR + 40 * MINUTE)  # fifty minutes of its hour
    assert judged(story(BEGIN, asked, agreed, back, there), ClockName.ARRIVAL, 100, due, now + HOUR) is MOVED
    harder = step("level_changed", BEGIN + 5 * HOUR, level="major")
    facts = story(BEGIN, harder, level="general")
    assert judged(facts, ClockName.HANDLING, 50, BEGIN + 4 * HOUR, BEGIN + 6 * HOUR) is HOLDS


def test_opened_again_a_warning_of_the_original_start_holds():
    repaired, shut = step("repaired", BEGIN + MINUTE), step("closed", BEGIN + HOUR)
    again = step("reopened", BEGIN + 30 * HOUR)
    due = BEGIN + 4 * HOUR
    assert judged(story(BEGIN, repaired, shut), ClockName.HANDLING, 100, due, BEGIN + 31 * HOUR) is IN_TIME
    assert judged(story(BEGIN, repaired, shut, again), ClockName.HANDLING, 100, due, BEGIN + 31 * HOUR) is HOLDS


def sweep(now) -> int:
    with transaction():
        return sum(escalate(one, now=now) for one in due_now(now))


def shown(finding: Finding, now) -> set[tuple[str, int]]:
    return {(one.escalation.clock, one.escalation.threshold) for one in standing(finding.site_id, now)}


def judged_rows(finding: Finding, now) -> dict[tuple[str, int], str]:
    rows = escalations_of(finding.id)
    said = verdicts(rows, clocks_of(facts_of(finding), now), now)
    return {(one.clock, one.threshold): said[one.id].value for one in rows}


def test_a_step_that_comes_late_shows_that_the_warning_was_given_wrongly_and_no_row_goes(context):
    finding, now = fault(level="general"), NOW + 3 * HOUR
    assert sweep(now) == 6  # response and arrival at 50, 80, 100 per cent
    assert shown(finding, now) == {("response", 100), ("arrival", 100)}
    with transaction():
        take(finding, "acknowledged", by="tech", now=now, claimed_at=NOW + 6 * MINUTE)
    assert shown(finding, now) == {("arrival", 100)}
    said = judged_rows(finding, now)
    assert {share: said["response", share] for share in (50, 80, 100)} == {50: "holds", 80: "in_time", 100: "in_time"}
    assert {said["arrival", share] for share in (50, 80, 100)} == {"holds"}
    assert sweep(now + MINUTE) == 0


def test_a_warning_whose_deadline_moved_is_quiet_until_the_new_one_comes(context):
    finding, now = fault(level="general"), NOW + 8 * HOUR + MINUTE
    with transaction():
        take(finding, "acknowledged", by="tech", now=NOW)
        asked = take(finding, "pause_asked", by="tech", now=NOW + HOUR, pause_kind="transmission", text="line is dead")
    sweep(now)
    assert ("handling", 100) in shown(finding, now)
    with transaction():
        take(finding, "pause_agreed", by="supervisor", now=now, pause=asked.facts["pause"])
        take(finding, "resumed", by="supervisor", now=now + MINUTE, pause=asked.facts["pause"])
    after = now + 2 * MINUTE
    assert shown(finding, after) == {("arrival", 50)}, "an hour is used: half of that for arrival, little of handling"
    assert judged_rows(finding, after)["handling", 100] == "moved"
    late = finding.next_due_at + 8 * HOUR
    sweep(late)
    assert ("handling", 100) in shown(finding, late)


def test_a_pause_until_an_agreed_date_ends_by_itself_in_columns_and_warnings_too(context):
    finding, until = fault(level="general"), NOW + 24 * HOUR
    with transaction():
        take(finding, "acknowledged", by="tech", now=NOW)
        fields = {"pause_kind": "agreed", "text": "spare part", "person": "陈志强", "until": until.isoformat()}
        asked = take(finding, "pause_asked", by="tech", now=NOW + HOUR, **fields)
        take(finding, "pause_agreed", by="supervisor", now=NOW + HOUR, pause=asked.facts["pause"])
    assert finding.next_due_at == until + HOUR, "arrival: one of two hours was used; nothing happens at the agreed date"
    sweep(until + HOUR + SECOND)
    assert shown(finding, until + HOUR + SECOND) == {("arrival", 100)}


def test_the_warnings_that_are_shown_are_the_most_urgent_however_many_were_given_later(context):
    worst = fault(level="major", at=NOW - 30 * timedelta(days=1))
    sweep(NOW)
    for number in range(21):
        with transaction():
            busy = fault(level="consult", at=NOW + number * MINUTE)
        sweep(NOW + number * MINUTE + 9 * MINUTE)
        with transaction():
            take(busy, "acknowledged", by="tech", now=NOW + number * MINUTE + 9 * MINUTE)
    now = NOW + HOUR
    assert {one.finding.id for one in standing(worst.site_id, now)} == {worst.id}
    assert len(standing(worst.site_id, now)) == 4


@pytest.mark.parametrize("start", ["2026-11-30 23:50", "2026-12-31 23:50", "2026-09-30 23:50", "2026-11-18 23:50"])
def test_over_midnight_and_the_end_of_a_month_each_warning_is_given_once_by_any_rhythm_of_sweeps(context, start):
    begin = at(start)
    finding = fault(level="major", at=begin)
    told = 0
    for minutes in (0, 4, 5, 8, 9, 10, 11, 11, 60, 61, 240, 241, 241, 5000):
        told += sweep(begin + minutes * MINUTE)
    assert told == 12
    rows = escalations_of(finding.id)
    assert len({(one.clock, one.threshold) for one in rows}) == 12
    assert all(one.raised_at >= one.due_at for one in rows)
    assert {(one.raised_at - begin) // MINUTE for one in rows if one.clock == "response"} == {5, 8, 10}
    assert db.session.scalar(select(func.count()).where(FaultDeadline.claimed_at.is_(None))) == 0


def test_opened_again_what_was_told_is_told_no_second_time_and_what_ran_meanwhile_is(context):
    finding = fault(level="consult")
    with transaction():
        take(finding, "analysed", by="tech", now=NOW + MINUTE, answer="press it")
        close(finding, "answered", by=somebody("supervisor"), now=NOW + 2 * MINUTE)
    assert sweep(NOW + 20 * HOUR) == 0
    with transaction():
        reopen(finding, "it was none", by=somebody("supervisor"), now=NOW + 21 * HOUR)
    first = sweep(NOW + 21 * HOUR)
    with transaction():
        renew(finding, now=NOW + 22 * HOUR)
    assert (first, sweep(NOW + 22 * HOUR)) == (9, 0)


def test_the_page_says_what_became_of_each_warning(as_, app):
    def made():
        with app.test_request_context():
            return fault(level="general", at=utc_now() - HOUR).id

    finding = made()
    with app.test_request_context():
        sweep_once()
    tech, page = as_("tech"), f"/faults/{finding}"
    assert tech.get(page).text.count('data-verdict="holds"') == 4
    claimed = (utc_now() - 57 * MINUTE).isoformat()
    tech.post(f"{page}/steps", data={"kind": "acknowledged", "claimed_at": claimed})
    after = tech.get(page).text
    assert (after.count('data-verdict="holds"'), after.count('data-verdict="in_time"')) == (1, 3)
    assert after.count("Turned out to be in time") == 3
    assert "Response 10 min: run out" not in as_("lead").get("/faults/escalations").text
