"""The doors: list, sheet, sign-off, return, omission, paper; as page, htmx, machine and plain form."""

from __future__ import annotations

import io
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.inspections.documents import ANTENNA, WALL, asset_with
from tests.visits.days import (
    EVENING,
    MORNING,
    QUIET,
    day_of,
    inspected,
    quiet_day,
    signature_png,
    signed,
    somebody,
)
from webapp.extensions import db
from webapp.inspections.models import Inspection, Omission, Return, Signature, Visit
from webapp.kit.canonical import sha256_hex
from webapp.kit.transaction import transaction
from webapp.seals.models import Seal
from webapp.sync.models import Refusal
from webapp.visits.actions import covers_of, give_back

JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true"}
SHORT = QUIET[:1]


@pytest.fixture
def made(app) -> Callable[..., Any]:
    """Runs something in its own transaction and gives back what it returns."""

    def run(deed: Callable[[], Any]) -> Any:
        with app.test_request_context(), transaction():
            return deed()

    return run


@pytest.fixture
def sheet(made) -> uuid.UUID:
    """A sheet of Shaoguan with two abnormal rows and one in order."""
    return made(lambda: day_of(codes=SHORT).id)


def covers(app, visit_id: uuid.UUID) -> list[str]:
    with app.app_context():
        return covers_of(visit_id)


def inspection_id(app, code: str) -> uuid.UUID:
    with app.app_context():
        return db.session.scalars(select(Inspection.id).where(Inspection.asset_id == asset_with(code).id)).one()


def count(app, table) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def put_signature(client, data: bytes | None = None) -> uuid.UUID:
    file_id, data = uuid.uuid4(), data or signature_png()
    answer = client.put(f"/files/{file_id}", data=data, headers={"X-Content-SHA256": sha256_hex(data)})
    assert answer.status_code == 201
    return file_id


def form(app, visit_id, file_id, capacity="supervisor", **changes):
    fields = {
        "id": str(uuid.uuid4()),
        "capacity": capacity,
        "name": "陈志强",
        "signed_at": EVENING.isoformat(),
        "file": str(file_id),
        "covers": covers(app, visit_id),
    }
    return {**fields, **changes}


def test_the_list_is_empty_with_a_way_out(as_):
    page = as_("supervisor").get("/visits")
    assert "No inspection sheet yet." in page.text
    assert 'href="/today"' in page.text


def test_everybody_of_the_site_finds_the_sheet_and_nobody_else(as_, sheet):
    for username in ("tech", "lead", "supervisor", "office", "admin"):
        assert f"/visits/{sheet}" in as_(username).get("/visits").text
        assert as_(username).get(f"/visits/{sheet}").status_code == 200
    for path in (f"/visits/{sheet}", f"/visits/{sheet}/paper", f"/visits/{sheet}/sheet.pdf"):
        assert as_("supervisor2").get(path).status_code == 404
    assert str(sheet) not in as_("supervisor2").get("/visits").text


def test_the_sheet_opens_with_what_is_abnormal_and_by_how_much(as_, sheet):
    text = as_("supervisor").get(f"/visits/{sheet}").text
    assert "342 s, out by 42 s, limit ≤ 300 s" in text
    assert "冷启动后首次对星多次重捕" in text
    assert "became a fault" in text
    assert "GZ-2611-01" in text
    assert text.count("/thumbnail") == 3
    assert "12 of 12" in text
    assert "abnormal: 3, 5" in text
    assert text.index("LCD拼接屏") < text.index("Normal ·")


def test_only_who_may_sign_sees_the_frame(as_, sheet):
    assert 'value="supervisor"' in as_("supervisor").get(f"/visits/{sheet}").text
    assert 'value="inspector"' in as_("tech").get(f"/visits/{sheet}").text
    for username in ("lead", "office", "admin"):
        text = as_(username).get(f"/visits/{sheet}").text
        assert "data-signature" not in text
        assert "/return" not in text


def test_a_device_signs_with_a_receipt_and_again_without_change(app, as_, sheet):
    client = as_("supervisor")
    fields = form(app, sheet, put_signature(client))
    first = client.post(f"/visits/{sheet}/sign-off", data=fields, headers=JSON)
    assert (first.status_code, first.json["id"]) == (201, fields["id"])
    assert len(first.json["seal"]) == 64
    again = client.post(f"/visits/{sheet}/sign-off", data=fields, headers={**JSON, "X-Sent-At": EVENING.isoformat()})
    assert (again.status_code, again.json["id"], again.json["sha256"]) == (200, fields["id"], first.json["sha256"])
    other = client.post(f"/visits/{sheet}/sign-off", data={**fields, "name": "别人"}, headers=JSON)
    assert (other.status_code, other.json["error"]["code"]) == (409, "other_content")
    assert (count(app, Signature), count(app, Seal)) == (1, 1)


def test_htmx_goes_back_to_the_sealed_sheet(app, as_, sheet):
    client = as_("supervisor")
    answer = client.post(f"/visits/{sheet}/sign-off", data=form(app, sheet, put_signature(client)), headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/visits/{sheet}")
    page = client.get(f"/visits/{sheet}").text
    assert "No. 0001" in page
    assert "data-signature" not in page
    assert "Signature of 陈志强" in page


def test_without_javascript_a_picture_of_the_signature_is_sent(app, as_, sheet):
    client = as_("supervisor")
    fields = form(app, sheet, "", id="", signed_at="", upload=(io.BytesIO(signature_png(3)), "sign.png"))
    answer = client.post(f"/visits/{sheet}/sign-off", data=fields, content_type="multipart/form-data")
    assert (answer.status_code, answer.location) == (303, f"/visits/{sheet}")
    assert count(app, Seal) == 1


@pytest.mark.parametrize(
    ("picture", "status"), [(b"<svg/>", 415), (b"GIF89a", 415), (signature_png()[:200], 415), (b"", 422)]
)
def test_what_is_no_picture_is_no_signature(app, as_, sheet, picture, status):
    fields = form(app, sheet, "", id="", upload=(io.BytesIO(picture), "sign.png"))
    answer = as_("supervisor").post(f"/visits/{sheet}/sign-off", data=fields, content_type="multipart/form-data")
    assert answer.status_code == status
    assert count(app, Signature) == 0


def test_a_technician_cannot_sign_for_the_bureau(app, as_, sheet):
    client = as_("tech")
    answer = client.post(f"/visits/{sheet}/sign-off", data=form(app, sheet, put_signature(client)), headers=JSON)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "wrong_capacity")
    for username, status in (("office", 403), ("admin", 403), ("supervisor2", 404)):
        refused = as_(username).post(f"/visits/{sheet}/sign-off", data=form(app, sheet, uuid.uuid4()), headers=JSON)
        assert refused.status_code == status
    assert count(app, Signature) == 0


def test_a_sheet_that_grew_is_not_signed_and_the_document_is_kept(app, as_, made, sheet):
    client = as_("supervisor")
    fields = form(app, sheet, put_signature(client))
    made(lambda: [inspected(code, somebody("tech"), at=EVENING) for code in QUIET[1:]])
    answer = client.post(f"/visits/{sheet}/sign-off", data=fields, headers=HTMX)
    assert answer.status_code == 409
    assert "2 entries arrived" in answer.text
    with app.app_context():
        kept = db.session.scalars(select(Refusal)).one()
        assert (kept.kind, kept.status, str(kept.document_id)) == ("sign_off", 409, fields["id"])
    fresh = {**fields, "covers": covers(app, sheet)}
    assert client.post(f"/visits/{sheet}/sign-off", data=fresh, headers=JSON).status_code == 201


def test_a_missing_picture_is_asked_for_again(app, as_, sheet):
    missing = str(uuid.uuid4())
    answer = as_("supervisor").post(f"/visits/{sheet}/sign-off", data=form(app, sheet, missing), headers=JSON)
    assert (answer.status_code, answer.json["error"]["missing"]) == (424, [missing])
    assert count(app, Refusal) == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"capacity": "king"}, "capacity"),
        ({"name": ""}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"file": "x"}, "file"),
        ({"signed_at": "yesterday"}, "signed_at"),
        ({"id": "1"}, "id"),
    ],
)
def test_bad_fields_are_named(app, as_, sheet, changes, field):
    fields = form(app, sheet, uuid.uuid4(), **changes)
    answer = as_("supervisor").post(f"/visits/{sheet}/sign-off", data=fields, headers=JSON)
    assert answer.status_code == 422
    assert field in answer.json["error"]["fields"]


def test_another_persons_queue_is_not_sent(app, as_, sheet):
    headers = {**JSON, "X-Outbox-User": str(uuid.uuid4())}
    answer = as_("supervisor").post(f"/visits/{sheet}/sign-off", data=form(app, sheet, uuid.uuid4()), headers=headers)
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "other_user")


def test_a_return_by_the_outbox_has_a_receipt_and_shows_on_the_sheet(app, as_, sheet):
    antenna, client = inspection_id(app, ANTENNA), as_("supervisor")
    fields = {"id": str(uuid.uuid4()), "item": "acquire_time", "reason": "请补拍并重测"}
    for status in (201, 200):
        answer = client.post(f"/inspections/{antenna}/return", data=fields, headers=JSON)
        assert (answer.status_code, answer.json["id"]) == (status, fields["id"])
        assert answer.json["url"] == f"/visits/{sheet}#inspection-{antenna}"
    page = client.get(f"/visits/{sheet}").text
    assert "请补拍并重测" in page
    assert "this accepts 2 rows" in page


def test_the_forms_of_the_sheet_take_part_in_the_outbox_and_post_without_it(as_, sheet):
    """No form of the field carries htmx: its script would send past the outbox."""
    for username, deeds in (("supervisor", ("/sign-off", "/return")), ("tech", ("/sign-off", "/omissions"))):
        page = as_(username).get(f"/visits/{sheet}").text
        forms = re.findall(r"<form[^>]*>", page)
        for deed in deeds:
            found = [form for form in forms if f'{deed}"' in form]
            assert found, deed
            for form in found:
                assert all(
                    part in form for part in ("data-outbox", "data-wait", 'method="post"', "data-kind=", "data-next=")
                )
                assert "hx-" not in form


def test_a_return_by_plain_form_goes_back_to_the_row(app, as_, sheet):
    antenna = inspection_id(app, ANTENNA)
    client = as_("supervisor")
    answer = client.post(f"/inspections/{antenna}/return", data={"item": "", "reason": "请重测"})
    assert (answer.status_code, answer.location) == (303, f"/visits/{sheet}#inspection-{antenna}")
    again = client.post(f"/inspections/{antenna}/return", data={"item": "", "reason": "请重测"})
    assert again.status_code == 409
    assert count(app, Return) == 1


@pytest.mark.parametrize(("username", "status"), [("tech", 403), ("lead", 403), ("office", 403), ("supervisor2", 404)])
def test_nobody_else_returns(app, as_, sheet, username, status):
    antenna = inspection_id(app, ANTENNA)
    answer = as_(username).post(f"/inspections/{antenna}/return", data={"reason": "请重测"})
    assert answer.status_code == status
    assert count(app, Return) == 0


def test_a_return_needs_a_reason(app, as_, sheet):
    answer = as_("supervisor").post(f"/inspections/{inspection_id(app, ANTENNA)}/return", data={}, headers=JSON)
    assert "reason" in answer.json["error"]["fields"]


def test_a_sealed_sheet_offers_no_return_and_refuses_it(app, as_, made, sheet):
    made(lambda: signed(db.session.get_one(Visit, sheet)))
    client = as_("supervisor")
    assert "/return" not in client.get(f"/visits/{sheet}").text
    answer = client.post(f"/inspections/{inspection_id(app, ANTENNA)}/return", data={"reason": "请重测"})
    assert answer.status_code == 409
    assert "signed and sealed" in answer.text


def test_the_old_sheet_says_what_superseded_it(app, as_, made, sheet):
    made(lambda: signed(db.session.get_one(Visit, sheet)))
    antenna = inspection_id(app, ANTENNA)
    newer = made(lambda: inspected(ANTENNA, somebody("tech"), at=EVENING, supersedes=str(antenna)).id)
    text = as_("office").get(f"/visits/{sheet}").text
    assert "1 row was corrected after it was signed." in text
    assert "the signature is superseded" in text
    assert f"/inspections/{newer}" in text
    assert "No. 0001" in text


def test_a_technician_explains_what_was_not_reached(app, as_, sheet):
    client = as_("tech")
    with app.app_context():
        missed = asset_with("SG-2-01-003").id
    assert str(missed) in client.get(f"/visits/{sheet}").text
    answer = client.post(f"/visits/{sheet}/omissions", data={"asset": str(missed), "reason": "随队外出"})
    assert (answer.status_code, answer.location) == (303, f"/visits/{sheet}#not-reached")
    assert "随队外出" in as_("supervisor").get(f"/visits/{sheet}").text
    assert count(app, Omission) == 1
    for username, status in (("supervisor", 403), ("office", 403), ("tech2", 404)):
        data = {"asset": str(missed), "reason": "随队外出"}
        assert as_(username).post(f"/visits/{sheet}/omissions", data=data).status_code == status


def test_futian_needs_two_people(app, as_, made):
    visit = made(lambda: quiet_day(codes=("FT-1-02-014",)).id)
    tech, supervisor = as_("tech2"), as_("supervisor2")
    one = tech.post(f"/visits/{visit}/sign-off", data=form(app, visit, put_signature(tech), "inspector"), headers=JSON)
    assert "seal" not in one.json
    fields = form(app, visit, put_signature(tech, signature_png(5)), "handover")
    assert tech.post(f"/visits/{visit}/sign-off", data=fields, headers=JSON).status_code == 403
    fields = form(app, visit, put_signature(supervisor, signature_png(7)), "handover")
    assert "seal" in supervisor.post(f"/visits/{visit}/sign-off", data=fields, headers=JSON).json


def test_the_sheet_and_the_list_take_the_same_queries_whatever_their_size(app, as_, made, queries):
    small = made(lambda: day_of(codes=SHORT, at=MORNING).id)
    client = as_("supervisor")
    client.get("/visits")
    counted = {}
    for name, path in (("list", "/visits"), ("sheet", f"/visits/{small}"), ("paper", f"/visits/{small}/paper")):
        queries.clear()
        client.get(path)
        counted[name] = len(queries)

    def more():
        tech = somebody("tech")
        for place, code in enumerate(("SG-2-01-003", "SG-2-01-005", "SG-2-02-002", "SG-2-02-003")):
            inspected(code, tech, at=MORNING.replace(hour=3, minute=place * 3))
        day_of("lead", codes=QUIET[1:], at=MORNING.replace(day=12))
        give_back(inspection_of(WALL), {"reason": "请重测"}, by=somebody("supervisor"), now=EVENING)

    def inspection_of(code):
        return db.session.scalars(select(Inspection.id).where(Inspection.asset_id == asset_with(code).id)).first()

    made(more)
    for name, path in (("list", "/visits"), ("sheet", f"/visits/{small}"), ("paper", f"/visits/{small}/paper")):
        queries.clear()
        client.get(path)
        assert len(queries) == counted[name], name


def test_a_long_list_is_paged(as_, made):

    def many():
        tech = somebody("tech")
        site = asset_with(ANTENNA).site_id
        for number in range(1, 34):
            db.session.add(
                Visit(site_id=site, day=MORNING.date(), technician_id=tech.id, number=number, created_at=MORNING)
            )

    made(many)
    client = as_("supervisor")
    first = client.get("/visits").text
    assert first.count('class="row"') == 30
    assert "page=2" in first
    assert client.get("/visits?page=2").text.count('class="row"') == 3
    assert "There are no more sheets." in client.get("/visits?page=9").text
    assert client.get("/visits?page=0").status_code == 422
