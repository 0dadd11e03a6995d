"""The plan in the browser: from draft to approval, filters, comparing, addenda; who may and who may not."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from tests.inspections.documents import ANTENNA
from tests.plans.planned_months import IN_TIME, approved, drafted, seen, submitted
from tests.visits.days import inspected, somebody
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.sites.calendar_models import CalendarDay

PAGE = "/plans/2026-12"


@pytest.fixture
def made(app):
    """Does something in a request of its own."""

    def run(work, *arguments, **changes):
        with app.test_request_context():
            return work(*arguments, **changes)

    return run


@pytest.fixture
def clock(monkeypatch):
    """Sets the moment that the doors of the plan ask for."""
    from webapp.plans import calendar_views, commands, month_views, review_views, views

    def at(moment: datetime) -> None:
        for module in (calendar_views, commands, month_views, review_views, views):
            monkeypatch.setattr(module, "utc_now", lambda: moment)

    at(IN_TIME)
    return at


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def lines_on(page: str) -> int:
    return len(re.findall(r'id="line-', page))


def test_a_month_is_planned_by_two_roles_in_the_browser(as_, clock, made):
    lead, bureau = as_("lead"), as_("supervisor")
    assert "No plan for this month yet" in lead.get(PAGE).text
    assert lead.post(f"{PAGE}/draft").status_code == 303
    total = len(made(lambda: seen().lines))
    assert lines_on(lead.get(PAGE).text) == total
    day = made(lambda: seen().lines[0].day)
    answer = lead.post(f"{PAGE}/changes", data={"version": 1, "group": f"day:{day}", "day": "2026-12-31"})
    assert answer.status_code == 303
    assert "saved=" in answer.location
    assert "version 2 now" in text_of(lead.get(answer.location).text)
    assert not made(lambda: [line for line in seen().lines if line.day == day and not line.due_at])
    assert lead.post(f"{PAGE}/submission", data={"version": 2}).status_code == 303
    assert "Approve the plan" in bureau.get(PAGE).text
    assert "Approve the plan" not in lead.get(PAGE).text
    assert bureau.post(f"{PAGE}/return", data={"version": 2}).status_code == 422  # it needs a comment
    assert bureau.post(f"{PAGE}/return", data={"version": 2, "comment": "天线改到月初"}).status_code == 303
    assert "天线改到月初" in lead.get(PAGE).text
    lead.post(f"{PAGE}/submission", data={"version": 2})
    antenna = made(lambda: next(line.id for line in seen().lines if line.code == ANTENNA))
    changed = {"version": 2, "line": str(antenna), "day": "2026-12-01"}
    assert bureau.post(f"{PAGE}/review/changes", data=changed).status_code == 303
    compared = text_of(bureau.get(f"{PAGE}/versions").text)
    assert "Another day" in compared
    assert "车载Ku动中通天线" in compared
    assert bureau.post(f"{PAGE}/approval", data={"version": 2}).status_code == 409  # it is version 3 by now
    assert bureau.post(f"{PAGE}/approval", data={"version": 3}).status_code == 303
    assert "The rounds follow this plan" in lead.get(PAGE).text
    assert "Approved" in lead.get("/plans").text


@pytest.mark.parametrize(
    ("username", "address"),
    [
        ("tech", f"{PAGE}/draft"),
        ("supervisor", f"{PAGE}/submission"),
        ("lead", f"{PAGE}/approval"),
        ("lead", f"{PAGE}/return"),
        ("lead", f"{PAGE}/decisions"),
        ("lead", f"{PAGE}/review/changes"),
        ("supervisor", f"{PAGE}/addenda"),
        ("office", "/plans/presentations"),
        ("tech", "/plans/calendar"),
    ],
)
@pytest.mark.one_database
def test_each_side_does_its_own_part_only(as_, clock, username, address):
    assert as_(username).post(address, data={"version": 1}).status_code == 403


def test_a_plan_that_is_late_says_so_with_the_moment_it_was_handed_in(as_, clock, made):
    made(submitted, now=datetime(2026, 12, 1, 1, 30, tzinfo=UTC))
    clock(datetime(2026, 12, 2, tzinfo=UTC))
    lead = as_("lead")
    assert "Handed in late: 2026-12-01 09:30, due Nov 30, 2026" in text_of(lead.get(PAGE).text)
    index = lead.get("/plans").text
    assert 'class="late">late' in index
    assert "due Dec 31, 2026" in text_of(index)  # the next one


def test_the_plan_is_narrowed_to_a_person_a_day_a_line_or_a_state(as_, clock, made):
    made(drafted)
    lead, planned = as_("lead"), made(seen)
    day = planned.lines[0].day
    assert lines_on(lead.get(f"{PAGE}?day={day}").text) == sum(line.day == day for line in planned.lines)
    assert lines_on(lead.get(f"{PAGE}?line=3").text) == 20
    assert lines_on(lead.get(f"{PAGE}?person={planned.lines[0].technician_id}").text) == len(planned.lines)
    assert lines_on(lead.get(f"{PAGE}?state=done").text) == 0
    assert "Nothing to show" in lead.get(f"{PAGE}?state=overdue").text
    assert lead.get(f"{PAGE}?line=x").status_code == 422
    assert lead.get("/plans/2026-13").status_code == 404


def test_changes_of_an_approved_plan_go_through_a_reason_and_the_bureau(as_, clock, made):
    made(approved)
    lead, bureau = as_("lead"), as_("supervisor")
    page = lead.get(f"{PAGE}/addenda").text
    line = re.search(r'name="line" value="([^"]+)"', page).group(1)
    deed = {"id": str(uuid.uuid4()), "deed": "cancel", "line": line}
    assert lead.post(f"{PAGE}/addenda", data=deed).status_code == 422  # no reason
    for _again in range(2):
        assert lead.post(f"{PAGE}/addenda", data=deed | {"reason": "送修"}).status_code == 303
    (waiting,) = re.findall(r'name="addendum" value="([^"]+)"', bureau.get(PAGE).text)
    assert bureau.post(f"{PAGE}/decisions", data={"addendum": waiting, "is_approved": "1"}).status_code == 303
    assert made(lambda: seen().total.cancelled) == 1
    assert bureau.post(f"{PAGE}/decisions", data={"addendum": waiting, "is_approved": "0"}).status_code == 409
    move = {"id": str(uuid.uuid4()), "deed": "move", "group": f"day:{made(seen).lines[5].day}", "day": "2026-12-31"}
    assert lead.post(f"{PAGE}/addenda", data=move | {"reason": "出车"}).status_code == 303
    assert "送修" in lead.get(PAGE).text
    assert "出车" in lead.get(PAGE).text


def test_a_presentation_and_a_day_that_differs_are_entered_and_taken_back(as_, clock, made):
    lead, bureau = as_("lead"), as_("supervisor")
    given = {"id": str(uuid.uuid4()), "title": "省厅调研", "day": "2026-12-16", "time": "10:00"}
    assert lead.post("/plans/presentations", data=given).status_code == 303
    assert "2026-12-16 10:00" in lead.get("/plans/presentations").text
    off = {"presentation": given["id"], "reason": "改期"}
    assert lead.post("/plans/presentations/calling-off", data=off).status_code == 303
    assert "called off: 改期" in text_of(bureau.get("/plans/presentations").text)
    day = {"day": "2026-12-04", "is_working": "0", "name": "停电检修"}
    assert bureau.post("/plans/calendar/review", data=day).status_code == 303
    assert "停电检修" in lead.get("/plans/calendar?year=2026").text
    assert "are not known to this version" in lead.get("/plans/calendar?year=2040").text
    assert lead.post("/plans/calendar/removal", data={"day": "2026-12-04"}).status_code == 303
    assert made(lambda: db.session.scalars(select(CalendarDay)).all()) == []


def test_another_site_sees_its_own_plans_only(as_, clock, made):
    made(approved)
    page = as_("tech2").get(PAGE).text
    assert "No plan for this month yet" in page
    assert "SG-" not in page


def test_today_without_an_approved_plan_says_so_and_shows_the_month_as_ever(as_, clock, made):
    clock(utc_now())
    page = as_("tech").get("/today").text
    assert "No approved plan for this month." in page
    assert page.count("data-pack=") == 3


def test_today_shows_what_the_approved_plan_gives_each_person(as_, clock, made):
    made(approved)
    noon = datetime(2026, 12, 9, 4, tzinfo=UTC)
    clock(noon)
    planned = made(seen, now=noon)
    today = [line for line in planned.lines if line.day == date(2026, 12, 9)]
    overdue = [line for line in planned.lines if line.is_overdue]
    page = as_("tech").get("/today").text
    assert "My plan today" in page
    assert f"{len(overdue)} checks are overdue" in page
    assert all(f"/inspections/new/{line.asset_id}" in page for line in today)
    assert page.count("data-pack=") == 3  # everything else of the month stays within reach
    assert f"/assets/{today[0].asset_id}" in as_("supervisor").get("/today").text  # accompanies, does not inspect
    assert "Nothing is planned for me today." in as_("lead").get("/today").text
    with_work = datetime(2026, 12, 9, 5, tzinfo=UTC)

    def hand_in() -> None:
        with transaction():
            for line in today:
                inspected(line.code, somebody("tech"), at=noon)

    made(hand_in)
    clock(with_work)
    assert "All of today is done." in as_("tech").get("/today").text


def test_the_command_line_drafts_the_next_month_and_again_adds_nothing(app, clock):
    runner = app.test_cli_runner()
    first = runner.invoke(args=["plans", "draft", "SG"])
    again = runner.invoke(args=["plans", "draft", "SG", "2026-12"])
    assert "SG 2026-12: draft, version 1, " in first.output
    assert "0 added" in again.output
    assert runner.invoke(args=["plans", "draft", "SG", "2026-10"]).exit_code == 1
    assert runner.invoke(args=["plans", "draft", "SG", "December"]).exit_code == 2
    assert runner.invoke(args=["plans", "draft", "XX"]).exit_code == 1


def test_the_pages_take_a_fixed_number_of_queries(as_, clock, made, queries):
    lead, bureau = as_("lead"), as_("supervisor")

    def counted(client, path: str) -> int:
        queries.clear()
        assert client.get(path).status_code == 200
        return len(queries)

    made(drafted)
    lead.post(f"{PAGE}/submission", data={"version": 1})
    few = [
        counted(bureau, f"{PAGE}/review"),
        counted(lead, PAGE),
        counted(lead, "/plans"),
        counted(lead, f"{PAGE}/versions"),
    ]
    lines = made(seen).lines
    for number in range(3):
        changed = {
            "version": 1 + (number > 0),
            "line": [str(line.id) for line in made(seen).lines[:5]],
            "day": "2026-12-31",
        }
        bureau.post(f"{PAGE}/review/changes", data=changed)
    more = [
        counted(bureau, f"{PAGE}/review"),
        counted(lead, PAGE),
        counted(lead, "/plans"),
        counted(lead, f"{PAGE}/versions"),
    ]
    assert few == more
    assert max(few) <= 10
    assert len(lines) == len(made(seen).lines)
    bureau.post(f"{PAGE}/approval", data={"version": 2})
    assert counted(lead, f"{PAGE}/addenda") <= 10
    assert counted(lead, PAGE) <= 10
