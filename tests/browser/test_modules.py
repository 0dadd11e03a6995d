"""Each module of static/js alone, in a real Chromium: here those that need no page of the app but an empty bench.

test_modules_outbox.py and test_modules_cache.py go on with the bench; test_modules_pages.py has what belongs to a page.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.bench import Bench, benches, run
from tests.browser.offline import sign, until
from webapp.config import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

SCRIPTS = sorted(path.stem for path in (ROOT / "static/js").glob("*.js"))


@pytest.fixture(scope="module")
def bench(chromium: Browser) -> Iterator[Bench]:
    """One page for all modules, laid anew by each test."""
    with benches(chromium) as new:
        yield new()


def test_each_module_has_a_test_of_its_own():
    texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_modules*.py")]
    names = re.findall(r"^def test_(\w+)", "\n".join(texts), re.MULTILINE)
    tested = {max((one for one in SCRIPTS if name.startswith(f"{one}_")), key=len, default="") for name in names}
    assert not set(SCRIPTS) - tested


# store: what this device keeps


def test_store_a_change_is_over_only_when_its_transaction_is(bench):
    order = """
      const { change } = await use("store");
      const [seen, make] = [[], IDBDatabase.prototype.transaction];
      IDBDatabase.prototype.transaction = function (...given) {
        const tx = make.apply(this, given);
        tx.addEventListener("complete", () => seen.push("done"));
        seen.push(tx.mode, tx.durability);
        return tx;
      };
      await change(["meta"], (meta) => meta.put("kept", "key"));
      return [...seen, "resolved"];
    """
    assert run(bench.lay(), order) == ["readwrite", "strict", "done", "resolved"]


@pytest.mark.parametrize(
    ("work", "error"),
    [
        ("(drafts, meta) => [put(drafts, meta), meta.add('once more', 'key')]", "ConstraintError"),
        ("(drafts, meta) => [put(drafts, meta), meta.put(() => 'no data', 'other')]", "DataCloneError"),
        ("async (drafts, meta) => [put(drafts, meta), await given(meta.add('once more', 'key'))]", "ConstraintError"),
        ("async (drafts, meta) => (await given(put(drafts, meta)), meta.put(() => 'no data'))", "DataCloneError"),
    ],
    ids=["by the store", "at once", "by the store, waited for", "later"],
)
def test_store_a_change_that_is_refused_says_so_and_keeps_nothing(bench, work, error):
    tried = f"""
      const {{ all, change, given, read }} = await use("store");
      const put = (drafts, meta) => drafts.put({{ key: "draft" }}) && meta.put("kept", "key");
      const said = await change(["drafts", "meta"], {work}).then(() => "kept", ({{ name }}) => name);
      return [said, await all("drafts"), (await read("meta", "key")) ?? null];
    """
    assert run(bench.lay(), tried) == [error, [], None]


def test_store_first_looks_in_order_and_stops_at_what_it_looks_for(bench):
    looked = run(
        bench.lay(),
        """
        const { first, put } = await use("store");
        for (const doc of ["7 a off", "8 b on", "7 c on", "7 d on"]) {
          const [user, id, state] = doc.split(" ");
          await put("outbox", { user, id, state });
        }
        const seen = [];
        const isOn = (doc) => seen.push(doc.id) && doc.state === "on";
        return [(await first("outbox", "user", "7", isOn)).id, await first("outbox", "user", "9", isOn), seen];
        """,
    )
    assert looked == ["c", None, ["a", "c"]]


MADE_BY_VERSION_1 = """
  const request = indexedDB.open("xunjian", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("drafts", { keyPath: "key" }).createIndex("user", "user");
    request.result.createObjectStore("attachments", { keyPath: "id" }).createIndex("draft", "draft");
    request.result.createObjectStore("bytes");
  };
  await new Promise((give) => (request.onsuccess = give));
  const tx = request.result.transaction(["drafts", "attachments", "bytes"], "readwrite");
  tx.objectStore("drafts").put({ key: "7/x", user: "7", pending: { id: "one" } });
  tx.objectStore("attachments").put({ id: "photo", draft: "7/x", at: 1 });
  tx.objectStore("bytes").put(new Uint8Array([1, 2, 3]).buffer, "photo");
  await new Promise((give) => (tx.oncomplete = give));
  request.result.close();
"""


def test_store_a_database_of_the_first_version_opens_with_everything_in_it(bench):
    page = bench.lay()
    kept = run(
        page,
        MADE_BY_VERSION_1
        + """
        const { all, photosOf, put, read } = await use("store");
        await put("outbox", { id: "new", user: "7" });
        const bytes = [...new Uint8Array(await read("bytes", "photo"))];
        const [{ version }] = await indexedDB.databases();
        const [photos, drafts] = [await photosOf("7/x"), await all("drafts", "user", "7")];
        return [version, drafts[0].pending.id, photos[0].id, bytes, (await all("outbox", "user", "7")).length];
        """,
    )
    assert kept == [2, "one", "photo", [1, 2, 3], 1]


def test_store_an_old_page_reads_and_writes_a_newer_database(bench):
    page = bench.lay()
    run(page, "await (await use('store')).put('meta', 'old', 'key')")
    kept = run(
        page,
        """
        const request = indexedDB.open("xunjian", 3); // another tab has a newer app
        request.onupgradeneeded = () => request.result.createObjectStore("later");
        await new Promise((give, fail) => Object.assign(request, { onsuccess: give, onerror: fail, onblocked: fail }));
        const { put, read } = await use("store");
        await put("meta", "written", "other");
        request.result.close();
        return [await read("meta", "key"), await read("meta", "other"), (await indexedDB.databases())[0].version];
        """,
    )
    assert kept == ["old", "written", 3]
    page.reload()
    assert run(
        page, "const { put, read } = await use('store'); await put('meta', 1, 'a'); return read('meta', 'other')"
    )


def test_store_a_browser_has_one_name_over_all_its_tabs(bench):
    page = bench.lay()
    names = """
      const other = await import(`/static/v-${document.documentElement.dataset.build}/js/store.js?tab=2`);
      return Promise.all([(await use("store")).device(), other.device(), other.device()]);
    """
    (name,) = set(run(page, names))
    assert uuid.UUID(name).version == 4
    page.reload()
    assert set(run(page, names)) == {name}


def test_store_digests_and_names(bench):
    made = """
      const { newId, sha256 } = await use("store");
      delete Crypto.prototype.randomUUID; // as on plain HTTP
      const digests = [await sha256(args[0]), await sha256(new Uint8Array([0, 255]).buffer)];
      Object.defineProperty(crypto, "subtle", { value: undefined });
      return [...digests, await sha256("text"), Array.from({ length: 200 }, newId)];
    """
    of_text, of_bytes, without, names = run(bench.lay(), made, "巡检 a&b\n")
    assert of_text == hashlib.sha256("巡检 a&b\n".encode()).hexdigest()
    assert of_bytes == hashlib.sha256(b"\x00\xff").hexdigest()
    assert without == ""
    assert {uuid.UUID(name).version for name in names} == {4}
    assert len(set(names)) == 200
    assert all(str(uuid.UUID(name)) == name for name in names)


def test_store_photos_come_in_the_order_they_were_taken_and_go_with_their_bytes(bench):
    kept = run(
        bench.lay(),
        """
        const { all, dropPhoto, labels, photosOf, put, read, writePhoto } = await use("store");
        for (const [id, at] of [["b", 1], ["a", 2]]) await writePhoto({ id, draft: "x", at }, new ArrayBuffer(at));
        await put("meta", { labels: [{ token: "t" }] }, "pack/7/SG-2");
        await put("meta", "a name", "device");
        const photos = (await photosOf("x")).map(({ id, sha256 }) => [id, sha256.length]);
        await dropPhoto("a");
        return [photos, (await read("bytes", "b")).byteLength, (await all("bytes")).length, await labels()];
        """,
    )
    assert kept == [[["b", 64], ["a", 64]], 1, 1, [{"token": "t"}]]


# page, form, signature: what needs no page of the app


PAGE = """
<div id="problem" role="alert"></div>
<template id="note-row"><div class="note"><p data-of="text"></p><b data-of="other"></b></div></template>
<p id="state" data-s="todo"><svg class="mark"><use href="/static/symbols.svg#m-todo"></use></svg></p>
<input id="label" value="typed" data-from-query="label"><input id="code" value="typed" data-from-query="code">
"""


def test_page_draws_marks_fills_and_says(bench):
    page = bench.lay(PAGE, address="/?label=K7M-4Q9R")
    drawn = run(
        page,
        """
        const { clockTime, draw, el, fill, mark, say } = await use("page");
        const place = document.getElementById("state");
        mark(place, "attention", "warn");
        const row = draw("note-row", { text: "<b>no markup</b>" });
        say("first");
        say("It waits.", { href: "/outbox", textContent: "there" });
        const sign = place.querySelector("use").getAttribute("href");
        const time = clockTime("2026-11-20T09:05:00");
        const filled = fill("{n} of {of}, {x}.", { n: 0, of: 2 });
        return [filled, row.innerHTML, place.dataset.s, sign, el("i", { id: "x" }).id, time];
        """,
    )
    row = '<p data-of="text">&lt;b&gt;no markup&lt;/b&gt;</p><b data-of="other"></b>'
    assert drawn == ["0 of 2, .", row, "attention", "/static/symbols.svg#m-warn", "x", "09:05"]
    expect(page.locator("#problem .note")).to_have_text("It waits. there")
    expect(page.locator("#problem a")).to_have_attribute("href", "/outbox")
    assert [page.input_value("#label"), page.input_value("#code")] == ["K7M-4Q9R", "typed"]


FORM = """<form>
<textarea name="text"></textarea><input name="typed"><input type="hidden" name="made"><input type="file" name="upload">
<input type="radio" name="one" value="a"><input type="radio" name="one" value="b">
<input type="radio" name="two" value="a"><input type="radio" name="two" value="b">
<input type="checkbox" name="some" value="1"><input type="checkbox" name="some" value="2" checked>
<select name="chosen"><option value="x"></option><option value="y" selected></option></select>
<select name="tapped"><option value=""></option><option value="x"></option></select>
<button name="go" value="1"></button>
</form>"""


def test_form_fields_are_texts_with_one_kind_of_line_end(bench):
    page = bench.lay(FORM)
    page.set_input_files("[name=upload]", {"name": "x.txt", "mimeType": "text/plain", "buffer": b"x"})
    page.fill("textarea", "雨\n& more")
    made = """
      const { fieldsOf } = await use("form");
      document.forms[0].elements.made.value = "a\\r\\nb\\rc\\nd";
      return fieldsOf(document.forms[0]);
    """
    text, *others = run(page, made)
    assert text == ["text", "雨\n& more"]
    assert others == [["typed", ""], ["made", "a\nb\nc\nd"], ["some", "2"], ["chosen", "y"], ["tapped", ""]]


def test_form_a_draft_comes_back_but_for_what_was_touched_already(bench):
    page = bench.lay(FORM)
    page.fill("[name=typed]", "newer")
    page.check("[name=one][value=a]")
    page.select_option("[name=tapped]", "x")
    draft = {"text": "kept", "typed": "old", "made": "old", "one": "b", "two": "b", "some": "1", "chosen": "x"}
    back = """
      const { fieldsOf, restore } = await use("form");
      restore(document.forms[0], Object.entries(args[0]));
      return Object.fromEntries(fieldsOf(document.forms[0]));
    """
    assert run(page, back, draft) == {**draft, "typed": "newer", "one": "a", "made": "", "tapped": "x"}


PAD = """<form><div class="pad" data-pad data-ink="#12308a" hidden><canvas></canvas></div>
<p data-needs-script hidden>here</p><details data-picture open>or a picture</details>
<button type="button" data-again>again</button></form>"""
STROKES = "return JSON.parse(JSON.stringify(signature.strokes))"


def test_signature_strokes_follow_the_width_and_come_back_exactly(bench):
    page = bench.lay(PAD)
    run(
        page,
        """
        const { Signature } = await use("signature");
        window.changes = 0;
        window.signature = new Signature(document.querySelector("[data-pad]"), () => (window.changes += 1));
        """,
    )
    expect(page.get_by_text("here")).to_be_visible()
    expect(page.locator("[data-picture]")).to_be_hidden()
    sign(page.locator("canvas"))
    width, strokes = page.evaluate("signature.width"), run(page, STROKES)
    assert page.evaluate("[changes, signature.pad.isEmpty()]") == [1, False]
    assert len(strokes[0]["points"]) > 5
    assert all(0 < point["x"] < 1 for point in strokes[0]["points"])
    run(page, "signature.strokes = args[0]", strokes)
    picture = page.evaluate("signature.canvas.toDataURL()")
    for wide in (220, 360):  # turned, and turned back
        page.set_viewport_size({"width": wide, "height": 740})
        until(
            page, lambda wide=wide: (page.evaluate("signature.width") == width) == (wide == 360), "it has the new width"
        )
        for old, new in zip(strokes[0]["points"], run(page, STROKES)[0]["points"], strict=True):
            assert new == pytest.approx(old, rel=1e-9)
    assert page.evaluate("signature.canvas.toDataURL()") == picture
    png = "return [...new Uint8Array(await signature.picture())].slice(1, 4)"
    assert bytes(run(page, png)) == b"PNG"
    page.click("[data-again]")
    assert page.evaluate("[changes, signature.pad.isEmpty()]") == [2, True]
