"""What is known of work in the field that is not here: unsent on devices, or refused. And receipts for what is here."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.extensions import db
from webapp.fieldwork.models import DeviceReport
from webapp.fieldwork.rules import SILENT_AFTER, ids_in
from webapp.files.models import StoredFile
from webapp.files.queries import files_with
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.models import Membership
from webapp.sync.models import Arrival, Refusal
from webapp.sync.queries import arrivals_of
from webapp.sync.rules import MOST_KEPT

PAGE_SIZE = 30
MOST_PHOTOS = 300  # of one refused document

_HELD = DeviceReport.waiting + DeviceReport.attention


@dataclass(frozen=True)
class Device:
    """A browser of a person with its newest word, and who wrote it off."""

    report: DeviceReport
    written_off_by: str | None


@dataclass(frozen=True)
class Kept:
    """A refused document, who wrote it, and when it arrived after all."""

    refusal: Refusal
    author: Person
    arrived_at: datetime | None
    handled_by: str | None

    @property
    def is_open(self) -> bool:
        """Whether somebody should see to it."""
        return self.arrived_at is None and self.refusal.handled_at is None

    @property
    def is_cut(self) -> bool:
        """Whether not all of its content is kept."""
        return self.refusal.size > MOST_KEPT


@dataclass(frozen=True)
class Found:
    """One page of refused documents."""

    rows: Sequence[Kept]
    total: int
    open: int
    number: int
    pages: int


def receipts_of(person: Person, ids: Collection[uuid.UUID]) -> list[dict[str, Any]]:
    """Which of these documents and files are here and this person's own, in the order asked for. Two queries."""
    mine = [StoredFile.id.in_(ids), StoredFile.received_by == person.id]
    here = {
        row.id: _receipt(row.id, "file", row.sha256, row.sha256, row.received_at)
        for row in db.session.scalars(select(StoredFile).where(*mine))
    }
    here |= {
        row.id: _receipt(row.id, row.kind, row.digest, row.sent_sha256, row.received_at)
        for row in arrivals_of(person.id, ids)
    }
    return [here[each] for each in dict.fromkeys(ids) if each in here]


def _receipt(
    name: uuid.UUID, kind: str, sha256: str, sent_sha256: str | None, received_at: datetime
) -> dict[str, str | None]:
    return {
        "id": str(name),
        "kind": kind,
        "sha256": sha256,
        "sent_sha256": sent_sha256,
        "received_at": received_at.isoformat(),
    }


def devices_of(site_id: uuid.UUID, now: datetime) -> list[Device]:
    """Browsers of people with a role in the site: first those with work out, the oldest first, then by last contact.

    One with nothing out, or written off, falls away when it is silent for long. One query.
    """
    writer, since = aliased(Person), now - SILENT_AFTER
    is_fresh = or_(DeviceReport.reported_at > since, DeviceReport.written_off_at > since)
    wanted = (
        _reports(site_id)
        .add_columns(writer.name)
        .outerjoin(writer, writer.id == DeviceReport.written_off_by)
        .where(or_(_is_out(), is_fresh))
        .order_by(_is_out().desc(), DeviceReport.reported_at.desc(), DeviceReport.device_id)
    )
    found = [Device(report, name) for report, name in db.session.execute(wanted)]
    return sorted(found, key=lambda each: (not each.report.is_out, _age(each.report) if each.report.is_out else 0.0))


def unsent(site_id: uuid.UUID) -> list[DeviceReport]:
    """What devices of the site's people are known to hold, with the person; the oldest work first. One query."""
    return sorted(db.session.scalars(_reports(site_id).where(_is_out())), key=_age)


def device_for(site_id: uuid.UUID, device_id: uuid.UUID, person_id: uuid.UUID) -> DeviceReport:
    """The last word of a browser of somebody with a role in the site. Raises NotFound."""
    here = (DeviceReport.device_id == device_id, DeviceReport.person_id == person_id)
    report = db.session.scalar(_reports(site_id).where(*here))
    if report is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return report


def refusals_of(site_id: uuid.UUID, number: int = 1) -> Found:
    """One page of the refused documents that this site sees: those to be seen to first, then the newest."""
    is_open = and_(Refusal.handled_at.is_(None), Arrival.id.is_(None))
    counts = _refusals(site_id).with_only_columns(func.count(), func.count().filter(is_open))
    total, still_open = db.session.execute(counts).one()
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    wanted = _refusals(site_id).order_by(is_open.desc(), Refusal.received_at.desc(), Refusal.id.desc())
    rows = db.session.execute(wanted.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE))
    return Found([Kept(*row) for row in rows], total, still_open, number, pages)


def refusal_for(site_id: uuid.UUID, refusal_id: int) -> Kept:
    """A refused document that this site sees. Raises NotFound."""
    row = db.session.execute(_refusals(site_id).where(Refusal.id == refusal_id)).first()
    if row is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return Kept(*row)


def photos_of(refusal: Refusal, site_id: uuid.UUID) -> list[StoredFile]:
    """The photos of a refused document that did arrive: its author's own, and of no other site's record."""
    ids = [uuid.UUID(text) for text in ids_in(refusal.content) if _is_id(text)]
    found = files_with(ids[:MOST_PHOTOS])
    mine = [found[each] for each in ids if each in found and found[each].received_by == refusal.author_id]
    return [file for file in mine if file.site_id in (None, site_id)]


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _members(site_id: uuid.UUID) -> Select[uuid.UUID]:
    return select(Membership.person_id).where(Membership.site_id == site_id)


def _reports(site_id: uuid.UUID) -> Select[DeviceReport]:
    return (
        select(DeviceReport)
        .options(joinedload(DeviceReport.person))
        .where(DeviceReport.person_id.in_(_members(site_id)))
        .execution_options(populate_existing=True)
    )


def _is_out() -> ColumnElement[bool]:
    """Criterion: DeviceReport.is_out."""
    return and_(_HELD > 0, DeviceReport.written_off_at.is_(None))


def _age(report: DeviceReport) -> float:
    """Sorts the oldest work first; work of unknown age before all."""
    return report.oldest_at.timestamp() if report.oldest_at else float("-inf")


def _refusals(site_id: uuid.UUID) -> Select[Refusal, Person, datetime, str]:
    """Those about the site; where the door could not tell, those of authors with a role in it. Columns as in Kept.

    One about another site is not shown here, whoever wrote it. "Arrived after all" is what came under the same name
    later: an arrival before the refusal is the reason of it, not its happy end.
    """
    handler = aliased(Person)
    later = and_(
        Arrival.id == Refusal.document_id,
        Arrival.author_id == Refusal.author_id,
        Arrival.received_at >= Refusal.received_at,
    )
    return (
        select(Refusal, Person, Arrival.received_at, handler.name)
        .join(Person, Person.id == Refusal.author_id)
        .outerjoin(Arrival, later)
        .outerjoin(handler, handler.id == Refusal.handled_by)
        .where(
            or_(
                Refusal.site_id == site_id,
                and_(Refusal.site_id.is_(None), Refusal.author_id.in_(_members(site_id))),
            )
        )
        .execution_options(populate_existing=True)
    )
