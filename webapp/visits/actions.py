"""Signing a sheet, sending inspections back, saying why an asset was not reached. Rules in docs/decisions."""

from __future__ import annotations

import uuid
from collections.abc import Collection
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
from webapp.sync.actions import Document, receive
from webapp.visits.queries import inspection_to_return, newer_versions, not_reached, omissions_of, visit_for
from webapp.visits.rules import (
    Capacity,
    RowState,
    SheetChange,
    change_since,
    cover,
    is_complete,
    may_sign,
    omission_cover,
    row_state,
)
from webapp.visits.seal import KIND, content_of

NOT_CONTENT = ("id", "sent_at")  # the name of a document and its sending time, which differs from try to try


@dataclass(frozen=True)
class Accepted:
    """A document that is stored: new, or here already with the same content."""

    id: uuid.UUID
    digest: str
    is_new: bool
    seal: Seal | None = None


def sign_off(
    visit_id: uuid.UUID, fields: dict[str, Any], *, picture: Bytes | None = None, by: Person, now: datetime
) -> Accepted:
    """Stores a signature; the last one needed seals the visit. The same document again changes nothing.

    `fields` as in SignOffSchema; `picture` is the signature where it came with a plain form, checked and kept.

    Raises:
        NotFound, Refused: not this person's site, or not theirs to sign in this capacity.
        Conflict: the sheet changed since it was shown, is sealed, or is signed in this capacity already.
        Invalid, Missing: no signature, or its picture has not arrived yet.
    """
    visit = visit_for(by, visit_id, Right.HAND_OVER, lock=True)
    site = require(by, Right.HAND_OVER, visit.site_id)
    if picture:
        fields = _with_picture(fields, picture, by=by, now=now)
    document = document_of("sign_off", fields, visit.id, by)
    if not receive(document, now=now):
        return Accepted(document.id, document.digest, is_new=False, seal=seal_of(KIND, visit.id))
    if "file" not in fields:
        raise Invalid(_("The signature is missing. Please sign in the frame, or choose a picture of it."))
    capacity = Capacity(fields["capacity"])
    _refuse_wrong_capacity(capacity, visit, site, by)
    signed = set(db.session.scalars(select(Signature.capacity).where(Signature.visit_id == visit.id)))
    _refuse_if_sealed(visit)
    if capacity in signed:
        raise Conflict(_("This sheet is already signed in this place. Nothing was changed."), code="already_signed")
    _refuse_changed_sheet(visit, fields.get("covers", []))
    attach([fields["file"]], visit.site_id, by=by)
    db.session.add(
        Signature(
            id=document.id,
            visit_id=visit.id,
            capacity=capacity.value,
            person_id=by.id,
            name=fields["name"],
            file_id=fields["file"],
            signed_at=fields.get("signed_at", now),
            received_at=now,
        )
    )
    db.session.flush()
    facts = {"capacity": capacity.value, "signature": str(document.id)}
    record(Verb.VISIT_SIGNED, f"visit:{visit.id}", by=by.id, now=now, site_id=visit.site_id, **facts)
    made = None
    if is_complete(signed | {capacity.value}, site.signatures_needed):
        made = seal(visit.site_id, KIND, visit.id, content_of(visit.id), by=by.id, now=now)
    db.session.flush()
    return Accepted(document.id, document.digest, is_new=True, seal=made)


def give_back(inspection_id: uuid.UUID, fields: dict[str, Any], *, by: Person, now: datetime) -> Accepted:
    """Sends an inspection, or one item of it, back with a reason (R7). It then counts as not done.

    Raises:
        NotFound, Refused: not this person's site, or not the bureau.
        Conflict: sealed already (a correction is a new inspection), replaced, or sent back already.
        Invalid: the checklist has no such item.
    """
    inspection, visit = inspection_to_return(by, inspection_id)
    document = document_of("return", fields, inspection.id, by)
    if not receive(document, now=now):
        return Accepted(document.id, document.digest, is_new=False)
    item = fields.get("item", "")
    _refuse_if_sealed(visit)
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


def explain_omission(visit_id: uuid.UUID, fields: dict[str, Any], *, by: Person, now: datetime) -> Accepted:
    """Says on a sheet why an asset of its systems was not reached (漏检原因).

    Raises:
        NotFound, Refused: not this person's site, or not theirs to explain.
        Conflict: the sheet is signed already.
        Invalid: the asset was inspected, or does not belong to the systems of this sheet.
    """
    visit = visit_for(by, visit_id, Right.EXPLAIN, lock=True)
    site = require(by, Right.EXPLAIN, visit.site_id)
    document = document_of("omission", fields, visit.id, by)
    if not receive(document, now=now):
        return Accepted(document.id, document.digest, is_new=False)
    if db.session.scalar(select(Signature.id).where(Signature.visit_id == visit.id).limit(1)):
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


def _with_picture(fields: dict[str, Any], picture: Bytes, *, by: Person, now: datetime) -> dict[str, Any]:
    """The fields with the signature of a plain form stored and named in them."""
    name = fields.get("id") or uuid.uuid4()
    file, _is_new = note_file(id_of_upload(name, picture), picture, by=by, now=now)
    return {**fields, "id": name, "file": file.id}


def document_of(kind: str, fields: dict[str, Any], about: uuid.UUID, by: Person) -> Document:
    """The document behind a form: named by the device, or here where a plain form cannot name itself."""
    content = {name: value for name, value in fields.items() if name not in NOT_CONTENT}
    if "covers" in content:
        content["covers"] = sorted(content["covers"])
    claimed = fields.get("signed_at") or fields.get("returned_at") or fields.get("given_at")
    return Document(fields.get("id") or uuid.uuid4(), kind, by.id, {**content, "about": about}, claimed_at=claimed)


def covers_of(visit_id: uuid.UUID) -> list[str]:
    """What a signature under this sheet covers now: each inspection and each reason, with its digest."""
    inspections = db.session.execute(
        select(Inspection.id, Inspection.digest).where(Inspection.visit_id == visit_id).order_by(Inspection.id)
    )
    reasons = [omission_cover(each.id, asset.id, each.reason) for each, asset in omissions_of(visit_id)]
    return [cover(row.id, row.digest) for row in inspections] + reasons


def _refuse_wrong_capacity(capacity: Capacity, visit: Visit, site: Site, by: Person) -> None:
    if may_sign(
        capacity,
        site.signatures_needed,
        is_technician=visit.technician_id == by.id,
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


def _refuse_if_sealed(visit: Visit) -> None:
    if seal_of(KIND, visit.id):
        raise Conflict(
            _("This sheet is signed and sealed; it cannot be changed. A correction is a new inspection of the device."),
            code="sealed",
        )


def _refuse_changed_sheet(visit: Visit, shown: Collection[str]) -> None:
    inspections = db.session.execute(
        select(Inspection.id, Inspection.verdict, Return.id.label("returned"))
        .outerjoin(Return, Return.inspection_id == Inspection.id)
        .where(Inspection.visit_id == visit.id)
    ).all()
    replaced = newer_versions([row.id for row in inspections])
    states = {
        row.id: row_state(row.verdict, is_returned=row.returned is not None, is_replaced=row.id in replaced)
        for row in inspections
    }
    if not {RowState.OK, RowState.ABNORMAL} & set(states.values()):
        raise Conflict(_("There is nothing on this sheet to sign: it is empty or all was returned."), code="empty")
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
