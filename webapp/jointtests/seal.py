"""What is sealed of a joint test: values with judgement and origin, photos and signatures, from the live rows.

Parts named "printed" are names as they read on the day of sealing; the digest covers them, the comparison with the live
rows leaves them out.
"""

from __future__ import annotations

import uuid
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.files.models import StoredFile
from webapp.jointtests.form import Form, read_form
from webapp.jointtests.models import JointTest, JointTestSignature, JointTestValue
from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.problems import NotFound
from webapp.sites.models import Site

KIND = "joint_test"
LAYOUT = 1  # number of this layout of the content


def content_of(test_id: uuid.UUID) -> dict[str, Any]:
    """The content of a record as its rows stand now. A fixed number of queries.

    Raises:
        NotFound: there is no such record.
    """
    test = _test(test_id)
    site = db.session.get_one(Site, test.site_id)
    files, numbers, form = _files(test), _numbers(test), read_form(test.form.content)
    return {
        "kind": KIND,
        "layout": LAYOUT,
        "id": test.id,
        "site": {"id": site.id, "printed": {"code": site.code, "name": site.name}},
        "number": test.number,
        "form": {"number": test.form.number, "digest": sha256_hex(canonical_json(test.form.content))},
        "day": test.day,
        "technician": {"id": test.technician_id, "printed": {"name": test.technician.name}},
        "started_at": test.started_at,
        "finished_at": test.finished_at,
        "received_at": test.received_at,
        "result": test.result,
        "supersedes": test.supersedes_id,
        "digest": test.digest,
        "values": [_value(row, form, files, numbers) for row in sorted(test.values, key=_cell_name)],
        "signatures": [_signature(each, files) for each in sorted(test.signatures, key=lambda each: each.capacity)],
    }


def _test(test_id: uuid.UUID) -> JointTest:
    wanted = (
        select(JointTest)
        .where(JointTest.id == test_id)
        .options(
            joinedload(JointTest.form),
            joinedload(JointTest.technician),
            selectinload(JointTest.values).selectinload(JointTestValue.photos),
            selectinload(JointTest.signatures),
        )
        .execution_options(populate_existing=True)  # what the database holds, not what this session remembers
    )
    test = db.session.scalar(wanted)
    if test is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return test


def _files(test: JointTest) -> dict[uuid.UUID, str]:
    wanted = {photo.file_id for row in test.values for photo in row.photos}
    wanted |= {signature.file_id for signature in test.signatures}
    rows = db.session.execute(select(StoredFile.id, StoredFile.sha256).where(StoredFile.id.in_(wanted)))
    return dict(rows.all())


def _numbers(test: JointTest) -> dict[uuid.UUID, str]:
    wanted = {row.finding_id for row in test.values if row.finding_id}
    rows = db.session.execute(select(Finding.id, Finding.number).where(Finding.id.in_(wanted)))
    return dict(rows.all())


def _cell_name(row: JointTestValue) -> str:
    return f"{row.section}.{row.turn}.{row.item_key}"


def _value(
    row: JointTestValue, form: Form, files: dict[uuid.UUID, str], numbers: dict[uuid.UUID, str]
) -> dict[str, Any]:
    section = form.section(row.section)
    item = section.item(row.item_key) if section else None
    printed = {"zh": item.zh, "en": item.en, "unit": item.unit} if item else {}
    if row.finding_id:
        printed["finding"] = numbers.get(row.finding_id, "")
    return {
        "key": _cell_name(row),
        "value": row.value,
        "origin": row.origin,
        "verdict": row.verdict,
        "judgement": row.judgement,
        "inspection": row.inspection_id,
        "finding": row.finding_id,
        "photos": [{"id": photo.file_id, "sha256": files.get(photo.file_id)} for photo in row.photos],
        "printed": printed,
    }


def _signature(signature: JointTestSignature, files: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "id": signature.id,
        "capacity": signature.capacity,
        "by": signature.person_id,
        "name": signature.name,
        "sha256": files.get(signature.file_id),
        "file": signature.file_id,
        "signed_at": signature.signed_at,
    }
