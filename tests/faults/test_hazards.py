"""Hazards (R71, R72): onto the list, agreed to or refused, worked on, checked; nobody works before the consent."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.faults.hazards_played import check, put_on_list, rectify, say, work
from tests.faults.played import somebody
from tests.faults.test_actions import first_asset, raised, site_of
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.faults.actions import close, reopen
from webapp.faults.hazard_models import HazardList, HazardListEntry
from webapp.faults.hazard_queries import found_hazards, hazards_in, hazards_of, list_of, undecided, waiting_in
from webapp.faults.hazard_rules import OPEN, State
from webapp.faults.hazards import Decision, decide, hand_in_list, step_document, take_step
from webapp.faults.models import Finding, FindingEvent, FindingKind
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid, NotFound, Refused
from webapp.kit.transaction import transaction
from webapp.sync.actions import Sending
from webapp.sync.models import Arrival

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NOVEMBER = Month(2026, 11)


def hazard(at: datetime = NOW, *, code: str = "SG", **more: object) -> Finding:
    by = somebody("tech" if code == "SG" else "tech2")
    with transaction():
        return raised(by, FindingKind.HAZARD, code=code, reported_at=at, now=at, **more)


def events(finding: Finding) -> list[str]:
    wanted = select(FindingEvent.kind).where(FindingEvent.finding_id == finding.id).order_by(FindingEvent.id)
    return list(db.session.scalars(wanted))


def test_a_hazard_goes_its_way_and_every_step_is_a_row_with_who_and_when(context):
    finding = hazard()
    assert finding.hazard_state == State.FOUND
    with transaction():
        rectify(finding, now=NOW + DAY)
        check(finding, now=NOW + 2 * DAY)
    assert events(finding) == ["reported", "listed", "approved", "started", "done", "closed"]
    assert (finding.hazard_state, finding.closed_at) == (State.CHECKED, NOW + 2 * DAY)
    people = db.session.scalars(select(FindingEvent.by).where(FindingEvent.finding_id == finding.id))
    names = ["tech", "lead", "supervisor", "tech", "tech", "supervisor"]
    assert list(people) == [somebody(name).id for name in names]
    verbs = db.session.scalars(select(AuditEntry.verb).where(AuditEntry.subject == f"finding:{finding.id}"))
    assert {"hazard.decided", "hazard.step_taken", "hazard.closed"} <= set(verbs)


@pytest.mark.parametrize("upto", ["found", "listed", "refused"])
def test_no_work_begins_before_consent_and_nothing_goes_round_it(context, upto):
    finding = hazard()
    with transaction():
        if upto != "found":
            put_on_list(finding, now=NOW)
        if upto == "refused":
            say(finding, yes=False, now=NOW)
    before = events(finding)
    for kind in ("started", "done"):
        with pytest.raises(Conflict, match=r"consent|agreed") as caught, transaction():
            work(finding, kind, by="tech", now=NOW, text="tightened")
        assert caught.value.code == "hazard_state"
    if upto != "refused":  # what was refused may be left at that
        with pytest.raises(Conflict, match="rectified"), transaction():
            close(finding, "just so", by=somebody("supervisor"), now=NOW)
    assert events(finding) == before
    assert finding.closed_at is None


def test_work_that_is_said_to_have_begun_before_the_consent_is_refused(context):
    finding = hazard()
    with transaction():
        put_on_list(finding, now=NOW)
        say(finding, yes=True, now=NOW + DAY)
    sent = Sending(sent_at=NOW + 2 * DAY)
    for claimed, is_taken in ((NOW + DAY - timedelta(seconds=1), False), (NOW + DAY, True)):
        fields = {"claimed_at": claimed, "sending": sent}
        if not is_taken:
            with pytest.raises(Conflict) as caught, transaction():
                work(finding, "started", by="tech", now=NOW + 2 * DAY, **fields)
            assert caught.value.code == "before_consent"
        else:
            with transaction():
                event = work(finding, "started", by="tech", now=NOW + 2 * DAY, **fields)
    assert (event.at, event.received_at) == (NOW + DAY, NOW + 2 * DAY)


@pytest.mark.parametrize(("kind", "by"), [("started", "supervisor"), ("sent_back", "tech"), ("asked_again", "tech")])
def test_each_step_is_for_its_own_role(context, kind, by):
    finding = hazard()
    with pytest.raises(Refused), transaction():
        work(finding, kind, by=by, now=NOW, text="x")
    with pytest.raises(NotFound), transaction():
        work(finding, kind, by="tech2", now=NOW, text="x")


def test_the_same_step_again_changes_nothing_and_a_fault_has_no_such_steps(context):
    finding = hazard()
    with transaction():
        put_on_list(finding, now=NOW)
        say(finding, yes=True, now=NOW)
    fields = {"id": uuid.uuid4(), "kind": "started"}
    tech = somebody("tech")
    for is_new in (True, False):
        with transaction():
            document = step_document(finding.id, fields, [], tech)
            assert take_step(finding.id, document, fields, by=tech, now=NOW)[1] is is_new
    assert events(finding).count("started") == 1
    with transaction():
        fault = raised(tech)
    with pytest.raises(Conflict) as caught, transaction():
        work(fault, "started", by="tech", now=NOW)
    assert caught.value.code == "fault"
    with pytest.raises(Invalid), transaction():
        work(finding, "done", by="tech", now=NOW)  # says nothing


def test_what_the_bureau_sends_back_is_worked_on_again_with_the_same_consent(context):
    finding = hazard()
    with transaction():
        rectify(finding, now=NOW)
        work(finding, "sent_back", by="supervisor", now=NOW, text="still loose")
    assert finding.hazard_state == State.IN_WORK
    with transaction():
        work(finding, "done", by="tech", now=NOW, text="tightened again")
        check(finding, now=NOW)
        reopen(finding, "loose after all", by=somebody("supervisor"), now=NOW + DAY)
    assert (finding.hazard_state, finding.closed_at) == (State.IN_WORK, None)


def test_one_list_for_each_month_and_site_may_grow_with_who_and_when_of_each_hazard(context):
    first, second = hazard(), hazard(NOW + DAY)
    with transaction():
        put_on_list(first, now=NOW)
        put_on_list(second, now=NOW + 2 * DAY)
    made = list_of(site_of().id, NOVEMBER)
    assert made is not None
    assert [(entry.finding_id, entry.added_at) for entry in made.entries] == [
        (first.id, NOW),
        (second.id, NOW + 2 * DAY),
    ]
    assert made.handed_in_at == NOW
    assert {entry.added_by for entry in made.entries} == {somebody("lead").id}
    assert db.session.scalar(select(func.count()).select_from(HazardList)) == 1


def test_a_hazard_belongs_on_the_list_of_its_month_or_a_later_one(context):
    site, lead = site_of(), somebody("lead")
    finding, other, fault = hazard(), hazard(code="FT"), raised(somebody("tech"))
    assert [each.month for each in found_hazards(site)] == [NOVEMBER]
    cases = [
        (Month(2026, 10), finding, Conflict),
        (Month(2026, 12), finding, Invalid),  # has not begun
        (NOVEMBER, other, NotFound),
        (NOVEMBER, fault, NotFound),
    ]
    for month, one, problem in cases:
        with pytest.raises(problem), transaction():
            hand_in_list(site, month, {one.id: ""}, by=lead, now=NOW)
    with pytest.raises(Invalid), transaction():
        hand_in_list(site, NOVEMBER, {}, by=lead, now=NOW)
    with transaction():
        hand_in_list(site, Month(2026, 12), {finding.id: ""}, by=lead, now=NOW + 20 * DAY)
    assert not found_hazards(site)


def test_a_refused_hazard_is_asked_for_again_and_belongs_to_the_month_of_that(context):
    finding = hazard()
    with transaction():
        put_on_list(finding, now=NOW)
        say(finding, yes=False, now=NOW)
        work(finding, "asked_again", by="lead", now=NOW + 20 * DAY, text="it got worse")
    assert [each.month for each in found_hazards(site_of())] == [Month(2026, 12)]
    with transaction():
        put_on_list(finding, now=NOW + 21 * DAY)
    assert db.session.scalar(select(func.count()).select_from(HazardListEntry)) == 2
    assert [entry.added_at for entry in undecided(site_of().id)] == [NOW + 21 * DAY]


def test_the_bureau_decides_about_several_at_once_all_or_none(context):
    one, two = hazard(), hazard()
    with transaction():
        put_on_list(one, two, now=NOW)
    bureau, site = somebody("supervisor"), site_of()
    both = [Decision(one.id, is_approved=True), Decision(two.id, is_approved=False)]
    with pytest.raises(Invalid) as caught, transaction():
        decide(site.id, both, by=bureau, now=NOW)
    assert f"reason-{two.id}" in caught.value.fields
    assert hazards_in(site.id, [State.LISTED]).total == 2
    with transaction():
        decide(site.id, [both[0], Decision(two.id, is_approved=False, reason="outside")], by=bureau, now=NOW)
    assert hazards_in(site.id, OPEN).counts == {"approved": 1, "refused": 1}
    with pytest.raises(Conflict), transaction():
        decide(site.id, both[:1], by=bureau, now=NOW)
    with pytest.raises(NotFound), transaction():
        decide(site_of("FT").id, both[:1], by=bureau, now=NOW)


def test_of_two_who_decide_at_once_one_wins(app):
    with app.test_request_context():
        finding = hazard()
        with transaction():
            put_on_list(finding, now=NOW)
        finding_id, site_id = finding.id, finding.site_id

    def decided(is_approved: bool) -> str:
        with app.test_request_context():
            try:
                with transaction():
                    said = [Decision(finding_id, is_approved, "words")]
                    decide(site_id, said, by=somebody("supervisor"), now=NOW)
            except Conflict as problem:
                return problem.code
            return "decided"

    with ThreadPoolExecutor(2) as pool:
        outcome = sorted(pool.map(decided, (True, False)))
    assert outcome[0] == "decided" or outcome[1] == "decided"
    assert set(outcome) & {"race", "hazard_state"}
    with app.test_request_context():
        kinds = events(db.session.get_one(Finding, finding_id))
        assert len(kinds) == 3


def test_the_month_knows_state_age_and_warning_as_they_were_at_its_end(context):
    site = site_of()
    old = hazard(NOW - 40 * DAY)  # 9 October
    with transaction():
        put_on_list(old, now=NOW - 20 * DAY)
        say(old, yes=True, reason="with care", now=NOW)
    october, november = hazards_of(site, Month(2026, 10), NOW)[old.id], hazards_of(site, NOVEMBER, NOW)[old.id]
    assert (october.state, october.age_days, october.warning) == (State.LISTED, 22, 0)
    assert (november.state, november.age_days, november.warning) == (State.APPROVED, 40, 30)
    assert (november.list_months, november.consent, november.waits_for) == (("2026-10",), "with care", "field")
    with transaction():
        work(old, "started", by="tech", now=NOW)
        work(old, "done", by="tech", now=NOW, text="ok")
        check(old, now=NOW)
    closed = hazards_of(site, NOVEMBER, NOW + DAY)[old.id]
    assert (closed.state, closed.age_days, closed.warning) == (State.CHECKED, 40, 0)
    assert not hazards_of(site, Month(2026, 12), NOW + 30 * DAY)


def test_what_waits_is_counted_in_a_fixed_number_of_statements(context, queries):
    site = site_of()
    asset = first_asset(site)
    sent = []
    for _turn in range(2):
        for age in (10, 31, 95):
            hazard(NOW - age * DAY, asset=asset)
        db.session.expire_all()
        site = site_of()
        queries.clear()
        found = waiting_in(site, NOW - 30 * DAY)
        lines = hazards_of(site, NOVEMBER, NOW)
        sent.append(len(queries))
    assert sent[0] == sent[1] <= 6
    assert (len(found.old), sum(found.months.values()), len(lines)) == (4, 6, 6)


def test_a_refused_step_leaves_no_trace_of_a_document(context):
    finding = hazard()
    with pytest.raises(Conflict), transaction():
        work(finding, "started", by="tech", now=NOW)
    assert not db.session.scalar(select(func.count()).select_from(Arrival))
