"""Steps of a fault: who takes them, what they need, what they turn; the bureau's part; deadlines and warnings."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from tests.faults.played import RECORD, finish, ready, somebody, take
from tests.faults.test_actions import raised
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.faults.actions import close, reopen, report
from webapp.faults.callers import caller_of, mask_callers
from webapp.faults.clocks import ClockName, ClockState, clocks_of
from webapp.faults.commands import sweep_once
from webapp.faults.deadlines import due_now, escalate, renew
from webapp.faults.escalations import standing
from webapp.faults.gathering import facts_of, faults_between, open_faults
from webapp.faults.models import FaultDeadline, FaultEscalation, FaultPolicy, Finding, FindingKind
from webapp.faults.page import page_of
from webapp.faults.policies import change_policy, content_of, policies_of
from webapp.faults.queries import Wanted, find, finding_for
from webapp.kit.problems import Conflict, Invalid, Refused
from webapp.kit.transaction import transaction
from webapp.sites.models import Site
from webapp.sites.queries import site_coded
from webapp.sites.rules import Right
from webapp.sync.actions import Sending
from webapp.sync.models import Arrival

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shaoguan
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TECH, BUREAU, LEAD = frozenset({Right.INSPECT}), frozenset({Right.CLOSE}), frozenset({Right.INSPECT, Right.INSTRUCT})


def fault(*, level: str = "major", at: datetime = NOW, code: str = "SG", **more) -> Finding:
    with transaction():
        return raised(
            somebody("tech" if code == "SG" else "tech2"), code=code, level=level, reported_at=at, now=at, **more
        )


def next_of(finding: Finding, rights: frozenset[Right], now: datetime) -> str:
    return page_of(facts_of(finding), rights, now).next_step


def test_a_major_fault_goes_from_the_report_to_the_closing_with_one_next_step_for_each_role(context):
    finding = fault()
    story = [
        ("acknowledged", "tech", {}),
        ("informed", "tech", {"person": "陈志强"}),
        ("restored", "tech", {"text": "switched over"}),
        ("backed_up", "tech", {"text": "configuration saved"}),
        ("repaired", "tech", {"text": "new power supply"}),
        ("analysed", "tech", RECORD),
    ]
    for number, (kind, by, fields) in enumerate(story):
        now = NOW + (number + 1) * MINUTE
        offered = next_of(finding, TECH, now)
        assert offered in (kind, "arrived")  # who restores from afar need not go there
        assert next_of(finding, BUREAU, now) == ("tested" if kind == "analysed" else "")
        with transaction():
            take(finding, kind, by=by, now=now, **fields)
    later = NOW + HOUR
    assert (next_of(finding, TECH, later), next_of(finding, BUREAU, later)) == ("", "tested")
    with transaction():
        take(finding, "tested", by="supervisor", now=later, passed="true", text="call works")
    assert finding_for(somebody("tech"), finding.id).closed_at == later
    assert {clock.state for clock in clocks_of(facts_of(finding), later).values()} == {ClockState.MET}
    assert finding.next_due_at is None
    assert not db.session.scalar(select(func.count()).select_from(FaultDeadline))


@pytest.mark.parametrize(
    ("level", "missing"),
    [
        ("consult", ["answer"]),
        ("general", ["repaired", "cause", "handling", "tested"]),
        (
            "major",
            [
                "informed",
                "backed_up",
                "repaired",
                "cause",
                "analysis",
                "handling",
                "responsibility",
                "lessons",
                "tested",
            ],
        ),
    ],
)
def test_closing_asks_for_what_the_level_asks_for(context, level, missing):
    finding = fault(level=level)
    assert page_of(facts_of(finding), BUREAU, NOW).missing == missing
    with pytest.raises(Conflict) as caught, transaction():
        close(finding, "done", by=somebody("supervisor"), now=NOW)
    assert caught.value.code == "incomplete"
    if level == "consult":
        with transaction():
            take(finding, "analysed", by="tech", now=NOW, answer="press the other button")
            close(finding, "answered", by=somebody("supervisor"), now=NOW)
        assert finding.closed_at


def test_a_test_that_fails_sends_the_repair_on_and_opened_again_keeps_the_start(context):
    finding = fault(level="general")
    with transaction():
        ready(finding, now=NOW + HOUR)
        take(finding, "tested", by="supervisor", now=NOW + 2 * HOUR, passed="false", text="no sound")
    assert next_of(finding, TECH, NOW + 2 * HOUR) == "restored"
    assert finding.next_due_at == NOW + 8 * HOUR
    with transaction():
        take(finding, "repaired", by="tech", now=NOW + 3 * HOUR, text="other card")
        take(finding, "tested", by="supervisor", now=NOW + 4 * HOUR, passed="true", text="sound is back")
        assert finding.closed_at == NOW + 4 * HOUR
        reopen(finding, "silent again", by=somebody("supervisor"), now=NOW + 30 * HOUR)
    clock = clocks_of(facts_of(finding), NOW + 30 * HOUR)[ClockName.HANDLING]
    assert (clock.started_at, clock.state) == (NOW, ClockState.OVERDUE)


@pytest.mark.parametrize(
    ("kind", "by", "problem"),
    [
        ("tested", "tech", Refused),
        ("tested", "lead", Refused),
        ("pause_agreed", "lead", Refused),
        ("resumed", "tech", Refused),
        ("level_changed", "tech", Refused),
        ("instructed", "tech", Refused),
        ("repaired", "supervisor", Refused),
        ("acknowledged", "office", Refused),
        ("restored", "tech", Invalid),
        ("level_changed", "lead", Invalid),
    ],
)
def test_who_may_not_and_what_is_missing_is_refused(context, kind, by, problem):
    finding = fault()
    with pytest.raises(problem), transaction():
        take(finding, kind, by=by, now=NOW)


def test_hazards_have_no_such_steps(context):
    with transaction():
        hazard = raised(somebody("tech"), FindingKind.HAZARD)
    with pytest.raises(Conflict), transaction():
        take(hazard, "acknowledged", by="tech", now=NOW)


def test_a_pause_needs_the_consent_of_the_bureau_and_is_decided_once(context):
    finding = fault()
    with transaction():
        asked = take(finding, "pause_asked", by="tech", now=NOW, pause_kind="transmission", text="line is dead")
    name = asked.facts["pause"]
    assert next_of(finding, BUREAU, NOW) == "pause_agreed"
    assert finding.next_due_at == NOW + 10 * MINUTE
    with transaction():
        take(finding, "pause_agreed", by="supervisor", now=NOW + MINUTE, pause=name)
    assert finding.next_due_at is None
    assert not db.session.scalar(select(func.count()).select_from(FaultDeadline).where(FaultDeadline.due_at > NOW))
    for again in ("pause_agreed", "pause_refused"):
        with pytest.raises(Conflict), transaction():
            take(finding, again, by="supervisor", now=NOW + MINUTE, pause=name, text="no")
    assert next_of(finding, BUREAU, NOW + HOUR) == "resumed"
    with transaction():
        take(finding, "resumed", by="supervisor", now=NOW + 2 * HOUR, pause=name)
    assert finding.next_due_at == NOW + 2 * HOUR + 10 * MINUTE
    with pytest.raises(Conflict), transaction():
        take(finding, "resumed", by="supervisor", now=NOW + 3 * HOUR, pause=name)
    with pytest.raises(Invalid), transaction():
        take(finding, "pause_asked", by="tech", now=NOW, pause_kind="agreed", text="spare part comes later")


def test_a_change_of_level_has_a_reason_moves_the_deadlines_and_keeps_what_it_began_with(context):
    finding = fault(level="general")
    with transaction():
        take(finding, "level_changed", by="lead", now=NOW + HOUR, level="major", text="nobody can call")
    facts = facts_of(finding)
    assert (finding.level, facts.level, [each.key for each in facts.levels]) == (
        "major",
        "general",
        ["general", "major"],
    )
    assert clocks_of(facts, NOW + HOUR)[ClockName.HANDLING].earlier[0].due_at == NOW + 8 * HOUR
    dues = db.session.scalars(
        select(FaultDeadline.due_at).where(FaultDeadline.clock == "handling", FaultDeadline.threshold == 100)
    )
    assert list(dues) == [NOW + 4 * HOUR]
    for level in ("major", "huge"):
        with pytest.raises(Invalid), transaction():
            take(finding, "level_changed", by="supervisor", now=NOW + HOUR, level=level, text="again")


def test_a_step_that_comes_late_is_put_where_it_belongs_and_says_what_it_turned(context):
    finding = fault()
    now = NOW + 5 * HOUR
    with transaction():
        take(finding, "repaired", by="tech", now=now, text="new card", claimed_at=NOW + 3 * HOUR)
        event = take(finding, "acknowledged", by="tech", now=now, claimed_at=NOW + 5 * MINUTE)
    assert (event.at, event.received_at) == (NOW + 5 * MINUTE, now)
    assert event.facts["turned"] == {"response": ["late", "met"]}
    assert [each.kind for each in facts_of(finding).in_order] == ["reported", "acknowledged", "repaired"]
    with transaction():
        wrong = Sending(sent_at=now + 2 * HOUR)  # a clock two hours ahead
        event = take(finding, "vendor_called", by="tech", now=now, sending=wrong, claimed_at=NOW + 3 * HOUR, person="x")
    assert event.at == NOW + HOUR


def test_the_same_step_again_changes_nothing_and_one_after_the_closing_is_flagged(context):
    finding, name = fault(level="general"), uuid.uuid4()
    with transaction():
        first = take(finding, "acknowledged", by="tech", now=NOW, id=name)
    with transaction():
        again = take(finding, "acknowledged", by="tech", now=NOW + HOUR, id=name)
    assert first.id == again.id
    with pytest.raises(Conflict), transaction():
        take(finding, "acknowledged", by="tech", now=NOW, id=name, text="else")
    with transaction():
        finish(finding, now=NOW + HOUR)
        late = take(finding, "part_used", by="tech", now=NOW + 2 * HOUR, part="fuse")
    assert late.facts["flags"] == ["closed"]
    with pytest.raises(Conflict), transaction():
        take(finding, "level_changed", by="lead", now=NOW + HOUR, level="major", text="late")


def test_a_running_fault_keeps_the_policy_it_began_with(context):
    before = fault(level="general")
    site = site_coded("SG")
    content = content_of(site)
    levels = [level | {"response_min": 5} for level in content["levels"]]
    with transaction():
        change_policy(site, content | {"levels": levels}, "agreed in writing", by=somebody("lead"), now=NOW + MINUTE)
    after, told_earlier = fault(level="general", at=NOW + 2 * MINUTE), fault(level="general", at=NOW)
    minutes = [clocks_of(facts_of(one), NOW + HOUR)[ClockName.RESPONSE].limit for one in (before, after, told_earlier)]
    assert minutes == [10 * MINUTE, 5 * MINUTE, 10 * MINUTE]
    assert [policy.number for policy in policies_of(site.id)] == [1, 2]
    assert db.session.get_one(Site, site.id).fault_levels[0]["response_min"] == 5
    with pytest.raises(Conflict), transaction():
        change_policy(site, content_of(site), "nothing", by=somebody("lead"), now=NOW + HOUR)
    with pytest.raises(Invalid), transaction():
        odd = content_of(site) | {"terms": {"arrival_from": "whenever"}}
        change_policy(site, odd, "nonsense", by=somebody("lead"), now=NOW + HOUR)
    assert db.session.scalar(select(func.count()).select_from(FaultPolicy)) == 2


def test_futian_begins_with_the_impact_of_the_level_and_changes_it_with_a_reason(context):
    finding = fault(code="FT", level="general")
    assert finding.impact == "indirect"
    with transaction():
        take(finding, "vendor_called", by="tech2", now=NOW, person="maker")
        take(finding, "impact_set", by="tech2", now=NOW + HOUR, impact="serious", text="nobody can work")
    clock = clocks_of(facts_of(finding), NOW + HOUR)[ClockName.VENDOR]
    assert (clock.due_at, clock.earlier[0].due_at) == (NOW + 4 * HOUR, NOW + 24 * HOUR)


def test_who_called_is_kept_apart_from_the_document_and_masked_after_the_time(context):
    asset = finding_with_asset()
    fields = {"asset": asset, "kind": "fault", "level": "general", "text": "dark"}
    fields |= {"caller_name": "王五", "caller_phone": "0751-000 1", "caller_organisation": "值班室"}
    name = uuid.uuid4()
    with transaction():
        finding, _new = report(name, fields, photo_ids=[], by=somebody("tech"), now=NOW)
        finish(finding, now=NOW)
    assert caller_of(name).phone == "0751-000 1"
    assert "王五" not in str(db.session.get_one(Arrival, name).content)
    with transaction():
        assert mask_callers(NOW, now=NOW) == 0
        assert mask_callers(NOW + MINUTE, now=NOW + HOUR) == 1
    db.session.expire_all()
    assert (caller_of(name).phone, caller_of(name).name, caller_of(name).organisation) == ("", "", "值班室")


def finding_with_asset() -> uuid.UUID:
    from tests.faults.test_actions import first_asset

    return first_asset(site_coded("SG")).id


def test_each_warning_is_given_once_and_after_downtime_all_that_came_due(context):
    finding = fault(at=NOW)
    assert [escalate(one, now=NOW + 8 * MINUTE) for one in due_now(NOW + 8 * MINUTE)] == [True] * 4
    assert due_now(NOW + 8 * MINUTE) == []
    with transaction():
        take(finding, "acknowledged", by="tech", now=NOW + 9 * MINUTE)
    late = NOW + 24 * HOUR  # the machine was off for a day
    told = [escalate(one, now=late) for one in due_now(late)]
    assert told == [True] * 7  # inform 100; arrival and handling at 50, 80, 100
    assert db.session.scalar(select(func.count()).select_from(FaultEscalation)) == 11
    shown = standing(finding.site_id, late)
    assert {(one.escalation.clock, one.escalation.threshold) for one in shown} == {
        ("inform", 100),
        ("arrival", 100),
        ("handling", 100),
    }
    with transaction():
        finish(finding, now=late)
    assert standing(finding.site_id, late) == []


def test_a_deadline_that_moved_warns_anew_and_what_was_told_stays(context):
    finding = fault(level="general")
    for one in due_now(NOW + 7 * HOUR):
        escalate(one, now=NOW + 7 * HOUR)
    told = db.session.scalar(select(func.count()).select_from(FaultEscalation))
    with transaction():
        take(finding, "level_changed", by="lead", now=NOW + 7 * HOUR, level="consult", text="only a question")
    kept = select(func.count()).select_from(FaultDeadline).where(FaultDeadline.claimed_at.isnot(None))
    assert db.session.scalar(kept) == told
    ahead = select(FaultDeadline.due_at).where(FaultDeadline.claimed_at.is_(None), FaultDeadline.clock == "handling")
    assert NOW + 12 * HOUR in db.session.scalars(ahead).all()


def test_four_sweepers_at_once_give_each_warning_once(app):
    with app.test_request_context():
        for number in range(5):
            fault(at=NOW - timedelta(days=number))
        waiting = db.session.scalar(select(func.count()).select_from(FaultDeadline))
        assert waiting == 60

    def work(_index: int) -> int:
        with app.test_request_context():
            try:
                return sweep_once()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, range(4)))
    with app.test_request_context():
        assert sum(counts) == waiting
        per_deadline = select(FaultEscalation.deadline_id, func.count()).group_by(FaultEscalation.deadline_id)
        assert [count for _id, count in db.session.execute(per_deadline)] == [1] * waiting
        verbs = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "fault.escalated")
        assert db.session.scalar(verbs) == waiting


def test_facts_of_many_come_in_a_fixed_number_of_statements(context, queries):
    first = fault(at=NOW)
    with transaction():
        finish(first, now=NOW + HOUR)
    site_id, span = first.site_id, (NOW - HOUR, NOW + 48 * HOUR)
    faults_between(site_id, *span)
    queries.clear()
    assert [facts.closed_at for facts in faults_between(site_id, *span)] == [NOW + HOUR]
    few = len([statement for statement in queries if statement != "BEGIN"])
    for number in range(12):
        fault(at=NOW + number * HOUR)
    queries.clear()
    assert len(faults_between(site_id, *span)) == 13
    assert len([statement for statement in queries if statement != "BEGIN"]) == few <= 4
    assert faults_between(site_id, NOW + 2 * HOUR, NOW + 3 * HOUR)[0].reported_at == NOW  # open at its start
    assert first.id not in {facts.id for facts in faults_between(site_id, NOW + 2 * HOUR, NOW + 3 * HOUR)}
    dues = [clocks_of(facts, NOW)[ClockName.RESPONSE].started_at for facts in open_faults(site_id)]
    assert dues == sorted(dues)


def test_the_most_urgent_come_first_and_recomputing_changes_nothing(context):
    slow, quick = fault(level="consult", at=NOW), fault(level="major", at=NOW + MINUTE)
    with transaction():
        for one in (slow, quick):
            take(one, "acknowledged", by="tech", now=NOW + 2 * MINUTE)
    rows = find(slow.site_id, Wanted(kind="fault")).rows
    assert [row.id for row in rows] == [quick.id, slow.id]
    before = {(row.clock, row.threshold, row.due_at) for row in db.session.scalars(select(FaultDeadline))}
    with transaction():
        db.session.execute(delete(FaultDeadline))
        for one in (slow, quick):
            one.next_due_at = None
            renew(one, now=NOW + 2 * MINUTE)
    after = {(row.clock, row.threshold, row.due_at) for row in db.session.scalars(select(FaultDeadline))}
    assert (after, [row.id for row in find(slow.site_id, Wanted()).rows]) == (before, [quick.id, slow.id])
