"""Signing a sheet, sending inspections back, saying why an asset was not reached. Rules in docs/decisions."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from webapp.assets.models import Asset
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.files.actions import Bytes, attach, id_of_upload, note_file
from webapp.inspections.models import Inspection, Omission, Return, Signature, Visit
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid, Refused
from webapp.people.models import Person
from webapp.seals.actions import seal
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of
from webapp.sites.access import may, require
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Document, Sending, named, receive
from webapp.visits.queries import inspection_to_return, newer_versions, not_reached, omissions_of, visit_for
from webapp.visits.rules import (
    Capacity,
    RowState,
    SheetChange,
    change_since,
    cover,
    covers_digest,
    is_complete,
    may_sign,
    omission_cover,
    row_state,
)
from webapp.visits.seal import KIND, content_of


@dataclass(frozen=True)
class Accepted:
    """A document that is stored: new, or here already with the same content."""

    id: uuid.UUID
    digest: str
    is_new: bool
    seal: Seal | None = None
    visit_id: uuid.UUID | None = None  # of a signature that was drawn without network


def sign_off(
    visit_id: uuid.UUID,
    fields: dict[str, Any],
    *,
    picture: Bytes | None = None,
    sending: Sending = NOT_SENT,
    by: Person,
    now: datetime,
) -> Accepted:
    """Stores a signature; the last one needed seals the visit. The same document again changes nothing.

    `fields` as in SignOffSchema; `picture` is the signature where it came with a plain form, checked and kept. One that
    somebody else imports counts once the signer confirms it (field_sign_off.confirm).

    Raises:
        NotFound, Refused: not this person's site, or not theirs to sign in this capacity.
        Conflict: the sheet changed since it was shown, is sealed, or is signed in this capacity already.
        Invalid, Missing: no signature, or its picture has not arrived yet.
    """
    visit = visit_for(by, visit_id, Right.HAND_OVER, lock=True)
    site = require(by, Right.HAND_OVER, visit.site_id)
    if picture:
        fields = with_picture(fields, picture, by=by, now=now)
    document = document_of("sign_off", fields, visit.id, by, sending)
    if not receive(document, now=now):
        return Accepted(document.id, document.digest, is_new=False, seal=seal_of(KIND, visit.id))
    refuse_without_picture(fields)
    capacity = Capacity(fields["capacity"])
    refuse_wrong_capacity(capacity, visit.technician_id, site, by)
    refuse_if_sealed(visit.id)
    refuse_if_signed_already(visit.id, capacity)
    _refuse_changed_sheet(visit, fields.get("covers", []))
    covers = covers_digest(covers_of(visit.id))
    refuse_other_covers(visit.id, covers)
    attach([fields["file"]], visit.site_id, by=by)
    bringer = sending.brought_by or by.id
    add_signature(document.id, visit, fields, covers, signer=by, bringer=bringer, now=now)
    facts = {"capacity": capacity.value, "signature": str(document.id)}
    record(Verb.VISIT_SIGNED, f"visit:{visit.id}", by=bringer, now=now, site_id=visit.site_id, **facts)
    made = seal_if_complete(visit.id, site, by=by, now=now)
    return Accepted(document.id, document.digest, is_new=True, seal=made)


def add_signature(
    name: uuid.UUID,
    visit: Visit,
    fields: dict[str, Any],
    covers: str,
    *,
    signer: Person,
    bringer: uuid.UUID,
    now: datetime,
) -> Signature:
    """The row of a signature whose right and sheet are checked; `covers` is the digest of what it covers.

    `bringer` is the person under whose account it came; another than the signer's, and it waits for the signer.
    """
    signature = Signature(
        id=name,
        visit_id=visit.id,
        capacity=fields["capacity"],
        person_id=signer.id,
        name=fields["name"],
        file_id=fields["file"],
        signed_at=fields.get("signed_at", now),
        received_at=now,
        covers_digest=covers,
        brought_by=bringer if bringer != signer.id else None,
    )
    db.session.add(signature)
    db.session.flush()
    return signature


def seal_if_complete(visit_id: uuid.UUID, site: Site, *, by: Person, now: datetime) -> Seal | None:
    """Seals the visit once each signature it needs counts; None while one is missing or not confirmed."""
    db.session.flush()
    wanted = select(Signature).where(Signature.visit_id == visit_id).execution_options(populate_existing=True)
    counted = {signature.capacity for signature in db.session.scalars(wanted) if signature.counts}
    if not is_complete(counted, site.signatures_needed):
        return None
    made = seal(site.id, KIND, visit_id, content_of(visit_id), by=by.id, now=now)
    db.session.flush()
    return made


def give_back(
    inspection_id: uuid.UUID, fields: dict[str, Any], *, sending: Sending = NOT_SENT, by: Person, now: datetime
) -> Accepted:
    """Sends an inspection, or one item of it, back with a reason (R7). It then counts as not done.

    Raises:
        NotFound, Refused: not this person's site, or not the bureau.
        Conflict: sealed already (a correction is a new inspection), replaced, or sent back already.
        Invalid: the checklist has no such item.
    """
    inspection, visit = inspection_to_return(by, inspection_id)
    document = document_of("return", fields, inspection.id, by, sending)
    if not receive(document, now=now):
        return Accepted(document.id, document.digest, is_new=False)
    item = fields.get("item", "")
    refuse_if_sealed(visit.id)
    if newer_versions([inspection.id]):
        raise Conflict(_("There is a newer inspection of this device. Please look at that one."), code="replaced")
    if item and item not in {each.key for each in inspection.version.items}:
        raise Invalid(_("This checklist has no such item."), fields={"item": [_("This checklist has no such item.")]})
    if {"", item} & {each.item_key for each in inspection.returns}:
        raise Conflict(_("This was returned already. Nothing was changed."), code="already_returned")
    db.session.add(
        Return(
            id=document.id,
            inspection_id=inspection.id,
            item_key=item,
            reason=fields["reason"],
            returned_by=by.id,
            returned_at=fields.get("returned_at", now),
            received_at=now,
        )
    )
    facts = {"item": item, "reason": fields["reason"], "asset": inspection.asset.code}
    record(
        Verb.INSPECTION_RETURNED,
        f"inspection:{inspection.id}",
        by=by.id,
        now=now,
        site_id=visit.site_id,
        **facts,
    )
    db.session.flush()
    return Accepted(document.id, document.digest, is_new=True)


def explain_omission(
    visit_id: uuid.UUID, fields: dict[str, Any], *, sending: Sending = NOT_SENT, by: Person, now: datetime
) -> Accepted:
    """Says on a sheet why an asset of its systems was not reached (漏检原因).

    Raises:
        NotFound, Refused: not this person's site, or not theirs to explain.
        Conflict: the sheet is signed already.
        Invalid: the asset was inspected, or does not belong to the systems of this sheet.
    """
    visit = visit_for(by, visit_id, Right.EXPLAIN, lock=True)
    site = require(by, Right.EXPLAIN, visit.site_id)
    document = document_of("omission", fields, visit.id, by, sending)
    if not receive(document, now=now):
        return Accepted(document.id, document.digest, is_new=False)
    if _standing_signatures(visit.id):
        raise Conflict(_("This sheet is signed. Nothing can be added to it any more."), code="signed")
    asset = _one_of(not_reached(visit, site), fields["asset"])
    db.session.add(
        Omission(
            id=document.id,
            site_id=visit.site_id,
            asset_id=asset.id,
            month=str(Month.of(visit.day)),
            visit_id=visit.id,
            reason=fields["reason"],
            given_by=by.id,
            given_at=fields.get("given_at", now),
        )
    )
    facts = {"reason": fields["reason"], "visit": str(visit.id)}
    record(Verb.OMISSION_EXPLAINED, f"asset:{asset.id}", by=by.id, now=now, site_id=visit.site_id, **facts)
    db.session.flush()
    return Accepted(document.id, document.digest, is_new=True)


def with_picture(fields: dict[str, Any], picture: Bytes, *, by: Person, now: datetime) -> dict[str, Any]:
    """The fields with the signature of a plain form stored and named in them."""
    name = named(fields.get("id"))
    file, _is_new = note_file(id_of_upload(name, picture), picture, by=by, now=now)
    return {**fields, "id": name, "file": file.id}


def document_of(
    kind: str, fields: dict[str, Any], about: uuid.UUID, by: Person, sending: Sending = NOT_SENT
) -> Document:
    """The document behind a form: named by the device, or here where a plain form cannot name itself."""
    content = {name: value for name, value in fields.items() if name != "id"}
    if "covers" in content:
        content["covers"] = sorted(content["covers"])
    claimed = fields.get("signed_at") or fields.get("returned_at") or fields.get("given_at")
    content["about"] = about
    return Document(named(fields.get("id")), kind, by.id, content, claimed_at=claimed, sending=sending)


def covers_of(visit_id: uuid.UUID) -> list[str]:
    """What a signature under this sheet covers now: each inspection and each reason, with its digest."""
    inspections = db.session.execute(
        select(Inspection.id, Inspection.digest).where(Inspection.visit_id == visit_id).order_by(Inspection.id)
    )
    reasons = [omission_cover(each.id, asset.id, each.reason) for each, asset in omissions_of(visit_id)]
    return [cover(row.id, row.digest) for row in inspections] + reasons


def refuse_wrong_capacity(capacity: Capacity, technician_id: uuid.UUID, site: Site, by: Person) -> None:
    """Raises Refused unless this person signs the technician's sheets in this capacity."""
    if may_sign(
        capacity,
        site.signatures_needed,
        is_technician=technician_id == by.id,
        may_supervise=may(by, Right.SIGN, site.id),
        may_take_over=may(by, Right.HAND_OVER, site.id),
    ):
        return
    why = {
        Capacity.INSPECTOR: _("Only the technician who inspected signs here."),
        Capacity.SUPERVISOR: _("Only the bureau's supervisor signs here."),
        Capacity.HANDOVER: _("Only the person who takes over signs here, never the inspector."),
    }
    raise Refused(why[capacity], code="wrong_capacity")


def refuse_without_picture(fields: dict[str, Any]) -> None:
    """Raises Invalid where a form came without drawing and without picture."""
    if "file" not in fields:
        raise Invalid(_("The signature is missing. Please sign in the frame, or choose a picture of it."))


def refuse_if_sealed(visit_id: uuid.UUID) -> None:
    """Raises Conflict: after the seal nothing of a sheet changes through any door."""
    if seal_of(KIND, visit_id):
        raise Conflict(
            _("This sheet is signed and sealed; it cannot be changed. A correction is a new inspection of the device."),
            code="sealed",
        )


def refuse_if_signed_already(visit_id: uuid.UUID, capacity: Capacity) -> None:
    """Raises Conflict where a signature stands in this place of the sheet."""
    if any(signature.capacity == capacity for signature in _standing_signatures(visit_id)):
        raise Conflict(_("This sheet is already signed in this place. Nothing was changed."), code="already_signed")


def refuse_other_covers(visit_id: uuid.UUID, covers: str) -> None:
    """Raises Conflict where somebody signed this sheet when it held something else."""
    if any(signature.covers_digest not in (None, covers) for signature in _standing_signatures(visit_id)):
        raise Conflict(
            _("Another signature under this sheet is for other entries than these. Nothing was signed."),
            code="signed_differently",
        )


def refuse_if_nothing_stands(visit_id: uuid.UUID) -> None:
    """Raises Conflict where a signature would accept nothing: the sheet is empty, or all was returned or replaced."""
    inspections = db.session.execute(
        select(Inspection.id, Inspection.verdict, Return.id.label("returned"))
        .outerjoin(Return, Return.inspection_id == Inspection.id)
        .where(Inspection.visit_id == visit_id)
    ).all()
    replaced = newer_versions([row.id for row in inspections])
    states = {
        row.id: row_state(row.verdict, is_returned=row.returned is not None, is_replaced=row.id in replaced)
        for row in inspections
    }
    if not {RowState.OK, RowState.ABNORMAL} & set(states.values()):
        raise Conflict(_("There is nothing on this sheet to sign: it is empty or all was returned."), code="empty")


def _standing_signatures(visit_id: uuid.UUID) -> Sequence[Signature]:
    wanted = select(Signature).where(Signature.visit_id == visit_id, Signature.objected_at.is_(None))
    return db.session.scalars(wanted.execution_options(populate_existing=True)).all()


def _refuse_changed_sheet(visit: Visit, shown: Collection[str]) -> None:
    refuse_if_nothing_stands(visit.id)
    change = change_since(shown, covers_of(visit.id))
    if change:
        raise Conflict(_change_in_words(change), code="sheet_changed")


def _change_in_words(change: SheetChange) -> str:
    if change.arrived and not change.gone:
        return ngettext(
            "%(num)d entry arrived since you opened this sheet. Nothing was signed. Please look at it and sign again.",
            "%(num)d entries arrived since you opened this sheet. Nothing was signed. Please look and sign again.",
            change.arrived,
        )
    return _("This sheet is not the one you were shown. Nothing was signed. Please look at it and sign again.")


def _one_of(assets: list[Asset], asset_id: uuid.UUID) -> Asset:
    for asset in assets:
        if asset.id == asset_id:
            return asset
    why = _("This device was inspected, or does not belong to the systems of this sheet.")
    raise Invalid(why, fields={"asset": [why]})
