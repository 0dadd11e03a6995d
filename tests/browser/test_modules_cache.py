"""The modules pack and service_worker alone, on a bench: what lies in the caches, and what answers from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.bench import BUILD, USER, Bench, Sheet, benches, run
from tests.browser.offline import until

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture(scope="module")
def new_bench(chromium: Browser) -> Iterator[Any]:
    with benches(chromium) as new:
        yield new


@pytest.fixture(scope="module")
def bench(new_bench: Any) -> Bench:
    return new_bench()


# pack: what is taken along

ROW = """<div data-pack="2" data-pack-key="SG-2" data-s="" hidden data-words='{
"none": "", "taking": "", "ready": "", "missing": "{n} missing: {what}", "expired": "old", "failed": "{why}"
}'><svg class="mark"><use href="#m-todo"></use></svg><p data-pack-state></p><button data-take>take</button></div>"""
PIECES = ["/inspections/new/1", "/inspections/new/1?again=2", "/today", "/files/1/display"]


def pack(**changes: Any) -> dict[str, Any]:
    """A round of one device, once as new and once to be repeated, good for a minute."""
    return {
        "version": BUILD,
        "user": USER,
        "round": {"key": "SG-2"},
        "pages": [{"url": url, "html": f"<p>{url}"} for url in PIECES[:2]],
        "shared": PIECES[2:3],
        "files": PIECES[3:],
        "labels": [{"token": "k7m4q9rk7m4q", "code": "K7M-4Q9R", "asset": asset} for asset in ("1", "unknown")],
        "missing": [],
        "expires_at": "2999-01-01T00:00:00Z",
    } | changes


def offer(bench: Bench, *, shared_of: str = USER, shell: str = f"shell-{BUILD}", **changes: Any) -> Locator:
    """Takes a round along; the row of it."""
    page = bench.lay(ROW)
    bench.sheets["/today"] = Sheet(headers={"X-User": shared_of})
    bench.sheets[PIECES[-1]] = Sheet(headers={"Content-Type": "image/jpeg"})
    page.route("**/today/pack?line=2", lambda route: route.fulfill(json=pack(**changes)))
    fresh = "for (const name of await caches.keys()) await caches.delete(name); await caches.open(args[0])"
    run(page, fresh + "; await use('pack')", shell)
    expect(page.locator("[data-pack]")).to_have_attribute("data-s", "todo")
    page.click("[data-take]")
    expect(page.locator("[data-take]")).to_be_enabled()
    return page.locator("[data-pack]")


def test_pack_is_ready_only_while_every_piece_is_there(bench):
    row = offer(bench)
    expect(row).to_have_attribute("data-s", "ok")
    page = row.page
    for piece in PIECES:
        lost = "for (const name of await caches.keys()) await (await caches.open(name)).delete(args[0])"
        run(page, lost, piece)
        page.reload()
        run(page, "await use('pack')")
        expect(page.locator("[data-pack-state]")).to_have_text(f"1 missing: {piece}")
        expect(row).to_have_attribute("data-s", "warn")
        page.click("[data-take]")
        expect(row).to_have_attribute("data-s", "ok")


def test_pack_names_its_pages_and_their_labels_for_the_service_worker(bench):
    row = offer(bench)
    expect(row).to_have_attribute("data-s", "ok")
    kept = """
      const get = async (name, url) => (await caches.open(name)).match(url);
      const { headers } = await get("round/7/SG-2", "/inspections/new/1");
      const labels = ["/a/k7m4q9rk7m4q", "/a/K7M-4Q9R"].map((url) => get("round/7/SG-2", url));
      const targets = (await Promise.all(labels)).map((label) => new URL(label.headers.get("Location")).pathname);
      const who = await (await get("meta", "/user")).text();
      return [headers.get("X-User"), headers.get("X-Build"), ...targets, who, Boolean(await get("pages/7", "/today"))];
    """
    assert run(row.page, kept) == [USER, BUILD, *["/inspections/new/1"] * 2, USER, True]


WRONG: dict[str, dict[str, Any]] = {
    "of another person": {"user": "8"},
    "a page of another person": {"shared_of": "8"},
    "a page in a picture's place": {"files": ["/elsewhere"]},
    "a piece that is not there": {"shared": ["/static/v-x/none"]},
    "the app is not kept": {"shell": "shell-other"},
    "too old": {"expires_at": "2020-01-01T00:00:00Z"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_pack_is_not_ready(bench, wrong):
    expect(offer(bench, **wrong)).to_have_attribute("data-s", "warn")


# service_worker: what answers when nothing else does


@pytest.fixture(scope="module")
def installed(new_bench: Any) -> Bench:
    """A bench with the service worker at work, its cache of the app filled."""
    bench = new_bench(service_workers="allow")
    tidied = """
      const kept = new Response("", { headers: { "X-Build": "older" } });
      await (await caches.open("pages/8")).put("/x", kept);
      for (const build of ["older", "oldest"]) await caches.open(`shell-${build}`);
      await navigator.serviceWorker.register("/service-worker.js");
      await new Promise((give) => (navigator.serviceWorker.oncontrollerchange = give));
      const shells = (await caches.keys()).filter((name) => name.startsWith("shell-")).sort();
      await caches.delete("shell-older");
      return shells;
    """
    assert run(bench.lay(), tidied) == [f"shell-{BUILD}", "shell-older"]  # tidied up: no page needs the oldest
    return bench


@pytest.fixture
def worker(installed: Bench) -> Iterator[Bench]:
    installed.page.context.set_offline(False)
    installed.lay()
    yield installed
    installed.page.context.set_offline(False)


def theirs(text: str, user: str = USER, build: str = BUILD, status: int = 200) -> Sheet:
    return Sheet(text, status, {"X-User": user, "X-Build": build} if user else {})


def keep(bench: Bench, cache: str, address: str, text: str) -> None:
    body = """
      const headers = { "Content-Type": "text/html" };
      await (await caches.open(args[0])).put(args[1], new Response(args[2], { headers }));
    """
    run(bench.page, body, cache, address, text)


def kept(bench: Bench, cache: str = "") -> dict[str, list[str]]:
    """The addresses in each cache, but for the app's own."""
    body = """
      const names = (await caches.keys()).filter((name) => !name.startsWith("shell-"));
      const short = ({ url }) => url.replace(location.origin, "");
      const keys = async (name) => (await (await caches.open(name)).keys()).map(short);
      return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await keys(name)])));
    """
    return run(bench.page, body)


def shown(bench: Bench, address: str, offline: bool | None = None) -> str:
    if offline is not None:
        bench.page.context.set_offline(offline)
    bench.page.goto(bench.base + address)
    return str(bench.page.text_content("body")).strip()


@pytest.mark.parametrize("build", [BUILD, "other"])
def test_service_worker_a_round_comes_first_and_is_renewed_behind_by_the_same_build(worker, build):
    keep(worker, "meta", "/user", USER)
    keep(worker, f"round/{USER}/SG-2", "/list", "taken along")
    worker.sheets["/list"] = theirs("from the server", build=build)
    assert shown(worker, "/list?from=scan") == "taken along"
    until(worker.page, lambda: worker.asked.count("/list") == 1, "it was asked for behind")
    if build == BUILD:
        until(worker.page, lambda: shown(worker, "/list") == "from the server", "it was renewed")
    else:
        assert shown(worker, "/list") == shown(worker, "/list") == "taken along"


def test_service_worker_other_pages_fall_back(worker):
    worker.sheets |= {path: theirs(path) for path in ("/visited", "/today", "/outbox")} | {
        "/scan": theirs("/scan", "8")
    }
    shown(worker, "/visited")
    until(
        worker.page, lambda: set(kept(worker).get("pages/7", ())) == {"/visited", "/today", "/outbox"}, "all are kept"
    )
    assert shown(worker, "/visited", offline=True) == "/visited"
    assert shown(worker, "/outbox?from=menu") == "/outbox"
    assert shown(worker, "/scan") == shown(worker, "/never") == "away"
    worker.sheets["/visited"] = Sheet("broken", 500)
    assert shown(worker, "/visited", offline=False) == "/visited"
    worker.sheets["/visited"] = theirs("newer")
    assert shown(worker, "/visited") == "newer"


def test_service_worker_never_keeps_fragments_nor_pages_of_nobody(worker):
    worker.sheets |= {
        "/part": theirs("a part"),
        "/kept": theirs("kept"),
        "/plain": theirs("plain", ""),
        "/bad": theirs("", status=404),
    }
    run(worker.page, "await fetch('/part', { headers: { 'HX-Request': 'true' } })")
    for address in ("/plain", "/bad", "/kept"):
        shown(worker, address)
    until(worker.page, lambda: kept(worker).get("pages/7"), "the page of a person is kept")
    assert kept(worker)["pages/7"] == ["/kept"]
    assert shown(worker, "/part", offline=True) == shown(worker, "/plain") == "away"


def test_service_worker_signing_out_empties_only_that_persons_caches(worker):
    for cache in (f"round/{USER}/SG-2", f"pages/{USER}", "round/8/SG-2", "pages/8"):
        keep(worker, cache, "/list", cache)
    keep(worker, "meta", "/user", USER)
    worker.sheets["/sign-in"] = theirs("sign in", "")
    shown(worker, "/sign-in")
    assert len(kept(worker)) == 5
    worker.sheets["/sign-in"] = theirs("signed out", "nobody")
    shown(worker, "/sign-in?left=1")
    until(worker.page, lambda: set(kept(worker)) == {"round/8/SG-2", "pages/8"}, "the caches are gone")
    assert shown(worker, "/list", offline=True) == "away"


def test_service_worker_another_persons_page_is_never_shown(worker):
    keep(worker, "meta", "/user", "8")
    for cache in (f"round/{USER}/SG-2", f"pages/{USER}"):
        keep(worker, cache, "/list", f"of {USER}")
    assert shown(worker, "/list", offline=True) == "away"
    worker.page.context.set_offline(False)
    keep(worker, "meta", "/user", USER)
    worker.sheets["/list"] = theirs("of 8", "8")  # who has signed in meanwhile
    shown(worker, "/list")
    until(worker.page, lambda: worker.page.text_content("body").strip() == "of 8", "the page is fetched anew")
    assert shown(worker, "/list", offline=True) == "of 8"


def test_service_worker_files_of_the_app_and_pictures_of_the_round(worker):
    picture = f"/files/{'0' * 8}-0000-4000-8000-{'0' * 12}/thumbnail"
    keep(worker, "meta", "/user", USER)
    keep(worker, f"round/{USER}/SG-2", picture, "picture")
    worker.page.context.set_offline(True)
    asked = """
      const old = await fetch("/static/v-before/js/store.js"); // of a page from before an update
      const picture = await fetch(args[0]);
      const other = await fetch("/elsewhere").catch(() => undefined);
      return [(await old.text()).includes("export const read"), await picture.text(), other === undefined];
    """
    assert run(worker.page, asked, picture) == [True, "picture", True]
