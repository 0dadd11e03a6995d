"""An exported outbox brought in by the lead: through the same doors, in its author's name, whatever the file holds."""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select, update

from tests.inspections.documents import ANTENNA, WALL, asset_with, filled, picture
from tests.visits.days import antenna_day, signature_png, somebody
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.fieldwork import exported, importing
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.inspections.models import Inspection, Signature
from webapp.kit.canonical import sha256_hex
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.actions import give_role
from webapp.sites.models import Role
from webapp.sites.queries import site_coded
from webapp.sync.models import Arrival
from webapp.visits.actions import covers_of

ADDRESS = "/field-work/import"
DONE_AT = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)
DEVICE = uuid.UUID("5d1c7a52-7f0e-4d35-9a57-6d3f0b7f1a11")


def photo_entry(data: bytes, **changes: Any) -> tuple[dict[str, Any], bytes]:
    name = uuid.uuid4()
    entry = {"id": str(name), "name": f"files/{name}.jpg", "type": "image/jpeg", "sha256": sha256_hex(data)}
    return {**entry, **changes}, data


def document(
    url: str, form: dict[str, Any], files: list[tuple[dict[str, Any], bytes]] = (), **changes: Any
) -> dict[str, Any]:
    """An entry as the device writes it; `files` go along under "_bytes" and are taken out again by `zipped`."""
    body = urlencode(form, doseq=True)
    return {
        "id": str(uuid.uuid4()),
        "kind": "inspection",
        "title": "车载Ku动中通天线",
        "url": url,
        "body": body,
        "sha256": sha256_hex(body),
        "made_at": DONE_AT.isoformat(),
        "files": [entry for entry, _data in files],
        "_bytes": {entry["name"]: data for entry, data in files},
        **changes,
    }


def inspection(code: str = ANTENNA, *, files: list[Any] = (), **changes: Any) -> dict[str, Any]:
    name = str(uuid.uuid4())
    photos = {"photo_roof": [entry["id"] for entry, _data in files]} if files else None
    form = filled(asset_with(code), at=DONE_AT, photos=photos)
    return document(changes.pop("url", f"/inspections/{name}"), form, files, **{"id": name, **changes})


def zipped(documents: list[dict[str, Any]], user: str | uuid.UUID = "tech", **changes: Any) -> bytes:
    """The file as a device exports it; `changes` go over the list, `extra` are further entries."""
    extra = changes.pop("extra", {})
    author = user if isinstance(user, uuid.UUID) else somebody(user).id
    listed = {
        "app": "xunjian",
        "format": 1,
        "user": str(author),
        "device": str(DEVICE),
        "exported_at": (DONE_AT + timedelta(days=2)).isoformat(),
        "documents": [{name: value for name, value in each.items() if name != "_bytes"} for each in documents],
        **changes,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("outbox.json", json.dumps(listed, ensure_ascii=False))
        for each in documents:
            for name, data in each["_bytes"].items():
                file.writestr(name, data)
        for name, data in extra.items():
            file.writestr(name, data)
    return out.getvalue()


def upload(client: Any, data: bytes) -> Any:
    return client.post(ADDRESS, data={"file": (io.BytesIO(data), "outbox.zip")})


def ticket_in(page: Any) -> str:
    return re.search('name="ticket" value="([^"]+)"', page.text)[1]


def bring(client: Any, data: bytes) -> Any:
    """Preview and confirmation."""
    return client.post(f"{ADDRESS}/confirmation", data={"ticket": ticket_in(upload(client, data))})


def states(report: Any) -> list[str]:
    assert report.status_code == 200, report.text
    return re.findall('data-result="([a-z]+)"', report.text)


def count(app: Any, table: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


@pytest.fixture
def made(app: Any) -> Callable[..., bytes]:
    """`made(lambda: [...documents])`: a zip of them, made where the database is at hand."""

    def make(documents: Callable[[], list[dict[str, Any]]], user: Any = "tech", **changes: Any) -> bytes:
        with app.test_request_context():
            return zipped(documents(), user, **changes)

    return make


def test_what_is_inside_is_shown_and_nothing_is_stored_before_it_is_confirmed(app, as_, made):
    data = made(lambda: [inspection(files=[photo_entry(picture())]), inspection(WALL, title="LED 大屏")])
    page = upload(as_("lead"), data)
    assert page.status_code == 200
    for said in ("张伟", "车载Ku动中通天线", "LED 大屏", "1 photo", "Nothing is stored yet", "Bring in 2 documents"):
        assert said in page.text, said
    assert (count(app, Inspection), count(app, Arrival), count(app, StoredFile)) == (0, 0, 0)


def test_documents_and_photos_arrive_in_their_authors_name_and_say_who_brought_them(app, as_, made):
    shots = [photo_entry(picture("navy")), photo_entry(picture("teal"))]
    data = made(lambda: [inspection(files=shots), inspection(WALL)])
    lead = as_("lead")
    report = bring(lead, data)
    assert states(report) == ["arrived", "arrived"]
    with app.app_context():
        arrivals = db.session.scalars(select(Arrival)).all()
        assert {each.author_id for each in arrivals} == {somebody("tech").id}
        assert {each.brought_by for each in arrivals} == {somebody("lead").id}
        assert {each.clock_offset_ms for each in arrivals} == {None}, "nothing is known of the device's clock now"
        done = db.session.scalars(select(Inspection)).all()
        assert {each.technician_id for each in done} == {somebody("tech").id}
        assert {each.finished_at for each in done} == {DONE_AT}
        for entry, sent in shots:
            kept = db.session.get_one(StoredFile, uuid.UUID(entry["id"]))
            assert (store().read(kept.sha256), kept.received_by) == (sent, somebody("tech").id)
        noted = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == Verb.OUTBOX_IMPORTED)).one()
        assert noted.person_id == somebody("lead").id
        assert {name: noted.facts[name] for name in ("arrived", "here", "refused", "device")} == {
            "arrived": 2, "here": 0, "refused": 0, "device": str(DEVICE),
        }  # fmt: skip
    page = as_("supervisor").get(f"/inspections/{arrivals[0].id}").text
    assert "brought in by 李建国 from an exported outbox" in page


def test_the_same_file_again_changes_nothing(app, as_, made):
    data = made(lambda: [inspection(files=[photo_entry(picture())]), inspection(WALL)])
    lead = as_("lead")
    bring(lead, data)
    page = upload(lead, data)
    assert "2 of them are here already" in page.text
    assert states(bring(lead, data)) == ["here", "here"]
    assert (count(app, Inspection), count(app, StoredFile)) == (2, 1)


def test_a_report_can_be_asked_for_again(as_, made):
    lead = as_("lead")
    form = {"ticket": ticket_in(upload(lead, made(lambda: [inspection()])))}
    assert states(lead.post(f"{ADDRESS}/confirmation", data=form)) == ["arrived"]
    assert states(lead.post(f"{ADDRESS}/confirmation", data=form)) == ["here"]


def test_one_bad_document_stops_nothing_and_each_says_why(app, as_, made):
    absent = photo_entry(picture())
    absent[0]["name"] = f"files/{uuid.uuid4()}.jpg"
    other = picture("teal")

    def documents() -> list[dict[str, Any]]:
        tampered = inspection(WALL)
        tampered["body"] = tampered["body"].replace("run_state=running", "run_state=stopped")
        return [
            tampered,
            document("/inspections/not-a-door", {}),
            document(f"/inspections/{(name := str(uuid.uuid4()))}", {"asset": "x"}, id=name),
            inspection(files=[(absent[0], other)], _bytes={}),
            inspection(files=[photo_entry(other, sha256="0" * 64)]),
            inspection(),
        ]

    report = bring(as_("lead"), made(documents))
    assert states(report) == ["refused", "refused", "refused", "missing", "missing", "arrived"]
    for said in (
        "It is not as the device wrote it down",
        "This is no document of the field",
        "A photo is not in the file",
        "A photo is not as the device kept it",
    ):
        assert said in report.text, said
    assert count(app, Inspection) == 1


def test_a_sign_off_arrives_with_its_signature_and_waits_for_its_signer(app, as_, made):
    with app.test_request_context(), transaction():
        visit = antenna_day(at=DONE_AT)
        covers, sheet = covers_of(visit.id), visit.id
    drawn, name = photo_entry(signature_png(), type="image/png"), str(uuid.uuid4())
    form = {"id": name, "capacity": "inspector", "file": drawn[0]["id"], "name": "张伟", "covers": covers}
    form["signed_at"] = DONE_AT.isoformat()
    data = made(lambda: [document(f"/visits/{sheet}/sign-off", form, [drawn], id=name, kind="sign_off")])
    assert states(bring(as_("lead"), data)) == ["arrived"]
    with app.app_context():
        signature = db.session.scalars(select(Signature)).one()
        assert (signature.id, signature.person_id) == (uuid.UUID(name), somebody("tech").id)
        assert signature.is_waiting, "who imports could have written the file"


def test_a_signature_under_a_joint_test_must_be_given_under_the_own_account(as_, made):
    name, address = str(uuid.uuid4()), f"/joint-tests/{uuid.uuid4()}/sign-off"
    report = bring(as_("lead"), made(lambda: [document(address, {"id": name, "capacity": "technician"}, id=name)]))
    assert states(report) == ["refused"]
    assert "own account" in report.text


def test_faults_arrivals_at_them_and_free_notes_come_the_same_way_in_order(app, as_, made):
    fault, came, note = (str(uuid.uuid4()) for _each in range(3))

    def documents() -> list[dict[str, Any]]:
        asset, site = asset_with(ANTENNA), site_coded("SG")
        told = {"asset": asset.id, "kind": "fault", "level": "general", "text": "不锁定", "reported_at": DONE_AT}
        return [
            document(f"/faults/{fault}", told, id=fault, kind="finding"),
            document(
                f"/faults/{fault}/arrivals",
                {"id": came, "arrived_at": DONE_AT, "reason": "标签脱落"},
                id=came,
                kind="arrival",
            ),
            document(f"/notes/{note}", {"site": site.id, "text": "柜门钥匙断了"}, id=note, kind="note"),
        ]

    report = bring(as_("lead"), made(documents))
    assert states(report) == ["arrived"] * 3, report.text
    for address in (f"/faults/{fault}", f"/notes/{note}"):
        assert "brought in by 李建国 from an exported outbox" in as_("lead").get(address).text


@pytest.mark.parametrize(
    "url",
    [
        "/sign-out",
        "/account/password",
        "/field-work/import/confirmation",
        "/faults/{id}/closure",
        "/visits/{id}/confirmation",
        "/inspections/00000000-0000-0000-0000-000000000000",
        "/files/{id}",
        "https://elsewhere.example/inspections/{id}",
        "//elsewhere.example/inspections/{id}",
        "/inspections/{id}?x=1",
        "/inspections/{id}/",
        "/inspections/../inspections/{id}",
        "inspections/{id}",
        "\x00",
        "",
    ],
)
def test_only_doors_of_documents_of_the_field_are_opened_and_only_under_their_own_name(app, as_, made, url):
    name = str(uuid.uuid4())
    forged = [document(url.format(id=name), {"reason": "x", "old": "x", "new": "y"}, id=name)]
    report = bring(as_("lead"), made(lambda: forged))
    assert states(report) == ["refused"]
    assert "This is no document of the field" in report.text


def test_every_door_of_the_list_is_one_of_the_app(app):
    """A door that was renamed must be renamed in importing.DOORS, too."""
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    for endpoint, name in [*importing.DOORS.items(), (importing.OWN_ACCOUNT_ONLY, None)]:
        assert endpoint in rules, endpoint
        assert name is None or name in rules[endpoint].arguments, endpoint


def test_a_document_whose_body_names_another_record_is_refused(as_, made):
    form = {"id": ["", str(uuid.uuid4()), ""], "asset": str(uuid.uuid4()), "reason": "x"}
    data = made(lambda: [document(f"/visits/{uuid.uuid4()}/omissions", form, id=form["id"][1])])
    assert states(bring(as_("lead"), data)) == ["refused"]


@pytest.mark.parametrize("user", ["tech2", uuid.uuid4()])
def test_the_outbox_of_somebody_who_does_not_work_here_is_refused(app, as_, made, user):
    answer = upload(as_("lead"), made(lambda: [inspection()], user))
    assert answer.status_code == 422
    assert "belongs to nobody who works in your command centre" in answer.text
    assert "ticket" not in answer.text


def test_the_outbox_of_an_account_that_is_switched_off_is_refused(app, as_, made):
    with app.app_context(), transaction():
        db.session.execute(update(Person).where(Person.username == "tech").values(is_enabled=False))
    assert upload(as_("lead"), made(lambda: [inspection()])).status_code == 422


def test_a_temporary_password_of_the_author_does_not_hold_the_work_back(app, as_, made):
    with app.app_context(), transaction():
        db.session.execute(update(Person).where(Person.username == "tech").values(must_change_password=True))
    assert states(bring(as_("lead"), made(lambda: [inspection()]))) == ["arrived"]
    with app.app_context():
        assert somebody("tech").must_change_password


def test_documents_for_a_site_where_the_importer_may_not_import_are_refused(app, as_, made):
    """The technician works in both command centres, the lead in one: the other one's document finds no door."""
    with app.test_request_context(), transaction():
        give_role(somebody("tech"), site_coded("FT"), Role.TECHNICIAN, by=None, now=utc_now())
    report = bring(as_("lead"), made(lambda: [inspection("FT-1-02-014"), inspection()]))
    assert states(report) == ["refused", "arrived"]


def test_reasons_are_given_in_the_language_of_who_imports(app, as_, made):
    def documents() -> list[dict[str, Any]]:
        whole = inspection()
        body = whole["body"].replace("run_state=running", "")
        return [{**whole, "body": body, "sha256": sha256_hex(body)}]

    with app.app_context(), transaction():
        db.session.execute(update(Person).where(Person.username == "tech").values(language="zh"))
    report = bring(as_("lead"), made(documents))
    assert "1 thing is still missing. Running state: choose one." in report.text


def test_who_imports_stays_who_they_are(as_, made):
    lead = as_("lead")
    bring(lead, made(lambda: [inspection()]))
    assert "李建国" in lead.get("/account").text


def uploads_in(app: Any) -> set[Path]:
    return set((app.config["SETTINGS"].data_dir / "imports").glob("*"))


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(21):
            file.writestr(f"files/{uuid.UUID(int=number)}.jpg", bytes(20 * 1024 * 1024))
    return out.getvalue()


def one(name: str, data: bytes | str = "{}") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, data)
    return out.getvalue()


def cut_off(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    """A byte of the list changed behind its checksum."""
    place = data.index(b'"app"') + 1
    return data[:place] + b"b" + data[place + 1 :]


HOSTILE: dict[str, Callable[[Callable[..., bytes]], bytes]] = {
    "no zip": lambda _made: b"hello",
    "empty": lambda _made: b"",
    "no list": lambda _made: one("readme.txt"),
    "no JSON": lambda _made: one("outbox.json", "{"),
    "nested without end": lambda _made: one("outbox.json", "[" * 200_000),
    "half characters": lambda _made: one("outbox.json", '{"app": "\\ud800"}'),
    "not UTF-8": lambda _made: one("outbox.json", b"\xff\xfe"),
    "a list": lambda _made: one("outbox.json", "[]"),
    "other app": lambda made: made(lambda: [inspection()], app="elsewhere"),
    "no documents": lambda made: made(list),
    "bomb": lambda _made: bomb(),
    "up and away": lambda made: made(lambda: [inspection()], extra={"../../etc/passwd": b"x"}),
    "absolute": lambda made: made(lambda: [inspection()], extra={"/etc/passwd": b"x"}),
    "backslash": lambda made: made(lambda: [inspection()], extra={"..\\x": b"x"}),
    "a drive": lambda made: made(lambda: [inspection()], extra={"C:x": b"x"}),
    "too many": lambda made: made(lambda: [inspection()], extra={f"x{n}": b"" for n in range(exported.MOST_ENTRIES)}),
    "cut off": lambda made: cut_off(made(lambda: [inspection()])),
    "flipped": lambda made: flipped(made(lambda: [inspection()])),
    "no id": lambda made: made(lambda: [inspection(id="x")]),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_or_broken_file_is_refused_plainly_and_nothing_is_kept(app, as_, made, what):
    before = uploads_in(app)
    answer = upload(as_("lead"), HOSTILE[what](made))
    assert answer.status_code == 422, answer.text
    assert "outbox" in answer.text or "too much" in answer.text
    assert uploads_in(app) == before
    assert count(app, Arrival) == 0


def test_a_file_of_a_newer_app_says_so(as_, made):
    answer = upload(as_("lead"), made(lambda: [inspection()], format=2))
    assert answer.status_code == 422
    assert "another version of the app" in answer.text


def test_an_odd_name_or_kind_of_a_photo_opens_nothing(app, as_, made):
    """The zip itself may not hold such a name; named in the list alone it finds nothing."""
    odd = photo_entry(picture(), name="../../secret_key", type="text/html\r\nX-Outbox-User: x")
    assert states(bring(as_("lead"), made(lambda: [inspection(files=[odd], _bytes={})]))) == ["missing"]
    right = photo_entry(picture(), type="text/html")
    assert states(bring(as_("lead"), made(lambda: [inspection(files=[right])]))) == ["arrived"]


def test_what_an_older_phone_could_not_say_is_not_needed(app, as_, made):
    """Without a secure context a browser computes no digest, and older pages noted no kind of a photo."""
    shot = photo_entry(picture())
    del shot[0]["type"], shot[0]["sha256"]
    bare = lambda: [{name: value for name, value in inspection(files=[shot], sha256="").items() if name != "title"}]  # noqa: E731
    assert states(bring(as_("lead"), made(bare))) == ["arrived"]


def test_what_a_photo_claims_to_be_is_looked_at(app, as_, made):
    report = bring(as_("lead"), made(lambda: [inspection(files=[photo_entry(b"<svg onload=alert(1)>")])]))
    assert states(report) == ["missing"]
    assert count(app, StoredFile) == 0


def test_titles_are_text(as_, made):
    page = upload(as_("lead"), made(lambda: [inspection(title="<script>alert(1)</script>{{7*7}}")]))
    assert "&lt;script&gt;alert(1)" in page.text
    assert "49" not in page.text.partition("&lt;script")[2][:60]


def test_the_ticket_is_good_for_its_owner_only(app, as_, made):
    with app.test_request_context(), transaction():
        give_role(somebody("tech"), site_coded("SG"), Role.LEAD, by=None, now=utc_now())
    ticket = ticket_in(upload(as_("lead"), made(lambda: [inspection()])))
    for username, text in (("tech", ticket), ("lead", "x"), ("lead", ticket[:-2]), ("lead", "")):
        answer = as_(username).post(f"{ADDRESS}/confirmation", data={"ticket": text})
        assert (answer.status_code, "too old or not yours" in answer.text) == (409, True)
    assert count(app, Inspection) == 0


def test_more_than_two_hundred_megabytes_are_not_even_read(as_):
    large = {"CONTENT_LENGTH": str(201 * 1024 * 1024), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = as_("lead").post(ADDRESS, environ_overrides=large)
    assert answer.status_code == 413


def test_without_a_file_the_page_asks_for_one(as_):
    assert as_("lead").post(ADDRESS).status_code == 422
    assert as_("lead").get(ADDRESS).status_code == 200


def test_only_the_lead_imports(as_, client):
    for username in ("tech", "supervisor", "office", "admin"):
        assert as_(username).get(ADDRESS).status_code == 403
        assert as_(username).post(ADDRESS).status_code == 403
    assert client.get(ADDRESS).status_code == 303
