"""The module outbox alone, on a bench: what is sent in which order, and what becomes of each answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.bench import LAY, RECEIPT, RECEIVED_AT, USER, Bench, Server, benches, refusal, run

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture(scope="module")
def bench(chromium: Browser) -> Iterator[Bench]:
    with benches(chromium) as new:
        yield new()


OUTBOX = (
    LAY
    + """
  const outbox = await use("outbox");
  const waits = (window.waits = []);
  window.setTimeout = (_deed, ms) => void waits.push(ms / 1000); // the next try is noted, not made
"""
)
HTML = {"status": 200, "content_type": "text/html", "body": "<h1>Welcome</h1>"}
FIELDS = {"text": ["too long"], "place": ["unknown"]}
ANSWERS: dict[str, tuple[dict[str, Any], str, str, str, bool]] = {  # state, code, why all waits, whether the next goes
    "201": (RECEIPT, "sent", "", "", True),
    "200": ({"status": 200, **RECEIPT}, "sent", "", "", True),
    "200 of another id": ({"status": 200, "receipt": {"id": "x"}}, "waiting", "not_ours", "not_ours", False),
    "201 of another digest": ({"receipt": {"sent_sha256": "x"}}, "waiting", "not_ours", "not_ours", False),
    "a page": (HTML, "waiting", "not_ours", "not_ours", False),
    "an empty 200": ({"status": 200}, "waiting", "not_ours", "not_ours", False),
    "302": ({"status": 302, "headers": {"Location": "/"}}, "waiting", "unreachable", "unreachable", False),
    "500": (refusal(500, "internal"), "waiting", "busy", "busy", False),
    "503": (refusal(503, "busy"), "waiting", "busy", "busy", False),
    "429": (refusal(429, "too_many"), "waiting", "busy", "busy", False),
    "400 always garbled": (refusal(400, "digest_differs"), "waiting", "busy", "busy", False),
    "401": (refusal(401, "sign_in"), "waiting", "sign_in", "sign_in", False),
    "401 of a portal": ({**HTML, "status": 401}, "waiting", "not_ours", "not_ours", False),
    "403 another user": (refusal(403, "other_user"), "waiting", "other_user", "other_user", False),
    "403 not allowed": (refusal(403, "refused"), "attention", "refused", "", True),
    "404": (refusal(404, "not_found"), "attention", "not_found", "", True),
    "409": (refusal(409, "other_content"), "attention", "other_content", "", True),
    "413": (refusal(413, "too_large"), "attention", "too_large", "", True),
    "422": (refusal(422, "invalid", fields=FIELDS), "attention", "invalid", "", True),
    "424 documents": (refusal(424, "documents_missing", missing_documents=["x"]), "waiting", "waits", "", True),
    "424 photo that is nowhere": (refusal(424, "x", missing=["gone"]), "attention", "photo_lost", "", True),
    "426": (refusal(426, "client_too_old"), "waiting", "client_too_old", "client_too_old", False),
}


@pytest.mark.parametrize(("answer", "state", "code", "pause", "goes_on"), ANSWERS.values(), ids=ANSWERS)
def test_outbox_what_an_answer_means(bench, answer, state, code, pause, goes_on):
    page = bench.lay()
    server = Server(page)
    server.says("POST", "/doc/first", answer)
    sent = """
      await lay("first", { body: args[0] });
      await lay("behind");
      await outbox.drain();
      const left = Object.fromEntries((await store.all("outbox")).map((doc) => [doc.id, doc]));
      const { pause, sending } = outbox.status;
      return [left.first ?? { state: "sent", code: "" }, left.behind?.tries, pause, sending];
    """
    first, behind, why, sending = run(page, OUTBOX + sent, "text=first")
    assert (first["state"], first["code"], why, sending) == (state, code, pause, "")
    assert (behind is None) == goes_on == ("POST /doc/behind" in server.seen())
    assert behind in (None, 0)
    assert state == "sent" or (first["tries"], first["body"]) == (1, "text=first")
    if state == "attention" and code == "invalid":
        assert first["reason"] == "said invalid too long unknown"


def test_outbox_the_next_try_waits_longer_each_time_and_as_long_as_the_server_asks(bench):
    page = bench.lay()
    server = Server(page)
    server.says(
        "POST", "/doc/first", *[refusal(503, "busy")] * 5, refusal(503, "busy", {"Retry-After": "900"}), RECEIPT
    )
    drains = "await lay('first'); for (let turn = 0; turn < 7; turn += 1) await outbox.drain(); return waits"
    assert run(page, OUTBOX + drains) == [5, 15, 60, 300, 300, 900]
    assert len(server.seen("POST")) == 7


def test_outbox_a_document_that_the_server_fails_over_lets_others_overtake(bench):
    page = bench.lay()
    server = Server(page)
    server.says("POST", "/doc/first", refusal(500, "internal"))
    run(page, OUTBOX + "await lay('first', { fails: 6 }); await lay('behind'); await outbox.drain()")
    assert [doc["id"] for doc in run(page, "return (await use('store')).all('outbox')")] == ["first"]


def test_outbox_sends_in_the_order_of_making_each_once_and_only_its_own_persons(bench):
    page = bench.lay()
    server = Server(page)
    run(
        page,
        OUTBOX
        + """
        await lay("c", { files: ["photo"] });
        await photo("photo", { draft: "c" });
        await lay("others", { user: "8" });
        for (const id of ["a", "refused", "b"]) await lay(id, id === "refused" ? { state: "attention" } : {});
        await Promise.all([outbox.drain(), outbox.drain(), outbox.drain()]);
        """,
    )
    assert server.seen() == ["PUT /files/photo", "POST /doc/c", "POST /doc/a", "POST /doc/b"]
    left = (
        "const { all } = await use('store'); return Promise.all(['outbox', 'receipts', 'bytes'].map((one) => all(one)))"
    )
    waiting, receipts, photos = run(page, LAY + left)
    assert [doc["id"] for doc in waiting] == ["others", "refused"]
    assert sorted(doc["id"] for doc in receipts) == ["a", "b", "c"]
    assert {(doc["state"], doc["receivedAt"], "body" in doc) for doc in receipts} == {("sent", RECEIVED_AT, False)}
    assert photos == []


@pytest.mark.parametrize("status", [201, 500])
def test_outbox_what_was_taken_away_while_it_was_sent_stays_away(bench, status):
    page = bench.lay()
    server = Server(page)
    server.says("PUT", "/files/photo", RECEIPT if status == 201 else refusal(500, "internal"))
    server.says("POST", "/doc/first", refusal(500, "internal"))
    left = run(
        page,
        OUTBOX
        + """
        await lay("first", { files: ["photo"] });
        await photo("photo");
        const real = window.fetch; // another tab empties the device while the answer is on its way
        const stores = ["outbox", "attachments", "bytes"];
        window.fetch = async (...asked) => {
          const answer = await real(...asked);
          await store.change(stores, (...all) => all.map((one) => one.clear()));
          return answer;
        };
        await outbox.drain();
        return Promise.all(stores.map((one) => store.all(one)));
        """,
    )
    assert left == [[], [], []]


@pytest.mark.parametrize("who", ["signed out", "another tab sends"])
def test_outbox_is_quiet_where_it_is_not_its_turn(bench, who):
    page = bench.lay(user="" if who == "signed out" else USER)
    server = Server(page)
    held = "navigator.locks.request('outbox', () => new Promise(() => {}));" if who != "signed out" else ""
    waits = run(page, OUTBOX + held + "await lay('first', { user: outbox.me }); await outbox.drain(); return waits")
    assert (waits, server.came) == ([5] if held else [], [])


def test_outbox_the_second_try_has_the_very_same_bytes(bench):
    page = bench.lay()
    server = Server(page)
    server.says("POST", "/doc/one", refusal(503, "busy"), RECEIPT)
    kept = run(
        page,
        OUTBOX
        + """
        const doc = { id: "one", user: "7", kind: "note", title: "", url: "/doc/one", files: [] };
        const { body } = await outbox.submit({ ...doc, fields: [["text", "雨\\n& + é"], ["a.x", ""]] }, "");
        await outbox.drain();
        await outbox.drain();
        return [body, await store.device()];
        """,
    )
    first, second = (one for one in server.came if one.path == "/doc/one")
    assert first.body == second.body == kept[0].encode() == b"text=%E9%9B%A8%0A%26+%2B+%C3%A9&a.x="
    for one in (first, second):
        assert one.headers["x-content-sha256"] == hashlib.sha256(one.body).hexdigest()
        assert (one.headers["x-outbox-user"], one.headers["x-device"]) == (USER, kept[1])
        assert one.headers["content-type"] == "application/x-www-form-urlencoded"
        assert one.headers["accept"] == "application/json"
        assert one.headers["x-sent-at"].endswith("Z")


HERE = {"status": 200, "headers": {"X-Content-SHA256": hashlib.sha256(bytes([7, 8])).hexdigest()}}


@pytest.mark.parametrize(
    ("tries", "head", "asked"),
    [
        (0, HERE, ["PUT"]),
        (1, HERE, ["HEAD"]),
        (1, {"status": 404}, ["HEAD", "PUT"]),
        (1, {"status": 200}, ["HEAD", "PUT"]),
    ],
    ids=["first try", "it is there", "it is not there", "something else is there"],
)
def test_outbox_asks_whether_a_photo_is_there_before_it_sends_it_again(bench, tries, head, asked):
    page = bench.lay()
    server = Server(page)
    server.says("HEAD", "/files/photo", head)
    run(
        page,
        OUTBOX + "await photo('photo'); await lay('first', { files: ['photo'], tries: args[0] }); await outbox.drain()",
        tries,
    )
    assert server.seen() == [*(f"{method} /files/photo" for method in asked), "POST /doc/first"]
    assert [one.body for one in server.came if one.method == "PUT"] == [bytes([7, 8])] * asked.count("PUT")


def test_outbox_sends_a_photo_again_that_the_server_lost(bench):
    page = bench.lay()
    server = Server(page)
    server.says("POST", "/doc/first", refusal(424, "attachments_missing", missing=["photo"]), RECEIPT)
    send = "await photo('photo', { isSent: true }); await lay('first', { files: ['photo'] }); await outbox.drain()"
    run(page, OUTBOX + send)
    assert server.seen() == ["POST /doc/first", "HEAD /files/photo", "PUT /files/photo", "POST /doc/first"]


SUBMIT = """
  await store.put("drafts", { key: "draft", user: "7" });
  for (const id of ["goes", "stays"]) await photo(id, { draft: "draft", isSent: true });
  let writes = 0;
  const make = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (names, mode, how) {
    writes += mode === "readwrite" && names.includes("drafts");
    return make.call(this, names, mode, how);
  };
  const doc = { id: "one", user: "7", kind: "note", title: "", url: "/doc/one", fields: [["a", "b"]], files: ["goes"] };
  const said = await outbox.submit(doc, "draft").then(({ id }) => id, ({ name }) => name);
  const kept = await Promise.all(["outbox", "drafts", "attachments"].map((one) => store.all(one)));
  return [said, writes, ...kept, (await store.all("bytes")).length];
"""


def test_outbox_submit_moves_draft_and_photos_in_one_step(bench):
    page = bench.lay()
    Server(page).says("POST", "/doc/one", refusal(503, "busy"))
    said, writes, docs, drafts, photos, pieces = run(page, OUTBOX + SUBMIT)
    assert (said, writes, drafts, pieces) == ("one", 1, [], 1)
    assert [(doc["id"], doc["body"], doc["state"], doc["files"]) for doc in docs] == [
        ("one", "a=b", "waiting", ["goes"])
    ]
    assert [(photo["id"], photo["draft"]) for photo in photos] == [("goes", "one")]


def test_outbox_submit_that_fails_leaves_the_draft_as_it_was(bench):
    page = bench.lay()
    said, writes, docs, drafts, photos, pieces = run(page, OUTBOX + "await lay('one', { user: '8' });" + SUBMIT)
    assert (said, writes, len(docs), pieces) == ("ConstraintError", 1, 1, 2)
    assert [draft["key"] for draft in drafts] == ["draft"]
    assert {(photo["id"], photo["draft"]) for photo in photos} == {("goes", "draft"), ("stays", "draft")}


def test_outbox_sends_what_the_browser_cannot_keep(bench):
    page = bench.lay()
    server = Server(page)
    send = """
      const doc = { id: args[0], url: `/doc/${args[0]}`, fields: [["a", "b"]], files: ["photo"] };
      const buffers = new Map([["photo", new Uint8Array([7, 8]).buffer]]);
      return outbox.sendUnkept(doc, buffers).then(() => "sent", ({ what }) => what);
    """
    assert run(page, OUTBOX + send, "one") == "sent"
    assert server.seen() == ["PUT /files/photo", "POST /doc/one"]
    server.says("POST", "/doc/two", refusal(422, "invalid"))
    assert run(page, OUTBOX + send, "two") == "attention"


def test_outbox_tells_the_office_once_what_is_left_and_forgets_old_receipts(bench):
    page = bench.lay()
    server = Server(page)
    server.says("POST", "/field-work/report", {"status": 200, "json": {}})
    receipts = run(
        page,
        OUTBOX
        + """
        const day = 86400000;
        for (const age of [29, 31]) await store.put("receipts", { id: age, user: "7", sentAt: Date.now() - age * day });
        await store.put("drafts", { key: "d", user: "7" });
        await lay("refused", { state: "attention" });
        for (let turn = 0; turn < 2; turn += 1) await outbox.drain();
        return (await store.all("receipts")).map(({ id }) => id);
        """,
    )
    assert receipts == [29]
    (report,) = server.came
    assert {b"waiting=0", b"attention=1", b"drafts=1", b"version=bench"} < set(report.body.split(b"&"))
