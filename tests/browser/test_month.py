"""A whole month as four roles live it: plan, review, rounds, signatures, summary, acceptance, closing, bundle.

The server's clock is moved on from stage to stage; each stage signs in anew. The bulk of the rounds is played by the
actions of the example months, so that the test takes seconds; what people decide goes through their browsers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.browser.conftest import picture
from tests.browser.test_main_job import fill_in_the_antenna, short_code, sign, type_the_code
from tests.story import ANTENNA
from webapp.assets.models import Asset, System
from webapp.demo.history import play
from webapp.extensions import db
from webapp.kit.clock import Month, utc_now
from webapp.kit.transaction import transaction
from webapp.sites.models import ServiceLine, Site

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

PICTURES = os.environ.get("PICTURES")
SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTES = 5 * 60_000  # ms of patience with papers and photos of a whole month
Open = Callable[..., Page]


def show(page: Page, name: str) -> None:
    """A picture of this stage, where pictures are wanted."""
    if PICTURES:
        picture(page, Path(PICTURES) / f"a-month-{name}.png")


@contextmanager
def at(month: Month, day: int, hour: int = 10) -> Iterator[datetime]:
    """The server's clock shows this day of the month; negative days count from its end, 0 is the day after it."""
    on = month.first + timedelta(days=day - 1) if day > 0 else month.last + timedelta(days=day + 1)
    moment = datetime.combine(on, time(hour), SHANGHAI)
    with time_machine.travel(moment, tick=True):
        yield moment


def test_a_month_from_the_plan_to_the_closed_bundle(app: Flask, live: str, visitor: Open, tmp_path: Path):
    month = Month.of(utc_now().date()).next()
    with app.app_context():
        leave_a_small_centre()
    the_plan_is_drafted_returned_changed_and_approved(live, visitor, month)
    with app.app_context(), at(month, -2, 18):
        play([month], lambda _line: None)
    with at(month, -2):
        a_reading_is_out_of_its_limit_and_the_bureau_signs(app, live, visitor)
    with at(month, -1):
        the_summary_is_handed_in_returned_and_accepted(live, visitor, month)
    with at(month, 0):
        the_lead_closes_the_month(live, visitor, month)
        bundle = the_office_takes_the_bundle(live, visitor, month, tmp_path)
    a_third_party_checks_it(bundle, tmp_path / "bundle")


def leave_a_small_centre() -> None:
    """Ten devices of the vehicle, the list of the field post, and the places: papers of 120 rows take minutes."""
    listed = db.session.scalars(
        select(Asset)
        .join(Asset.system)
        .join(System.service_line)
        .join(ServiceLine.site)
        .where(Site.code == "SG")
        .order_by(Asset.code)
    ).all()
    with transaction():
        for asset in listed:
            if asset.code.startswith("SG-1-") or (asset.code.startswith("SG-2-") and asset.code > "SG-2-01-010"):
                asset.status = "retired"


def the_plan_is_drafted_returned_changed_and_approved(live: str, visitor: Open, month: Month) -> None:
    lead, supervisor = visitor("lead", "desk"), visitor("supervisor", "tablet")
    plan = f"{live}/plans/{month}"
    lead.goto(plan)
    lead.click("form[action$='/draft'] button")
    expect(lead.locator("tr[id^='line-']").first).to_be_visible()
    planned = lead.locator("tr[id^='line-']").count()
    assert planned > 30, "all rows and places, and the weekly checks"
    show(lead, "1-plan-drafted")
    lead.click(".thumb form button.primary")
    lead.wait_for_url(f"{plan}*")
    supervisor.goto(plan)
    supervisor.fill("#f-comment", "十二日有演练，请错开")
    show(supervisor, "2-plan-returned")
    supervisor.click("#decide form button")
    lead.goto(plan)
    assert "十二日有演练" in lead.locator("main").inner_text()
    lead.goto(f"{live}/plans/{month}/edit")
    lead.locator("[name=line]").first.check(force=True)
    lead.fill("[name=day]", str(month.last))
    lead.click("button[form=changes]")
    lead.goto(plan)
    lead.click(".thumb form button.primary")
    supervisor.goto(plan)
    show(supervisor, "3-plan-approved")
    supervisor.click(".thumb form button.primary")
    expect(supervisor.locator("#decide")).to_have_count(0)
    assert supervisor.locator("tr[id^='line-']").count() == planned


def a_reading_is_out_of_its_limit_and_the_bureau_signs(app: Flask, live: str, visitor: Open) -> None:
    tech, supervisor = visitor("tech"), visitor("supervisor", "tablet")
    for page in (tech, supervisor):
        page.clock.set_system_time(utc_now())
    tech.goto(f"{live}/today")
    type_the_code(tech, live, short_code(app, ANTENNA))
    fill_in_the_antenna(tech)
    show(tech, "4-checklist")
    tech.click("#finish")
    tech.wait_for_url("**/scan?done=*")
    expect(tech.locator("[data-done]")).to_have_attribute("data-s", "sent")
    supervisor.goto(f"{live}/visits")
    supervisor.click("main a.row")
    expect(supervisor.locator("#abnormal")).to_be_visible()
    show(supervisor, "5-sheet")
    sign(supervisor)
    expect(supervisor.locator("canvas")).to_have_count(0)


def the_summary_is_handed_in_returned_and_accepted(live: str, visitor: Open, month: Month) -> None:
    lead, supervisor = visitor("lead"), visitor("supervisor", "tablet")
    page = f"{live}/months/{month}"
    lead.goto(page)
    lead.click(".thumb a.primary")
    for box in lead.locator("[name=finding]").all():
        box.check(force=True)
    lead.fill("#f-handling", "已到场检查，做了临时处理")
    lead.fill("#f-next", "备件到货后更换，下月复查")
    show(lead, "6-told")
    lead.click(".thumb button.primary")
    hand_in(lead, page, "本月巡检按计划完成")
    supervisor.goto(page)
    supervisor.click(".thumb a.primary")
    supervisor.fill("#f-comment", "请写明演练期间的保障")
    show(supervisor, "7-returned")
    supervisor.click(".thumb button[formaction]")
    hand_in(lead, page, "本月巡检按计划完成，演练期间专人值守")
    supervisor.goto(page)
    supervisor.click(".thumb a.primary")
    show(supervisor, "8-accept")
    supervisor.click(".thumb button.primary")
    supervisor.goto(page)
    assert "演练期间专人值守" in supervisor.locator("#steps").inner_text()
    expect(supervisor.locator(".thumb a.primary")).to_have_count(0)


def hand_in(lead: Page, page: str, comment: str) -> None:
    lead.goto(page)
    lead.click(".thumb a.primary")
    lead.fill("#f-comment", comment)
    lead.click(".thumb button.primary")
    lead.goto(page)
    assert comment in lead.locator("#steps").inner_text()


def the_lead_closes_the_month(live: str, visitor: Open, month: Month) -> None:
    lead = visitor("lead")
    lead.goto(f"{live}/months/{month}")
    lead.click(".thumb a.primary")
    expect(lead.locator("#not-accepted")).to_have_count(0)
    show(lead, "9-close")
    lead.click(".thumb button.primary")
    lead.wait_for_url(f"{live}/months/{month}")
    expect(lead.locator("[data-s=sealed]").first).to_be_visible()


def the_office_takes_the_bundle(live: str, visitor: Open, month: Month, folder: Path) -> Path:
    office = visitor("office", "desk")
    office.goto(f"{live}/documents/{month}")
    office.click(".thumb button.primary")
    expect(office.locator("[data-kind=bundle] a[download]")).to_have_count(1, timeout=MINUTES)
    show(office, "10-documents")
    with office.expect_download() as download:
        office.click("[data-kind=bundle] a[download]")
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    assert str(month.year) in path.name
    return path


def a_third_party_checks_it(bundle: Path, folder: Path) -> None:
    """Somebody without this program unpacks the bundle and lets the script in it check every file and seal."""
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
        names = archive.namelist()
    for end in (".docx", ".pdf", ".xlsx", ".json", ".jpg", "manifest.json", "SHA256SUMS"):
        assert any(name.endswith(end) for name in names), end
    (script,) = folder.rglob("check.py")
    checked = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, cwd=script.parent)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    paper = next(path for path in folder.rglob("*.docx"))
    paper.write_bytes(paper.read_bytes()[:-1] + b"x")
    spoilt = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, text=True, cwd=script.parent)
    assert spoilt.returncode != 0
    assert paper.name in spoilt.stdout + spoilt.stderr
