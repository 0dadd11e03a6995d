"""Sending against a line that lies: what waits on the device arrives once, byte for byte, and only a receipt counts."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select

from tests.browser.offline import (
    NO_LOCKS,
    PHOTO,
    RECORD,
    Field,
    Kept,
    deliver,
    in_page,
    kept,
    until,
    waiting,
    wake,
    write_note,
)
from tests.fault_proxy import Fault
from webapp.extensions import db
from webapp.files.models import StoredFile
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.notes.actions import document_of, take
from webapp.notes.models import Note
from webapp.people.queries import person_named
from webapp.sync.models import Refusal

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

PATIENCE = 120  # seconds that a busy server asks for
WATCHED = """
  window.limits = []; window.waits = [];
  const [limit, wait] = [AbortSignal.timeout, window.setTimeout];
  AbortSignal.timeout = (ms) => { limits.push(ms); return limit.call(AbortSignal, ms / 40) };
  window.setTimeout = (deed, ms, ...more) => { waits.push(ms ?? 0); return wait(deed, ms, ...more) };
"""


@pytest.fixture
def write(field: Field, phone: Any) -> Any:
    """`page, note = write()`: a note with photos waits on a phone, because no document gets through."""

    def written(text: str = "a note", photos: int = 1, **options: Any) -> tuple[Page, Kept]:
        field.line.always(Fault.ERROR)
        page = phone(**options)
        note = write_note(page, field.base, text, photos)
        return page, note

    return written


def pauses(page: Page, reason: str) -> None:
    """Sends until sending stops for this reason."""

    def is_paused() -> bool:
        wake(page)
        return bool(in_page(page, "return outbox.status.pause === given[0]", reason))

    until(page, is_paused, f"sending stops: {reason}")


def test_answer_lost_after_commit_for_record_and_for_photo(field, write):
    page, note = write(photos=2)
    field.suffers(Fault.LOST_ANSWER, RECORD, PHOTO, times=3)
    deliver(page)
    lost = [event for event in field.line.seen(Fault.LOST_ANSWER) if note.id in event.path or "/files/" in event.path]
    assert {event.status for event in lost} <= {200, 201}, "the server had committed"
    assert {event.method for event in lost} == {"POST", "PUT"}
    field.check_delivered(note)


@pytest.mark.parametrize("script", ["", NO_LOCKS], ids=["", "also without Web Locks"])
def test_three_tabs_come_online_together(field, write, script):
    page, note = write(script=script)
    tabs = [page.context.new_page() for _tab in range(2)]
    for tab in tabs:
        tab.goto(f"{field.base}/outbox")
    page.context.set_offline(True)
    field.line.heal()
    page.context.set_offline(False)  # every tab hears it
    until(page, lambda: not waiting(page), "it is sent")
    field.check_delivered(note)
    tried = [event for event in field.line.events if note.id in event.path and event.status]
    assert script or len(tried) == 1, "with Web Locks one tab sends"
    for tab in tabs:
        until(tab, lambda tab=tab: tab.locator("[data-sent] > li").count() == 1, "every tab knows")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.CAPTIVE, "not_ours"),
        (Fault.REDIRECT, "unreachable"),
        (Fault.EMPTY, "not_ours"),
        (Fault.ERROR, "busy"),
        (Fault.BUSY, "busy"),
        (Fault.SIGN_IN, "sign_in"),
    ],
    ids=["captive portal", "302 to sign-in", "empty 200", "500", "503", "401"],
)
def test_no_receipt_no_delivery(field, write, fault, reason):
    page, note = write()
    for door in (PHOTO, RECORD):
        field.suffers(fault, door)
        pauses(page, reason)
        assert waiting(page) == [note]  # waits, with all its bytes
        assert not field.arrived(note.id)
    field.line.heal()
    deliver(page)
    field.check_delivered(note)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_the_servers_own_500_503_429_wait_and_retry_after_is_respected(field, write, status):
    page, note = write(script=WATCHED)
    said = {"error": {"code": "busy", "message": "later", "fields": {}}}
    answer = {"status": status, "json": said, "headers": {"Retry-After": str(PATIENCE)}}
    page.route("**/notes/*", lambda route: route.fulfill(**answer))
    field.line.heal()
    pauses(page, "busy")
    until(page, lambda: page.evaluate("Math.max(...waits)") == PATIENCE * 1000, "the next try waits as asked")
    assert [one.state for one in waiting(page)] == ["waiting"]
    page.unroute_all()
    deliver(page)
    field.check_delivered(note)


def test_silence_ends_by_a_limit_that_grows_with_the_bytes(field, write):
    page, note = write(script=WATCHED)
    for door, size in ((PHOTO, len(next(iter(note.files.values())))), (RECORD, len(note.body))):
        field.suffers(Fault.SILENCE, door)
        page.evaluate("limits.length = 0")
        limit = 30000 + size / 2  # ms: 30 s and a second for each 2 kB
        until(page, lambda limit=limit: wake(page) or limit in page.evaluate("limits"), "the limit is set")
        pauses(page, "unreachable")
    field.line.heal()
    deliver(page)
    field.check_delivered(note)


@pytest.mark.parametrize(
    "fault",
    [Fault.RESET_IN_REQUEST, Fault.RESET_IN_ANSWER, Fault.FLIP_REQUEST, Fault.FLIP_ANSWER],
    ids=["reset in mid-body", "reset in mid-answer", "a byte flipped on the way", "a byte flipped on the way back"],
)
def test_the_line_breaks_or_garbles(field, write, fault):
    page, note = write()
    before = len(field.line.seen(fault))
    field.suffers(fault, RECORD, PHOTO, times=2)
    deliver(page)
    assert {event.method for event in field.line.seen(fault)[before:]} == {"POST", "PUT"}
    field.check_delivered(note)


def test_422_blocks_only_itself_and_is_kept_on_both_sides(field, phone):
    page = phone()
    field.line.always(Fault.ERROR)
    write_note(page, field.base, "before")
    page.add_init_script("document.addEventListener('click', () => document.querySelector('#f-text').required = false)")
    write_note(page, field.base, "")
    write_note(page, field.base, "behind")
    before, refused, behind = waiting(page)
    field.line.heal()
    wake(page)
    until(page, lambda: [one.state for one in waiting(page)] == ["attention"], "only the refused one is left")
    field.check_delivered(before, behind)
    (left,) = waiting(page)
    assert (left.id, left.code, left.files) == (refused.id, "invalid", refused.files)
    kept_there = select(Refusal.status).where(Refusal.document_id == uuid.UUID(refused.id))
    assert field.ask(lambda: db.session.scalars(kept_there).all()) == [422]
    tried = len(field.line.events)
    wake(page)
    page.goto(f"{field.base}/outbox")
    expect(page.locator("[data-waiting] > li")).to_have_attribute("data-s", "attention")
    assert not [event for event in field.line.events[tried:] if refused.id in event.path], "never retried blindly"


def test_409_another_record_has_the_name_blocks_only_itself(field, write):
    page, note = write("mine", photos=0)
    behind = write_note(page, field.base, "behind")
    field.ask(lambda: _take_name(note))
    field.line.heal()
    wake(page)
    until(page, lambda: [one.state for one in waiting(page)] == ["attention"], "only the refused one is left")
    assert waiting(page)[0].code == "other_content"
    field.check_delivered(behind)
    assert field.ask(lambda: db.session.get_one(Note, uuid.UUID(note.id)).text) == "not mine"


def test_424_photos_that_the_server_lost_are_sent_again(field, write):
    page, note = write(photos=2)
    field.suffers(Fault.ERROR, RECORD)
    wake(page)
    until(page, lambda: all(one["isSent"] for one in kept(page, "attachments")), "the photos are there")
    _lose_files(field, note)
    field.line.heal()
    deliver(page)
    field.check_delivered(note)


def test_424_for_photos_that_are_nowhere_needs_a_person_and_blocks_only_itself(field, write):
    page, note = write("lost", photos=1)
    in_page(page, "return store.change(['bytes'], (bytes) => bytes.clear())")
    behind = write_note(page, field.base, "behind")
    field.line.heal()
    wake(page)
    until(page, lambda: [one.state for one in waiting(page)] == ["attention"], "only the broken one is left")
    assert waiting(page)[0].code == "photo_lost"
    field.check_delivered(behind)
    assert not field.arrived(note.id)


def test_slow_line_of_5_kb_per_second(field, phone):
    page = phone(script=WATCHED.replace("ms / 40", "ms"))
    field.line.always(Fault.SLOW)
    assert field.line.bytes_per_second == 5000
    note = write_note(page, field.base, "slow")  # the person goes on at once
    needed = max(map(len, note.files.values())) / 5  # ms
    until(page, lambda: not waiting(page), "it arrives")
    assert max(page.evaluate("limits")) > 2 * needed
    field.check_delivered(note)
    assert len(field.line.seen(Fault.SLOW, "/files/")) <= 2  # once, or twice where the page changed meanwhile


def _take_name(note: Kept) -> None:
    """Another record of the same name, as when two devices made up one."""
    fields = {"site": uuid.UUID(parse_qs(note.body)["site"][0]), "text": "not mine"}
    author = person_named("tech")
    with transaction():
        take(document_of(uuid.UUID(note.id), fields, author), fields, by=author, now=utc_now())


def _lose_files(field: Field, note: Kept) -> None:
    def lose() -> None:
        with transaction():
            db.session.execute(delete(StoredFile).where(StoredFile.id.in_(map(uuid.UUID, note.files))))

    field.ask(lose)
