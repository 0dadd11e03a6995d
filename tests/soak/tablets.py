"""A tablet: Chromium with a profile of its own, which is killed and started again, and the person who uses it."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, BrowserType, Page
from playwright.sync_api import Error as BrowserGone

from tests.browser.conftest import FLAGS
from tests.cast import PASSWORD

START_SECONDS = 30
IN_PAGE = Path(__file__).with_name("in_page.js").read_text()
HOME = "/account"  # any page sends; this one draws little
OUR_MISTAKE = re.compile(r"is not a function|ReferenceError|SyntaxError|does not provide an export")
SLOWEST_KILL = 0.12  # seconds after something began


class Tablet:
    """Somebody's Chromium with two tabs of the app. Whatever is asked may end in BrowserGone; `wake` brings it back."""

    engine: BrowserType

    def __init__(self, folder: Path, base: str, username: str, user_id: str) -> None:
        self.folder, self.base, self.username, self.user_id = folder, base, username, user_id
        self.process: subprocess.Popen[bytes] | None = None
        self.browser: Browser | None = None
        self.page: Page | None = None
        self.kills = self.sign_ins = 0
        self.complaint = ""
        folder.mkdir(parents=True)

    def of(self, engine: BrowserType) -> Self:
        """Playwright's objects belong to one thread: they are given there."""
        self.engine = engine
        return self

    def wake(self) -> Page:
        """The page with the app's modules; browser, sign-in and page come back where they are gone."""
        if self.page is None:
            self._start()
            context = self.browser.contexts[0]  # type: ignore[union-attr]
            self.page = context.pages[0] if context.pages else context.new_page()
            self.page.set_default_timeout(15_000)
        if not self._is_ready():
            self._open_home(self.page)
            self.page.evaluate(IN_PAGE)
            self._open_second_tab(self.page.context)
        return self.page

    def ask(self, name: str, *arguments: Any) -> Any:
        """Calls a function of in_page.js."""
        call = f"(given) => Promise.race([soak.{name}(...given), new Promise((give) => setTimeout(give, 60000))])"
        try:
            return self.wake().evaluate(call, list(arguments))
        except BrowserGone as error:
            if OUR_MISTAKE.search(str(error)):
                raise AssertionError(str(error)) from error
            raise

    def kill_soon(self, dice: random.Random) -> threading.Timer:
        """The battery is taken out while something else goes on."""
        timer = threading.Timer(dice.uniform(0, SLOWEST_KILL), self._end)
        timer.start()
        return timer

    def note_gone(self, error: BrowserGone) -> None:
        """Something did not answer: the page is asked again, a dead browser is started again with the next question."""
        self.complaint = str(error)
        if self.is_dead:
            self.kill()

    def close(self) -> None:
        """The end, which is no misfortune."""
        kills = self.kills
        self.kill()
        self.kills = kills

    def kill(self) -> None:
        """The end of all its processes at once; what Playwright holds of it is thrown away."""
        self._end()
        with contextlib.suppress(BrowserGone):
            if self.browser:
                self.browser.close()
        self.browser = self.page = None

    def _end(self) -> None:
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
                self.kills += 1
            self.process.wait()
            self.process = None

    def _start(self) -> None:
        told = self.folder / "DevToolsActivePort"
        told.unlink(missing_ok=True)
        flags = [
            *FLAGS,
            "--headless=new",
            "--remote-debugging-port=0",
            f"--user-data-dir={self.folder}",
            "--disable-gpu",
        ]
        log = self.folder.with_suffix(".log").open("ab")
        program = shutil.which("chromium")
        assert program, "Chromium is not installed"
        self.process = subprocess.Popen([program, *flags], stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + START_SECONDS
        while not (told.exists() and told.read_text().count("\n")):
            assert time.monotonic() < until, "Chromium does not start"
            threading.Event().wait(0.05)
        port = told.read_text().splitlines()[0]
        self.browser = self.engine.connect_over_cdp(f"http://127.0.0.1:{port}")

    def _open_second_tab(self, context: BrowserContext) -> None:
        """It sends what waits, too, by itself."""
        with contextlib.suppress(BrowserGone):
            page = context.pages[1] if len(context.pages) > 1 else context.new_page()
            page.goto(self.base + HOME, wait_until="commit", timeout=3000)

    def _is_ready(self) -> bool:
        assert self.page
        return bool(self.page.evaluate("typeof soak === 'object'"))

    def _open_home(self, page: Page) -> None:
        """Patiently: the line is bad and the server may be dead. What is kept on the device opens in any case."""
        until = time.monotonic() + 4 * START_SECONDS
        while True:
            try:
                page.goto(self.base + HOME, wait_until="domcontentloaded")
                if "/sign-in" in page.url:
                    self._sign_in(page)
                if page.evaluate("document.documentElement.dataset.user") == self.user_id:
                    return
            except BrowserGone as error:
                self.complaint = str(error)
                if self.is_dead:
                    raise
            assert time.monotonic() < until, f"{HOME} does not open: {page.url} {self.complaint}"
            threading.Event().wait(0.2)

    def sign_in_if_asked(self) -> None:
        """What a person does who reads "you are signed out"; the server decides whether it is so."""
        page = self.wake()
        page.goto(f"{self.base}/sign-in?next={HOME}", wait_until="domcontentloaded")
        if "/sign-in" in page.url:
            self._sign_in(page)

    @property
    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _sign_in(self, page: Page) -> None:
        page.fill("#f-username", self.username)
        page.fill("#f-password", PASSWORD)
        page.click("form.card button.primary")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        self.sign_ins += 1
