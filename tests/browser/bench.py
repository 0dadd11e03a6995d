"""A bench for single modules of static/js: a page with nothing but what is laid on it, in a real Chromium.

`Bench` is served by a tiny app that knows the scripts and the pages of a test; the rest serves real pages, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, send_from_directory
from playwright.sync_api import Browser, Page, Route

from tests.browser.conftest import serving, visitors
from tests.browser.offline import Field
from webapp.config import ROOT
from webapp.kit.headers import POLICY
from webapp.kit.static_files import present_build
from webapp.people.queries import person_named

BUILD, USER = "bench", "7"
ID = r"(?!new)[^/]+"
EMPTY_DEVICE = """async () => {
  for (const name of await caches.keys()) if (!name.startsWith("shell-")) await caches.delete(name);
  for (const { name } of await indexedDB.databases()) {
    const request = indexedDB.deleteDatabase(name);
    await new Promise((give, fail) => Object.assign(request, { onsuccess: give, onerror: fail, onblocked: fail }));
  }
  sessionStorage.clear();
}"""


LAY = """
  const store = await use("store");
  const me = document.documentElement.dataset.user;
  const lay = async (id, more = {}, place = "outbox") => { // a document as it waits
    const [url, body, madeAt] = [`/doc/${id}`, more.body ?? `text=${id}`, new Date().toISOString()];
    const [sha256, state] = [await store.sha256(body), { state: "waiting", reason: "", tries: 0 }];
    const doc = { id, user: me, kind: "note", title: id, url, body, sha256, files: [], madeAt };
    await store.put(place, { ...doc, ...state, ...more });
  };
  const photo = (id, more) =>
    store.writePhoto({ id, draft: "first", item: "", user: me, at: 1, ...more }, new Uint8Array([7, 8]).buffer);
"""


@dataclass(frozen=True)
class Sheet:
    """What the tiny app answers for an address."""

    body: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    user: str = USER


@dataclass
class Bench:
    """A page, and the sheets that the tiny app answers with; an address without one names itself."""

    page: Page
    base: str
    sheets: dict[str, Sheet]
    asked: list[str]

    def lay(self, body: str = "", *, user: str = USER, address: str = "/") -> Page:
        """Opens a page with this body for this person, on a device that holds nothing."""
        self.page.unroute_all()
        self.sheets.clear()
        self.sheets[urlsplit(address).path] = Sheet(body, user=user)
        self.page.goto(self.base + address)
        self.page.evaluate(EMPTY_DEVICE)
        self.asked.clear()
        return self.page


def run(page: Page, body: str, *args: Any) -> Any:
    """What the body of an async function gives; `await use("store")` is a module, the same one as the page's own."""
    use = "const use = (name) => import(`/static/v-${document.documentElement.dataset.build}/js/${name}.js`);"
    return page.evaluate(f"async (args) => {{ {use} {body} }}", list(args))


@contextmanager
def benches(chromium: Browser) -> Iterator[Callable[..., Bench]]:
    """`new(service_workers="allow")`: a bench in a browser of its own."""
    sheets: dict[str, Sheet] = {}
    asked: list[str] = []
    with serving(_tiny_app(sheets, asked)) as base, visitors(chromium, base) as make:
        yield lambda **options: Bench(make(**{"service_workers": "block"} | options), base, sheets, asked)


def _tiny_app(sheets: dict[str, Sheet], asked: list[str]) -> Flask:
    app = Flask("bench", static_folder=None)

    @app.get("/static/v-<build>/<path:name>")
    def script(build: str, name: str) -> Response:
        return send_from_directory(ROOT / "static", name)

    @app.get("/service-worker.js")
    def worker() -> Response:
        facts = f"const BUILD = '{BUILD}'; const SHELL = ['/away', '/static/v-{BUILD}/js/store.js'];\n"
        source = (ROOT / "static/js/service_worker.js").read_text(encoding="utf-8")
        return Response(facts + source, content_type="text/javascript")

    @app.get("/", defaults={"path": ""})
    @app.get("/<path:path>")
    def page(path: str) -> Response:
        asked.append(f"/{path}")
        sheet = sheets.get(f"/{path}") or Sheet(f"<p>{path}</p>")
        about = f'lang="en" data-build="{BUILD}"' + (f' data-user="{sheet.user}"' if sheet.user else "")
        html = (
            f'<!doctype html><html {about}><link rel="stylesheet" href="/static/v-{BUILD}/app.css">{sheet.body}</html>'
        )
        return Response(html, sheet.status, {"Content-Security-Policy": POLICY, **sheet.headers})

    return app


@dataclass(frozen=True)
class Came:
    """A request that reached the server's place."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Server:
    """Answers what the outbox sends in the server's place and notes it; without other orders it gives receipts."""

    def __init__(self, page: Page, otherwise: dict[str, Any] | None = None) -> None:
        self.came: list[Came] = []
        self.otherwise = otherwise or RECEIPT
        self._answers: dict[tuple[str, str], list[dict[str, Any]]] = {}
        page.route(re.compile(rf"/(doc|notes)/{ID}$|/(files|field-work)/"), self._answer)

    def says(self, method: str, path: str, *answers: dict[str, Any]) -> None:
        """One answer after the other, the last one for ever."""
        self._answers[method, path] = list(answers)

    def seen(self, *methods: str) -> list[str]:
        """Which documents and files came, in order, as "POST /doc/1"; reports to the office are left out."""
        wanted = [one for one in self.came if one.method in (methods or (one.method,)) and "field-work" not in one.path]
        return [f"{one.method} {one.path}" for one in wanted]

    def _answer(self, route: Route) -> None:
        request = route.request
        path, headers = urlsplit(request.url).path, request.headers
        self.came.append(Came(request.method, path, headers, request.post_data_buffer or b""))
        queue = self._answers.get((request.method, path), [self.otherwise])
        answer = queue[0] if len(queue) == 1 else queue.pop(0)
        if request.method == "HEAD":
            route.fulfill(**({"status": 404} if answer is RECEIPT else answer))
        elif "receipt" in answer:
            digest = headers.get("x-content-sha256", "")
            said = {"id": path.rpartition("/")[2], "sha256": digest, "sent_sha256": digest, "received_at": RECEIVED_AT}
            route.fulfill(status=answer.get("status", 201), json=said | answer["receipt"])
        else:
            route.fulfill(**answer)


RECEIVED_AT = "2026-11-20T01:00:00+00:00"
RECEIPT: dict[str, Any] = {"receipt": {}}


def refusal(status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """An answer of the server that is no receipt."""
    said = {"error": {"code": code, "message": f"said {code}", "fields": {}, **more}}
    heads = {"Content-Type": "application/json", **(headers or {})}
    return {"status": status, "body": json.dumps(said), "headers": heads}


@dataclass
class Handheld:
    """A signed-in page of the app; all modules have it one after the other."""

    page: Page
    field: Field
    user: str
    server: Server | None = None

    def open(self, address: str, before: str = "", *args: Any, otherwise: dict[str, Any] | None = None) -> Page:
        """The page at this address, on a device where only `before` has put something; its doors say `otherwise`."""
        page, build = self.page, self.field.ask(lambda: present_build().name)
        page.unroute_all()
        bare = f"<!doctype html><html data-build='{build}' data-user='{self.user}'></html>"
        page.route("**/bare", lambda route: route.fulfill(content_type="text/html", body=bare))
        page.goto(f"{self.field.base}/bare")
        page.evaluate(EMPTY_DEVICE)
        run(page, LAY + before, *args)
        self.server = Server(page, otherwise or refusal(503, "busy"))
        page.goto(self.field.base + address)
        return page


@contextmanager
def handhelds(chromium: Browser, field: Field) -> Iterator[Handheld]:
    """The technician's page."""
    with visitors(chromium, field.base) as make:
        page = make(service_workers="block")
        field.let_in(page.context, "tech")
        yield Handheld(page, field, field.ask(lambda: str(person_named("tech").id)))


def kept(page: Page, *stores: str) -> Any:
    """What lies in some stores."""
    return run(page, "const { all } = await use('store'); return Promise.all(args.map((one) => all(one)))", *stores)
