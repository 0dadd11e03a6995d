"""What people have said about a month: reasons, steps, joint tests, closings. One statement for all of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Select, String, and_, cast, exists, func, literal, null, select, union_all
from sqlalchemy.orm import aliased

from webapp.extensions import db
from webapp.inspections.models import Omission
from webapp.jointtests.models import JointTest, JointTestValue
from webapp.kit.clock import Month, local_day
from webapp.people.models import Person
from webapp.reports.comparison import EARLIER_MONTHS, MonthFigures, figures_named
from webapp.reports.models import ClosedMonth
from webapp.reports.models import MonthStep as StepRow
from webapp.reports.steps import MonthStep, StepKind, is_late
from webapp.reports.summary import JointTestLine
from webapp.seals.models import Seal
from webapp.sites.models import Site


@dataclass(frozen=True)
class Reason:
    """Why an asset was left out in a month, and who said so."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Told:
    """What people have said about a month. `closed`: month → figures, of this month and the few before it."""

    is_closed: bool
    reasons: dict[uuid.UUID, Reason]  # asset → the newest reason for leaving it out
    steps: tuple[MonthStep, ...]
    joint_tests: tuple[JointTestLine, ...]
    closed: dict[str, MonthFigures]


def months_before(month: Month) -> list[Month]:
    """The months that the trend shows before this one, oldest first."""
    found = [month.previous()]
    while len(found) < EARLIER_MONTHS:
        found.append(found[-1].previous())
    return found[::-1]


def told_of(site: Site, month: Month) -> Told:
    """Everything that was said about the month, in one statement."""
    rows = db.session.execute(union_all(*_branches(site.id, month))).all()
    of: dict[str, list[Any]] = {"closed": [], "omission": [], "step": [], "joint_test": []}
    for row in rows:
        of[row.kind].append(row)
    omissions = sorted(of["omission"], key=lambda row: (row.at, str(row.id)))
    steps = sorted(of["step"], key=lambda row: int(row.day))
    tests = sorted(of["joint_test"], key=lambda row: (row.day, row.text))
    return Told(
        is_closed=any(row.text == str(month) for row in of["closed"]),
        reasons={row.about: Reason(row.text, row.person, row.at) for row in omissions},
        steps=tuple(_step(row, site, month) for row in steps),
        joint_tests=tuple(_joint_test(row) for row in tests),
        closed={row.text: figures_named(row.text, row.facts, is_closed=True) for row in of["closed"]},
    )


def _branches(site_id: uuid.UUID, month: Month) -> list[Select[Any]]:
    return [_closed(site_id, month), _omissions(site_id, month), _steps(site_id, month), _joint_tests(site_id, month)]


def _said(
    kind: str,
    record_id: Any,
    text: Any,
    at: Any,
    *,
    about: Any = None,
    person: Any = "",
    facts: Any = None,
    **more: Any,
) -> Select[Any]:
    """The columns of one thing said; the first of the branches gives all of them their types."""
    given = {"text": text, "what": "", "mark": "", "sort": "", "day": "", "person": person, **more}
    texts = [(literal(value, String) if isinstance(value, str) else value).label(name) for name, value in given.items()]
    return select(
        literal(kind, String).label("kind"),
        record_id.label("id"),
        (record_id if about is None else about).label("about"),
        *texts,
        at.label("at"),
        (cast(null(), JSON) if facts is None else facts).label("facts"),
    )


def _closed(site_id: uuid.UUID, month: Month) -> Select[Any]:
    months = [str(each) for each in (*months_before(month), month)]
    found = _said("closed", ClosedMonth.id, ClosedMonth.month, ClosedMonth.closed_at, facts=ClosedMonth.figures)
    return found.where(ClosedMonth.site_id == site_id, ClosedMonth.month.in_(months))


def _omissions(site_id: uuid.UUID, month: Month) -> Select[Any]:
    return (
        _said("omission", Omission.id, Omission.reason, Omission.given_at, about=Omission.asset_id, person=Person.name)
        .join(Person, Person.id == Omission.given_by)
        .where(Omission.site_id == site_id, Omission.month == str(month))
    )


def _steps(site_id: uuid.UUID, month: Month) -> Select[Any]:
    more = {"what": StepRow.kind, "mark": StepRow.digest, "day": cast(StepRow.number, String)}
    return (
        _said(
            "step",
            StepRow.id,
            StepRow.comment,
            StepRow.taken_at,
            person=Person.name,
            facts=StepRow.figures,
            **more,
        )
        .join(Person, Person.id == StepRow.taken_by)
        .where(StepRow.site_id == site_id, StepRow.month == str(month))
    )


def _joint_tests(site_id: uuid.UUID, month: Month) -> Select[Any]:
    """The joint tests of the month that were not replaced by a later record, with their seals (R24)."""
    later, sort = aliased(JointTest), aliased(JointTestValue)
    more = {
        "what": JointTest.result,
        "mark": func.coalesce(Seal.digest, ""),
        "sort": func.coalesce(sort.value, ""),
        "day": cast(JointTest.day, String),
    }
    return (
        _said("joint_test", JointTest.id, JointTest.number, JointTest.finished_at, person=Person.name, **more)
        .join(Person, Person.id == JointTest.technician_id)
        .outerjoin(Seal, and_(Seal.kind == "joint_test", Seal.record_id == JointTest.id))
        .outerjoin(
            sort,
            and_(sort.test_id == JointTest.id, sort.section == "header", sort.turn == 0, sort.item_key == "test_type"),
        )
        .where(
            JointTest.site_id == site_id,
            JointTest.day.between(month.first, month.last),
            ~exists(select(later.id).where(later.supersedes_id == JointTest.id)),
        )
    )


def _step(row: Any, site: Site, month: Month) -> MonthStep:
    kind = StepKind(row.what)
    return MonthStep(
        number=int(row.day),
        kind=kind,
        comment=row.text,
        by=row.person,
        at=row.at,
        is_late=kind is StepKind.HANDED_IN and is_late(local_day(row.at, site.timezone), month.last),
        figures=tuple(sorted(row.facts.items())),
        digest=row.mark,
    )


def _joint_test(row: Any) -> JointTestLine:
    day = date.fromisoformat(row.day)
    return JointTestLine(row.id, row.text, day, row.person, row.what, digest=row.mark, kind=row.sort)
