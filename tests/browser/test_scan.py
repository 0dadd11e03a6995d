"""The scanner in a real Chromium, before a camera that shows a label (a film made for each test)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest
import qrcode
from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from qrcode.constants import ERROR_CORRECT_M
from sqlalchemy import select

from tests.browser.conftest import FLAGS, visitors
from webapp.assets.models import Asset, Label
from webapp.extensions import db

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

ANTENNA = "SG-2-01-001"
PATIENCE = 20_000  # ms until a slow machine has opened its camera


@pytest.fixture
def label(app: Flask) -> Label:
    """The label of the vehicle's antenna."""
    with app.app_context():
        return db.session.scalars(select(Label).join(Asset).where(Asset.code == ANTENNA)).one()


@contextmanager
def camera(chromium: Browser, film: Path | None, live: str, *, allowed: bool = True) -> Iterator[Callable[..., Page]]:
    """A Chromium whose camera shows the film; without one it has no camera."""
    flags = [*FLAGS, "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-video-capture={film}"] if film else []
    flags += ["--use-fake-ui-for-media-stream"] if allowed else ["--deny-permission-prompts"]
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=flags if film else FLAGS)
    try:
        with visitors(browser, live) as make:
            yield make
    finally:
        browser.close()


def film_of(text: str, path: Path, *, turned: float = 4) -> Path:
    """A film of a label that lies a little crooked before a dark cabinet (motion JPEG, 640 × 480)."""
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4, box_size=6)
    symbol.add_data(text)
    paper = Image.new("L", (460, 300), 245)
    paper.paste(symbol.make_image().get_image().convert("L"), (10, 20))
    frame = Image.new("L", (640, 480), 45)
    frame.paste(paper.rotate(turned, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=45), (70, 60))
    out = BytesIO()
    frame.convert("RGB").save(out, "JPEG", quality=85)
    path.write_bytes(out.getvalue() * 10)
    return path


def open_scanner(visitor: Callable[..., Page], live: str, script: str = "") -> Page:
    page = visitor("tech")
    if script:
        page.add_init_script(script)
    page.goto(f"{live}/scan")
    return page


def test_a_label_before_the_camera_opens_its_checklist(chromium, live, label, tmp_path):
    film = film_of(f"{live}/a/{label.token}", tmp_path / "camera.mjpeg")
    with camera(chromium, film, live) as visitor:
        page = open_scanner(visitor, live)
        page.wait_for_url(f"{live}/inspections/new/{label.asset_id}", timeout=PATIENCE)
        expect(page.locator("h1")).to_contain_text("车载Ku动中通天线")
        page.goto(f"{live}/scan")  # the next device: the camera is there again
        page.wait_for_url(f"{live}/inspections/new/{label.asset_id}", timeout=PATIENCE)


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/a/k7m4q9rk7m4q9rk7m4q9",
        "javascript:alert(1)",
        "WIFI:S:office;T:WPA;P:secret;;",
        "<b>bold</b>",
    ],
)
def test_what_is_no_label_of_ours_is_told_and_never_opened(chromium, live, tmp_path, text):
    film = film_of(text, tmp_path / "camera.mjpeg")
    with camera(chromium, film, live) as visitor:
        page = open_scanner(visitor, live)
        expect(page.locator("[data-foreign-text]")).to_have_text(text, timeout=PATIENCE)
        expect(page.locator("[data-foreign-note]")).to_contain_text("没有打开")
        page.wait_for_timeout(500)
        assert page.url == f"{live}/scan"


def test_a_symbol_of_ours_that_is_no_label_is_not_opened_either(chromium, live, tmp_path):
    film = film_of(f"{live}/sign-out", tmp_path / "camera.mjpeg")
    with camera(chromium, film, live) as visitor:
        page = open_scanner(visitor, live)
        expect(page.locator("[data-foreign-text]")).to_have_text(f"{live}/sign-out", timeout=PATIENCE)


def test_the_camera_stops_while_the_page_is_hidden(chromium, live, tmp_path):
    film = film_of("nothing of ours", tmp_path / "camera.mjpeg")
    with camera(chromium, film, live) as visitor:
        page = open_scanner(visitor, live)
        expect(page.locator("[data-foreign-text]")).not_to_be_empty(timeout=PATIENCE)
        is_live = "document.querySelector('video').srcObject?.active ?? false"
        assert page.evaluate(is_live)
        hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true})"
        page.evaluate(hide % "true" + "; document.dispatchEvent(new Event('visibilitychange'))")
        assert not page.evaluate(is_live)
        page.evaluate(hide % "false" + "; document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("[data-status]")).to_contain_text("对准设备标签", timeout=PATIENCE)


def test_a_refused_camera_says_what_to_do_and_the_typed_code_remains(chromium, live, label, tmp_path):
    film = film_of("nothing of ours", tmp_path / "camera.mjpeg")
    with camera(chromium, film, live, allowed=False) as visitor:
        page = open_scanner(visitor, live)
        expect(page.locator("[data-status]")).to_contain_text("没有摄像头权限", timeout=PATIENCE)
        expect(page.locator("[data-again]")).to_be_visible()
        page.fill("#f-code", label.short_code.lower())
        page.click(".thumb .primary")
        page.wait_for_url(f"{live}/inspections/new/{label.asset_id}")


def test_without_a_camera_the_page_says_so(live, visitor):
    page = open_scanner(visitor, live)
    expect(page.locator("[data-status]")).to_contain_text("找不到可用的摄像头", timeout=PATIENCE)


def test_an_address_that_is_not_secure_is_named_as_the_reason(live, visitor):
    page = open_scanner(visitor, live, "Object.defineProperty(window, 'isSecureContext', {value: false})")
    expect(page.locator("[data-status]")).to_contain_text("https")


def test_without_javascript_the_typed_code_works(live, label, visitor):
    page = visitor("tech", java_script_enabled=False)
    page.goto(f"{live}/scan")
    expect(page.locator("[data-status]")).to_contain_text("JavaScript")
    page.fill("#f-code", "K7M-4Q9A")
    page.click(".thumb .primary")
    expect(page.locator("[role=alert]").last).to_contain_text("输入有误")
    page.fill("#f-code", label.short_code)
    page.click(".thumb .primary")
    page.wait_for_url(f"{live}/inspections/new/{label.asset_id}")
