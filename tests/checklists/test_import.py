"""The 47 checklists come in field by field, find their assets, go out and come back unchanged; bad files are named."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from sqlalchemy import func, select

from webapp.assets.models import Asset
from webapp.audit.models import AuditEntry
from webapp.checklists import queries
from webapp.checklists.actions import import_checklists
from webapp.checklists.exchange import LARGEST_FILE, file_of, parse, read_data
from webapp.checklists.models import CheckItem, Checklist, ChecklistVersion
from webapp.checklists.rules import categories_for
from webapp.demo import load as demo
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.problems import Invalid

FILE = Path(demo.__file__).parent / "checklists.yaml"
RAW = yaml.safe_load(FILE.read_text(encoding="utf-8"))
ITEMS = [(category["key"], item) for category in RAW["categories"] for item in category["items"]]
PLAIN = {
    "key": "key", "zh": "zh", "en": "en", "kind": "kind", "required": "is_required", "na_allowed": "is_na_allowed",
    "photo_required_on": "photo", "severity_if_failed": "severity", "frequency": "frequency", "source": "source",
    "source_detail": "source_detail", "seed_ref": "seed_refs",
}  # fmt: skip
SOMETIMES = {"unit": ("unit", ""), "hint_zh": ("hint_zh", ""), "safety_stop": ("is_safety_stop", False),
             "limits_editable": ("are_limits_editable", False), "options": ("options", [])}  # fmt: skip


def small_file() -> dict:
    return copy.deepcopy({"version": 1, "categories": RAW["categories"][:2]})


def as_decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def test_there_are_47_checklists_with_416_items(context):
    assert db.session.scalar(select(func.count()).select_from(Checklist)) == 47 == len(RAW["categories"])
    assert db.session.scalar(select(func.count()).select_from(CheckItem)) == 416 == len(ITEMS)
    assert db.session.scalar(select(func.count()).select_from(ChecklistVersion)) == 47


def test_each_checklist_equals_its_entry(context):
    for position, (entry, version) in enumerate(
        zip(RAW["categories"], queries.current_versions(None), strict=True), start=1
    ):
        checklist = version.checklist
        for name in ("key", "zh", "en", "scope", "match", "exclude", "note"):
            assert getattr(checklist, name) == entry[name], f"{entry['key']} {name}"
        assert checklist.minutes == entry["minutes_per_device"]
        assert checklist.futian_response_system == entry["futian_response_system"]
        assert checklist.shaoguan_major_scope == entry["shaoguan_major_scope"]
        assert (checklist.position, version.number, version.site_id) == (position, 1, None)
        assert [item.key for item in version.items] == [item["key"] for item in entry["items"]]


def test_each_item_equals_its_entry_field_by_field(context):
    items = [(version.checklist.key, item) for version in queries.current_versions(None) for item in version.items]
    known = set(PLAIN) | set(SOMETIMES) | {"min", "max", "compare_previous"}
    for (category, entry), (found_in, item) in zip(ITEMS, items, strict=True):
        where = f"{category}/{entry['key']}"
        assert found_in == category
        assert set(entry) <= known, where
        for name, attribute in PLAIN.items():
            assert getattr(item, attribute) == entry[name], f"{where} {name}"
        for name, (attribute, otherwise) in SOMETIMES.items():
            assert getattr(item, attribute) == entry.get(name, otherwise), f"{where} {name}"
        assert (item.minimum, item.maximum) == (as_decimal(entry.get("min")), as_decimal(entry.get("max"))), where
        changes = {name: Decimal(value) for name, value in item.compare.items()}
        assert changes == {name: as_decimal(v) for name, v in entry.get("compare_previous", {}).items()}, where
        assert item.hint_en == ""


def test_each_asset_has_exactly_one_checklist(context):
    checklists = queries.all_checklists()
    assets = db.session.scalars(select(Asset)).all()
    rows = [asset for asset in assets if not asset.is_place]
    assert len(rows) == 196
    claims = {asset.code: categories_for(asset.name, checklists) for asset in rows}
    assert {code: keys for code, keys in claims.items() if len(keys) != 1} == {}
    places = [asset for asset in assets if asset.is_place]
    assert len(places) == 9
    scopes = {one.key: one.scope for one in checklists}
    assert {scopes[asset.category] for asset in places} == {"place"}
    assert {scopes[keys[0]] for keys in claims.values()} == {"device"}


def test_every_asset_gets_its_version_in_two_queries(context, queries):
    from webapp.checklists.queries import version_for, versions_for

    assets = db.session.scalars(select(Asset)).all()
    versions_for(assets)  # the first time a process reads the versions themselves, too
    queries.clear()
    found = versions_for(assets)
    assert len(queries) == 2  # names and patterns, which versions
    assert set(found) == {asset.id for asset in assets}
    queries.clear()
    assert version_for(assets[0]).id == found[assets[0].id].id
    assert len(queries) == 2
    by_code = {asset.code: found[asset.id].checklist.key for asset in assets}
    assert by_code["SG-P-VEHICLE"] == "vehicle_body"


def test_an_asset_that_no_checklist_claims_has_no_version(context):
    asset = db.session.scalars(select(Asset).limit(1)).one()
    asset.name, asset.category = "某种新设备", None
    assert queries.version_for(asset) is None
    asset.category = "ups"
    assert queries.version_for(asset).checklist.key == "ups"
    asset.category = "no_such_list"
    assert queries.version_for(asset) is None


def test_importing_again_changes_nothing(context):
    before = db.session.scalar(select(func.count()).select_from(AuditEntry))
    result = import_checklists(parse(FILE.read_bytes(), "checklists.yaml"), now=utc_now())
    db.session.flush()
    assert (result.added, result.renewed, len(result.unchanged)) == ([], [], 47)
    assert db.session.scalar(select(func.count()).select_from(ChecklistVersion)) == 47
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_what_goes_out_comes_back_unchanged(context):
    data = file_of(queries.current_versions(None))
    result = import_checklists(parse(data, "export.yaml"), now=utc_now())
    assert (result.added, result.renewed, len(result.unchanged)) == ([], [], 47)
    assert file_of(queries.current_versions(None)) == data
    ours, theirs = read_data(parse(data, "export.yaml")), read_data(parse(FILE.read_bytes(), "original.yaml"))
    assert ours == theirs


def test_a_changed_item_makes_a_new_version_and_leaves_the_old_one(context):
    raw = small_file()
    raw["categories"][0]["items"][0]["zh"] = "新的问法"
    old = queries.current_versions(None)[0]
    result = import_checklists(raw, now=utc_now())
    db.session.flush()
    assert result.renewed == [raw["categories"][0]["key"]]
    new = queries.current_versions(None)[0]
    assert (new.number, new.items[0].zh) == (2, "新的问法")
    assert queries.version(old.id).items[0].zh == RAW["categories"][0]["items"][0]["zh"]
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert entry.verb == "checklists.imported"
    assert entry.facts["renewed"] == result.renewed


def test_a_changed_head_is_taken_over_without_a_new_version(context):
    raw = small_file()
    raw["categories"][0]["minutes_per_device"] = 99
    result = import_checklists(raw, now=utc_now())
    db.session.flush()
    assert result.renewed == [raw["categories"][0]["key"]]
    assert queries.current_versions(None)[0].number == 1
    assert queries.all_checklists()[0].minutes == 99


# --- bad files ------------------------------------------------------------------------------------------------------


def spoil(**fields: object) -> dict:
    raw = small_file()
    raw["categories"][0]["items"][4] |= fields
    return raw


FIRST = RAW["categories"][0]
FIFTH = f"{FIRST['key']} / {FIRST['items'][4]['key']}"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"kind": "slider"}, "kind"),
        ({"kind": "number", "min": 5, "max": 4}, "min"),
        ({"kind": "number", "min": "abc"}, "min"),
        ({"kind": "number", "min": 1e300}, "min"),
        ({"kind": "number", "compare_previous": {"max_dorp": 3}}, "compare_previous / max_dorp"),
        ({"kind": "number", "compare_previous": {"max_drop": -3}}, "compare_previous / max_drop"),
        ({"kind": "number", "compare_previous": {"max_drop": 3, "max_drop_pct": 3}}, "compare_previous / max_drop"),
        ({"kind": "text", "unit": "", "min": None, "max": 4}, "max"),
        ({"kind": "choice", "unit": "", "min": None, "max": None, "limits_editable": False}, "options"),
        ({"key": "Big Key"}, "key"),
        ({"zh": ""}, "zh"),
        ({"zh": 5}, "zh"),
        ({"required": "perhaps"}, "required"),
        ({"photo_required_on": "sometimes"}, "photo_required_on"),
        ({"severity_if_failed": "huge"}, "severity_if_failed"),
        ({"frequency": "daily"}, "frequency"),
        ({"seed_ref": ["S8"]}, "seed_ref / #1"),
        ({"colour": "red"}, "colour"),
        ({"options": "many"}, "options"),
    ],
)
def test_a_mistake_is_named_by_checklist_item_and_field(context, fields, where):
    raw = spoil(**fields)
    key = fields.get("key") or FIRST["items"][4]["key"]
    with pytest.raises(Invalid) as caught:
        import_checklists(raw, now=utc_now())
    assert f"{FIRST['key']} / {key} / {where}" in caught.value.fields
    assert db.session.scalar(select(func.count()).select_from(CheckItem)) == 416


@pytest.mark.one_database
@pytest.mark.parametrize("field", ["key", "zh", "en", "kind", "required", "na_allowed", "frequency"])
def test_a_missing_field_is_named(context, field):
    raw = small_file()
    del raw["categories"][0]["items"][4][field]
    with pytest.raises(Invalid) as caught:
        import_checklists(raw, now=utc_now())
    item = "#5" if field == "key" else FIRST["items"][4]["key"]
    assert list(caught.value.fields) == [f"{FIRST['key']} / {item} / {field}"]


@pytest.mark.one_database
def test_doubled_keys_are_named(context):
    raw = small_file()
    raw["categories"][0]["items"][1]["key"] = raw["categories"][0]["items"][0]["key"]
    with pytest.raises(Invalid) as caught:
        import_checklists(raw, now=utc_now())
    assert list(caught.value.fields) == [f"{FIRST['key']} / {FIRST['items'][0]['key']} / key"]
    raw = small_file()
    raw["categories"][1]["key"] = FIRST["key"]
    with pytest.raises(Invalid) as caught:
        import_checklists(raw, now=utc_now())
    assert f"{FIRST['key']} / key" in caught.value.fields


@pytest.mark.one_database
def test_a_bad_pattern_is_named(context):
    raw = small_file()
    raw["categories"][1]["match"] = ["天线", "(a+)+$"]
    with pytest.raises(Invalid) as caught:
        import_checklists(raw, now=utc_now())
    assert list(caught.value.fields) == [f"{raw['categories'][1]['key']} / match / #2"]


@pytest.mark.one_database
def test_all_mistakes_are_named_but_not_more_than_twenty(english):
    raw = small_file()
    for item in raw["categories"][0]["items"]:
        item["kind"], item["frequency"], item["zh"] = "slider", "daily", ""
    with pytest.raises(Invalid) as caught:
        read_data(raw)
    assert len(caught.value.fields) == 20
    assert "(33)" in caught.value.message


@pytest.mark.one_database
@pytest.mark.parametrize("content", [None, [], "text", 5, {}, {"version": 2, "categories": []}, {"version": 1}])
def test_what_is_no_checklist_file_is_refused(context, content):
    with pytest.raises(Invalid):
        read_data(content)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (BOMB.encode(), "line 2: aliases"),
        (b"[" * 100_000, "nested too deeply"),
        (b"a: " + b"x" * LARGEST_FILE, "larger than 2 MB"),
        (b"a: [1, 2\nb: }", "line 2"),
        (b"a: 1\nb: 2\na: 3\n", "line 3, column 1: a stands there twice"),
        (b"? [1, 2]\n: 3\n", "line 1"),
        (b"a: .nan", "line 1, column 4: not a plain number"),
        (b"a: .inf", "not a plain number"),
        (b"a: !!python/object/apply:os.system [echo]", "line 1"),
        (b"a: !!python/name:os.system", "line 1"),
        ("a: 检查".encode("gb18030"), "not UTF-8"),
        (b"a: 2026-13-45", "cannot be read"),
        (b"a: \x00", "bad.yaml"),
        (b"--- 1\n--- 2\n", "bad.yaml"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_not_read(english, data, said):
    with pytest.raises(Invalid) as caught:
        parse(data, "bad.yaml")
    assert said in caught.value.message
    assert "bad.yaml" in caught.value.message


def test_decimals_are_read_digit_for_digit(context):
    assert parse(b"a: 61.50\nb: 1.0e-7\nc: -105\n", "x.yaml") == {
        "a": Decimal("61.50"),
        "b": Decimal("1E-7"),
        "c": -105,
    }
    assert str(parse(b"a: 61.50", "x.yaml")["a"]) == "61.50"


# --- the command line -----------------------------------------------------------------------------------------------


def test_the_command_exports_and_imports_a_round_trip(app, tmp_path):
    run = app.test_cli_runner().invoke
    file = tmp_path / "out.yaml"
    assert run(args=["checklists", "export", "-o", str(file)]).exit_code == 0
    assert len(yaml.safe_load(file.read_text(encoding="utf-8"))["categories"]) == 47
    result = run(args=["checklists", "import", str(file)])
    assert (result.exit_code, result.output) == (0, "0 new, 0 changed, 47 unchanged\n")
    assert run(args=["checklists", "export", "--site", "SG"]).output.encode() == file.read_bytes()


def test_the_command_names_mistakes_and_changes_nothing(app, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(yaml.safe_dump(spoil(kind="slider"), allow_unicode=True), encoding="utf-8")
    result = app.test_cli_runner().invoke(args=["checklists", "import", str(file)])
    assert result.exit_code == 1
    assert f"{FIFTH} / kind" in result.output
    result = app.test_cli_runner().invoke(args=["checklists", "export", "--site", "XX"])
    assert result.exit_code == 1
    assert "XX" in result.output
