"""What a device keeps, when it is full, old, slow, or used in two tabs at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from tests.browser.conftest import behind_a_line
from tests.browser.offline import (
    Field,
    deliver,
    fill_in,
    hand_in,
    in_page,
    kept,
    picture,
    until,
    waiting,
)
from tests.conftest import Databases
from tests.fault_proxy import Fault
from tests.inspections.documents import asset_with
from webapp.checklists.drafts import publish, remove_item, start_draft
from webapp.checklists.queries import version, version_for
from webapp.extensions import db
from webapp.inspections.models import Answer, Inspection
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people.queries import person_named

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

MANY, OF_EACH, BYTES = 60, 5, 100_000
STORE_MANY = f"""
  for (let nth = 0; nth < {MANY}; nth += 1) {{
    const [id, files] = [store.newId(), Array.from({{ length: {OF_EACH} }}, store.newId)];
    const doc = {{ id, user, kind: "note", title: `note ${{nth}}`, url: `/notes/${{id}}`, page: "/notes/new", files }};
    const madeAt = new Date().toISOString();
    const more = {{ body: `text=${{nth}}`, sha256: "", madeAt, state: "attention", tries: 1 }};
    await store.change(["outbox", "attachments", "bytes"], (outbox, photos, bytes) => [
      outbox.add({{ ...doc, ...more, reason: "", code: "", facts: {{}} }}),
      ...files.map((file) => photos.add({{ id: file, draft: id, user, item: "", type: "image/jpeg", at: nth }})),
      ...files.map((file) => bytes.add(new ArrayBuffer({BYTES}), file)),
    ]);
  }}
"""
FULL = """
  for (const name of ["put", "add"]) {
    const real = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (...given) {
      const request = real.apply(this, given);
      const abort = () => { try { this.transaction.abort() } catch {} };
      if (window.isFull) queueMicrotask(abort);
      return request;
    };
  }
"""  # as Chromium does when it cannot write: the transaction is aborted at its end
NEWER = """() => new Promise((give, fail) => {
  const asked = indexedDB.open("xunjian", 99);
  asked.onupgradeneeded = () => asked.result.createObjectStore("of a newer app");
  asked.onsuccess = () => give(asked.result.close() ?? true);
  asked.onerror = asked.onblocked = () => fail(asked.error ?? new Error("blocked"));
})"""


@pytest.fixture(scope="module")
def field(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """An app of its own: a checklist is changed here, and others fill it in."""
    with behind_a_line(databases, tmp_path_factory.mktemp("device")) as made:
        yield made


def open_form(page: Page, field: Field) -> Page:
    page.goto(f"{field.base}/inspections/new/{field.asset()}")
    return page


def draft_of(page: Page) -> dict[str, list[str]]:
    """The fields of the only draft on the device."""
    (draft,) = kept(page, "drafts")
    found: dict[str, list[str]] = {}
    for name, value in draft["fields"]:
        found.setdefault(name, []).append(value)
    return found


def test_300_photos_stored_and_the_list_opens_in_a_second(field, phone):
    page = phone()
    page.goto(f"{field.base}/outbox")
    in_page(page, STORE_MANY)
    page.goto(f"{field.base}/outbox", wait_until="commit")
    expect(page.locator("[data-waiting] > li")).to_have_count(MANY)
    seconds = page.evaluate("performance.now()") / 1000
    print(f"the list of {MANY} documents with {MANY * OF_EACH} photos stood after {seconds:.2f} s")
    assert seconds < 5
    expect(page.locator("[data-counts]")).to_contain_text(str(MANY * OF_EACH))


def test_disk_full_is_said_and_what_cannot_be_kept_can_still_be_sent(field, phone):
    page = phone(script=FULL)
    open_form(page, field)
    fill_in(page)
    until(page, lambda: kept(page, "drafts"), "it is kept")
    page.evaluate("window.isFull = true")
    saved = page.locator("#saved").inner_text()
    page.fill("#advice", "not kept")
    expect(page.locator("#saved")).not_to_have_text(saved)
    page.set_input_files("[name='upload.photo_roof']", picture("full"))
    expect(page.locator("#i-photo_roof [data-photo]")).to_have_count(1)
    assert not kept(page, "attachments")
    field.line.always(Fault.ERROR)
    page.click("#finish")  # neither kept nor sent: it must be said, and stay in the page
    expect(page.locator("#problem .note")).to_be_visible()
    expect(page.locator("#finish")).to_be_enabled()
    field.line.heal()
    hand_in(page)
    sent = select(Inspection.id).where(Inspection.advice == "not kept")
    assert len(field.ask(lambda: db.session.scalars(sent).all())) == 1
    assert not kept(page, "drafts"), "handed in is handed in: the draft must not come back"


def test_two_tabs_one_form_the_second_only_looks_on(field, phone):
    page = phone()
    field.line.always(Fault.ERROR)
    open_form(page, field)
    fill_in(page)
    second = open_form(page.context.new_page(), field)
    until(second, lambda: second.locator("#inspection").evaluate("form => form.inert"), "it only looks on")
    expect(second.locator("#problem .note")).to_be_visible()
    expect(second.locator("#finish")).to_be_disabled()
    page.fill("#advice", "from the first")
    hand_in(page)
    assert len(waiting(page)) == 1
    second.reload()
    until(second, lambda: not second.locator("#inspection").evaluate("form => form.inert"), "now it is its turn")
    expect(second.locator("#advice")).to_have_value("")
    field.line.heal()
    deliver(page)


def test_triple_tap_hands_in_once(field, phone):
    page = phone()
    field.line.always(Fault.ERROR)
    open_form(page, field)
    fill_in(page)
    with page.expect_navigation():
        page.evaluate("() => { for (const _tap of [1, 2, 3]) document.getElementById('finish').click() }")
    until(page, lambda: waiting(page), "it waits")
    assert len(waiting(page)) == 1
    field.line.heal()
    deliver(page)


def test_tap_before_scripts_are_ready_wins_over_the_draft(field, phone):
    page = phone()
    open_form(page, field)
    page.click("#i-stow label[data-s=abnormal]")
    page.fill("#why-stow", "螺丝松动")
    page.fill("#advice", "门口积水")
    until(page, lambda: draft_of(page).get("advice") == ["门口积水"], "it is kept")
    held: list[Route] = []
    page.route("**/js/form.js", lambda route: held.append(route))
    page.goto(page.url, wait_until="commit")
    page.click("#i-stow label[data-s=ok]")
    page.fill("#a-acquire_time", "186")
    page.set_input_files("[name='upload.photo_roof']", picture("early"))
    until(page, lambda: held, "the script is asked for")
    held[0].continue_()
    expect(page.locator("#advice")).to_have_value("门口积水")  # of the draft
    expect(page.locator("#i-stow label[data-s=ok] input")).to_be_checked()
    expect(page.locator("#a-acquire_time")).to_have_value("186")
    expect(page.locator("#i-photo_roof [data-photo]")).to_have_count(1)
    until(page, lambda: draft_of(page)["a.stow"] == ["pass"] and draft_of(page)["a.acquire_time"] == ["186"], "kept")


def test_text_typed_right_before_leaving_the_page_is_kept(field, phone):
    page = phone()
    open_form(page, field)
    expect(page.locator("#missing")).not_to_be_empty()
    for text in ("门口积水", "门口积水已清理"):
        page.fill("#advice", text)
        page.evaluate("location.assign('/account')")
        page.wait_for_url("**/account")
        open_form(page, field)
        expect(page.locator("#advice")).to_have_value(text)


def test_drafts_about_two_labels_do_not_mix(field, phone):
    page = phone()
    for label, text in (("AAAAAAAA", "about the first"), ("BBBBBBBB", ""), ("AAAAAAAA", "about the first")):
        page.goto(f"{field.base}/notes/new?label={label}")
        expect(page.locator("#f-label")).to_have_value(label)
        expect(page.locator("#f-text")).to_have_value(text if kept(page, "drafts") else "")
        if not text:
            continue
        page.fill("#f-text", text)
        until(page, lambda: kept(page, "drafts"), "it is kept")


@pytest.mark.parametrize("is_loaded_anew", [False, True], ids=["open page", "page loaded anew"])
def test_new_checklist_version_with_a_removed_item_during_a_draft(field, phone, is_loaded_anew):
    page = phone()
    open_form(page, field)
    item = page.locator("[data-kind=pass_fail][data-required]:not([data-safety])").last.get_attribute("data-key")
    fill_in(page)
    page.click(f"#i-{item} label[data-s=abnormal]")
    page.fill(f"#why-{item}", "螺丝松动")
    page.check(f"[name='remedy.{item}'][value=fixed]", force=True)
    page.set_input_files(f"[name='upload.{item}']", picture(f"{item} {is_loaded_anew}"))
    expect(page.locator(f"#i-{item} [data-photo]")).to_have_count(1)
    until(page, lambda: draft_of(page).get(f"why.{item}") == ["螺丝松动"], "it is kept")
    old, new = field.ask(lambda: _without(item))
    if is_loaded_anew:
        page.reload()
        expect(page.locator("#missing")).not_to_be_empty()
        expect(page.locator(f"#i-{item}")).to_have_count(0)
    expect(page.locator("#a-acquire_time")).to_have_value("186")
    expect(page.locator("#missing b")).to_have_count(0)
    field.line.always(Fault.ERROR)
    hand_in(page)
    (document,) = waiting(page)
    field.line.heal()
    deliver(page)

    def stored() -> tuple[Any, ...]:
        one = db.session.get_one(Inspection, uuid.UUID(document.id))
        items = db.session.scalars(select(Answer.item_key).where(Answer.inspection_id == one.id)).all()
        return one.version_id, "old_version" in one.flags, item in items

    assert field.ask(stored) == ((new, False, False) if is_loaded_anew else (old, True, True))


def _without(key: str) -> tuple[uuid.UUID, uuid.UUID]:
    """The lead takes an item out of the antenna's checklist; the old version and the new one."""
    lead, now, asset = person_named("lead"), utc_now(), asset_with("SG-2-01-001")
    published = version_for(asset)
    assert published is not None
    with transaction():
        draft = start_draft(version(published.id), asset.site_id, by=lead, now=now)
        remove_item(next(item for item in draft.items if item.key == key), draft, by=lead, now=now)
        publish(draft, "not needed any more", by=lead, now=now)
        return published.id, draft.id


def test_schema_bump_with_an_old_tab(field, phone):
    page = phone()
    field.line.always(Fault.ERROR)
    open_form(page, field)
    fill_in(page)
    until(page, lambda: kept(page, "drafts"), "it is kept")
    newer = page.context.new_page()
    newer.goto(f"{field.base}/account")
    assert newer.evaluate(NEWER)  # the old tab lets it upgrade
    page.fill("#advice", "after the upgrade")  # and goes on with the newer database
    until(page, lambda: draft_of(page).get("advice") == ["after the upgrade"], "it is kept, too")
    page.reload()  # an old page, kept on the device, meets the newer database
    expect(page.locator("#advice")).to_have_value("after the upgrade")
    hand_in(page)
    (document,) = waiting(page)
    field.line.heal()
    deliver(page)
    field.check_delivered(document)
