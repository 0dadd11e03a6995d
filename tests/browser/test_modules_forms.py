"""The modules that make forms work, each alone in a page of the app: form, photos, checklist, joint_test."""

from __future__ import annotations

import base64
import io
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.browser.bench import RECEIPT, Handheld, handhelds, kept, run
from tests.browser.offline import Field, fill_in, until
from tests.inspections.documents import WALL
from webapp.checklists.rules import parse_number
from webapp.demo.pictures import photo

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


@pytest.fixture(scope="module")
def handheld(chromium: Browser, field: Field) -> Iterator[Handheld]:
    with handhelds(chromium, field) as one:
        yield one


# form


def test_form_typed_text_is_kept_within_300_ms(handheld):
    page = handheld.open("/notes/new")
    page.evaluate("""() => {
      const wait = window.setTimeout;
      window.waits = [];
      window.setTimeout = (deed, ms) => (waits.push(ms), wait(deed, ms));
    }""")
    page.fill("#f-text", "雨")
    (draft,) = until(page, lambda: kept(page, "drafts")[0], "it is kept")
    assert ["text", "雨"] in draft["fields"]
    assert (draft["key"], draft["user"], draft["kind"], draft["page"]) == (
        f"{handheld.user}/note",
        handheld.user,
        "note",
        "/notes/new",
    )
    assert 0 < max(page.evaluate("waits")) <= 300
    page.evaluate("window.setTimeout = () => 1")  # the camera opens before the time is over
    page.fill("#f-text", "雨停")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, lambda: ["text", "雨停"] in kept(page, "drafts")[0][0]["fields"], "it is kept at once")


def test_form_submitted_twice_makes_one_document_and_takes_the_draft_away(handheld):
    page = handheld.open("/notes/new?label=K7M-4Q9R")
    run(page, "await use('form')")  # the script is ready
    page.fill("#f-text", "雨")
    page.evaluate("() => { const form = document.getElementById('note'); form.requestSubmit(); form.requestSubmit() }")
    page.wait_for_url("**/scan")
    (doc,), drafts = kept(page, "outbox", "drafts")
    assert drafts == []
    assert (doc["url"], doc["kind"], doc["user"], doc["state"]) == (
        f"/notes/{doc['id']}",
        "note",
        handheld.user,
        "waiting",
    )
    assert "label=K7M-4Q9R" in doc["body"]
    assert re.search(r"noted_at=20\d\d-\d\d-\d\dT", doc["body"])
    assert uuid.UUID(doc["id"]).version == 4


def test_form_a_document_that_the_first_version_left_goes_on_under_its_name(handheld):
    name = str(uuid.uuid4())
    left = """
      const pending = { id: args[0], fields: [["text", "from before"]] };
      await store.put("drafts", { key: `${me}/note`, user: me, kind: "note", fields: [], seconds: 1, pending });
    """
    page = handheld.open("/notes/new", left, name)
    expect(page.locator("#f-text")).to_have_value("from before")
    page.click("#finish")
    page.wait_for_url("**/scan")
    assert [doc["id"] for doc in kept(page, "outbox")[0]] == [name]


# photos


def as_phones_write_it(side: int = 2000) -> bytes:
    """An upright photo with a red corner top left, lying on its side in the file."""
    upright = Image.open(io.BytesIO(photo("x"))).resize((side * 3 // 4, side))
    upright = Image.blend(upright, Image.effect_noise(upright.size, 60).convert("RGB"), 0.1)
    upright.paste("red", (0, 0, side // 8, side // 8))
    exif = upright.getexif()
    exif[0x0112] = 6
    out = io.BytesIO()
    upright.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


def upload(data: bytes) -> Any:
    return {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": data}


def test_photos_are_made_small_and_upright_and_come_back(handheld):
    page = handheld.open("/notes/new")
    page.set_input_files("[name=upload]", upload(as_phones_write_it()))
    expect(page.locator("[data-photo]")).to_have_count(1)
    read = """
      const { all } = await use("store");
      const text = (buffer) => Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
      return (await all("bytes")).map((one) => btoa(text(one)));
    """
    data = base64.b64decode(run(page, read)[0])
    small = Image.open(io.BytesIO(data))
    assert (small.format, small.size) == ("JPEG", (1200, 1600))
    red, green, blue = small.getpixel((60, 60))
    assert red > 200
    assert max(green, blue) < 60
    assert len(data) <= 500_000
    page.reload()
    shown = "[...document.querySelectorAll('[data-photo] img')].map((one) => one.complete && one.naturalWidth)"
    until(page, lambda: page.evaluate(shown) == [1200], "it is shown again")
    expect(page.locator("[data-photo]")).to_have_attribute("data-s", "draft")


def test_photos_a_broken_one_says_so_and_the_others_stay(handheld):
    page = handheld.open("/notes/new")
    page.set_input_files("[name=upload]", [upload(photo("a")), upload(b"no picture"), upload(photo("b"))])
    expect(page.locator("#problem .note")).to_be_visible()
    expect(page.locator("[data-photo]")).to_have_count(2)
    page.locator(".drop").first.click()
    until(page, lambda: [len(one) for one in kept(page, "attachments", "bytes")] == [1, 1], "one is gone")


def test_photos_chosen_before_the_script_is_ready_are_kept(handheld):
    page = handheld.open("/account")
    held: list[Any] = []
    page.route("**/js/photos.js", lambda route: held.append(route))
    page.goto(f"{handheld.field.base}/notes/new")
    page.set_input_files("[name=upload]", [upload(photo("a")), upload(photo("b"))])
    until(page, lambda: held, "the script is on its way")
    held[0].continue_()
    expect(page.locator("[data-photo]")).to_have_count(2)
    assert [len(one) for one in kept(page, "attachments", "bytes")] == [2, 2]
    again = """
      const { Photos } = await use("photos"); // the draft comes back only now, from a slow disk
      const form = document.getElementById("note");
      await new Photos(form, `${args[0]}/note`, args[0], {}, () => undefined).restore();
    """
    run(page, again, handheld.user)
    expect(page.locator("[data-photo]")).to_have_count(2)


def test_photos_that_cannot_be_kept_are_sent_with_their_form(handheld):
    page = handheld.open("/notes/new", otherwise=RECEIPT)
    page.evaluate("""() => {
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (...given) {
        if (this.name === "bytes") throw new DOMException("", "UnknownError"); // the disk is full
        return put.apply(this, given);
      };
    }""")
    page.set_input_files("[name=upload]", upload(photo("x")))
    expect(page.locator("[data-photo]")).to_have_count(1)
    page.fill("#f-text", "雨")
    page.click("#finish")
    page.wait_for_url("**/scan")
    assert [one.split("/")[1] for one in handheld.server.seen()] == ["files", "notes"]
    assert kept(page, "outbox", "attachments") == [[], []]


# checklist


NUMBERS = {  # of 10 to 20
    "": "todo",
    "9.99": "abnormal",
    "10": "ok",
    "10.0": "ok",
    " 20 ": "ok",
    "20.01": "abnormal",
    "+15.": "ok",
    ".5": "abnormal",
    "1.5e1": "ok",
    "1e20": "abnormal",
    "1e21": "warn",
    "１０": "ok",
    "９．９": "abnormal",
    "-15": "abnormal",
    "−15": "abnormal",
    "－15": "abnormal",
    "15,5": "warn",
    "15，5": "warn",
    "1 5": "warn",
    "15V": "warn",
    "nan": "warn",
}


def test_checklist_judges_numbers_as_the_server_does(handheld):
    page = handheld.open(f"/inspections/new/{handheld.field.asset()}")
    expect(page.locator("#missing")).not_to_be_empty()
    judge = """
      const item = document.querySelector(".item[data-kind=number]");
      Object.assign(item.dataset, { low: "10", high: "20" });
      const field = item.querySelector("[name^='a.']");
      return args.map((text) => {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        return [text, item.dataset.s];
      });
    """
    assert dict(run(page, judge, *NUMBERS)) == NUMBERS
    for text, state in NUMBERS.items():
        number = parse_number(text)
        verdict = "abnormal" if number is not None and not 10 <= number <= 20 else "ok"
        assert state == ("todo" if not text else "warn" if number is None else verdict)


def test_checklist_what_is_missing(handheld):
    page = handheld.open(f"/inspections/new/{handheld.field.asset()}")
    fill_in(page)
    gap = page.locator("#missing a")
    page.fill("#a-acquire_time", "342")
    expect(gap).to_have_attribute("href", "#i-acquire_time")
    page.fill("#why-acquire_time", "挡住了")
    page.click("#i-acquire_time label:has([value=fault])")
    expect(gap).to_have_count(1)  # the photo
    page.set_input_files("[name='upload.acquire_time']", upload(photo("x")))
    expect(gap).to_have_count(0)
    page.fill("#a-acquire_time", "34x")
    expect(gap).to_have_attribute("href", "#i-acquire_time")
    page.fill("#a-acquire_time", "186")
    expect(gap).to_have_count(0)
    page.evaluate("document.querySelector('[name=run_state]:checked').checked = false")
    page.fill("#advice", "门口积水")
    expect(gap).to_have_attribute("href", "#i-run-state")


def test_checklist_counts_the_units_of_a_row(handheld):
    page = handheld.open(f"/inspections/new/{handheld.field.asset(WALL)}")
    row, reason = page.locator("#i-units"), page.locator("[data-units-reason]")
    expect(row).to_have_attribute("data-s", "todo")
    total = row.get_attribute("data-total")
    page.click("[data-step='-1']")
    expect(page.locator("#units-checked")).to_have_value(total)
    expect(row).to_have_attribute("data-s", "ok")
    expect(reason).to_be_hidden()
    page.click("[data-step='-1']")
    expect(reason).to_be_visible()
    page.fill("#units-checked", str(int(total) + 1))
    expect(row).to_have_attribute("data-s", "todo")
    page.fill("#units-checked", total)
    page.click("#i-units .cells label >> nth=0")
    expect(row).to_have_attribute("data-s", "abnormal")


# joint_test

TURNS = "[...document.querySelectorAll(`[data-turns='${args[0]}'] > *`)].map((turn) => turn.dataset.turn)"


def test_joint_test_repetitions_are_added_removed_and_come_back(handheld):
    page = handheld.open("/joint-tests/new")
    page.route("**/joint-tests/judgement", lambda route: route.abort())
    key = page.locator("[data-add]:not([data-add=problems])").first.get_attribute("data-add")
    before = run(page, f"return {TURNS}", key)
    press = f"for (const one of document.querySelectorAll(args[1])) one.click(); return {TURNS}"
    for _ in range(3):
        run(page, press, key, f"[data-add='{key}']")
    first, gone, last = [f"{key}.{len(before) + more}" for more in (1, 2, 3)]
    assert run(page, press, key, f"[data-turn='{gone}'] [data-remove]") == [*before, first, last]
    typed = """
      const field = document.querySelector(`[data-turn="${args[0]}"] [type=text]`);
      field.value = "typed";
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return field.name;
    """
    name = run(page, typed, last)
    assert page.input_value("[data-stamp=start]")
    until(page, lambda: [name, "typed"] in kept(page, "drafts")[0][0]["fields"], "it is kept")
    page.reload()
    until(page, lambda: run(page, f"return {TURNS}", key) == [*before, first, last], "they are back")
    assert page.input_value(f"[name='{name}']") == "typed"


def test_joint_test_takes_over_what_the_server_judges(handheld):
    page = handheld.open("/joint-tests/new")
    mark = page.locator("[id^='st-']").first.get_attribute("id")
    problem = (
        "<div data-turn=problems.7 id=t-problems.7><input name=about.7 value=x><button data-remove></button></div>"
    )
    judged = f"<div id=judgement><b id='{mark}'>judged</b><div id=new-problems>{problem}</div></div>"
    page.route("**/joint-tests/judgement", lambda route: route.fulfill(content_type="text/html", body=judged))
    page.evaluate("document.querySelector('[data-add=problems]').click()")
    until(page, lambda: "problems.7" in run(page, f"return {TURNS}", "problems"), "a problem is proposed")
    assert page.text_content(f"[id='{mark}']") == "judged"
    page.evaluate("document.querySelector(\"[data-turn='problems.7'] button\").click()")
    assert page.evaluate("document.querySelector('[name=dismissed][type=hidden]').value") == "x"
    assert "problems.7" not in run(page, f"return {TURNS}", "problems")
