"""Drafts, their difference, publication; limits of one device. What is published or used is never changed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select, update

from webapp.assets.models import Asset
from webapp.audit.models import AuditEntry
from webapp.checklists import queries
from webapp.checklists.actions import import_checklists, set_limits
from webapp.checklists.drafts import (
    add_item,
    change_item,
    discard,
    draft_from_file,
    move_item,
    publish,
    remove_item,
    start_draft,
)
from webapp.checklists.exchange import file_of, parse
from webapp.checklists.item_form import ItemForm, form_of, new_item_form
from webapp.checklists.models import CheckItem, ChecklistVersion
from webapp.checklists.rules import bounds
from webapp.checklists.versions import difference
from webapp.checklists.words import FIELDS
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.problems import Conflict, Invalid, NotFound, Refused
from webapp.sites.models import Membership, Role, Site
from webapp.sites.queries import site_coded

NOW = utc_now()


@pytest.fixture
def lead(person):
    return person("lead")


@pytest.fixture
def sg(context) -> Site:
    return site_coded("SG")


def current(key: str, site: Site) -> ChecklistVersion:
    return next(one for one in queries.current_versions(site.id) if one.checklist.key == key)


@pytest.fixture
def draft(sg, lead) -> ChecklistVersion:
    return start_draft(current("ups", sg), sg.id, by=lead, now=NOW)


def new_item(**more):
    return ItemForm().load({**new_item_form(), "zh": "新项目", "en": "New item", **more})


def log(verb: str) -> list[AuditEntry]:
    db.session.flush()
    return list(db.session.scalars(select(AuditEntry).where(AuditEntry.verb == verb).order_by(AuditEntry.id)))


def test_a_draft_is_a_copy_for_one_site(draft, sg):
    base = current("ups", sg)
    assert (draft.site_id, draft.number, draft.published_at) == (sg.id, 2, None)
    assert not difference(base.items, draft.items)
    assert [item.position for item in draft.items] == list(range(1, 12))
    assert {item.id for item in draft.items}.isdisjoint(item.id for item in base.items)
    assert base.id == queries.base_of(draft).id
    assert log("checklist.drafted")[-1].facts == {"checklist": "ups", "number": 2, "copied_from": 1}


def test_beginning_again_goes_on_with_the_open_draft(draft, sg, lead):
    assert start_draft(current("ups", sg), sg.id, by=lead, now=NOW).id == draft.id


def test_a_draft_is_not_what_one_inspects_by(draft, sg):
    asset = db.session.scalars(select(Asset).where(Asset.site_id == sg.id, Asset.name.contains("不间断"))).first()
    assert queries.version_for(asset).number == 1


def test_items_are_added_changed_moved_and_removed(draft, sg, lead):
    base = current("ups", sg)
    keys = [item.key for item in draft.items]
    added = add_item(draft, new_item(), by=lead, now=NOW)
    assert (added.key, added.position) == ("new_item", 12)
    move_item(added, draft, -1, by=lead, now=NOW)
    assert [item.key for item in draft.items][-2:] == ["new_item", keys[-1]]
    assert [item.position for item in draft.items] == list(range(1, 13))
    move_item(draft.items[0], draft, -1, by=lead, now=NOW)
    move_item(draft.items[-1], draft, 1, by=lead, now=NOW)
    assert draft.items[0].key == keys[0]
    assert draft.items[-1].key == keys[-1]
    remove_item(draft.items[3], draft, by=lead, now=NOW)
    changed = draft.items[1]
    change_item(changed, draft, new_item(key="other_key"), by=lead, now=NOW)
    assert changed.key == keys[1]  # the key stays
    found = difference(base.items, draft.items)
    assert [item.key for item in found.added] == ["new_item"]
    assert [item.key for item in found.removed] == [keys[3]]
    assert [change.new.key for change in found.changed] == [keys[1]]
    assert ("unit", "V", "") in found.changed[0].fields
    assert not found.is_reordered
    assert len(found) == 3
    deeds = [entry.facts["deed"] for entry in log("checklist.draft_changed")]
    assert deeds == ["added", "moved", "moved", "moved", "removed", "changed"]


def test_a_taken_key_gets_a_number(draft, lead):
    keys = [add_item(draft, new_item(), by=lead, now=NOW).key for _ in range(3)]
    assert keys == ["new_item", "new_item_2", "new_item_3"]


def test_a_removed_item_may_come_back_under_its_key(draft, sg, lead):
    item = draft.items[0]
    fields = {name: getattr(item, name) for name in ("key", *FIELDS)}
    remove_item(item, draft, by=lead, now=NOW)
    add_item(draft, fields, by=lead, now=NOW)
    found = difference(current("ups", sg).items, draft.items)
    assert (len(found), found.is_reordered) == (1, True)


def test_publishing_makes_it_count_in_its_own_site_only(draft, sg, lead):
    remove_item(draft.items[0], draft, by=lead, now=NOW)
    publish(draft, " 首项不再需要 ", by=lead, now=NOW)
    assert current("ups", sg).id == draft.id
    assert (draft.reason, draft.published_by, draft.published_at) == ("首项不再需要", lead.id, NOW)
    assert current("ups", site_coded("FT")).number == 1
    assert queries.current_versions(None)[27].number == 1
    facts = log("checklist.published")[-1].facts
    assert len(facts["removed"]) == 1
    assert facts["reason"] == "首项不再需要"


def test_the_sites_own_version_goes_before_a_later_general_one(draft, sg, lead):
    remove_item(draft.items[0], draft, by=lead, now=NOW)
    publish(draft, "x", by=lead, now=NOW)
    raw = parse(file_of(queries.current_versions(None)), "x.yaml")
    for category in raw["categories"]:
        category["items"][0]["zh"] += "！"
    import_checklists(raw, now=NOW)
    assert current("ups", sg).id == draft.id
    assert current("ups", site_coded("FT")).number == 3
    assert current("buc", sg).number == 2


@pytest.mark.parametrize("reason", ["", "   "])
def test_publishing_needs_a_reason(draft, lead, reason):
    remove_item(draft.items[0], draft, by=lead, now=NOW)
    with pytest.raises(Invalid) as caught:
        publish(draft, reason, by=lead, now=NOW)
    assert "reason" in caught.value.fields


def test_publishing_needs_a_difference_and_an_item(draft, lead):
    with pytest.raises(Conflict):
        publish(draft, "x", by=lead, now=NOW)
    for item in list(draft.items):
        remove_item(item, draft, by=lead, now=NOW)
    with pytest.raises(Conflict):
        publish(draft, "x", by=lead, now=NOW)


def test_another_order_is_a_difference(draft, lead, sg):
    move_item(draft.items[0], draft, 1, by=lead, now=NOW)
    publish(draft, "x", by=lead, now=NOW)
    assert current("ups", sg).id == draft.id


def test_a_discarded_draft_is_gone_and_its_number_free(draft, sg, lead):
    gone = draft.id
    discard(draft, by=lead, now=NOW)
    db.session.expunge_all()
    with pytest.raises(NotFound):
        queries.version(gone)
    assert db.session.scalars(select(CheckItem).where(CheckItem.version_id == gone)).all() == []
    assert start_draft(current("ups", sg), sg.id, by=lead, now=NOW).number == 2
    assert log("checklist.discarded")[-1].facts["checklist"] == "ups"


def test_the_door_to_a_draft(draft, sg, lead, person):
    assert queries.draft_for(lead, draft.id).id == draft.id
    with pytest.raises(Refused):
        queries.draft_for(person("tech"), draft.id)
    with pytest.raises(NotFound):
        queries.draft_for(person("supervisor2"), draft.id)
    with pytest.raises(NotFound):  # general versions are nobody's to edit
        queries.draft_for(lead, current("ups", sg).id)
    remove_item(draft.items[0], draft, by=lead, now=NOW)
    publish(draft, "x", by=lead, now=NOW)
    with pytest.raises(Conflict) as caught:
        queries.draft_for(lead, draft.id)
    assert caught.value.code == "published"


# --- the editor's form ----------------------------------------------------------------------------------------------


def test_every_item_survives_the_editors_form(context):
    for version in queries.current_versions(None):
        for item in version.items:
            values = {name: value for name, value in form_of(item).items() if value not in ("", None)}
            loaded = ItemForm().load(values)
            for name in ("key", *FIELDS):
                mine = getattr(item, name)
                theirs = {k: str(v) for k, v in loaded[name].items()} if name == "compare" else loaded[name]
                assert theirs == mine, f"{version.checklist.key}/{item.key} {name}"


def test_a_form_can_hold_units_and_percent(context):
    loaded = new_item(kind="number", unit="V", max_drop="3", max_rise="１０", max_rise_in="percent", min="−5")
    assert loaded["compare"] == {"max_drop": Decimal(3), "max_rise_pct": Decimal(10)}
    assert (loaded["minimum"], loaded["maximum"]) == (Decimal(-5), None)


def test_what_does_not_belong_to_the_kind_is_left_out(context):
    loaded = new_item(kind="text", unit="V", min="5", max_drop="3", option0_zh="好", limits_editable="true")
    assert (loaded["unit"], loaded["minimum"], loaded["compare"], loaded["options"]) == ("", None, {}, [])
    assert loaded["are_limits_editable"] is False


def test_options_of_the_form(context):
    loaded = new_item(
        kind="choice", option0_zh="好", option0_value="good", option2_zh="差", option2_en="Bad",
        option2_means="abnormal",        option3_zh="无", option3_means="major", option3_value="good",
    )  # fmt: skip
    assert loaded["options"] == [
        {"value": "good", "zh": "好", "en": "好", "abnormal": False},
        {"value": "option_3", "zh": "差", "en": "Bad", "abnormal": True},
        {"value": "good_2", "zh": "无", "en": "无", "abnormal": True, "severity": "major"},
    ]


def test_the_key_comes_from_the_english_text(context):
    assert new_item(en="Input voltage of the UPS, phase 1")["key"] == "input_voltage_of_the"
    assert new_item(en="电压")["key"] == "item"


# --- a file as drafts -----------------------------------------------------------------------------------------------


def raw_of(sg) -> dict:
    return parse(file_of(queries.current_versions(sg.id)), "x.yaml")


def test_a_file_makes_drafts_of_what_differs_and_publishes_nothing(sg, lead):
    raw = raw_of(sg)
    raw["categories"][0]["items"].pop()
    raw["categories"][3]["items"][0]["frequency"] = "weekly"
    raw["categories"][5]["minutes_per_device"] += 1
    result = draft_from_file(raw, sg.id, by=lead, now=NOW)
    keys = [raw["categories"][place]["key"] for place in (0, 3, 5)]
    assert [draft.checklist.key for draft in result.drafts] == keys[:2]
    assert (result.unchanged, result.other_heads) == (45, keys[2:])
    assert all(draft.published_at is None and draft.site_id == sg.id for draft in result.drafts)
    assert current(keys[0], sg).number == 1
    with pytest.raises(Conflict) as caught:
        draft_from_file(raw, sg.id, by=lead, now=NOW)
    assert caught.value.code == "draft"


def test_a_file_with_the_present_lists_makes_no_draft(sg, lead):
    result = draft_from_file(raw_of(sg), sg.id, by=lead, now=NOW)
    assert (result.drafts, result.unchanged, result.other_heads) == ([], 47, [])


def test_a_site_cannot_bring_in_a_checklist_for_all(sg, lead):
    raw = raw_of(sg)
    raw["categories"][0]["key"] = "brand_new"
    with pytest.raises(Conflict) as caught:
        draft_from_file(raw, sg.id, by=lead, now=NOW)
    assert "brand_new" in caught.value.message


# --- limits of one device -------------------------------------------------------------------------------------------


@pytest.fixture
def ups(sg) -> Asset:
    return db.session.scalars(select(Asset).where(Asset.site_id == sg.id, Asset.name.contains("不间断"))).first()


def item(asset: Asset, key: str) -> CheckItem:
    return next(one for one in queries.version_for(asset).items if one.key == key)


def test_limits_of_a_device_stand_in_and_are_logged(ups, lead):
    vin = item(ups, "vin")
    set_limits(ups, vin, Decimal("190"), None, " 铭牌 ", by=lead, now=NOW)
    set_limits(ups, vin, Decimal("190"), Decimal("250"), "手册", by=lead, now=NOW)
    own = queries.overrides_for(ups.id)
    assert list(own) == ["vin"]
    found = bounds(vin, None, own["vin"])
    assert (found.low, found.high, found.low_from) == (190, 250, "override")
    assert len(queries.limits_history(ups.id)) == 2
    first, second = (entry.facts for entry in log("limit.changed"))
    assert (first["old"], first["new"], first["reason"]) == ([None, None], ["190", None], "铭牌")
    assert (second["old"], second["new"]) == (["190", None], ["190", "250"])


def test_both_empty_go_back_to_the_checklist(ups, lead):
    vin = item(ups, "vin")
    set_limits(ups, vin, Decimal("190"), None, "铭牌", by=lead, now=NOW)
    set_limits(ups, vin, None, None, "换新设备", by=lead, now=NOW)
    assert queries.overrides_for(ups.id) == {}
    assert len(queries.limits_history(ups.id)) == 2


def test_other_devices_keep_their_limits(ups, sg, lead):
    set_limits(ups, item(ups, "vin"), Decimal("190"), None, "铭牌", by=lead, now=NOW)
    other = db.session.scalars(select(Asset).where(Asset.id != ups.id, Asset.name.contains("不间断"))).first()
    assert queries.overrides_for(other.id) == {}


@pytest.mark.parametrize(
    ("key", "low", "high", "reason", "problem"),
    [
        ("vin", "5", "4", "x", Invalid),
        ("vin", "5", "5", "", Invalid),
        ("vin", "5", "5", "  ", Invalid),
        ("vin", None, None, "x", Conflict),  # nothing would change
        ("batt_v", "5", "6", "x", Conflict),  # fixed by the checklist
        ("alarm", "5", "6", "x", Conflict),  # no number
    ],
)
def test_limits_that_cannot_be_set(ups, lead, key, low, high, reason, problem):
    items = {one.key: one for one in queries.version_for(ups).items}
    chosen = items.get(key) or next(one for one in items.values() if one.kind == "pass_fail")
    with pytest.raises(problem):
        set_limits(ups, chosen, low and Decimal(low), high and Decimal(high), reason, by=lead, now=NOW)
    assert queries.limits_history(ups.id) == []


def test_equal_limits_are_allowed(ups, lead):
    assert set_limits(ups, item(ups, "vin"), Decimal(5), Decimal(5), "x", by=lead, now=NOW).maximum == 5


def test_a_lead_of_both_sites_still_drafts_for_one(draft, sg, lead):
    ft = site_coded("FT")
    db.session.add(Membership(person_id=lead.id, site_id=ft.id, role=Role.LEAD.value))
    db.session.flush()
    other = start_draft(current("ups", ft), ft.id, by=lead, now=NOW)
    assert (other.site_id, other.number) == (ft.id, 3)
    seen = [one.id for one in queries.versions_seen(draft.checklist_id, sg.id)]
    assert draft.id in seen
    assert other.id not in seen


def test_who_is_about_to_change_a_draft_sees_that_it_was_published_meanwhile(draft, lead):
    db.session.commit()
    with db.engine.begin() as elsewhere:
        elsewhere.execute(
            update(ChecklistVersion)
            .where(ChecklistVersion.id == draft.id)
            .values(published_at=NOW, published_by=lead.id)
        )
    assert draft.published_at is None  # what this request had read before
    with pytest.raises(Conflict):
        queries.draft_for(lead, draft.id, to_change=True)
