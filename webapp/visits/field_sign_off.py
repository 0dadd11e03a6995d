"""Signing a sheet that was drawn on a device without network; confirming it, and objecting. See docs/decisions/0010."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import selectinload

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.files.actions import Bytes, attach
from webapp.inspections.actions import open_sheet
from webapp.inspections.models import Inspection, Omission, Signature, Visit
from webapp.kit.clock import local_day
from webapp.kit.problems import Conflict, Missing, NotFound, Refused
from webapp.people.models import Person
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of, seals_of
from webapp.sites.access import require
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Sending, receive
from webapp.sync.models import Arrival, Refusal
from webapp.visits.actions import (
    Accepted,
    add_signature,
    covers_of,
    document_of,
    refuse_if_nothing_stands,
    refuse_if_sealed,
    refuse_if_signed_already,
    refuse_other_covers,
    refuse_without_picture,
    refuse_wrong_capacity,
    seal_if_complete,
    with_picture,
)
from webapp.visits.queries import signature_in_name_of, visit_for
from webapp.visits.rules import (
    Capacity,
    Division,
    Obstacle,
    OpenSheet,
    cover,
    covers_digest,
    divide,
    named_in,
    omission_cover,
)
from webapp.visits.seal import KIND


@dataclass(frozen=True)
class Entry:
    """An inspection, or a reason why an asset was not reached, as it arrived and where it stands."""

    id: uuid.UUID
    site_id: uuid.UUID
    technician_id: uuid.UUID
    days: frozenset[date]  # its sheet's, and the one by the device's own clock, under which the device listed it
    day: date  # its sheet's
    cover: str  # what a signature given online would name it by
    digests: frozenset[str]  # what a device may name its content by


def bring(
    fields: dict[str, Any],
    *,
    picture: Bytes | None = None,
    sending: Sending = NOT_SENT,
    by: Person,
    now: datetime,
) -> Accepted:
    """Stores a signature under exactly the documents that it covers. The same document again changes nothing.

    `fields` as in FieldSignOffSchema with the document's `id`. `by` is the author of the documents and of this one,
    who brings it, or `sending.brought_by`, who imports it in the author's place. A signature of anybody else than who
    brings it waits until that person confirms it (`confirm`).

    Raises:
        NotFound, Refused: not the author's site; the signer may not sign there in this capacity.
        Missing: documents that it covers ("documents_missing"), or its picture, have not arrived yet.
        Conflict: what arrived is not what was signed, is sealed, or is signed by somebody to another extent.
        Invalid: there is no signature.
    """
    site = require(by, Right.HAND_OVER, fields["site"])
    if picture:
        fields = with_picture(fields, picture, by=by, now=now)
    document = document_of("sign_off", fields, site.id, by, sending)
    if not receive(document, now=now):
        visit_id = db.session.get_one(Signature, document.id).visit_id
        return Accepted(document.id, document.digest, is_new=False, seal=seal_of(KIND, visit_id), visit_id=visit_id)
    refuse_without_picture(fields)
    capacity, bringer = Capacity(fields["capacity"]), sending.brought_by or by.id
    signer = _signer(fields["signer"], capacity, site, by)
    entries = _entries(fields["covers"], site)
    _refuse_other_sheet(entries, site, fields["day"], by)
    covers = covers_digest(entry.cover for entry in entries)
    visit, division = _divided(entries, site, by)
    refuse_if_signed_already(visit.id, capacity)
    refuse_other_covers(visit.id, covers)
    attach([fields["file"]], site.id, by=by)
    add_signature(document.id, visit, fields, covers, signer=signer, bringer=bringer, now=now)
    facts = {"capacity": capacity.value, "signature": str(document.id), "signer": str(signer.id)}
    record(Verb.VISIT_SIGNED, f"visit:{visit.id}", by=bringer, now=now, site_id=site.id, **facts)
    _carry_out(division, visit, site, by, now=now)
    refuse_if_nothing_stands(visit.id)
    made = seal_if_complete(visit.id, site, by=signer, now=now)
    return Accepted(document.id, document.digest, is_new=True, seal=made, visit_id=visit.id)


def confirm(visit_id: uuid.UUID, signature_id: uuid.UUID | None = None, *, by: Person, now: datetime) -> Seal | None:
    """The signer says: that was me. The last needed signature that is confirmed seals. Again changes nothing.

    `signature_id` says which one was looked at; without it, the one that waits.

    Raises:
        NotFound, Refused: not this person's site, or no longer theirs to sign in this capacity.
        Conflict: nothing waits for this person here, it was objected to, or the sheet is sealed or empty.
    """
    visit = visit_for(by, visit_id, Right.HAND_OVER, lock=True)
    site = require(by, Right.HAND_OVER, visit.site_id)
    signature = _mine(visit, signature_id, by)
    if signature.is_void:
        raise Conflict(_("You objected to this signature. It must be given anew."), code="objected")
    if not signature.is_waiting:
        return seal_of(KIND, visit.id)
    refuse_if_sealed(visit.id)
    refuse_wrong_capacity(Capacity(signature.capacity), visit.technician_id, site, by)
    refuse_if_nothing_stands(visit.id)
    if signature.covers_digest != covers_digest(covers_of(visit.id)):
        raise Conflict(_("This sheet is not the one that was signed. Nothing was confirmed."), code="sheet_changed")
    signature.confirmed_at, signature.confirmed_by = now, by.id
    _record(Verb.SIGNATURE_CONFIRMED, signature, visit, by, now=now)
    return seal_if_complete(visit.id, site, by=by, now=now)


def confirm_signature(signature_id: uuid.UUID, *, by: Person, now: datetime) -> Seal | None:
    """The same for a signature that was ticked in a list. Raises as `confirm`."""
    visit_id = db.session.scalar(select(Signature.visit_id).where(Signature.id == signature_id))
    if visit_id is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return confirm(visit_id, signature_id, by=by, now=now)


def object_to(
    visit_id: uuid.UUID, reason: str, signature_id: uuid.UUID | None = None, *, by: Person, now: datetime
) -> None:
    """The signer says: that was not me, or not this. The signature is void and stays; the sheet is open again.

    Raises:
        NotFound, Refused: not this person's site.
        Conflict: nothing waits for this person here, it is confirmed, or the sheet is sealed.
    """
    visit = visit_for(by, visit_id, Right.HAND_OVER, lock=True)
    signature = _mine(visit, signature_id, by)
    if signature.is_void:
        return
    refuse_if_sealed(visit.id)
    if not signature.is_waiting:
        raise Conflict(_("You confirmed this signature already. It stands."), code="confirmed")
    signature.objected_at, signature.objection = now, reason
    _record(Verb.SIGNATURE_OBJECTED, signature, visit, by, now=now, reason=reason)
    db.session.flush()


def _mine(visit: Visit, signature_id: uuid.UUID | None, by: Person) -> Signature:
    signature = signature_in_name_of(by, visit.id, signature_id)
    if signature is None:
        raise Conflict(_("No signature on this sheet waits for you."), code="nothing_to_confirm")
    return signature


def _record(verb: Verb, signature: Signature, visit: Visit, by: Person, *, now: datetime, **facts: str) -> None:
    facts |= {"signature": str(signature.id), "capacity": signature.capacity, "brought_by": str(signature.brought_by)}
    record(verb, f"visit:{visit.id}", by=by.id, now=now, site_id=visit.site_id, **facts)


def _signer(signer_id: uuid.UUID, capacity: Capacity, site: Site, by: Person) -> Person:
    """Who signed by hand, if they may sign this author's sheets in this capacity."""
    signer = db.session.get(Person, signer_id)
    if signer is None or not signer.is_active:
        raise Refused(_("The person named as signer has no access to this command centre."), code="wrong_capacity")
    refuse_wrong_capacity(capacity, by.id, site, signer)
    return signer


def _entries(covers: Collection[str], site: Site) -> list[Entry]:
    """What a signature covers, as it arrived.

    Raises:
        Missing: some of it has not arrived yet.
        Conflict: some of it arrived with another content, or does not belong on a sheet.
    """
    named = [named_in(each) for each in dict.fromkeys(covers)]
    ids = {name for name, _digest in named}
    arrived = {row.id: row for row in db.session.execute(select(*_ARRIVED).where(Arrival.id.in_(ids)))}
    _refuse_missing(sorted(ids - arrived.keys()))
    found = {entry.id: entry for entry in (*_inspections(arrived, site), *_omissions(arrived))}
    if any(name not in found or digest not in found[name].digests for name, digest in named):
        raise Conflict(
            _("What arrived is not what was shown when this was signed. Nothing was signed. It must be signed again."),
            code="sheet_changed",
        )
    return list(found.values())


_ARRIVED = (Arrival.id, Arrival.digest, Arrival.sent_sha256, Arrival.claimed_at)
_SHEET = (Visit.day, Visit.site_id, Visit.technician_id)


def _inspections(arrived: dict[uuid.UUID, Any], site: Site) -> Iterator[Entry]:
    wanted = select(Inspection.id, Inspection.digest, *_SHEET).join(Inspection.visit)
    for row in db.session.execute(wanted.where(Inspection.id.in_(arrived))):
        came = arrived[row.id]
        claimed = local_day(came.claimed_at, site.timezone) if came.claimed_at else row.day
        digests = {row.digest, came.sent_sha256} - {None}
        yield _entry(row, cover(row.id, row.digest), {row.day, claimed}, digests)


def _omissions(arrived: dict[uuid.UUID, Any]) -> Iterator[Entry]:
    wanted = select(Omission.id, Omission.asset_id, Omission.reason, *_SHEET).join(Visit, Visit.id == Omission.visit_id)
    for row in db.session.execute(wanted.where(Omission.id.in_(arrived))):
        named = omission_cover(row.id, row.asset_id, row.reason)
        digests = {arrived[row.id].digest, arrived[row.id].sent_sha256, named_in(named)[1]} - {None}
        yield _entry(row, named, {row.day}, digests)


def _entry(row: Any, cover_: str, days: set[date], digests: set[str]) -> Entry:
    return Entry(
        id=row.id,
        site_id=row.site_id,
        technician_id=row.technician_id,
        days=frozenset(days),
        day=row.day,
        cover=cover_,
        digests=frozenset(digests),
    )


def _refuse_missing(missing: Sequence[uuid.UUID]) -> None:
    if not missing:
        return
    text = ngettext(
        "%(num)d record under this signature has not arrived yet. The signature is sent again after it.",
        "%(num)d records under this signature have not arrived yet. The signature is sent again after them.",
        len(missing),
    )
    if db.session.scalar(select(Refusal.id).where(Refusal.document_id.in_(missing)).limit(1)):
        text += " " + _("One of them was refused. If it cannot arrive as it was shown, the sheet must be signed again.")
    raise Missing(text, code="documents_missing", more={"missing_documents": [str(each) for each in missing]})


def _refuse_other_sheet(entries: Sequence[Entry], site: Site, day: date, by: Person) -> None:
    is_one_sheet = len({entry.day for entry in entries}) == 1 and all(
        entry.site_id == site.id and entry.technician_id == by.id and day in entry.days for entry in entries
    )
    if not is_one_sheet:
        raise Conflict(
            _("These records do not stand on one sheet: a sheet is one technician's, of one day. Nothing was signed."),
            code="other_sheet",
        )


def _divided(entries: Sequence[Entry], site: Site, by: Person) -> tuple[Visit, Division]:
    """The sheet that the signature goes under, and what must move so that it holds exactly these entries.

    All sheets of that day are locked, in the order of their numbers: whoever adds to one waits until this is done.

    Raises:
        Conflict: sealed already, or signed to another extent.
    """
    here = (Visit.site_id == site.id, Visit.day == entries[0].day, Visit.technician_id == by.id)
    wanted = select(Visit).where(*here).order_by(Visit.number).with_for_update()
    loaded = wanted.options(selectinload(Visit.signatures)).execution_options(populate_existing=True)
    visits = {visit.id: visit for visit in db.session.scalars(loaded)}
    result = divide(_sheets(visits), {entry.id for entry in entries})
    if result is Obstacle.SEALED:
        raise Conflict(_("Some of these records are signed and sealed already. Nothing was signed."), code="sealed")
    if isinstance(result, Obstacle):
        raise Conflict(
            _("Somebody signed this sheet when it held more, or fewer, records than these. Please sign it again."),
            code=result.value,
        )
    return visits[result.target], result


def _sheets(visits: dict[uuid.UUID, Visit]) -> list[OpenSheet]:
    entries: dict[uuid.UUID, set[uuid.UUID]] = {visit_id: set() for visit_id in visits}
    for table in (Inspection, Omission):
        for row in db.session.execute(select(table.id, table.visit_id).where(table.visit_id.in_(visits))):
            entries[row.visit_id].add(row.id)
    sealed = seals_of(KIND, list(visits))
    return [
        OpenSheet(
            id=visit.id,
            number=visit.number,
            entries=frozenset(entries[visit.id]),
            is_sealed=visit.id in sealed,
            is_signed=visit.is_signed,
            was_signed=bool(visit.signatures) and not visit.is_signed,
        )
        for visit in visits.values()
    ]


def _carry_out(division: Division, visit: Visit, site: Site, by: Person, *, now: datetime) -> None:
    """Moves entries between the sheets of the day. The one that is signed now holds what was signed, nothing else."""
    _move(division.brought, visit.id)
    if division.left:
        left = set(db.session.scalars(select(Inspection.id).where(Inspection.id.in_(division.left))))
        further = open_sheet(site, visit.day, by, None, now=now) if left else None
        if further and not further.accompanied_by:
            further.accompanied_by = visit.accompanied_by
        # a reason alone makes no sheet: it goes on counting for its month without one
        _move(division.left, further.id if further else None)
        facts = {"moved": len(division.left), "to": str(further.id) if further else None}
        record(Verb.VISIT_DIVIDED, f"visit:{visit.id}", by=by.id, now=now, site_id=site.id, **facts)
    db.session.flush()
    if division.emptied:
        is_used = or_(*(exists().where(table.visit_id == Visit.id) for table in (Inspection, Omission)))
        db.session.execute(delete(Visit).where(Visit.id.in_(division.emptied), ~is_used))


def _move(entry_ids: Collection[uuid.UUID], visit_id: uuid.UUID | None) -> None:
    if not entry_ids:
        return
    db.session.execute(update(Omission).where(Omission.id.in_(entry_ids)).values(visit_id=visit_id))
    if visit_id is not None:
        db.session.execute(update(Inspection).where(Inspection.id.in_(entry_ids)).values(visit_id=visit_id))
