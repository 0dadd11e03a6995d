"""Rows for tests of the month: inspections, seals, returns, made straight in the database, one call each.

The doors of these rooms have tests of their own; here only the counting is of interest, also of states that take many
steps to reach.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from PIL import Image
from sqlalchemy import select

from webapp.assets.models import Asset
from webapp.assets.queries import due_assets
from webapp.checklists.models import ChecklistVersion
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Omission, Return, Visit
from webapp.jointtests.models import JointTest, JointTestForm
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.seals.actions import seal
from webapp.sites.models import Site

OCTOBER = Month(2026, 10)
IN_OCTOBER = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
AFTER_OCTOBER = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def site_called(code: str) -> Site:
    return db.session.scalars(select(Site).where(Site.code == code)).one()


def somebody(username: str) -> Person:
    return db.session.scalars(select(Person).where(Person.username == username)).one()


def due(code: str = "SG", month: Month = OCTOBER) -> list[Asset]:
    return due_assets(site_called(code).id, month)


def list_rows(code: str = "SG", month: Month = OCTOBER) -> list[Asset]:
    return [asset for asset in due(code, month) if not asset.is_place]


def visit_of(asset: Asset, at: datetime, technician: Person) -> Visit:
    day = at.astimezone(UTC).date()
    known = db.session.scalar(
        select(Visit).where(Visit.site_id == asset.site_id, Visit.day == day, Visit.technician_id == technician.id)
    )
    if known is None:
        known = Visit(
            id=uuid.uuid4(), site_id=asset.site_id, day=day, technician_id=technician.id, number=1, created_at=at
        )
        db.session.add(known)
        db.session.flush()
    return known


def inspect(
    asset: Asset,
    at: datetime = IN_OCTOBER,
    *,
    by: str = "tech",
    units: int | None = None,
    units_reason: str = "",
    abnormal: Mapping[str, dict[str, Any]] | None = None,
    advice: str = "",
    supersedes: Inspection | None = None,
) -> Inspection:
    """An inspection where every item is answered and in order, but those in `abnormal` (item → columns of Answer)."""
    technician = somebody(by)
    version = version_for(asset)
    assert version is not None, asset.name
    made = Inspection(
        id=uuid.uuid4(),
        site_id=asset.site_id,
        visit_id=visit_of(asset, at, technician).id,
        asset_id=asset.id,
        version_id=version.id,
        technician_id=technician.id,
        started_at=at - timedelta(minutes=5),
        finished_at=at,
        received_at=at,
        verdict="abnormal" if abnormal else "ok",
        run_state="running",
        units_total=asset.units,
        units_checked=asset.units if units is None else units,
        units_reason=units_reason,
        advice=advice,
        supersedes_id=supersedes.id if supersedes else None,
        digest="0" * 64,
    )
    db.session.add(made)
    db.session.flush()
    db.session.add_all(_answers(made, version, abnormal or {}))
    db.session.flush()
    return made


def inspect_everything(assets: list[Asset], at: datetime = IN_OCTOBER) -> list[Inspection]:
    return [inspect(asset, at + timedelta(minutes=index)) for index, asset in enumerate(assets)]


def sign(inspection: Inspection) -> str:
    """Seals the visit of an inspection; the digest."""
    visit = db.session.get_one(Visit, inspection.visit_id)
    sealed = seal(
        visit.site_id, "visit", visit.id, {"id": str(visit.id)}, by=visit.technician_id, now=inspection.finished_at
    )
    return sealed.digest


def give_back(inspection: Inspection, reason: str = "reading not plausible") -> None:
    moment = inspection.finished_at + timedelta(hours=1)
    db.session.add(
        Return(
            id=uuid.uuid4(),
            inspection_id=inspection.id,
            reason=reason,
            returned_by=somebody("supervisor").id,
            returned_at=moment,
            received_at=moment,
        )
    )
    db.session.flush()


def leave_out(asset: Asset, reason: str, at: datetime = IN_OCTOBER, month: Month = OCTOBER) -> None:
    db.session.add(
        Omission(
            id=uuid.uuid4(),
            site_id=asset.site_id,
            asset_id=asset.id,
            month=str(month),
            reason=reason,
            given_by=somebody("lead").id,
            given_at=at,
        )
    )
    db.session.flush()


def photograph(inspection: Inspection, item_key: str, count: int = 1) -> list[uuid.UUID]:
    """Photos of one answer, with bytes in the store."""
    answer = db.session.scalars(
        select(Answer).where(Answer.inspection_id == inspection.id, Answer.item_key == item_key)
    ).one()
    names = []
    for position in range(count):
        drawn = io.BytesIO()
        Image.new("RGB", (320, 240), (40 + position * 30, 90, 120)).save(drawn, "JPEG")
        data = drawn.getvalue()
        file = StoredFile(
            id=uuid.uuid4(),
            sha256=store().put(data),
            size=len(data),
            media_type="image/jpeg",
            width=320,
            height=240,
            site_id=inspection.site_id,
            received_by=inspection.technician_id,
            received_at=inspection.received_at,
        )
        db.session.add(file)
        db.session.flush()
        db.session.add(AnswerPhoto(answer_id=answer.id, file_id=file.id, position=position))
        names.append(file.id)
    db.session.flush()
    return names


def joint_test(code: str = "SG", at: datetime = IN_OCTOBER, *, number: str = "JT-SG-202610-01") -> JointTest:
    form = db.session.scalars(select(JointTestForm)).first()
    if form is None:
        form = JointTestForm(id=uuid.uuid4(), number=1, digest="1" * 64, content={}, imported_at=at)
        db.session.add(form)
        db.session.flush()
    made = JointTest(
        id=uuid.uuid4(),
        site_id=site_called(code).id,
        form_id=form.id,
        number=number,
        day=at.date(),
        technician_id=somebody("tech").id,
        started_at=at,
        finished_at=at,
        received_at=at,
        result="pass",
        digest="0" * 64,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _answers(made: Inspection, version: ChecklistVersion, abnormal: Mapping[str, dict[str, Any]]) -> list[Answer]:
    answers = []
    for position, item in enumerate(version.items):
        columns = {"value": "pass", "verdict": "ok", **_reading(item.kind)}
        if item.key in abnormal:
            columns |= {"verdict": "abnormal", "why": "seen on site", "remedy": "fixed", **abnormal[item.key]}
        answers.append(Answer(inspection_id=made.id, position=position, item_key=item.key, **columns))
    return answers


def _reading(kind: str) -> dict[str, Any]:
    return {"value": "5", "number": Decimal(5)} if kind == "number" else {}
