"""One document of every kind that is born in the field, with its door, as a device hands it in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.inspections.documents import ANTENNA, asset_with, filled
from tests.jointtests.documents import NOON, flat_record
from tests.visits.days import QUIET, day_of, drawn_by, somebody
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.hazards import Decision, decide, hand_in_list
from webapp.faults.models import Finding, FindingKind
from webapp.inspections.models import Inspection
from webapp.jointtests.actions import hand_in
from webapp.jointtests.models import JointTest
from webapp.jointtests.schemas import load_document
from webapp.kit.canonical import sha256_hex
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.queries import site_coded
from webapp.visits.actions import covers_of

FORM = "application/x-www-form-urlencoded"
DEVICE = uuid.UUID("5d0c7f2e-1111-4222-8333-444455556666")
NIL = uuid.UUID(int=0)
UNREADABLE = {
    "inspection": {"finished_at": "yesterday"},
    "finding": {"kind": "odd"},
    "arrival": {"arrived_at": "yesterday"},
    "fault_step": {"kind": "odd"},
    "hazard_step": {"kind": "odd"},
    "note": {"text": ""},
    "sign_off": {"capacity": "king"},
    "brought": {"day": "yesterday"},
    "return": {"reason": ""},
    "omission": {"reason": ""},
    "joint_test": {"form": "x"},
    "joint_test_signature": {"covers": "x"},
}
CHANGED = {
    "inspection": {"advice": "another"},
    "finding": {"text": "another"},
    "arrival": {"reason": "another"},
    "fault_step": {"text": "another"},
    "hazard_step": {"text": "another"},
    "note": {"text": "another"},
    "sign_off": {"name": "another"},
    "brought": {"name": "another"},
    "return": {"reason": "another"},
    "omission": {"reason": "another"},
    "joint_test": {"v.header.0.temperature": "9"},
    "joint_test_signature": {"name": "another"},
}
KINDS = tuple(UNREADABLE)


@dataclass(frozen=True)
class Letter:
    """A document on its way: who wrote it, its name, address and fields. `kind` is how arrivals call it."""

    kind: str
    author: str
    author_id: uuid.UUID
    id: uuid.UUID
    address: str  # {} stands for the name
    form: dict[str, Any]

    @property
    def is_named_by_address(self) -> bool:
        return "{}" in self.address

    @property
    def fields(self) -> dict[str, Any]:
        return self.form if self.is_named_by_address else {**self.form, "id": str(self.id)}

    @property
    def body(self) -> bytes:
        return urlencode(self.fields, doseq=True).encode()

    def with_fields(self, **changes: Any) -> Letter:
        return replace(self, form={**self.form, **changes})

    def headers(self, sent_at: datetime | None = None) -> dict[str, str]:
        """Those of the outbox."""
        return {
            "Accept": "application/json",
            "X-App-Protocol": "1",
            "X-Content-SHA256": sha256_hex(self.body),
            "X-Device": str(DEVICE),
            "X-Outbox-User": str(self.author_id),
            "X-Sent-At": (sent_at or utc_now()).isoformat(),
        }

    def send(self, client: Any, sent_at: datetime | None = None, **headers: str | None) -> TestResponse:
        """As the outbox sends it; a header of None is left out."""
        said = self.headers(sent_at) | {name.replace("_", "-"): text for name, text in headers.items()}
        return client.post(
            self.address.format(self.id),
            data=self.body,
            content_type=FORM,
            headers={name: text for name, text in said.items() if text is not None},
        )


def letter(app: Flask, kind: str) -> Letter:
    """A document of that kind that can be handed in; what it refers to is here."""
    with app.test_request_context(), transaction():
        made = _MADE[kind]()
        db.session.flush()
    return made


def _letter(kind: str, author: Person, address: str, form: dict[str, Any]) -> Letter:
    plain = {name: _text(value) for name, value in form.items()}
    return Letter(kind, author.username, author.id, uuid.uuid4(), address, plain)


def _text(value: Any) -> Any:
    return value if isinstance(value, list) else str(value)


def _inspection() -> Letter:
    return _letter("inspection", somebody("tech"), "/inspections/{}", filled(asset_with(ANTENNA)))


def _finding() -> Letter:
    form = {"asset": asset_with(ANTENNA).id, "kind": "hazard", "text": "loose"}
    return _letter("finding", somebody("tech"), "/faults/{}", form)


def _arrival() -> Letter:
    day_of(codes=QUIET[:1])
    finding = db.session.scalars(select(Finding)).first()
    assert finding
    return _letter("arrival", somebody("tech"), f"/faults/{finding.id}/arrivals", {"reason": "label torn off"})


def _fault_step() -> Letter:
    day_of(codes=QUIET[:1])
    finding = db.session.scalars(select(Finding).where(Finding.kind == "fault")).first()
    assert finding
    form = {"kind": "acknowledged", "text": "on my way"}
    return _letter("fault_step", somebody("tech"), f"/faults/{finding.id}/steps", form)


def _hazard_step() -> Letter:
    site, lead, now = site_coded("SG"), somebody("lead"), utc_now()
    told = {"item_text": "", "level": None, "text": "loose", "photo_ids": [], "source": None, "channel": "site"}
    asset = asset_with(ANTENNA)
    hazard = raise_finding(FindingKind.HAZARD, site=site, asset=asset, by=lead, reported_at=now, now=now, **told)
    hand_in_list(site, Month.of(local_day(now, site.timezone)), {hazard.id: ""}, by=lead, now=now)
    decide(site.id, [Decision(hazard.id, is_approved=True)], by=somebody("supervisor"), now=now)
    return _letter("hazard_step", somebody("tech"), f"/faults/hazards/{hazard.id}/steps", {"kind": "started"})


def _note() -> Letter:
    form = {"site": site_coded("SG").id, "text": "water under the rack"}
    return _letter("note", somebody("tech"), "/notes/{}", form)


def _sign_off() -> Letter:
    visit, by = day_of(codes=QUIET[:1]), somebody("supervisor")
    db.session.flush()
    form = {"capacity": "supervisor", "name": by.name, "file": drawn_by(by), "covers": covers_of(visit.id)}
    return _letter("sign_off", by, f"/visits/{visit.id}/sign-off", form)


def _brought() -> Letter:
    visit, by, signer = day_of(codes=QUIET[:1]), somebody("tech"), somebody("supervisor")
    db.session.flush()
    form = {
        "site": visit.site_id,
        "day": visit.day,
        "capacity": "supervisor",
        "signer": signer.id,
        "name": signer.name,
        "file": drawn_by(by),
        "covers": covers_of(visit.id),
    }
    return _letter("sign_off", by, "/sign-offs/{}", form)


def _return() -> Letter:
    visit = day_of(codes=QUIET[:1])
    inspection = db.session.scalars(select(Inspection.id).where(Inspection.visit_id == visit.id)).first()
    return _letter("return", somebody("supervisor"), f"/inspections/{inspection}/return", {"reason": "again, please"})


def _omission() -> Letter:
    visit = day_of(codes=QUIET[:1])
    form = {"asset": asset_with("SG-2-01-003").id, "reason": "lent out"}
    return _letter("omission", somebody("tech"), f"/visits/{visit.id}/omissions", form)


def _joint_test() -> Letter:
    return _letter("joint_test", somebody("tech"), "/joint-tests/{}", flat_record())


def _joint_test_signature() -> Letter:
    test: JointTest = hand_in(uuid.uuid4(), load_document(MultiDict(flat_record())), by=somebody("tech"), now=NOON).test
    by = somebody("supervisor")
    form = {"capacity": "supervisor", "name": by.name, "file": drawn_by(by), "covers": test.digest}
    return _letter("joint_test_signature", by, f"/joint-tests/{test.id}/sign-off", form)


_MADE: dict[str, Callable[[], Letter]] = {
    "inspection": _inspection,
    "finding": _finding,
    "arrival": _arrival,
    "fault_step": _fault_step,
    "hazard_step": _hazard_step,
    "note": _note,
    "sign_off": _sign_off,
    "brought": _brought,
    "return": _return,
    "omission": _omission,
    "joint_test": _joint_test,
    "joint_test_signature": _joint_test_signature,
}
