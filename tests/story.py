"""A story for the pages: a past month played by the demo, and a day of this month with something of everything."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from webapp.assets.models import Asset
from webapp.assets.queries import asset_for
from webapp.checklists.models import Checklist, ChecklistVersion, ItemKind
from webapp.checklists.queries import version_for
from webapp.demo.history import past_months, play
from webapp.demo.pictures import photo
from webapp.demo.plans import plan_ahead, plan_months
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.files.actions import receive_file
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Inspection, Visit
from webapp.inspections.schemas import load_inspection
from webapp.jointtests.models import JointTest
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.transaction import transaction
from webapp.people.queries import person_named
from webapp.seals.models import Seal

ANTENNA, RADIOS = "SG-2-01-001", "SG-2-05-004"
TOO_SLOW = "342"  # seconds; the limit is 300


@dataclass(frozen=True)
class Story:
    """What the pages need to be opened: ids as text, the past month, a seal."""

    base: str
    antenna: str
    radios: str
    abnormal: str
    open_visit: str
    sealed_visit: str
    seal: str
    month: str
    next_month: str
    fault: str
    joint_test: str
    checklist: str


def tell(app: Flask, base: str) -> Story:
    """Plays the story in a filled database and says where its things are."""
    with app.test_request_context():
        months = past_months(utc_now(), 1)
        play(months, lambda _line: None)
        now = utc_now()
        plan_months(months, lambda _line: None)
        plan_ahead(now, lambda _line: None)
        inspect(RADIOS, now - timedelta(minutes=50))
        abnormal = inspect(ANTENNA, now - timedelta(minutes=40), changed={"acquire_time": TOO_SLOW})
        return _story(base, abnormal, months[0])


def inspect(code: str, finished_at: datetime, *, changed: dict[str, str] | None = None) -> Inspection:
    """The technician of Shaoguan fills in one checklist; `changed` readings become faults with a photo."""
    technician = person_named("tech")
    asset = db.session.scalars(select(Asset).where(Asset.code == code)).one()
    form = filled_form(asset, finished_at, changed or {})
    with transaction():
        return hand_in(load_inspection(uuid.uuid4(), form), by=technician, now=finished_at)


def filled_form(asset: Asset, finished_at: datetime, changed: dict[str, str]) -> dict[str, Any]:
    """A complete form: everything in order but what `changed` says."""
    technician = person_named("tech")
    asset = asset_for(technician, asset.id)
    version = version_for(asset)
    assert version is not None
    form: dict[str, Any] = {
        "asset": str(asset.id),
        "version": str(version.id),
        "started_at": (finished_at - timedelta(minutes=4)).isoformat(),
        "finished_at": finished_at.isoformat(),
        "run_state": "defective" if changed else "running",
        "accompanied_by": "陈志强",
    }
    if asset.units > 1:
        form["units_checked"] = str(asset.units)
    for item in version.items:
        key = item.key
        if item.kind == ItemKind.PASS_FAIL:
            form[f"a.{key}"] = "pass"
        elif item.kind == ItemKind.CHOICE:
            form[f"a.{key}"] = next(option["value"] for option in item.options if not option["abnormal"])
        elif item.kind == ItemKind.NUMBER:
            form[f"a.{key}"] = changed.get(key) or usual(item.minimum, item.maximum)
        if key in changed:
            form |= {f"why.{key}": "冷启动后多次重捕；东南侧有新搭围挡", f"remedy.{key}": "fault"}
        if item.photo == "always" or key in changed:
            form[f"photo.{key}"] = [str(add_photo(f"{asset.code} {key} {finished_at}"))]
    return form


def usual(low: Any, high: Any) -> str:
    """A number within the limits."""
    if low is not None and high is not None:
        return str((low + high) / 2)
    return str(low if low is not None else high if high is not None else 62)


def add_photo(seed: str) -> uuid.UUID:
    """A photo of the technician, delivered."""
    file_id = uuid.uuid4()
    with transaction():
        receive_file(file_id, photo(seed), None, by=person_named("tech"), now=utc_now())
    return file_id


def _story(base: str, abnormal: Inspection, month: Month) -> Story:
    def one(wanted: Any) -> str:
        return str(db.session.scalars(wanted.limit(1)).one())

    antenna = select(Asset.id).where(Asset.code == ANTENNA)
    visits = select(Visit.id).where(Visit.site_id == abnormal.site_id).order_by(Visit.day.desc())
    sealed = select(Seal.record_id).where(Seal.kind == "visit", Seal.site_id == abnormal.site_id).order_by(Seal.number)
    checklist = select(Checklist.id).join(ChecklistVersion).where(Checklist.key == "satellite_antenna_otm")
    return Story(
        base=base,
        antenna=one(antenna),
        radios=one(select(Asset.id).where(Asset.code == RADIOS)),
        abnormal=str(abnormal.id),
        open_visit=one(visits),
        sealed_visit=one(sealed),
        seal=one(select(Seal.digest).where(Seal.kind == "visit", Seal.site_id == abnormal.site_id)),
        month=str(month),
        next_month=str(month.next().next()),
        fault=one(select(Finding.id).where(Finding.source.like(f"inspection:{abnormal.id}:%"))),
        joint_test=one(select(JointTest.id).order_by(JointTest.day.desc())),
        checklist=one(checklist),
    )


def today() -> str:
    """The day in Shaoguan, yyyy-mm-dd."""
    return local_day(utc_now(), "Asia/Shanghai").isoformat()
