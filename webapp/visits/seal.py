"""What is sealed of a visit: everything that was signed, as plain content drawn from the live rows.

Parts named "printed" are names as they read on the day of sealing (asset, person, item). The digest covers them; the
comparison with the live rows leaves them out, because a device may be renamed in the ledger later without harm.
Parts that older seals do not have are there only where there is something to say, so that older seals stay equal.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.assets.models import Asset, System
from webapp.checklists.models import CheckItem, ChecklistVersion
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.files.models import StoredFile
from webapp.inspections.models import Answer, Inspection, Omission, Return, Signature, Visit
from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.problems import NotFound
from webapp.people.queries import names_of
from webapp.sites.models import Site

FORM = 1  # number of this layout of the content
KIND = "visit"


def content_of(visit_id: uuid.UUID) -> dict[str, Any]:
    """The content of a visit as its rows stand now. A fixed number of queries.

    Raises:
        NotFound: there is no such visit.
    """
    visit = _visit(visit_id)
    omissions = _omissions(visit_id)
    site = db.session.get_one(Site, visit.site_id)
    files = _files(visit)
    findings = _findings(visit)
    names = names_of(_people(visit, omissions))
    objected = [each for each in visit.signatures if each.is_void]
    content = {
        "kind": KIND,
        "form": FORM,
        "id": visit.id,
        "site": {"id": site.id, "printed": {"code": site.code, "name": site.name}},
        "day": visit.day,
        "number": visit.number,
        "technician": _person(visit.technician_id, names),
        "accompanied_by": visit.accompanied_by,
        "inspections": [
            _inspection(each, files, findings, names) for each in sorted(visit.inspections, key=_printed_order)
        ],
        "omissions": [_omission(each, names) for each in omissions],
        "signatures": [_signature(each, files, names) for each in visit.signatures if not each.is_void],
    }
    if objected:
        content["objections"] = [_objection(each, files, names) for each in objected]
    return content


def _visit(visit_id: uuid.UUID) -> Visit:
    inspections = selectinload(Visit.inspections)
    wanted = (
        select(Visit)
        .where(Visit.id == visit_id)
        .options(
            inspections.joinedload(Inspection.asset).joinedload(Asset.system).joinedload(System.service_line),
            inspections.joinedload(Inspection.version).joinedload(ChecklistVersion.checklist),
            inspections.joinedload(Inspection.version).selectinload(ChecklistVersion.items),
            inspections.selectinload(Inspection.answers).selectinload(Answer.photos),
            inspections.selectinload(Inspection.returns),
            selectinload(Visit.signatures),
        )
        .execution_options(populate_existing=True)  # what the database holds, not what this session remembers
    )
    visit = db.session.scalar(wanted)
    if visit is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return visit


def _omissions(visit_id: uuid.UUID) -> list[tuple[Omission, Asset]]:
    rows = db.session.execute(
        select(Omission, Asset)
        .join(Asset, Asset.id == Omission.asset_id)
        .options(joinedload(Asset.system).joinedload(System.service_line))
        .where(Omission.visit_id == visit_id)
        .order_by(Omission.given_at, Omission.id)
        .execution_options(populate_existing=True)
    )
    return [(omission, asset) for omission, asset in rows]


def _files(visit: Visit) -> dict[uuid.UUID, str]:
    """File id → SHA-256 of all photos and signatures of the visit."""
    wanted = {photo.file_id for each in visit.inspections for answer in each.answers for photo in answer.photos}
    wanted |= {signature.file_id for signature in visit.signatures}
    rows = db.session.execute(select(StoredFile.id, StoredFile.sha256).where(StoredFile.id.in_(wanted)))
    return {row.id: row.sha256 for row in rows}


def _findings(visit: Visit) -> dict[uuid.UUID, str]:
    """Finding id → number of the faults and hazards that the visit raised."""
    wanted = {answer.finding_id for each in visit.inspections for answer in each.answers if answer.finding_id}
    rows = db.session.execute(select(Finding.id, Finding.number).where(Finding.id.in_(wanted)))
    return {row.id: row.number for row in rows}


def _people(visit: Visit, omissions: Iterable[tuple[Omission, Asset]]) -> set[uuid.UUID]:
    people = {visit.technician_id}
    for each in visit.inspections:
        people |= {each.technician_id} | {one.returned_by for one in each.returns}
    people |= {signature.brought_by for signature in visit.signatures if signature.brought_by}
    return people | {omission.given_by for omission, _asset in omissions}


def _printed_order(inspection: Inspection) -> tuple[int, int, int, str, str]:
    asset = inspection.asset
    place = (asset.system.service_line.number, asset.system.position, asset.position)
    return *place, str(inspection.finished_at), str(inspection.id)


def _inspection(
    each: Inspection, files: dict[uuid.UUID, str], findings: dict[uuid.UUID, str], names: dict[uuid.UUID, str]
) -> dict[str, Any]:
    items = {item.key: item for item in each.version.items}
    return {
        "id": each.id,
        "asset": _asset(each.asset),
        "checklist": _checklist(each.version),
        "technician": _person(each.technician_id, names),
        "started_at": each.started_at,
        "finished_at": each.finished_at,
        "received_at": each.received_at,
        "verdict": each.verdict,
        "run_state": each.run_state,
        "units_total": each.units_total,
        "units_checked": each.units_checked,
        "abnormal_units": each.abnormal_units,
        "units_reason": each.units_reason,
        "advice": each.advice,
        "supersedes": each.supersedes_id,
        "digest": each.digest,
        "answers": [_answer(answer, items.get(answer.item_key), files, findings) for answer in each.answers],
        "returns": [_return(one, names) for one in each.returns],
    }


def _asset(asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "printed": {
            "code": asset.code,
            "number": asset.printed_number,
            "name": asset.name,
            "maker": asset.maker,
            "model": asset.model,
            "unit": asset.unit,
            "system": asset.system.name,
        },
    }


def _checklist(version: ChecklistVersion) -> dict[str, Any]:
    return {
        "key": version.checklist.key,
        "version": version.number,
        "items": items_digest(version.items),
        "printed": {"zh": version.checklist.zh, "en": version.checklist.en},
    }


def items_digest(items: Iterable[CheckItem]) -> str:
    """Digest of all questions of a checklist version with their limits, so that none can be changed afterwards."""
    columns = [attribute.key for attribute in inspect(CheckItem).column_attrs]
    left_out = {"id", "version_id"}
    return sha256_hex(
        canonical_json([{name: getattr(item, name) for name in columns if name not in left_out} for item in items])
    )


def _answer(
    answer: Answer, item: CheckItem | None, files: dict[uuid.UUID, str], findings: dict[uuid.UUID, str]
) -> dict[str, Any]:
    printed = {"zh": item.zh, "en": item.en, "unit": item.unit, "kind": item.kind} if item else {}
    if answer.finding_id:
        printed["finding"] = findings.get(answer.finding_id, "")
    return {
        "key": answer.item_key,
        "value": answer.value,
        "number": answer.number,
        "verdict": answer.verdict,
        "judgement": answer.judgement,
        "why": answer.why,
        "remedy": answer.remedy,
        "level": answer.level,
        "finding": answer.finding_id,
        "photos": [{"id": photo.file_id, "sha256": files.get(photo.file_id)} for photo in answer.photos],
        "printed": printed,
    }


def _return(one: Return, names: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "id": one.id,
        "item": one.item_key,
        "reason": one.reason,
        "by": _person(one.returned_by, names),
        "returned_at": one.returned_at,
    }


def _omission(row: tuple[Omission, Asset], names: dict[uuid.UUID, str]) -> dict[str, Any]:
    omission, asset = row
    return {
        "id": omission.id,
        "asset": _asset(asset),
        "month": omission.month,
        "reason": omission.reason,
        "by": _person(omission.given_by, names),
        "given_at": omission.given_at,
    }


def _signature(signature: Signature, files: dict[uuid.UUID, str], names: dict[uuid.UUID, str]) -> dict[str, Any]:
    content = {
        "id": signature.id,
        "capacity": signature.capacity,
        "by": signature.person_id,
        "name": signature.name,
        "sha256": files.get(signature.file_id),
        "file": signature.file_id,
        "signed_at": signature.signed_at,
    }
    if signature.covers_digest:
        content["covers"] = signature.covers_digest
    if signature.brought_by:
        content["brought_by"] = _person(signature.brought_by, names)
        content["confirmed_at"] = signature.confirmed_at
        content["confirmed_by"] = signature.confirmed_by
    return content


def _objection(signature: Signature, files: dict[uuid.UUID, str], names: dict[uuid.UUID, str]) -> dict[str, Any]:
    why = {"objected_at": signature.objected_at, "reason": signature.objection}
    return {**_signature(signature, files, names), **why}


def _person(person_id: uuid.UUID, names: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {"id": person_id, "printed": {"name": names.get(person_id, "")}}
