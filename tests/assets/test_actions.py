"""Adding, changing, retiring assets; labels given and replaced; what is found."""

from datetime import date

import pytest
from sqlalchemy import select

from webapp.assets import short_code
from webapp.assets.actions import add_asset, change_asset, give_label, replace_label, system_named
from webapp.assets.models import Asset, Label
from webapp.assets.queries import (
    asset_for,
    assets_of,
    due_assets,
    find,
    label_with_short_code,
    label_with_token,
)
from webapp.audit.queries import entries_about
from webapp.extensions import db
from webapp.kit.clock import Month, utc_now
from webapp.kit.problems import Invalid, NotFound, Refused
from webapp.kit.transaction import transaction
from webapp.sites.queries import service_lines, site_coded
from webapp.sites.rules import Right

FIELDS = {"code": "SG-9-001", "name": "备用电台", "keeper": "张伟"}


def coded(code: str) -> Asset:
    return db.session.scalars(select(Asset).where(Asset.code == code)).one()


def made(person, **fields) -> Asset:
    site = site_coded("SG")
    with transaction():
        system = system_named(service_lines(site.id)[2], "备件")
        return add_asset(site, system, FIELDS | fields, by=person("lead"), now=utc_now())


def test_a_new_asset_stands_last_in_its_line_has_a_label_and_is_logged(context, person):
    asset = made(person)
    assert assets_of(site_coded("SG").id)[-1].id == asset.id
    loaded = asset_for(person("tech"), asset.id)
    assert [short_code.is_valid(label.short_code) for label in loaded.labels] == [True]
    assert loaded.system.service_line.name == "现场指挥部"
    assert [entry.verb for entry in entries_about(f"asset:{asset.id}")] == ["asset.added"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": "SG-1-01-001"}, "code"),
        ({"code": ""}, "code"),
        ({"name": ""}, "name"),
        ({"keeper": ""}, "keeper"),
        ({"keeper": "", "status": "standby"}, "keeper"),
        ({"service_from": date(2026, 2, 1), "service_to": date(2026, 1, 31)}, "service_to"),
    ],
)
def test_what_cannot_be_true_is_refused_and_named(context, person, fields, field):
    with pytest.raises(Invalid) as refusal:
        made(person, **fields)
    assert list(refusal.value.fields) == [field]
    assert db.session.scalar(select(Asset.id).where(Asset.code == "SG-9-001")) is None


def test_a_retired_asset_needs_no_keeper(context, person):
    assert made(person, keeper="", status="retired").keeper == ""


def test_another_command_centre_may_use_the_same_code(context, person):
    assert made(person, code="FT-1-01-001").code == "FT-1-01-001"


def test_a_change_is_logged_with_old_and_new_and_nothing_else(context, person):
    asset = asset_for(person("lead"), coded("SG-2-01-001").id, Right.EDIT_ASSETS)
    with transaction():
        changes = change_asset(
            asset,
            {"location": "车顶", "name": asset.name, "service_to": date(2026, 11, 30)},
            by=person("lead"),
            now=utc_now(),
        )
    assert changes == {"location": ["移动卫星应急指挥车", "车顶"], "service_to": [None, "2026-11-30"]}
    assert entries_about(f"asset:{asset.id}")[0].facts["changes"] == changes


def test_a_change_that_changes_nothing_is_not_logged(context, person):
    asset = asset_for(person("lead"), coded("SG-2-01-001").id)
    before = len(entries_about(f"asset:{asset.id}"))
    with transaction():
        assert change_asset(asset, {"name": asset.name}, by=person("lead"), now=utc_now()) == {}
    assert len(entries_about(f"asset:{asset.id}")) == before


def test_taking_another_assets_code_is_refused(context, person):
    asset = asset_for(person("lead"), coded("SG-2-01-001").id)
    with pytest.raises(Invalid) as refusal, transaction():
        change_asset(asset, {"code": "SG-2-01-002"}, by=person("lead"), now=utc_now())
    assert "code" in refusal.value.fields


def test_a_retired_asset_is_not_due_and_not_listed_but_still_there(context, person):
    asset = asset_for(person("lead"), coded("SG-2-01-001").id)
    with transaction():
        change_asset(asset, {"status": "retired"}, by=person("lead"), now=utc_now())
    site_id = asset.site_id
    assert asset.id not in {row.id for row in assets_of(site_id)}
    assert asset.id in {row.id for row in assets_of(site_id, include_retired=True)}
    assert asset.id not in {row.id for row in due_assets(site_id, Month(2026, 11))}
    assert find(site_id, "SG-2-01-001").total == 0
    assert find(site_id, "SG-2-01-001", status="retired").total == 1
    assert asset_for(person("tech"), asset.id).labels


def test_an_own_period_goes_before_that_of_the_line(context, person):
    asset = asset_for(person("lead"), coded("SG-2-01-001").id)
    with transaction():
        change_asset(asset, {"service_to": date(2026, 10, 31)}, by=person("lead"), now=utc_now())
    assert asset.id in {row.id for row in due_assets(asset.site_id, Month(2026, 10))}
    assert asset.id not in {row.id for row in due_assets(asset.site_id, Month(2026, 11))}


def test_a_replaced_label_is_kept_and_says_so(context, person):
    asset = asset_for(person("lead"), coded("SG-2-01-001").id)
    lost = asset.labels[0]
    with transaction():
        fresh = replace_label(asset, by=person("lead"), now=utc_now())
    assert (lost.token, lost.short_code) != (fresh.token, fresh.short_code)
    assert label_with_token(lost.token).replaced_at is not None
    assert label_with_token(fresh.token).replaced_at is None
    assert entries_about(f"asset:{asset.id}")[0].verb == "label.replaced"
    assert find(asset.site_id, lost.short_code).total == 0
    assert find(asset.site_id, fresh.short_code).rows[0].id == asset.id


def test_a_taken_short_code_is_never_given_again(context, monkeypatch):
    taken = db.session.scalars(select(Label.short_code)).first()
    codes = iter([taken, taken, "K7M-4Q92"])
    monkeypatch.setattr("webapp.assets.actions.new_short_code", lambda: next(codes))
    with transaction():
        label = give_label(coded("SG-2-01-001"), now=utc_now())
    assert label.short_code == "K7M-4Q92"


def test_labels_are_found_by_token_and_by_code_in_any_spelling(context):
    label = db.session.scalars(select(Label)).first()
    assert label_with_token(label.token).asset.site.code in ("SG", "FT")
    assert label_with_short_code(label.short_code.lower().replace("-", " ")).id == label.id
    assert label_with_short_code(label.short_code[:-1] + "!") is None
    assert label_with_token("nonsense") is None


def test_the_door_to_an_asset_shows_nothing_to_other_sites(context, person):
    asset_id = coded("SG-2-01-001").id
    assert asset_for(person("tech"), asset_id).code == "SG-2-01-001"
    with pytest.raises(NotFound):
        asset_for(person("tech2"), asset_id)
    with pytest.raises(NotFound):
        asset_for(person("tech"), db.session.scalars(select(Label.id)).first())
    with pytest.raises(Refused):
        asset_for(person("tech"), asset_id, Right.EDIT_ASSETS)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SG-2-01-001", "SG-2-01-001"),
        ("sg-2-01-001", "SG-2-01-001"),
        ("动中通天线", "SG-2-01-001"),
        ("wx-080", "SG-2-01-001"),
        ("海格恒通 天线 车载", "SG-2-01-001"),
        ("ＷＸ－０８０－１４", "SG-2-01-001"),
        ("背负式基站(2载频)", "SG-2-02-002"),
        ("Command vehicle 动中通天线", "SG-2-01-001"),
    ],
)
def test_search_finds_by_code_name_model_maker_and_location(context, text, code):
    assert find(site_coded("SG").id, text).rows[0].code == code


@pytest.mark.parametrize("text", ["%", "_", "100%", "\\", "动中通 没有这个词"])
def test_signs_of_the_database_are_plain_letters_in_a_search(context, text):
    assert find(site_coded("SG").id, text).total == sum(
        all(word in f"{a.code} {a.name} {a.maker} {a.model} {a.location} {a.location_en}" for word in text.split())
        for a in assets_of(site_coded("SG").id)
    )


def test_a_search_is_narrowed_by_line_system_kind_and_paged(context):
    site_id = site_coded("SG").id
    assert find(site_id, line=3).total == 20
    system = find(site_id, "SG-2-01-001").rows[0].system_id
    assert find(site_id, system=system).total == 6
    assert find(site_id, kind="software").total == 3
    pages = [find(site_id, number=number) for number in (1, 2, 3)]
    assert [len(page.rows) for page in pages] == [50, 50, 25]
    assert [row.id for page in pages for row in page.rows] == [row.id for row in assets_of(site_id)]
    assert find(site_id, number=99).number == 3
