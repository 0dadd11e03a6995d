"""Several people on one device, sessions that end, and pages of other sites: whose work is sent, and whose is shown."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.offline import (
    Field,
    deliver,
    fill_in,
    hand_in,
    in_page,
    kept,
    take_along,
    until,
    waiting,
    wake,
    write_note,
)
from tests.cast import PASSWORD
from tests.fault_proxy import Fault
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people.actions import sign_out_everywhere
from webapp.people.queries import person_named

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

CACHES = "async () => (await caches.keys()).filter((name) => !name.startsWith('shell-'))"


def revoke(field: Field, username: str) -> None:
    """Somebody signs this person out everywhere."""

    def end() -> None:
        with transaction():
            person = person_named(username)
            sign_out_everywhere(person, by=person, now=utc_now())

    field.ask(end)


def sign_in_on(page: Page, username: str) -> None:
    page.fill("#f-username", username)
    page.fill("#f-password", PASSWORD)
    page.click("form.card button.primary")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def is_paused(page: Page, reason: str) -> bool:
    wake(page)
    return bool(in_page(page, "return outbox.status.pause === given[0]", reason))


def test_session_revoked_while_offline(field, prepared):
    page = prepared
    field.line.unplug()
    note = write_note(page, field.base, "revoked meanwhile")
    revoke(field, "tech")
    field.line.plug_in()
    until(page, lambda: is_paused(page, "sign_in"), "it asks for signing in")
    assert waiting(page) == [note]
    page.goto(f"{field.base}/outbox")
    until(page, lambda: "/sign-in" in page.url or page.locator("[data-sign-in]").is_visible(), "it shows the way")
    if "/sign-in" not in page.url:
        page.click("[data-sign-in]")
    sign_in_on(page, "tech")
    page.wait_for_url("**/outbox")
    deliver(page)
    field.check_delivered(note)


def test_offline_again_on_the_sign_in_page_prepared_pages_still_open(field, prepared):
    page = prepared
    page.context.clear_cookies()

    def is_asked() -> bool:
        page.goto(f"{field.base}/account")  # a slow answer is no answer: then the kept page is shown once more
        return page.locator("#f-password").is_visible()

    until(page, is_asked, "it asks for signing in")
    field.line.unplug()
    page.goto(f"{field.base}/inspections/new/{field.asset()}")
    fill_in(page)
    hand_in(page)
    (document,) = waiting(page)
    page.goto(f"{field.base}/today")
    expect(page.locator("[data-pack]").first).to_be_visible()
    field.line.plug_in()
    until(page, lambda: is_paused(page, "sign_in"), "it asks for signing in")
    field.let_in(page.context, "tech")
    deliver(page)
    field.check_delivered(document)


def test_second_user_on_the_tablet_sees_sends_and_edits_nothing_of_the_first(field, phone):
    page = phone(worker=True)
    take_along(page, field.base)
    form = f"{field.base}/inspections/new/{field.asset()}"
    field.line.unplug()
    page.goto(form)
    page.fill("#advice", "a draft of the first")
    until(page, lambda: kept(page, "drafts"), "it is kept")
    note = write_note(page, field.base, "of the first")
    page.context.clear_cookies()
    field.let_in(page.context, "tech2")
    field.line.plug_in()
    page.goto(f"{field.base}/account")
    second = str(field.ask(lambda: person_named("tech2").id))
    assert page.get_attribute("html", "data-user") == second
    page.goto(f"{field.base}/outbox")
    expect(page.locator("[data-others]")).not_to_be_empty()
    expect(page.locator("[data-waiting] > li")).to_have_count(0)
    expect(page.locator("[data-export]")).to_be_hidden()
    own = write_note(page, field.base, "of the second")
    deliver(page, stays=len(note.files))
    field.check_delivered(own)
    assert not field.arrived(note.id)
    field.line.unplug()
    page.goto(form)  # taken along by the first
    expect(page.locator("#inspection")).to_have_count(0)
    page.goto(f"{field.base}/notes/new")
    expect(page.locator("#f-text")).to_have_value("")
    page.context.clear_cookies()
    field.let_in(page.context, "tech")
    field.line.plug_in()
    page.goto(f"{field.base}/outbox")
    deliver(page)
    field.check_delivered(note)
    page.goto(form)
    expect(page.locator("#advice")).to_have_value("a draft of the first")


def test_second_user_whose_first_page_comes_late_is_not_left_on_a_page_of_the_first(field, phone, monkeypatch):
    page = phone(worker=True)
    page.context.clear_cookies()
    field.let_in(page.context, "tech2")
    second, answer = str(field.ask(lambda: person_named("tech2").id)), field.app.wsgi_app

    def late(environ: Any, start: Any) -> Any:
        if environ["PATH_INFO"] == "/today":
            time.sleep(3.5)
        return answer(environ, start)

    monkeypatch.setattr(field.app, "wsgi_app", late)
    page.goto(f"{field.base}/today")
    until(page, lambda: page.get_attribute("html", "data-user") == second, "the page is the second person's")


def test_signing_out_with_unsent_work_warns_and_keeps_it(field, phone):
    page = phone(worker=True)
    take_along(page, field.base)
    field.line.unplug()
    note = write_note(page, field.base, "unsent")
    field.suffers(Fault.ERROR, ("POST", "/notes/"), ("PUT", "/files/"))
    page.goto(f"{field.base}/account")
    answers = [False, True]
    asked: list[str] = []

    def decide(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept() if answers.pop(0) else dialog.dismiss()

    page.on("dialog", decide)
    leave = page.locator("form[action$='/sign-out'] button").first
    expect(page.locator("#outbox-badge")).to_be_visible()
    page.click(".menu > summary")
    leave.click()
    assert asked == ["confirm"]
    assert page.url == f"{field.base}/account"
    leave.click()
    page.wait_for_url("**/sign-in?left=1")
    assert asked == ["confirm", "confirm"]
    until(page, lambda: not page.evaluate(CACHES), "pages of the person are gone")
    field.line.unplug()
    page.goto(f"{field.base}/inspections/new/{field.asset()}")
    expect(page.locator("#inspection")).to_have_count(0)
    field.line.heal()
    field.line.plug_in()
    page.goto(f"{field.base}/sign-in?next=/outbox")
    sign_in_on(page, "tech")
    deliver(page)
    field.check_delivered(note)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:9"], ids=["other site", "other port"])
def test_cross_site_post_is_refused(field, phone, origin):
    page = phone()
    page.goto(f"{field.base}/notes/new")
    site, names = page.locator("[name=site]").input_value(), [str(uuid.uuid4()) for _way in range(2)]
    form = f"""<form method=post action="{field.base}/notes/{names[0]}">
      <input name=site value="{site}"><input name=text value=forged><button>win a prize</button></form>"""
    page.route(f"{origin}/**", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto(f"{origin}/")
    body = {"method": "POST", "mode": "no-cors", "credentials": "include"}
    forge = "([url, how, form]) => fetch(url, { ...how, body: new URLSearchParams(form) }).catch(() => 0).then(() => 0)"
    page.evaluate(forge, [f"{field.base}/notes/{names[1]}", body, {"site": site, "text": "forged"}])
    with page.expect_response(f"**/notes/{names[0]}") as answer:
        page.click("button")
    assert answer.value.status == 403
    assert not field.arrived(*names)
