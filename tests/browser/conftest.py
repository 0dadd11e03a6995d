"""A real server and a real Chromium for the journeys."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.browser.offline import Field, Tablet, clean, let_in, settle, take_along
from tests.cast import PASSWORD
from tests.conftest import Databases, make_app
from tests.fault_proxy import FaultProxy
from tests.story import Story, tell
from webapp.config import ROOT

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
HERE, PAGES = Path(__file__).parent, "test_pages.py"
SIZES = {"phone": (360, 740), "tablet": (820, 1180), "desk": (1440, 900)}


@pytest.hookimpl(tryfirst=True)  # before the workers give each other what belongs together
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays on one worker, for what its tests share; pages share only the story and come last, one by one."""
    for item in items:
        if item.path.parent == HERE and item.path.name != PAGES:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.path == HERE / PAGES)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all journeys; each visitor gets a context of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address of the app, served on a free loopback port with the fresh database."""
    with serving(app) as base:
        yield base


@pytest.fixture
def visitor(chromium: Browser, live: str) -> Iterator[Callable[..., Page]]:
    """`visitor("tech", "phone", dark=True)`: a signed-in page; a script error or a broken policy fails the test."""
    with visitors(chromium, live) as make:
        yield make


@pytest.fixture(scope="session")
def story_app(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The app of the story."""
    return make_app(databases.copy("story"), tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="session")
def story(story_app: Flask) -> Iterator[Story]:
    """One app with a story to look at, for tests that change nothing."""
    with serving(story_app) as base:
        yield tell(story_app, base)


@pytest.fixture
def reader(chromium: Browser, story: Story, story_app: Flask) -> Iterator[Callable[..., Page]]:
    """Like `visitor`, in the story; who reads Chinese needs no form to sign in."""
    with visitors(chromium, story.base) as make:

        def opened(username: str | None, *size: str, language: str = "zh", **options: Any) -> Page:
            page = make(None if language == "zh" else username, *size, language=language, **options)
            if username and language == "zh":
                let_in(story_app, story.base, page.context, username)
            return page

        yield opened


@pytest.fixture(scope="session")
def field(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """One app behind a line that lies, for tests that look at documents of their own only."""
    with behind_a_line(databases, tmp_path_factory.mktemp("field")) as made:
        yield made


@pytest.fixture
def phone(chromium: Browser, field: Field) -> Iterator[Callable[..., Page]]:
    """`phone("tech", worker=True)`: a browser of its own, signed in; with its service worker where one is needed."""
    with visitors(chromium, field.base) as make:

        def opened(username: str = "tech", *, worker: bool = False, script: str = "", **options: Any) -> Page:
            page = make(**{"service_workers": "allow" if worker else "block", **options})
            page.context.add_init_script(script)
            field.let_in(page.context, username)
            if worker:
                settle(page, field.base)
            return page

        yield opened
    field.line.heal()
    field.line.plug_in()


@pytest.fixture(scope="session")
def prepared_phone(chromium: Browser, field: Field) -> Iterator[Page]:
    """The technician's phone with a round taken along, for many tests: see `prepared`."""
    with visitors(chromium, field.base) as make:
        page = make()
        field.let_in(page.context, "tech")
        settle(page, field.base)
        take_along(page, field.base)
        yield page


@pytest.fixture
def prepared(prepared_phone: Page, field: Field) -> Iterator[Page]:
    """The phone with a round taken along; what a test leaves in drafts and outbox is thrown away after it."""
    yield prepared_phone
    field.line.heal()
    field.line.plug_in()
    clean(prepared_phone, field)


@pytest.fixture
def tablet(chromium: Browser, field: Field, tmp_path: Path) -> Iterator[Tablet]:
    """A Chromium on a profile folder that outlives a SIGKILL."""
    made = Tablet(chromium.browser_type, tmp_path / "profile", FLAGS)
    yield made
    made.kill()
    field.line.heal()
    field.line.plug_in()


@contextmanager
def behind_a_line(databases: Databases, folder: Path) -> Iterator[Field]:
    """An app with a database and static files of its own, behind a line that lies."""
    app = make_app(databases.copy(folder.name), folder)
    app.static_folder = shutil.copytree(ROOT / "static", folder / "static")
    with serving(app) as base, FaultProxy(int(base.rpartition(":")[2])) as line:
        yield Field(app, line, folder / "static")


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address of a server for this app, as long as the block runs."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def visitors(chromium: Browser, base: str) -> Iterator[Callable[..., Page]]:
    """Makes browser pages for people; complains about script errors at the end."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(username: str | None = None, size: str = "phone", *, language: str = "zh", **options: Any) -> Page:
        dark = options.pop("dark", False)
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", **options
        )
        contexts.append(context)
        context.add_cookies([{"name": "language", "value": language, "url": base}])
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message.text) else None)
        if username:
            sign_in(page, base, username, language)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Tests print nothing for requests that worked."""


def sign_in(page: Page, live: str, username: str, language: str = "zh") -> None:
    """Signs in through the form, as people do."""
    page.goto(f"{live}/sign-in")
    page.fill("#f-username", username)
    page.fill("#f-password", PASSWORD)
    page.click("form.card button.primary")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    if language != "zh":
        page.request.post(f"{live}/language", form={"language": language, "next": "/account"}, headers={"Origin": live})


def picture(page: Page, path: Path, *, full: bool = False) -> None:
    """A screenshot without a blinking caret."""
    page.screenshot(path=str(path), full_page=full, animations="disabled", caret="hide")


def _is_complaint(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text
