"""The service worker: rounds taken along, labels, pages without network, new versions."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.offline import settle, take_along, until
from tests.fault_proxy import Fault

pytestmark = [pytest.mark.browser, pytest.mark.one_database]


def test_timing(field, phone):
    t = time.time()
    page = phone(worker=True)
    print("settled", time.time() - t)
    take_along(page, field.base)
    print("taken", time.time() - t)
    field.line.unplug()
    page.goto(f"{field.base}/inspections/new/{field.asset()}")
    expect(page.locator("#inspection")).to_be_visible()
    print("offline", time.time() - t)
    for path in ("/today", "/scan", "/outbox", "/sheet", "/notes/new", "/nowhere", "/a/" + field.label().token, "/a/" + field.label().short_code):
        page.goto(field.base + path)
        print(path, page.url, page.title(), time.time() - t)


def test_round_taken_along_on_the_very_first_page(field, phone):
    page = phone()
    context = page.context.browser.new_context()
    field.let_in(context, "tech")
    page = context.new_page()
    try:
        take_along(page, field.base)
        field.line.unplug()
        page.goto(f"{field.base}/inspections/new/{field.asset()}")
        expect(page.locator("#inspection")).to_be_visible()
    finally:
        context.close()
