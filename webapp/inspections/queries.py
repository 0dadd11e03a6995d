"""Reading inspections: one record with everything, last readings of an asset, what was done in a month or on a day."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.util import AliasedClass

from webapp.assets.models import Asset, System
from webapp.checklists.models import ChecklistVersion
from webapp.extensions import db
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Return, Visit
from webapp.kit.clock import Month
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import Site
from webapp.sites.rules import Right


@dataclass(frozen=True)
class LastValue:
    """The last accepted reading of an item and when it was taken."""

    value: Decimal
    at: datetime


def standing(of: type[Inspection] | AliasedClass[Inspection] = Inspection) -> ColumnElement[bool]:
    """Criterion: the inspection counts as done, because nothing of it was sent back and no newer one replaces it."""
    newer = aliased(Inspection)
    return and_(
        ~exists().where(Return.inspection_id == of.id).correlate(of),
        ~exists().where(newer.supersedes_id == of.id).correlate(of),
    )


def inspection_for(person: Person, inspection_id: uuid.UUID, right: Right = Right.READ) -> Inspection:
    """The inspection with everything that its page shows, if the person has the right in its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    inspection = db.session.scalar(_whole().where(Inspection.id == inspection_id))
    if inspection is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, inspection.site_id)
    return inspection


def successor_of(inspection_id: uuid.UUID) -> Inspection | None:
    """The newer inspection that replaces this one, with its technician."""
    return db.session.scalar(
        select(Inspection).options(joinedload(Inspection.technician)).where(Inspection.supersedes_id == inspection_id)
    )


def last_values(
    asset_id: uuid.UUID, before: datetime | None = None, *, without: uuid.UUID | None = None
) -> dict[str, LastValue]:
    """Item key → the last reading that was in order, from standing inspections. One query.

    Args:
        before: only what was finished before that moment.
        without: an inspection that is about to be replaced and must not be compared with.
    """
    newest = func.row_number().over(partition_by=Answer.item_key, order_by=Inspection.finished_at.desc())
    wanted = (
        select(Answer.item_key, Answer.number, Inspection.finished_at, newest.label("nth"))
        .join(Answer.inspection)
        .where(Inspection.asset_id == asset_id, Answer.number.is_not(None), Answer.verdict == "ok", standing())
    )
    if before is not None:
        wanted = wanted.where(Inspection.finished_at < before)
    if without is not None:
        wanted = wanted.where(Inspection.id != without)
    rows = wanted.subquery()
    found = db.session.execute(select(rows.c.item_key, rows.c.number, rows.c.finished_at).where(rows.c.nth == 1))
    return {key: LastValue(number, at) for key, number, at in found}


def readings_of(asset_id: uuid.UUID, limit: int = 12) -> dict[str, list[tuple[datetime, Decimal]]]:
    """Item key → its last readings, in order or not, oldest first, from standing inspections. One query."""
    newest = func.row_number().over(partition_by=Answer.item_key, order_by=Inspection.finished_at.desc())
    rows = (
        select(Answer.item_key, Answer.number, Inspection.finished_at, newest.label("nth"))
        .join(Answer.inspection)
        .where(Inspection.asset_id == asset_id, Answer.number.is_not(None), standing())
        .subquery()
    )
    found = db.session.execute(
        select(rows.c.item_key, rows.c.finished_at, rows.c.number)
        .where(rows.c.nth <= limit)
        .order_by(rows.c.item_key, rows.c.finished_at)
    )
    readings: dict[str, list[tuple[datetime, Decimal]]] = {}
    for key, at, number in found:
        readings.setdefault(key, []).append((at, number))
    return readings


def history_of(asset_id: uuid.UUID, limit: int = 12) -> list[Inspection]:
    """The newest inspections of an asset, newest first, sent back and replaced ones too.

    Technician, visit, returns and answers are loaded.
    """
    return list(
        db.session.scalars(
            select(Inspection)
            .options(
                joinedload(Inspection.technician),
                joinedload(Inspection.visit),
                selectinload(Inspection.returns),
                selectinload(Inspection.answers),
            )
            .where(Inspection.asset_id == asset_id)
            .order_by(Inspection.finished_at.desc(), Inspection.received_at.desc())
            .limit(limit)
        )
    )


def inspected_in(site_id: uuid.UUID, month: Month, *, with_answers: bool = False) -> list[Inspection]:
    """The standing inspections of a month in the site's zone, oldest first; asset with system and technician loaded."""
    site = db.session.get_one(Site, site_id)
    return _between(site, *month.bounds(site.timezone), with_answers=with_answers)


def same_day(site_id: uuid.UUID, day: date) -> list[Inspection]:
    """The standing inspections of a day in the site's zone, oldest first, with answers, asset and technician."""
    site = db.session.get_one(Site, site_id)
    start = datetime.combine(day, time(), ZoneInfo(site.timezone))
    end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(site.timezone))
    return _between(site, start, end, with_answers=True)


def photos_used_elsewhere(
    file_ids: Sequence[uuid.UUID], inspection_id: uuid.UUID, supersedes: uuid.UUID | None
) -> set[uuid.UUID]:
    """Those of the files that another inspection uses already; the one that is being replaced does not count."""
    if not file_ids:
        return set()
    wanted = (
        select(AnswerPhoto.file_id)
        .join(Answer, Answer.id == AnswerPhoto.answer_id)
        .where(AnswerPhoto.file_id.in_(file_ids), Answer.inspection_id != inspection_id)
    )
    if supersedes is not None:
        wanted = wanted.where(Answer.inspection_id != supersedes)
    return set(db.session.scalars(wanted))


def is_second_in_visit(visit_id: uuid.UUID, asset_id: uuid.UUID, without: Sequence[uuid.UUID]) -> bool:
    """Whether the visit has another inspection of that asset, besides those in `without`."""
    wanted = select(Inspection.id).where(
        Inspection.visit_id == visit_id, Inspection.asset_id == asset_id, Inspection.id.not_in(without)
    )
    return db.session.scalar(wanted.limit(1)) is not None


def findings_raised_by(inspection_id: uuid.UUID) -> dict[tuple[str, str], uuid.UUID]:
    """(Item key, remedy) → the fault or hazard that an inspection raised there."""
    rows = db.session.execute(
        select(Answer.item_key, Answer.remedy, Answer.finding_id).where(
            Answer.inspection_id == inspection_id, Answer.finding_id.is_not(None)
        )
    )
    return {(key, remedy): finding_id for key, remedy, finding_id in rows if finding_id is not None}


def _between(site: Site, start: datetime, end: datetime, *, with_answers: bool) -> list[Inspection]:
    wanted = (
        select(Inspection)
        .options(
            joinedload(Inspection.asset).joinedload(Asset.system).joinedload(System.service_line),
            joinedload(Inspection.technician),
        )
        .where(
            Inspection.site_id == site.id,
            Inspection.finished_at >= start,
            Inspection.finished_at < end,
            standing(),
        )
        .order_by(Inspection.finished_at, Inspection.received_at)
    )
    if with_answers:
        wanted = wanted.options(selectinload(Inspection.answers).selectinload(Answer.photos))
    return list(db.session.scalars(wanted))


def _whole() -> Select[Inspection]:
    return select(Inspection).options(
        joinedload(Inspection.asset).joinedload(Asset.site),
        joinedload(Inspection.asset).joinedload(Asset.system).joinedload(System.service_line),
        joinedload(Inspection.technician),
        joinedload(Inspection.version).joinedload(ChecklistVersion.checklist),
        joinedload(Inspection.version).selectinload(ChecklistVersion.items),
        joinedload(Inspection.visit).joinedload(Visit.technician),
        joinedload(Inspection.visit).selectinload(Visit.signatures),
        selectinload(Inspection.answers).selectinload(Answer.photos),
        selectinload(Inspection.returns),
    )
