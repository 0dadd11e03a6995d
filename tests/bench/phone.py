"""A phone as the budgets mean it: Chromium with its processor four times slower, on a line of 400 kbit/s and 400 ms."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
SLOWER = 4
BYTES_PER_SECOND, ROUND_TRIP = 400 * 125, 400  # 400 kbit/s; ms
SIZE = {"width": 360, "height": 740}
IN_PAGE = (Path(__file__).parent / "in_page.js").read_text(encoding="utf-8")
LONGEST_WAIT = 60  # seconds


@dataclass
class Fetched:
    """What a page gets from the server, and what each part weighs on the wire, head and body."""

    kinds: dict[str, str] = field(default_factory=dict)  # id of the request → "Script", "Stylesheet" …
    sizes: dict[str, float] = field(default_factory=dict)
    posts: int = 0

    def started(self, event: dict[str, Any]) -> None:
        if event["request"]["method"] != "GET":
            self.posts += 1
        elif not event["request"]["url"].startswith(("data:", "blob:")):
            self.kinds[event["requestId"]] = event.get("type", "")

    def finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.kinds:
            self.sizes[event["requestId"]] = event["encodedDataLength"]

    @property
    def kilobytes(self) -> float:
        return sum(self.sizes.values()) / 1000

    def kilobytes_of(self, kind: str) -> float:
        return sum(size for one, size in self.sizes.items() if self.kinds[one] == kind) / 1000


@dataclass
class Tab:
    """One page of the phone."""

    page: Page
    tools: CDPSession
    fetched: Fetched

    def slow_network(self) -> None:
        """The line as the developer tools slow it down: for what the page itself fetches, not for a service worker."""
        rates = {"downloadThroughput": BYTES_PER_SECOND, "uploadThroughput": BYTES_PER_SECOND}
        self.tools.send("Network.emulateNetworkConditions", {"offline": False, "latency": ROUND_TRIP, **rates})

    def go(self, address: str) -> None:
        self.page.goto(address, wait_until="commit", timeout=LONGEST_WAIT * 1000)

    def wait_for(self, expression: str, seconds: float = LONGEST_WAIT) -> Any:
        """The value of an expression once it is something else than null or false. Asked rarely: asking takes time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if (value := self.page.evaluate(expression)) not in (None, False):
                return value
            time.sleep(0.1)
        raise AssertionError(f"never true within {seconds} s: {expression}")


@dataclass
class Phone:
    """A browser profile: what it keeps is gone with it."""

    context: BrowserContext
    base: str

    def tab(self, *, slower: int = SLOWER) -> Tab:
        page = self.context.new_page()
        tools = self.context.new_cdp_session(page)
        fetched = Fetched()
        tools.on("Network.requestWillBeSent", fetched.started)
        tools.on("Network.loadingFinished", fetched.finished)
        tools.send("Network.enable")
        tools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        return Tab(page, tools, fetched)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that is installed on this machine."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def phone(browser: Browser, base: str, cookie: str) -> Iterator[Phone]:
    """A new profile in which somebody is signed in. `cookie` is the header that a browser would send."""
    context = browser.new_context(viewport=SIZE, device_scale_factor=2, is_mobile=True, has_touch=True)
    pairs = (one.partition("=") for one in cookie.split("; "))
    context.add_cookies([{"name": name, "value": value, "url": base} for name, _is, value in pairs])
    context.add_init_script(IN_PAGE)
    try:
        yield Phone(context, base)
    finally:
        context.close()
