"""The sheet on paper, opened with tools that are not ours: poppler and zbar."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from tests.inspections.documents import asset_with
from tests.visits.days import MORNING, QUIET, day_of, quiet_day, signature_png, signed, somebody
from webapp.assets.models import Asset
from webapp.extensions import db
from webapp.inspections.models import Visit
from webapp.kit.transaction import transaction
from webapp.sites.models import Site
from webapp.visits.actions import explain_omission, give_back
from webapp.visits.paper import paper_for

poppler = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")


def run(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def futian(app):
    """A signed sheet of Futian with every device of the list, on several pages."""
    with app.test_request_context(), transaction():
        site = db.session.scalars(select(Site).where(Site.code == "FT")).one()
        codes = db.session.scalars(
            select(Asset.code)
            .where(Asset.site_id == site.id, Asset.kind.in_(["device", "software"]))
            .order_by(Asset.position)
        ).all()
        visit = quiet_day(codes=tuple(codes))
        signed(visit, "tech2", "inspector")
        digest = signed(visit, "supervisor2", "handover").seal.digest
        return visit.id, digest, len(codes)


@pytest.mark.one_database
@poppler
def test_the_pdf_has_everything_of_r13_on_numbered_pages(as_, futian, tmp_path):
    visit_id, digest, rows = futian
    answer = as_("supervisor2", "zh").get(f"/visits/{visit_id}/sheet.pdf")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    file = tmp_path / "sheet.pdf"
    file.write_bytes(answer.data)
    facts = dict(line.split(":", 1) for line in run("pdfinfo", file).splitlines() if ":" in line)
    pages = int(facts["Pages"])
    width, height = (float(part) for part in facts["Page size"].split()[0:3:2])
    assert (round(width), round(height)) == (842, 595)  # A4 across
    assert pages == 4
    text = run("pdftotext", "-layout", file, "-")
    for word in (
        "福田区智慧城市指挥中心",
        "巡检记录表",
        "序号",
        "检查类别",
        "设备清单",
        "型号",
        "巡检时间",
        "运行情况",
    ):
        assert word in text
    for word in (
        "异常原因",
        "巡检人签字",
        "交接人签字",
        "大厅LED显示屏",
        "MegEye C2",
        "黄磊",
        "周敏",
        "已封存",
        digest[:32],
    ):
        assert word in text
    for page in range(1, pages + 1):
        assert f"第{page}页/共{pages}页" in text.replace(" ", "")
    assert text.count("正常") == rows
    assert "span" not in text


@pytest.mark.one_database
@poppler
def test_both_signatures_are_pictures_in_the_pdf(as_, futian, tmp_path):
    file = tmp_path / "sheet.pdf"
    file.write_bytes(as_("supervisor2", "zh").get(f"/visits/{futian[0]}/sheet.pdf").data)
    listed = [line.split() for line in run("pdfimages", "-list", file).splitlines()[2:]]
    assert {(entry[3], entry[4]) for entry in listed} == {("600", "300")}
    assert len({entry[10] for entry in listed}) == 2  # two objects, however often they are shown


@pytest.mark.one_database
@poppler
def test_the_symbol_on_the_last_page_leads_to_the_verify_page(as_, futian, tmp_path):
    pyzbar = pytest.importorskip("pyzbar.pyzbar")
    visit_id, digest, _rows = futian
    client = as_("supervisor2", "zh")
    file = tmp_path / "sheet.pdf"
    file.write_bytes(client.get(f"/visits/{visit_id}/sheet.pdf").data)
    run("pdftoppm", "-r", "200", "-png", "-f", "4", file, tmp_path / "page")
    picture = Image.open(next(tmp_path.glob("page*.png")))
    found = [symbol.data.decode() for symbol in pyzbar.decode(picture) if symbol.type == "QRCODE"]
    assert [address.rsplit("/verify/", 1)[1] for address in found] == [digest]
    assert client.get(f"/verify/{digest}").status_code == 200


def test_the_browser_page_shows_the_same_pages(as_, futian):
    text = as_("supervisor2").get(f"/visits/{futian[0]}/paper").text
    assert text.count("<table") == 4
    assert "Page 4 of 4" in text
    assert f"/verify/{futian[1]}" not in text  # it is inside the symbol
    assert futian[1][:32] in text
    assert text.count('class="ink"') >= 10


def test_a_sealed_sheet_keeps_its_names_when_a_device_is_renamed(context):
    visit = day_of(codes=QUIET[:1])
    signed(visit)
    asset_with("SG-2-01-002").name = "新调制解调器"
    db.session.flush()
    names = [row.device for page in paper_for(somebody("office"), visit.id).pages for row in page.rows]
    assert "调制解调器" in names
    assert "新调制解调器" not in names


@pytest.mark.one_database
def test_an_open_sheet_prints_with_empty_places_and_says_so(as_, app):
    with app.test_request_context(), transaction():
        visit_id = day_of(codes=QUIET[:1]).id
    text = as_("office").get(f"/visits/{visit_id}/paper").text
    assert "Not sealed yet" in text
    assert 'class="ink"' not in text


def test_reasons_returns_and_omissions_stand_on_the_paper(context):
    visit = day_of(codes=QUIET[:1])
    inspections = db.session.get_one(Visit, visit.id)
    antenna = next(
        row for page in paper_for(somebody("office"), visit.id).pages for row in page.rows if "342" in row.reason
    )
    assert antenna.is_abnormal
    assert antenna.reason.endswith("became a fault GZ-2611-01") or antenna.reason.endswith("转故障 GZ-2611-01")
    missed = asset_with("SG-2-01-003")
    explain_omission(inspections.id, {"asset": missed.id, "reason": "随队外出"}, by=somebody("tech"), now=MORNING)
    from webapp.inspections.models import Inspection

    first = db.session.scalars(select(Inspection.id).where(Inspection.visit_id == visit.id)).first()
    give_back(first, {"reason": "请补拍"}, by=somebody("supervisor"), now=MORNING)
    rows = [row for page in paper_for(somebody("office"), visit.id).pages for row in page.rows]
    assert any("请补拍" in row.reason for row in rows)
    assert [(row.device, row.checked_at, row.reason) for row in rows if row.checked_at is None] == [
        (missed.name, None, "随队外出")
    ]


@pytest.mark.one_database
def test_a_lost_signature_file_leaves_its_place_empty(app, as_, futian):
    with app.app_context():
        from webapp.files.store import store

        shutil.rmtree(store().folder)
    answer = as_("supervisor2").get(f"/visits/{futian[0]}/sheet.pdf")
    assert answer.status_code == 200


@pytest.mark.one_database
def test_drawing_a_pdf_leaves_the_check_of_uploads_as_strict_as_before(as_, futian):
    client = as_("supervisor2")
    assert client.get(f"/visits/{futian[0]}/sheet.pdf").status_code == 200
    cut_off = signature_png()[:200]
    assert client.put(f"/files/{uuid.uuid4()}", data=cut_off).status_code == 415
