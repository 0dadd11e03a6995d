"""The core journey in any engine: prepare → no network → fill in with three photos → kill → sign → kill → network
back → delivered once. The network is a FaultProxy that is unplugged: the browser's own offline mode is not needed.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from PIL import Image

from tests.cast import PASSWORD
from tests.engines.driver import DriverError, Engine
from tests.fault_proxy import FaultProxy
from webapp.demo.pictures import photo
from webapp.kit.canonical import sha256_hex

TOO_SLOW = "342"  # seconds to acquire the satellite; the limit is 300
REASON = "冷启动后多次重捕，第三次才锁定"
BLACKEST_EMPTY = 200
STROKE = [(-120, 20), (-80, -40), (-40, 40), (0, -40), (40, 40), (80, -30), (120, 10)]
LINE = "#i-acquire_time"
INSPECTOR = ":has(input[name=capacity][value=inspector])"
SIGN_OFF = f"#sheets form{INSPECTOR}"
KEPT = """
    const db = await new Promise((give, fail) => {
      const asked = indexedDB.open("xunjian");
      [asked.onsuccess, asked.onerror] = [() => give(asked.result), () => fail(asked.error)];
    });
    const found = await new Promise((give) => {
      const asked = db.transaction(given[0]).objectStore(given[0]).getAll();
      asked.onsuccess = () => give(asked.result);
    });
    db.close();
    return JSON.stringify(found);
"""


class Journey:
    """One engine's journey; `steps` gives their names and deeds in order."""

    def __init__(self, browser: Engine, proxy: FaultProxy, folder: Path, asset: str, code: str) -> None:
        self.browser, self.proxy, self.folder, self.asset, self.code = browser, proxy, folder, asset, code
        self.photos: dict[str, str] = {}  # id → digest, as the device keeps them

    def steps(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "sign in", self.sign_in
        yield "take all rounds along; each says it is ready", self.prepare
        yield "no network: the label's code leads to the checklist", self.find_offline
        yield "fill in, with three photos", self.fill_in
        yield "kill and restart: answers and photos are still there", self.come_back_to_the_draft
        yield "hand in", self.hand_in
        yield (
            "sign the sheet on the device; kill and restart before it is handed in: the strokes are still there",
            self.sign,
        )
        yield "kill and restart: both documents wait in the outbox", self.come_back_to_the_outbox
        yield "network back: both are delivered", self.be_delivered
        yield "the server has the inspection, its photos byte for byte and the signature, each once", self.compare

    def open(self, path: str) -> None:
        self.browser.open(self.proxy.url + path)

    def sign_in(self) -> None:
        self.open("/sign-in?next=/today")
        self._sign_in()

    def _sign_in(self) -> None:
        self.browser.type("#f-username", "tech")
        self.browser.type("#f-password", PASSWORD)
        self.browser.click("form.card button.primary")
        self.browser.until("return !location.pathname.startsWith('/sign-in')")

    def prepare(self) -> None:
        self.browser.until("return document.querySelectorAll('[data-pack]:not([hidden])').length")
        active = "return Boolean((await navigator.serviceWorker.getRegistrations())[0]?.active)"
        self.wait_for(lambda: bool(self.browser.ask(active)), "the service worker is there")
        for nth in range(int(self.browser.run("return document.querySelectorAll('[data-pack]').length"))):
            self.browser.run("document.querySelectorAll('[data-take]')[arguments[0]].click()", nth)
            state = "return document.querySelectorAll('[data-pack]')[arguments[0]].dataset.s"
            self.browser.until(f"{state} === 'ok'", nth, seconds=60)

    def find_offline(self) -> None:
        self.proxy.unplug()
        self.open(f"/a/{self.code}")
        self.browser.until("return location.pathname.startsWith('/inspections/new/')")
        assert self.asset in self.browser.run("return location.pathname")

    def fill_in(self) -> None:
        tap = self.browser.click
        self.browser.until("return document.getElementById('missing').textContent")
        tap("label:has(> input[name='a.tx_safety'][value=pass])")
        tap("#rest")
        self.browser.type("input[name='a.acquire_time']", TOO_SLOW)
        self.browser.until("return !document.querySelector(arguments[0]).hidden", f"{LINE} .panel")
        self.browser.type("textarea[name='why.acquire_time']", REASON)
        tap("label:has(> input[name='remedy.acquire_time'][value=fault])")
        self.browser.type("input[name='a.agc']", "62.1")
        for key, count in (("acquire_time", 1), ("photo_roof", 2)):
            for nth in range(1, count + 1):
                self._give_photo(key, nth)
        tap("label:has(> input[name=run_state][value=defective])")
        self.browser.until("return !document.querySelector('#missing b')")
        self.browser.until(
            "return document.getElementById('saved').textContent && !document.querySelector('[data-s=sending]')"
        )
        self.photos = {one["id"]: one["sha256"] for one in self.kept("attachments")}
        assert len(set(self.photos.values())) == 3, self.photos

    def _give_photo(self, key: str, nth: int) -> None:
        path = self.folder / f"{key}-{nth}.jpg"
        path.write_bytes(photo(f"{key} {nth}"))
        self.browser.type(f"input[name='upload.{key}']", str(path))
        seen = "return document.querySelectorAll(`[data-strip='${arguments[0]}'] [data-photo]`).length === arguments[1]"
        self.browser.until(seen, key, nth)

    def come_back_to_the_draft(self) -> None:
        self.restart()
        self.open(f"/inspections/new/{self.asset}")
        self.browser.until("return document.querySelectorAll('[data-photo]').length === 3")
        fields = "document.forms.inspection.elements"
        names = "['a.acquire_time', 'why.acquire_time', 'a.agc']"
        back = self.browser.run(f"return {names}.map((name) => {fields}[name].value)")
        assert back == [TOO_SLOW, REASON, "62.1"], back
        self.browser.until("return !document.querySelector('#missing b')")

    def hand_in(self) -> None:
        self.browser.click("#finish")
        self.browser.until("return !location.pathname.startsWith('/inspections/new/')")
        self.wait_for_outbox(1)
        assert not self.kept("drafts")

    def sign(self) -> None:
        self.open("/sheet")
        self._open_frame()
        assert "SG-2-01-001" in self.browser.run("return document.getElementById('sheets').textContent")
        self.browser.draw(f"{SIGN_OFF} canvas", STROKE)
        self.wait_for(lambda: any(one.get("strokes") for one in self.kept("drafts")), "the strokes are kept")
        self.restart()
        self.open("/sheet")
        self._open_frame()
        self.browser.click(f"{SIGN_OFF} .seal-btn")
        self.wait_for_outbox(2)

    def _open_frame(self) -> None:
        """The inspector's signature is one that this site may do without: its part of the sheet is folded."""
        self.browser.until("return document.querySelector(arguments[0]) !== null", SIGN_OFF)
        if not self.browser.run("return document.querySelector(arguments[0]).closest('details').open", SIGN_OFF):
            self.browser.click(f"#sheets details{INSPECTOR} > summary")
        self.browser.until("return document.querySelector(arguments[0]).width > 300", f"{SIGN_OFF} canvas")

    def come_back_to_the_outbox(self) -> None:
        self.restart()
        self.open("/outbox")
        self.browser.until("return document.querySelectorAll('[data-waiting] > li').length === 2")
        assert [one["state"] for one in self.kept("outbox")] == ["waiting", "waiting"]

    def be_delivered(self) -> None:
        self.proxy.plug_in()
        if self._is_signed_out():  # the cookie did not survive the kill: nothing is lost, but a person must come
            self.open("/sign-in?next=/outbox")
            self._sign_in()
        self.open("/outbox")
        self.browser.until("return document.querySelectorAll('[data-sent] > li').length === 2", seconds=60)
        assert self.kept("outbox") == []
        assert self.kept("bytes") == []

    def _is_signed_out(self) -> bool:
        answer = "await fetch('/today', { redirect: 'manual' })"
        return self.browser.ask(f"return ({answer}).type") == "opaqueredirect"

    def compare(self) -> None:
        with closing(sqlite3.connect(self.folder / "app.db")) as database:
            kinds = Counter(kind for (kind,) in database.execute("select kind from arrivals"))
            inspections = database.execute("select run_state, verdict from inspections").fetchall()
            linked = [name for (name,) in database.execute("select file_id from answer_photos")]
            stored = dict(database.execute("select id, sha256 from stored_files"))
            signatures = [name for (name,) in database.execute("select file_id from signatures")]
            refusals = database.execute("select * from refusals").fetchall()
        assert kinds == {"inspection": 1, "sign_off": 1}, kinds
        assert inspections == [("defective", "abnormal")], inspections
        assert sorted(linked) == sorted(name.replace("-", "") for name in self.photos), linked
        assert len(signatures) == 1, signatures
        assert len(stored) == 4, stored
        for name, sha256 in self.photos.items():
            assert stored[name.replace("-", "")] == sha256
            data = (self.folder / "files" / sha256[:2] / sha256[2:4] / sha256).read_bytes()
            assert sha256_hex(data) == sha256
        assert self._shade_of(stored[signatures[0]]) < BLACKEST_EMPTY
        assert refusals == []

    def _shade_of(self, sha256: str) -> int:
        """The darkest point of a drawn signature, 0 to 255: the strokes of before the kill are in the picture."""
        drawn = Image.open(self.folder / "files" / sha256[:2] / sha256[2:4] / sha256).convert("RGBA")
        paper = Image.new("RGBA", drawn.size, "white")
        paper.alpha_composite(drawn)
        return int(paper.convert("L").getextrema()[0])

    def restart(self) -> None:
        self.browser.kill()
        self.browser.start()

    def kept(self, store: str) -> list[Any]:
        """What the device has in one of its stores."""
        return list(json.loads(self.browser.ask(KEPT, store)))

    def wait_for_outbox(self, count: int) -> None:
        self.wait_for(lambda: len(self.kept("outbox")) == count, f"{count} documents wait in the outbox")

    def wait_for(self, happens: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + 20
        while True:
            try:
                if happens():
                    return
            except DriverError:
                pass  # between two pages
            assert time.monotonic() < end, f"not so: {what}"
            time.sleep(0.1)
