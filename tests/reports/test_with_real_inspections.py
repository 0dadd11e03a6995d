"""The month of inspections that came in through the real doors: handed in, sent back, signed."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from typing import Any

from PIL import Image

from tests.reports.month_of_work import AFTER_OCTOBER, IN_OCTOBER, OCTOBER, due, site_called, somebody
from webapp.assets.models import Asset
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.files.actions import receive_file
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Inspection
from webapp.inspections.schemas import load_inspection
from webapp.reports.monthly import build
from webapp.reports.summary import GapKind, RowState
from webapp.visits.actions import give_back


def filled(asset: Asset, at, *, is_bad: bool = False) -> dict[str, Any]:
    """A form where everything is in order; with `is_bad` the first number is above its limit."""
    version = version_for(asset)
    form: dict[str, Any] = {
        "asset": str(asset.id),
        "version": str(version.id),
        "started_at": (at - timedelta(minutes=5)).isoformat(),
        "finished_at": at.isoformat(),
        "run_state": "running",
        "units_checked": str(asset.units),
        "advice": "建议修剪天线旁树枝",
    }
    for item in version.items:
        form |= answered(item, is_bad=is_bad and item.kind == "number" and item.maximum is not None)
        if item.photo == "always" or item.kind == "photo" or f"why.{item.key}" in form:
            form[f"photo.{item.key}"] = [photo(at)]
        is_bad = is_bad and f"why.{item.key}" not in form
    if any(name.startswith("why.") for name in form) and asset.units > 1:
        form["unit"] = ["1"]
    return form


def answered(item, *, is_bad: bool) -> dict[str, str]:
    if is_bad:
        return {f"a.{item.key}": str(item.maximum + 7), f"why.{item.key}": "读数超限", f"remedy.{item.key}": "hazard"}
    values = {
        "pass_fail": "pass",
        "number": str(item.maximum if item.maximum is not None else item.minimum if item.minimum is not None else 5),
        "choice": next((o["value"] for o in item.options or [] if not o.get("abnormal")), ""),
        "text": "正常",
    }
    return {f"a.{item.key}": values.get(item.kind, "")}


def photo(at) -> str:
    name, drawn = uuid.uuid4(), io.BytesIO()
    Image.new("RGB", (64, 48), (name.int % 200, 90, 90)).save(drawn, "JPEG")
    receive_file(name, drawn.getvalue(), None, by=somebody("tech"), now=at)
    return str(name)


def hand(asset: Asset, at=IN_OCTOBER, **more: Any) -> Inspection:
    fields = load_inspection(uuid.uuid4(), filled(asset, at, **more))
    return hand_in(fields, by=somebody("tech"), now=at + timedelta(minutes=1))


def october():
    db.session.flush()
    return build(site_called("SG"), OCTOBER, AFTER_OCTOBER)


def test_what_was_handed_in_counts_with_reading_limit_photo_and_hazard(context):
    asset = next(
        a
        for a in due()
        if not a.is_place and any(i.kind == "number" and i.maximum is not None for i in version_for(a).items)
    )
    made = hand(asset, is_bad=True)
    summary = october()
    row = next(r for r in summary.rows if r.asset_id == asset.id)
    assert (row.state, row.is_abnormal, row.units_checked) == (RowState.DONE, True, asset.units)
    (item,) = summary.out_of_limits
    assert (item.inspection_id, item.why, item.remedy) == (made.id, "读数超限", "hazard")
    assert item.high is not None
    assert item.finding_number == summary.hazards[0].number
    assert len(item.photo_ids) == 1
    assert [len(trend.points) for trend in summary.trends] == [1]
    assert summary.advice[0].advice == "建议修剪天线旁树枝"
    assert {gap.kind for gap in summary.gaps} >= {GapKind.VISITS_UNSIGNED, GapKind.HAZARDS_OPEN, GapKind.ROWS_OPEN}


def test_what_the_bureau_sends_back_counts_as_not_done(context):
    made = hand(due()[0])
    assert october().total.done + october().places.done == 1
    give_back(
        made.id,
        {"id": uuid.uuid4(), "reason": "照片不清楚"},
        by=somebody("supervisor"),
        now=IN_OCTOBER + timedelta(hours=3),
    )
    summary = october()
    assert summary.total.done + summary.places.done == 0
    assert summary.inspections[0].return_reasons == ("照片不清楚",)
