"""The summary between provider and bureau: told, handed in, returned, accepted, closed; nothing is overwritten."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.reports.month_of_work import (
    AFTER_OCTOBER,
    IN_OCTOBER,
    OCTOBER,
    inspect,
    inspect_everything,
    joint_test,
    leave_out,
    list_rows,
    site_called,
    somebody,
)
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.jointtests.models import JointTestValue
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid
from webapp.kit.transaction import transaction
from webapp.plans import actions as plans
from webapp.reports import monthly
from webapp.reports.closing import close, is_accepted, shown
from webapp.reports.closing_content import content_text, digest_of, summary_in
from webapp.reports.figures import FIGURES, count_of, records_of
from webapp.reports.models import FindingNote, MonthStep
from webapp.reports.monthly import build
from webapp.reports.plan_coverage import PlanCoverage, PlanLine, tallied
from webapp.reports.review import accept, give_back, hand_in, tell
from webapp.reports.steps import ReviewState
from webapp.reports.summary import GapKind, MonthlySummary

MONTH = "/months/2026-10"
IN_TIME = datetime(2026, 10, 31, 15, 59, tzinfo=UTC)  # 23:59 in Shaoguan
LATE = IN_TIME + timedelta(minutes=1)


def october(now: datetime = AFTER_OCTOBER) -> MonthlySummary:
    db.session.flush()
    return shown(site_called("SG"), OCTOBER, now)


def finding(number: str = "GZ-2610-01", kind: str = "fault", at: datetime = IN_OCTOBER) -> Finding:
    made = Finding(
        site_id=site_called("SG").id, kind=kind, number=number, asset_id=list_rows()[0].id, text="指示灯不亮",
        level="general", reported_by=somebody("tech").id, reported_at=at, entered_at=at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def told(*ids: uuid.UUID, now: datetime = AFTER_OCTOBER, month: Month = OCTOBER, **changes: Any) -> int:
    texts = {"handling": "已更换电源", "next_steps": "下月复查", **changes}
    return tell(site_called("SG"), month, ids, by=somebody("tech"), now=now, **texts)


def handed_in(now: datetime = AFTER_OCTOBER, comment: str = "本月平稳", **more: Any) -> MonthStep:
    db.session.flush()
    return hand_in(site_called("SG"), OCTOBER, comment, by=somebody("lead"), now=now, **more)


def accepted(now: datetime = AFTER_OCTOBER, comment: str = "同意", **more: Any) -> MonthStep:
    covers = more.pop("covers", None) or digest_of(october())
    return accept(site_called("SG"), OCTOBER, comment, covers, by=somebody("supervisor"), now=now, **more)


def returned(comment: str = "请补充隐患计划") -> MonthStep:
    return give_back(site_called("SG"), OCTOBER, comment, by=somebody("supervisor"), now=AFTER_OCTOBER)


def test_a_summary_is_handed_in_only_when_each_fault_and_hazard_is_told(context):
    first, second = finding(), finding("YH-2610-01", "hazard", IN_OCTOBER - timedelta(days=40))
    with pytest.raises(Invalid) as refused:
        handed_in()
    assert refused.value.fields["finding"] == ["GZ-2610-01", "YH-2610-01"]
    assert {gap.kind: gap.count for gap in october().gaps}[GapKind.FINDINGS_UNTOLD] == 2
    told(first.id, second.id)
    assert handed_in().number == 1
    assert october().untold == ()
    (line, *_rest) = october().findings
    assert (line.handling, line.next_steps, line.told_by, line.told_at) == (
        "已更换电源", "下月复查", "张伟", AFTER_OCTOBER,
    )  # fmt: skip


def test_the_newest_text_counts_and_the_older_one_stays(context):
    one = finding()
    told(one.id)
    told(one.id, handling="已返厂", now=AFTER_OCTOBER + timedelta(hours=1))
    assert october().findings[0].handling == "已返厂"
    assert len(db.session.scalars(select(FindingNote)).all()) == 2


def test_what_was_told_last_month_is_only_a_proposal_in_this_one(context):
    one = finding(at=IN_OCTOBER - timedelta(days=35))
    told(one.id, month=OCTOBER.previous())
    (line,) = october().findings
    assert (line.is_told, line.handling, line.earlier_handling) == (False, "", "已更换电源")


def test_the_same_telling_sent_twice_is_written_once_and_other_words_are_a_conflict(context):
    one, deed = finding(), uuid.uuid4()
    assert [told(one.id, request_id=deed), told(one.id, request_id=deed)] == [1, 0]
    with pytest.raises(Conflict):
        told(one.id, request_id=deed, handling="别的")


def test_only_records_of_the_month_and_site_can_be_told(context):
    november = finding(at=AFTER_OCTOBER)
    with pytest.raises(Invalid):
        told(november.id)
    with pytest.raises(Invalid):
        told(uuid.uuid4())


@pytest.mark.parametrize(("now", "is_late"), [(IN_TIME, False), (LATE, True)])
def test_the_summary_is_due_on_the_last_day_of_the_month_in_the_sites_zone(context, now, is_late):
    handed_in(now)
    step = october().handed_in
    assert (step.is_late, step.at) == (is_late, now)


def test_a_month_that_is_over_without_summary_is_overdue(context):
    assert not october(IN_TIME).is_overdue
    assert october(LATE).is_overdue
    handed_in(LATE)
    assert not october(LATE).is_overdue


def test_the_way_of_a_summary_keeps_every_step_with_its_figures(context):
    inspect(list_rows()[0])
    handed_in(IN_TIME)
    returned()
    assert october().review is ReviewState.RETURNED
    inspect(list_rows()[1])
    handed_in(comment="已补充")
    accepted()
    summary = october()
    assert [(step.kind.value, step.comment, step.by, dict(step.figures)["done"]) for step in summary.steps] == [
        ("handed_in", "本月平稳", "李建国", 1),
        ("returned", "请补充隐患计划", "陈志强", 1),
        ("handed_in", "已补充", "李建国", 2),
        ("accepted", "同意", "陈志强", 2),
    ]
    assert (summary.review, summary.comment) == (ReviewState.ACCEPTED, "已补充")
    stored = db.session.scalars(select(MonthStep).order_by(MonthStep.number)).all()
    assert [summary_in(json.loads(step.content)).total.done for step in stored] == [1, 1, 2, 2]
    logged = select(AuditEntry.verb).where(AuditEntry.verb.startswith("month.")).order_by(AuditEntry.id)
    assert db.session.scalars(logged).all() == [
        Verb.MONTH_HANDED_IN,
        Verb.MONTH_RETURNED,
        Verb.MONTH_HANDED_IN,
        Verb.MONTH_ACCEPTED,
    ]


def test_steps_out_of_order_are_refused(context):
    for step in (accepted, returned):
        with pytest.raises(Conflict):
            step()
    handed_in()
    with pytest.raises(Conflict, match="handed in already"):
        handed_in()
    with pytest.raises(Invalid):
        returned("")
    accepted()
    with pytest.raises(Conflict):
        returned()
    with pytest.raises(Conflict, match="not begun"):
        hand_in(site_called("SG"), Month(2026, 12), "x", by=somebody("lead"), now=AFTER_OCTOBER)
    with pytest.raises(Conflict, match="Nothing is due"):
        hand_in(site_called("SG"), Month(2025, 3), "x", by=somebody("lead"), now=AFTER_OCTOBER)


def test_the_same_step_sent_twice_is_taken_once(context):
    deed = uuid.uuid4()
    assert handed_in(request_id=deed) is handed_in(request_id=deed)
    assert len(october().steps) == 1
    with pytest.raises(Conflict):
        handed_in(comment="别的", request_id=deed)


def test_what_arrives_after_handing_in_shows_and_what_was_not_shown_is_not_accepted(context):
    handed_in()
    seen = digest_of(october())
    inspect(list_rows()[0])
    with pytest.raises(Conflict, match="while you looked"):
        accepted(covers=seen)
    accepted()
    assert is_accepted(october())
    inspect(list_rows()[1])
    assert not is_accepted(october()), "what was accepted is the month as it stood"
    handed_in(comment="迟到的记录已计入")
    assert october().review is ReviewState.HANDED_IN


def test_the_digest_does_not_depend_on_who_asks_and_when(context):
    inspect(list_rows()[0])
    before = digest_of(october(LATE))
    handed_in()
    assert digest_of(october(AFTER_OCTOBER + timedelta(days=9))) == before


def test_without_acceptance_the_page_closes_only_nevertheless_and_the_operator_may(context):
    said: dict[str, Any] = {"by": somebody("lead"), "now": AFTER_OCTOBER, "must_be_accepted": True}
    with pytest.raises(Invalid) as refused:
        close(site_called("SG"), OCTOBER, **said)
    assert set(refused.value.fields) == {"nevertheless", "reason"}
    closed = close(site_called("SG"), OCTOBER, by=None, now=AFTER_OCTOBER)
    assert json.loads(closed.content)["accepted"] is False
    assert october().closing.is_accepted is False
    for step in (handed_in, lambda: told(uuid.uuid4())):
        with pytest.raises(Conflict, match="closed already"):
            step()


def test_an_accepted_month_closes_without_more_words_and_keeps_its_steps(context):
    one = finding()
    told(one.id)
    handed_in()
    accepted()
    before = october()
    close(site_called("SG"), OCTOBER, by=somebody("lead"), now=AFTER_OCTOBER, must_be_accepted=True)
    after = october()
    assert after.closing.is_accepted
    assert replace(after, closing=None, as_of=before.as_of) == before
    assert after.steps == before.steps != ()


def test_a_summary_stored_before_these_fields_still_opens(context):
    text = json.loads(content_text(october(), {}, []))
    for name in ("plan", "last_month", "past", "comment", "steps"):
        del text["summary"][name]
    old = summary_in(text)
    assert (old.plan, old.last_month, old.past, old.comment, old.steps) == (None, None, (), "", ())
    assert {name: count_of(old, name) for name in FIGURES} == {name: count_of(october(), name) for name in FIGURES}
    assert old.review is ReviewState.NOT_HANDED_IN


@pytest.mark.parametrize("is_closed", [True, False])
def test_the_last_month_is_compared_from_its_sealed_object_where_it_is_closed(context, is_closed):
    september = IN_OCTOBER - timedelta(days=30)
    for asset in list_rows()[:3]:
        inspect(asset, september)
    db.session.flush()
    if is_closed:
        close(site_called("SG"), OCTOBER.previous(), by=None, now=september + timedelta(days=25))
    inspect(list_rows()[3], september)  # arrives after the closing
    inspect(list_rows()[0], abnormal={})
    found = october().last_month
    lines = {line.name: (line.before, line.now) for line in found.lines}
    assert found.is_closed is is_closed
    assert lines["done"] == (3 if is_closed else 4, 1)
    assert october().past[-1].done == lines["done"][0]
    assert [each.month for each in october().past] == ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09"]


def test_a_month_that_is_not_closed_counts_before_as_on_its_own_page(context):
    september, rows = IN_OCTOBER - timedelta(days=30), list_rows()
    many = next(asset for asset in rows if asset.units > 3)
    inspect_everything(rows[:5], september)
    inspect(many, september, units=2)
    inspect(many, september + timedelta(hours=1), units=1)
    finding("GZ-2609-01", at=september)
    finding("YH-2609-01", "hazard", at=september)
    db.session.flush()
    own = monthly.figures_of(build(site_called("SG"), OCTOBER.previous(), AFTER_OCTOBER))
    assert october().past[-1] == own
    assert (own.faults, own.hazards) == (1, 1)
    assert own.done >= 5


def line(state: str, reason: str = "") -> PlanLine:
    asset = list_rows()[0]
    return PlanLine(
        uuid.uuid4(), asset.id, asset.code, asset.name, 1, asset.system.name, IN_OCTOBER.date(), "monthly", "张伟",
        "王芳", state, False, None, reason, False, "",
    )  # fmt: skip


def with_plan(*lines: PlanLine) -> PlanCoverage:
    total = tallied(lines)
    systems = ((1, lines[0].system_name, total),)
    return PlanCoverage("approved", 1, None, "", IN_OCTOBER, "王芳", False, lines, total, ((1, total),), systems, 0)


def test_a_missed_check_without_reason_is_a_gap_and_each_count_opens_its_lines(context, monkeypatch):
    lines = [line("done"), line("late"), line("missed"), line("missed", "外借"), line("cancelled", "停用")]
    monkeypatch.setattr(monthly, "plan_coverage", lambda _planned: with_plan(*lines))
    summary = october()
    assert {gap.kind: gap.count for gap in summary.gaps}[GapKind.PLAN_UNEXPLAINED] == 1
    counts = {name: count_of(summary, name) for name in FIGURES if name.startswith("plan")}
    assert (
        counts["planned"]
        == 5
        == sum(
            counts[f"plan-{state}"]
            for state in ("pending", "in-progress", "done", "late", "made-up", "missed", "cancelled")
        )
    )
    assert records_of(summary, "plan-missed") == lines[2:4]
    assert records_of(summary, "planned", line=2) == []
    assert len(records_of(summary, "planned", system=list_rows()[0].system_id)) == 5
    stored = summary_in(json.loads(content_text(summary, {}, [])))
    assert stored == summary


def approve_plan(month: Month = OCTOBER) -> None:
    site, now = site_called("SG"), IN_OCTOBER - timedelta(days=20)
    drafted = plans.draft(site, month, by=somebody("lead"), now=now).version
    plans.submit(site, month, version=drafted, by=somebody("lead"), now=now)
    assert october().plan is None, "only an approved plan is part of the summary"
    plans.approve(site, month, version=drafted, by=somebody("supervisor"), now=now)


def test_an_approved_plan_adds_up_in_the_summary_and_is_kept_with_it(context):
    approve_plan()
    inspect_everything(list_rows()[:9])
    summary = october()
    total = summary.plan.total
    assert total.planned == len(summary.plan.lines) > 100
    assert total.planned == total.done + total.late + total.made_up + total.missed + total.cancelled
    assert total.done + total.late >= 9
    assert sum(each.planned for _number, each in summary.plan.by_list) == total.planned
    assert {gap.kind: gap.count for gap in summary.gaps}[GapKind.PLAN_UNEXPLAINED] == total.missed
    close(site_called("SG"), OCTOBER, by=None, now=AFTER_OCTOBER)
    inspect_everything(list_rows()[9:12])
    assert october().plan == summary.plan


@pytest.mark.one_database
def test_the_page_of_a_planned_month_takes_twelve_statements_at_most(app, as_, queries):
    """Eleven for who reads it and the month with plan and faults, one for what devices are known to hold of it."""
    with app.test_request_context(), transaction():
        approve_plan()
        inspect_everything(list_rows()[:20])
        told(finding().id)
        handed_in()
    browser = as_("lead")
    browser.get(MONTH)
    queries.clear()
    text = browser.get(MONTH).text
    assert 'data-figure="plan-missed"' in text
    assert 'id="comparison"' in text or "no approved plan" not in text
    statements = [sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]
    assert len(statements) <= 12, statements


def test_a_drill_is_no_monthly_joint_test(context):
    drill = joint_test()
    db.session.add(
        JointTestValue(
            test_id=drill.id, section="header", turn=0, item_key="test_type", value="drill", origin="ask",
            verdict="info", judgement={},
        )
    )  # fmt: skip
    summary = october()
    assert summary.joint_tests[0].kind == "drill"
    assert GapKind.JOINT_TEST_MISSING in {gap.kind for gap in summary.gaps}
    joint_test(number="JT-SG-202610-02")
    assert GapKind.JOINT_TEST_MISSING not in {gap.kind for gap in october().gaps}


@pytest.fixture
def with_fault(app) -> uuid.UUID:
    with app.test_request_context(), transaction():
        leave_out(list_rows()[5], "外借")
        return finding().id


def test_a_month_is_told_handed_in_returned_accepted_and_closed_on_its_pages(app, as_, with_fault):
    lead, bureau = as_("lead"), as_("supervisor")
    assert "Write handling and plan (1)" in lead.get(MONTH).text
    assert "Check and accept" not in bureau.get(MONTH).text
    refused = lead.post(f"{MONTH}/submission", data={"comment": "本月平稳"})
    assert (refused.status_code, "GZ-2610-01" in refused.text) == (422, True)
    text = {"finding": str(with_fault), "handling": "已更换电源", "next_steps": "下月复查"}
    fragment = as_("tech").post(f"{MONTH}/findings", data=text, headers={"HX-Request": "true"})
    assert fragment.text.lstrip().startswith(f'<li id="finding-{with_fault}"')
    assert "已更换电源" in fragment.text
    assert "Hand in the summary" in lead.get(MONTH).text
    assert lead.post(f"{MONTH}/submission", data={"comment": "本月平稳"}).location == f"{MONTH}/review"
    assert "handed in late" in bureau.get(MONTH).text
    assert "Check and accept" in bureau.get(MONTH).text
    assert bureau.post(f"{MONTH}/return", data={}).status_code == 422
    assert bureau.post(f"{MONTH}/return", data={"comment": "缺少说明"}).status_code == 303
    assert "缺少说明" in lead.get(MONTH).text
    lead.post(f"{MONTH}/submission", data={"comment": "已补充说明"})
    page = bureau.get(f"{MONTH}/review").text
    covers = page.partition('name="covers" value="')[2][:64]
    assert bureau.post(f"{MONTH}/acceptance", data={"covers": covers, "comment": ""}).status_code == 303
    assert "Close the month" in lead.get(MONTH).text
    assert lead.post(f"{MONTH}/closing", data={}).status_code == 303
    closed = lead.get(MONTH).text
    assert "已补充说明" in closed
    assert "had not accepted" not in closed
    pdf = lead.get(f"{MONTH}/steps/1.pdf")
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    assert lead.get(f"{MONTH}/steps/9.pdf").status_code == 404


def test_several_faults_share_one_text(app, as_, with_fault):
    with app.test_request_context(), transaction():
        other = finding("YH-2610-01", "hazard").id
    lead = as_("lead")
    assert lead.get(f"{MONTH}/rows/untold").text.count("data-record") == 2
    form = {"finding": [str(with_fault), str(other)], "handling": "已处理", "next_steps": "无后续"}
    assert lead.post(f"{MONTH}/findings", data=form).status_code == 303
    assert lead.get(f"{MONTH}/rows/untold").text.count("data-record") == 0


@pytest.mark.parametrize(
    ("deed", "allowed"),
    [
        ("submission", {"lead"}),
        ("return", {"supervisor"}),
        ("acceptance", {"supervisor"}),
        ("findings", {"lead", "tech"}),
    ],
)
def test_each_step_belongs_to_one_side(as_, deed, allowed):
    for username in ("tech", "lead", "supervisor", "office", "admin"):
        assert (as_(username).post(f"{MONTH}/{deed}", data={}).status_code == 403) is (username not in allowed)


def test_the_figures_that_changed_since_a_step_stand_on_the_page(app, as_, with_fault):
    with app.test_request_context(), transaction():
        told(with_fault)
        handed_in()
    with app.test_request_context(), transaction():
        inspect(list_rows()[0])
    for address in (MONTH, f"{MONTH}/review"):
        text = as_("supervisor").get(address).text
        assert "Rows inspected" in text
        assert "0 → 1" in text if address == MONTH else "Changed since the newest step" in text


def test_the_command_line_says_that_nothing_was_accepted(app):
    said = app.test_cli_runner().invoke(args=["month", "close", "SG", "2026-10"])
    assert said.exit_code == 0
    assert "had not accepted this summary" in said.output
