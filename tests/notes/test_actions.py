"""A note is stored once, as it came; one of two who handle it at once wins."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.inspections.documents import ANTENNA, asset_with, picture
from webapp.assets.models import Asset, Label
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.files.actions import receive_file
from webapp.files.models import StoredFile
from webapp.kit.problems import Conflict, Missing, NotFound, Refused
from webapp.kit.transaction import transaction
from webapp.notes.actions import document_of, handle, take
from webapp.notes.models import Note, NoteHandling, NotePhoto
from webapp.notes.queries import note_for
from webapp.people.models import Person
from webapp.sites.models import Site
from webapp.sites.queries import site_coded

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def taken(by: Person, note_id: uuid.UUID | None = None, **changes: Any) -> tuple[Note, bool]:
    fields = {"site": site_coded("SG").id, "text": "水迹，来源不明"} | changes
    with transaction():
        return take(document_of(note_id or uuid.uuid4(), fields, by), fields, by=by, now=NOW)


def label_of(code: str) -> Label:
    return db.session.scalars(select(Label).where(Label.asset_id == asset_with(code).id)).one()


def a_photo(by: Person, colour: str = "navy") -> uuid.UUID:
    with transaction():
        return receive_file(uuid.uuid4(), picture(colour), None, by=by, now=NOW)[0].id


def test_the_same_note_is_stored_once_and_another_content_is_a_conflict(person):
    name = uuid.uuid4()
    assert [taken(person("tech"), name)[1] for _n in range(2)] == [True, False]
    with pytest.raises(Conflict):
        taken(person("tech"), name, text="something else")
    with pytest.raises(Conflict):
        taken(person("lead"), name)
    assert db.session.scalar(select(func.count()).select_from(Note)) == 1


@pytest.mark.parametrize("spelling", ["token", "address", "short_code", "typed"])
def test_a_label_of_the_site_leads_to_its_device_however_it_was_read(person, spelling):
    label = label_of(ANTENNA)
    read = {
        "token": label.token,
        "address": f"https://other.example/a/{label.token}",
        "short_code": label.short_code,
        "typed": label.short_code.replace("-", " ").lower(),
    }[spelling]
    note, _is_new = taken(person("tech"), label=read)
    assert (note.asset_id, note.label, note.flags) == (label.asset_id, read, [])


def test_a_typed_code_counts_where_no_label_was_read(person):
    label = label_of(ANTENNA)
    assert taken(person("tech"), code=label.short_code)[0].asset_id == label.asset_id
    assert taken(person("tech"), label="K7M-4Q9R", code=label.short_code)[0].asset_id is None


def test_an_unknown_label_and_one_of_another_site_are_kept_as_read_and_look_the_same(person):
    theirs = db.session.scalars(
        select(Label.token).join(Label.asset).where(Asset.site_id == site_coded("FT").id).limit(1)
    ).one()
    for read in ("nobody-knows-this", theirs):
        note, _is_new = taken(person("tech"), label=read)
        assert (note.asset_id, note.label, note.flags) == (None, read, ["unknown_label"])


def test_an_old_label_still_leads_to_its_device_and_is_flagged(person):
    with transaction():
        label = label_of(ANTENNA)
        label.replaced_at = NOW
    note, _is_new = taken(person("tech"), label=label.token)
    assert (note.asset_id, note.flags) == (label.asset_id, ["replaced_label"])


def test_the_time_on_the_device_stays_beside_the_time_of_receipt(person):
    morning = NOW - timedelta(hours=5)
    note, _is_new = taken(person("tech"), noted_at=morning)
    assert (note.noted_at, note.received_at) == (morning, NOW)
    assert taken(person("tech"))[0].noted_at == NOW


def test_photos_belong_to_the_note_in_their_order(person):
    photos = [a_photo(person("tech"), colour) for colour in ("navy", "teal")]
    note, _is_new = taken(person("tech"), photo=[*photos, photos[0]])
    assert [photo.file_id for photo in note_for(person("office"), note.id).photos] == photos
    owners = db.session.scalars(select(StoredFile.site_id).where(StoredFile.id.in_(photos))).all()
    assert set(owners) == {note.site_id}


def test_a_photo_that_has_not_arrived_and_one_of_somebody_else_are_not_taken(person):
    with pytest.raises(Missing) as missing:
        taken(person("tech"), photo=[(name := uuid.uuid4())])
    assert missing.value.more["missing"] == [str(name)]
    with pytest.raises(NotFound):
        taken(person("tech"), photo=[a_photo(person("lead"))])
    assert db.session.scalar(select(func.count()).select_from(Note)) == 0


@pytest.mark.parametrize(("of_asset", "flags"), [(None, ["photo_forbidden"]), ("allowed", [])])
def test_a_photo_where_none_may_be_taken_is_kept_and_flagged(person, of_asset, flags):
    with transaction():
        site_coded("SG").photo_rule = "forbidden"
        asset_with(ANTENNA).photo_rule = of_asset
    note, _is_new = taken(person("tech"), label=label_of(ANTENNA).token, photo=[a_photo(person("tech"))])
    assert note.flags == flags
    assert db.session.scalar(select(func.count()).select_from(NotePhoto)) == 1


def test_the_bytes_of_another_record_are_flagged(person):
    taken(person("tech"), photo=[a_photo(person("tech"))])
    assert taken(person("tech"), photo=[a_photo(person("tech"))])[0].flags == ["reused_photo"]


def test_notes_are_written_where_the_person_reports(person):
    with pytest.raises(Refused):
        taken(person("office"))
    with pytest.raises(NotFound):
        taken(person("tech2"))


def test_handling_happens_once_and_is_in_the_log(person):
    note, _is_new = taken(person("tech"))
    with transaction():
        handle(note, "leak sealed", by=person("lead"), now=NOW)
    with pytest.raises(Conflict), transaction():
        handle(note, "again", by=person("office"), now=NOW)
    verbs = select(AuditEntry.verb).where(AuditEntry.subject == f"note:{note.id}").order_by(AuditEntry.id)
    assert db.session.scalars(verbs).all() == ["note.received", "note.handled"]


def in_threads(app, work, times: int) -> list:
    def run(index: int):
        with app.test_request_context():
            try:
                with transaction():
                    return work(index)
            except Conflict:
                return None
            finally:
                db.session.remove()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def test_of_four_who_handle_at_once_one_wins(app):
    with app.test_request_context():
        tech = db.session.scalars(select(Person).where(Person.username == "tech")).one()
        note_id = taken(tech)[0].id

    def work(index: int) -> int:
        lead = db.session.scalars(select(Person).where(Person.username == "lead")).one()
        handle(db.session.get_one(Note, note_id), f"comment {index}", by=lead, now=NOW)
        return index

    assert len([won for won in in_threads(app, work, 4) if won is not None]) == 1
    with app.test_request_context():
        assert db.session.scalar(select(func.count()).select_from(NoteHandling)) == 1


def test_of_four_arrivals_of_one_note_at_once_one_is_new(app):
    name = uuid.uuid4()

    def work(_index: int) -> bool:
        tech = db.session.scalars(select(Person).where(Person.username == "tech")).one()
        site = db.session.scalars(select(Site.id).where(Site.code == "SG")).one()
        fields = {"site": site, "text": "water"}
        return take(document_of(name, fields, tech), fields, by=tech, now=NOW)[1]

    assert sorted(in_threads(app, work, 4)) == [False, False, False, True]
