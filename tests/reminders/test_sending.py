"""The sender: each reminder to each target once, whatever happens on the way; and what it never says."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select, update

from tests.reminders.chat import KEY, YES, chat
from tests.visits.days import somebody
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.plans.models import Plan, PlanStep, PlanVersion
from webapp.reminders.actions import add_target, change_target, queue_test, remove_target
from webapp.reminders.models import ReminderDelivery, ReminderTarget, Robot
from webapp.reminders.queries import reminders_of
from webapp.reminders.rules import MOST_ATTEMPTS
from webapp.reminders.secret import Secret
from webapp.reminders.sending import send
from webapp.reminders.wire import Unreachable
from webapp.reports.models import MonthStep
from webapp.sites.models import ServiceLine, Site
from webapp.sites.queries import site_coded

EARLY = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)  # 09:00 in Shaoguan, five days before the end of the month
SOON = EARLY + timedelta(days=3)
LATE = EARLY + timedelta(days=6)
PAPERS = {"plan:2026-12", "summary:2026-11"}


@pytest.fixture
def shaoguan(app):
    """Shaoguan, entered long ago, its service far from its end; months before November are done with."""
    with app.app_context():
        with transaction():
            site = site_coded("SG")
            site.created_at = EARLY - timedelta(days=20)
            db.session.execute(update(ServiceLine).values(ends_on=datetime(2028, 1, 1, tzinfo=UTC).date()))
        return site.id


@contextmanager
def target(app, robot=Robot.WECOM, secret="", is_on=True):
    with chat() as group:
        with app.app_context(), transaction():
            site, lead = site_coded("SG"), somebody("lead")
            given = {"robot": robot, "name": "项目群", "url": Secret(group.url), "secret": Secret(secret)}
            add_target(site, **given, is_on=is_on, by=lead.id, now=EARLY)
        yield group


def run(app, at: datetime, by=None):
    said: list[str] = []
    more = {"by": by} if by else {}
    with app.app_context():
        site = site_coded("SG")
        sent = send([site], public_url="https://inspect.lan", clock=lambda: at, tell=said.append, **more)
    return sent, said


def log(app) -> dict[str, ReminderDelivery]:
    with app.app_context():
        return {row.key: row for row in db.session.scalars(select(ReminderDelivery))}


def test_what_is_due_is_sent_once_however_often_the_sender_runs(app, shaoguan):
    with target(app) as group:
        sent, said = run(app, EARLY)
        assert (sent.delivered, sent.failed, sent.missing) == (2, 0, 0)
        assert set(log(app)) == {f"{paper}:early" for paper in PAPERS}
        assert all("韶关" in text and "https://inspect.lan/reminders" in text for text in group.texts)
        for hours in (0, 1, 30):
            again, _said = run(app, EARLY + timedelta(hours=hours))
            assert (again.delivered, again.missing) == (0, 0)
        assert len(group.got) == 2
        assert len(said) == 2
        run(app, SOON)
        assert len(group.got) == 4


def test_after_days_of_silence_each_reminder_is_one_message_not_one_for_each_day(app, shaoguan):
    with target(app) as group:
        run(app, LATE)
        assert {key for key in log(app) if key.endswith("late")} == {f"{paper}:late" for paper in PAPERS}
        assert len(group.got) == len(log(app)) == 2


def test_what_was_done_meanwhile_is_not_sent_any_more(app, shaoguan):
    with target(app) as group:
        group.answers = [(500, {})]
        sent, said = run(app, EARLY)
        assert (sent.delivered, sent.failed, sent.missing) == (0, 2, 2)
        assert all("attempt 1 of 8 (HTTP 500)" in line for line in said)
        with app.app_context(), transaction():
            hand_in_both(shaoguan)
        group.answers = [YES]
        sent, _said = run(app, EARLY + timedelta(hours=2))
        assert {row.ended for key, row in log(app).items() if key.endswith("early")} == {"outdated"}
        assert {key for key, row in log(app).items() if row.ended == "delivered"} == {
            "plan_waiting:2026-12:1",
            "summary_waiting:2026-11:1",
        }
        assert sent.missing == 0
        assert len(group.got) == 4, "two that failed, two about what waits for the bureau now"


def hand_in_both(site_id: uuid.UUID) -> None:
    lead = somebody("lead")
    plan = Plan(id=uuid.uuid4(), site_id=site_id, month="2026-12", created_at=EARLY)
    version = PlanVersion(id=uuid.uuid4(), plan_id=plan.id, number=1, made_at=EARLY)
    step = {"number": 1, "comment": "", "taken_at": EARLY, "taken_by": lead.id}
    db.session.add(plan)
    db.session.flush()
    db.session.add(version)
    db.session.flush()
    db.session.add(PlanStep(plan_id=plan.id, version_id=version.id, kind="submitted", **step))
    summary = {"site_id": site_id, "month": "2026-11", "kind": "handed_in", "figures": {}, "digest": "", "content": ""}
    db.session.add(MonthStep(id=uuid.uuid4(), **summary, **step))


def test_a_failure_is_tried_again_after_growing_pauses_and_given_up_in_the_end(app, shaoguan):
    with target(app) as group:
        group.answers = [(200, {"errcode": 93000, "errmsg": f"invalid webhook url, {KEY}"})]
        waits = []
        for nth in range(MOST_ATTEMPTS):
            moment = EARLY + timedelta(minutes=nth)
            with app.app_context(), transaction():
                db.session.execute(update(ReminderDelivery).values(next_at=moment))
            run(app, moment)
            row = log(app)["plan:2026-12:early"]
            waits.append(row.next_at - moment)
            run(app, min(row.next_at, SOON - timedelta(hours=10)) - timedelta(seconds=1))
            assert len(group.got) == 2 * (nth + 1), "not before its time"
        assert waits[:-1] == sorted(waits[:-1])
        row = log(app)["plan:2026-12:early"]
        assert (row.ended, row.attempts) == ("given_up", MOST_ATTEMPTS)
        assert row.last_answer == "errcode 93000 invalid webhook url, …"
        sent, _said = run(app, moment)
        assert (sent.failed, sent.missing) == (0, 2), "what is due and was not delivered stays an error"


def test_a_text_that_waited_says_what_is_true_on_the_day_it_is_sent(app, shaoguan):
    with target(app) as group:
        group.answers = [(500, {})]
        run(app, EARLY)
        run(app, EARLY + timedelta(days=1))
        assert len({text.split("\n")[0] for text in group.texts}) == 4, "two reminders, another number of days each day"


def test_several_senders_at_once_send_each_reminder_once(app, shaoguan):
    with target(app) as group:
        group.pause = 0.05
        start = Barrier(4)

        def one(_number: int) -> int:
            start.wait()
            return run(app, EARLY)[0].delivered

        with ThreadPoolExecutor(4) as threads:
            delivered = list(threads.map(one, range(4)))
        assert sum(delivered) == len(group.got) == 2
        assert {row.attempts for row in log(app).values()} == {1}


def test_a_sender_that_died_while_sending_leaves_nothing_hanging(app, shaoguan):
    with target(app) as group:

        def killed(*_args):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(app, EARLY, by=killed)
        assert run(app, EARLY + timedelta(minutes=1))[0].missing == 1, "nobody knows yet whether it went out"
        sent, _said = run(app, EARLY + timedelta(minutes=6))
        assert (sent.missing, len(group.got)) == (0, 2)
        assert sorted(row.attempts for row in log(app).values()) == [1, 2]


def test_an_old_answer_does_not_undo_a_newer_one(app, shaoguan):
    with target(app):

        def slow(*_args):
            run(app, EARLY + timedelta(minutes=6))  # another sender, after the first one's time was over
            raise Unreachable("timeout")

        run(app, EARLY, by=slow)
        assert {(row.ended, row.last_answer) for row in log(app).values()} == {("delivered", "errcode 0")}


def test_one_target_that_fails_keeps_no_other_from_its_reminders(app, shaoguan):
    with target(app) as broken, target(app, Robot.FEISHU, "abc") as fine:
        broken.answers = [(503, b"")]
        sent, _said = run(app, EARLY)
        assert (sent.delivered, sent.failed, sent.missing) == (2, 2, 2)
        assert {each["msg_type"] for each in fine.got} == {"text"}


def test_nothing_leaves_the_server_before_a_target_is_on_and_after_it_is_removed(app, shaoguan):
    with target(app, is_on=False) as group:
        assert run(app, EARLY)[0].missing == 0
        assert log(app) == {}
        change(app, is_on=True)
        run(app, EARLY)
        assert len(group.got) == 2
        with app.app_context(), transaction():
            row = db.session.scalars(select(ReminderTarget)).one()
            remove_target(row, by=somebody("lead").id, now=SOON)
            assert not row.url
        run(app, SOON)
        assert len(group.got) == 2
        assert len(log(app)) == 2, "what was sent stays in the log"


def change(app, **changed) -> None:
    with app.app_context(), transaction():
        row = db.session.scalars(select(ReminderTarget)).one()
        plain = {"name": row.name, "url": None, "secret": None, "is_on": row.is_on}
        change_target(row, **(plain | changed), by=somebody("lead").id, now=EARLY)


def test_a_new_address_is_tried_at_once(app, shaoguan):
    with target(app) as old, chat() as new:
        old.answers = [(404, b"")]
        run(app, EARLY)
        run(app, EARLY)
        assert len(old.got) == 2
        change(app, url=Secret(new.url))
        assert run(app, EARLY)[0].missing == 0
        assert len(new.got) == 2


@pytest.mark.one_database
def test_a_test_message_is_taken_along_once(app, shaoguan):
    with target(app, Robot.JSON, "abc") as group:
        with app.app_context(), transaction():
            queue_test(db.session.scalars(select(ReminderTarget)).one(), now=EARLY)
        run(app, EARLY - timedelta(days=10))
        assert group.got == [], "written down for later"
        run(app, EARLY)
        run(app, EARLY)
        assert sorted(each["event"] for each in group.got) == ["reminder", "reminder", "test"]
        plan = next(each for each in group.got if each.get("kind") == "plan")
        assert (plan["month"], plan["due_on"], plan["days_left"], plan["site"]["code"]) == (
            "2026-12",
            "2026-11-30",
            5,
            "SG",
        )


def test_the_command_says_what_it_did_and_ends_with_zero_only_when_all_was_delivered(app, shaoguan, caplog):
    with app.app_context(), transaction():
        late = utc_now() - timedelta(days=100)
        db.session.execute(update(Site).values(created_at=late))
        db.session.execute(update(ServiceLine).values(ends_on=(utc_now() + timedelta(days=20)).date()))
    command = app.test_cli_runner()
    assert command.invoke(args=["reminders", "send"]).exit_code == 0, "no target, nothing missing"
    with target(app, Robot.DINGTALK, "SEC-very-secret") as group:
        dry = command.invoke(args=["reminders", "send", "--site", "SG", "--dry-run"])
        assert (dry.exit_code, group.got, log(app)) == (0, [], {})
        assert "项目群" in dry.output
        group.answers = [(200, {"errcode": 310000, "errmsg": f"sign not match {KEY} SEC-very-secret"})]
        failed = command.invoke(args=["reminders", "send"])
        assert failed.exit_code == 1
        assert "still missing" in failed.output
        with app.app_context(), transaction():
            db.session.execute(update(ReminderDelivery).values(next_at=utc_now()))
        group.answers = [YES]
        done = command.invoke(args=["reminders", "send"])
        assert done.exit_code == 0
        everything = failed.output + done.output + dry.output + caplog.text
        everything += "".join(f"{row.last_answer}{row.text}" for row in log(app).values())
        assert KEY not in everything
        assert "very-secret" not in everything
    assert command.invoke(args=["reminders", "send", "--site", "XX"]).exit_code == 1


def test_a_database_error_does_not_print_the_address(app, shaoguan):
    with target(app), app.app_context():
        row = db.session.scalars(select(ReminderTarget)).one()
        twice = {"id": row.id, "site_id": row.site_id, "robot": "json", "name": "x", "is_on": True, "created_at": EARLY}
        db.session.expunge_all()
        db.session.add(ReminderTarget(url=row.url, secret=Secret("very-secret"), **twice))
        with pytest.raises(Exception, match="INSERT") as failed:
            db.session.flush()
        db.session.rollback()
        assert KEY not in str(failed.value)
        assert "very-secret" not in str(failed.value)


def test_the_facts_of_a_site_take_a_fixed_number_of_statements(app, shaoguan, queries):
    with app.app_context():
        site = site_coded("SG")
        queries.clear()
        reminders_of(site, EARLY)
        assert len([sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]) <= 9
