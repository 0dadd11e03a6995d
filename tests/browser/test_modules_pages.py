"""The modules of one page each, alone in that page of the app: page, scan, outbox_page, sheet, away."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.bench import LAY, RECEIPT, Handheld, handhelds, kept, refusal, run
from tests.browser.offline import Field
from webapp.fieldwork.exported import ExportedOutbox
from webapp.sites.queries import site_coded

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture(scope="module")
def handheld(chromium: Browser, field: Field) -> Iterator[Handheld]:
    with handhelds(chromium, field) as one:
        yield one


# page


def test_page_counts_on_every_page_what_waits(handheld):
    page = handheld.open("/account")
    badge = page.locator("#outbox-badge")
    expect(badge).to_be_hidden()
    tell = LAY + "for (const [id, more] of args) await lay(id, more); document.dispatchEvent(new Event('outbox'))"
    for more, state, count in [
        ([["a", {"user": "8"}], ["b", {"user": "8"}], ["c", {"user": "9"}]], "others", 3),
        ([["d", {}], ["e", {}]], "waiting", 2),
        ([["f", {"state": "attention"}]], "attention", 3),
    ]:
        run(page, tell, *more)
        expect(badge).to_have_attribute("data-s", state)
        expect(badge).to_contain_text(str(count))
    asked: list[str] = []
    page.once("dialog", lambda dialog: [asked.append(dialog.type), dialog.dismiss()])
    page.evaluate("document.querySelector(\"form[action$='/sign-out']\").requestSubmit()")
    assert asked == ["confirm"]
    assert page.url.endswith("/account")


def test_page_says_what_became_of_the_last_document(handheld):
    laid = """
      const [asset] = args;
      await lay("old", { asset, state: "sent" }, "receipts");
      await lay("later", { asset, madeAt: "2999" });  // a name that begins with "new" goes past the bench
    """
    page = handheld.open(f"/scan?done={ARRIVED}", laid, ARRIVED)
    expect(page.locator("[data-done]")).to_have_attribute("data-s", "waiting")
    expect(page.locator("[data-done] b")).to_have_text("later")
    page.goto(f"{handheld.field.base}/scan?done={WAITS}")
    expect(page.locator("[data-done]")).to_be_hidden()


# scan


def test_scan_opens_our_labels_and_names_what_is_none(handheld):
    page = handheld.open("/scan")
    page.route("**/vendor/qr/decode.js", lambda route: route.fulfill(content_type="text/javascript", body=DECODER))
    page.route(
        re.compile(r"/a/[^/]+\?to=checklist$"), lambda route: route.fulfill(content_type="text/html", body="opened")
    )
    page.reload()
    page.locator("[data-again]").wait_for()  # no camera
    page.evaluate(CAMERA)
    page.click("[data-again]")
    told = page.locator("[data-foreign-text]")
    base = handheld.field.base
    for text in (
        "https://evil.example/a/k7m4q9rk7m4q9rk7",
        f"{base}/a/short",
        f"{base}/sign-out",
        f"{base}/a/../../sign-out/k7m4q9rk7m4q",
        "javascript:alert(1)",
        "x" * 200,
    ):
        page.evaluate("(text) => (window.shown = text)", text)
        expect(told).to_have_text(text if len(text) <= 120 else text[:120] + "…")
    page.evaluate("(text) => (window.shown = text)", f"{base}/a/k7m4q9rk7m4q9rk7")
    page.wait_for_url(f"{base}/a/k7m4q9rk7m4q9rk7?to=checklist")
    assert page.evaluate("sessionStorage.getItem('scanned')") == "k7m4q9rk7m4q9rk7"
    for typed in ("k7m 4q9s", "Ｋ７Ｍ－４Ｑ９５"):
        page.goto(f"{base}/scan")
        page.fill("[name=code]", typed)
        page.press("[name=code]", "Enter")
        page.wait_for_url(f"{base}/a/K7M-4Q95?to=checklist")


DECODER = "export default () => window.shown ?? ''"
CAMERA = """() => {
  const canvas = document.createElement("canvas");
  const brush = canvas.getContext("2d");
  setInterval(() => brush.fillRect(0, 0, Math.random() * 99, 99), 40);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
}"""


# outbox_page

WAITS, REFUSED, ARRIVED, PHOTO, THERE = (str(uuid.UUID(int=nth, version=4)) for nth in range(5))
LAID = """
  const [waits, refused, arrived, picture, there] = args;
  const draft = `${me}/note`;
  await lay(waits, { files: [picture, there] });
  await photo(picture, { draft: waits, type: "image/jpeg" });
  await photo(there, { draft: waits, type: "image/png", isSent: true });
  const why = { state: "attention", code: "invalid", reason: "said so", page: "/notes/new", draft };
  await lay(refused, { ...why, body: "text=%E9%9B%A8&started_at=2026-11-20T01%3A00%3A00Z", files: [] });
  await lay("of another person", { user: "8" });
  const receivedAt = "2026-11-20T01:00:00+00:00";
  await lay(arrived, { state: "sent", receivedAt, sentAt: Date.now(), files: [picture] }, "receipts");
"""
IDS = (WAITS, REFUSED, ARRIVED, PHOTO, THERE)


def test_outbox_page_shows_what_waits_and_why(handheld):
    page = handheld.open("/outbox", LAID, *IDS)
    waits, refused = page.locator("[data-waiting] > li").all()
    expect(waits).to_have_attribute("data-s", "waiting")
    expect(refused).to_have_attribute("data-s", "attention")
    expect(refused).to_contain_text("said so")
    expect(page.locator("[data-sent] > li")).to_have_attribute("data-s", "sent")
    for row, shown in ((waits, False), (refused, True)):
        for button in ("[data-retry]", "[data-edit]"):
            expect(row.locator(button)).to_be_visible(visible=shown)
    assert sorted(re.findall(r"\d+", page.text_content("[data-counts]"))) == ["1", "2", "3", "3"]
    expect(page.locator("[data-others]")).to_contain_text("1")
    expect(page.locator("[data-pause]")).not_to_be_empty()
    expect(page.locator("[data-sign-in]")).to_be_hidden()
    handheld.server.otherwise = refusal(401, "sign_in")
    page.click("#send-now")
    expect(page.locator("[data-sign-in]")).to_be_visible()
    handheld.server.otherwise = RECEIPT
    refused.locator("[data-retry]").click()
    expect(page.locator("[data-waiting] > li")).to_have_count(0)
    expect(page.locator("[data-sent] > li")).to_have_count(3)


def test_outbox_page_takes_everything_out_as_a_file_that_the_server_reads(handheld, tmp_path: Path):
    page = handheld.open("/outbox", LAID, *IDS)
    with page.expect_download() as download:
        page.click("[data-export]")
    download.value.save_as(tmp_path / "outbox.zip")
    with ExportedOutbox(tmp_path / "outbox.zip") as zipped:
        found = zipped.content
        assert (str(found.user), [str(doc.id) for doc in found.documents]) == (handheld.user, [WAITS, REFUSED])
        assert all(doc.is_whole for doc in found.documents)
        assert [doc.body.partition("=")[0] for doc in found.documents] == ["text", "text"]
        files = found.documents[0].files
        assert [(str(one.id), one.type) for one in files] == [(PHOTO, "image/jpeg"), (THERE, "image/png")]
        assert [zipped.bytes_of(one) for one in files] == [bytes([7, 8])] * 2


def test_outbox_page_puts_a_refused_document_back_into_its_form(handheld):
    page = handheld.open("/outbox", LAID + "await store.put('drafts', { key: draft })", *IDS)
    page.click("[data-edit]:visible")
    expect(page.locator("#problem .note")).to_be_visible()  # a newer draft is there
    run(page, LAY + "await store.change(['drafts'], (drafts) => drafts.clear())")
    run(page, LAY + "await photo(args[0], { draft: args[1], problem: 'x' })", ARRIVED, REFUSED)
    page.click("[data-edit]:visible")
    page.wait_for_url("**/notes/new")
    expect(page.locator("#f-text")).to_have_value("雨")
    expect(page.locator("[data-photo]")).to_have_count(1)
    docs, (draft,) = kept(page, "outbox", "drafts")
    assert [doc["id"] for doc in docs] == [WAITS, "of another person"]
    assert draft["startedAt"] == "2026-11-20T01:00:00Z"


def test_outbox_page_neither_edits_nor_repeats_what_another_tab_has_sent_again(handheld):
    page = handheld.open("/outbox", LAID, *IDS)
    expect(page.locator("[data-edit]:visible")).to_have_count(1)
    another_tab = """
      const buttons = document.querySelectorAll("[data-edit]:not([hidden]), [data-retry]:not([hidden])");
      for (const { seq, id } of await store.all("outbox"))
        if (id === args[0]) await store.update("outbox", seq, { state: "waiting", tries: 9, user: "nobody here" });
      for (const button of buttons) button.click();
      return buttons.length;
    """
    assert run(page, LAY + another_tab, REFUSED) == 2
    page.wait_for_timeout(300)
    docs, drafts = kept(page, "outbox", "drafts")
    (doc,) = (doc for doc in docs if doc["id"] == REFUSED)
    assert (doc["state"], doc["tries"], drafts) == ("waiting", 9, [])


# sheet


def test_sheet_covers_exactly_the_documents_that_it_lists(handheld):
    site = handheld.field.ask(lambda: str(site_coded("SG").id))
    laid = """
      const [site, long] = [args[0], Date.now() - 3 * 86400000];
      const facts = { site, name: "x", code: "y", lines: [], units: "", photos: 0 };
      const abnormal = { ...facts, lines: [{ text: "t", why: "w", remedy: "r" }], units: "3", photos: 2 };
      const sheet = { kind: "inspection", facts };
      await lay("doc-b", sheet);
      await lay("doc-a", { ...sheet, facts: abnormal, state: "sent", sentAt: Date.now() }, "receipts");
      const before = { state: "sent", sentAt: long, madeAt: new Date(long).toISOString() };
      await lay("long ago", { ...sheet, ...before }, "receipts");
      await lay("a note");
      await lay("of another person", { ...sheet, user: "8" });
      await lay("elsewhere", { ...sheet, facts: { ...facts, site: "unknown" } });
    """
    page = handheld.open("/sheet", laid, site)
    expect(page.locator("#sheets .card")).to_have_count(1)
    rows = page.locator("#sheets [data-rows] > li").all()
    assert [row.get_attribute("data-s") for row in rows] == ["abnormal", "ok"]
    docs, receipts = kept(page, "outbox", "receipts")
    covers = sorted(f"{doc['id']}:{doc['sha256']}" for doc in [*docs, *receipts] if doc["id"] in ("doc-a", "doc-b"))
    listed = """
      const forms = [...document.querySelectorAll("#sheets form")];
      const of = (form, name) => new FormData(form).getAll(name);
      return forms.map((form) => [...of(form, "capacity"), of(form, "covers"), form.dataset.draft, ...of(form, "day")]);
    """
    places = run(page, listed)
    assert [place[1] for place in places] == [covers] * len(places)
    assert len({place[2] for place in places}) == len(places) >= 2
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", place[3]) for place in places)
    sign = "await lay('sign', { kind: 'sign_off', facts: { capacity: args[0], covers: args[1] } })"
    run(page, LAY + sign, places[0][0], ",".join(covers))
    run(
        page,
        LAY + "const { facts } = (await store.all('outbox'))[0]; await lay('doc-c', { kind: 'inspection', facts })",
    )
    page.reload()
    expect(page.locator("#sheets .card")).to_have_count(2)  # what was signed stays as it was signed
    later = [place[1] for place in run(page, listed)]
    assert sorted(len(one) for one in later) == [1] * len(places) + [2] * (len(places) - 1)
    assert covers in later


# away


@pytest.mark.parametrize(
    ("label", "name"), [("k7m4q9rk7m4q", "antenna · 2 · SG"), ("K7M-4Q9R", "antenna · 2 · SG"), ("K7M-0000", "")]
)
def test_away_names_a_label_that_a_round_knows(handheld, label, name):
    known = """
      const labels = [{ token: "k7m4q9rk7m4q", code: "K7M-4Q9R", name: "antenna", list: "2 · SG" }];
      await store.put("meta", { labels }, `pack/${me}/SG-2`);
    """
    page = handheld.open("/away", known)
    expect(page.locator("[data-away-label]")).to_be_hidden()
    html = page.content()
    page.route("**/a/*", lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto(f"{handheld.field.base}/a/{label}")
    expect(page.locator("[data-away-label]")).to_be_visible()
    expect(page.locator("[data-label-name]")).to_have_text(name)
    links = [link.get_attribute("href").partition("/notes/")[2] for link in page.locator("[data-label-note]").all()]
    assert links == [f"new?label={label}"] * 2
