"""The checklist in a real browser: in a hurry, without network, without JavaScript, and against answers that lie."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from tests.browser.offline import fill_in
from tests.inspections.documents import ANTENNA, WALL, code_to_id
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.files.models import StoredFile
from webapp.inspections.models import Answer, Inspection

pytestmark = pytest.mark.browser

RUN = "#i-run-state label[data-s=ok]"


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """A photo of four megapixels, lying on its side as phones write them."""
    path = tmp_path / "photo.jpg"
    image = Image.effect_noise((2400, 1800), 40).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    return str(path)


@pytest.fixture
def form(app: Any, live: str, visitor: Any) -> Any:
    """`form()` opens the checklist of the vehicle's antenna as the technician."""

    def opened(code: str = ANTENNA, **options: Any) -> Page:
        page = visitor("tech", **options)
        page.goto(f"{live}/inspections/new/{code_to_id(app, code)}")
        return page

    return opened


def count(app: Any, table: Any) -> int:
    with app.app_context():
        return int(db.session.scalar(select(func.count()).select_from(table)) or 0)


def delivered(page: Page, place: str = "[data-done]") -> None:
    """After "done" the scanner comes at once; there the receipt is seen."""
    expect(page.locator(place)).to_have_attribute("data-s", "sent", timeout=15_000)


def take_photo(page: Page, item: str, photo: str) -> None:
    page.set_input_files(f"#i-{item} [name='upload.{item}']", photo)
    expect(page.locator(f"#i-{item} [data-photo]").last).to_be_visible()


def test_a_hurried_round_with_a_reading_out_of_limits(app, form, photo):
    page = form()
    page.click("#rest")
    expect(page.locator("#i-tx_safety")).to_have_attribute("data-s", "todo")  # danger is never answered in bulk
    expect(page.locator("#i-tracking")).to_have_attribute("data-s", "todo")  # nor is what need not be tested
    page.click("#i-tx_safety label[data-s=ok]")
    page.fill("#a-acquire_time", "342")
    expect(page.locator("#p-acquire_time")).to_have_text("超过限值 42 s，已转为异常")
    page.locator("#i-acquire_time [data-phrase]").first.click()
    page.click("#i-acquire_time label:has([value=fault])")
    expect(page.locator("#i-acquire_time .levels")).to_be_visible()
    take_photo(page, "acquire_time", photo)
    expect(page.locator("#i-acquire_time [data-photo]")).to_have_attribute("data-s", "draft")
    page.fill("#a-agc", "６２．１")
    take_photo(page, "photo_roof", photo)
    page.click(RUN)
    expect(page.locator("#missing")).to_have_text("已填齐")
    page.click("#finish")
    delivered(page)
    with app.app_context():
        done = db.session.scalars(select(Inspection)).one()
        assert (done.verdict, "reused_photo" in done.flags) == ("abnormal", True)
        assert db.session.scalars(select(Finding.level)).one() == "general"
        stored = db.session.scalars(select(StoredFile)).first()
        assert (stored.width, stored.height) == (1200, 1600)  # upright, and small enough
        assert stored.exif == {}


def test_what_is_no_number_is_said_at_once(form):
    page = form()
    page.fill("#a-acquire_time", "61,5")
    expect(page.locator("#i-acquire_time .not-number")).to_be_visible()
    page.fill("#a-acquire_time", "61.5")
    expect(page.locator("#i-acquire_time .not-number")).to_be_hidden()


def test_a_failed_safety_item_says_stop_at_once(form):
    page = form()
    expect(page.locator("#i-tx_safety .stop")).to_be_hidden()
    page.click("#i-tx_safety label[data-s=abnormal]")
    expect(page.locator("#i-tx_safety .stop")).to_be_visible()
    expect(page.locator("#i-tx_safety .panel")).to_be_visible()


def test_a_draft_with_its_photos_survives_the_page(app, form, photo):
    page = form()
    page.click("#i-stow label[data-s=abnormal]")
    page.fill("#why-stow", "螺丝松动")
    take_photo(page, "stow", photo)
    page.fill("#advice", "门口积水")
    expect(page.locator("#saved")).to_contain_text("已存本机")
    page.wait_for_timeout(350)  # the longest that typed text waits before it is kept
    page.reload()
    expect(page.locator("#why-stow")).to_have_value("螺丝松动")
    expect(page.locator("#advice")).to_have_value("门口积水")
    expect(page.locator("#i-stow [data-photo]")).to_have_count(1)
    expect(page.locator("#i-stow label[data-s=abnormal] input")).to_be_checked()
    page.click("#i-stow .drop")
    page.reload()
    expect(page.locator("#why-stow")).to_have_value("螺丝松动")
    expect(page.locator("#i-stow [data-photo]")).to_have_count(0)


def test_without_network_and_without_a_service_worker_it_waits_and_arrives_once(app, live, form, photo):
    page = form(service_workers="block")
    fill_in(page)
    page.context.set_offline(True)
    take_photo(page, "photo_roof", photo)
    page.click("#finish")
    page.wait_for_event("requestfailed")  # the next page cannot be shown
    assert count(app, Inspection) == 0
    page.context.set_offline(False)
    page.goto(f"{live}/outbox")
    delivered(page, "[data-sent] > li")
    assert (count(app, Inspection), count(app, StoredFile)) == (1, 1)


def test_what_the_server_refuses_comes_back_as_a_draft_with_its_photos(form, app, photo):
    page = form()
    fill_in(page)
    take_photo(page, "photo_roof", photo)
    said = {"error": {"code": "incomplete", "message": "还缺 1 处。", "fields": {"a.stow": ["收藏：请作答。"]}}}
    page.route(re.compile(r"/inspections/[0-9a-f-]{36}$"), lambda route: route.fulfill(status=422, json=said))
    page.click("#finish")
    expect(page.locator("[data-done]")).to_have_attribute("data-s", "attention")
    page.unroute_all()
    page.click("[data-done]")
    expect(page.locator("[data-waiting] [data-of=reason]")).to_have_text("还缺 1 处。 收藏：请作答。")
    page.click("[data-edit]")
    expect(page.locator("#a-acquire_time")).to_have_value("186")
    expect(page.locator("#i-photo_roof [data-photo]")).to_have_attribute("data-s", "sent")
    page.click("#finish")
    delivered(page)
    assert (count(app, Inspection), count(app, StoredFile)) == (1, 1)


def test_done_with_gaps_leads_to_the_first_gap_and_sends_nothing(app, form):
    page = form()
    page.click("#finish")
    expect(page.locator("#problem")).to_contain_text("请先补齐")
    expect(page.locator("#missing a")).to_have_attribute("href", "#i-tx_safety")
    assert count(app, Inspection) == 0


def test_on_plain_http_where_the_browser_cannot_compute_digests(app, form, photo, visitor, live):
    page = visitor("tech")
    page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined }); delete crypto.randomUUID;")
    page.goto(f"{live}/inspections/new/{code_to_id(app, ANTENNA)}")
    fill_in(page)
    take_photo(page, "photo_roof", photo)
    page.click("#finish")
    delivered(page)
    assert (count(app, Inspection), count(app, StoredFile)) == (1, 1)


def test_a_row_of_twelve(app, form, photo):
    page = form(WALL)
    page.click("#rest")
    page.locator("[data-step='-1']").click()
    expect(page.locator("#units-checked")).to_have_value("12")
    page.locator("[data-step='-1']").click()
    expect(page.locator("[data-units-reason]")).to_be_visible()
    page.fill("#units-reason", "12 号屏被展板遮挡")
    page.click("#i-units .cells label:nth-child(7)")
    page.click("#i-all_on label:has([value=partial])")
    page.fill("#why-all_on", "重插视频线后恢复")
    page.click("#i-all_on label:has([value=fixed])")
    take_photo(page, "all_on", photo)
    for item in page.locator(".item[data-kind=choice][data-s=todo]").all():
        item.locator("label[data-s=ok]").first.click()
    page.click(RUN)
    expect(page.locator("#missing")).to_have_text("已填齐")
    page.click("#finish")
    delivered(page)
    with app.app_context():
        done = db.session.scalars(select(Inspection)).one()
        assert (done.units_checked, done.abnormal_units) == (11, ["7"])


def test_javascript_off_the_whole_deed_works(app, form, photo):
    page = form(java_script_enabled=False)
    for name in ("tx_safety", "radome_body", "acu_selftest", "gnss_attitude", "cables"):
        page.check(f"[name='a.{name}'][value=pass]", force=True)
    page.check("[name='a.stow'][value=fail]", force=True)
    expect(page.locator("#i-stow .panel")).to_be_visible()
    page.fill("#why-stow", "卡住")
    page.check("[name='remedy.stow'][value=hazard]", force=True)
    page.set_input_files("[name='upload.stow']", photo)
    page.fill("#a-acquire_time", "186")
    page.fill("#a-agc", "62")
    page.check("[name='na.photo_roof']")
    page.check("[name=run_state][value=defective]", force=True)
    page.click("#finish")
    page.wait_for_url(re.compile(r"/inspections/[0-9a-f-]{36}$"))
    with app.app_context():
        answer = db.session.scalars(select(Answer).where(Answer.item_key == "stow")).one()
        assert (answer.verdict, answer.remedy) == ("abnormal", "hazard")
    assert count(app, StoredFile) == 1


def test_nothing_overflows_sideways(form):
    for size in ("phone", "tablet", "desk"):
        page = form(WALL, size=size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size


def test_two_forms_have_two_names(app, form, live):
    page = form()
    for _turn in range(2):
        page.goto(f"{live}/inspections/new/{code_to_id(app, ANTENNA)}")
        fill_in(page)
        page.click("#finish")
        delivered(page)
    assert count(app, Inspection) == 2
