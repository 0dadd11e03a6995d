"""Reading for the closing of a month: the records of a month in all their kinds, and what is known to be still out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from webapp.assets.models import Asset
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.fieldwork.queries import unsent
from webapp.fieldwork.rules import belongs_to
from webapp.inspections.models import Inspection, Omission, Return, Signature, Visit
from webapp.jointtests.models import JointTest, JointTestSignature
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.reports.queries import in_month
from webapp.reports.summary import Addendum
from webapp.sites.models import Site
from webapp.sync.models import Arrival


@dataclass(frozen=True)
class Unsent:
    """What one device was last known to hold of one person's work."""

    person: str
    documents: int
    since: datetime | None  # when the oldest of it was made, as the device claimed
    heard_at: datetime

    def facts(self) -> dict[str, Any]:
        """As it is kept with the month that was closed nevertheless."""
        return asdict(self)


def records_of(site: Site, month: Month) -> list[Addendum]:
    """Every record of a month, oldest arrival first, in the shape in which late ones are listed. One statement."""
    branches = [
        *_inspections(site, month),
        _sign_offs(site, month),
        _returns(site, month),
        _omissions(site, month),
        _findings(site, month),
        _joint_tests(site, month),
        _joint_test_sign_offs(site, month),
    ]
    names = [each.name for each in fields(Addendum)]
    rows = [dict(zip(names, row, strict=True)) for row in db.session.execute(union_all(*branches))]
    found = [Addendum(**row | {"flags": tuple(row["flags"] or ())}) for row in rows]
    return sorted(found, key=lambda each: (each.received_at, str(each.id)))


def _row(
    kind: str,
    record_id: Any,
    about: Any,
    done_at: Any,
    received_at: Any,
    *,
    number: Any = "",
    code: Any = Asset.code,
    name: Any = Asset.name,
    person: Any = Person.name,
    flags: Any = None,
) -> Select[Any]:
    """The columns of a record in the order of Addendum; the first of the branches gives all of them their types."""
    texts = [literal(each, String) if isinstance(each, str) else each for each in (number, code, name, person)]
    odd = cast(null(), JSON) if flags is None else flags
    return select(literal(kind, String), record_id, about, *texts, done_at, received_at, odd)


def _inspections(site: Site, month: Month) -> list[Select[Any]]:
    """Those finished in the month; and those finished in another one that correct one of this month."""
    here = in_month(site.id, month.bounds(site.timezone))
    start, end = month.bounds(site.timezone)
    old = aliased(Inspection)
    columns = (Inspection.id, Inspection.id, Inspection.finished_at, Inspection.received_at)
    own = _row("inspection", *columns, flags=Inspection.flags).select_from(Inspection).where(here)
    corrections = (
        _row("correction", *columns, flags=Inspection.flags)
        .select_from(Inspection)
        .join(old, old.id == Inspection.supersedes_id)
        .where(old.site_id == site.id, old.finished_at >= start, old.finished_at < end, not_(here))
    )
    return [
        branch.join(Asset, Asset.id == Inspection.asset_id).join(Person, Person.id == Inspection.technician_id)
        for branch in (own, corrections)
    ]


def _sign_offs(site: Site, month: Month) -> Select[Any]:
    """Signatures that count under sheets of the month; one that its signer must confirm counts from then on."""
    counted_at = func.coalesce(Signature.confirmed_at, Signature.received_at)
    number = func.nullif(cast(Visit.number, String), "1")
    sheet = {"number": func.coalesce(number, ""), "code": "", "name": cast(Visit.day, String), "person": Signature.name}
    return (
        _row("sign_off", Signature.id, Visit.id, Signature.signed_at, counted_at, **sheet)
        .select_from(Signature)
        .join(Visit, Visit.id == Signature.visit_id)
        .where(Visit.site_id == site.id, Visit.day.between(month.first, month.last), _counts(Signature))
    )


def _returns(site: Site, month: Month) -> Select[Any]:
    return (
        _row("return", Return.id, Inspection.id, Return.returned_at, Return.received_at)
        .select_from(Return)
        .join(Inspection, Inspection.id == Return.inspection_id)
        .join(Asset, Asset.id == Inspection.asset_id)
        .join(Person, Person.id == Return.returned_by)
        .where(in_month(site.id, month.bounds(site.timezone)))
    )


def _omissions(site: Site, month: Month) -> Select[Any]:
    received_at = func.coalesce(Arrival.received_at, Omission.given_at)  # one written on the month page never arrived
    return (
        _row("omission", Omission.id, Asset.id, Omission.given_at, received_at)
        .select_from(Omission)
        .join(Asset, Asset.id == Omission.asset_id)
        .join(Person, Person.id == Omission.given_by)
        .outerjoin(Arrival, Arrival.id == Omission.id)
        .where(Omission.site_id == site.id, Omission.month == str(month))
    )


def _findings(site: Site, month: Month) -> Select[Any]:
    since, until = month.bounds(site.timezone)
    asset = {"code": func.coalesce(Asset.code, ""), "name": func.coalesce(Asset.name, Finding.item_text)}
    return (
        _row("finding", Finding.id, Finding.id, Finding.reported_at, Finding.entered_at, number=Finding.number, **asset)
        .select_from(Finding)
        .outerjoin(Asset, Asset.id == Finding.asset_id)
        .join(Person, Person.id == Finding.reported_by)
        .where(Finding.site_id == site.id, Finding.reported_at >= since, Finding.reported_at < until)
    )


def _joint_tests(site: Site, month: Month) -> Select[Any]:
    named = {"number": JointTest.number, "code": "", "name": ""}
    return (
        _row("joint_test", JointTest.id, JointTest.id, JointTest.finished_at, JointTest.received_at, **named)
        .select_from(JointTest)
        .join(Person, Person.id == JointTest.technician_id)
        .where(JointTest.site_id == site.id, JointTest.day.between(month.first, month.last))
    )


def _joint_test_sign_offs(site: Site, month: Month) -> Select[Any]:
    signed = JointTestSignature
    named = {"number": JointTest.number, "code": "", "name": "", "person": signed.name}
    return (
        _row("joint_test_sign_off", signed.id, JointTest.id, signed.signed_at, signed.received_at, **named)
        .select_from(signed)
        .join(JointTest, JointTest.id == signed.test_id)
        .where(JointTest.site_id == site.id, JointTest.day.between(month.first, month.last))
    )


def _counts(signature: type[Signature]) -> ColumnElement[bool]:
    """Criterion: neither objected to by its signer nor waiting for the signer's confirmation."""
    is_own = or_(signature.brought_by.is_(None), signature.confirmed_at.is_not(None))
    return and_(signature.objected_at.is_(None), is_own)


def unsent_of(site: Site, month: Month) -> list[Unsent]:
    """What devices of the site's people are known to hold that may be of the month, oldest first."""
    until = month.bounds(site.timezone)[1]
    return [
        Unsent(report.person.name, report.held, report.oldest_at, report.reported_at)
        for report in unsent(site.id)
        if belongs_to(report.oldest_at, until)
    ]
