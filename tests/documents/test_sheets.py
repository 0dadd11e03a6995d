"""Paper fallback: the blank sheet, registering a filled-in one, typing it in as an inspection marked as paper."""

from __future__ import annotations

import io
import subprocess
from datetime import UTC, timedelta

import pytest
from sqlalchemy import select

from tests.inspections.documents import ANTENNA, asset_with, filled, picture
from webapp.documents.models import PaperInspection, PaperSheet
from webapp.documents.round_sheet import letters
from webapp.documents.sheets import line_assets
from webapp.extensions import db
from webapp.inspections.models import Inspection
from webapp.kit.clock import local_day, utc_now
from webapp.sites.models import ServiceLine

LINE = 2


@pytest.fixture
def sheet(app, as_):
    """A sheet of the vehicle's list, filled in yesterday; its address."""
    answer = as_("tech").post("/paper-sheets", data=registration(app))
    assert answer.status_code == 303
    return answer.location


def registration(app, *, days_ago=1, name="sheet.jpg", **changes):
    with app.app_context():
        line = db.session.scalars(select(ServiceLine).where(ServiceLine.number == LINE)).first()
        day = local_day(utc_now(), "Asia/Shanghai") - timedelta(days=days_ago)
        return {
            "line": str(line.id),
            "filled_in_on": day.isoformat(),
            "kept_at": "档案柜三",
            "upload.sheet": (io.BytesIO(picture("navy")), name),
            **changes,
        }


def typed(app, **changes):
    with app.test_request_context():
        form = filled(asset_with(ANTENNA))
    left = ("started_at", "finished_at", "seconds", "asset")
    return {**{name: value for name, value in form.items() if name not in left}, "at": "10:15", **changes}


def test_checklists_are_told_apart_by_letters():
    assert [letters(n) for n in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]


@pytest.mark.one_database
def test_the_blank_sheet_lists_every_device_with_the_codes_of_its_items(app, as_, tmp_path):
    answer = as_("tech").get(f"/paper-sheets/lines/{LINE}.pdf")
    assert answer.mimetype == "application/pdf"
    (tmp_path / "a.pdf").write_bytes(answer.data)
    text = subprocess.run(
        ["pdftotext", str(tmp_path / "a.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    squeezed = "".join(text.split())
    with app.test_request_context():
        site_id = asset_with(ANTENNA).site_id
        for asset in line_assets(site_id, LINE, local_day(utc_now(), "Asia/Shanghai")):
            assert asset.is_place or asset.code in squeezed  # those of places are broken over two lines
    for shown in ("A1", "A2", "B1", "/paper-sheets", "□"):
        assert shown in squeezed
    assert as_("tech").get("/paper-sheets/lines/9.pdf").status_code == 404


def test_a_registered_sheet_is_typed_in_as_an_inspection_of_its_day_marked_as_paper(app, as_, sheet):
    browser = as_("tech")
    with app.test_request_context():
        address = f"{sheet}/lines/{asset_with(ANTENNA).id}"
    assert "marked as paper" in browser.get(address).text
    assert browser.post(address, data=typed(app)).status_code == 303
    assert browser.post(address, data=typed(app)).status_code == 303, "the same again changes nothing"
    with app.app_context():
        [made] = db.session.scalars(select(Inspection)).all()
        kept = db.session.scalars(select(PaperSheet)).one()
        assert made.flags == ["paper"]
        assert made.finished_at.astimezone(UTC).strftime("%H:%M") == "02:15"
        assert local_day(made.finished_at, "Asia/Shanghai") == kept.filled_in_on
        assert db.session.scalars(select(PaperInspection.sheet_id)).one() == kept.id
        inspection = made.id
    assert "filled in on paper" in browser.get(f"/inspections/{inspection}").text
    page = as_("office").get(sheet).text
    assert "1 of" in page
    assert "档案柜三" in page
    assert "1 line typed in" in browser.get("/paper-sheets").text


@pytest.mark.one_database
def test_what_is_missing_on_the_paper_is_said_and_what_was_typed_stays(app, as_, sheet):
    with app.test_request_context():
        address = f"{sheet}/lines/{asset_with(ANTENNA).id}"
    answer = as_("tech").post(address, data=typed(app, run_state="", advice="天线旁树木需修剪"))
    assert answer.status_code == 422
    assert "天线旁树木需修剪" in answer.text
    assert "Running state: choose one." in answer.text
    assert as_("tech").post(address, data=typed(app, at="")).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Inspection)).all() == []


@pytest.mark.one_database
def test_a_sheet_without_photo_or_of_a_day_to_come_is_not_registered(app, as_):
    browser = as_("tech")
    without = registration(app)
    del without["upload.sheet"]
    assert "Take a photo of every page." in browser.post("/paper-sheets", data=without).text
    assert "still to come" in browser.post("/paper-sheets", data=registration(app, days_ago=-3)).text
    with app.app_context():
        assert db.session.scalars(select(PaperSheet)).all() == []


def test_the_same_sheet_registered_again_stays_one(app, as_, sheet):
    assert as_("tech").post("/paper-sheets", data=registration(app)).location == sheet
    with app.app_context():
        assert len(db.session.scalars(select(PaperSheet)).all()) == 1


def test_a_sheet_belongs_to_its_command_centre(as_, sheet):
    assert as_("tech2").get(sheet).status_code == 404
    assert as_("office").get("/paper-sheets").status_code == 403
    assert as_("lead").get(sheet).status_code == 200
