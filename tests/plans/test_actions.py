"""A plan from draft to approval and after: who may when, what stays, and who wins of two."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import delete, func, select

from tests.inspections.documents import ANTENNA, WALL, asset_with
from tests.plans.planned_months import (
    DECEMBER,
    IN_DECEMBER,
    IN_TIME,
    approved,
    deed,
    drafted,
    seen,
    shaoguan,
    submitted,
)
from tests.visits.days import inspected
from webapp.assets.models import Asset
from webapp.assets.queries import due_assets
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.inspections.models import Return
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid, Problem
from webapp.kit.transaction import transaction
from webapp.people.queries import person_named
from webapp.plans import actions, addenda, calendar_actions, presentations
from webapp.plans.actions import Change
from webapp.plans.addenda import Addition
from webapp.plans.comparing import difference
from webapp.plans.history import PlanStatus, stories_of
from webapp.plans.lines import lines_of
from webapp.plans.models import PlanLine, PlanStep, PlanVersion
from webapp.plans.planned import planned_month
from webapp.plans.states import LineState
from webapp.sites.models import ServiceLine
from webapp.sites.queries import site_coded

AMPLIFIER = "SG-2-01-003"
NEW_YEAR = datetime(2027, 1, 4, 2, tzinfo=UTC)
BASE = ("monthly", "quarterly")


@pytest.fixture
def lead(context):
    return person_named("lead")


@pytest.fixture
def bureau(context):
    return person_named("supervisor")


def do(work, *arguments, **more):
    with transaction():
        return work(*arguments, **more)


def changed(keys, what: Change, version: int, by) -> int:
    """Changes lines of December; the supervisor acts for the bureau."""
    is_bureau = by.username == "supervisor"
    with transaction():
        return actions.change(
            shaoguan(), DECEMBER, keys, what, version=version, is_bureau=is_bureau, by=by, now=IN_TIME
        )


def changes(verb, line_ids, reason: str, day: date | None = None, now: datetime = IN_DECEMBER) -> int:
    """One deed of the lead on the approved plan of December."""
    with transaction():
        return verb(shaoguan(), DECEMBER, line_ids, Addition(deed(), reason, day), by=person_named("lead"), now=now)


def line_of(code: str, now: datetime = IN_TIME):
    return next(line for line in seen(now=now).lines if line.code == code and line.kind in BASE)


def test_the_draft_holds_every_due_row_and_place_once_a_month_or_every_week(context):
    assert drafted().status is PlanStatus.DRAFT
    for code, rows, weekly in (("SG", 125, 2), ("FT", 80, 14)):
        drafted(code=code)
        lines = seen(code=code).lines
        due = {asset.id for asset in due_assets(site_coded(code).id, DECEMBER)}
        assert {line.asset_id for line in lines} == due
        assert len(due) == rows
        assert sum(line.kind == "weekly" for line in lines) == weekly * 5  # December has five weeks
        assert sum(line.kind in BASE for line in lines) == rows - weekly
        assert all(line.technician and line.supervisor for line in lines)
        assert {line.day.weekday() for line in lines} <= {0, 1, 2, 3, 4}


def test_drafting_again_or_days_later_changes_nothing(context):
    first = drafted()
    before = [(line.id, line.key, line.day) for line in seen().lines]
    for days in (0, 1, 3):
        again = drafted(now=IN_TIME + timedelta(days=days))
        assert (again.added, again.lines, again.version) == (0, first.added, 1)
    assert [(line.id, line.key, line.day) for line in seen().lines] == before


def test_a_draft_that_lost_lines_is_completed_and_what_was_done_by_hand_stays(lead):
    drafted()
    moved, out = line_of(ANTENNA), line_of(AMPLIFIER)
    changed([moved.key], Change(day=date(2026, 12, 31)), 1, lead)
    changed([out.key], Change(is_left_out=True), 2, lead)
    key = line_of(WALL).key
    do(lambda: db.session.execute(delete(PlanLine).where(PlanLine.key == key)))
    assert drafted(now=IN_TIME + timedelta(days=3)).added == 1
    assert line_of(ANTENNA).day == date(2026, 12, 31)
    assert AMPLIFIER not in {line.code for line in seen().lines}
    assert [line.code for line in seen().left_out] == [AMPLIFIER]
    assert line_of(WALL).key == key


def test_a_month_in_which_lines_end_is_planned_within_their_service(context):
    """Lists one and two of Shaoguan end on December 31; in January only the field post is left (R21)."""

    def end_list_one() -> None:
        line = db.session.scalars(
            select(ServiceLine).where(ServiceLine.site_id == shaoguan().id, ServiceLine.number == 1)
        ).one()
        line.ends_on = date(2026, 12, 3)

    do(end_list_one)
    drafted()
    assert max(line.day for line in seen().lines if line.line_number == 1) <= date(2026, 12, 3)
    drafted(Month(2027, 1))
    assert {line.line_number for line in seen(Month(2027, 1)).lines} == {3}
    with pytest.raises(Conflict):
        drafted(Month(2028, 1))


def test_a_plan_is_not_made_for_a_month_that_is_over(context):
    with pytest.raises(Conflict):
        drafted(Month(2026, 10))


def test_the_lead_changes_the_draft_and_the_bureau_what_was_handed_in_each_in_a_version_of_their_own(lead, bureau):
    drafted()
    site, keys = shaoguan(), [line_of(ANTENNA).key, line_of(AMPLIFIER).key]
    changed(keys, Change(day=date(2026, 12, 30)), 1, lead)
    changed(keys[:1], Change(day=date(2026, 12, 29)), 2, lead)
    assert seen().version == 2
    with pytest.raises(Conflict):
        changed(keys, Change(day=date(2026, 12, 28)), 2, bureau)
    do(actions.submit, site, DECEMBER, version=2, by=lead, now=IN_TIME)
    with pytest.raises(Conflict):
        changed(keys, Change(day=date(2026, 12, 28)), 2, lead)
    changed(keys[:1], Change(is_left_out=True), 2, bureau)
    do(actions.give_back, site, DECEMBER, version=3, comment="天线改到月初", by=bureau, now=IN_TIME)
    changed(keys[:1], Change(day=date(2026, 12, 1), is_left_out=False), 3, lead)
    do(actions.submit, site, DECEMBER, version=4, by=lead, now=IN_TIME)
    do(actions.approve, site, DECEMBER, version=4, by=bureau, now=IN_TIME)
    plan = seen()
    assert [(step.kind, step.version) for step in plan.steps] == [
        ("submitted", 2),
        ("returned", 3),
        ("submitted", 4),
        ("approved", 4),
    ]
    assert plan.is_approved
    versions = {one.number: one.id for one in stories_of(site.id, [DECEMBER])["2026-12"].versions}
    lines = lines_of(versions.values(), DECEMBER)
    of = {number: [line for line in lines if line.version_id == name] for number, name in versions.items()}
    assert [
        len(difference(of[1], of[2]).moved),
        len(difference(of[2], of[3]).removed),
        len(difference(of[3], of[4]).added),
    ] == [2, 1, 1]
    verbs = db.session.scalars(
        select(AuditEntry.verb).where(AuditEntry.verb.like("plan.%")).order_by(AuditEntry.id)
    ).all()
    assert verbs == [
        "plan.drafted",
        "plan.changed",
        "plan.changed",
        "plan.submitted",
        "plan.changed",
        "plan.returned",
        "plan.changed",
        "plan.submitted",
        "plan.approved",
    ]


def test_what_was_handed_in_is_never_changed(lead, bureau):
    plan = submitted()
    before = [(line.key, line.day) for line in plan.lines]
    changed([line.key for line in plan.lines], Change(day=date(2026, 12, 31)), 1, bureau)
    first = db.session.scalars(select(PlanVersion.id).where(PlanVersion.number == 1)).one()
    assert [(line.key, line.day) for line in lines_of([first], DECEMBER)] == before


@pytest.mark.parametrize(
    ("what", "field"),
    [
        (Change(day=date(2027, 1, 1)), "day"),
        (Change(day=date(2026, 11, 30)), "day"),
        (Change(technician=uuid.UUID(int=1)), "technician"),
    ],
)
def test_a_day_of_another_month_or_a_stranger_is_refused(lead, what, field):
    drafted()
    with pytest.raises(Invalid) as refused:
        changed([line_of(ANTENNA).key], what, 1, lead)
    assert field in refused.value.fields


def test_who_looked_at_an_older_version_is_told_and_nothing_happens(lead, bureau):
    submitted()
    key = line_of(ANTENNA).key
    changed([key], Change(day=date(2026, 12, 31)), 1, bureau)
    with pytest.raises(Conflict, match="changed the plan meanwhile"):
        actions.approve(shaoguan(), DECEMBER, version=1, by=bureau, now=IN_TIME)


@pytest.mark.parametrize(
    ("at", "is_late"),
    [
        (datetime(2026, 11, 30, 15, 59, tzinfo=UTC), False),  # 23:59 of the last day on the spot
        (datetime(2026, 11, 30, 16, 0, tzinfo=UTC), True),  # midnight
        (datetime(2026, 12, 1, 4, 0, tzinfo=UTC), True),
    ],
)
def test_a_plan_handed_in_after_the_last_day_of_the_month_before_is_late(context, at, is_late):
    plan = submitted(now=at)
    assert (plan.is_late, plan.submitted_at, plan.submitted_by) == (is_late, at, "李建国")
    assert plan.due_on == date(2026, 11, 30)


def test_the_first_handing_in_counts_for_the_due_day(lead, bureau):
    submitted()
    do(actions.give_back, shaoguan(), DECEMBER, version=1, comment="again", by=bureau, now=IN_TIME)
    do(actions.submit, shaoguan(), DECEMBER, version=1, by=lead, now=IN_TIME + timedelta(days=9))
    assert not seen(now=IN_TIME + timedelta(days=9)).is_late
    assert seen(Month(2027, 1), now=NEW_YEAR).is_late  # never handed in


def test_two_who_approve_at_once_leave_one_approval(app):
    with app.test_request_context():
        submitted()
    together = Barrier(2, timeout=20)

    def run() -> str:
        with app.test_request_context():
            try:
                by = person_named("supervisor")
                together.wait()
                with transaction():
                    actions.approve(shaoguan(), DECEMBER, version=1, by=by, now=IN_TIME)
            except Problem as problem:
                return type(problem).__name__
            finally:
                db.session.remove()
            return "done"

    with ThreadPoolExecutor(2) as threads:
        ended = sorted(one.result() for one in [threads.submit(run), threads.submit(run)])
    assert ended == ["Conflict", "done"]
    with app.test_request_context():
        assert db.session.scalar(select(func.count(PlanStep.id)).where(PlanStep.kind == "approved")) == 1
        assert seen().is_approved


def test_two_who_draft_at_once_leave_one_draft(app):
    together = Barrier(2, timeout=20)

    def run() -> int:
        with app.test_request_context():
            try:
                together.wait()
                return drafted().added
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as threads:
        added = sorted(one.result() for one in [threads.submit(run), threads.submit(run)])
    with app.test_request_context():
        assert added == [0, len(seen().lines)]
        assert db.session.scalar(select(func.count(PlanVersion.id))) == 1


def test_a_row_added_after_the_approval_is_not_in_the_plan_and_comes_in_as_an_addendum(lead):
    plan = approved()
    old = asset_with(ANTENNA)

    def add() -> uuid.UUID:
        new = Asset(
            site_id=old.site_id,
            system_id=old.system_id,
            code="SG-2-01-099",
            position=999,
            kind="device",
            name="备用天线",
            created_at=IN_TIME,
        )
        db.session.add(new)
        db.session.flush()
        return new.id

    new_id = do(add)
    assert new_id not in {line.asset_id for line in plan.lines}
    assert drafted(now=IN_DECEMBER).added == 0
    what = Addition(deed(), "新增设备", date(2026, 12, 10), person_named("tech").id, person_named("supervisor").id)
    for _again in range(2):
        do(addenda.add_lines, shaoguan(), DECEMBER, [new_id], what, by=lead, now=IN_DECEMBER)
    after = seen(now=IN_DECEMBER)
    assert [(line.kind, line.is_addendum, line.technician) for line in after.lines if line.asset_id == new_id] == [
        ("addendum", True, "张伟")
    ]
    assert after.total.planned == plan.total.planned + 1
    assert [(one.kind, one.reason, one.is_waiting) for one in after.addenda] == [("added", "新增设备", False)]


def test_moving_an_approved_line_needs_an_open_one_and_a_day_that_is_not_past(lead):
    approved()
    line = line_of(ANTENNA, IN_DECEMBER)
    with pytest.raises(Invalid):
        changes(addenda.move_lines, [line.id], "x", date(2026, 12, 8))
    changes(addenda.move_lines, [line.id], "出车", date(2026, 12, 28))
    moved = line_of(ANTENNA, IN_DECEMBER)
    assert (moved.day, moved.addenda[0].from_day) == (date(2026, 12, 28), line.day)
    do(lambda: inspected(ANTENNA, person_named("tech"), at=datetime(2026, 12, 29, 2, tzinfo=UTC)))
    late = datetime(2026, 12, 29, 4, tzinfo=UTC)
    assert line_of(ANTENNA, late).state is LineState.LATE
    with pytest.raises(Conflict):
        changes(addenda.move_lines, [line.id], "x", date(2026, 12, 31), now=late)


def test_a_line_is_cancelled_only_when_the_bureau_has_agreed_and_once(lead, bureau):
    approved()
    lines = [line_of(ANTENNA, IN_DECEMBER), line_of(AMPLIFIER, IN_DECEMBER)]
    changes(addenda.ask_to_cancel, [line.id for line in lines], "送修")
    plan = seen(now=IN_DECEMBER)
    assert plan.total.cancelled == 0
    antenna, amplifier = ([one.id for one in plan.addenda if one.code == code] for code in (ANTENNA, AMPLIFIER))
    do(addenda.decide, shaoguan(), DECEMBER, antenna, True, by=bureau, now=IN_DECEMBER)
    do(addenda.decide, shaoguan(), DECEMBER, amplifier, False, "月底前修好", by=bureau, now=IN_DECEMBER)
    with pytest.raises(Conflict):
        do(addenda.decide, shaoguan(), DECEMBER, antenna, False, by=bureau, now=IN_DECEMBER)
    plan = seen(now=IN_DECEMBER)
    assert (plan.total.cancelled, plan.total.is_whole) == (1, True)
    assert [(line.code, line.reason) for line in plan.lines if line.state is LineState.CANCELLED] == [(ANTENNA, "送修")]
    assert not line_of(AMPLIFIER, IN_DECEMBER).is_leaving
    with pytest.raises(Conflict):
        changes(addenda.ask_to_cancel, [lines[1].id], "x", now=NEW_YEAR)


def test_addenda_belong_to_an_approved_plan(lead, bureau):
    submitted()
    line = line_of(ANTENNA)
    for verb in (addenda.move_lines, addenda.ask_to_cancel):
        with pytest.raises(Conflict):
            changes(verb, [line.id], "x", date(2026, 12, 28), now=IN_TIME)
    with pytest.raises(Conflict):
        addenda.decide(shaoguan(), DECEMBER, [deed()], True, by=bureau, now=IN_TIME)


def test_a_presentation_comes_into_a_draft_and_into_an_approved_plan_and_goes_when_called_off(lead, bureau):
    site, first, second = shaoguan(), deed(), deed()
    starts_at = datetime(2026, 12, 16, 2, tzinfo=UTC)
    do(presentations.enter, site, first, "省厅调研", starts_at, by=lead, now=IN_TIME)
    approved()
    checks = [line for line in seen().lines if line.kind == "event"]
    assert {(line.due_at, line.event) for line in checks} == {(starts_at - timedelta(hours=1), "省厅调研")}
    assert len(checks) == 3  # the software of Shaoguan
    assert [line.kind for line in seen().lines].count("follow_up") == 1
    for _again in range(2):
        do(presentations.enter, site, second, "演练汇报", starts_at + timedelta(days=5), by=lead, now=IN_DECEMBER)
    added = [line for line in seen(now=IN_DECEMBER).lines if line.is_addendum]
    assert [line.kind for line in added] == ["event"] * 3 + ["follow_up"]
    do(presentations.call_off, site, first, "改期", by=lead, now=IN_DECEMBER)
    waiting = [one.id for one in seen(now=IN_DECEMBER).addenda if one.is_waiting]
    assert len(waiting) == 4
    do(addenda.decide, site, DECEMBER, waiting, True, by=bureau, now=IN_DECEMBER)
    plan = seen(now=IN_DECEMBER)
    assert (plan.total.cancelled, plan.total.is_whole) == (4, True)
    with pytest.raises(Conflict):
        presentations.call_off(site, first, "again", by=lead, now=IN_DECEMBER)
    with pytest.raises(Invalid):
        presentations.enter(site, deed(), "太晚", IN_DECEMBER + timedelta(minutes=60), by=lead, now=IN_DECEMBER)


def test_a_presentation_entered_while_the_plan_is_with_the_bureau_follows_as_an_addendum(lead, bureau):
    submitted()
    do(presentations.enter, shaoguan(), deed(), "省厅调研", datetime(2026, 12, 16, 2, tzinfo=UTC), by=lead, now=IN_TIME)
    assert not [line for line in seen().lines if line.event]
    do(actions.approve, shaoguan(), DECEMBER, version=1, by=bureau, now=IN_TIME)
    assert len([line for line in seen().lines if line.event and line.is_addendum]) == 4


def test_days_that_the_site_entered_are_followed_by_the_next_draft(lead):
    site = shaoguan()
    do(calendar_actions.set_day, site, date(2026, 12, 5), is_working=True, name="补班", reason="", by=lead, now=IN_TIME)
    do(calendar_actions.set_day, site, date(2026, 12, 4), is_working=True, name="x", reason="", by=lead, now=IN_TIME)
    do(
        calendar_actions.set_day,
        site,
        date(2026, 12, 4),
        is_working=False,
        name="停电检修",
        reason="",
        by=lead,
        now=IN_TIME,
    )
    drafted()
    days = {line.day for line in seen().lines}
    assert date(2026, 12, 5) in days
    assert date(2026, 12, 4) not in days
    do(calendar_actions.forget_day, site, date(2026, 12, 4), by=lead, now=IN_TIME)
    with pytest.raises(Conflict):
        calendar_actions.forget_day(site, date(2026, 12, 4), by=lead, now=IN_TIME)


def test_inspections_bring_the_lines_through_their_states(context):
    plan = approved()
    tech = person_named("tech")
    day = {line.code: line.day for line in plan.lines if line.kind in BASE}
    at = datetime.combine(day[ANTENNA], datetime.min.time(), UTC) + timedelta(hours=4)
    back = do(inspected, AMPLIFIER, tech, at=IN_DECEMBER)
    do(inspected, ANTENNA, tech, at=at)
    part = do(inspected, WALL, tech, at=IN_DECEMBER, units_checked="5", units_reason="高处够不着")
    values = {"returned_by": tech.id, "returned_at": IN_DECEMBER, "received_at": IN_DECEMBER}
    do(lambda: db.session.add(Return(id=deed(), inspection_id=back.id, item_key="", reason="again", **values)))
    end = datetime(2026, 12, 31, 12, tzinfo=UTC)
    state = {line.code: line for line in seen(now=end).lines if line.kind in BASE}
    assert state[ANTENNA].state is LineState.DONE
    assert (state[AMPLIFIER].state, state[AMPLIFIER].is_returned) == (LineState.IN_PROGRESS, True)
    assert (state[WALL].state, state[WALL].work_id, state[WALL].reason) == (
        LineState.IN_PROGRESS,
        part.id,
        "高处够不着",
    )
    over = seen(now=NEW_YEAR)
    assert next(line.state for line in over.lines if line.code == AMPLIFIER) is LineState.MISSED
    groups = [count for _key, count in (*over.by_line, *over.by_system, *over.by_asset)]
    assert all(one.is_whole for one in groups)
    assert (
        sum(one.planned for _key, one in over.by_line)
        == over.total.planned
        == sum(one.planned for _k, one in over.by_system)
    )


def test_what_was_missed_is_made_up_by_what_the_next_month_does_not_need_itself(lead, bureau):
    approved()
    approved(Month(2027, 1), now=datetime(2026, 12, 28, tzinfo=UTC))
    tech, code = person_named("tech"), "SG-3-01-003"  # in service in January, too
    do(inspected, code, tech, at=NEW_YEAR)
    now = NEW_YEAR + timedelta(days=20)
    states = {line.code: line for line in seen(now=now).lines if line.kind in BASE}
    assert states[code].state is LineState.MISSED
    do(inspected, code, tech, at=NEW_YEAR + timedelta(days=9))
    states = {line.code: line for line in seen(now=now).lines if line.kind in BASE}
    assert states[code].state is LineState.MADE_UP
    assert states[code].done_on is not None
    assert next(line.state for line in seen(Month(2027, 1), now=now).lines if line.code == code) in (
        LineState.DONE,
        LineState.LATE,
    )


def test_work_outside_the_plan_is_allowed_and_named(context):
    approved()
    for minutes in (0, 90):
        do(inspected, ANTENNA, person_named("tech"), at=IN_DECEMBER + timedelta(minutes=minutes))
    outside = seen(now=IN_DECEMBER + timedelta(hours=3)).outside
    assert [(one.code, one.technician) for one in outside] == [(ANTENNA, "张伟")]


def test_a_planned_month_takes_at_most_three_statements(context, queries):
    approved()
    for now in (IN_TIME, IN_DECEMBER, NEW_YEAR):
        site = shaoguan()
        queries.clear()
        assert seen_of(site, now).lines
        assert len(queries) <= 3
    site = shaoguan()
    queries.clear()
    assert seen_of(site, NEW_YEAR, Month(2027, 2)).status is PlanStatus.NONE
    assert len(queries) == 1


def seen_of(site, now, month=DECEMBER):
    return planned_month(site, month, now)
