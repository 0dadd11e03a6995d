"""A major fault from the telephone to the closed record: lead, technician, bureau; the arrival is told offline."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.offline import Field, deliver, kept, until, waiting
from webapp.extensions import db
from webapp.faults.models import Finding, FindingEvent

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

RECORD = {
    "analysis": "保险丝老化熔断",
    "handling": "更换保险丝，复测供电正常",
    "responsibility": "自然损耗，无人为责任",
    "lessons": "列入季度更换",
}

ORDER = [
    *("reported", "acknowledged", "informed", "arrived", "restored"),
    *("backed_up", "repaired", "analysed", "tested", "closed"),
]


def test_a_major_fault_by_three_roles_one_of_them_without_network(field: Field, phone: Any):
    lead, tech, supervisor = phone("lead"), phone(worker=True), phone("supervisor")
    fault = told_by_telephone(lead, field)
    page = f"{field.base}/faults/{fault}"

    tech.goto(page)
    expect(tech.locator("#clocks")).to_be_visible()
    step(tech, "acknowledged")
    step(tech, "informed", person="陈志强")
    expect(tech.locator("#arrival")).to_be_visible()

    field.line.unplug()
    tech.goto(page)
    expect(tech.locator("#arrival")).to_be_visible()
    tech.fill("#f-scanned", field.label().short_code)
    tech.click("#arrival form:has(#f-scanned) button.btn")
    until(tech, lambda: [one.kind for one in waiting(tech)] == ["arrival"], "the arrival waits")
    tech.goto(f"{field.base}/outbox")
    expect(tech.locator("[data-waiting] > li")).to_have_count(1)
    lead.wait_for_timeout(1100)  # so that claimed and received are two moments
    field.line.plug_in()
    deliver(tech)
    (receipt,) = (one for one in kept(tech, "receipts") if one["kind"] == "arrival")
    assert receipt["url"] == f"/faults/{fault}/arrivals"

    tech.goto(page)
    step(tech, "restored", text="切换到备用电源")
    step(tech, "backed_up", text="配置已导出到笔记本")
    step(tech, "repaired", text="更换保险丝")
    tech.select_option("#analysed-cause", "power")
    step(tech, "analysed", **RECORD)
    expect(tech.locator("#next")).to_have_count(0)

    supervisor.goto(page)
    supervisor.check("#step-tested [name=passed][value=true]", force=True)
    step(supervisor, "tested", text="现场通电试验，业务恢复")
    until(supervisor, lambda: field.ask(lambda: closed_at(fault)), "the passed test has closed it")

    story = field.ask(lambda: story_of(fault))
    arrival = next(one for one in story if one.kind == "arrived")
    order = [
        "reported",
        "acknowledged",
        "informed",
        "arrived",
        "restored",
        "backed_up",
        "repaired",
        "analysed",
        "tested",
    ]
    assert [one.kind for one in story] == [*order, "closed"]
    assert arrival.received_at > arrival.at, "the clock counts when somebody arrived, not when the phone had network"


def told_by_telephone(lead: Page, field: Field) -> str:
    """The lead enters what was told on the telephone; the id of the fault."""
    lead.goto(f"{field.base}/faults/new?asset={field.asset()}")
    lead.check("[name=kind][value=fault]", force=True)
    lead.fill("#f-text", "卫星车电源故障，全部通信中断")
    lead.check("[name=level][value=major]", force=True)
    lead.check("[name=channel][value=telephone]", force=True)
    lead.click("#finish")
    (receipt,) = until(lead, lambda: kept(lead, "receipts"), "the report is delivered")
    return str(receipt["id"])


def step(page: Page, kind: str, **fields: str) -> None:
    """Takes the one next step at the thumb; waits until the page has gone on to another."""
    for name, text in fields.items():
        page.fill(f"#{kind}-{name}", text)
    page.click(f".thumb button[form=step-{kind}]")
    expect(page.locator(f".thumb button[form=step-{kind}]")).to_have_count(0)


def closed_at(fault: str) -> Any:
    return db.session.get_one(Finding, uuid.UUID(fault)).closed_at


def story_of(fault: str) -> list[FindingEvent]:
    """All steps in the order of the claimed times."""
    told = (
        select(FindingEvent)
        .where(FindingEvent.finding_id == uuid.UUID(fault))
        .order_by(FindingEvent.at, FindingEvent.id)
    )
    return list(db.session.scalars(told))


def test_what_is_typed_into_a_step_of_the_office_stays_when_the_sign_in_has_expired(field: Field, phone: Any):
    lead = phone("lead")
    fault = told_by_telephone(lead, field)
    lead.wait_for_url(f"**/faults/{fault}")  # the page of what was just reported opens by itself
    lead.evaluate("document.querySelectorAll('#main details').forEach(one => one.open = true)")
    form = lead.locator("#step-level_changed")
    form.locator("label:has([value=general])").click()
    form.locator("[name=text]").fill("业务已由备用线路承担")
    cookies = lead.context.cookies()
    lead.context.clear_cookies()
    form.locator("button").click()
    expect(lead.locator("#problem")).to_contain_text("登录")
    expect(form.locator("[name=text]")).to_have_value("业务已由备用线路承担")
    lead.context.add_cookies(cookies)
    form.locator("button").dblclick()
    expect(lead.locator(".rail")).to_contain_text("业务已由备用线路承担")
    assert [one.kind for one in field.ask(lambda: story_of(fault))].count("level_changed") == 1


def test_the_board_says_itself_when_it_has_not_been_renewed_for_long(field: Field, phone: Any):
    board = phone("office")
    board.goto(f"{field.base}/board")
    told = board.locator(".board-stale")
    expect(told).to_be_hidden()
    board.evaluate(GO_ON, 99_000)
    expect(told).to_be_hidden()
    board.evaluate(GO_ON, 101_000)
    expect(told).to_be_visible()
    with board.expect_response(lambda answer: answer.url.endswith("/board") and answer.ok):
        board.evaluate("htmx.ajax('GET', '/board', {target: '#board', swap: 'outerHTML'})")
    expect(told).to_be_hidden()


GO_ON = """milliseconds => {
    for (const one of document.querySelector(".board-stale").getAnimations()) one.currentTime = milliseconds;
}"""
