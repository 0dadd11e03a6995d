"""Every type of page at phone, tablet and desk width, light and dark: readable by all (axe), no sideways scrolling.

With PICTURES=<folder> the same run writes pictures of all pages there (`make pictures`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SIZES, picture
from tests.story import TOO_SLOW, Story
from webapp.config import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # what scrolls under the bar at the thumb is "partially obscured" to axe; sizes are measured below instead
    "rules": {"target-size": {"enabled": False}},
    "resultTypes": ["violations"],
}
COLOURS: dict[str, Any] = RULES | {"runOnly": ["color-contrast", "link-in-text-block"], "rules": {}}
SMALLEST_TARGET = 24  # CSS px, WCAG 2.5.8; what thumbs use is 44 and more by the stylesheet

LOOKS = [("phone", "light"), ("phone", "dark"), ("tablet", "light"), ("desk", "light")]
ALL_LOOKS = [(size, scheme) for size in SIZES for scheme in ("light", "dark")]
PICTURES = os.environ.get("PICTURES")

Opener = Callable[[Story], str]
PAGES: dict[str, tuple[str | None, Opener]] = {
    "sign-in": (None, lambda story: "/sign-in"),
    "account": ("tech", lambda story: "/account"),
    "today": ("tech", lambda story: "/today"),
    "today-line": ("tech", lambda story: "/today/2"),
    "scan": ("tech", lambda story: "/scan"),
    "checklist": ("tech", lambda story: f"/inspections/new/{story.antenna}"),
    "checklist-units": ("tech", lambda story: f"/inspections/new/{story.radios}"),
    "inspection": ("supervisor", lambda story: f"/inspections/{story.abnormal}"),
    "visits": ("supervisor", lambda story: "/visits"),
    "sheet": ("supervisor", lambda story: f"/visits/{story.open_visit}"),
    "sheet-sealed": ("office", lambda story: f"/visits/{story.sealed_visit}"),
    "verify": (None, lambda story: f"/verify/{story.seal}"),
    "month": ("office", lambda story: f"/months/{story.month}"),
    "month-rows": ("office", lambda story: f"/months/{story.month}/rows/abnormal"),
    "faults": ("supervisor", lambda story: "/faults"),
    "fault": ("supervisor", lambda story: f"/faults/{story.fault}"),
    "fault-new": ("tech", lambda story: "/faults/new"),
    "outbox": ("tech", lambda story: "/outbox"),
    "field-sheet": ("tech", lambda story: "/sheet"),
    "away": (None, lambda story: "/away"),
    "notes": ("lead", lambda story: "/notes"),
    "note-new": ("tech", lambda story: "/notes/new"),
    "contacts": ("lead", lambda story: "/contacts"),
    "devices": ("lead", lambda story: "/field-work/devices"),
    "refused": ("lead", lambda story: "/field-work/refused"),
    "outbox-import": ("lead", lambda story: "/field-work/import"),
    "month-closing": ("lead", lambda story: f"/months/{story.month}/closing"),
    "plans": ("lead", lambda story: "/plans"),
    "plan-decide": ("supervisor", lambda story: f"/plans/{story.next_month}"),
    "plan-edit": ("supervisor", lambda story: f"/plans/{story.next_month}/review"),
    "presentations": ("lead", lambda story: "/plans/presentations"),
    "working-days": ("lead", lambda story: "/plans/calendar"),
    "month-review": ("lead", lambda story: f"/months/{story.month}/review"),
    "documents": ("office", lambda story: f"/documents/{story.month}"),
    "paper-sheets": ("lead", lambda story: "/paper-sheets"),
    "overview": ("office", lambda story: "/overview"),
    "reminders": ("lead", lambda story: "/reminders"),
    "reminder-targets": ("lead", lambda story: "/reminders/targets"),
    "joint-test-history": ("office", lambda story: "/joint-tests/history"),
    "hazards": ("supervisor", lambda story: "/faults/hazards"),
    "fault-book": ("office", lambda story: "/fault-book"),
    "fault-figures": ("office", lambda story: f"/fault-figures/{story.month}"),
    "fault-plots": ("office", lambda story: f"/fault-figures/{story.month}/plots"),
    "calls": ("office", lambda story: "/calls"),
    "call-new": ("lead", lambda story: "/calls/new"),
    "problems": ("lead", lambda story: "/problems"),
    "board": ("office", lambda story: "/board"),
    "fault-terms": ("lead", lambda story: "/faults/policy"),
    "joint-tests": ("tech", lambda story: f"/joint-tests/{story.month}"),
    "joint-test-new": ("tech", lambda story: "/joint-tests/new"),
    "joint-test": ("supervisor", lambda story: f"/joint-tests/{story.joint_test}"),
    "assets": ("lead", lambda story: "/assets"),
    "asset": ("tech", lambda story: f"/assets/{story.antenna}"),
    "asset-edit": ("lead", lambda story: f"/assets/{story.antenna}/edit"),
    "asset-import": ("lead", lambda story: "/assets/import"),
    "labels": ("office", lambda story: "/labels"),
    "checklists": ("lead", lambda story: "/checklists"),
    "checklist-version": ("lead", lambda story: f"/checklists/{story.checklist}"),
    "people": ("admin", lambda story: "/sites/people"),
    "site-settings": ("admin", lambda story: "/sites/settings"),
    "problem": ("tech", lambda story: "/assets/00000000-0000-4000-8000-000000000000"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable_by_all_at_every_size(name: str, story: Story, reader: Any):
    username, address = PAGES[name]
    page: Page = reader(username)
    page.goto(story.base + address(story))
    page.wait_for_load_state("networkidle")
    problems = []
    for size, scheme in LOOKS if not PICTURES else ALL_LOOKS:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        problems += [f"{size} {scheme}: {text}" for text in faults_of(page, width, scheme)]
        if PICTURES:
            picture(page, Path(PICTURES) / f"{name}-{size}-{scheme}.png")
    assert not problems


def test_the_abnormal_panel_opens_in_place_at_every_size(story: Story, reader: Any):
    problems = []
    for size, scheme in LOOKS if not PICTURES else ALL_LOOKS:
        page: Page = reader("tech", size, dark=scheme == "dark")
        page.goto(f"{story.base}/inspections/new/{story.antenna}")
        page.fill("input[name='a.acquire_time']", TOO_SLOW)
        panel = page.locator("#i-acquire_time .panel")
        expect(panel).to_be_visible()
        page.fill("textarea[name='why.acquire_time']", "冷启动后多次重捕；东南侧有新搭围挡")
        page.check("input[name='remedy.acquire_time'][value=fault]", force=True)
        page.locator("#i-acquire_time").evaluate("element => element.scrollIntoView()")
        problems += [f"{size} {scheme}: {text}" for text in faults_of(page, SIZES[size][0], scheme)]
        if PICTURES:
            picture(page, Path(PICTURES) / f"checklist-abnormal-{size}-{scheme}.png")
    assert not problems


def test_english_pages_have_no_chinese_of_their_own(story: Story, reader: Any):
    """What people typed and what lists print stays Chinese; words of the app do not."""
    page: Page = reader("tech", language="en")
    for path in ("/account", "/scan"):
        page.goto(story.base + path)
        headings = page.locator("h1, h2, button, label").all_inner_texts()
        own = [text for text in headings if any("\u4e00" <= sign <= "\u9fff" for sign in text)]
        assert not [text for text in own if text.strip() not in ("张伟", "中文") and "韶关" not in text]


def test_the_dark_scheme_changes_colours_only():
    """So that in the dark only colours have to be asked about."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / "static" / "app.css").read_text(), flags=re.DOTALL)
    _before, *dark = text.split("prefers-color-scheme:dark){:root{")
    assert dark
    for rules in dark:
        said = rules.partition("}}")[0].replace("color-scheme:dark;", "").replace("\n", "").strip(";").split(";")
        assert [rule for rule in said if not re.fullmatch(r"--[\w-]+:(#\w+|rgb.*)", rule.strip())] == []


def faults_of(page: Page, width: int, scheme: str) -> list[str]:
    """What is wrong with the page as it stands. The dark scheme changes colours only, so that only those are asked."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", RULES if scheme == "light" else COLOURS)
    faults = [
        f"{violation['id']} at {violation['nodes'][0]['target']}: {violation['nodes'][0]['failureSummary'][:200]}"
        for violation in found["violations"]
    ]
    reach = page.evaluate("document.documentElement.scrollWidth")
    if reach > width:
        faults.append(f"scrolls sideways: {reach} px")
    small = page.evaluate(
        """limit => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
            .filter(e => e.checkVisibility({visibilityProperty: true}) && e.type !== 'hidden')
            .filter(e => !e.closest('p, dd, td, .skip'))
            .map(e => [e, e.closest('label')?.getBoundingClientRect() ?? e.getBoundingClientRect()])
            .filter(([e, box]) => box.height && (box.height < limit || box.width < limit))
            .map(([e, box]) => `${e.outerHTML.slice(0, 80)} ${Math.round(box.width)}×${Math.round(box.height)}`)""",
        SMALLEST_TARGET,
    )
    return faults + [f"too small to hit: {text}" for text in small[:3]]
