"""Pages without network: rounds taken along, labels, what is kept of pages, and a new version of the app."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.offline import (
    ROUND,
    SECONDS,
    Field,
    deliver,
    fill_in,
    kept,
    picture,
    take_along,
    until,
    waiting,
)
from tests.fault_proxy import Fault
from tests.inspections.documents import ANTENNA, WALL
from tests.story import TOO_SLOW, inspect
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.notes.models import Note

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) {
      const answer = await (await caches.open(name)).match(request, { ignoreVary: true });
      const type = answer.headers.get("Content-Type") ?? "";
      if (type.startsWith("text/html")) found.push([name, request.url, await answer.text()]);
    }
  }
  return found;
}"""
REGISTRATION = "navigator.serviceWorker.getRegistration()"
IS_WAITING = f"{REGISTRATION}.then((app) => Boolean(app.waiting))"


def test_label_links_typed_codes_and_labels_not_taken_along_offline(field, prepared):
    page = prepared
    taken, other = field.label(ANTENNA), field.label(WALL)
    form = f"{field.base}/inspections/new/{taken.asset_id}"
    field.line.unplug()
    page.goto(f"{field.base}/a/{taken.token}")  # by the phone's camera
    page.wait_for_url(form)
    page.goto(f"{field.base}/a/{taken.token}?to=checklist")  # by the scanner
    page.wait_for_url(form)
    page.goto(f"{field.base}/scan")
    page.fill("#f-code", taken.short_code.lower().replace("-", ""))
    page.click(".thumb .primary")
    page.wait_for_url(form)
    expect(page.locator("#missing")).not_to_be_empty()  # its scripts are there, too
    page.goto(f"{field.base}/scan")
    page.fill("#f-code", other.short_code)
    page.click(".thumb .primary")
    expect(page.locator("[data-away-label]")).to_be_visible()
    page.goto(f"{field.base}/a/{other.token}")
    expect(page.locator("[data-label-name]")).not_to_be_empty()  # it says what it knows
    page.click("[data-away-label] [data-label-note]")
    expect(page.locator("#f-label")).to_have_value(other.token)
    page.fill("#f-text", "the left screen flickers")
    page.set_input_files("[name=upload]", picture("screen"))
    expect(page.locator("[data-photo]")).to_have_count(1)
    page.click("#finish")
    page.wait_for_url("**/scan")
    (note,) = waiting(page)
    field.line.plug_in()
    deliver(page)
    field.check_delivered(note)
    assert field.ask(lambda: db.session.get_one(Note, uuid.UUID(note.id)).asset_id) == other.asset_id


def test_cached_pages_contain_no_token(field, prepared):
    pages = prepared.evaluate(CACHED)
    assert len([name for name, _url, _text in pages if name.startswith("round/")]) > 10
    secrets = [cookie["value"] for cookie in prepared.context.cookies() if cookie["name"] == "session"]
    for name, url, text in pages:
        low = text.lower()
        assert not any(sign in low for sign in ("csrf", "nonce=", "_token", *secrets)), (name, url)


def test_a_fragment_is_never_shown_as_a_page(field, phone):
    page = phone(worker=True)
    page.goto(f"{field.base}/assets")
    with page.expect_response(lambda answer: "q=Ku" in answer.url) as fragment:
        page.fill("#f-q", "Ku")
    assert fragment.value.request.headers["hx-request"] == "true"
    assert "<html" not in fragment.value.text()
    assert "hx-request" in fragment.value.headers["vary"].lower()
    for deed in (lambda: page.goto(fragment.value.url), page.reload, field.line.unplug, page.reload):
        deed()
        expect(page.locator("html[data-build] header.bar")).to_be_visible()
    page.goto(f"{field.base}/assets?q=never+asked+for+as+a+page")
    expect(page.locator("html[data-build] header.bar")).to_be_visible()
    assert all(text.lstrip().lower().startswith("<!doctype html") for _name, _url, text in page.evaluate(CACHED))


def test_the_page_of_a_captive_portal_is_shown_but_never_kept(field, prepared):
    prepared.goto(f"{field.base}/account")
    field.suffers(Fault.CAPTIVE, ("GET", "/account"))
    prepared.goto(f"{field.base}/account")
    expect(prepared.locator("h1")).to_have_text("Welcome")
    field.line.unplug()
    prepared.goto(f"{field.base}/account")
    expect(prepared.locator("html[data-build] header.bar")).to_be_visible()


def test_round_download_broken_half_way_never_says_ready(field, phone):
    field.ask(lambda: inspect(ANTENNA, utc_now(), changed={"acquire_time": TOO_SLOW}))  # a photo comes along
    page = phone(worker=True)
    row = page.locator(f"[data-pack='{ROUND}']")
    page.goto(f"{field.base}/today")
    breaks = [
        (Fault.RESET_IN_ANSWER, "/today/pack"),
        (Fault.CAPTIVE, "/today/pack"),
        (Fault.RESET_IN_ANSWER, "/contacts"),
        (Fault.REDIRECT, "/sheet"),
        (Fault.CAPTIVE, "/thumbnail"),
    ]
    for fault, path in breaks:
        field.suffers(fault, ("GET", path))
        before = len(field.line.seen(fault, path))
        row.locator("[data-take]").click()
        until(page, lambda: len(field.line.seen(fault, path)) > before, f"{fault} at {path}")  # noqa: B023
        expect(row.locator("[data-take]")).to_be_enabled(timeout=SECONDS * 1000)
        expect(row).to_have_attribute("data-s", "warn")
        assert not [one for one in kept(page, "meta") if isinstance(one, dict)], (fault, path)
    field.line.heal()
    page.reload()
    expect(row).to_have_attribute("data-s", "todo")
    take_along(page, field.base)
    drop = "async ([name, url]) => (await caches.open(name)).delete(url, { ignoreVary: true })"
    round_ = page.evaluate("async () => (await caches.keys()).find((name) => name.startsWith('round/'))")
    assert page.evaluate(drop, [round_, f"/inspections/new/{field.asset()}"])
    page.reload()  # the tick is what is there now, not a memory
    expect(row).to_have_attribute("data-s", "warn")


def test_round_taken_along_on_the_very_first_page_opens_offline(field, phone):
    page = phone(service_workers="allow")  # signed in, but no page came through the worker yet
    take_along(page, field.base)
    field.line.unplug()
    page.goto(f"{field.base}/inspections/new/{field.asset()}")
    expect(page.locator("#missing")).not_to_be_empty()


def test_new_service_worker_with_an_open_form_never_takes_over_by_itself(field, phone):
    page = phone(worker=True)
    take_along(page, field.base)
    form = f"{field.base}/inspections/new/{field.asset()}"
    page.goto(form)
    fill_in(page)
    old = page.get_attribute("html", "data-build")
    newer(field)
    page.evaluate(f"{REGISTRATION}.then((app) => app.update()).then(() => true)")
    offer = page.locator("#new-version")
    expect(offer).to_be_visible()
    page.reload()
    expect(offer).to_be_visible()
    assert page.evaluate(IS_WAITING), "it never takes over by itself"
    offer.locator("button").click()
    tab = page.context.new_page()
    tab.goto(f"{field.base}/account")
    tab.locator("#new-version button").click()
    tab.wait_for_timeout(300)
    assert tab.evaluate(IS_WAITING), "nor while a form is open in any tab"
    page.goto(f"{field.base}/account")
    with page.expect_navigation():
        page.locator("#new-version button").click()
    until(page, lambda: not page.evaluate(IS_WAITING), "now it took over")
    field.line.unplug()
    page.goto(form)  # an old page, with its own files
    assert page.get_attribute("html", "data-build") == old
    expect(page.locator("#a-acquire_time")).to_have_value("186")  # the draft is there
    expect(page.locator("#missing b")).to_have_count(0)
    assert page.evaluate("getComputedStyle(document.querySelector('.bar')).display") == "flex"
    field.line.plug_in()

    def is_new() -> bool:
        page.goto(form)
        return page.get_attribute("html", "data-build") != old

    until(page, is_new, "the prepared page is renewed behind")
    expect(page.locator("#a-acquire_time")).to_have_value("186")


def newer(field: Field) -> None:
    """The server is updated: another build of the files."""
    script = field.static / "js" / "away.js"
    script.write_text(f"{script.read_text()}// {uuid.uuid4()}\n")
