"""Storing the cells of a sheet: what was typed, copied or counted, and the faults that its problems raise."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from webapp.assets.models import Asset
from webapp.checklists.rules import Verdict
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.models import Finding, FindingKind
from webapp.faults.queries import findings_with
from webapp.jointtests.form import PROBLEMS, Fill
from webapp.jointtests.models import JointTest, JointTestPhoto, JointTestValue
from webapp.jointtests.record import NOT_CARRIED, judgement_json
from webapp.jointtests.sheet import Cell, Sheet, Turn, comparison_text, where_text
from webapp.kit.clock import local_day
from webapp.kit.language import local
from webapp.people.models import Person
from webapp.sites.models import Site

CHANNEL = "joint_test"


def store_values(
    test: JointTest, sheet: Sheet, site: Site, old: JointTest | None, *, by: Person, now: datetime
) -> None:
    """Writes all cells of a checked sheet, its problems as faults, and the open problems of earlier tests."""
    filled_in = {
        "header.0.record_no": test.number,
        "conclusion.0.compare": comparison_text(sheet, local),
        "conclusion.0.report": f"{test.number}.pdf",
    }
    last_day = sheet.last.day if sheet.last else None
    for turn in sheet.turns:
        if turn.is_blank:
            continue
        if turn.section.key == PROBLEMS:
            _store_problem(test, turn, sheet, site, old, by=by, now=now)
            continue
        for cell in turn.cells:
            value = filled_in.get(cell.name, cell.value)
            if value or cell.photos:
                row = _row(test, turn.section.key, turn.number, cell, value)
                row.judgement = judgement_json(cell, last_day)
                _add(row, cell.photos)
    _store_carried(test, sheet, site)


def _store_problem(
    test: JointTest, turn: Turn, sheet: Sheet, site: Site, old: JointTest | None, *, by: Person, now: datetime
) -> None:
    source = sheet.turn(turn.about)
    where = where_text(source, local) if source else turn.about
    phenomenon = turn.cell("phenomenon")
    photos = list(phenomenon.photos) if phenomenon else []
    finding = _finding_of(old, turn.about) or raise_finding(
        FindingKind.FAULT,
        site=site,
        asset=_asset_of(source, sheet, site) if source else None,
        item_text=where[:200],
        level=turn.value("level"),
        text=turn.value("phenomenon"),
        photo_ids=photos,
        source=f"joint_test:{test.id}:problem:{turn.number}",
        channel=CHANNEL,
        by=by,
        reported_at=test.finished_at,
        now=now,
    )
    values = {"where": where, "work_order": finding.number, "carried_over": NOT_CARRIED}
    for cell in turn.cells:
        row = _row(test, PROBLEMS, turn.number, cell, values.get(cell.item.key, cell.value))
        row.judgement = {"about": turn.about} if cell.item.key == "where" else {}
        row.finding_id = finding.id if cell.item.key == "work_order" else None
        _add(row, cell.photos)


def _store_carried(test: JointTest, sheet: Sheet, site: Site) -> None:
    """Lists the open problems of earlier tests again until they are closed."""
    part = sheet.part(PROBLEMS)
    if part is None:
        return
    number = max((turn.number for turn in part.turns), default=0)
    for finding in sheet.carried:
        number += 1
        values: Mapping[str, str] = {
            "where": finding.item_text,
            "phenomenon": finding.text,
            "level": finding.level or "",
            "work_order": finding.number,
            "carried_over": local_day(finding.reported_at, site.timezone).isoformat(),
        }
        for item_key, value in values.items():
            row = JointTestValue(
                test_id=test.id,
                section=PROBLEMS,
                turn=number,
                item_key=item_key,
                value=value,
                origin=Fill.AUTO.value,
                verdict=Verdict.INFO.value,
                judgement={},
                finding_id=finding.id if item_key == "work_order" else None,
            )
            _add(row, ())


def _row(test: JointTest, section: str, turn: int, cell: Cell, value: str) -> JointTestValue:
    return JointTestValue(
        test_id=test.id,
        section=section,
        turn=turn,
        item_key=cell.item.key,
        value=value,
        origin=cell.fill.value,
        inspection_id=cell.copied.last.inspection_id if cell.copied else None,
        verdict=cell.judgement.verdict.value,
    )


def _add(row: JointTestValue, photos: object) -> None:
    ids = list(dict.fromkeys(photos)) if isinstance(photos, list | tuple) else []
    row.photos = [JointTestPhoto(file_id=file_id, position=position) for position, file_id in enumerate(ids)]
    db.session.add(row)


def _asset_of(turn: Turn, sheet: Sheet, site: Site) -> Asset | None:
    """The device that a problem is about: that of the repetition, else the first of the section."""
    unit = turn.section.equipment_item
    codes = [turn.value(unit.key)] if unit else list(turn.section.equipment)
    rows = db.session.scalars(select(Asset).where(Asset.site_id == site.id, Asset.code.in_(codes)))
    found = {asset.code: asset for asset in rows}
    return next((found[code] for code in codes if code in found), None)


def _finding_of(old: JointTest | None, about: str) -> Finding | None:
    """The fault that the corrected record raised about the same repetition; a correction raises none twice."""
    if old is None:
        return None
    problems = [row for row in old.values if row.section == PROBLEMS]
    turns = {row.turn for row in problems if row.judgement.get("about") == about}
    ids: list[uuid.UUID] = [row.finding_id for row in problems if row.finding_id and row.turn in turns]
    return next(iter(findings_with(ids).values()), None)
