"""The two real lists: every printed row is in the program, from the files, unchanged."""

import csv
from pathlib import Path

import pytest
import yaml
from sqlalchemy import func, select

from webapp.assets.models import Asset, Label, Remark
from webapp.assets.queries import assets_of, due_assets, remarks_about
from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.sites.queries import site_coded

DEMO = Path(__file__).parents[2] / "webapp" / "demo"
SITES = yaml.safe_load((DEMO / "sites.yaml").read_text(encoding="utf-8"))["sites"]


def printed(site: dict) -> list[dict]:
    with (DEMO / site["lists"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def locations() -> dict[str, dict]:
    with (DEMO / "equipment_locations.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("site", SITES, ids=lambda site: site["code"])
def test_every_row_equals_its_printed_line_in_printed_order(context, site):
    names = {line["section"]: line["name"] for line in site["service_lines"]}
    rows = [asset for asset in assets_of(site_coded(site["code"]).id) if not asset.is_place]
    lines = printed(site)
    places = locations()
    assert len(rows) == len(lines)
    for asset, line in zip(rows, lines, strict=True):
        stored = {
            "code": asset.code,
            "site": site["name"],
            "section": asset.system.service_line.name,
            "system": asset.system.name,
            "number": asset.printed_number,
            "name": asset.name,
            "maker": asset.maker,
            "model": asset.model,
            "unit": asset.unit,
            "quantity": str(asset.quantity or ""),
            "raw": asset.raw,
        }
        assert stored == line | {"section": names[line["section"]]}
        place = places[asset.code]
        assert (asset.location, asset.location_en) == (place["location_zh"], place["location_en"])


def test_196_rows_of_which_shaoguan_has_120_with_436_units(context):
    rows = {site["code"]: [a for a in assets_of(site_coded(site["code"]).id) if not a.is_place] for site in SITES}
    assert sum(map(len, rows.values())) == 196
    assert len(rows["SG"]) == 120
    assert sum(asset.units for asset in rows["SG"]) == 436
    assert all(asset.quantity is None for asset in rows["FT"])


def test_the_places_have_their_kind_and_checklist(context):
    for site in SITES:
        stored = [a for a in assets_of(site_coded(site["code"]).id) if a.is_place]
        found = {(a.code, a.kind, a.name, a.location, a.category, a.system.service_line.number) for a in stored}
        assert found == {
            (p["code"], p["kind"], p["name"], p["location"], p["category"], p["service_line"]) for p in site["places"]
        }


def test_every_asset_has_one_label_and_a_keeper(context):
    assets = db.session.scalar(select(func.count(Asset.id)))
    labels = db.session.scalar(select(func.count(func.distinct(Label.asset_id))))
    assert assets == labels == db.session.scalar(select(func.count(Label.id))) == 205
    assert not db.session.scalars(select(Asset.code).where(Asset.keeper == "")).all()


def test_software_is_told_from_devices(context):
    kinds = {asset.code: asset.kind for site in SITES for asset in assets_of(site_coded(site["code"]).id)}
    assert [code for code in kinds if code.startswith("SG") and kinds[code] == "software"] == [
        "SG-1-02-009",
        "SG-1-02-010",
        "SG-1-04-002",
    ]
    assert sum(kind == "software" for code, kind in kinds.items() if code.startswith("FT-1-01")) == 12


def test_the_open_questions_are_there_as_printed(context):
    with (DEMO / "equipment_notes.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    stored = db.session.scalars(select(Remark).order_by(Remark.id)).all()
    told = {(r.code_pattern, r.field, r.printed, r.suggested, r.reason) for r in stored}
    assert told == {(n["code"], n["field"], n["printed"], n["suggested"], n["reason"]) for n in lines}
    assert len(stored) == len(lines)


def test_an_asset_knows_the_questions_about_its_line(context):
    by_code = {asset.code: asset for asset in assets_of(site_coded("SG").id)}
    assert [r.field for r in remarks_about(by_code["SG-3-01-020"])] == ["maker", "unit/quantity", "vehicle"]
    assert "maker/model" in [r.field for r in remarks_about(by_code["SG-1-01-001"])]


@pytest.mark.parametrize(
    ("code", "month", "rows"),
    [
        ("SG", "2025-12", 0),
        ("SG", "2026-05", 105),
        ("SG", "2026-06", 125),
        ("SG", "2026-12", 125),
        ("SG", "2027-01", 20),
        ("SG", "2027-06", 20),
        ("SG", "2027-07", 0),
        ("FT", "2026-05", 0),
        ("FT", "2026-06", 80),
    ],
)
def test_what_is_due_follows_the_periods_of_the_lines(context, code, month, rows):
    assert len(due_assets(site_coded(code).id, Month.parse(month))) == rows
