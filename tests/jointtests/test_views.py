"""The doors: month, form, handing in, record, signing, paper."""

import io
import subprocess
import uuid
from datetime import date, timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from tests.jointtests.documents import NOON, flat_record, handed_in, sealed, slow_uplink
from tests.visits.days import drawn_by, inspected, signature_png, somebody
from webapp.extensions import db
from webapp.jointtests.models import JointTest, JointTestSignature
from webapp.kit.clock import local_day, utc_now
from webapp.kit.transaction import transaction
from webapp.sync.models import Refusal

JSON = {"Accept": "application/json"}


def made(app, make, **changes):
    """The id of a record made by `make`, from outside an app context."""
    with app.test_request_context(), transaction():
        return make(**changes).id


def fields_of(app, **changes):
    with app.test_request_context(), transaction():
        return flat_record(**changes)


def test_a_month_without_a_joint_test_says_so_and_offers_to_start_one(as_):
    text = as_("tech").get("/joint-tests/2026-09").text
    assert "No joint test yet this month" in text
    assert 'href="/joint-tests/new"' in text
    assert 'href="/joint-tests/new"' not in as_("supervisor").get("/joint-tests/2026-09").text


def test_a_month_to_come_is_not_red_and_a_wrong_one_is_not_there(as_):
    assert "No joint test yet this month" not in as_("tech").get("/joint-tests/2099-01").text
    assert as_("tech").get("/joint-tests/2026-13").status_code == 404
    assert as_("tech").get("/joint-tests/soon").status_code == 404


def test_the_month_lists_its_tests_and_compares_with_the_month_before(app, as_):
    made(app, handed_in, day=date(2026, 10, 22), **{"v.ku_otm.0.ebn0": "9.4"})
    first = made(app, handed_in, **{"v.ku_otm.0.ebn0": "8.7"})
    second = made(app, handed_in)
    text = as_("office").get("/joint-tests/2026-11").text
    assert f"/joint-tests/{first}" in text
    assert f"/joint-tests/{second}" in text
    assert "JT-SG-202610-01" in text
    assert "No joint test yet" not in text


def test_a_centre_without_the_vehicle_is_told_so(as_):
    assert "no satellite vehicle" in as_("tech2").get("/joint-tests/2026-11").text
    assert as_("tech2").get("/joint-tests/new").status_code == 404


def test_the_form_shows_all_sections_and_prefills_no_link_value(as_):
    text = as_("tech").get("/joint-tests/new").text
    assert text.count("data-section=") == 16
    assert 'name="v.ku_otm.0.ebn0" type="text" inputmode="decimal" autocomplete="off" maxlength="30" value=""' in text
    for code in ("SG-2-04-001", "SG-3-01-001"):
        assert f'<option value="{code}" selected>' in text


def test_the_form_shows_copies_of_today_with_time_inspector_and_link(app, as_):
    with app.test_request_context(), transaction():
        inspection = inspected("SG-P-VEHICLE", somebody("tech"), at=utc_now())
        link = f"/inspections/{inspection.id}"
    text = as_("tech").get("/joint-tests/new").text
    assert link in text
    assert 'name="v.preparation.0.vehicle_power"' not in text


@pytest.mark.parametrize(
    ("username", "form", "hand_in", "month"),
    [
        ("tech", 200, 303, 200),
        ("lead", 200, 303, 200),
        ("supervisor", 403, 403, 200),
        ("office", 403, 403, 200),
        ("admin", 403, 403, 200),
        ("tech2", 404, 404, 200),
        ("supervisor2", 403, 404, 200),
    ],
)
def test_who_may_fill_in_a_record(app, as_, username, form, hand_in, month):
    fields = fields_of(app, by=username)
    client = as_(username)
    assert client.get("/joint-tests/new").status_code == form
    assert client.post(f"/joint-tests/{uuid.uuid4()}", data=fields).status_code == hand_in
    assert client.get("/joint-tests/2026-11").status_code == month


def test_records_of_another_centre_are_not_there(app, as_):
    test_id = made(app, handed_in)
    for username in ("tech2", "supervisor2"):
        client = as_(username)
        assert client.get(f"/joint-tests/{test_id}").status_code == 404
        assert client.get(f"/joint-tests/{test_id}/record.pdf").status_code == 404
        form = {"capacity": "supervisor", "name": "x", "covers": "0" * 64}
        assert client.post(f"/joint-tests/{test_id}/sign-off", data=form).status_code == 404
    for username in ("tech", "lead", "supervisor", "office", "admin"):
        assert as_(username).get(f"/joint-tests/{test_id}").status_code == 200


def test_a_device_gets_a_receipt_that_echoes_the_id(app, as_):
    fields, test_id = fields_of(app), uuid.uuid4()
    client = as_("tech")
    first = client.post(f"/joint-tests/{test_id}", data=fields, headers=JSON)
    again = client.post(f"/joint-tests/{test_id}", data=fields, headers={**JSON, "X-Sent-At": NOON.isoformat()})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"] == str(test_id)
    assert first.json["sha256"] == again.json["sha256"]
    assert first.json["number"] == "JT-SG-202611-01"
    other = client.post(f"/joint-tests/{test_id}", data={**fields, "v.header.0.temperature": "9"}, headers=JSON)
    assert other.status_code == 409


def test_the_same_fields_as_json_make_the_same_record(app, as_):
    fields = fields_of(app)
    answer = as_("tech").post(f"/joint-tests/{uuid.uuid4()}", json=fields, headers=JSON)
    assert answer.status_code == 201


def test_a_refused_document_is_kept_and_names_section_and_item(app, as_):
    fields = fields_of(app, **{"v.ku_otm.0.ebn0": None})
    answer = as_("tech").post(f"/joint-tests/{uuid.uuid4()}", data=fields, headers=JSON)
    assert answer.status_code == 422
    assert "Ku on-the-move link, Receive Eb/N0" in answer.json["error"]["fields"]["ku_otm.0.ebn0"][0]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Refusal)) == 1
        assert db.session.scalar(select(func.count()).select_from(JointTest)) == 0


def test_missing_photos_are_named(app, as_):
    photo_id = str(uuid.uuid4())
    fields = fields_of(app, **{"photo.conclusion.0.photos": photo_id})
    answer = as_("tech").post(f"/joint-tests/{uuid.uuid4()}", data=fields, headers=JSON)
    assert (answer.status_code, answer.json["error"]["missing"]) == (424, [photo_id])


@pytest.mark.parametrize(
    "changes",
    [
        {"site": "nonsense"},
        {"form": str(uuid.uuid4())},
        {"supersedes": str(uuid.uuid4())},
        {"v.header.0.weather": "x" * 3000},
        {"about.100": "mesh.0"},
        {"about.1": "<b>"},
        {"photo.conclusion.0.photos": "nonsense"},
        {"v.Bad Key.0.x": "1"},
    ],
)
def test_nonsense_is_refused_with_a_plain_answer(app, as_, changes):
    answer = as_("tech").post(f"/joint-tests/{uuid.uuid4()}", data={**fields_of(app), **changes}, headers=JSON)
    assert answer.status_code in (404, 422)


def test_a_plain_form_brings_its_photos_and_comes_back_with_what_is_missing(app, as_):
    picture = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(picture, "JPEG")
    fields = fields_of(app, **{"photo.conclusion.0.photos": None, "v.ku_otm.0.rtt": None})
    client = as_("tech")
    upload = {"upload.conclusion.0.photos": (io.BytesIO(picture.getvalue()), "a.jpg")}
    answer = client.post("/joint-tests/new", data={**fields, **upload}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Round-trip time" in answer.text
    assert 'name="photo.conclusion.0.photos"' in answer.text
    upload = {"upload.conclusion.0.photos": (io.BytesIO(picture.getvalue()), "a.jpg")}
    done = client.post(
        "/joint-tests/new", data={**fields, **upload, "v.ku_otm.0.rtt": "610"}, content_type="multipart/form-data"
    )
    assert done.status_code == 303
    assert "JT-SG-202611-01" in client.get(done.location).text


def test_a_plain_form_with_a_file_that_is_no_photo_comes_back_with_what_was_typed(app, as_):
    fields = fields_of(app, **{"v.ku_otm.0.rtt": "617"})
    upload = {"upload.conclusion.0.photos": (io.BytesIO(b"no photo"), "a.jpg")}
    answer = as_("tech").post("/joint-tests/new", data={**fields, **upload}, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "This is no photo." in answer.text
    assert 'value="617"' in answer.text


def test_without_a_script_proposed_problems_come_back_with_the_form(app, as_):
    fields = fields_of(app, **{"v.mesh.0.result": "failed"})
    answer = as_("tech").post("/joint-tests/new", data=fields)
    assert answer.status_code == 422
    assert 'name="about.1" value="mesh.0"' in answer.text
    assert '<option value="major" selected>' in answer.text


def test_the_judgement_while_typing_stores_nothing(app, as_):
    fields = fields_of(app, **{"v.ka_portable.2.up_rate": "5.1", "v.ka_portable.2.result": "degraded"})
    text = as_("tech").post("/joint-tests/judgement", data=fields).text
    assert "Below the contract" in text
    assert 'value="ka_portable.2"' in text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(JointTest)) == 0
    assert as_("supervisor").post("/joint-tests/judgement", data=fields).status_code == 403
    assert as_("tech2").post("/joint-tests/judgement", data=fields).status_code == 404


def test_the_record_shows_values_limits_problems_and_copies(app, as_):
    with app.test_request_context(), transaction():
        inspection_id = inspected("SG-P-VEHICLE", somebody("tech"), at=NOON - timedelta(hours=2)).id
    test_id = made(app, lambda: handed_in(**slow_uplink()))
    text = as_("supervisor").get(f"/joint-tests/{test_id}").text
    for wanted in ("6 (≥ 5.4)", "Below the contract", "GZ-", f"/inspections/{inspection_id}", "Passed with problems"):
        assert wanted in text


def test_a_correction_starts_with_the_record_that_it_corrects(app, as_):
    test_id = made(app, handed_in, **{"v.ku_otm.0.ebn0": "8.7"})
    text = as_("tech").get(f"/joint-tests/new?again={test_id}").text
    assert 'value="8.7"' in text
    assert f'name="supersedes" value="{test_id}"' in text
    assert as_("tech2").get(f"/joint-tests/new?again={test_id}").status_code == 404


def test_both_sign_on_the_record_and_the_second_signature_seals_it(app, as_):
    with app.test_request_context(), transaction():
        test = handed_in()
        test_id, covers, file_id = test.id, test.digest, drawn_by(somebody("supervisor"))
    url = f"/joint-tests/{test_id}/sign-off"
    plain = {"capacity": "technician", "name": "张伟", "covers": covers}
    assert as_("office").post(url, data=plain).status_code == 403
    assert as_("tech").post(url, data=plain).status_code == 422
    with_picture = {**plain, "upload": (io.BytesIO(signature_png()), "sign.png")}
    assert as_("tech").post(url, data=with_picture, content_type="multipart/form-data").status_code == 303
    named = {**plain, "capacity": "supervisor", "name": "陈志强", "id": str(uuid.uuid4()), "file": str(file_id)}
    assert as_("tech").post(url, data=named, headers=JSON).status_code == 403
    supervisor = as_("supervisor")
    first = supervisor.post(url, data=named, headers=JSON)
    again = supervisor.post(url, data=named, headers=JSON)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == named["id"]
    assert len(first.json["seal"]) == 64
    page = supervisor.get(f"/joint-tests/{test_id}").text
    assert f"/verify/{first.json['seal']}" in page
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(JointTestSignature)) == 2


@pytest.mark.one_database
def test_the_record_as_pdf_holds_everything_on_numbered_pages(app, as_, tmp_path):
    test_id = made(app, lambda: sealed(**slow_uplink()))
    answer = as_("office").get(f"/joint-tests/{test_id}/record.pdf")
    assert answer.mimetype == "application/pdf"
    assert "JT-SG-202611-01.pdf" in answer.headers["Content-Disposition"]
    path = tmp_path / "record.pdf"
    path.write_bytes(answer.data)
    text = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
    pages = text.count("\f")
    assert pages >= 3
    assert f"Page {pages} of {pages}" in text
    for wanted in ("韶关市应急管理局应急指挥中心", "JT-SG-202611-01", "5.1 Mbit/s", "GZ-", "张伟", "陈志强", "SHA-256"):
        assert wanted in text
    info = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout
    assert "A4" in info


def test_pages_send_a_fixed_number_of_queries(app, as_, queries):
    client = as_("tech")

    def counted(path):
        queries.clear()
        assert client.get(path).status_code == 200
        return len(queries)

    first = made(app, lambda: sealed(**slow_uplink()))
    few = [counted("/joint-tests/2026-11"), counted("/joint-tests/new"), counted(f"/joint-tests/{first}")]
    with app.test_request_context(), transaction():
        for code in ("SG-P-VEHICLE", "SG-2-01-002", "SG-2-03-005"):
            inspected(code, somebody("tech"), at=utc_now())
    made(app, lambda: sealed(**slow_uplink()))
    made(app, sealed)
    many = [counted("/joint-tests/2026-11"), counted("/joint-tests/new"), counted(f"/joint-tests/{first}")]
    assert few[0] == many[0] <= 16
    assert few[2] == many[2] <= 16
    assert abs(few[1] - many[1]) <= 2  # the first inspection of a day adds its answers and their photos
    assert many[1] <= 30


def test_today_is_the_day_at_the_site(as_):
    assert f'value="{local_day(utc_now(), "Asia/Shanghai").isoformat()}"' in as_("tech").get("/joint-tests/new").text
