"""Reading a month out of the rooms below: one statement per kind of record, bounded by the month, never per row."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    distinct,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from webapp.assets.models import Asset
from webapp.checklists.models import CheckItem, ItemKind
from webapp.checklists.rules import parse_number
from webapp.extensions import db
from webapp.faults.models import EventKind, Finding, FindingEvent
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Omission, Return, Visit
from webapp.inspections.queries import standing
from webapp.jointtests.models import JointTest
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.reports.models import ClosedMonth
from webapp.reports.summary import AbnormalItem, FindingLine, InspectionLine, JointTestLine, Words
from webapp.seals.models import Seal
from webapp.sites.models import Site

Between = tuple[datetime, datetime]  # first moment of the month, first moment of the next


@dataclass(frozen=True)
class Reason:
    """Why an asset was left out in a month, and who said so."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Told:
    """What people have said about a month."""

    is_closed: bool
    reasons: dict[uuid.UUID, Reason]  # asset → the newest reason for leaving it out


@dataclass(frozen=True)
class Cover:
    """How often one content was answered: inspections, answers, abnormal answers."""

    inspections: int
    answers: int
    abnormal: int


@dataclass(frozen=True)
class Photo:
    """A photo of a standing inspection, for the list behind the number of photos."""

    file_id: uuid.UUID
    inspection_id: uuid.UUID
    asset: str
    item: Words
    verdict: str
    finished_at: datetime


def in_month(site_id: uuid.UUID, between: Between) -> ColumnElement[bool]:
    """Criterion on Inspection: of this site, finished in these moments; which an index serves."""
    since, until = between
    return and_(Inspection.site_id == site_id, Inspection.finished_at >= since, Inspection.finished_at < until)


def inspections_of(site_id: uuid.UUID, between: Between) -> list[InspectionLine]:
    """All inspections finished in the month, oldest first, with visit, photos, returns, seal."""
    back = aliased(Return)
    successor = aliased(Inspection)
    photos = (
        select(func.count(distinct(AnswerPhoto.file_id)))
        .join(Answer, Answer.id == AnswerPhoto.answer_id)
        .where(Answer.inspection_id == Inspection.id)
        .correlate(Inspection)
        .scalar_subquery()
    )
    wanted = (
        select(
            Inspection.id,
            Inspection.asset_id,
            Asset.code,
            Asset.name,
            Asset.system_id,
            Inspection.visit_id,
            Visit.day,
            Visit.number,
            Person.name.label("technician"),
            Inspection.finished_at,
            Inspection.verdict,
            Inspection.units_total,
            Inspection.units_checked,
            Inspection.units_reason,
            Inspection.advice,
            photos.label("photos"),
            standing().label("is_standing"),
            _is_sealed("visit", Inspection.visit_id).label("is_sealed"),
            exists(select(successor.id).where(successor.supersedes_id == Inspection.id)).label("is_superseded"),
            back.reason.label("return_reason"),
        )
        .join(Asset, Asset.id == Inspection.asset_id)
        .join(Visit, Visit.id == Inspection.visit_id)
        .join(Person, Person.id == Inspection.technician_id)
        .outerjoin(back, back.inspection_id == Inspection.id)
        .where(in_month(site_id, between))
        .order_by(Inspection.finished_at, Inspection.id, back.returned_at)
    )
    return [_inspection_line(rows) for rows in _grouped(db.session.execute(wanted), "id")]


def abnormal_items(site_id: uuid.UUID, between: Between) -> list[AbnormalItem]:
    """The abnormal answers of standing inspections, oldest first, with item, finding and photos."""
    wanted = (
        select(
            Answer.id,
            Answer.inspection_id,
            Inspection.asset_id,
            Asset.code,
            Asset.name,
            Asset.location,
            Inspection.finished_at,
            Answer.item_key,
            CheckItem.zh,
            CheckItem.en,
            CheckItem.kind,
            CheckItem.unit,
            CheckItem.options,
            Answer.value,
            Answer.judgement,
            Answer.why,
            Answer.remedy,
            Answer.level,
            Answer.finding_id,
            Finding.number,
            AnswerPhoto.file_id,
        )
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .join(Asset, Asset.id == Inspection.asset_id)
        .outerjoin(CheckItem, _item_of_answer())
        .outerjoin(Finding, Finding.id == Answer.finding_id)
        .outerjoin(AnswerPhoto, AnswerPhoto.answer_id == Answer.id)
        .where(in_month(site_id, between), standing(), Answer.verdict == "abnormal")
        .order_by(Inspection.finished_at, Inspection.id, Answer.position, AnswerPhoto.position)
    )
    return [_abnormal_item(rows) for rows in _grouped(db.session.execute(wanted), "id")]


def content_cover(site_id: uuid.UUID, between: Between, codes: Sequence[str]) -> dict[str, Cover]:
    """Content code → how often standing inspections of the month answered it; one pass over the month's answers."""
    columns: list[ColumnElement[Any]] = []
    for code in codes:
        columns += [
            func.count(distinct(case((_covers(code), Answer.inspection_id)))),
            func.count(case((_covers(code), Answer.id))),
            func.count(case((and_(_covers(code), Answer.verdict == "abnormal"), Answer.id))),
        ]
    row = db.session.execute(_answers_of(site_id, between, *columns)).one()
    return {code: Cover(*row[index * 3 : index * 3 + 3]) for index, code in enumerate(codes)}


def inspections_covering(inspection_ids: Collection[uuid.UUID], code: str) -> set[uuid.UUID]:
    """Those of the inspections that answered one content."""
    wanted = (
        select(Answer.inspection_id)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .join(CheckItem, _item_of_answer())
        .where(Answer.inspection_id.in_(inspection_ids), _covers(code))
    )
    return set(db.session.scalars(wanted.distinct()))


def photos_of(inspection_ids: Collection[uuid.UUID]) -> list[Photo]:
    """The photos of some inspections, oldest first."""
    wanted = (
        select(
            AnswerPhoto.file_id,
            Inspection.id,
            Asset.name,
            CheckItem.zh,
            CheckItem.en,
            Answer.verdict,
            Inspection.finished_at,
        )
        .join(Answer, Answer.id == AnswerPhoto.answer_id)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .join(Asset, Asset.id == Inspection.asset_id)
        .outerjoin(CheckItem, _item_of_answer())
        .where(Inspection.id.in_(inspection_ids))
        .order_by(Inspection.finished_at, Inspection.id, Answer.position, AnswerPhoto.position)
    )
    seen: dict[tuple[uuid.UUID, uuid.UUID], Photo] = {}
    for file_id, inspection_id, asset, zh, en, verdict, at in db.session.execute(wanted):
        seen.setdefault(
            (inspection_id, file_id), Photo(file_id, inspection_id, asset, Words(zh or "", en or ""), verdict, at)
        )
    return list(seen.values())


def findings_of(site_id: uuid.UUID, between: Between) -> list[FindingLine]:
    """Faults and hazards raised in the month, or before it and open at its end. State as it was at the month's end."""
    since, until = between
    last = aliased(FindingEvent)
    newest = (
        select(func.max(FindingEvent.id))
        .where(
            FindingEvent.finding_id == Finding.id,
            FindingEvent.kind.in_([EventKind.CLOSED, EventKind.REOPENED]),
            FindingEvent.at < until,
        )
        .correlate(Finding)
        .scalar_subquery()
    )
    is_open = or_(last.id.is_(None), last.kind == EventKind.REOPENED)
    wanted = (
        select(Finding, Asset.code, Asset.name, is_open.label("is_open"), last.at, last.reason)
        .outerjoin(Asset, Asset.id == Finding.asset_id)
        .outerjoin(last, last.id == newest)
        .where(Finding.site_id == site_id, Finding.reported_at < until, or_(Finding.reported_at >= since, is_open))
        .order_by(Finding.number)
    )
    return [
        FindingLine(
            id=finding.id,
            number=finding.number,
            kind=finding.kind,
            code=code or "",
            asset=name or "",
            item=finding.item_text,
            level=finding.level or "",
            text=finding.text,
            reported_at=finding.reported_at,
            is_from_this_month=finding.reported_at >= since,
            is_open=still_open,
            closed_at=None if still_open else at,
            closing_reason="" if still_open else reason,
        )
        for finding, code, name, still_open, at, reason in db.session.execute(wanted)
    ]


def told_of(site_id: uuid.UUID, month: Month) -> Told:
    """Whether the month is closed, and the reasons for rows left out: one statement for both."""
    closed = and_(ClosedMonth.site_id == Site.id, ClosedMonth.month == str(month))
    omitted = and_(Omission.site_id == Site.id, Omission.month == str(month))
    wanted = (
        select(ClosedMonth.id, Omission.asset_id, Omission.reason, Person.name, Omission.given_at)
        .select_from(Site)
        .outerjoin(ClosedMonth, closed)
        .outerjoin(Omission, omitted)
        .outerjoin(Person, Person.id == Omission.given_by)
        .where(Site.id == site_id)
        .order_by(Omission.given_at, Omission.id)
    )
    rows = db.session.execute(wanted).all()
    reasons = {asset_id: Reason(text, by, at) for _closed, asset_id, text, by, at in rows if asset_id}
    return Told(is_closed=any(row[0] for row in rows), reasons=reasons)


def joint_tests_of(site_id: uuid.UUID, month: Month) -> list[JointTestLine]:
    """The joint tests of the month that were not replaced by a later record, with their seals (R24)."""
    later = aliased(JointTest)
    wanted = (
        select(JointTest.id, JointTest.number, JointTest.day, Person.name, JointTest.result, Seal.digest)
        .join(Person, Person.id == JointTest.technician_id)
        .outerjoin(Seal, and_(Seal.kind == "joint_test", Seal.record_id == JointTest.id))
        .where(
            JointTest.site_id == site_id,
            JointTest.day >= month.first,
            JointTest.day <= month.last,
            ~exists(select(later.id).where(later.supersedes_id == JointTest.id)),
        )
        .order_by(JointTest.day, JointTest.number)
    )
    return [JointTestLine(*row[:5], digest=row[5] or "") for row in db.session.execute(wanted)]


def readings_of(
    site_id: uuid.UUID, pairs: Sequence[tuple[uuid.UUID, str]], between: Between
) -> dict[tuple[uuid.UUID, str], list[tuple[datetime, Decimal]]]:
    """(asset, item) → its readings between two moments, oldest first, from standing inspections."""
    if not pairs:
        return {}
    since, until = between
    wanted = (
        select(Inspection.asset_id, Answer.item_key, Inspection.finished_at, Answer.number)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .where(
            Inspection.site_id == site_id,
            Inspection.asset_id.in_({asset_id for asset_id, _item in pairs}),  # what the index can use
            tuple_(Inspection.asset_id, Answer.item_key).in_(pairs),
            Inspection.finished_at >= since,
            Inspection.finished_at < until,
            Answer.number.is_not(None),
            standing(),
        )
        .order_by(Inspection.finished_at)
    )
    found: dict[tuple[uuid.UUID, str], list[tuple[datetime, Decimal]]] = {}
    for asset_id, item_key, at, number in db.session.execute(wanted):
        assert number is not None  # asked for above
        found.setdefault((asset_id, item_key), []).append((at, number))
    return found


def _is_sealed(kind: str, record_id: Any) -> ColumnElement[bool]:
    return exists(select(Seal.id).where(Seal.kind == literal(kind), Seal.record_id == record_id))


def _item_of_answer() -> ColumnElement[bool]:
    return and_(CheckItem.version_id == Inspection.version_id, CheckItem.key == Answer.item_key)


def _covers(code: str) -> ColumnElement[bool]:
    """Criterion: the item carries this content. The list is looked at as text, which both databases can."""
    return and_(cast(CheckItem.seed_refs, String).like(f'%"{code}"%'), Answer.verdict != "na")


def _answers_of(site_id: uuid.UUID, between: Between, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Answer)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .join(CheckItem, _item_of_answer())
        .where(in_month(site_id, between), standing())
    )


def _grouped(rows: Iterable[Any], key: str) -> Iterator[list[Any]]:
    """Neighbouring rows that share `key`: one record with its returns or photos."""
    group: list[Any] = []
    for row in rows:
        if group and getattr(row, key) != getattr(group[0], key):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _inspection_line(rows: list[Any]) -> InspectionLine:
    row = rows[0]
    return InspectionLine(
        id=row.id,
        asset_id=row.asset_id,
        code=row.code,
        name=row.name,
        system_id=row.system_id,
        visit_id=row.visit_id,
        visit_day=row.day,
        visit_number=row.number,
        technician=row.technician,
        finished_at=row.finished_at,
        verdict=row.verdict,
        units_total=row.units_total,
        units_checked=row.units_checked,
        units_reason=row.units_reason,
        advice=row.advice,
        photos=row.photos,
        is_standing=bool(row.is_standing),
        is_sealed=bool(row.is_sealed),
        is_superseded=bool(row.is_superseded),
        return_reasons=tuple(other.return_reason for other in rows if other.return_reason is not None),
    )


def _abnormal_item(rows: list[Any]) -> AbnormalItem:
    row = rows[0]
    judgement = row.judgement or {}
    return AbnormalItem(
        answer_id=row.id,
        inspection_id=row.inspection_id,
        asset_id=row.asset_id,
        code=row.code,
        name=row.name,
        location=row.location,
        finished_at=row.finished_at,
        item_key=row.item_key,
        item=Words(row.zh or row.item_key, row.en or row.item_key),
        kind=row.kind or "",
        value=row.value,
        shown=_shown(row),
        unit=row.unit or "",
        low=parse_number(judgement.get("low")),
        high=parse_number(judgement.get("high")),
        why=row.why,
        remedy=row.remedy,
        level=row.level,
        finding_id=row.finding_id,
        finding_number=row.number or "",
        photo_ids=tuple(other.file_id for other in rows if other.file_id is not None),
    )


def _shown(row: Any) -> Words:
    """The value as people read it: an option by its words, a reading with its unit, pass/fail not at all."""
    if row.kind == ItemKind.CHOICE:
        option: dict[str, Any] = next((option for option in row.options or [] if option.get("value") == row.value), {})
        return Words(option.get("zh", row.value), option.get("en", row.value))
    if row.kind == ItemKind.NUMBER:
        text = f"{row.value} {row.unit}".strip()
        return Words(text, text)
    return Words("", "")
