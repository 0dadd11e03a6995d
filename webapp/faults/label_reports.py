"""Faults told from a label by somebody without an account: taken, confirmed or rejected by a person, masked later.

Nothing becomes a fault before a person has confirmed it, and the clocks of the contract start with that.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.assets.models import Asset
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.label_report_models import LabelReport, LabelReportDecision
from webapp.faults.label_report_queries import told_since
from webapp.faults.models import Finding, FindingKind
from webapp.files.actions import Bytes, attach, note_file
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid, Problem
from webapp.people.models import Person

CHANNEL = "label"
MOST_OF_A_LABEL = 6  # within the hour: more than people tell of one device, too little for filling the disk
OF_A_LABEL_WITHIN = timedelta(hours=1)


class TooMany(Problem):
    """Too many reports about one device, or from one address (429)."""

    status = 429
    default_code = "too_many_reports"
    retry_after = int(OF_A_LABEL_WITHIN.total_seconds())


@dataclass(frozen=True)
class Told:
    """What somebody told: words, and whom to call back."""

    text: str
    name: str = ""
    phone: str = ""


def check_how_often(asset: Asset, *, now: datetime) -> None:
    """Raises TooMany where this device has been reported often enough in the last hour."""
    if told_since(asset.id, now - OF_A_LABEL_WITHIN) >= MOST_OF_A_LABEL:
        raise TooMany(
            _("This device has been reported several times within the hour. If it is urgent, please tell the staff.")
        )


def take(asset: Asset, told: Told, photo: Bytes | None, *, now: datetime) -> LabelReport:
    """Keeps a report of somebody unknown. The log says that it came, not from whom.

    Raises:
        TooMany: see check_how_often. Many at the same moment are counted one after the other.
    """
    db.session.execute(select(Asset.id).where(Asset.id == asset.id).with_for_update(key_share=True))
    check_how_often(asset, now=now)
    report = LabelReport(
        id=uuid.uuid4(),
        site_id=asset.site_id,
        asset_id=asset.id,
        text=told.text,
        name=told.name,
        phone=told.phone,
        photo_sha256=photo.sha256 if photo else None,
        reported_at=now,
    )
    db.session.add(report)
    db.session.flush()
    about = {"asset": str(asset.id), "photo": report.photo_sha256}
    record(Verb.LABEL_REPORT_RECEIVED, f"label_report:{report.id}", by=None, now=now, site_id=asset.site_id, **about)
    return report


def confirm(
    report: LabelReport,
    *,
    level: str | None,
    catalogue_number: int | None,
    photo: Bytes | None,
    by: Person,
    now: datetime,
) -> Finding:
    """A person has looked at it: it becomes a fault. Reported when it was told; its clocks start now.

    `photo`: the checked bytes of the photo of the report, read by the door.

    Raises:
        Conflict: somebody has decided about it already; of two at the same moment one wins.
        Invalid: level or kind is not in the contract.
    """
    site = report.asset.site
    _check_open(report)
    photo_ids = [uuid.uuid5(report.id, photo.sha256)] if photo else []
    if photo:
        note_file(photo_ids[0], photo, by=by, now=now)
        attach(photo_ids, site.id, by=by)
    finding = raise_finding(
        FindingKind.FAULT,
        site=site,
        asset=report.asset,
        item_text="",
        level=level,
        text=report.text,
        photo_ids=photo_ids,
        source=f"label_report:{report.id}",
        channel=CHANNEL,
        by=by,
        reported_at=report.reported_at,
        now=now,
        catalogue_number=catalogue_number,
        facts={"counts_from": now.isoformat()},
    )
    _decide(report, {"finding_id": finding.id, "reason": ""}, by=by, now=now)
    told = {"number": finding.number, "level": finding.level}
    record(Verb.LABEL_REPORT_CONFIRMED, f"label_report:{report.id}", by=by.id, now=now, site_id=report.site_id, **told)
    return finding


def reject(report: LabelReport, reason: str, *, by: Person, now: datetime) -> None:
    """A person has looked at it: it is none. The report stays with the reason.

    Raises:
        Invalid: no reason is given.
        Conflict: somebody has decided about it already; of two at the same moment one wins.
    """
    if not reason:
        why = _("Give a reason.")
        raise Invalid(why, fields={"reason": [why]})
    _decide(report, {"finding_id": None, "reason": reason}, by=by, now=now)
    about = f"label_report:{report.id}"
    record(Verb.LABEL_REPORT_REJECTED, about, by=by.id, now=now, site_id=report.site_id, reason=reason)


def mask_contacts(before: datetime, *, now: datetime) -> int:
    """Takes name and telephone out of reports that came before a moment; how many. Text, photo and decision stay."""
    old = (LabelReport.masked_at.is_(None), LabelReport.reported_at < before)
    given = (LabelReport.name != "") | (LabelReport.phone != "")
    masked = update(LabelReport).where(*old, given).values(name="", phone="", masked_at=now)
    made = masked.returning(LabelReport.id).execution_options(synchronize_session=False)
    count = len(db.session.scalars(made).all())
    if count:
        record(Verb.LABEL_REPORTS_MASKED, "label_reports", by=None, now=now, count=count, before=before.isoformat())
    return count


def shortened(text: str) -> str:
    """A name or number for those who need not know it: what it begins with, and that there is more."""
    return f"{text[:1]}＊＊" if text else ""


def _decide(report: LabelReport, outcome: dict[str, Any], *, by: Person, now: datetime) -> None:
    row = {"report_id": report.id, "decided_at": now, "decided_by": by.id, **outcome}
    if not insert_if_new(LabelReportDecision, row, ("report_id",)):
        raise Conflict(_("Somebody has decided about this report already."), code="decided")
    db.session.expire(report, ["decision"])


def _check_open(report: LabelReport) -> None:
    """With the report locked until the transaction ends: the second of two waits here and finds what was decided."""
    db.session.execute(select(LabelReport.id).where(LabelReport.id == report.id).with_for_update(key_share=True))
    if db.session.get(LabelReportDecision, report.id, populate_existing=True):
        raise Conflict(_("Somebody has decided about this report already."), code="decided")
