"""Noting what devices say, writing off one that is lost, seeing to a refused document. Nothing is thrown away."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.fieldwork.models import DeviceReport
from webapp.fieldwork.rules import MOST_DEVICES, SILENT_AFTER, kind_of
from webapp.inspections.rules import skew_of, true_moment
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Refused
from webapp.people.models import Person
from webapp.sync.models import Refusal


def note_report(
    said: Mapping[str, Any], *, user_agent: str, sent_at: datetime | None = None, by: Person, now: datetime
) -> None:
    """Keeps what a browser says about the work on it; the newest word counts. `said` as in ReportSchema.

    `sent_at`: its clock when it said so. A device that was written off and speaks again is no longer written off.

    Raises:
        Refused: the person has too many other browsers already.
    """
    kind, oldest = kind_of(user_agent), said["oldest"]
    values: dict[str, Any] = {name: said[name] for name in ("waiting", "attention", "drafts", "packs", "version")}
    values |= {
        "machine": kind.machine,
        "browser": kind.browser,
        "oldest_at": true_moment(oldest, skew_of(sent_at, now)) if oldest else None,
        "is_storage_ok": said["storage_ok"],
        "reported_at": now,
        "written_off_at": None,
        "written_off_by": None,
        "written_off_reason": "",
    }
    name = {"device_id": said["device"], "person_id": by.id}
    if _updated(name, values):
        return
    _make_room(by, now)
    if not insert_if_new(DeviceReport, name | values, unique=list(name)):
        _updated(name, values)


def write_off(report: DeviceReport, reason: str, *, site_id: uuid.UUID, by: Person, now: datetime) -> None:
    """Says that a device is lost or broken: what it holds is no longer waited for.

    Raises:
        Conflict: nothing is waited for: it was written off already, or has reported since.
    """
    waited_for = (
        DeviceReport.device_id == report.device_id,
        DeviceReport.person_id == report.person_id,
        DeviceReport.reported_at == report.reported_at,
        DeviceReport.written_off_at.is_(None),
    )
    values = {"written_off_at": now, "written_off_by": by.id, "written_off_reason": reason}
    done = update(DeviceReport).where(*waited_for).values(**values).returning(DeviceReport.device_id)
    if not report.held or db.session.scalar(done.execution_options(synchronize_session=False)) is None:
        raise Conflict(_("Nothing is waited for from this device any more. Nothing was changed."), code="not_out")
    facts: dict[str, Any] = {"person": str(report.person_id), "held": report.held, "reason": reason}
    facts["oldest"] = report.oldest_at.isoformat() if report.oldest_at else None
    record(Verb.DEVICE_WRITTEN_OFF, f"device:{report.device_id}", by=by.id, now=now, site_id=site_id, **facts)
    db.session.flush()


def handle_refusal(refusal: Refusal, note: str, *, site_id: uuid.UUID, by: Person, now: datetime) -> None:
    """Says that a refused document was seen to, and how.

    Raises:
        Conflict: somebody did so already; of two at the same moment one wins.
    """
    values = {"handled_at": now, "handled_by": by.id, "handled_note": note}
    done = update(Refusal).where(Refusal.id == refusal.id, Refusal.handled_at.is_(None)).values(**values)
    if db.session.scalar(done.returning(Refusal.id).execution_options(synchronize_session=False)) is None:
        raise Conflict(_("Somebody has seen to this already. Nothing was changed."), code="already_handled")
    facts = {"document": str(refusal.document_id), "kind": refusal.kind, "note": note}
    record(Verb.REFUSAL_HANDLED, f"refusal:{refusal.id}", by=by.id, now=now, site_id=site_id, **facts)
    db.session.flush()


def _updated(name: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    here = (DeviceReport.device_id == name["device_id"], DeviceReport.person_id == name["person_id"])
    again = update(DeviceReport).where(*here).values(**values).returning(DeviceReport.device_id)
    return db.session.scalar(again.execution_options(synchronize_session=False)) is not None


def _make_room(by: Person, now: datetime) -> None:
    """Before a further browser is noted: those that nobody lists any more go."""
    mine = DeviceReport.person_id == by.id
    is_empty = DeviceReport.waiting + DeviceReport.attention == 0
    db.session.execute(delete(DeviceReport).where(mine, is_empty, DeviceReport.reported_at < now - SILENT_AFTER))
    if (db.session.scalar(select(func.count()).where(mine)) or 0) >= MOST_DEVICES:
        raise Refused(_("Too many devices have reported for this account."), code="too_many_devices")
