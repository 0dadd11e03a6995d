"""Free notes at the door: the form, from a device and from a plain form, the list, one note, who may do what."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.inspections.documents import ANTENNA, asset_with, picture
from webapp.assets.models import Label
from webapp.extensions import db
from webapp.files.actions import receive_file
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.notes.models import Note, NotePhoto
from webapp.people.models import Person
from webapp.sites.actions import give_role
from webapp.sites.models import Role
from webapp.sites.queries import site_coded
from webapp.sync.models import Refusal

NIL = "00000000-0000-0000-0000-000000000000"
JSON = {"Accept": "application/json"}


@pytest.fixture
def in_app(app):
    """Runs a question in an app context of its own."""

    def ask(question):
        with app.test_request_context():
            return question()

    return ask


def form_of(in_app, **changes: Any) -> dict[str, Any]:
    site = str(in_app(lambda: site_coded("SG").id))
    return {"site": site, "text": "机柜底部有水迹", "noted_at": "2026-11-20T02:00:00Z"} | changes


def written(in_app, as_, username: str = "tech", **changes: Any) -> uuid.UUID:
    name = uuid.uuid4()
    assert as_(username).post(f"/notes/{name}", data=form_of(in_app, **changes), headers=JSON).status_code == 201
    return name


def counted(in_app, model: type) -> int:
    return in_app(lambda: db.session.scalar(select(func.count()).select_from(model)))


def label_of(code: str) -> Label:
    return db.session.scalars(select(Label).where(Label.asset_id == asset_with(code).id)).one()


def photo_by(username: str) -> uuid.UUID:
    with transaction():
        by = db.session.scalars(select(Person).where(Person.username == username)).one()
        return receive_file(uuid.uuid4(), picture(), None, by=by, now=utc_now())[0].id


def test_the_form_is_the_same_at_any_time_and_names_nothing_once(as_):
    tech = as_("tech")
    first, second = tech.get("/notes/new").text, tech.get("/notes/new").text
    assert first == second
    assert f'action="/notes/{NIL}"' in first
    form = re.search(r'<form [^>]*id="note".*?</form>', first, re.S)[0]
    for mark in ("data-outbox", 'data-kind="note"', 'data-next="/scan"', 'data-strip=""', "data-now"):
        assert mark in form
    assert re.search(r'name="label"[^>]*data-from-query="label"', form)
    assert re.search(r'type="hidden" name="site" value="[0-9a-f-]{36}"', form)


def test_who_belongs_to_several_sites_chooses_one(as_, in_app):
    def second_site():
        with transaction():
            tech = db.session.scalars(select(Person).where(Person.username == "tech")).one()
            give_role(tech, site_coded("FT"), Role.TECHNICIAN, by=None, now=utc_now())
            give_role(tech, site_coded("FT"), Role.OFFICE, by=None, now=utc_now())

    in_app(second_site)
    page = as_("tech").get("/notes/new").text
    assert re.search(r'<select [^>]*name="site" required', page)
    assert page.count("<option") == 3
    assert " selected" not in page


def test_the_label_is_taken_over_without_javascript_too(as_):
    page = as_("tech").get("/notes/new?label=k7m4q9r2xx&code=K7M-4Q9R").text
    assert re.search(r'name="label"[^>]*value="k7m4q9r2xx"', page)
    assert re.search(r'name="code" value="K7M-4Q9R"', page)


def test_a_device_gets_a_receipt_and_the_same_again_changes_nothing(as_, in_app):
    tech, name, form = as_("tech"), uuid.uuid4(), form_of(in_app, place="东侧机柜", label="unheard-of")
    first, again = (tech.post(f"/notes/{name}", data=form, headers=JSON) for _n in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json()["id"] == again.get_json()["id"] == str(name)
    assert first.get_json()["sha256"] == again.get_json()["sha256"]
    assert first.get_json()["received_at"] == again.get_json()["received_at"]
    assert first.get_json()["url"] == f"/notes/{name}"
    assert counted(in_app, Note) == 1


def test_another_content_is_refused_and_kept(as_, in_app):
    name = written(in_app, as_)
    other = as_("tech").post(f"/notes/{name}", data=form_of(in_app, text="else"), headers=JSON)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "other_content")
    kept = in_app(lambda: db.session.scalars(select(Refusal)).one())
    assert (kept.status, kept.content["text"]) == (409, "else")


def test_a_photo_that_has_not_arrived_is_asked_for_and_the_note_comes_again(as_, in_app):
    tech, name, photo = as_("tech"), uuid.uuid4(), uuid.uuid4()
    form = form_of(in_app, photo=str(photo))
    answer = tech.post(f"/notes/{name}", data=form, headers=JSON)
    assert (answer.status_code, answer.get_json()["error"]["missing"]) == (424, [str(photo)])
    assert counted(in_app, Refusal) == 0
    assert tech.put(f"/files/{photo}", data=picture()).status_code == 201
    assert tech.post(f"/notes/{name}", data=form, headers=JSON).status_code == 201
    assert f"/files/{photo}/thumbnail" in as_("office").get(f"/notes/{name}").text


@pytest.mark.parametrize(
    ("change", "field"),
    [({"text": " "}, "text"), ({"text": "x" * 4001}, "text"), ({"site": ""}, "site"), ({"photo": "7"}, "photo")],
)
def test_what_cannot_be_read_is_named_and_kept(as_, in_app, change, field):
    answer = as_("tech").post(f"/notes/{uuid.uuid4()}", data=form_of(in_app, **change), headers=JSON)
    assert (answer.status_code, list(answer.get_json()["error"]["fields"])) == (422, [field])
    assert (counted(in_app, Note), counted(in_app, Refusal)) == (0, 1)


def test_another_persons_queue_is_not_taken(as_, in_app):
    headers = {**JSON, "X-Outbox-User": str(uuid.uuid4())}
    answer = as_("tech").post(f"/notes/{uuid.uuid4()}", data=form_of(in_app), headers=headers)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "other_user")
    assert (counted(in_app, Note), counted(in_app, Refusal)) == (0, 0)


def test_a_plain_form_is_named_by_the_server_and_brings_its_pictures(as_, in_app):
    tech = as_("tech")
    uploads = [(io.BytesIO(picture(colour)), "a.jpg") for colour in ("navy", "teal")]
    answer = tech.post(f"/notes/{NIL}", data=form_of(in_app, noted_at="", upload=uploads))
    assert answer.status_code == 303
    assert NIL not in answer.location
    page = tech.get(answer.location).text
    assert "机柜底部有水迹" in page
    assert page.count("/thumbnail") == 2


def test_a_plain_form_that_cannot_be_taken_is_shown_again_with_what_is_in_it(as_, in_app):
    form = form_of(in_app, text="", place="东侧机柜", label="k7m4", upload=(io.BytesIO(picture()), "a.jpg"))
    answer = as_("tech").post(f"/notes/{NIL}", data=form)
    assert answer.status_code == 422
    assert 'value="东侧机柜"' in answer.text
    assert 'value="k7m4"' in answer.text
    assert re.search(r'type="hidden" name="photo" value="[0-9a-f-]{36}"', answer.text)
    bad = form_of(in_app, upload=(io.BytesIO(b"<svg/>"), "a.jpg"))
    answer = as_("tech").post(f"/notes/{NIL}", data=bad)
    assert answer.status_code == 422
    assert "机柜底部有水迹" in answer.text
    assert counted(in_app, Note) == 0


@pytest.mark.parametrize(("rule", "camera", "said"), [("allowed", 1, 0), ("close_up", 1, 1), ("forbidden", 0, 1)])
def test_the_photo_rule_is_said_and_a_forbidden_camera_is_not_offered(as_, in_app, rule, camera, said):
    def set_rule():
        with transaction():
            site_coded("SG").photo_rule = rule

    in_app(set_rule)
    page = as_("tech").get("/notes/new").text
    assert page.count('type="file"') == camera
    assert page.count("Close-ups of the device only") + page.count("No photos at this place") == said


@pytest.mark.parametrize(
    ("username", "page", "read", "write", "deed"),
    [
        ("tech", 200, 200, 201, 403),
        ("lead", 200, 200, 201, 303),
        ("supervisor", 200, 200, 201, 303),
        ("office", 403, 200, 403, 303),
        ("admin", 403, 200, 403, 403),
        ("tech2", 200, 404, 404, 403),
        ("supervisor2", 200, 404, 404, 404),
    ],
)
def test_who_may_do_what(as_, in_app, username, page, read, write, deed):
    note, client = written(in_app, as_), as_(username)
    assert client.get("/notes/new").status_code == page
    assert client.get("/notes").status_code == 200
    assert client.get(f"/notes/{note}").status_code == read
    assert client.post(f"/notes/{uuid.uuid4()}", data=form_of(in_app), headers=JSON).status_code == write
    assert client.post(f"/notes/{note}/handling", data={"comment": "done"}).status_code == deed
    offered = client.get(f"/notes/{note}").text.count('name="comment"')
    assert not offered


def test_nothing_of_a_note_shows_to_another_site(as_, in_app):
    note, stranger = written(in_app, as_), as_("tech2")
    assert str(note) not in stranger.get("/notes").text
    theirs, unknown = stranger.get(f"/notes/{note}"), stranger.get(f"/notes/{uuid.uuid4()}")
    assert theirs.status_code == unknown.status_code == 404
    assert stranger.post(f"/notes/{note}/handling", data={"comment": "mine"}).status_code in (403, 404)


def test_a_note_of_somebody_who_lost_the_right_is_refused_and_kept(as_, in_app):
    answer = as_("office").post(f"/notes/{uuid.uuid4()}", data=form_of(in_app), headers=JSON)
    assert answer.status_code == 403
    assert in_app(lambda: db.session.scalars(select(Refusal.status)).all()) == [403]


def test_handling_is_offered_to_those_who_answer_for_it_and_shown_afterwards(as_, in_app):
    note, lead = written(in_app, as_), as_("lead")
    assert 'name="comment"' in lead.get(f"/notes/{note}").text
    assert lead.post(f"/notes/{note}/handling", data={"comment": " "}).status_code == 422
    htmx = {"HX-Request": "true"}
    answer = lead.post(f"/notes/{note}/handling", data={"comment": "seal replaced"}, headers=htmx)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/notes/{note}")
    assert lead.post(f"/notes/{note}/handling", data={"comment": "again"}).status_code == 409
    page = as_("tech").get(f"/notes/{note}").text
    assert "seal replaced" in page
    assert 'name="comment"' not in lead.get(f"/notes/{note}").text


def test_a_note_leads_to_the_checklist_of_its_device_and_to_a_fault_with_its_text(as_, in_app):
    label = in_app(lambda: label_of(ANTENNA))
    note = written(in_app, as_, label=label.token, text="天线有异响" * 100)
    page = as_("tech").get(f"/notes/{note}").text
    assert f'href="/inspections/new/{label.asset_id}"' in page
    address = re.search(r'href="(/faults/new\?[^"]+)"', page)[1].replace("&amp;", "&")
    assert len(address) < 4000  # what a server reads of one line
    form = as_("tech").get(address).text
    assert "天线有异响" in form
    assert f'name="note" value="{note}"' in form
    assert f'name="asset" value="{label.asset_id}"' in form
    assert f"/inspections/new/{label.asset_id}" not in as_("office").get(f"/notes/{note}").text


def test_a_fault_reported_from_a_note_leads_back_to_it_and_two_of_them_are_two(as_, in_app):
    label = in_app(lambda: label_of(ANTENNA))
    note, tech = written(in_app, as_, label=label.token), as_("tech")
    form = {"asset": str(label.asset_id), "kind": "hazard", "text": "noise", "note": str(note)}
    pages = [tech.post(f"/faults/{uuid.uuid4()}", data=form).location for _n in range(2)]
    assert len(set(pages)) == 2
    for page in pages:
        assert f'href="/notes/{note}"' in tech.get(page).text


def test_open_notes_come_first_and_a_long_list_in_pages(as_, in_app):
    old = written(in_app, as_)
    as_("lead").post(f"/notes/{old}/handling", data={"comment": "done"})

    def many():
        with transaction():
            tech = db.session.scalars(select(Person).where(Person.username == "tech")).one()
            site = site_coded("SG").id
            db.session.add_all(
                Note(
                    id=uuid.uuid4(),
                    site_id=site,
                    text=f"n{n}",
                    written_by=tech.id,
                    noted_at=utc_now(),
                    received_at=utc_now(),
                )
                for n in range(50)
            )

    in_app(many)
    office = as_("office")
    first, second = office.get("/notes").text, office.get("/notes?page=2").text
    assert first.count('class="row"') == 50
    assert "50 not handled yet" in first
    assert str(old) not in first
    assert str(old) in second
    assert office.get("/notes?page=99").text.count('class="row"') == 1


def test_list_and_page_take_a_fixed_number_of_queries(as_, in_app, queries):
    note, tech = written(in_app, as_), as_("tech")

    def asked(path: str) -> int:
        queries.clear()
        assert tech.get(path).status_code == 200
        return len(queries)

    before = (asked("/notes"), asked(f"/notes/{note}"))
    for _n in range(6):
        photo = in_app(lambda: photo_by("tech"))
        written(in_app, as_, photo=str(photo))
    assert (asked("/notes"), asked(f"/notes/{note}")) == before
    assert max(before) <= 8
    assert counted(in_app, NotePhoto) == 6


def test_an_empty_list_says_what_notes_are_for(as_):
    assert 'href="/notes/new"' in as_("tech").get("/notes").text
    assert 'href="/notes/new"' not in as_("office").get("/notes").text


def test_an_unknown_label_offers_a_note_with_the_label_taken_over(as_):
    token = "k7m4q9r2k7m4q9r2k7m4"
    assert f'href="/notes/new?label={token}"' in as_("tech").get(f"/a/{token}").text
    assert "/notes/new" not in as_("office").get(f"/a/{token}").text


def test_the_dossier_of_a_device_offers_a_note_about_it(as_, in_app):
    label = in_app(lambda: label_of(ANTENNA))
    link = f'href="/notes/new?label={label.short_code}"'
    assert link in as_("tech").get(f"/assets/{label.asset_id}").text
    assert link not in as_("office").get(f"/assets/{label.asset_id}").text
