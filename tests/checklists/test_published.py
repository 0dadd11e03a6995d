"""Published versions that a process keeps: read once, never stale, nothing of them can be changed."""

from __future__ import annotations

import uuid
from dataclasses import FrozenInstanceError, fields

import pytest
from sqlalchemy import inspect, update

from tests.inspections.documents import asset_with
from webapp.checklists import published as kept
from webapp.checklists import queries as checklists
from webapp.checklists.drafts import change_item, publish, start_draft
from webapp.checklists.models import CheckItem, Checklist, ChecklistVersion
from webapp.checklists.published import PublishedItem, published
from webapp.checklists.words import FIELDS
from webapp.extensions import db
from webapp.kit.clock import utc_now
from webapp.kit.problems import NotFound
from webapp.sites.queries import site_coded


@pytest.fixture
def unseen(monkeypatch) -> dict[uuid.UUID, object]:
    """As in a process that has just begun: nothing is kept."""
    found: dict[uuid.UUID, object] = {}
    monkeypatch.setattr(kept, "_kept", found)
    return found


@pytest.fixture
def lead(person):
    return person("lead")


@pytest.fixture
def asset(context):
    return asset_with("SG-2-01-002")


def drafted(asset, lead, zh="新的问法"):
    """A draft of the asset's checklist whose first item differs."""
    draft = start_draft(checklists.version_for(asset), asset.site_id, by=lead, now=utc_now())
    reword(draft, zh, lead)
    return draft


def reword(draft, zh, lead):
    item = draft.items[0]
    values = {name: getattr(item, name) for name in ("key", *FIELDS)}
    change_item(item, draft, {**values, "zh": zh}, by=lead, now=utc_now())


def test_a_plain_item_has_every_column_of_an_item():
    assert [one.name for one in fields(PublishedItem)] == [one.key for one in inspect(CheckItem).column_attrs]


def test_a_plain_version_says_what_the_row_says(asset, unseen):
    plain = checklists.version_for(asset)
    row = checklists.version(plain.id)
    assert (plain.id, plain.checklist_id, plain.site_id, plain.number) == (
        row.id, row.checklist_id, row.site_id, row.number,
    )  # fmt: skip
    assert plain.checklist is row.checklist
    assert len(plain.items) == len(row.items) >= 12
    for ours, theirs in zip(plain.items, row.items, strict=True):
        for field in fields(PublishedItem):
            assert getattr(ours, field.name) == getattr(theirs, field.name)


def test_a_version_is_read_once(asset, unseen, queries):
    first = checklists.version_for(asset)
    queries.clear()
    again = checklists.version_for(asset)
    assert again.items is first.items
    assert not any("check_items" in sent for sent in queries)


def test_what_is_kept_cannot_be_changed(asset):
    version = checklists.version_for(asset)
    with pytest.raises(FrozenInstanceError):
        version.items[0].maximum = None
    with pytest.raises(FrozenInstanceError):
        version.number = 9
    with pytest.raises(TypeError):
        version.items[0] = version.items[1]


def test_drafts_and_unknown_versions_are_left_out_and_not_kept(asset, lead, unseen):
    head = checklists.version_for(asset).checklist
    draft = drafted(asset, lead)
    db.session.commit()
    assert published({draft.id: head, uuid.uuid4(): head}) == {}
    assert draft.id not in unseen


def test_a_newer_version_counts_from_the_next_question_on(asset, lead):
    before = checklists.version_for(asset)
    draft = drafted(asset, lead)
    assert checklists.version_for(asset).id == before.id
    publish(draft, "clearer", by=lead, now=utc_now())
    db.session.commit()
    after = checklists.version_for(asset)
    assert (after.id, after.items[0].zh) == (draft.id, "新的问法")
    assert checklists.handed_in(before.id, asset.site_id) == (before, False)
    assert checklists.handed_in(after.id, asset.site_id) == (after, True)


def test_what_another_process_publishes_is_seen(asset, lead):
    draft = drafted(asset, lead)
    db.session.commit()
    assert checklists.version_for(asset).id != draft.id
    db.session.commit()
    with db.engine.begin() as elsewhere:
        elsewhere.execute(
            update(ChecklistVersion).where(ChecklistVersion.id == draft.id).values(published_at=utc_now())
        )
    assert checklists.version_for(asset).id == draft.id


def test_a_publication_that_is_taken_back_leaves_nothing_behind(asset, lead, unseen):
    draft = drafted(asset, lead, zh="第一种问法")
    db.session.commit()
    publish(draft, "clearer", by=lead, now=utc_now())
    db.session.flush()
    assert checklists.version_for(asset).items[0].zh == "第一种问法"  # this transaction sees its own
    db.session.rollback()
    draft = checklists.draft_for(lead, draft.id)
    reword(draft, "第二种问法", lead)
    publish(draft, "clearer", by=lead, now=utc_now())
    db.session.commit()
    assert checklists.version_for(asset).items[0].zh == "第二种问法"


def test_a_kept_version_stands_under_the_head_of_today(asset):
    version = checklists.version_for(asset)
    db.session.commit()
    with db.engine.begin() as elsewhere:
        elsewhere.execute(update(Checklist).where(Checklist.id == version.checklist_id).values(minutes=99))
    db.session.expire_all()
    assert checklists.version_for(asset).checklist.minutes == 99


def test_a_document_may_name_only_published_versions_that_its_site_may_use(asset, lead):
    futian = site_coded("FT")
    draft = drafted(asset, lead)
    db.session.commit()
    for unusable in (draft.id, uuid.uuid4()):
        with pytest.raises(NotFound):
            checklists.handed_in(unusable, asset.site_id)
    publish(draft, "clearer", by=lead, now=utc_now())
    db.session.commit()
    assert checklists.handed_in(draft.id, asset.site_id)[0].id == draft.id
    with pytest.raises(NotFound):
        checklists.handed_in(draft.id, futian.id)
