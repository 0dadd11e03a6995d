"""Reading inspections: one record with everything, last readings of an asset, what was done in a month or on a day."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, select
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.util import AliasedClass

from webapp.assets.models import Asset, System
from webapp.checklists.models import ChecklistVersion
from webapp.extensions import db
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Return, Visit
from webapp.inspections.rules import shortest_gap
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


@dataclass(frozen=True)
class LastAbnormal:
    """What was abnormal at an item in the last standing inspection of an asset."""

    answer: Answer
    at: datetime
    photo_ids: list[uuid.UUID]


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
    return last_values_of([asset_id], before, without=[without] if without else []).get(asset_id, {})


def last_values_of(
    asset_ids: Collection[uuid.UUID], before: datetime | None = None, *, without: Collection[uuid.UUID] = ()
) -> dict[uuid.UUID, dict[str, LastValue]]:
    """Asset id → its `last_values`. One query for all of them."""
    wanted = _last_values(before is not None)
    given = {"asset_ids": list(asset_ids), "before": before, "without": list(without)}
    values: dict[uuid.UUID, dict[str, LastValue]] = {}
    for asset_id, key, number, at, _nth in db.session.execute(wanted, given):
        values.setdefault(asset_id, {})[key] = LastValue(number, at)
    return values


def readings_of(asset_id: uuid.UUID, limit: int = 12) -> dict[str, list[tuple[datetime, Decimal]]]:
    """Item key → its last readings, in order or not, oldest first, from standing inspections. One query."""
    return readings_of_all([asset_id], limit).get(asset_id, {})


def readings_of_all(
    asset_ids: Collection[uuid.UUID], limit: int
) -> dict[uuid.UUID, dict[str, list[tuple[datetime, Decimal]]]]:
    """Asset id → its `readings_of`. One query for all of them."""
    given = {"asset_ids": list(asset_ids), "limit": limit}
    readings: dict[uuid.UUID, dict[str, list[tuple[datetime, Decimal]]]] = {}
    for asset_id, key, number, at, _nth in db.session.execute(_readings(), given):
        readings.setdefault(asset_id, {}).setdefault(key, []).append((at, number))
    return readings


def last_abnormal_of(
    asset_ids: Collection[uuid.UUID], *, without: Collection[uuid.UUID] = ()
) -> dict[uuid.UUID, dict[str, LastAbnormal]]:
    """Asset id → item key → what was abnormal there in the asset's last standing inspection. One query.

    `without`: inspections that are about to be replaced; the one before them is the last then.
    """
    order = (Inspection.finished_at.desc(), Inspection.received_at.desc())
    newest = func.row_number().over(partition_by=Inspection.asset_id, order_by=order)
    last = (
        select(Inspection.id, newest.label("nth"))
        .where(Inspection.asset_id.in_(asset_ids), Inspection.id.not_in(without), standing())
        .subquery()
    )
    rows = db.session.execute(
        select(Inspection.asset_id, Inspection.finished_at, Answer, AnswerPhoto.file_id)
        .join(Answer.inspection)
        .join(last, last.c.id == Inspection.id)
        .outerjoin(AnswerPhoto, AnswerPhoto.answer_id == Answer.id)
        .where(last.c.nth == 1, Answer.verdict == "abnormal")
        .order_by(Answer.id, AnswerPhoto.position)
    )
    found: dict[uuid.UUID, dict[str, LastAbnormal]] = {}
    for asset_id, at, answer, photo_id in rows:
        one = found.setdefault(asset_id, {}).setdefault(answer.item_key, LastAbnormal(answer, at, []))
        one.photo_ids.extend([photo_id] if photo_id else [])
    return found


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
    given = {"visit_id": visit_id, "asset_id": asset_id, "without": list(without)}
    return db.session.scalar(_another_in_visit(), given) is not None


def finished_shortly_before(finished_at: datetime, asset: Asset, by: Person, answers: int) -> datetime | None:
    """When the person finished another asset of the site within what so many answers take; None where not.

    Corrections do not count: they are handed in at any time, and need no looking at every item.
    """
    return db.session.scalar(
        select(func.max(Inspection.finished_at)).where(
            Inspection.site_id == asset.site_id,
            Inspection.finished_at > finished_at - shortest_gap(answers),
            Inspection.finished_at <= finished_at,
            Inspection.technician_id == by.id,
            Inspection.asset_id != asset.id,
            Inspection.supersedes_id.is_(None),
        )
    )


def findings_raised_by(inspection_id: uuid.UUID) -> dict[tuple[str, str], uuid.UUID]:
    """(Item key, remedy) → the fault or hazard that an inspection raised there."""
    rows = db.session.execute(
        select(Answer.item_key, Answer.remedy, Answer.finding_id).where(
            Answer.inspection_id == inspection_id, Answer.finding_id.is_not(None)
        )
    )
    return {(key, remedy): finding_id for key, remedy, finding_id in rows if finding_id is not None}


# What each document that is handed in asks for is made once: making such a statement costs more than asking it.


@cache
def _last_values(is_before: bool) -> Select[uuid.UUID, str, Decimal, datetime, int]:
    wanted = _numbers().where(Answer.verdict == "ok", Inspection.id.not_in(bindparam("without", expanding=True)))
    rows = (wanted.where(Inspection.finished_at < bindparam("before")) if is_before else wanted).subquery()
    return select(rows).where(rows.c.nth == 1)


@cache
def _readings() -> Select[uuid.UUID, str, Decimal, datetime, int]:
    rows = _numbers().subquery()
    return select(rows).where(rows.c.nth <= bindparam("limit")).order_by(rows.c.item_key, rows.c.finished_at)


@cache
def _another_in_visit() -> Select[uuid.UUID]:
    wanted = select(Inspection.id).where(
        Inspection.visit_id == bindparam("visit_id"),
        Inspection.asset_id == bindparam("asset_id"),
        Inspection.id.not_in(bindparam("without", expanding=True)),
    )
    return wanted.limit(1)


def _numbers() -> Select[uuid.UUID, str, Decimal | None, datetime, int]:
    """The readings of `asset_ids` from standing inspections; `nth` counts those of one item, the newest first."""
    partition = (Inspection.asset_id, Answer.item_key)
    newest = func.row_number().over(partition_by=partition, order_by=Inspection.finished_at.desc())
    return (
        select(Inspection.asset_id, Answer.item_key, Answer.number, Inspection.finished_at, newest.label("nth"))
        .join(Answer.inspection)
        .where(Inspection.asset_id.in_(bindparam("asset_ids", expanding=True)), Answer.number.is_not(None), standing())
    )


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
