"""The overview of several command centres: counted as their month pages count, few statements, the right ones only."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.reports.month_of_work import (
    AFTER_OCTOBER,
    IN_OCTOBER,
    OCTOBER,
    give_back,
    inspect,
    list_rows,
    site_called,
    somebody,
)
from webapp.assets.models import Asset, System
from webapp.extensions import db
from webapp.faults.models import EventKind, Finding, FindingEvent
from webapp.fieldwork.actions import note_report
from webapp.fieldwork.schemas import ReportSchema
from webapp.kit.clock import Month, utc_now
from webapp.kit.transaction import transaction
from webapp.reports.closing import close
from webapp.reports.figures import count_of
from webapp.reports.models import MonthStep
from webapp.reports.monthly import build
from webapp.reports.rollup import is_late, rollup
from webapp.reports.rollup_queries import faults_since
from webapp.sites.actions import give_role
from webapp.sites.models import Role, ServiceLine, Site

KEPT = ("due", "done", "abnormal", "faults-open")


def october(code: str = "SG", now: datetime = AFTER_OCTOBER):
    (line,) = rollup([site_called(code)], now).lines
    return next(cell for cell in line.cells if cell.month == OCTOBER)


def work_of_october() -> None:
    rows = list_rows()
    for asset in rows[:6]:
        inspect(asset)
    inspect(rows[0], IN_OCTOBER + timedelta(hours=1), abnormal={"nothing": {}})
    give_back(inspect(rows[7]))
    inspect(rows[8], datetime(2026, 10, 31, 15, 59, tzinfo=UTC))
    inspect(rows[9], datetime(2026, 10, 31, 16, 0, tzinfo=UTC))  # 1 November in Shaoguan
    place = next(
        asset for asset in db.session.scalars(select(Asset)) if asset.is_place and asset.site_id == rows[0].site_id
    )
    inspect(place)
    db.session.flush()


def figures(cell) -> tuple[int, ...]:
    return cell.due, cell.done, cell.abnormal, cell.faults_open


def test_a_month_counts_as_its_own_page_counts_it(context):
    with transaction():
        work_of_october()
    summary = build(site_called("SG"), OCTOBER, AFTER_OCTOBER)
    assert figures(october()) == tuple(count_of(summary, name) for name in KEPT)
    assert figures(october())[1:3] == (7, 1)
    assert october().coverage == summary.total.row_percent


def test_a_row_out_of_service_is_not_due_and_does_not_count(context):
    with transaction():
        site_called("SG").created_at = datetime(2026, 9, 1, tzinfo=UTC)
        rows = list_rows()
        inspect(rows[0])
        inspect(rows[1])
        rows[0].service_to = date(2026, 9, 30)
        rows[1].status = "retired"
        db.session.flush()
    summary = build(site_called("SG"), OCTOBER, AFTER_OCTOBER)
    assert figures(october()) == tuple(count_of(summary, name) for name in KEPT)
    assert october().done == 0


def test_a_closed_month_stands_as_it_was_closed(context):
    site = site_called("SG")
    with transaction():
        work_of_october()
        close(site, OCTOBER, by=None, now=AFTER_OCTOBER, nevertheless=True, reason="x")
    before = october()
    with transaction():
        inspect(list_rows()[20])
    assert before.is_closed
    assert october() == before


def test_work_that_is_out_shows_until_the_month_is_closed(context):
    site = site_called("SG")
    with transaction():
        oldest = IN_OCTOBER.isoformat()
        device = {"device": str(uuid.uuid4()), "waiting": 2, "attention": 1, "oldest": oldest}
        note_report(ReportSchema().load(device), user_agent="", by=somebody("tech"), now=IN_OCTOBER)
    assert october().unsent == 3
    assert next(c for c in rollup([site], AFTER_OCTOBER).lines[0].cells if c.month == Month(2026, 9)).unsent == 0
    assert october("FT").unsent == 0
    with transaction():
        close(site, OCTOBER, by=None, now=AFTER_OCTOBER, nevertheless=True, reason="x")
    assert october().unsent == 0


@pytest.mark.parametrize(
    ("handed_in", "today", "known_since", "late"),
    [
        (date(2026, 10, 31), date(2026, 11, 20), date(2026, 1, 1), False),
        (date(2026, 11, 1), date(2026, 11, 20), date(2026, 1, 1), True),
        (None, date(2026, 10, 31), date(2026, 1, 1), False),
        (None, date(2026, 11, 1), date(2026, 1, 1), True),
        (None, date(2026, 11, 20), date(2026, 11, 1), None),
        (None, date(2026, 11, 20), date(2026, 10, 31), True),
        (date(2026, 11, 3), date(2026, 11, 20), date(2026, 11, 1), True),
    ],
)
def test_a_paper_is_late_after_its_due_day_handed_in_or_not(handed_in, today, known_since, late):
    assert is_late(handed_in, date(2026, 10, 31), today, known_since) is late


def test_lateness_follows_the_first_handing_in(context):
    site = site_called("SG")
    with transaction():
        site.created_at = datetime(2026, 9, 1, tzinfo=UTC)
        for number, (kind, day) in enumerate([("handed_in", 30), ("returned", 31), ("handed_in", 45)], start=1):
            at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=day - 1)
            db.session.add(
                MonthStep(
                    id=uuid.uuid4(),
                    site_id=site.id,
                    month="2026-10",
                    number=number,
                    kind=kind,
                    comment="",
                    taken_by=somebody("lead").id,
                    taken_at=at,
                    figures={},
                    digest="",
                    content="",
                )
            )
    assert (october().is_plan_late, october().is_summary_late, october().late) == (True, False, 1)


def fault_of_august(*turns: tuple[EventKind, datetime]) -> None:
    site, at, by = site_called("SG"), datetime(2026, 8, 20, tzinfo=UTC), somebody("tech").id
    fault = Finding(
        id=uuid.uuid4(), site_id=site.id, kind="fault", number="GZ-2608-01", level="general", text="x",
        reported_by=by, reported_at=at, entered_at=at,
    )  # fmt: skip
    db.session.add(fault)
    db.session.flush()
    for kind, moment in turns:
        db.session.add(FindingEvent(finding_id=fault.id, kind=kind.value, at=moment, received_at=moment, by=by))
        db.session.flush()


def test_a_fault_counts_in_every_month_at_whose_end_it_was_open(context):
    closed, reopened = datetime(2026, 9, 30, 15, 59, tzinfo=UTC), datetime(2026, 10, 5, tzinfo=UTC)
    with transaction():
        fault_of_august((EventKind.CLOSED, closed), (EventKind.REOPENED, reopened))
    (line,) = rollup([site_called("SG")], AFTER_OCTOBER).lines
    found = {str(cell.month): cell.faults_open for cell in line.cells}
    assert [found[f"2026-{month:02d}"] for month in (7, 8, 9, 10, 11)] == [0, 1, 0, 1, 1]
    for month in (Month(2026, 8), Month(2026, 9), OCTOBER):
        assert found[str(month)] == count_of(build(site_called("SG"), month, AFTER_OCTOBER), "faults-open")


def test_what_was_closed_before_the_first_month_shown_is_not_read(context):
    with transaction():
        fault_of_august((EventKind.CLOSED, datetime(2026, 8, 30, tzinfo=UTC)))
    site = site_called("SG")
    assert len(faults_since([site.id], datetime(2026, 8, 1, tzinfo=UTC))) == 1
    assert faults_since([site.id], datetime(2026, 9, 1, tzinfo=UTC)) == []


def many_sites(count: int) -> None:
    """Further command centres where lead is the lead; each with rows, inspections and a closed month."""
    lead, model = somebody("lead"), list_rows()[:3]
    for number in range(count):
        site = Site(
            id=uuid.uuid4(), code=f"X{number}", name=f"示例市{number}应急指挥中心", short_name=f"示例{number}",
            timezone="Asia/Shanghai" if number % 2 else "Asia/Urumqi", is_demo=True, fault_levels=[],
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        db.session.add(site)
        db.session.flush()
        line = ServiceLine(
            site_id=site.id, number=1, name="指挥大厅", starts_on=date(2026, 1, 1), ends_on=date(2028, 1, 1)
        )
        db.session.add(line)
        db.session.flush()
        system = System(site_id=site.id, service_line_id=line.id, position=1, name="会议系统")
        db.session.add(system)
        db.session.flush()
        for nth, like in enumerate(model):
            asset = Asset(
                site_id=site.id, system_id=system.id, code=f"X{number}-{nth}", position=nth, kind=like.kind,
                name=like.name, category=like.category, created_at=utc_now(),
            )  # fmt: skip
            db.session.add(asset)
        give_role(lead, site, Role.LEAD, by=None, now=utc_now())


def statements(queries: list[str]) -> list[str]:
    return [sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]


@pytest.mark.parametrize("amount", [1, 142])
def test_the_page_takes_at_most_ten_statements_for_143_command_centres(app, as_, queries, amount):
    with app.test_request_context(), transaction():
        many_sites(amount)
    lead = as_("lead")
    lead.get("/overview")
    queries.clear()
    page = lead.get("/overview")
    assert page.text.count("<tr>") == amount + 2  # their head, and Shaoguan
    assert len(statements(queries)) <= 10, statements(queries)


def test_it_shows_exactly_the_sites_where_one_has_a_role(app, as_):
    assert "韶关" in as_("lead").get("/overview").text
    stranger = as_("supervisor2").get("/overview").text
    assert "福田" in stranger
    assert "韶关" not in stranger


def test_only_who_has_several_sites_finds_it_in_the_menu(app, as_):
    assert 'href="/overview"' not in as_("lead").get("/faults").text
    with app.test_request_context(), transaction():
        many_sites(1)
    assert 'href="/overview"' in as_("lead").get("/faults").text


def test_each_cell_opens_that_month_of_that_site(app, as_):
    with app.test_request_context(), transaction():
        many_sites(2)
    lead = as_("lead")
    page = lead.get("/overview?show=abnormal").text
    assert 'aria-current="true">Abnormal rows' in page
    cells = re.findall(r'<button class="heat" form="(go-\d+)" name="next" value="(/months/\d{4}-\d\d)"', page)
    assert len(cells) == 3 * 12
    forms = dict(
        re.findall(r'<form id="(go-\d+)" method="post" action="/sites/choice">.*?value="([0-9a-f-]{36})"', page)
    )
    form, month = cells[-2]
    answer = lead.post("/sites/choice", data={"site": forms[form], "next": month})
    assert answer.location == month
    assert "示例1" in lead.get(month).text


@pytest.mark.one_database
@pytest.mark.parametrize("show", ["", "coverage", "abnormal", "faults", "late", "unsent", "nonsense"])
def test_every_figure_is_a_number_and_not_a_colour_alone(app, as_, show):
    page = as_("lead").get(f"/overview?show={show}").text
    cells = re.findall(r'class="heat".*?</small><span aria-hidden="true">(.*?)</span></button>', page)
    assert len(cells) == 12
    assert all(re.fullmatch(r"–|\d+(\.\d)?", cell) for cell in cells), cells


def test_a_month_before_the_site_was_entered_here_is_not_left_undone(context):
    site = site_called("SG")
    with transaction():
        site.created_at = AFTER_OCTOBER
    assert (october().due, october().coverage) == (0, None)
    with transaction():
        inspect(list_rows()[0])
    assert october().due == count_of(build(site, OCTOBER, AFTER_OCTOBER), "due")
