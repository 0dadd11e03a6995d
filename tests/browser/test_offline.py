"""Without network: what a person has seen as kept is still there after a reload and a kill, and arrives as it was."""

from __future__ import annotations

import json
import time
import uuid
import zipfile

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from tests.browser.offline import (
    Field,
    deliver,
    fill_in,
    hand_in,
    kept,
    picture,
    settle,
    sign,
    take_along,
    until,
    waiting,
)
from webapp.extensions import db
from webapp.inspections.models import Inspection, Signature
from webapp.kit.canonical import sha256_hex

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

EMPTY_PAD = """canvas => {
  const { width, height } = canvas;
  return canvas.toDataURL() === Object.assign(document.createElement("canvas"), { width, height }).toDataURL();
}"""
TAP_AND_BE_SAVED = """tapped => new Promise((give) => {
  new MutationObserver(() => give(true)).observe(document.getElementById("saved"), { childList: true });
  document.querySelector(tapped).click();
})"""


def checklist(page: Page, field: Field, photos: int = 0) -> None:
    """Fills in the antenna's checklist without network, with photos of the roof."""
    page.goto(f"{field.base}/inspections/new/{field.asset()}")
    fill_in(page)
    for nth in range(photos):
        take_photo(page, f"{time.time()} {nth}")


def take_photo(page: Page, seed: str) -> None:
    before = page.locator("#i-photo_roof [data-photo]").count()
    page.set_input_files("[name='upload.photo_roof']", picture(seed))
    expect(page.locator("#i-photo_roof [data-photo]")).to_have_count(before + 1)


def place_for(page: Page, capacity: str) -> Locator:
    """The form of one signature on the newest sheet of the device, unfolded."""
    form = page.locator(f"#sheets form:has(input[name=capacity][value={capacity}])").last
    expect(form).to_be_attached()
    if not form.is_visible():
        page.locator(f"#sheets details:has(input[name=capacity][value={capacity}]) > summary").last.click()
    return form


def sign_sheet(page: Page, field: Field, capacity: str) -> None:
    """Signs the device's sheet; the technician names who signs in another capacity."""
    page.goto(f"{field.base}/sheet")
    form = place_for(page, capacity)
    if capacity != "inspector":
        form.locator("[name=signer]").select_option(index=1)
    sign(form.locator("canvas"))
    with page.expect_navigation():
        form.locator(".seal-btn").click()


def test_offline_submit_with_3_photos_and_a_signature_reload_still_there(field, prepared):
    page = prepared
    field.line.unplug()
    checklist(page, field, photos=3)
    hand_in(page)
    expect(page.locator("[data-done]")).to_have_attribute("data-s", "waiting")
    sign_sheet(page, field, "inspector")
    page.goto(f"{field.base}/outbox")
    before = waiting(page)
    page.reload()
    expect(page.locator("[data-waiting] > li")).to_have_count(2)
    inspection, signature = waiting(page)
    assert [inspection, signature] == before
    assert (inspection.kind, len(inspection.files)) == ("inspection", 3)
    assert (signature.kind, len(signature.files)) == ("sign_off", 1)
    assert all(inspection.files.values())
    assert all(signature.files.values())
    field.line.plug_in()
    deliver(page)
    field.check_delivered(inspection, signature)
    expect(page.locator("[data-sent] > li")).to_have_count(2)


def test_sheet_signed_offline_covers_what_the_server_accepts(field, prepared):
    page = prepared
    field.line.unplug()
    for _turn in range(2):
        checklist(page, field)
        hand_in(page)
    page.goto(f"{field.base}/sheet")
    expect(page.locator("#sheets [data-rows] > li")).to_have_count(2)
    sign_sheet(page, field, "supervisor")
    first, second, signature = waiting(page)
    field.line.plug_in()
    deliver(page)
    field.check_delivered(first, second, signature)
    on_sheet = select(Inspection.id).join(Signature, Signature.visit_id == Inspection.visit_id)
    covered = on_sheet.where(Signature.id == uuid.UUID(signature.id))
    assert {str(name) for name in field.ask(lambda: db.session.scalars(covered).all())} == {first.id, second.id}


def test_drafts_of_a_signature_are_kept_and_never_cover_more_than_was_seen(field, prepared):
    page = prepared
    field.line.unplug()
    checklist(page, field)
    hand_in(page)
    page.goto(f"{field.base}/sheet")
    sign(place_for(page, "inspector").locator("canvas"))
    until(page, lambda: any(draft.get("strokes") for draft in kept(page, "drafts")), "the strokes are kept")
    page.reload()
    pad = place_for(page, "inspector").locator("canvas")
    until(page, lambda: not pad.evaluate(EMPTY_PAD), "the strokes are back")
    checklist(page, field)
    hand_in(page)
    page.goto(f"{field.base}/sheet")
    pad = place_for(page, "inspector").locator("canvas")
    page.wait_for_timeout(300)
    assert pad.evaluate(EMPTY_PAD), "who signed one row did not sign two"


def test_second_sheet_of_a_day_signed_offline(field, prepared):
    page = prepared
    field.line.unplug()
    for _turn in range(2):
        checklist(page, field)
        hand_in(page)
        sign_sheet(page, field, "supervisor")
    documents = waiting(page)
    field.line.plug_in()
    deliver(page)
    field.check_delivered(*documents)


def test_sigkill_right_after_the_last_tap_photo_and_stroke_restart_offline_later_byte_identical(field, tablet):
    page = tablet.start()
    field.let_in(page.context, "tech")
    settle(page, field.base)
    take_along(page, field.base)
    field.line.unplug()

    def come_back(path: str) -> Page:
        back = tablet.restart()
        back.goto(field.base + path)
        return back

    form = f"/inspections/new/{field.asset()}"
    page.goto(field.base + form)
    fill_in(page)
    page.fill("#advice", "门口积水")
    page.evaluate(TAP_AND_BE_SAVED, "#i-stow label[data-s=abnormal] input")
    page = come_back(form)
    expect(page.locator("#i-stow label[data-s=abnormal] input")).to_be_checked()
    expect(page.locator("#advice")).to_have_value("门口积水")
    page.click("#i-stow label[data-s=ok]")
    page.set_input_files("[name='upload.photo_roof']", picture("the last photo"))
    page.wait_for_selector("#i-photo_roof [data-photo]")
    page = come_back(form)
    expect(page.locator("#i-photo_roof [data-photo]")).to_have_count(1)
    taken = {photo["id"]: photo["sha256"] for photo in kept(page, "attachments")}
    expect(page.locator("#missing b")).to_have_count(0)
    hand_in(page)
    page.goto(f"{field.base}/sheet")
    sign(place_for(page, "inspector").locator("canvas"))
    until(page, lambda: any(draft.get("strokes") for draft in kept(page, "drafts")), "the stroke is kept")
    page = come_back("/sheet")
    form = place_for(page, "inspector")
    until(page, lambda: not form.locator("canvas").evaluate(EMPTY_PAD), "the stroke is back")
    with page.expect_navigation():
        form.locator(".seal-btn").click()
    page = come_back("/outbox")
    inspection, signature = waiting(page)
    assert {name: sha256_hex(data) for name, data in inspection.files.items()} == taken
    field.line.plug_in()
    field.let_in(page.context, "tech")  # the cookie may be too young to have survived
    deliver(page)
    field.check_delivered(inspection, signature)


def test_edit_as_new_draft_gives_a_new_document_and_sends_no_photo_twice(field, prepared):
    page = prepared
    page.goto(f"{field.base}/notes/new")
    page.locator("#f-text").evaluate("field => field.required = false")
    page.set_input_files("[name=upload]", picture("refused"))
    expect(page.locator("[data-photo]")).to_have_count(1)
    page.click("#finish")
    page.wait_for_url("**/scan")
    until(page, lambda: [one.state for one in waiting(page)] == ["attention"], "it is refused")
    (refused,) = waiting(page)
    tried = len(field.line.events)
    page.goto(f"{field.base}/outbox")
    page.click("[data-edit]")
    page.wait_for_url("**/notes/new")
    expect(page.locator("[data-photo]")).to_have_attribute("data-s", "sent")
    page.fill("#f-text", "now it says something")
    page.click("#finish")
    page.wait_for_url("**/scan")
    deliver(page)
    (receipt,) = kept(page, "receipts")
    assert receipt["id"] != refused.id
    assert (field.arrived(receipt["id"]), field.arrived(refused.id)) == (1, 0)
    (photo,) = refused.files
    assert not [event for event in field.line.events[tried:] if photo in event.path]


def test_zip_export_holds_every_byte_and_the_lead_brings_it_in(field, prepared, phone, tmp_path):
    page = prepared
    field.line.unplug()
    checklist(page, field, photos=2)
    hand_in(page)
    sign_sheet(page, field, "inspector")
    documents = waiting(page)
    page.goto(f"{field.base}/outbox")
    with page.expect_download() as download:
        page.click("[data-export]")
    path = tmp_path / "outbox.zip"
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        listed = json.loads(archive.read("outbox.json"))["documents"]
        assert [(one["id"], one["body"], one["sha256"]) for one in listed] == [
            (one.id, one.body, one.sha256) for one in documents
        ]
        for one, document in zip(listed, documents, strict=True):
            assert {file["id"]: archive.read(file["name"]) for file in one["files"]} == document.files
    field.line.plug_in()
    lead = phone("lead")
    lead.goto(f"{field.base}/field-work/import")
    lead.set_input_files("#f-file", path)
    lead.click(".thumb button.primary")
    expect(lead.locator("[data-document]")).to_have_count(2)
    lead.click(".thumb button.primary")
    expect(lead.locator("[data-result=arrived]")).to_have_count(2)
    deliver(page)  # the phone works again: nothing arrives twice
    field.check_delivered(*documents)
