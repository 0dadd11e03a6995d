"""Own days of a site in the clocks: free days and make-up days move what counts working days, and nothing else."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.faults.played import finish, somebody, take
from tests.faults.test_actions import raised
from tests.faults.test_clocks import FUTIAN, HOUR, SECOND, TZ, at, fault, step, terms_of
from tests.faults.test_views import in_app  # noqa: F401
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.faults.actions import reopen
from webapp.faults.clocks import ClockName, ClockState, clocks_of
from webapp.faults.gathering import facts_of, faults_between, open_faults
from webapp.faults.models import EventKind, FaultDeadline, Finding, FindingEvent
from webapp.kit.transaction import transaction
from webapp.kit.workdays import country_year, is_working_day
from webapp.plans.calendar_actions import forget_day, set_day
from webapp.reports.fault_figures_queries import touching
from webapp.sites.calendar_queries import worked_or_free
from webapp.sites.models import Site
from webapp.sites.queries import site_coded

REPORTED = "2026-11-18 10:00"  # a Wednesday; three working days end on Monday the 23rd at 18:00
NOW = at(REPORTED)
THURSDAY, SATURDAY, MONDAY, TUESDAY = (date(2026, 11, day) for day in (19, 21, 23, 24))
WORKED, FREE = True, False


def software(*steps, own=None, reported: str = REPORTED, **more):
    more = {"terms": FUTIAN, "level": "general", "catalogue_number": 18, "own_days": own or {}} | more
    return fault(at(reported), *steps, **more)


@pytest.mark.parametrize(
    ("own", "due"),
    [
        ({}, "2026-11-23 18:00"),
        ({THURSDAY: FREE}, "2026-11-24 18:00"),
        ({MONDAY: FREE}, "2026-11-24 18:00"),  # the last of the three
        ({SATURDAY: WORKED}, "2026-11-21 18:00"),
        ({SATURDAY: WORKED, THURSDAY: FREE}, "2026-11-23 18:00"),
        ({date(2026, 11, 18): FREE}, "2026-11-23 18:00"),  # the day of the report is never counted
        ({TUESDAY: FREE}, "2026-11-23 18:00"),  # after the end
        ({THURSDAY: WORKED, SATURDAY: FREE}, "2026-11-23 18:00"),  # as the country has it
    ],
)
def test_three_working_days_follow_the_own_days_of_the_site(own, due):
    assert clocks_of(software(own=own), NOW)[ClockName.SOFTWARE].due_at == at(due)
    for when, state in ((at(due), ClockState.MET), (at(due) + SECOND, ClockState.LATE)):
        done = software(step("repaired", when), own=own)
        assert clocks_of(done, when)[ClockName.SOFTWARE].state is state
    shown = clocks_of(software(own=own), NOW)[ClockName.SOFTWARE].own_days
    assert shown == {day: own[day] for day in own if NOW.date() <= day <= at(due).date()}


@pytest.mark.parametrize(
    ("reported", "own", "due"),
    [
        ("2026-11-18 17:00", {}, "2026-11-19 09:30"),
        ("2026-11-18 17:00", {THURSDAY: FREE}, "2026-11-20 09:30"),
        ("2026-11-20 17:30", {SATURDAY: WORKED}, "2026-11-21 10:00"),
        ("2026-11-18 10:00", {date(2026, 11, 18): FREE}, "2026-11-19 10:30"),
        ("2026-10-05 12:00", {date(2026, 10, 6): WORKED}, "2026-10-06 10:30"),  # in the holidays of the country
    ],
)
def test_a_response_in_office_hours_follows_the_own_days_of_the_site(reported, own, due):
    terms = terms_of("futian", response_in_office_hours=True)
    for late, state in ((timedelta(), ClockState.MET), (SECOND, ClockState.LATE)):
        answered = step("acknowledged", at(due) + late)
        facts = fault(at(reported), answered, terms=terms, own_days=own)
        clock = clocks_of(facts, at(due) + HOUR)[ClockName.RESPONSE]
        assert (clock.due_at, clock.state) == (at(due), state)


@given(st.dictionaries(st.integers(-3, 30).map(lambda n: date(2026, 9, 20) + timedelta(n)), st.booleans(), max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_own_days_give_what_counting_day_by_day_gives(own):
    country = country_year(2026)
    day, left = date(2026, 9, 24), 3
    while left:
        day += timedelta(days=1)
        free = not own[day] if day in own else day not in country.worked and (day in country.free or day.weekday() > 4)
        left -= not free
    assert is_working_day(day, own)
    clock = clocks_of(software(own=own, reported="2026-09-24 09:00"), at("2026-09-24 09:00"))[ClockName.SOFTWARE]
    assert clock.due_at == datetime.combine(day, time(18), TZ)


def test_a_closed_fault_keeps_the_days_that_counted_and_an_opened_one_takes_those_of_now():
    repaired, closed = at("2026-11-24 10:00"), at("2026-11-24 11:00")
    steps = (step("repaired", repaired), step("closed", closed, own_days={"2026-11-19": False}))
    kept = clocks_of(software(*steps), closed)[ClockName.SOFTWARE]
    assert (kept.due_at, kept.state) == (at("2026-11-24 18:00"), ClockState.MET)
    for own in ({}, {SATURDAY: WORKED}):
        assert clocks_of(software(*steps, own=own), closed)[ClockName.SOFTWARE].due_at == kept.due_at
        again = software(*steps, step("reopened", closed + HOUR), own=own)
        assert clocks_of(again, closed + HOUR)[ClockName.SOFTWARE].due_at != kept.due_at
    plain = (step("repaired", repaired), step("closed", closed))  # closed before own days were counted
    assert clocks_of(software(*plain, own={THURSDAY: FREE}), closed)[ClockName.SOFTWARE].due_at == at(
        "2026-11-23 18:00"
    )


def futian() -> Site:
    return site_coded("FT")


def says(day: date, is_working: bool, now: datetime = NOW) -> None:
    with transaction():
        by = somebody("supervisor2")
        set_day(futian(), day, is_working=is_working, name="值班", reason="", by=by, now=now)


def started(code: str = "FT", **more) -> Finding:
    by = somebody("tech2" if code == "FT" else "tech")
    with transaction():
        return raised(by, code=code, level="general", reported_at=NOW, now=NOW, **more)


def deadlines(finding: Finding) -> set[tuple[str, int, datetime]]:
    wanted = select(FaultDeadline).where(FaultDeadline.finding_id == finding.id)
    return {(one.clock, one.threshold, one.due_at) for one in db.session.scalars(wanted)}


def recounts(finding: Finding) -> list[FindingEvent]:
    told = select(FindingEvent).where(FindingEvent.kind == EventKind.RECOUNTED.value)
    return list(db.session.scalars(told.where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.id)))


def due_of(finding: Finding) -> datetime | None:
    return clocks_of(facts_of(finding), NOW)[ClockName.SOFTWARE].due_at


def test_entering_a_day_reckons_open_faults_anew_and_says_so_and_moves_only_what_it_should(context):
    office, other, elsewhere = started(catalogue_number=18), started(catalogue_number=1), started("SG")
    still = [(each, deadlines(each), each.next_due_at) for each in (other, elsewhere)]
    with transaction():
        take(office, "acknowledged", by="tech2", now=NOW)
    monday, tuesday = at("2026-11-23 18:00"), at("2026-11-24 18:00")
    assert office.next_due_at == monday
    says(date(2026, 11, 25), FREE)
    assert recounts(office) == []
    says(THURSDAY, FREE, NOW + HOUR)
    assert (office.next_due_at, due_of(office)) == (tuesday, tuesday)
    assert ("software", 100, tuesday) in deadlines(office)
    assert ("software", 100, monday) not in deadlines(office)
    (event,) = recounts(office)
    assert event.facts["moved"] == {"software": [monday.isoformat(), tuesday.isoformat()]}
    assert (event.facts["day"], event.facts["is_working"], event.by) == (
        "2026-11-19",
        False,
        somebody("supervisor2").id,
    )
    logged = select(AuditEntry).where(AuditEntry.verb == Verb.FAULT_RECOUNTED)
    assert [entry.subject for entry in db.session.scalars(logged)] == [f"finding:{office.id}"]
    with transaction():
        forget_day(futian(), THURSDAY, by=somebody("supervisor2"), now=NOW + 2 * HOUR)
    assert (office.next_due_at, len(recounts(office))) == (monday, 2)
    assert [(each, deadlines(each), each.next_due_at) for each, _deadlines, _due in still] == still
    assert not [event for each, _deadlines, _due in still for event in recounts(each)]


def test_what_was_claimed_stays_and_a_fault_that_is_closed_keeps_its_days(context):
    office = started(catalogue_number=18)
    monday = at("2026-11-23 18:00")
    claimed = db.session.scalars(
        select(FaultDeadline).where(FaultDeadline.finding_id == office.id, FaultDeadline.clock == "software")
    ).all()
    with transaction():
        claimed[0].claimed_at = NOW
    was = (claimed[0].clock, claimed[0].threshold, claimed[0].due_at)
    says(THURSDAY, FREE)
    assert was in deadlines(office)
    done = at("2026-11-24 12:00")  # in time with the free day only
    with transaction():
        finish(office, now=done, by="tech2", bureau="supervisor2")
    with transaction():
        forget_day(futian(), THURSDAY, by=somebody("supervisor2"), now=done + HOUR)
    says(SATURDAY, WORKED, done + HOUR)
    clock = clocks_of(facts_of(office), done)[ClockName.SOFTWARE]
    assert (clock.state, clock.due_at) == (ClockState.MET, at("2026-11-24 18:00"))
    assert len(recounts(office)) == 1
    with transaction():
        reopen(office, "still slow", by=somebody("supervisor2"), now=done + 2 * HOUR)
    assert due_of(office) == at("2026-11-21 18:00") != monday


def test_every_reading_of_faults_knows_the_own_days_with_a_fixed_number_of_statements(context, queries):
    for _each in range(3):
        started(catalogue_number=18)
    days = {THURSDAY: FREE, SATURDAY: WORKED}
    for day, is_working in days.items():
        says(day, is_working)
    site, (since, until) = futian(), (NOW - HOUR, NOW + HOUR)
    assert worked_or_free(site.id) == days
    for read, most in (
        (lambda: open_faults(site.id), 5),
        (lambda: faults_between(site.id, since, until), 5),
        (lambda: touching(site, since, until).faults, 1),
    ):
        queries.clear()
        found = read()
        assert len(queries) <= most
        assert [facts.calendar for facts in found] == [days] * 3


@pytest.mark.one_database
def test_the_page_of_a_fault_shows_the_days_that_counted_and_what_a_changed_day_moved(as_, in_app, monkeypatch):  # noqa: F811
    monkeypatch.setattr("webapp.plans.calendar_views.utc_now", lambda: NOW + HOUR)
    finding_id = in_app(lambda: started(catalogue_number=18).id)
    bureau = as_("supervisor2")
    day = {"day": "2026-11-21", "is_working": "1", "name": "元旦补班"}
    assert bureau.post("/plans/calendar/review", data=day).status_code == 303
    text = " ".join(bureau.get(f"/faults/{finding_id}").text.split())
    assert "Nov 21 worked on" in text
    assert "entered for this site" in text
    assert "Working days changed" in text
    assert "元旦补班" in text
    assert "Office software: due Nov 23 18:00 → Nov 21 18:00" in text
    assert "clocks of faults" in bureau.get("/plans/calendar?year=2026").text
