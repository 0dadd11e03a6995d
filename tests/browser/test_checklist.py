"""The checklist in a real browser: in a hurry, without network, without JavaScript, and against answers that lie."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from sqlalchemy import func, select

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


def fill_in(page: Page) -> None:
    """Everything in order, as quickly as it goes."""
    expect(page.locator("#missing")).not_to_be_empty()
    page.click("#i-tx_safety label[data-s=ok]")
    page.click("#rest")
    page.fill("#a-acquire_time", "186")
    page.fill("#a-agc", "62.1")
    page.check("[name='na.photo_roof']")
    page.click(RUN)
    expect(page.locator("#missing")).to_have_text("已填齐")


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
    expect(page.locator("#i-acquire_time [data-photo]")).to_have_attribute("data-s", "sent")
    page.fill("#a-agc", "６２．１")
    take_photo(page, "photo_roof", photo)
    page.click(RUN)
    expect(page.locator("#missing")).to_have_text("已填齐")
    page.click("#finish")
    page.wait_for_url("**/scan?done=*")
    with app.app_context():
        done = db.session.scalars(select(Inspection)).one()
        assert (done.verdict, done.flags) == ("abnormal", ["reused_photo"])
        assert db.session.scalars(select(Finding.level)).one() == "general"
        stored = db.session.scalars(select(StoredFile)).first()
        assert (stored.width, stored.height) == (1200, 1600)  # upright, and small enough
        assert stored.exif == {}


def test_what_is_no_number_is_said_at_once(form):
    page = form()
    page.fill("#a-acquire_time", "61,5")
    expect(page.locator("#i-acquire_time [data-complaints]")).to_have_text("请填数字，例如 61.5。")
    page.fill("#a-acquire_time", "61.5")
    expect(page.locator("#i-acquire_time [data-complaints]")).to_be_empty()


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


def test_without_network_nothing_is_lost_and_it_arrives_once(app, form, photo):
    page = form()
    fill_in(page)
    page.context.set_offline(True)
    take_photo(page, "photo_roof", photo)
    expect(page.locator("#i-photo_roof [data-photo] b span")).to_have_text("在本机")
    page.click("#finish")
    expect(page.locator("#problem")).to_contain_text("内容都保存在本机")
    expect(page.locator("#finish")).to_have_text("重新发送")
    assert count(app, Inspection) == 0
    page.context.set_offline(False)
    page.reload()
    page.wait_for_url("**/scan?done=*")
    assert (count(app, Inspection), count(app, StoredFile)) == (1, 1)


def test_an_answer_lost_on_the_way_back_is_asked_for_again_under_the_same_name(app, form):
    page = form()
    fill_in(page)
    names: list[str] = []

    def lose_the_first(route: Route) -> None:
        names.append(route.request.url.rsplit("/", 1)[1])
        route.fetch()  # the server has it
        if len(names) == 1:
            route.abort()
        else:
            route.continue_()

    page.route(re.compile(r"/inspections/[0-9a-f-]{36}$"), lose_the_first)
    page.click("#finish")
    expect(page.locator("#problem")).to_contain_text("尚未送达")
    page.click("#finish")
    page.wait_for_url("**/scan?done=*")
    assert len(set(names)) == 1
    assert count(app, Inspection) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": "<h1>Welcome to the hotel</h1>", "content_type": "text/html"},
        {"status": 200, "body": "", "content_type": "application/json"},
        {"status": 200, "body": '{"id": "another"}', "content_type": "application/json"},
        {"status": 302, "headers": {"Location": "/sign-in"}},
        {"status": 500, "body": "oops"},
        {"status": 503, "body": "", "headers": {"Retry-After": "5"}},
    ],
)
def test_only_a_receipt_that_echoes_the_name_counts_as_delivery(app, form, answer):
    page = form()
    fill_in(page)
    page.route(re.compile(r"/inspections/[0-9a-f-]{36}$"), lambda route: route.fulfill(**answer))
    page.click("#finish")
    expect(page.locator("#finish")).to_have_text("重新发送")
    expect(page.locator("#problem .note")).to_be_visible()
    page.unroute_all()
    page.click("#finish")
    page.wait_for_url("**/scan?done=*")
    assert count(app, Inspection) == 1


def test_signed_out_meanwhile_keeps_everything_and_shows_the_way(app, form):
    page = form()
    fill_in(page)
    page.context.clear_cookies()
    page.click("#finish")
    expect(page.locator("#problem")).to_contain_text("请登录")
    assert "/sign-in?next=" in (page.locator("#problem a").get_attribute("href") or "")


def test_photos_that_the_server_lost_are_sent_again(app, form, photo):
    page = form()
    fill_in(page)
    lie = '{{"id": "{}", "sha256": "{}"}}'

    def pretend(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        route.fulfill(status=201, body=lie.format(name, route.request.headers["x-content-sha256"]))

    page.route("**/files/*", pretend, times=1)
    take_photo(page, "photo_roof", photo)
    expect(page.locator("#i-photo_roof [data-photo]")).to_have_attribute("data-s", "sent")
    page.click("#finish")
    page.wait_for_url("**/scan?done=*")
    assert (count(app, Inspection), count(app, StoredFile)) == (1, 1)


def test_three_taps_on_done_send_once(app, form):
    page = form()
    fill_in(page)
    page.evaluate("() => { const done = document.getElementById('finish'); done.click(); done.click(); done.click(); }")
    page.wait_for_url("**/scan?done=*")
    assert count(app, Inspection) == 1


def test_what_the_server_misses_is_shown_at_its_item(form, app):
    page = form()
    fill_in(page)
    said = '{"error": {"code": "incomplete", "message": "还缺 1 处。", "fields": {"a.stow": ["收藏：请作答。"]}}}'
    page.route(
        re.compile(r"/inspections/[0-9a-f-]{36}$"),
        lambda route: route.fulfill(status=422, body=said, content_type="application/json"),
    )
    page.click("#finish")
    expect(page.locator("#i-stow [data-complaints]")).to_have_text("收藏：请作答。")
    expect(page.locator("#finish")).to_be_enabled()
    expect(page.locator("#finish")).to_have_text("完成，下一台")
    page.unroute_all()
    page.click("#finish")
    page.wait_for_url("**/scan?done=*")


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
    expect(page.locator("#i-photo_roof [data-photo]")).to_have_attribute("data-s", "sent")
    page.click("#finish")
    page.wait_for_url("**/scan?done=*")
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
    page.wait_for_url("**/scan?done=*")
    with app.app_context():
        done = db.session.scalars(select(Inspection)).one()
        assert (done.units_checked, done.abnormal_units) == (11, ["7"])


def test_without_javascript_the_whole_deed_works(app, form, photo):
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


def test_two_forms_have_two_names(app, form):
    page = form()
    seen: set[str] = set()
    page.on("request", lambda request: seen.add(request.url.rsplit("/", 1)[1]) if request.method == "POST" else None)
    for _turn in range(2):
        page.goto(f"{page.url.split('/scan')[0].split('/inspections')[0]}/inspections/new/{code_to_id(app, ANTENNA)}")
        fill_in(page)
        page.click("#finish")
        page.wait_for_url("**/scan?done=*")
    assert len(seen) == 2
    assert all(uuid.UUID(name) for name in seen)
