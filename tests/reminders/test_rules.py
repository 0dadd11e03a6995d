"""What is due when: both sides of every boundary (R3, R21, R36)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.kit.clock import Month
from webapp.reminders.rules import (
    MOST_ATTEMPTS,
    Days,
    Facts,
    Kind,
    LineFact,
    Paper,
    PaperFact,
    Stage,
    UnsentFact,
    pause_after,
    reminders,
    stage_of,
)

NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
YEAR = LineFact("a", "指挥大厅", date(2026, 1, 1), date(2027, 6, 30))


def facts(today: date, **changed) -> Facts:
    plain = {"known_since": date(2026, 1, 1), "lines": [YEAR], "plans": [], "summaries": [], "unsent": []}
    return Facts(today=today, **(plain | changed))


def told(today: date, **changed) -> list[tuple[Kind, Stage | None]]:
    return [(each.kind, each.stage) for each in reminders(facts(today, **changed))]


@pytest.mark.parametrize(
    ("day", "stage"),
    [(24, None), (25, Stage.EARLY), (27, Stage.EARLY), (28, Stage.SOON), (30, Stage.SOON), (31, Stage.LATE)],
)
def test_one_is_reminded_five_and_two_days_before_the_due_day_and_when_it_is_over(day, stage):
    today = date(2026, 11, 1) + timedelta(days=day - 1)
    assert stage_of(NOVEMBER.last, today, Days()) is stage
    to_do = [(kind, stage) for kind in (Kind.PLAN, Kind.SUMMARY)] if stage else []
    open_papers = {"plans": [PaperFact(DECEMBER, Paper.OPEN)], "summaries": [PaperFact(NOVEMBER, Paper.OPEN)]}
    assert told(today, **open_papers) == to_do


def test_a_site_may_be_reminded_earlier():
    days = Days(early=10, soon=0)
    assert stage_of(NOVEMBER.last, date(2026, 11, 20), days) is Stage.EARLY
    assert stage_of(NOVEMBER.last, date(2026, 11, 19), days) is None
    assert stage_of(NOVEMBER.last, date(2026, 11, 29), days) is Stage.EARLY
    assert stage_of(NOVEMBER.last, date(2026, 11, 30), days) is Stage.SOON


@pytest.mark.parametrize(
    ("paper", "kinds"),
    [
        (Paper.OPEN, [Kind.PLAN]),
        (Paper.RETURNED, [Kind.PLAN, Kind.PLAN_RETURNED]),
        (Paper.WAITING, [Kind.PLAN_WAITING]),
        (Paper.SETTLED, []),
    ],
)
def test_who_has_to_act_depends_on_how_far_the_paper_has_come(paper, kinds):
    found = reminders(facts(date(2026, 11, 28), plans=[PaperFact(DECEMBER, paper, "1")]))
    assert [each.kind for each in found] == kinds


def test_what_was_sent_back_is_told_at_once_and_each_turn_once():
    def keys(turn: str) -> list[str]:
        found = reminders(facts(date(2026, 11, 3), summaries=[PaperFact(NOVEMBER, Paper.RETURNED, turn)]))
        return [each.key for each in found]

    assert keys("2") == ["summary_returned:2026-11:2"]
    assert keys("4") == ["summary_returned:2026-11:4"]


@pytest.mark.parametrize(
    ("line", "is_due"),
    [
        ((date(2026, 1, 1), date(2026, 11, 30)), False),
        ((date(2026, 1, 1), date(2026, 12, 1)), True),
        ((date(2026, 12, 31), date(2027, 12, 30)), True),
        ((date(2027, 1, 1), date(2027, 12, 31)), False),
    ],
)
def test_no_plan_is_due_for_a_month_outside_all_service_periods(line, is_due):
    lines = [LineFact("a", "x", *line)]
    found = told(date(2026, 11, 28), lines=lines, plans=[PaperFact(DECEMBER, Paper.OPEN)])
    assert ((Kind.PLAN, Stage.SOON) in found) is is_due


def test_nothing_was_due_before_the_site_was_entered_here():
    plans = [PaperFact(NOVEMBER, Paper.OPEN)]
    assert told(date(2026, 11, 2), plans=plans, known_since=date(2026, 11, 1)) == []
    assert told(date(2026, 11, 2), plans=plans, known_since=date(2026, 10, 31)) == [(Kind.PLAN, Stage.LATE)]


@pytest.mark.parametrize(("left", "end"), [(61, None), (60, "60"), (31, "60"), (30, "30"), (0, "30"), (-1, None)])
def test_the_end_of_a_service_period_is_told_60_and_30_days_before(left, end):
    ends_on = date(2026, 12, 31)
    line = LineFact("a", "清单一", date(2026, 1, 1), ends_on)
    found = reminders(facts(ends_on - timedelta(days=left), lines=[line]))
    assert [each.key for each in found] == ([f"service:a:2026-12-31:{end}"] if end else [])
    assert [each.left for each in found] == ([left] if end else [])


@pytest.mark.parametrize(("day", "is_told"), [(27, False), (28, True), (31, True)])
def test_unsent_work_is_told_from_two_days_before_the_month_ends_until_it_is_closed(day, is_told):
    today = date(2026, 11, 1) + timedelta(days=day - 1)
    found = reminders(facts(today, unsent=[UnsentFact(NOVEMBER, 3)]))
    assert [(each.key, each.documents) for each in found] == ([("unsent:2026-11", 3)] if is_told else [])
    assert reminders(facts(today, unsent=[UnsentFact(NOVEMBER, 0)])) == []


@given(st.dates(date(2026, 1, 2), date(2027, 12, 30)), st.sampled_from(Paper), st.integers(0, 3))
def test_every_reminder_has_one_key_and_a_later_day_never_makes_it_less_pressing(today, paper, held):
    def at(day: date) -> list:
        month = Month.of(today)
        papers = [PaperFact(each, paper, "1") for each in (month.previous(), month, month.next())]
        return reminders(facts(day, plans=papers, summaries=papers, unsent=[UnsentFact(month, held)]))

    found = at(today)
    assert len({each.key for each in found}) == len(found)
    order = [Stage.EARLY, Stage.SOON, Stage.LATE]
    later = {(each.kind, each.month): each for each in at(today + timedelta(days=1))}
    for each in found:
        if each.stage and each.kind is not Kind.SERVICE:
            assert order.index(later[each.kind, each.month].stage) >= order.index(each.stage)


def test_a_sender_waits_longer_each_time_and_gives_up_after_days():
    pauses = [pause_after(attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert pauses == sorted(pauses)
    assert sum(pauses, timedelta()) > timedelta(days=2)
    assert pause_after(MOST_ATTEMPTS) is None
