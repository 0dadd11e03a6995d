"""Documents as a device hands them in, for tests of this room and of those above."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from flask import Flask
from PIL import Image
from sqlalchemy import select

from webapp.assets.models import Asset
from webapp.checklists.models import ItemKind
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.kit.clock import utc_now

ANTENNA = "SG-2-01-001"  # the antenna of the satellite vehicle: safety stop, numbers, an obligatory photo
WALL = "SG-1-02-001"  # a row of twelve screens


def asset_with(code: str) -> Asset:
    """An asset of the demo by its code."""
    return db.session.scalars(select(Asset).where(Asset.code == code)).one()


def picture(colour: str = "navy", size: tuple[int, int] = (64, 48)) -> bytes:
    """A small photo; another colour gives other bytes."""
    out = BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def filled(
    asset: Asset, /, *, at: datetime | None = None, photos: dict[str, list[uuid.UUID]] | None = None, **changes: Any
) -> dict[str, Any]:
    """The flat form of an asset's checklist with everything in order.

    `changes` are put over it, None takes a field out. Item fields are written as in the form:
    `**{"a.acquire_time": "342"}`.
    """
    version = version_for(asset)
    assert version is not None
    finished = at or utc_now()
    form: dict[str, Any] = {
        "asset": str(asset.id),
        "version": str(version.id),
        "started_at": (finished - timedelta(minutes=4)).isoformat(),
        "finished_at": finished.isoformat(),
        "run_state": "running",
    }
    if asset.units > 1:
        form["units_checked"] = str(asset.units)
    for item in version.items:
        if photo_ids := (photos or {}).get(item.key):
            form[f"photo.{item.key}"] = [str(photo) for photo in photo_ids]
        if not item.is_required:
            continue
        if item.kind == ItemKind.PHOTO:
            if not (photos or {}).get(item.key):
                form[f"na.{item.key}"] = "1"
        elif (value := normal_answer(item)) is not None:
            form[f"a.{item.key}"] = value
    form.update(changes)
    return {name: value for name, value in form.items() if value is not None}


def normal_answer(item: Any) -> str:
    """An answer that is in order."""
    if item.kind == ItemKind.PASS_FAIL:
        return "pass"
    if item.kind == ItemKind.CHOICE:
        return next(option["value"] for option in item.options if not option.get("abnormal"))
    if item.kind == ItemKind.NUMBER:
        return str(item.minimum if item.minimum is not None else item.maximum if item.maximum is not None else 50)
    return "noted"


def code_to_id(app: Flask, code: str) -> uuid.UUID:
    """The id of an asset, from outside an app context."""
    with app.app_context():
        return asset_with(code).id
