"""The equipment of both command centres: printed lists, locations, open questions, places. Only what is missing."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from webapp.assets.actions import give_label, new_asset, system_named
from webapp.assets.importing import carry_out, plan_rows
from webapp.assets.models import Asset, Remark
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.spreadsheet import Row, read_table
from webapp.sites.models import ServiceLine
from webapp.sites.queries import service_lines, site_coded

HERE = Path(__file__).parent
LOCATIONS = "equipment_locations.csv"
NOTES = "equipment_notes.csv"
SYSTEM_OF_PLACES = "场所"


def load_assets(entry: dict[str, Any], *, keeper: str, now: datetime) -> None:
    """The list, places and open questions of one site of sites.yaml; what is there already stays as it is."""
    site = site_coded(entry["code"])
    there = set(db.session.scalars(select(Asset.code).where(Asset.site_id == site.id)))
    rows = [row for row in _rows_with_locations(entry) if row.cells["code"] not in there]
    if rows:
        carry_out(plan_rows(site, rows, entry["lists"], keeper=keeper), by=None, now=now)
    missing = [place for place in entry["places"] if place["code"] not in there]
    _load_places(missing, {line.number: line for line in service_lines(site.id)}, keeper, now=now)
    if db.session.scalar(select(Remark.id).where(Remark.site_id == site.id).limit(1)) is None:
        db.session.add_all(_remarks(site.id, entry["code"]))
        db.session.flush()


def _rows_with_locations(entry: dict[str, Any]) -> Iterable[Row]:
    """The lines of the printed list with their location beside them; sections under the name of their service line."""
    places = {row.cells["code"]: row.cells for row in _table(LOCATIONS)}
    names = {line["section"]: line["name"] for line in entry["service_lines"]}
    for row in _table(entry["lists"]):
        place = places[row.cells["code"]]
        yield Row(
            row.line,
            row.cells
            | {
                "section": names[row.cells["section"]],
                "location": place["location_zh"],
                "location_en": place["location_en"],
            },
        )


def _load_places(places: list[dict[str, Any]], lines: dict[int, ServiceLine], keeper: str, *, now: datetime) -> None:
    for place in places:
        line = lines[place["service_line"]]
        fields = {name: place[name] for name in ("code", "kind", "name", "location", "category")} | {"keeper": keeper}
        position = db.session.query(Asset).filter_by(site_id=line.site_id).count() + 1
        asset = new_asset(line.site_id, system_named(line, SYSTEM_OF_PLACES), fields, position, now=now)
        db.session.add(asset)
        db.session.flush()
        give_label(asset, now=now)
        record(
            Verb.ASSET_ADDED,
            f"asset:{asset.id}",
            by=None,
            now=now,
            site_id=line.site_id,
            code=asset.code,
            name=asset.name,
        )


def _remarks(site_id: uuid.UUID, site_code: str) -> list[Remark]:
    return [
        Remark(
            site_id=site_id,
            code_pattern=row.cells["code"],
            field=row.cells["field"],
            printed=row.cells["printed"],
            suggested=row.cells["suggested"],
            reason=row.cells["reason"],
        )
        for row in _table(NOTES)
        if row.cells["code"].startswith(f"{site_code}-")
    ]


def _table(name: str) -> list[Row]:
    return read_table((HERE / name).read_bytes(), name)
