"""Calls in the database: numbers, the same again, steps, races, masking."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.faults.played import finish, somebody
from tests.inspections.documents import ANTENNA, asset_with
from webapp.audit.models import AuditEntry
from webapp.calls.actions import document_of, mask_callers, take, take_step
from webapp.calls.models import Call, CallStep, StepKind
from webapp.calls.queries import Wanted, call_for, counts_in, faults_of, find, lines_of, waiting_in
from webapp.calls.rules import State
from webapp.extensions import db
from webapp.faults.actions import report
from webapp.faults.models import Finding
from webapp.kit.clock import Month, utc_now
from webapp.kit.problems import Conflict, Invalid, NotFound
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.models import Site
from webapp.sites.queries import site_coded
from webapp.sync.models import Arrival

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)  # 12:00 in Shaoguan
CALLER = {"organisation": "曲江区应急管理局", "caller_name": "李明", "caller_phone": "13800000000"}


def told(kind: str = "other", code: str = "SG", **more: Any) -> dict[str, Any]:
    return {"site": site_coded(code).id, "kind": kind, "text": "how is the wall switched?", **CALLER, **more}


def taken(kind: str = "other", *, by: str = "tech", now: datetime = NOON, code: str = "SG", **more: Any) -> Call:
    fields, person = told(kind, code, **more), somebody(by)
    return take(document_of(uuid.uuid4(), fields, person), fields, by=person, now=now)[0]


def line_of(call: Call) -> Any:
    return lines_of(db.session.get_one(Site, call.site_id), [call_for(somebody("tech"), call.id)])[0]


def fault_from(call: Call, *, by: str = "tech", now: datetime = NOON, **more: Any) -> Finding:
    fields = {"asset": asset_with(ANTENNA).id, "kind": "fault", "level": "general", "text": "dark", "call": call.id}
    return report(uuid.uuid4(), fields | more, photo_ids=[], by=somebody(by), now=now)[0]


def test_calls_are_numbered_per_site_and_month_of_the_site(context):
    evening = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # a minute before midnight there
    numbers = [taken(now=now).number for now in (evening, evening, evening + timedelta(minutes=1))]
    assert numbers == ["DH-2611-01", "DH-2611-02", "DH-2612-01"]
    assert taken(by="tech2", code="FT", now=evening).number == "DH-2611-01"


def test_the_same_call_again_is_the_same_and_another_content_is_refused(context):
    fields, tech, name = told(), somebody("tech"), uuid.uuid4()
    first, again = (take(document_of(name, fields, tech), fields, by=tech, now=NOON) for _n in range(2))
    assert (first[1], again[1], first[0].id) == (True, False, again[0].id)
    other = fields | {"caller_phone": "13900000000"}
    with pytest.raises(Conflict):
        take(document_of(name, other, tech), other, by=tech, now=NOON)
    assert db.session.scalar(select(func.count()).select_from(CallStep)) == 1


def test_the_time_of_the_call_is_kept_beside_the_time_of_entering(context):
    call = taken(called_at=datetime.fromisoformat("2026-11-18T09:30"))  # the wall clock of the site
    assert (call.called_at, call.entered_at) == (datetime(2026, 11, 18, 1, 30, tzinfo=UTC), NOON)
    with pytest.raises(Invalid):
        taken(called_at=datetime.fromisoformat("2026-11-18T13:30"))
    late = taken(claimed_at=NOON - timedelta(hours=1))
    assert late.called_at == NOON - timedelta(hours=1)


def test_the_document_and_the_log_do_not_keep_who_called(context):
    call = taken()
    kept = str(db.session.scalars(select(Arrival.content)).all()) + str(
        db.session.scalars(select(AuditEntry.facts)).all()
    )
    assert call.caller_name == "李明"
    assert not [text for text in CALLER.values() if text in kept]


def test_a_consultation_with_an_answer_is_closed_with_it(context):
    call = taken("consultation", answer="press F4", follow_up_on=date(2026, 11, 20))
    steps = call_for(somebody("tech"), call.id).steps
    assert [(step.kind, step.text, step.next_on) for step in steps] == [
        ("taken", "", date(2026, 11, 20)),
        ("answered", "press F4", None),
    ]
    assert (line_of(call).state, call.closed_at) == (State.ANSWERED, NOON)
    assert [line_of(taken(kind)).state for kind in ("consultation", "other", "fault")] == [
        State.TO_FOLLOW_UP,
        State.TO_FOLLOW_UP,
        State.FAULT_MISSING,
    ]


def test_steps_follow_one_another_until_the_call_is_closed(context):
    call, tech = taken(follow_up_on=date(2026, 11, 19)), somebody("tech")
    later = (StepKind.FOLLOWED_UP, "asked the maker", date(2026, 11, 25))
    assert [take_step(call, *later, by=tech, now=NOON)[1] for _n in range(2)] == [True, False]
    assert line_of(call).due == date(2026, 11, 25)
    with pytest.raises(Invalid):
        take_step(call, StepKind.ANSWERED, "x", None, by=tech, now=NOON)  # no consultation
    take_step(call, StepKind.CLOSED, "sent the manual", None, by=tech, now=NOON)
    assert line_of(call).state is State.CLOSED
    with pytest.raises(Conflict):
        take_step(call, StepKind.FOLLOWED_UP, "more", None, by=tech, now=NOON)


def test_a_device_of_another_site_and_a_site_of_others_are_refused(context):
    elsewhere = asset_with(ANTENNA).id
    with pytest.raises(Invalid):
        taken(by="tech2", code="FT", asset=elsewhere)
    with pytest.raises(NotFound):
        taken(by="tech2")


def test_the_fault_names_the_call_and_a_second_one_of_it_is_not_lost(context):
    call, other = taken("fault"), taken("fault")
    first, second = fault_from(call), fault_from(call)
    assert first.source == call.as_source
    assert second.source == f"{call.as_source}:{second.id}"
    assert [fault.id for fault in faults_of(call)] == [first.id, second.id]
    assert (line_of(call).state, line_of(call).fault.id) == (State.PASSED_ON, first.id)
    assert line_of(other).state is State.FAULT_MISSING


def test_the_list_has_open_calls_in_front_and_then_months_and_its_figures(context):
    site, tech = site_coded("SG"), somebody("tech")
    old = taken(now=NOON - timedelta(days=60))
    done = taken("consultation", answer="press F4")
    passed, missing = taken("fault"), taken("fault", now=NOON + timedelta(hours=1))
    earlier = taken("consultation", answer="yes", now=NOON - timedelta(days=30))
    fault_from(passed)
    found = find(site, Wanted())
    assert [line.call.id for line in found.open] == [old.id, missing.id]
    assert [(str(month), {line.call.id for line in lines}) for month, lines in found.months] == [
        ("2026-11", {done.id, passed.id}),
        ("2026-10", {earlier.id}),
    ]
    assert counts_in(site, Month(2026, 11)) == {"consultation": 1, "fault": 2, "open": 2}
    assert find(site, Wanted(kind="consultation", month=Month(2026, 10))).total == 1
    assert (find(site, Wanted(text="李明")).total, find(site, Wanted(text="李明", may_see_callers=True)).total) == (
        0,
        5,
    )
    assert (find(site, Wanted(text="曲江 wall")).total, find(site, Wanted(text="dh-2611-02")).total) == (5, 1)
    assert not find(site_coded("FT"), Wanted()).total
    take_step(old, StepKind.CLOSED, "done", None, by=tech, now=NOON)
    assert counts_in(site, Month(2026, 11))["open"] == 1


def test_what_waits_is_what_is_due_with_missing_faults_in_front(context):
    site = site_coded("SG")
    undated = taken()
    dated = taken(follow_up_on=date(2026, 11, 19))
    taken(follow_up_on=date(2026, 11, 20))
    taken("consultation", answer="press F4")
    missing = taken("fault")
    assert [line.call.id for line in waiting_in(site, date(2026, 11, 18))] == [missing.id]
    assert [line.call.id for line in waiting_in(site, date(2026, 11, 19))] == [missing.id, undated.id, dated.id]


def test_callers_are_masked_once_their_call_or_its_fault_is_long_over(context):
    closed, is_open, passed = taken("consultation", answer="press F4"), taken(), taken("fault")
    finish(fault_from(passed), now=NOON + timedelta(hours=2))
    assert mask_callers(NOON, now=NOON) == 0
    assert mask_callers(NOON + timedelta(hours=1), now=NOON) == 1
    assert mask_callers(NOON + timedelta(hours=3), now=NOON) == 1
    db.session.expire_all()
    assert [one.caller_phone for one in (closed, is_open, passed)] == ["", CALLER["caller_phone"], ""]
    assert (closed.organisation, closed.masked_at) == (CALLER["organisation"], NOON)


def test_two_who_close_a_call_at_the_same_moment_close_it_once(app):
    with app.test_request_context(), transaction():
        call_id = taken().id

    def close(username: str) -> str:
        with app.test_request_context():
            try:
                with transaction():
                    by = db.session.scalars(select(Person).where(Person.username == username)).one()
                    call = call_for(by, call_id)
                    take_step(call, StepKind.CLOSED, f"by {username}", None, by=by, now=utc_now())
            except Conflict as problem:
                return problem.code
            return "closed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(close, ("tech", "lead"))) == ["already_closed", "closed"]


def test_calls_taken_at_the_same_moment_get_numbers_of_their_own(app):
    def take_one(_n: int) -> str:
        with app.test_request_context(), transaction():
            return taken(now=utc_now()).number

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(take_one, range(4)))) == 4
