"""Reading a month out of the rooms below: one statement per kind of record, bounded by the month, never per row."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    distinct,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from webapp.assets.models import Asset
from webapp.checklists.models import CheckItem, ItemKind
from webapp.checklists.rules import parse_number
from webapp.extensions import db
from webapp.faults.models import EventKind, Finding, FindingEvent
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Return, Visit
from webapp.inspections.queries import standing
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.reports.models import FindingNote
from webapp.reports.summary import AbnormalItem, FindingLine, InspectionLine, Words
from webapp.seals.models import Seal
from webapp.sites.models import Site

Between = tuple[datetime, datetime]  # first moment of the month, first moment of the next


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


def inspected_in(site_id: uuid.UUID, between: Between) -> tuple[list[InspectionLine], list[AbnormalItem]]:
    """All inspections finished in the month, oldest first, and the abnormal answers of those that count.

    With visit, photos, returns, seal; with item, finding and photos. One statement for both.
    """
    back, successor = aliased(Return), aliased(Inspection)
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
            Asset.location,
            Asset.system_id,
            Inspection.visit_id,
            Visit.day,
            Visit.number,
            Person.name.label("technician"),
            Inspection.finished_at,
            Inspection.verdict.label("outcome"),
            Inspection.units_total,
            Inspection.units_checked,
            Inspection.units_reason,
            Inspection.advice,
            photos.label("photos"),
            standing().label("is_standing"),
            _is_sealed("visit", Inspection.visit_id).label("is_sealed"),
            exists(select(successor.id).where(successor.supersedes_id == Inspection.id)).label("is_superseded"),
            back.id.label("return_id"),
            back.reason.label("return_reason"),
            *_abnormal_columns(),
        )
        .join(Asset, Asset.id == Inspection.asset_id)
        .join(Visit, Visit.id == Inspection.visit_id)
        .join(Person, Person.id == Inspection.technician_id)
        .outerjoin(back, back.inspection_id == Inspection.id)
        .outerjoin(Answer, and_(Answer.inspection_id == Inspection.id, Answer.verdict == "abnormal"))
        .outerjoin(CheckItem, item_of_answer())
        .outerjoin(Finding, Finding.id == Answer.finding_id)
        .outerjoin(AnswerPhoto, AnswerPhoto.answer_id == Answer.id)
        .where(in_month(site_id, between))
        .order_by(
            Inspection.finished_at, Inspection.id, back.returned_at, back.id, Answer.position, AnswerPhoto.position
        )
    )
    lines: list[InspectionLine] = []
    abnormal: list[AbnormalItem] = []
    for rows in _grouped(db.session.execute(wanted), "id"):
        lines.append(_inspection_line(rows))
        if lines[-1].is_standing:  # then nothing was sent back, so each answer stands there once
            answers = [row for row in rows if row.answer_id is not None]
            abnormal += [_abnormal_item(group) for group in _grouped(answers, "answer_id")]
    return lines, abnormal


def _abnormal_columns() -> tuple[Any, ...]:
    return (
        Answer.id.label("answer_id"),
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
        Finding.number.label("finding_number"),
        AnswerPhoto.file_id,
    )


def inspections_covering(inspection_ids: Collection[uuid.UUID], code: str) -> set[uuid.UUID]:
    """Those of the inspections that answered one content."""
    wanted = (
        select(Answer.inspection_id)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .join(CheckItem, item_of_answer())
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
        .outerjoin(CheckItem, item_of_answer())
        .where(Inspection.id.in_(inspection_ids))
        .order_by(Inspection.finished_at, Inspection.id, Answer.position, AnswerPhoto.position)
    )
    seen: dict[tuple[uuid.UUID, uuid.UUID], Photo] = {}
    for file_id, inspection_id, asset, zh, en, verdict, at in db.session.execute(wanted):
        seen.setdefault(
            (inspection_id, file_id), Photo(file_id, inspection_id, asset, Words(zh or "", en or ""), verdict, at)
        )
    return list(seen.values())


def findings_of(site: Site, month: Month) -> list[FindingLine]:
    """Faults and hazards raised in the month, or before it and open at its end. State as it was at the month's end.

    With what was told about them in this month; where nothing was, what was told last stands beside as a proposal.
    """
    since, until = month.bounds(site.timezone)
    last, note, teller = aliased(FindingEvent), aliased(FindingNote), aliased(Person)
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
    told = (
        select(FindingNote.id)
        .where(FindingNote.finding_id == Finding.id, FindingNote.month <= str(month))
        .order_by(FindingNote.month.desc(), FindingNote.told_at.desc(), FindingNote.id)
        .limit(1)
        .correlate(Finding)
        .scalar_subquery()
    )
    is_open = or_(last.id.is_(None), last.kind == EventKind.REOPENED)
    here, before = Finding.site_id == site.id, Finding.reported_at < since
    reaching = union_all(  # each part along its own index: what was closed in the years before costs nothing
        select(Finding.id).where(here, Finding.reported_at >= since, Finding.reported_at < until),
        select(Finding.id).where(here, before, Finding.closed_at >= until),
        select(Finding.id).where(here, before, Finding.closed_at.is_(None)),
    )
    wanted = (
        select(Finding, Asset.code, Asset.name, is_open.label("is_open"), last.at, last.reason, note, teller.name)
        .outerjoin(Asset, Asset.id == Finding.asset_id)
        .outerjoin(last, last.id == newest)
        .outerjoin(note, note.id == told)
        .outerjoin(teller, teller.id == note.told_by)
        .where(Finding.id.in_(reaching), or_(Finding.reported_at >= since, is_open))
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
            **_told(found, teller_name, month),
        )
        for finding, code, name, still_open, at, reason, found, teller_name in db.session.execute(wanted)
    ]


def _told(note: FindingNote | None, teller: str, month: Month) -> dict[str, Any]:
    if note is None:
        return {}
    if note.month != str(month):
        return {"earlier_handling": note.handling, "earlier_next_steps": note.next_steps}
    return {"handling": note.handling, "next_steps": note.next_steps, "told_by": teller, "told_at": note.told_at}


def _is_sealed(kind: str, record_id: Any) -> ColumnElement[bool]:
    return exists(select(Seal.id).where(Seal.kind == literal(kind), Seal.record_id == record_id))


def item_of_answer() -> ColumnElement[bool]:
    """Join of Answer, with its Inspection, to the CheckItem that was asked."""
    return and_(CheckItem.version_id == Inspection.version_id, CheckItem.key == Answer.item_key)


def _covers(code: str) -> ColumnElement[bool]:
    """Criterion: the item carries this content. The list is looked at as text, which both databases can."""
    return and_(cast(CheckItem.seed_refs, String).like(f'%"{code}"%'), Answer.verdict != "na")


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
        verdict=row.outcome,
        units_total=row.units_total,
        units_checked=row.units_checked,
        units_reason=row.units_reason,
        advice=row.advice,
        photos=row.photos,
        is_standing=bool(row.is_standing),
        is_sealed=bool(row.is_sealed),
        is_superseded=bool(row.is_superseded),
        return_reasons=tuple({each.return_id: each.return_reason for each in rows if each.return_id}.values()),
    )


def _abnormal_item(rows: list[Any]) -> AbnormalItem:
    row = rows[0]
    judgement = row.judgement or {}
    return AbnormalItem(
        answer_id=row.answer_id,
        inspection_id=row.id,
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
        finding_number=row.finding_number or "",
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
