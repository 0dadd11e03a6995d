"""The phone rows: first visit, prepared and offline pages, taps, photos, handing in, codes, a full outbox."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from tests.bench.line import SlowLine
from tests.bench.phone import Phone, Tab, chromium, phone
from tests.bench.pictures import GREEN, RED, hard_frames, large_photo
from tests.bench.results import Result, at_most, failed, plain
from tests.bench.stage import LINE, Server, Stage, server, sign_in

GROUP = "Phone: processor 4 times slower, 400 kbit/s, 400 ms round trip"
TAPS = 50
PHOTOS_KEPT, DOCUMENTS_KEPT, BYTES_EACH = 300, 100, 250_000
PERCENTILE = 98

BADGE_IS_READY = "document.readyState === 'complete'"
SHELL_IS_HERE = "navigator.serviceWorker.getRegistration().then((app) => Boolean(app?.active))"
QUIET_SECONDS = 2.0  # nothing on the line for so long: all has come

FORGET_DRAFTS = """() => new Promise((done) => {
  const opening = indexedDB.open("xunjian");
  opening.onsuccess = () => {
    const change = opening.result.transaction(["drafts", "attachments", "bytes", "outbox"], "readwrite");
    for (const name of change.objectStoreNames) change.objectStore(name).clear();
    change.oncomplete = () => { opening.result.close(); done(true); };
  };
})"""

# all answers in order, but for one that is abnormal; the items that want a photo
FILL_IN = """() => {
  const form = document.getElementById("inspection");
  const items = [...form.querySelectorAll(".item")];
  for (const item of items) {
    const { kind, key, low, high } = item.dataset;
    if (kind === "pass_fail") item.querySelector("[value=pass]").click();
    else if (kind === "choice" || kind === "state") item.querySelector("[type=radio]").click();
    else if (kind === "number") form.elements[`a.${key}`].value = low ?? high ?? "50";
    else if (kind === "text") form.elements[`a.${key}`].value = "noted";
  }
  const bad = items.find((item) => item.dataset.kind === "pass_fail" && item.querySelector("[data-strip]"));
  bad.querySelector("[value=fail]").click();
  form.elements[`why.${bad.dataset.key}`].value = "loose";
  bad.querySelector("[name^='remedy.'][value=fixed]").click();
  form.dispatchEvent(new Event("input", { bubbles: true }));
  const always = items.filter((item) => item.dataset.photoDue === "always" && item !== bad);
  return [bad, ...always].map((item) => item.id);
}"""

# the form in which the inspector signs, once its frame is drawn
MARK_OWN_SHEET = """(() => {
  const form = document.querySelector("#sheets form:has([name=capacity][value=inspector])");
  if (!form) return false;
  form.id = "own-sheet";
  form.closest("details").open = true;
  return form.querySelector("canvas").width > 300;
})()"""

LAST_PHOTO = """() => new Promise((done) => {
  const opening = indexedDB.open("xunjian");
  opening.onsuccess = () => {
    const asked = opening.result.transaction("bytes").objectStore("bytes").getAll();
    asked.onsuccess = async () => {
      opening.result.close();
      const bytes = asked.result.at(-1);
      const picture = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
      const canvas = new OffscreenCanvas(picture.width, picture.height);
      const brush = canvas.getContext("2d");
      brush.drawImage(picture, 0, 0);
      const [red, green, blue] = brush.getImageData(20, 20, 1, 1).data;
      done({ size: bytes.byteLength, width: picture.width, height: picture.height, corner: [red, green, blue] });
    };
  };
})"""

DECODE = """async ([decoder, frames]) => {
  const { default: decode } = await import(decoder);
  const canvas = document.createElement("canvas");
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const found = [];
  for (const [name, address] of frames) {
    const picture = Object.assign(new Image(), { src: address });
    await picture.decode();
    [canvas.width, canvas.height] = [picture.width, picture.height];
    brush.drawImage(picture, 0, 0);
    const times = [];
    let text = "";
    for (let turn = 0; turn < 6; turn += 1) {
      const began = performance.now();
      try { text = decode(brush.getImageData(0, 0, canvas.width, canvas.height)); } catch { text = ""; }
      times.push(performance.now() - began);
    }
    found.push({ name, text, times: times.slice(1) }); // the first one compiles
  }
  return found;
}"""

STORE_MANY = """async ([documents, photosEach, size, user]) => {
  const opening = indexedDB.open("xunjian");
  const db = await new Promise((done) => (opening.onsuccess = () => done(opening.result)));
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65536)));
  for (let nth = 0; nth < documents; nth += 1) {
    const change = db.transaction(["outbox", "attachments", "bytes"], "readwrite");
    const files = Array.from({ length: photosEach }, () => crypto.randomUUID());
    const madeAt = new Date(Date.now() - nth * 60000).toISOString();
    const id = crypto.randomUUID();
    const row = { id, user, kind: "inspection", title: `Asset ${nth}`, asset: id, url: `/inspections/${id}`, files,
      page: "/today", next: "/outbox", facts: {}, body: "a=b&".repeat(300), sha256: "0".repeat(64), draft: id, madeAt,
      state: "waiting", reason: "", tries: 0 };
    change.objectStore("outbox").put(row);
    const about = { draft: id, user, at: Date.now(), isSent: false, item: "", sha256: row.sha256, type: "image/jpeg" };
    for (const file of files) {
      change.objectStore("attachments").put({ id: file, ...about });
      change.objectStore("bytes").put(bytes.slice().buffer, file);
    }
    await new Promise((done) => (change.oncomplete = done));
  }
  db.close();
}"""


def measure(made: Stage, runs: int) -> tuple[str, list[Result]]:
    """Version of Chromium, and all phone rows. A case that fails says so in its row and leaves the others alone."""
    results: list[Result] = []
    with server(made) as ours, chromium() as browser:
        cookie = sign_in(ours.port)
        for case in (_first_visit, _first_visit_over_the_line, _prepared, _on_a_form, _codes, _full_outbox):
            results += _tried(case, browser, ours, made, cookie, runs)
        return browser.version, results


def _tried(case: Callable[..., list[Result]], *given: Any) -> list[Result]:
    try:
        return case(*given)
    except (AssertionError, BrowserError, KeyError) as error:
        return [failed(GROUP, case.__name__.strip("_").replace("_", " "), str(error).splitlines()[0][:150])]


def _first_visit(browser: Browser, ours: Server, made: Stage, cookie: str, runs: int) -> list[Result]:
    visits = []
    for _run in range(runs):
        with phone(browser, ours.url, cookie) as one:
            tab = one.tab()
            tab.slow_network()
            visits.append(_visit(tab, f"{ours.url}/inspections/new/{made.asset}"))
            time.sleep(QUIET_SECONDS)
            tab.wait_for(BADGE_IS_READY)
            visits[-1] |= {
                "kB": tab.fetched.kilobytes,
                "scripts": tab.fetched.kilobytes_of("Script"),
                "requests": len(tab.fetched.kinds),
                "reports": tab.fetched.posts,
            }
    case = "first visit, 20 items"
    return [
        at_most(GROUP, f"{case}: everything, gzip", 45, _all(visits, "kB"), "kB", digits=1),
        at_most(GROUP, f"{case}: requests", 9, _all(visits, "requests"), "requests"),
        at_most(GROUP, f"{case}: JavaScript in it", 25, _all(visits, "scripts"), "kB", digits=1),
        at_most(GROUP, f"{case}: first paint", 1.6, _all(visits, "paint"), "s", digits=2),
        at_most(GROUP, f"{case}: tap is kept", 3.5, _all(visits, "kept"), "s", digits=2),
        plain(GROUP, f"{case}: first answer is there to be tapped", _all(visits, "tapped"), "s", digits=2),
        plain(GROUP, f"{case}: further requests that report to the office", _all(visits, "reports"), "requests"),
    ]


def _first_visit_over_the_line(browser: Browser, ours: Server, made: Stage, cookie: str, runs: int) -> list[Result]:
    """The same where the service worker, too, has the slow line, and each connection its own round trip."""
    visits = []
    with SlowLine(ours.port) as line:
        for _run in range(runs):
            with phone(browser, line.url, cookie) as one:
                tab = one.tab()
                visits.append(_visit(tab, f"{line.url}/inspections/new/{made.asset}"))
                _wait_for_quiet(line)
                visits[-1]["kB"] = line.bytes_down() / 1000
                line.down.count = 0
    case = "the same over a slow line with connections of its own"
    return [
        plain(GROUP, f"{case}: first paint", _all(visits, "paint"), "s", digits=2),
        plain(GROUP, f"{case}: tap is kept", _all(visits, "kept"), "s", digits=2),
        plain(GROUP, f"{case}: with all that the app keeps for later", _all(visits, "kB"), "kB"),
    ]


def _prepared(browser: Browser, ours: Server, made: Stage, cookie: str, runs: int) -> list[Result]:
    found: dict[str, list[dict[str, float]]] = {"offline": [], "online": []}
    with SlowLine(ours.port) as line, phone(browser, line.url, cookie) as one:
        tab = one.tab()
        weight = _take_along(tab, line)
        address = f"{line.url}/inspections/new/{made.asset}"
        tab.go(address)
        tab.wait_for("window.__bench.keptAt")
        for state, visits in found.items():
            one.context.set_offline(state == "offline")
            for _run in range(runs):
                tab.page.evaluate(FORGET_DRAFTS)
                visits.append(_visit(tab, address))
        one.context.set_offline(True)
        rows = _hand_in(one, tab, line.url, made, runs)
    return [
        *(
            at_most(GROUP, f"prepared page, {state}: {name}", limit, _all(visits, key), "s", digits=2)
            for state, visits in found.items()
            for name, key, limit in (("first paint", "paint", 0.3), ("tap is kept", "kept", 0.8))
        ),
        at_most(GROUP, "a round of 20 devices taken along", 100, [weight], "kB"),
        *rows,
    ]


def _take_along(tab: Tab, line: SlowLine) -> float:
    """Takes the round of twenty along; how many kilobytes came for it."""
    tab.go(f"{line.url}/today")
    tab.wait_for(SHELL_IS_HERE)
    _wait_for_quiet(line)
    before = line.bytes_down()
    tab.page.click(f"[data-pack='{LINE}'] [data-take]")
    tab.wait_for(f"document.querySelector(\"[data-pack='{LINE}']\").dataset.s === 'ok'")
    _wait_for_quiet(line)
    return (line.bytes_down() - before) / 1000


def _hand_in(one: Phone, tab: Tab, base: str, made: Stage, runs: int) -> list[Result]:
    """Without network: a checklist with three photos, then the signature under the sheet of the device."""
    filled, signed = [], []
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        photo.write_bytes(large_photo())
        for _run in range(runs):
            tab.page.evaluate(FORGET_DRAFTS)
            tab.go(f"{base}/inspections/new/{made.asset}")
            tab.wait_for("window.__bench.keptAt")
            items = tab.page.evaluate(FILL_IN)
            for nth, item in enumerate([*items, *items][:3], start=1):
                tab.page.set_input_files(f"#{item} .shot input", photo)
                tab.wait_for(f"document.querySelectorAll('[data-photo]').length === {nth}")
            filled.append(_until_kept(tab, "#finish"))
            tab.go(f"{base}/sheet")
            tab.wait_for(MARK_OWN_SHEET)
            _sign(tab)
            signed.append(_until_kept(tab, "#own-sheet .seal-btn"))
    both = [first + second for first, second in zip(filled, signed, strict=True)]
    return [
        at_most(GROUP, "submit with 3 photos and a signature: kept", 0.5, both, "s", digits=2),
        plain(GROUP, "of it: checklist with 3 photos", filled, "s", digits=2),
        plain(GROUP, "of it: sheet with a signature", signed, "s", digits=2),
    ]


def _sign(tab: Tab) -> None:
    frame = tab.page.locator("#own-sheet canvas")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    assert box
    tab.page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    tab.page.mouse.down()
    for step in range(1, 15):
        tab.page.mouse.move(box["x"] + 20 + 15 * step, box["y"] + box["height"] * (0.3 + 0.4 * (step % 2)))
    tab.page.mouse.up()
    time.sleep(0.5)  # the draft of the strokes is written


def _until_kept(tab: Tab, button: str) -> float:
    """Seconds from the press of the button until the document is in the outbox of the device."""
    tab.page.evaluate("sessionStorage.removeItem('bench-outbox'), sessionStorage.removeItem('bench-submit')")
    tab.page.locator(button).first.tap()
    for _try in range(300):
        try:
            kept = tab.page.evaluate("[sessionStorage['bench-submit'], sessionStorage['bench-outbox']].map(Number)")
            if all(kept) and kept[1] > kept[0]:
                return (kept[1] - kept[0]) / 1000
        except BrowserError:
            pass  # on the way to the next page
        time.sleep(0.1)
    raise AssertionError("not kept within 30 s")


def _on_a_form(browser: Browser, ours: Server, made: Stage, cookie: str, runs: int) -> list[Result]:
    """Taps, and a large photo, on a form that is open."""
    with phone(browser, ours.url, cookie) as one, tempfile.TemporaryDirectory() as folder:
        tab = one.tab()
        tab.go(f"{ours.url}/inspections/new/{made.asset}")
        tab.wait_for("window.__bench.keptAt")
        time.sleep(QUIET_SECONDS)
        taps = _taps(tab)
        file = Path(folder) / "photo.jpg"
        file.write_bytes(large_photo())
        item = tab.page.evaluate(FILL_IN)[0]
        times, size, upright = [], [], []
        for nth in range(1, runs + 1):
            tab.page.set_input_files(f"#{item} .shot input", file)
            tab.wait_for(f"document.querySelectorAll('#{item} [data-photo]').length === {nth}")
            found = tab.page.evaluate(
                "[__bench.chosenAt, __bench.commits.findLast(({ names }) => names.includes('bytes')).at]"
            )
            times.append((found[1] - found[0]) / 1000)
            kept = tab.page.evaluate(LAST_PHOTO)
            size.append(kept["size"] / 1000)
            upright.append(kept["height"] > kept["width"] and _is_like(kept["corner"], RED))
    worst = sorted(taps)[min(len(taps) - 1, len(taps) * PERCENTILE // 100)]
    return [
        at_most(GROUP, f"tap to feedback, {PERCENTILE}th percentile of {len(taps)} taps", 100, [worst], "ms"),
        plain(GROUP, "tap to feedback, median", [median(taps)], "ms"),
        at_most(GROUP, "a 12-megapixel photo shrunk and kept", 0.5, times, "s", digits=2),
        at_most(GROUP, "its size", 500, size, "kB"),
        Result(GROUP, "it is upright", "yes", "yes" if all(upright) else "no", all(upright)),
    ]


def _taps(tab: Tab) -> list[float]:
    """Taps on answers, one after the other: milliseconds until the next frame was painted (Event Timing)."""
    places = tab.page.evaluate(
        "[...document.querySelectorAll('.item .seg [type=radio], .item .opts [type=radio]')]"
        ".filter((one) => one.closest('label').offsetParent).map((one) => `${one.name}=${one.value}`)"
    )
    tab.page.evaluate("__bench.events.length = 0")
    for nth in range(TAPS):
        name, _is, value = places[(7 * nth) % len(places)].partition("=")
        tab.page.locator(f'label:has(> [name="{name}"][value="{value}"])').first.tap()
        time.sleep(0.15)
    time.sleep(1)
    seen: dict[int, float] = {}
    for event in tab.page.evaluate("__bench.events"):
        seen[event["id"]] = max(seen.get(event["id"], 0), event["duration"])
    return [*seen.values(), *[16.0] * (TAPS - len(seen))]  # what was quicker than 16 ms is not told


def _codes(browser: Browser, ours: Server, made: Stage, cookie: str, runs: int) -> list[Result]:
    frames = hard_frames(f"{ours.url}/a/Zb3kQ9xT2mWv7LcR")
    with phone(browser, ours.url, cookie) as one:
        tab = one.tab()
        tab.go(f"{ours.url}/scan")
        tab.wait_for(BADGE_IS_READY)
        decoder = tab.page.evaluate("document.getElementById('finder').dataset.decoder")
        found = tab.page.evaluate(DECODE, [decoder, frames])
    middle = {each["name"]: median(each["times"]) for each in found}
    slowest = max(middle, key=lambda name: middle[name])
    read = [each["name"] for each in found if each["text"]]
    lost = ", ".join(each["name"] for each in found if not each["text"])
    return [
        at_most(GROUP, f"a QR frame of {len(frames)} hard ones, the slowest ({slowest})", 50, [middle[slowest]], "ms"),
        plain(GROUP, f"a QR frame, median; read {len(read)}, not: {lost}", list(middle.values()), "ms"),
    ]


def _full_outbox(browser: Browser, ours: Server, made: Stage, cookie: str, runs: int) -> list[Result]:
    with phone(browser, ours.url, cookie) as one:
        tab = one.tab()
        tab.go(f"{ours.url}/outbox")
        tab.wait_for(SHELL_IS_HERE)
        time.sleep(QUIET_SECONDS)
        tab.go(f"{ours.url}/outbox")  # now through the service worker, which keeps it
        tab.wait_for("document.querySelector('[data-counts]')?.textContent")
        time.sleep(QUIET_SECONDS)
        one.context.set_offline(True)
        user = tab.page.evaluate("document.documentElement.dataset.user")
        tab.page.evaluate(STORE_MANY, [DOCUMENTS_KEPT, PHOTOS_KEPT // DOCUMENTS_KEPT, BYTES_EACH, user])
        times = []
        for _run in range(runs):
            tab.go(f"{ours.url}/outbox")
            opened = f"""new Promise((done) => {{
              const look = () => document.querySelectorAll("[data-waiting] > li").length >= {DOCUMENTS_KEPT}
                ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 10);
              look();
            }})"""
            times.append(tab.page.evaluate(opened) / 1000)
    case = f"outbox with {DOCUMENTS_KEPT} documents and {PHOTOS_KEPT} photos ({PHOTOS_KEPT * BYTES_EACH // 10**6} MB)"
    return [at_most(GROUP, f"{case}: the list is there", 1, times, "s", digits=2)]


def _visit(tab: Tab, address: str) -> dict[str, float]:
    """First paint, first answer tapped, that answer on the disk of the device; seconds since the navigation began."""
    tab.go(address)
    tab.wait_for("window.__bench.keptAt")
    found = tab.page.evaluate("[__bench.paint(), __bench.tappedAt, __bench.keptAt]")
    return {name: ms / 1000 for name, ms in zip(("paint", "tapped", "kept"), found, strict=True)}


def _wait_for_quiet(line: SlowLine) -> None:
    seen, since = line.bytes_down(), time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        time.sleep(0.1)
        if line.bytes_down() != seen:
            seen, since = line.bytes_down(), time.monotonic()


def _all(visits: Sequence[dict[str, float]], name: str) -> list[float]:
    return [visit[name] for visit in visits]


def _is_like(corner: Sequence[int], colour: Sequence[int]) -> bool:
    return all(abs(one - other) < 60 for one, other in zip(corner, colour, strict=True)) and colour != GREEN
