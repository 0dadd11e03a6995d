"""Role × route: who may use what, and that nothing of a command centre shows to anybody else.

The table is routes.txt. The tests walk all routes of the app, so a new one fails until somebody places it there.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.cast import SHAOGUAN
from tests.faults.test_actions import raised
from tests.inspections.documents import ANTENNA, asset_with, filled
from tests.jointtests.documents import NOON, flat_record
from tests.visits.days import day_of, photo, signed, somebody
from webapp.assets.models import Label
from webapp.calls.actions import document_of as call_document
from webapp.calls.actions import take as take_call
from webapp.checklists.drafts import start_draft
from webapp.checklists.queries import version_for
from webapp.documents import worker
from webapp.documents.actions import Made, ask, end, keep
from webapp.documents.models import Document as FiledDocument
from webapp.documents.models import Format, Kind, Outcome
from webapp.documents.sheets import register as register_sheet
from webapp.extensions import db
from webapp.faults.label_reports import Told
from webapp.faults.label_reports import take as take_report
from webapp.faults.models import Finding
from webapp.faults.problems import open_problem
from webapp.fieldwork.actions import note_report
from webapp.fieldwork.schemas import ReportSchema
from webapp.files.actions import attach, keep_bytes
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.inspections.models import Inspection
from webapp.jointtests.actions import hand_in
from webapp.jointtests.schemas import load_document
from webapp.kit.clock import Month, utc_now
from webapp.kit.transaction import transaction
from webapp.notes.actions import document_of as note_document
from webapp.notes.actions import take as take_note
from webapp.people.models import Person
from webapp.reminders.actions import add_target
from webapp.reminders.models import Robot
from webapp.reminders.secret import Secret
from webapp.reports.queries import findings_of
from webapp.reports.review import hand_in as hand_in_month
from webapp.reports.review import tell
from webapp.seals.models import Seal
from webapp.sites.actions import give_role
from webapp.sites.contacts import contacts_of
from webapp.sites.models import Role, ServiceLine, Site
from webapp.sites.queries import site_coded
from webapp.sync.actions import Document, keep_refused
from webapp.sync.models import Refusal
from webapp.visits.actions import covers_of

ROLES = dict(zip("TLSOA", SHAOGUAN, strict=True))
# deeds that take away what other routes need come last
LAST = (
    "reminders.remove_target",
    "contacts.remove",
    "drafts.remove_item",
    "drafts.publish",
    "drafts.discard",
    "sites.choose",
    "people.sign_out",
)
FOR_MACHINES = ("fieldwork.receipts",)  # no page: never sent on to another address
ROBOT = {"robot": "json", "name": "值班群", "url": "http://127.0.0.1:9/hook", "is_on": "1"}
CONTACT = {"name": "值班室", "phone": "0751-000 0009"}
SIGNS_OF_SHAOGUAN = re.compile(r"韶关|SG-\d|GZ-\d{4}")


@dataclass(frozen=True)
class Place:
    """One line of the table."""

    endpoint: str
    who: str
    about: str


TABLE = [
    Place(*line.split())
    for line in (Path(__file__).parent / "routes.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


@dataclass(frozen=True)
class World:
    """Something of everything in Shaoguan: arguments of addresses by name, minimal forms by endpoint."""

    arguments: dict[str, Any]
    by_endpoint: dict[str, dict[str, Any]]
    forms: dict[str, Any]
    queries: dict[str, dict[str, Any]]


def make_world() -> World:
    with transaction():
        tech, lead = somebody("tech"), somebody("lead")
        site = site_coded("SG")
        sealed = day_of()
        signed(sealed)
        visit = day_of(at=sealed.created_at)
        test = hand_in(uuid.uuid4(), load_document(MultiDict(flat_record())), by=tech, now=NOON).test
        asset = asset_with(ANTENNA)
        draft = start_draft(version_for(asset), site.id, by=lead, now=utc_now())
        file_id = photo(tech)
        attach([file_id], site.id, by=tech)
        db.session.flush()
        inspection = db.session.scalars(select(Inspection).where(Inspection.visit_id == visit.id)).first()
        finding = db.session.scalars(select(Finding).where(Finding.site_id == site.id)).first()
        label = db.session.scalars(select(Label).where(Label.asset_id == asset.id)).first()
        line = db.session.scalars(select(ServiceLine).where(ServiceLine.site_id == site.id)).first()
        seal = db.session.scalars(select(Seal).where(Seal.site_id == site.id)).first()
        assert None not in (inspection, finding, label, line, seal)
        written = {"site": site.id, "text": "water under the rack"}
        note, _is_new = take_note(note_document(uuid.uuid4(), written, tech), written, by=tech, now=utc_now())
        rung = {"site": site.id, "kind": "fault", "text": "no picture", "organisation": "town hall"}
        call, _is_new = take_call(call_document(uuid.uuid4(), rung, tech), rung, by=tech, now=utc_now())
        refused = Document(uuid.uuid4(), "note", tech.id, {"text": "?", "photo": [file_id]})
        keep_refused(refused, status=422, reason="unreadable", site_id=site.id, now=utc_now())
        refusal_id = db.session.scalar(select(Refusal.id).where(Refusal.document_id == refused.id))
        device = {"device": uuid.uuid4(), "waiting": 1, "attention": 0}
        note_report(ReportSchema().load(device), user_agent="", by=lead, now=utc_now())
        robot = {"name": "x", "url": Secret(ROBOT["url"]), "secret": Secret(""), "is_on": True}
        target = add_target(site, robot=Robot.JSON, **robot, by=lead.id, now=utc_now())
        fault = raised(tech, level="general")
        owned = {"owner_kind": "supplier", "owner": "x"}
        problem = open_problem(site, {"title": "x", **owned}, [fault.number], by=lead, now=utc_now())
        month = Month(2026, 11)
        told = [finding_line.id for finding_line in findings_of(site, month)]
        tell(site, month, told, "mended", "watched", by=tech, now=utc_now())
        step = hand_in_month(site, month, "a quiet month", by=lead, now=utc_now())
        document = filled(asset)
        paper = filed_document(site, lead)
        shot = keep_bytes(store().read(db.session.get_one(StoredFile, file_id).sha256), None)
        sheet = {"line": line.id, "filled_in_on": date(2026, 11, 18), "kept_at": ""}
        registered = register_sheet(site, sheet, [file_id], by=tech, now=utc_now())
        record = flat_record(**{"photo.conclusion.0.photos": None})  # a photo would belong to one person
        return World(
            arguments={
                "asset_id": asset.id,
                "checklist_id": draft.checklist_id,
                "version_id": draft.id,
                "item_id": draft.items[0].id,
                "finding_id": finding.id,
                "problem_id": problem.id,
                "file_id": file_id,
                "note_id": note.id,
                "call_id": call.id,
                "refusal_id": refusal_id,
                "device_id": device["device"],
                "inspection_id": inspection.id,
                "visit_id": visit.id,
                "signature_id": uuid.uuid4(),
                "test_id": test.id,
                "person_id": lead.id,
                "line_id": line.id,
                "line_number": 2,
                "contact_id": contacts_of(site.id)[0].id,
                "target_id": target.id,
                "document_id": paper.id,
                "sheet_id": registered.id,
                "report_id": take_report(asset, Told("smoke"), shot, now=utc_now()).id,
                "token": label.token,
                "seal": seal.digest,
                "month": str(month),
                "number": step.number,
                "figure": "abnormal",
                "site": site.id,
            },
            by_endpoint={
                "inspections.receive": {"inspection_id": uuid.uuid4()},
                "faults.receive": {"finding_id": uuid.uuid4()},
                "faults.clocks": {"finding_id": fault.id},
                "faultbook.untie": {"finding_id": fault.id},
                **{
                    f"faultpapers.{name}": {"finding_id": fault.id}
                    for name in ("docx", "pdf", "equipment_docx", "equipment_pdf")
                },
                "faultfigures.behind": {"figure": "due"},
                "jointtests.receive": {"test_id": uuid.uuid4()},
                "files.receive": {"file_id": uuid.uuid4()},
                "notes.receive": {"note_id": uuid.uuid4()},
                "calls.receive": {"call_id": uuid.uuid4()},
            },
            forms={
                "faults.receive": {"asset": asset.id, "kind": "hazard", "text": "loose"},
                "faults.arrive": {"reason": "label torn off"},
                "faults.close": {"reason": "tested"},
                "faults.step": {"kind": "acknowledged", "text": "on my way"},
                "hazards.step": {"kind": "started"},
                "label_reports.confirm": {"level": "general"},
                "label_reports.reject": {"reason": "it works"},
                "faults.change_policy": {
                    "reason": "agreed",
                    "general.response_min": "11",
                    "arrival_from": "reported_at",
                    "handling_from": "reported_at",
                    "handling_until": "repaired",
                },
                "faults.reopen": {"reason": "fails again"},
                "faultbook.add": {"title": "x", "faults": "none", **owned},
                "faultbook.decide": {"earlier": fault.id, "is_repeat": "true", "reason": "same"},
                "faultbook.take_step": {"state": "solved", **owned},
                "faultbook.untie": {"reason": "another device"},
                "notes.receive": written,
                "calls.receive": rung,
                "calls.step": {"kind": "followed_up", "text": "rang back"},
                "notes.handle": {"comment": "sealed"},
                "inspections.receive": document,
                "inspections.receive_plain": document,
                "dossiers.by_code": {"code": label.short_code},
                "jointtests.judgement": record,
                "jointtests.receive": record,
                "jointtests.receive_plain": record,
                "fieldwork.handle": {"note": "done again"},
                "fieldwork.report": device,
                "fieldwork.write_off": {"reason": "lost"},
                # the name of another document: refused to everybody who may sign at all, in whatever capacity
                "jointtests.sign_off": {"id": test.id, "capacity": "supervisor", "name": "x", "covers": "0" * 64},
                "visits.sign_off": {"id": test.id, "capacity": "supervisor", "name": "x"},
                "visits.give_back": {"reason": "again"},
                "visits.bring": {
                    "site": site.id,
                    "day": visit.day,
                    "capacity": "supervisor",
                    "signer": somebody("supervisor").id,
                    "name": "陈志强",
                    "covers": covers_of(visit.id),
                },
                "visits.object_to": {"reason": "not me"},
                "visits.omit": {"asset": asset.id, "reason": "locked"},
                "reminders.add_target": ROBOT,
                "reminders.change_target": ROBOT,
                "reminders.set_days": {"early": "7", "soon": "3"},
                "documents.make": {"kind": "hazards"},
                "documents.name_parties": {"client": "x"},
                "papersheets.register": {name: value for name, value in sheet.items() if value},
                "papersheets.type_in": {**document, "at": "10:00"},
                "contacts.add": CONTACT,
                "contacts.change": CONTACT,
                "contacts.move": {"step": "1"},
                "sites.change_line": {"name": "x", "starts_on": "2026-01-01", "ends_on": "2026-12-31"},
                "sites.change_member": {"name": "李建国", "nda_signed_on": "2026-01-01", "is_enabled": "1"},
                "sites.set_roles": {"role": "lead"},
                "sites.choose": {"site": site.id},
                "drafts.publish": {"reason": "better"},
                "drafts.move_item": {"step": "1"},
            },
            queries={
                "fieldwork.receipts": {"ids": str(test.id)},
                "packs.show": {"line": 2},
                "faults.new": {"asset": asset.id},
            },
        )


def filed_document(site: Site, by: Person) -> FiledDocument:
    """A document of a month with its bytes, as a job would have made it."""
    job, _is_new = ask(site, Month(2026, 10), [Kind.HAZARDS], by=by, now=utc_now())
    facts = {"kind": Kind.HAZARDS, "format": Format.HTML, "version": 1, "number": "x", "file_name": "x.html"}
    made = Made(**facts, sha256=store().put(b"x"), size=1, is_final=False, as_of=utc_now())
    kept = keep(job, made, now=utc_now())
    end(job.id, Outcome.DONE, now=utc_now())
    return kept


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(worker, "start", lambda _job_id: None)  # asking for documents is enough here
    with app.test_request_context():
        return make_world()


@pytest.fixture
def stranger(app: Flask, as_: Callable[[str], Any]) -> Any:
    """Somebody who may do everything in Futian and belongs to Shaoguan in no way."""
    with app.test_request_context(), transaction():
        futian = db.session.scalars(select(Site).where(Site.code == "FT")).one()
        for role in Role:
            give_role(somebody("tech2"), futian, role, by=None, now=utc_now())
    return as_("tech2")


def rules_of(app: Flask) -> dict[str, Rule]:
    return {rule.endpoint: rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}


def method_of(rule: Rule) -> str:
    methods = (rule.methods or set()) - {"OPTIONS"}
    return "GET" if "GET" in methods else sorted(methods)[0]


def visit(app: Flask, client: Any, place: Place, world: World) -> tuple[str, TestResponse]:
    """Uses one route with the arguments and the minimal form of the world."""
    rule = rules_of(app)[place.endpoint]
    known = world.arguments | world.by_endpoint.get(place.endpoint, {})
    arguments = {name: known[name] for name in rule.arguments}
    with app.test_request_context():
        address = url_for(place.endpoint, **arguments, **world.queries.get(place.endpoint, {}))
    method = method_of(rule)
    data = world.forms.get(place.endpoint, {}) if method == "POST" else None
    return method, client.open(address, method=method, data=data)


def in_order(table: list[Place]) -> list[Place]:
    return sorted(table, key=lambda place: LAST.index(place.endpoint) if place.endpoint in LAST else -1)


def test_every_route_is_in_the_table_and_nothing_else_is(app):
    """Place a new route in tests/house/routes.txt: who may use it, and what it is about."""
    placed = [place.endpoint for place in TABLE]
    assert sorted(placed) == sorted(set(placed))
    assert set(rules_of(app)) == set(placed)
    assert all(re.fullmatch("[T-][L-][S-][O-][A-]", place.who) for place in TABLE)
    assert {place.about for place in TABLE} <= {"site", "record", "self", "open"}


def test_every_route_has_exactly_one_guard(app):
    """Put open_to_all, signed_in, needs(…) or needs_somewhere(…) directly under the route decorator."""
    for endpoint in rules_of(app):
        view = app.view_functions[endpoint]
        assert getattr(view, "guard", None), f"{endpoint} has no guard"
        inner = getattr(view, "__wrapped__", None)
        assert getattr(inner, "guard", None) is None, f"{endpoint} has two guards"


def test_only_routes_placed_as_open_work_without_sign_in(app):
    """A route that anybody may call says so with open_to_all, and says it in the table."""
    for place in TABLE:
        is_open = app.view_functions[place.endpoint].guard == "open_to_all"
        assert is_open == (place.about == "open"), place.endpoint


@pytest.mark.parametrize(
    "letter",  # lead, supervisor and administrator together use every route: those are enough for a second database
    [pytest.param(letter, marks=pytest.mark.one_database if letter in "TO" else ()) for letter in ROLES],
)
def test_a_role_may_do_what_the_table_says_and_nothing_more(app, as_, world, letter, request):
    if letter != "L":
        request.getfixturevalue("quick_papers")  # drawn once, for the lead, who may have all of them
    client = as_(ROLES[letter])
    wrong = []
    for place in in_order(TABLE):
        method, answer = visit(app, client, place, world)
        if letter not in place.who:
            if answer.status_code != 403:
                wrong.append(f"{place.endpoint}: {answer.status_code} instead of 403")
        elif place.about == "open":
            continue
        elif answer.status_code in (401, 403, 404, 405) or answer.status_code >= 500:
            wrong.append(f"{place.endpoint}: {answer.status_code} for somebody who may")
        elif method in ("GET", "HEAD") and answer.status_code not in (200, 303):
            wrong.append(f"{place.endpoint}: {answer.status_code}")
    assert not wrong


def test_people_of_another_site_find_nothing_of_this_one(app, stranger, world):
    """Records of Shaoguan are 404 for them; pages about a site show their own; nothing names Shaoguan."""
    wrong = []
    for place in in_order(TABLE):
        if place.about == "open":
            continue
        method, answer = visit(app, stranger, place, world)
        not_there = {404} if method != "POST" or place.endpoint in world.forms else {404, 422}
        if place.about == "record" and answer.status_code not in not_there:
            wrong.append(f"{place.endpoint}: {answer.status_code}")
        if answer.status_code >= 500:
            wrong.append(f"{place.endpoint}: {answer.status_code}")
        if answer.mimetype == "text/html" and (leak := SIGNS_OF_SHAOGUAN.search(answer.text)):
            wrong.append(f"{place.endpoint} says {leak.group()}")
    assert not wrong


def test_who_is_not_signed_in_is_asked_to_sign_in(app, client, world):
    wrong = []
    for place in in_order(TABLE):
        method, answer = visit(app, client, place, world)
        if place.about == "open":
            is_right = answer.status_code not in (401, 403) and "/sign-in?" not in (answer.location or "")
        elif method == "GET" and not place.endpoint.startswith(("files.", *FOR_MACHINES)):
            is_right = answer.status_code == 303 and "/sign-in?next=" in answer.location
        else:
            is_right = answer.status_code in (401, 303)
        if not is_right:
            wrong.append(f"{place.endpoint}: {answer.status_code} {answer.location}")
    assert not wrong


def test_a_temporary_password_opens_the_account_page_alone(app, as_, world):
    with app.test_request_context(), transaction():
        db.session.scalars(select(Person).where(Person.username == "lead")).one().must_change_password = True
    client = as_("lead")
    for place in in_order(TABLE):
        if place.about == "open" or place.endpoint in ("people.account", "people.change_password", "people.sign_out"):
            continue
        method, answer = visit(app, client, place, world)
        sent_away = answer.status_code == 303 and answer.location == "/account"
        is_page = method == "GET" and place.endpoint not in FOR_MACHINES
        assert sent_away if is_page else answer.status_code == 403, place.endpoint
