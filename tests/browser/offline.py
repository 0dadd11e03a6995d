"""What the journeys without network share: a server behind a line that lies, people's browsers, what lies in them.

Nothing here depends on words of the pages: states, addresses, what IndexedDB and the server's tables hold.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext, BrowserType, Locator, Page, expect
from playwright.sync_api import Error as BrowserError
from sqlalchemy import func, select

from tests.fault_proxy import Fault, FaultProxy
from tests.inspections.documents import ANTENNA, asset_with
from webapp.assets.models import Asset, Label
from webapp.audit.models import AuditEntry
from webapp.demo.pictures import photo
from webapp.extensions import db
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Signature
from webapp.kit.canonical import sha256_hex
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.notes.models import NotePhoto
from webapp.people.actions import sign_in
from webapp.people.queries import person_named
from webapp.sync.models import Arrival

SECONDS = 30  # of patience; more than enough, also where several things are done on the machine
ROUND = "2"  # the service line with the satellite vehicle
RECORD, PHOTO = ("POST", "/notes/"), ("PUT", "/files/")  # doors: method and a part of the address
ALWAYS_KEPT = 5  # pages that the service worker keeps of everybody
NO_LOCKS = "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })"
MODULES = """
  const { build, user } = document.documentElement.dataset;
  const module = (name) => import(`/static/v-${build}/js/${name}.js`);
  const [store, outbox] = await Promise.all([module("store"), module("outbox")]);
"""
WAITING = """
  const text = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(""));
  const photo = async (id) => [id, text((await store.read("bytes", id)) ?? new ArrayBuffer())];
  const docs = await store.all("outbox", "user", user);
  return Promise.all(docs.map(async (doc) => ({ ...doc, photos: await Promise.all(doc.files.map(photo)) })));
"""


@dataclass(frozen=True)
class Kept:
    """A document as it lies on a device, and the bytes of its photos and signature by id."""

    id: str
    kind: str
    state: str
    code: str = field(compare=False)  # why it waits
    body: str
    sha256: str
    files: dict[str, bytes]


@dataclass(frozen=True)
class Field:
    """A server with the filled database and a copy of static/ that may be changed, behind a line that lies."""

    app: Flask
    line: FaultProxy
    static: Path

    @property
    def base(self) -> str:
        return self.line.url

    def suffers(self, fault: Fault, *doors: tuple[str, str], times: int | None = None) -> None:
        """From one moment to the next this is wrong with the line at these doors, and nothing else."""
        self.line.unplug()
        self.line.heal()
        for method, path in doors:
            self.line.next(fault, method, path, times=times)
        self.line.plug_in()

    def let_in(self, context: BrowserContext, username: str) -> None:
        """Signs a person in on this browser without the form; others of the person stay signed in."""
        let_in(self.app, self.base, context, username)

    def ask(self, question: Callable[[], Any]) -> Any:
        """The answer to a question to the database."""
        with self.app.test_request_context():
            return question()

    def asset(self, code: str = ANTENNA) -> str:
        return str(self.ask(lambda: asset_with(code).id))

    def label(self, code: str = ANTENNA) -> Label:
        current = select(Label).join(Label.asset).where(Asset.code == code, Label.replaced_at.is_(None))
        return self.ask(lambda: db.session.scalars(current).one())

    def arrived(self, *document_ids: str) -> int:
        """How many of these documents have arrived."""
        wanted = select(func.count()).where(Arrival.id.in_(map(uuid.UUID, document_ids)))
        return int(self.ask(lambda: db.session.scalar(wanted)))

    def check_delivered(self, *documents: Kept) -> None:
        """Each is on the server once, byte for byte, with its photos byte for byte."""
        for document in documents:
            self.ask(lambda one=document: _check_bytes(one))


def let_in(app: Flask, base: str, context: BrowserContext, username: str) -> None:
    """Signs a person in on a browser without the form, reading Chinese."""
    with app.app_context(), transaction():
        secret = sign_in(person_named(username), user_agent="test", is_shared=False, now=utc_now()).secret
    client = app.test_client()
    with client.session_transaction() as session:
        session.update({"_user_id": secret, "_fresh": True})
    cookie = client.get_cookie("session")
    assert cookie is not None
    context.add_cookies(
        [
            {"name": "session", "value": cookie.value, "url": base, "expires": time.time() + 86400},
            {"name": "language", "value": "zh", "url": base},
        ]
    )


def _check_bytes(document: Kept) -> None:
    arrival = db.session.get_one(Arrival, uuid.UUID(document.id))
    assert arrival.kind == document.kind
    if (subject := f"{arrival.kind}:{arrival.id}") and arrival.kind != "sign_off":
        received = select(func.count()).where(AuditEntry.subject == subject, AuditEntry.verb.like("%.received"))
        assert db.session.scalar(received) == 1, f"{subject} does not stand once in the log"
    assert arrival.sent_sha256 == sha256_hex(document.body.encode()) == (document.sha256 or arrival.sent_sha256)
    linked = sorted(str(name) for name in db.session.scalars(_LINKS[document.kind](arrival.id)))
    assert linked == sorted(document.files)
    for name, data in document.files.items():
        row = db.session.get_one(StoredFile, uuid.UUID(name))
        assert data, "the device had no bytes"
        assert store().read(row.sha256) == data


_LINKS: dict[str, Callable[[uuid.UUID], Any]] = {
    "note": lambda name: select(NotePhoto.file_id).where(NotePhoto.note_id == name),
    "inspection": lambda name: select(AnswerPhoto.file_id).join(Answer).join(Inspection).where(Inspection.id == name),
    "sign_off": lambda name: select(Signature.file_id).where(Signature.id == name),
}


class Tablet:
    """A Chromium on a profile folder of its own: killed as when the battery is taken out, and started again."""

    def __init__(self, engine: BrowserType, folder: Path, flags: list[str]) -> None:
        self.engine, self.folder, self.flags = engine, folder, flags

    def start(self) -> Page:
        self.context = self.engine.launch_persistent_context(
            str(self.folder),
            executable_path=shutil.which("chromium"),
            args=self.flags,
            viewport={"width": 360, "height": 740},
        )
        return self.context.pages[0]

    def kill(self) -> None:
        """SIGKILL to the browser and all its children; Chromium notes its process id in its profile."""
        browser = int(os.readlink(self.folder / "SingletonLock").rpartition("-")[2])
        os.killpg(browser, signal.SIGKILL)
        with contextlib.suppress(BrowserError):
            self.context.close()

    def restart(self) -> Page:
        self.kill()
        return self.start()


def until(page: Page, happens: Callable[[], Any], what: str) -> Any:
    """Asks again and again, also across page loads; `wait_for_function` would need eval."""
    end = time.monotonic() + SECONDS
    while True:
        with contextlib.suppress(BrowserError):
            if found := happens():
                return found
        assert time.monotonic() < end, f"not so: {what} ({page.url})"
        with contextlib.suppress(BrowserError):
            page.wait_for_timeout(40)


def in_page(page: Page, body: str, *given: Any) -> Any:
    """What the body of an async function gives; it knows the app's own `store` and `outbox`, `user` and `given`."""
    late = f"new Promise((_give, fail) => setTimeout(() => fail(new Error('no answer')), {SECONDS * 1000}))"
    return page.evaluate(f"(given) => Promise.race([(async () => {{ {MODULES} {body} }})(), {late}])", list(given))


def kept(page: Page, name: str) -> list[Any]:
    """All that lies in a store of IndexedDB, whoever it belongs to."""
    return list(in_page(page, "return store.all(given[0])", name))


def waiting(page: Page) -> list[Kept]:
    """What this person's outbox holds, in its order."""
    return [
        Kept(
            id=doc["id"],
            kind=doc["kind"],
            state=doc["state"],
            code=doc.get("code", ""),
            body=doc["body"],
            sha256=doc["sha256"],
            files={name: base64.b64decode(data) for name, data in doc["photos"]},
        )
        for doc in in_page(page, WAITING)
    ]


def wake(page: Page) -> None:
    """As if the network had just come back: what waits is sent."""
    page.evaluate("dispatchEvent(new Event('online'))")


def deliver(page: Page, *, stays: int = 0) -> None:
    """Sends until nothing of this person is left on the device, not even the bytes; `stays` files of others do."""

    def is_all_sent() -> bool:
        wake(page)
        return not in_page(page, "return (await store.all('outbox', 'user', user)).length")

    until(page, is_all_sent, "all is sent")
    assert until(page, lambda: [in_page(page, "return (await store.all('bytes')).length")], "counted") == [stays]


def write_note(page: Page, base: str, text: str, photos: int = 1) -> Kept:
    """Writes a free note with photos and hands it in; how it lies in the outbox (the line must be closed meanwhile)."""
    page.goto(f"{base}/notes/new")
    page.fill("#f-text", text)
    if photos:
        page.set_input_files("[name=upload]", [picture(f"{text} {nth}") for nth in range(photos)])
        expect(page.locator("[data-photo]")).to_have_count(photos)
    page.click("#finish")
    page.wait_for_url("**/scan")
    return until(page, lambda: waiting(page), "the note waits")[-1]


def picture(seed: str) -> Any:
    """A photo for a file input."""
    return {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": photo(seed)}


def fill_in(page: Page) -> None:
    """The checklist of the vehicle's antenna, everything in order, as quickly as it goes."""
    expect(page.locator("#missing")).not_to_be_empty()
    page.click("#i-tx_safety label[data-s=ok]")
    page.click("#rest")
    page.fill("#a-acquire_time", "186")
    page.fill("#a-agc", "62.1")
    page.check("[name='na.photo_roof']")
    page.click("#i-run-state label[data-s=ok]")
    expect(page.locator("#missing b")).to_have_count(0)


def hand_in(page: Page) -> None:
    """Done, next."""
    page.click("#finish")
    page.wait_for_url("**/scan?done=*")


def sign(pad: Locator) -> None:
    """Some strokes with the mouse."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    mouse = pad.page.mouse
    mouse.move(box["x"] + 30, box["y"] + 50)
    mouse.down()
    for step in range(10):
        mouse.move(box["x"] + 30 + step * 14, box["y"] + 60 + (25 if step % 2 else -20))
    mouse.up()


def settle(page: Page, base: str) -> None:
    """Opens the app until its service worker answers and the pages of everybody are kept."""
    page.goto(f"{base}/today")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    user = page.evaluate("document.documentElement.dataset.user")
    pages = f"caches.open('pages/{user}').then((cache) => cache.keys()).then((all) => all.length)"
    until(page, lambda: page.evaluate(pages) >= ALWAYS_KEPT, "the pages of everybody are kept")


def take_along(page: Page, base: str, line: str = ROUND) -> None:
    """Takes a round along and believes only its tick."""
    page.goto(f"{base}/today")
    page.click(f"[data-pack='{line}'] [data-take]")
    expect(page.locator(f"[data-pack='{line}']")).to_have_attribute("data-s", "ok", timeout=SECONDS * 1000)


def clean(page: Page, field: Field) -> None:
    """One tab, signed in, with an honest line and nothing left to be sent."""
    for tab in page.context.pages:
        if tab != page:
            tab.close()
    field.let_in(page.context, "tech")
    page.goto(f"{field.base}/outbox")
    stores = ["drafts", "attachments", "bytes", "outbox", "receipts"]
    empty = """
      await store.change(given[0], (...all) => all.map((one) => one.clear()));
      return !outbox.status.sending; // else a receipt may still come
    """
    until(page, lambda: in_page(page, empty, stores), "all is thrown away and nothing is under way")
