"""What is only counted for the page of a month: contents covered, earlier readings, the months before. One statement.

Rows, not totals, come out of the database: at most one per inspection and content, per asset and earlier month.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Select,
    String,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    tuple_,
    union_all,
)

from webapp.checklists.models import CheckItem
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Return
from webapp.inspections.queries import standing
from webapp.kit.clock import Month
from webapp.reports.queries import Between, in_month, item_of_answer
from webapp.sites.models import Site

Pair = tuple[uuid.UUID, str]  # asset, item


@dataclass(frozen=True)
class Cover:
    """How often one content was answered: inspections, answers, abnormal answers."""

    inspections: int
    answers: int
    abnormal: int


@dataclass
class Past:
    """What was done in a month before: per asset the units of its standing inspections, and what was abnormal."""

    units: dict[uuid.UUID, int] = field(default_factory=dict)
    abnormal: set[uuid.UUID] = field(default_factory=set)
    given_back: int = 0
    faults: int = 0
    hazards: int = 0
    photos: int = 0


@dataclass(frozen=True)
class Counted:
    """What was counted. `readings`: oldest first; `past`: month → what was done in it."""

    contents: dict[str, Cover]
    readings: dict[Pair, list[tuple[datetime, Decimal]]]
    past: dict[str, Past]


def counted_of(
    site: Site, month: Month, codes: Sequence[str], pairs: Sequence[Pair], earlier: Sequence[Month]
) -> Counted:
    """Contents of the month by code, readings of the pairs over twelve months, and the earlier months named."""
    year = Month(month.year - 1, month.month).next().bounds(site.timezone)[0], month.bounds(site.timezone)[1]
    branches = [_contents(site.id, month.bounds(site.timezone))]
    branches += [_readings(site.id, year, pairs)] if pairs else []
    branches += [*_done(site, earlier), _photos(site, earlier), _findings(site, earlier)] if earlier else []
    found = Counted({code: Cover(0, 0, 0) for code in codes}, {}, {str(each): Past() for each in earlier})
    covering: dict[str, list[Any]] = {code: [] for code in codes}
    for row in db.session.execute(union_all(*branches)):
        if row.kind == "content":
            for code in set(json.loads(row.name)) & covering.keys():
                covering[code].append(row)
        elif row.kind == "reading":
            found.readings.setdefault((row.about, row.name), []).append((row.at, row.number))
        else:
            _add(found.past[row.name], row)
    found.contents.update({code: _cover(rows) for code, rows in covering.items()})
    for readings in found.readings.values():
        readings.sort(key=lambda reading: reading[0])
    return found


def _cover(rows: Sequence[Any]) -> Cover:
    return Cover(len({row.about for row in rows}), sum(row.first for row in rows), sum(row.second for row in rows))


def _add(past: Past, row: Any) -> None:
    if row.kind == "done":
        if row.first >= 0:
            past.units[row.about] = row.first
        if row.second:
            past.abnormal.add(row.about)
        past.given_back += row.third
    else:
        setattr(past, row.kind, row.first)


def _counted(
    kind: str, name: Any, about: Any, first: Any, second: Any, third: Any, at: Any = None, number: Any = None
) -> Select[Any]:
    """The columns of one count; the first of the branches gives all of them their types."""
    return select(
        literal(kind, String).label("kind"),
        name.label("name"),
        (cast(null(), Uuid) if about is None else about).label("about"),
        *[
            (literal(value, Integer) if isinstance(value, int) else cast(value, Integer)).label(place)
            for place, value in (("first", first), ("second", second), ("third", third))
        ],
        (cast(null(), DateTime(timezone=True)) if at is None else at).label("at"),
        (cast(null(), String) if number is None else number).label("number"),
    )


def _contents(site_id: uuid.UUID, between: Between) -> Select[Any]:
    """Per inspection and list of contents: answers, and abnormal ones. Brings the types of all columns."""
    refs = cast(CheckItem.seed_refs, String)
    bad = func.sum(case((Answer.verdict == "abnormal", 1), else_=0))
    at = cast(null(), Inspection.finished_at.type)
    number = cast(null(), Answer.number.type)
    return (
        _counted("content", refs, Answer.inspection_id, func.count(Answer.id), bad, 0, at, number)
        .select_from(Answer)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .join(CheckItem, item_of_answer())
        .where(in_month(site_id, between), standing(), Answer.verdict != "na", refs != "[]", refs != "null")
        .group_by(Answer.inspection_id, refs)
    )


def _readings(site_id: uuid.UUID, between: Between, pairs: Sequence[Pair]) -> Select[Any]:
    return (
        _counted("reading", Answer.item_key, Inspection.asset_id, 0, 0, 0, Inspection.finished_at, Answer.number)
        .select_from(Answer)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .where(
            Inspection.asset_id.in_({asset_id for asset_id, _item in pairs}),  # what the index can use
            tuple_(Inspection.asset_id, Answer.item_key).in_(pairs),
            in_month(site_id, between),
            Answer.number.is_not(None),
            standing(),
        )
    )


def _done(site: Site, earlier: Sequence[Month]) -> list[Select[Any]]:
    """Per asset and earlier month: units (−1: nothing standing), whether abnormal, how many were sent back."""
    branches = []
    for each in earlier:
        counts = standing()
        is_back = select(Return.id).where(Return.inspection_id == Inspection.id).correlate(Inspection).exists()
        inner = (
            select(
                Inspection.asset_id,
                case((counts, Inspection.units_checked), else_=-1).label("units"),
                case((and_(counts, Inspection.verdict == "abnormal"), 1), else_=0).label("bad"),
                case((is_back, 1), else_=0).label("back"),
            )
            .where(in_month(site.id, each.bounds(site.timezone)))
            .subquery()
        )
        columns = (func.max(inner.c.units), func.max(inner.c.bad), func.sum(inner.c.back))
        name = literal(str(each), String)
        branches.append(_counted("done", name, inner.c.asset_id, *columns).group_by(inner.c.asset_id))
    return branches


def _photos(site: Site, earlier: Sequence[Month]) -> Select[Any]:
    """Photos of the standing inspections of the last of the earlier months."""
    last = earlier[-1]
    inner = (
        select(Answer.inspection_id, AnswerPhoto.file_id)
        .join(AnswerPhoto, AnswerPhoto.answer_id == Answer.id)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .where(in_month(site.id, last.bounds(site.timezone)), standing())
        .distinct()
        .subquery()
    )
    return _counted("photos", literal(str(last), String), None, func.count(inner.c.file_id), 0, 0)


def _findings(site: Site, earlier: Sequence[Month]) -> Select[Any]:
    """Faults and hazards raised in the last of the earlier months."""
    last = earlier[-1]
    since, until = last.bounds(site.timezone)
    kind: ColumnElement[Any] = Finding.kind + literal("s", String)
    counted = _counted("faults", literal(str(last), String), None, func.count(Finding.id), 0, 0)
    return (
        counted.with_only_columns(kind.label("kind"), *list(counted.selected_columns)[1:])
        .where(Finding.site_id == site.id, Finding.reported_at >= since, Finding.reported_at < until)
        .group_by(Finding.kind)
    )
