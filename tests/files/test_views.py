"""The doors of photos, as devices and browsers use them."""

from __future__ import annotations

import uuid
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from tests.files.test_images import REFUSED, picture, with_exif
from webapp.audit.models import AuditEntry
from webapp.extensions import db
from webapp.files.actions import attach, receive_file
from webapp.files.images import LARGEST_FILE
from webapp.files.models import StoredFile
from webapp.files.queries import same_bytes_elsewhere
from webapp.files.store import store
from webapp.kit.clock import utc_now
from webapp.kit.problems import Missing, NotFound
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.models import Site


def put(client, data: bytes, name: uuid.UUID | None = None, **headers: str):
    name = name or uuid.uuid4()
    return name, client.put(f"/files/{name}", data=data, headers=headers)


def use_in(app, name: uuid.UUID, site: str = "SG") -> None:
    with app.app_context(), transaction():
        site_id = db.session.scalars(select(Site.id).where(Site.code == site)).one()
        db.session.execute(update(StoredFile).where(StoredFile.id == name).values(site_id=site_id))


def test_a_photo_is_stored_once_and_the_receipt_carries_its_digest(app, as_):
    tech, data = as_("tech"), picture()
    digest = sha256(data).hexdigest()
    name, first = put(tech, data, **{"X-Content-SHA256": digest})
    _name, again = put(tech, data, name, **{"X-Content-SHA256": digest})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == again.get_json()["id"] == str(name)
    assert first.get_json()["sha256"] == again.get_json()["sha256"] == digest
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(StoredFile)) == 1
        assert store().read(digest) == data


def test_without_a_digest_the_server_computes_it(as_):
    """On plain HTTP a browser has no crypto.subtle."""
    _name, answer = put(as_("tech"), picture())
    assert (answer.status_code, answer.get_json()["sha256"]) == (201, sha256(picture()).hexdigest())


def test_bytes_damaged_on_the_way_are_not_kept(app, as_):
    name, answer = put(as_("tech"), picture(), **{"X-Content-SHA256": "0" * 64})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "digest_differs")
    with app.app_context():
        assert db.session.get(StoredFile, name) is None


def test_other_bytes_or_another_person_under_the_same_id_is_a_conflict(as_):
    name, _first = put(as_("tech"), picture())
    assert put(as_("tech"), picture("PNG"), name)[1].status_code == 409
    assert put(as_("lead"), picture(), name)[1].status_code == 409


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_photo_is_answered_415(as_, kind):
    answer = put(as_("tech"), REFUSED[kind], **{"Content-Type": "image/jpeg"})[1]
    assert answer.status_code == 415
    assert answer.get_json()["error"]["message"]


def test_too_many_bytes_are_answered_413_before_they_are_read(as_):
    assert put(as_("tech"), b"\0" * (LARGEST_FILE + 1))[1].status_code == 413


def test_a_queue_of_another_person_and_somebody_signed_out_are_refused(as_, client):
    assert put(as_("tech"), picture(), **{"X-Outbox-User": str(uuid.uuid4())})[1].status_code == 403
    answer = put(client, picture())[1]
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "sign_in")


def test_who_only_reads_cannot_send_photos(as_):
    assert put(as_("office"), picture())[1].status_code == 403


def test_a_device_can_ask_whether_a_photo_is_here(as_):
    name, _answer = put(as_("tech"), picture())
    asked = as_("tech").head(f"/files/{name}")
    assert (asked.status_code, asked.headers["X-Content-SHA256"]) == (200, sha256(picture()).hexdigest())
    assert as_("tech").head(f"/files/{uuid.uuid4()}").status_code == 404
    assert as_("supervisor").head(f"/files/{name}").status_code == 404  # no record uses it yet


def test_a_photo_is_seen_by_who_sent_it_and_by_everybody_of_its_site(app, as_):
    name, _answer = put(as_("tech"), with_exif())
    assert as_("tech").get(f"/files/{name}/thumbnail").status_code == 200
    assert as_("office").get(f"/files/{name}/thumbnail").status_code == 404
    use_in(app, name)
    for username, status in [("office", 200), ("supervisor", 200), ("tech2", 404), ("supervisor2", 404)]:
        assert as_(username).get(f"/files/{name}/display").status_code == status


def test_shown_photos_carry_no_metadata_and_may_be_kept_by_the_browser(as_):
    name, _answer = put(as_("tech"), with_exif())
    for shape in ("display", "thumbnail"):
        answer = as_("tech").get(f"/files/{name}/{shape}")
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert "immutable" in answer.headers["Cache-Control"]
        assert "private" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not Image.open(BytesIO(answer.data)).getexif()


def test_the_original_is_an_attachment_for_those_who_may_and_is_logged(app, as_):
    name, _answer = put(as_("tech"), with_exif())
    use_in(app, name)
    for username, status in [("supervisor", 200), ("office", 200), ("tech", 403), ("admin", 403), ("tech2", 404)]:
        answer = as_(username).get(f"/files/{name}/original")
        assert answer.status_code == status, username
        if status == 200:
            assert answer.data == with_exif()
            assert answer.headers["Content-Disposition"].startswith("attachment")
    with app.app_context():
        logged = select(AuditEntry).where(AuditEntry.verb == "file.original_fetched")
        assert len(db.session.scalars(logged).all()) == 2


def test_attaching_names_what_is_missing_and_takes_nothing_from_strangers(context, person):
    tech, site_id = person("tech"), db.session.scalars(select(Site.id).where(Site.code == "SG")).one()
    mine, _new = receive_file(uuid.uuid4(), picture(), None, by=tech, now=utc_now())
    absent = uuid.uuid4()
    with pytest.raises(Missing) as missing:
        attach([mine.id, absent], site_id, tech)
    assert missing.value.more == {"missing": [str(absent)]}
    with pytest.raises(NotFound):
        attach([mine.id], site_id, person("lead"))
    assert [row.id for row in attach([mine.id], site_id, tech)] == [mine.id]
    attach([mine.id], site_id, person("lead"))  # of the same site now: a colleague may use it in a correction
    other = db.session.scalars(select(Site.id).where(Site.code == "FT")).one()
    with pytest.raises(NotFound):
        attach([mine.id], other, tech)


def test_exactly_the_same_bytes_in_another_record_are_noticed(context, person):
    tech: Person = person("tech")
    site_id = db.session.scalars(select(Site.id).where(Site.code == "SG")).one()
    one, two, alone = (
        receive_file(uuid.uuid4(), data, None, by=tech, now=utc_now())[0].id
        for data in (picture(), picture(), picture("PNG"))
    )
    assert same_bytes_elsewhere([two]) == set()  # a stray upload is no use
    attach([one], site_id, tech)
    assert same_bytes_elsewhere([two, alone]) == {two}


def test_showing_a_photo_takes_a_fixed_number_of_queries(as_, queries):
    tech = as_("tech")
    name, _answer = put(tech, picture())
    queries.clear()
    tech.get(f"/files/{name}/thumbnail")
    assert len([sql for sql in queries if sql.startswith("SELECT")]) == 3  # device and person, roles, file
