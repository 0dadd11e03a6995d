"""The report of one fault and of the faults of a month (R97, R98): every field of the record, as PDF and Word."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from docx import Document as WordDocument
from sqlalchemy import select

from tests.faults.played import RECORD, finish, somebody, take
from tests.faults.test_actions import raised
from webapp.assets.models import Asset
from webapp.documents.collect import Material
from webapp.documents.equipment_report import equipment_report
from webapp.documents.fault_analysis import fault_paper
from webapp.documents.fault_material import analysed, faults_in
from webapp.documents.models import Kind
from webapp.documents.paper import Facts, Paper, Paragraph, Table
from webapp.extensions import db
from webapp.faults.gathering import facts_of
from webapp.faults.models import Finding, FindingKind
from webapp.kit.clock import Month
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fault(*, ended: bool = True) -> Finding:
    with transaction():
        asset = db.session.scalars(
            select(Asset).where(Asset.site_id == site_coded("SG").id).order_by(Asset.code)
        ).first()
        finding = raised(somebody("tech"), level="major", asset=asset, reported_at=NOW, now=NOW)
        if ended:
            take(finding, "ticked", by="tech", now=NOW + HOUR, told="construction_unit", person="王工")
            finish(finding, now=NOW + HOUR)
    return finding


def said_in(paper: Paper) -> str:
    texts = []
    for block in paper.blocks:
        if isinstance(block, Paragraph):
            texts.append(block.text)
        elif isinstance(block, Facts):
            texts += [" ".join(row) for row in block.rows]
        elif isinstance(block, Table):
            texts += [str(cell) for row in block.rows for cell in row.cells]
    return "\n".join(texts)


def material(tmp_path) -> Material:
    later = NOW + 3 * HOUR
    return Material(site_coded("SG"), Month(2026, 11), by=somebody("lead"), now=later, folder=tmp_path)


def test_the_report_of_a_fault_holds_every_field_of_its_record(context, tmp_path):
    finding = fault()
    paper = fault_paper(analysed([facts_of(finding)], NOW + 3 * HOUR)[0], material(tmp_path).frame(1, []))
    text = said_in(paper)
    for said in ("no picture", "Hardware", *(RECORD[name] for name in ("analysis", "handling", "responsibility"))):
        assert said in text
    for said in (RECORD["lessons"], somebody("tech").name, "2026-11-18 10:00", "2026-11-18 11:00", "王工", "in time"):
        assert said in text
    assert finding.number in paper.number


def test_the_report_of_a_month_follows_up_what_is_not_repaired(context, tmp_path):
    ended, still = fault(), fault(ended=False)
    found = material(tmp_path)
    assert [each.facts.number for each in faults_in(found.site, found.month, found.now)] == [ended.number, still.number]
    paper = found.paper(Kind.FAULTS, 1)
    tables = {table.name: table for table in paper.tables}
    assert [row.cells[0] for row in tables["Not repaired"].rows] == [still.number]
    assert {row.cells[0]: row.cells[1] for row in tables["Causes"].rows} == {"Hardware": 1, "not noted yet": 1}
    assert tables["Figures about faults"].rows[-1].cells[3] == 2


@pytest.mark.one_database
def test_the_doors_give_pdf_and_word_to_those_who_may_take_papers_out(app, as_):
    with app.test_request_context():
        address = f"/faults/{fault().id}/report"
        with transaction():
            hazard = raised(somebody("tech"), FindingKind.HAZARD, level=None).id
    lead = as_("lead")
    assert lead.get(f"{address}.pdf").data.startswith(b"%PDF")
    word = WordDocument(io.BytesIO(lead.get(f"{address}.docx").data))
    assert any("worn out" in paragraph.text for paragraph in word.paragraphs)
    equipment = address.replace("report", "equipment")
    assert lead.get(f"{equipment}.pdf").data.startswith(b"%PDF")
    assert "设备故障报告单" in WordDocument(io.BytesIO(lead.get(f"{equipment}.docx").data)).paragraphs[0].text
    assert lead.get(f"/faults/{hazard}/report.pdf").status_code == 404
    assert as_("tech").get(f"{address}.pdf").status_code == 403
    assert as_("supervisor2").get(f"{address}.pdf").status_code == 404


def test_the_equipment_report_says_what_is_broken_who_was_told_and_what_is_to_be_decided(context, tmp_path):
    finding = fault(ended=False)
    with transaction():
        asset = db.session.get_one(Asset, finding.asset_id)
        asset.supplier = "Guangdong Display Co."
    with transaction():
        take(finding, "escalated", by="tech", now=NOW + HOUR, difficulty="long", text="send the board to the maker?")
        take(finding, "estimated", by="tech", now=NOW + HOUR, until="2026-11-25T12:00", text="spare part ordered")
        take(finding, "ticked", by="tech", now=NOW + 2 * HOUR, told="construction_unit", person="王工", text="周三前")
        take(finding, "instructed", by="lead", now=NOW + 2 * HOUR, text="yes, and lend a replacement")
    fault_of = analysed([facts_of(finding)], NOW + 3 * HOUR, channel=finding.channel)[0]
    text = said_in(equipment_report(fault_of, material(tmp_path).frame(1, [])))
    for said in ("no picture", "Guangdong Display Co.", asset.location, "Under contract: ", somebody("tech").name):
        assert said in text
    for said in ("send the board to the maker?", "2026-11-25 12:00", "Long repair", "王工", "周三前", "not told yet"):
        assert said in text
    assert "yes, and lend a replacement" in text
