"""The main job, end to end, as people do it: label → checklist → photo → signature → month and joint test → verify."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.story import ANTENNA, TOO_SLOW, today
from webapp.assets.models import Asset, Label
from webapp.demo.pictures import photo
from webapp.extensions import db

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

READINGS = {"agc": "62.1"}


def test_a_reading_out_of_its_limit_goes_from_the_label_to_month_and_joint_test(app: Flask, live: str, visitor: Any):
    code = short_code(app, ANTENNA)
    tech: Page = visitor("tech")
    type_the_code(tech, live, code)
    fill_in_the_antenna(tech)
    tech.click("#finish")
    tech.wait_for_url("**/scan?done=*")
    expect(tech.locator("[data-done]")).to_have_attribute("data-s", "sent")

    supervisor: Page = visitor("supervisor", "tablet")
    supervisor.goto(f"{live}/visits")
    supervisor.click("main a.row")
    expect(supervisor.locator("#abnormal")).to_be_visible()
    assert "342" in supervisor.locator("main").inner_text()
    sign(supervisor)
    supervisor.click("text=核验")
    expect(supervisor.locator("#verdict")).to_contain_text("封存后未改动")

    office: Page = visitor("office", "desk")
    office.goto(f"{live}/months/{today()[:7]}")
    assert "车载Ku动中通天线" in office.locator("main").inner_text().replace(" ", "")

    tech.goto(f"{live}/joint-tests/new")
    proposed = tech.locator("input[name='v.ku_otm.0.acquire_time']")
    expect(proposed).to_have_value(TOO_SLOW)


def short_code(app: Flask, code: str) -> str:
    """What is printed under the label's symbol."""
    with app.app_context():
        wanted = select(Label.short_code).join(Asset).where(Asset.code == code, Label.replaced_at.is_(None))
        return str(db.session.scalars(wanted).one())


def type_the_code(page: Page, live: str, code: str) -> None:
    """Opens the scanner and types the code as somebody in a hurry would: small letters, no hyphen."""
    page.goto(f"{live}/scan")
    page.fill("input[name=code]", code.lower().replace("-", ""))
    page.click(".thumb button.primary")
    page.wait_for_url("**/inspections/new/**")


def fill_in_the_antenna(page: Page) -> None:
    """Everything in order but the time to acquire the satellite, with reason, photo and fault."""
    page.check("input[name='a.tx_safety'][value=pass]", force=True)
    page.click("#rest")
    page.fill("input[name='a.acquire_time']", TOO_SLOW)
    panel = page.locator("#i-acquire_time .panel")
    expect(panel).to_be_visible()
    expect(panel.locator("[data-heading]")).to_contain_text("42")
    page.fill("textarea[name='why.acquire_time']", "冷启动后多次重捕，第三次才锁定")
    page.check("input[name='remedy.acquire_time'][value=fault]", force=True)
    give_photo(page, "acquire_time")
    for key, value in READINGS.items():
        page.fill(f"input[name='a.{key}']", value)
    give_photo(page, "photo_roof")
    page.check("input[name=run_state][value=defective]", force=True)
    expect(page.locator("#missing")).not_to_contain_text("还缺")


def give_photo(page: Page, key: str) -> None:
    """Takes a photo for an item and waits until it is kept."""
    page.set_input_files(
        f"input[name='upload.{key}']", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": photo(key)}
    )
    expect(page.locator(f"[data-strip={key}] li[data-photo]")).to_be_visible()


def sign(page: Page) -> None:
    """Draws a signature with the mouse and seals."""
    pad = page.locator("canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for step in range(12):
        page.mouse.move(box["x"] + 40 + step * 14, box["y"] + 60 + (30 if step % 2 else -20))
    page.mouse.up()
    page.click("button.seal-btn")
    expect(page.locator(".stamp")).to_be_visible()
