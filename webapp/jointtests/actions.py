"""Importing the form, handing in a joint test, signing it. Nothing handed in is ever changed (R24, R96, R135)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.files.actions import Bytes, attach, id_of_upload, note_file
from webapp.jointtests.form import CONCLUSION, RESULT, read_form
from webapp.jointtests.handing_in import day_typed, mistakes, times_typed
from webapp.jointtests.layout import build
from webapp.jointtests.models import JointTest, JointTestForm, JointTestSignature
from webapp.jointtests.queries import form_for, material, record_for, successor_of
from webapp.jointtests.rules import ALL_CAPACITIES, Capacity, next_number, number_prefix
from webapp.jointtests.schemas import content_of as came
from webapp.jointtests.schemas import typed_of
from webapp.jointtests.seal import KIND, content_of
from webapp.jointtests.sheet import Sheet
from webapp.jointtests.values import store_values
from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.clock import Month, local_day
from webapp.kit.language import local
from webapp.kit.problems import Conflict, Invalid, Refused
from webapp.people.models import Person
from webapp.seals.actions import seal
from webapp.seals.models import Seal
from webapp.sites.access import may, require
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Document, Sending, named, receive

SIGNATURE_KIND = "joint_test_signature"


@dataclass(frozen=True)
class Accepted:
    """A document that is stored: new, or here already with the same content."""

    record_id: uuid.UUID  # of the document: the record itself, or the signature under it
    test: JointTest
    digest: str
    is_new: bool
    seal: Seal | None = None


def import_form(data: dict[str, Any], *, now: datetime) -> JointTestForm:
    """Stores a version of the form; the same content again changes nothing.

    Raises:
        Invalid: the file has a mistake; section and item are named.
    """
    content = _without_floats(data)
    read_form(content)
    digest = sha256_hex(canonical_json(content))
    here = db.session.scalar(select(JointTestForm).where(JointTestForm.digest == digest))
    if here:
        return here
    number = (db.session.scalar(select(func.max(JointTestForm.number))) or 0) + 1
    form = JointTestForm(id=uuid.uuid4(), number=number, digest=digest, content=content, imported_at=now)
    db.session.add(form)
    db.session.flush()
    record(Verb.JOINT_TEST_FORM_IMPORTED, f"joint_test_form:{form.id}", by=None, now=now, number=number, digest=digest)
    return form


def hand_in(
    test_id: uuid.UUID, fields: dict[str, Any], *, sending: Sending = NOT_SENT, by: Person, now: datetime
) -> Accepted:
    """Stores a filled-in record; the same document again changes nothing. `fields` as in JointTestSchema.

    Copies are made anew from the server's own inspections of that day; each problem raises a fault.

    Raises:
        NotFound, Refused: not this person's site, no satellite vehicle there, or not theirs to fill in.
        Conflict: another content is here under this id, or the record to correct is replaced already.
        Invalid: something is missing or unreadable; section and item are named.
        Missing: photos have not arrived yet.
    """
    site = require(by, Right.INSPECT, fields["site"])
    document = document_of(test_id, fields, by, sending, claimed_at=_finished_at(fields, site))
    if not receive(document, now=now):
        return Accepted(test_id, record_for(by, test_id), document.digest, is_new=False)
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update(key_share=True))
    form = form_for(site, fields["form"])
    old = _corrected(fields.get("supersedes"), by)
    typed = typed_of(fields)
    day = day_typed(typed.values, local_day(now, site.timezone))
    known = material(site, read_form(form.content), day, now=now, without=old.id if old else None)
    sheet = build(typed, known)
    _refuse_mistakes(sheet, typed.values, site)
    attach([file for photos in typed.photos.values() for file in photos], site.id, by)
    times = times_typed(typed.values, site.timezone) or (now, now)
    test = JointTest(
        id=test_id,
        site_id=site.id,
        form_id=form.id,
        number=_free_number(site, day),
        day=day,
        technician_id=by.id,
        started_at=times[0],
        finished_at=times[1],
        received_at=now,
        result=sheet.value(CONCLUSION, RESULT),
        supersedes_id=old.id if old else None,
        digest=document.digest,
    )
    db.session.add(test)
    db.session.flush()
    store_values(test, sheet, site, old, by=by, now=now)
    facts = {"number": test.number, "result": test.result, "supersedes": str(old.id) if old else None}
    record(Verb.JOINT_TEST_RECEIVED, f"joint_test:{test.id}", by=by.id, now=now, site_id=site.id, **facts)
    db.session.flush()
    return Accepted(test_id, test, document.digest, is_new=True)


def sign_off(
    test_id: uuid.UUID,
    fields: dict[str, Any],
    *,
    picture: Bytes | None = None,
    sending: Sending = NOT_SENT,
    by: Person,
    now: datetime,
) -> Accepted:
    """Stores a signature; technician and supervisor together seal the record. The same document again changes nothing.

    `fields` as in SignOffSchema; `picture` is the signature where it came with a plain form, checked and kept.

    Raises:
        NotFound, Refused: not this person's site, or not theirs to sign in this capacity.
        Conflict: signed in this capacity already, replaced by a correction, or not the record that was shown.
        Invalid, Missing: no signature, or its picture has not arrived yet.
    """
    test = record_for(by, test_id, Right.HAND_OVER, lock=True)
    if picture:
        fields = _with_picture(fields, picture, by=by, now=now)
    document = signature_document(fields, test.id, by, sending)
    if not receive(document, now=now):
        return Accepted(document.id, test, document.digest, is_new=False)
    capacity = Capacity(fields["capacity"])
    _refuse_wrong_capacity(capacity, test, by)
    signed = {signature.capacity for signature in test.signatures}
    _refuse_if_not_open(test, capacity, signed, fields["covers"])
    if "file" not in fields:
        raise Invalid(_("The signature is missing. Please sign in the frame, or choose a picture of it."))
    attach([fields["file"]], test.site_id, by)
    signature = JointTestSignature(
        id=document.id,
        test_id=test.id,
        capacity=capacity.value,
        person_id=by.id,
        name=fields["name"],
        file_id=fields["file"],
        signed_at=fields.get("signed_at", now),
        received_at=now,
    )
    db.session.add(signature)
    db.session.flush()
    facts = {"capacity": capacity.value, "signature": str(signature.id)}
    record(Verb.JOINT_TEST_SIGNED, f"joint_test:{test.id}", by=by.id, now=now, site_id=test.site_id, **facts)
    made = None
    if signed | {capacity.value} == ALL_CAPACITIES:
        made = seal(test.site_id, KIND, test.id, content_of(test.id), by=by.id, now=now)
    return Accepted(document.id, test, document.digest, is_new=True, seal=made)


def document_of(
    test_id: uuid.UUID,
    fields: dict[str, Any],
    by: Person,
    sending: Sending = NOT_SENT,
    *,
    claimed_at: datetime | None = None,
) -> Document:
    """A record as the arrivals keep it."""
    return Document(test_id, KIND, by.id, came(fields), claimed_at, sending)


def signature_document(fields: dict[str, Any], test_id: uuid.UUID, by: Person, sending: Sending = NOT_SENT) -> Document:
    """A signature as the arrivals keep it: named by the device, or here where a plain form cannot name itself."""
    content = {**came(fields), "about": test_id}
    return Document(
        named(fields.get("id")), SIGNATURE_KIND, by.id, content, claimed_at=fields.get("signed_at"), sending=sending
    )


def _with_picture(fields: dict[str, Any], picture: Bytes, *, by: Person, now: datetime) -> dict[str, Any]:
    """The fields with the signature of a plain form stored and named in them."""
    name = named(fields.get("id"))
    file, _is_new = note_file(id_of_upload(name, picture), picture, by=by, now=now)
    return {**fields, "id": name, "file": file.id}


def _corrected(test_id: uuid.UUID | None, by: Person) -> JointTest | None:
    if test_id is None:
        return None
    old = record_for(by, test_id, Right.INSPECT)
    if successor_of(old.id):
        raise Conflict(_("%(number)s was corrected already. Correct the newer record.", number=old.number))
    return old


def _refuse_mistakes(sheet: Sheet, values: Mapping[str, str], site: Site) -> None:
    found = mistakes(sheet, values, site.timezone, local)
    if found:
        first = next(iter(found.values()))[0]
        message = _("%(n)s things are still missing or wrong. The first: %(first)s", n=len(found), first=first)
        raise Invalid(message, fields=found)


def _free_number(site: Site, day: date) -> str:
    """The next number of the month; only while the site row is locked."""
    prefix = number_prefix(site.code, Month.of(day))
    taken = db.session.scalars(
        select(JointTest.number).where(JointTest.site_id == site.id, JointTest.number.startswith(prefix))
    )
    return next_number(prefix, taken)


def _finished_at(fields: dict[str, Any], site: Site) -> datetime | None:
    """When it was finished, as typed."""
    times = times_typed(fields.get("values", {}), site.timezone)
    return times[1] if times else None


def _refuse_wrong_capacity(capacity: Capacity, test: JointTest, by: Person) -> None:
    if capacity is Capacity.SUPERVISOR and not may(by, Right.SIGN, test.site_id):
        raise Refused(_("Only the bureau's supervisor signs here."), code="wrong_capacity")
    if capacity is Capacity.TECHNICIAN and test.technician_id != by.id:
        raise Refused(_("Only the technician who filled in the record signs here."), code="wrong_capacity")


def _refuse_if_not_open(test: JointTest, capacity: Capacity, signed: set[str], covers: str) -> None:
    if capacity.value in signed:
        raise Conflict(_("This record is already signed in this place. Nothing was changed."), code="already_signed")
    newer = successor_of(test.id)
    if newer:
        raise Conflict(_("This record was corrected by %(number)s. Please sign that one.", number=newer.number))
    if covers != test.digest:
        raise Conflict(_("This record is not the one you were shown. Nothing was signed."), code="record_changed")


def _without_floats(value: Any) -> Any:
    """Limits as text: a float has no stable text, and the form is sealed by its digest."""
    if isinstance(value, float | Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _without_floats(inner) for key, inner in value.items()}
    return [_without_floats(inner) for inner in value] if isinstance(value, list) else value
