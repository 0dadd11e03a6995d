"""The doors: a device's document, the plain form, the pages, and who may do what."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.inspections.documents import ANTENNA, WALL, asset_with, code_to_id, filled, picture
from webapp.assets.models import Asset
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.files.actions import receive_file
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Answer, Inspection, Return
from webapp.inspections.schemas import load_inspection
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sync.models import Arrival, Refusal

JSON = {"Accept": "application/json"}


def form_of(app, code: str = ANTENNA, **changes: Any) -> dict[str, Any]:
    with app.test_request_context():
        return filled(asset_with(code), **changes)


def post(client, form: dict[str, Any], name: uuid.UUID | None = None, **headers: str):
    name = name or uuid.uuid4()
    return name, client.post(f"/inspections/{name}", data=form, headers={**JSON, **headers})


def send_photo(client, colour: str = "navy") -> str:
    name = uuid.uuid4()
    assert client.put(f"/files/{name}", data=picture(colour)).status_code == 201
    return str(name)


def handed_in(app, code: str = ANTENNA, by: str = "tech", **changes: Any) -> uuid.UUID:
    with app.test_request_context(), transaction():
        person = db.session.scalars(select(Person).where(Person.username == by)).one()
        form = filled(asset_with(code), **changes)
        return hand_in(load_inspection(uuid.uuid4(), form), by=person, now=utc_now()).id


def give_back(app, inspection_id: uuid.UUID, item: str, reason: str) -> None:
    with app.test_request_context(), transaction():
        by = db.session.scalars(select(Person.id).where(Person.username == "supervisor")).one()
        now = utc_now()
        db.session.add(
            Return(
                id=uuid.uuid4(),
                inspection_id=inspection_id,
                item_key=item,
                reason=reason,
                returned_by=by,
                returned_at=now,
                received_at=now,
            )
        )


def count(app, table) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def test_a_document_is_stored_once_and_the_receipt_echoes_its_id(app, as_):
    tech, form = as_("tech"), form_of(app)
    name, first = post(tech, form)
    _name, again = post(tech, form, name, **{"X-Sent-At": (utc_now() + timedelta(seconds=9)).isoformat()})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()
    assert first.get_json()["id"] == str(name)
    assert re.fullmatch("[0-9a-f]{64}", first.get_json()["sha256"])
    assert count(app, Inspection) == 1


def test_other_content_under_the_same_id_is_a_conflict_and_kept(app, as_):
    tech, form = as_("tech"), form_of(app)
    name, _first = post(tech, form)
    _name, other = post(tech, {**form, "advice": "more"}, name)
    assert (other.status_code, other.get_json()["error"]["code"]) == (409, "other_content")
    with app.app_context():
        kept = db.session.scalars(select(Refusal)).one()
        assert (kept.status, kept.document_id, kept.content["advice"]) == (409, name, "more")


def test_missing_photos_are_named_and_the_document_can_follow(app, as_):
    tech, absent = as_("tech"), uuid.uuid4()
    form = form_of(app, photos={"photo_roof": [absent]})
    name, early = post(tech, form)
    assert (early.status_code, early.get_json()["error"]["missing"]) == (424, [str(absent)])
    assert count(app, Refusal) == 0
    tech.put(f"/files/{absent}", data=picture())
    assert post(tech, form, name)[1].status_code == 201


def test_an_incomplete_document_is_refused_item_by_item_and_kept(app, as_):
    form = form_of(app, **{"a.acquire_time": "342", "a.stow": None})
    _name, answer = post(as_("tech"), form)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (422, "incomplete")
    assert set(error["fields"]) == {"a.stow", "why.acquire_time", "remedy.acquire_time", "photo.acquire_time"}
    assert error["fields"]["a.stow"] == ["Stow / lock works: give an answer."]
    assert (count(app, Inspection), count(app, Arrival), count(app, Refusal)) == (0, 0, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("asset", "not-an-id"),
        ("version", None),
        ("started_at", "yesterday"),
        ("finished_at", None),
        ("run_state", "exploded"),
        ("units_checked", "many"),
        ("advice", "x" * 4001),
        ("why.stow", "x" * 1001),
        ("remedy.stow", "ignore"),
        ("photo.stow", "not-an-id"),
        ("supersedes", "x"),
    ],
)
def test_what_cannot_be_read_names_its_field_and_is_kept(app, as_, field, value):
    _name, answer = post(as_("tech"), form_of(app, **{field: value}))
    assert answer.status_code == 422
    assert set(answer.get_json()["error"]["fields"]) == {field}
    assert (count(app, Inspection), count(app, Refusal)) == (0, 1)


def test_who_may_hand_in(app, as_, client):
    form = form_of(app)
    for username, status in [("tech", 201), ("lead", 201), ("supervisor", 403), ("office", 403), ("tech2", 404)]:
        assert post(as_(username), form)[1].status_code == status, username
    assert post(client, form)[1].status_code == 401
    assert post(as_("tech"), form, **{"X-Outbox-User": str(uuid.uuid4())})[1].status_code == 403
    assert post(as_("tech"), form, Origin="https://elsewhere.example")[1].status_code == 403


@pytest.mark.parametrize(
    "nonsense", ["\x00", "'; drop table answers; --", "𝟙𝟚", "<script>alert(1)</script>", "{{7*7}}"]
)
def test_odd_characters_are_stored_as_text_and_shown_as_text(app, as_, nonsense):
    tech = as_("tech")
    name, answer = post(tech, form_of(app, advice=f"a{nonsense}b", **{"why.stow": nonsense}))
    assert answer.status_code == 201
    page = tech.get(f"/inspections/{name}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "a49b" not in page.text


@pytest.mark.parametrize("key", ["", "a.b", "\x00", "x" * 61, "tx_safety\x00"])
def test_odd_item_names_are_refused_and_never_break_anything(app, as_, key):
    assert post(as_("tech"), form_of(app, **{f"a.{key}": "pass"}))[1].status_code in (422, 201)


def test_the_form_of_an_asset(as_, app):
    page = as_("tech").get(f"/inspections/new/{code_to_id(app, ANTENNA)}")
    assert page.status_code == 200
    assert page.text.index('id="i-tx_safety"') < page.text.index('id="i-radome_body"')
    assert 'data-high="300"' in page.text
    assert "checked" not in re.sub(r'name="level\.\w+"[^>]*checked', "", page.text)  # nothing is answered beforehand


def test_who_may_open_the_form(app, as_, client):
    address = f"/inspections/new/{code_to_id(app, ANTENNA)}"
    for username, status in [("tech", 200), ("lead", 200), ("supervisor", 403), ("office", 403), ("tech2", 404)]:
        assert as_(username).get(address).status_code == status, username
    assert client.get(address).status_code == 303
    assert as_("tech").get(f"/inspections/new/{uuid.uuid4()}").status_code == 404


def test_the_page_holds_nothing_that_is_good_for_one_time_only(as_, app):
    """A page kept on a phone must still work tomorrow: two loads are the same, byte for byte."""
    tech, address = as_("tech"), f"/inspections/new/{code_to_id(app, ANTENNA)}"
    handed_in(app, **{"a.agc": "62.1"})
    pages = [re.sub(r"\?v=\w+", "", client.get(address).text) for client in (tech, as_("tech"))]
    assert pages[0] == pages[1]


def test_limits_and_last_value_stand_beside_the_field(app, as_):
    handed_in(app, **{"a.agc": "62.1"})
    page = as_("tech").get(f"/inspections/new/{code_to_id(app, ANTENNA)}").text
    assert 'data-low="59.1"' in page
    assert "≥ 59.1" in page
    assert "62.1" in page


def test_a_row_of_twelve_has_a_cell_for_each(app, as_):
    page = as_("tech").get(f"/inspections/new/{code_to_id(app, WALL)}").text
    assert page.count('name="unit"') == 12
    assert "units_checked" in page


def test_where_photos_are_forbidden_there_is_no_camera(app, as_):
    with app.app_context(), transaction():
        asset_with(ANTENNA).photo_rule = "forbidden"
    page = as_("tech").get(f"/inspections/new/{code_to_id(app, ANTENNA)}").text
    assert 'type="file"' not in page
    assert "data-photo-due" not in page


def test_where_only_close_ups_are_allowed_the_form_says_so(app, as_):
    asset_id = first_inspectable(app, "FT")
    assert "close up" in as_("tech2").get(f"/inspections/new/{asset_id}").text


def first_inspectable(app, prefix: str) -> uuid.UUID:
    with app.app_context():
        return db.session.scalars(select(Asset.id).where(Asset.code.startswith(f"{prefix}-1-")).limit(1)).one()


def test_an_asset_without_a_checklist_has_a_way_out(app, as_):
    with app.app_context(), transaction():
        asset = asset_with(ANTENNA)
        asset.name, asset.category = "Something unheard of", None
    page = as_("tech").get(f"/inspections/new/{code_to_id(app, ANTENNA)}")
    assert "No checklist fits" in page.text


def plain(app, client, code: str = ANTENNA, **changes: Any):
    form = form_of(app, code, started_at=None, finished_at=None, **changes)
    return client.post(f"/inspections/new/{form['asset']}", data=form)


def test_without_javascript_the_form_makes_the_same_record_and_brings_its_photos(app, as_):
    tech = as_("tech")
    changes = {"a.acquire_time": "342", "why.acquire_time": "多次重捕", "remedy.acquire_time": "fault"}
    upload = {"upload.acquire_time": (BytesIO(picture()), "IMG_1.jpg", "image/jpeg")}
    answer = plain(app, tech, **changes, **upload)
    assert answer.status_code == 303
    page = tech.get(answer.headers["Location"])
    assert "42 s above the limit of 300 s" in page.text
    assert "GZ-" in page.text
    assert count(app, Finding) == count(app, Inspection) == 1


def test_without_javascript_what_is_missing_is_asked_for_and_the_rest_stays(app, as_):
    upload = {"upload.stow": (BytesIO(picture()), "IMG_1.jpg", "image/jpeg")}
    answer = plain(app, as_("tech"), advice="门口积水", **{"a.acquire_time": "342", "a.stow": "fail"}, **upload)
    assert answer.status_code == 422
    assert "say why it is abnormal" in answer.text
    assert "门口积水" in answer.text
    assert 'value="342"' in answer.text
    assert answer.text.count('name="photo.stow"') == 1
    assert count(app, Inspection) == 0


@pytest.mark.parametrize("data", [b"", b"<svg/>", picture()[:40], b"GIF89a"])
def test_without_javascript_a_bad_photo_is_named_at_its_item(app, as_, data):
    upload = {"upload.photo_roof": (BytesIO(data), "IMG_1.jpg", "image/jpeg")}
    answer = plain(app, as_("tech"), **upload)
    assert answer.status_code == 422
    assert count(app, Inspection) == 0


def test_the_record_shows_what_was_found_and_by_which_limits(app, as_):
    tech = as_("tech")
    shot = send_photo(tech)
    bad = {"a.acquire_time": "342", "why.acquire_time": "多次重捕", "remedy.acquire_time": "hazard"}
    name, _answer = post(tech, form_of(app, photos={"acquire_time": [uuid.UUID(shot)]}, **bad))
    for username, status in [("tech", 200), ("supervisor", 200), ("office", 200), ("tech2", 404)]:
        page = as_(username).get(f"/inspections/{name}")
        assert page.status_code == status, username
        if status == 200:
            for words in ("342 s", "0–300 s", "多次重捕", "YH-", f"/files/{shot}/thumbnail", "Not signed yet"):
                assert words in page.text
            assert ("/original" in page.text) == (username != "tech")
            assert ("again=" in page.text) == (username == "tech")


def test_flags_are_told_in_plain_words(app, as_):
    tech = as_("tech")
    form = form_of(app, sent_at=(utc_now() + timedelta(hours=3)).isoformat())
    name, _answer = post(tech, form)
    assert "The clock of the device was wrong" in tech.get(f"/inspections/{name}").text


def test_what_was_sent_back_is_done_again_beside_the_old_answer(app, as_):
    tech = as_("tech")
    old = handed_in(app, **{"a.agc": "62.1", "advice": "门口积水"})
    give_back(app, old, "agc", "读数看不清")
    page = tech.get(f"/inspections/{old}").text
    assert "Inspect again" in page
    assert "读数看不清" in page
    form = tech.get(f"/inspections/new/{code_to_id(app, ANTENNA)}?again={old}").text
    assert "读数看不清" in form
    assert "62.1" in form
    assert 'name="a.agc" type="text" inputmode="decimal" maxlength="30" autocomplete="off" value=""' in form
    assert 'name="a.acquire_time" type="text" inputmode="decimal" maxlength="30" autocomplete="off" value="0"' in form
    assert "门口积水" in form
    again, _answer = post(tech, form_of(app, supersedes=str(old), **{"a.agc": "61.9"}))
    assert "Replaced by a newer record" in tech.get(f"/inspections/{old}").text
    assert "replaces an older one" in tech.get(f"/inspections/{again}").text


def test_a_correction_keeps_the_fault_that_the_old_record_raised(app, as_):
    tech = as_("tech")
    shot = uuid.UUID(send_photo(tech))
    bad = {"a.stow": "fail", "why.stow": "卡住", "remedy.stow": "fault"}
    old, _first = post(tech, form_of(app, photos={"stow": [shot]}, **bad))
    form = form_of(app, photos={"stow": [shot]}, supersedes=str(old), advice="typing error", **bad)
    new, answer = post(tech, form)
    assert answer.status_code == 201
    assert count(app, Finding) == 1
    with app.app_context():
        assert db.session.get_one(Inspection, new).flags == []
        raised = select(Answer.finding_id).where(Answer.inspection_id == new, Answer.item_key == "stow")
        assert db.session.scalar(raised) is not None


def test_only_a_record_of_this_asset_can_be_done_again(app, as_):
    other = handed_in(app, WALL)
    for again in (other, uuid.uuid4()):
        address = f"/inspections/new/{code_to_id(app, ANTENNA)}?again={again}"
        assert as_("tech").get(address).status_code == 404


def selects(queries: list[str]) -> int:
    return len([sql for sql in queries if sql.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "WITH"))])


def test_form_and_record_take_a_fixed_number_of_queries(app, as_, queries):
    tech, address = as_("tech"), f"/inspections/new/{code_to_id(app, ANTENNA)}"
    first = handed_in(app, **{"a.agc": "62.1"})
    queries.clear()
    tech.get(address)
    new_before = selects(queries)
    queries.clear()
    tech.get(f"/inspections/{first}")
    show_before = selects(queries)
    for days in range(1, 9):
        last = handed_in(app, at=utc_now() - timedelta(days=days), **{"a.agc": "62.1"})
    give_back(app, last, "agc", "why")
    queries.clear()
    tech.get(address)
    assert selects(queries) == new_before <= 13  # one of them for what was abnormal the last time
    queries.clear()
    tech.get(f"/inspections/{last}")
    assert selects(queries) <= show_before + 1 <= 14  # the name of who sent it back


def test_handing_in_takes_a_fixed_number_of_queries(app, as_, queries):
    tech, forms = as_("tech"), [form_of(app), form_of(app), form_of(app, WALL)]
    counts = []
    for form in forms:
        queries.clear()
        assert post(tech, form)[1].status_code == 201
        counts.append(selects(queries))
    assert counts[1] == counts[2] <= 24, counts


def test_handing_in_the_photos_of_a_colleague_of_another_site_looks_as_if_they_were_not_there(app, as_):
    with app.test_request_context(), transaction():
        foreign = db.session.scalars(select(Person).where(Person.username == "tech2")).one()
        row, _new = receive_file(uuid.uuid4(), picture(), None, by=foreign, now=utc_now())
        name = row.id
    assert post(as_("tech"), form_of(app, photos={"photo_roof": [name]}))[1].status_code == 404
