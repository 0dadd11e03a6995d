"""Finding visits: the list of sheets, one sheet, what waits for a signature, what was sent back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from webapp.assets.models import Asset, AssetStatus, System
from webapp.checklists.models import ChecklistVersion
from webapp.extensions import db
from webapp.inspections.models import Answer, Inspection, Omission, Return, Signature, Visit
from webapp.inspections.queries import standing
from webapp.kit.clock import Month
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.seals.models import Seal
from webapp.sites.access import require, sites_with
from webapp.sites.models import Site
from webapp.sites.rules import Right
from webapp.visits.seal import KIND

PAGE = 30

_newer = aliased(Inspection)


def is_returned() -> ColumnElement[bool]:
    """Criterion on Inspection: the bureau sent it back (R7)."""
    return exists().where(Return.inspection_id == Inspection.id)


def is_replaced() -> ColumnElement[bool]:
    """Criterion on Inspection: a newer one stands in its place."""
    return exists().where(_newer.supersedes_id == Inspection.id)


def waits_for_its_signer() -> ColumnElement[bool]:
    """Criterion on Signature: it came under another account, and its signer has said nothing yet."""
    return and_(Signature.brought_by.is_not(None), Signature.confirmed_at.is_(None), Signature.objected_at.is_(None))


@dataclass(frozen=True)
class Line:
    """One sheet in the list, with its counts. `seal` is None while it waits for a signature."""

    visit: Visit
    seal: Seal | None
    rows: int
    units: int
    abnormal: int
    returned: int
    is_to_confirm: bool = False  # signed on another person's device; the signer has not confirmed it yet


@dataclass(frozen=True)
class VisitPage:
    """One page of the list: first what waits for a signature, then what is sealed, each newest first."""

    lines: list[Line]
    number: int
    has_more: bool

    @property
    def open(self) -> list[Line]:
        """Those that wait for a signature."""
        return [line for line in self.lines if line.seal is None]

    @property
    def sealed(self) -> list[Line]:
        """Those that are signed and sealed."""
        return [line for line in self.lines if line.seal is not None]


def visits_of(site_id: uuid.UUID, page: int = 1) -> VisitPage:
    """A page of the site's sheets. Two queries, whatever their number."""
    wanted = (
        _with_seal()
        .where(Visit.site_id == site_id)
        .order_by(Seal.id.is_not(None), Visit.day.desc(), Visit.created_at.desc(), Visit.id)
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    rows = db.session.execute(wanted).all()
    lines = _lines([(visit, seal) for visit, seal in rows[:PAGE]])
    return VisitPage(lines, number=page, has_more=len(rows) > PAGE)


def unsigned(site_id: uuid.UUID, *, since: date | None = None, until: date | None = None) -> list[Line]:
    """The site's sheets that are not sealed yet, newest first; both days included."""
    wanted = _with_seal().where(Visit.site_id == site_id, Seal.id.is_(None)).order_by(Visit.day.desc(), Visit.id)
    if since:
        wanted = wanted.where(Visit.day >= since)
    if until:
        wanted = wanted.where(Visit.day <= until)
    return _lines([(visit, seal) for visit, seal in db.session.execute(wanted)])


def _with_seal() -> Select[Visit, Seal]:
    return (
        select(Visit, Seal)
        .outerjoin(Seal, and_(Seal.kind == KIND, Seal.record_id == Visit.id))
        .join(Visit.technician)
        .options(contains_eager(Visit.technician))
    )


def _lines(found: Sequence[tuple[Visit, Seal | None]]) -> list[Line]:
    each = (
        select(
            Inspection.visit_id.label("visit_id"),
            Inspection.units_checked.label("units"),
            Inspection.verdict.label("verdict"),
            is_returned().label("returned"),
            is_replaced().label("replaced"),
        )
        .where(Inspection.visit_id.in_([visit.id for visit, _seal in found]))
        .subquery()
    )
    stands = and_(~each.c.returned, ~each.c.replaced)
    counted = db.session.execute(
        select(
            each.c.visit_id,
            func.sum(case((~each.c.replaced, 1), else_=0)),
            func.sum(case((~each.c.replaced, each.c.units), else_=0)),
            func.sum(case((and_(stands, each.c.verdict == "abnormal"), 1), else_=0)),
            func.sum(case((and_(each.c.returned, ~each.c.replaced), 1), else_=0)),
        ).group_by(each.c.visit_id)
    )
    counts = {visit_id: figures for visit_id, *figures in counted}
    open_ones = [visit.id for visit, seal in found if seal is None]
    waiting = set(
        db.session.scalars(select(Signature.visit_id).where(Signature.visit_id.in_(open_ones), waits_for_its_signer()))
    )
    lines = []
    for visit, seal in found:
        rows, units, abnormal, returned = counts.get(visit.id, (0, 0, 0, 0))
        lines.append(Line(visit, seal, rows, units, abnormal, returned, visit.id in waiting))
    return lines


def visit_for(person: Person, visit_id: uuid.UUID, right: Right = Right.READ, *, lock: bool = False) -> Visit:
    """The only door to a visit. `lock` keeps every other writer of this visit waiting until the transaction ends.

    Raises:
        NotFound: no such visit, or the person has no role in its site.
        Refused: the person lacks the right there.
    """
    wanted = _locked(visit_id) if lock else select(Visit).where(Visit.id == visit_id)
    return _allowed(person, db.session.scalar(wanted), right)


def site_of(visit_id: uuid.UUID) -> uuid.UUID | None:
    """The site of a visit, whoever asks; None where there is no such visit. For records, never for people."""
    return db.session.scalar(select(Visit.site_id).where(Visit.id == visit_id))


def site_of_inspection(inspection_id: uuid.UUID) -> uuid.UUID | None:
    """The same of an inspection."""
    return db.session.scalar(select(Inspection.site_id).where(Inspection.id == inspection_id))


def _locked(visit_id: uuid.UUID) -> Select[Visit]:
    return select(Visit).where(Visit.id == visit_id).with_for_update().execution_options(populate_existing=True)


def sheet_rows(person: Person, visit_id: uuid.UUID, right: Right = Right.READ) -> Visit:
    """A visit with everything that its sheet shows. See `visit_for`; a fixed number of queries."""
    inspections = selectinload(Visit.inspections)
    asset = inspections.joinedload(Inspection.asset).joinedload(Asset.system)
    wanted = (
        select(Visit)
        .where(Visit.id == visit_id)
        .options(
            joinedload(Visit.technician),
            asset.joinedload(System.service_line),
            inspections.joinedload(Inspection.version).joinedload(ChecklistVersion.checklist),
            inspections.joinedload(Inspection.version).selectinload(ChecklistVersion.items),
            inspections.joinedload(Inspection.technician),
            inspections.selectinload(Inspection.answers).selectinload(Answer.photos),
            inspections.selectinload(Inspection.returns),
            selectinload(Visit.signatures).options(joinedload(Signature.person), joinedload(Signature.bringer)),
        )
        .execution_options(populate_existing=True)
    )
    return _allowed(person, db.session.scalar(wanted), right)


def _allowed(person: Person, visit: Visit | None, right: Right) -> Visit:
    if visit is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, visit.site_id)
    return visit


def inspection_to_return(person: Person, inspection_id: uuid.UUID) -> tuple[Inspection, Visit]:
    """An inspection that the person may send back, with its visit, which is locked.

    Raises:
        NotFound, Refused: see `visit_for`.
    """
    wanted = (
        select(Inspection)
        .where(Inspection.id == inspection_id)
        .options(
            selectinload(Inspection.returns),
            joinedload(Inspection.version).selectinload(ChecklistVersion.items),
            joinedload(Inspection.asset),
        )
        .execution_options(populate_existing=True)
    )
    visit_id = db.session.scalar(select(Inspection.visit_id).where(Inspection.id == inspection_id))
    while visit_id is not None:
        visit = db.session.scalar(_locked(visit_id))
        inspection = db.session.scalars(wanted).one()
        if visit and inspection.visit_id == visit.id:
            return inspection, _allowed(person, visit, Right.SIGN)
        visit_id = inspection.visit_id  # a signature without network moved it to another sheet meanwhile
    raise NotFound(_("There is nothing at this address, or it is not for you to see."))


def signature_in_name_of(person: Person, visit_id: uuid.UUID, signature_id: uuid.UUID | None) -> Signature | None:
    """A signature of this person that somebody else brought; without `signature_id` the one that stands."""
    wanted = select(Signature).where(
        Signature.visit_id == visit_id, Signature.person_id == person.id, Signature.brought_by.is_not(None)
    )
    if signature_id:
        wanted = wanted.where(Signature.id == signature_id)
    newest = wanted.order_by(Signature.objected_at.is_not(None), Signature.received_at.desc()).limit(1)
    return db.session.scalar(newest.execution_options(populate_existing=True))


@dataclass(frozen=True)
class ToConfirm:
    """A sheet that was signed in somebody's name on another person's device."""

    signature: Signature
    site: Site
    line: Line


def to_confirm(person: Person) -> list[ToConfirm]:
    """The signatures in this person's name that wait for a word of the person, oldest first; two queries."""
    wanted = (
        select(Signature, Site, Visit)
        .join(Visit, Visit.id == Signature.visit_id)
        .join(Site, Site.id == Visit.site_id)
        .join(Visit.technician)
        .outerjoin(Seal, and_(Seal.kind == KIND, Seal.record_id == Visit.id))
        .options(contains_eager(Visit.technician), joinedload(Signature.bringer))
        .where(
            Signature.person_id == person.id,
            waits_for_its_signer(),
            Seal.id.is_(None),
            Visit.site_id.in_(sites_with(person, Right.HAND_OVER)),
        )
        .order_by(Visit.day, Visit.id)
    )
    rows = db.session.execute(wanted).all()
    found: list[tuple[Visit, Seal | None]] = [(visit, None) for _signature, _site, visit in rows]
    lines = {line.visit.id: line for line in _lines(found)} if found else {}
    return [ToConfirm(signature, site, lines[visit.id]) for signature, site, visit in rows]


def newer_versions(inspection_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Inspection]:
    """Inspection id → the newer inspection that stands in its place, where there is one."""
    found = db.session.scalars(select(Inspection).where(Inspection.supersedes_id.in_(inspection_ids)))
    return {newer.supersedes_id: newer for newer in found if newer.supersedes_id}


def omissions_of(visit_id: uuid.UUID) -> list[tuple[Omission, Asset]]:
    """Why assets were not reached, oldest first, all rows of the visit."""
    rows = db.session.execute(
        select(Omission, Asset)
        .join(Asset, Asset.id == Omission.asset_id)
        .options(joinedload(Asset.system))
        .where(Omission.visit_id == visit_id)
        .order_by(Omission.given_at, Omission.id)
    )
    return [(omission, asset) for omission, asset in rows]


def not_reached(visit: Visit, site: Site) -> list[Asset]:
    """Assets of the systems that this visit touched which nobody inspected in its month, in printed order."""
    start, end = Month.of(visit.day).bounds(site.timezone)
    touched = (
        select(Asset.system_id).join(Inspection, Inspection.asset_id == Asset.id).where(Inspection.visit_id == visit.id)
    )
    done = select(Inspection.asset_id).where(
        Inspection.site_id == visit.site_id,
        Inspection.finished_at >= start,
        Inspection.finished_at < end,
        standing(),
    )
    here = select(Inspection.asset_id).where(Inspection.visit_id == visit.id)
    wanted = (
        select(Asset)
        .join(Asset.system)
        .options(contains_eager(Asset.system))
        .where(
            Asset.system_id.in_(touched),
            Asset.id.not_in(done),
            Asset.id.not_in(here),
            Asset.status != AssetStatus.RETIRED,
        )
        .order_by(System.position, Asset.position)
    )
    return list(db.session.scalars(wanted))


def returned_for(site_id: uuid.UUID, technician_id: uuid.UUID | None = None) -> list[Inspection]:
    """What the bureau sent back and nobody has done again, newest return first; asset and returns loaded."""
    newest = select(func.max(Return.returned_at)).where(Return.inspection_id == Inspection.id).scalar_subquery()
    wanted = (
        select(Inspection)
        .where(Inspection.site_id == site_id, is_returned(), ~is_replaced())
        .options(joinedload(Inspection.asset).joinedload(Asset.system), selectinload(Inspection.returns))
        .order_by(newest.desc(), Inspection.id)
    )
    if technician_id:
        wanted = wanted.where(Inspection.technician_id == technician_id)
    return list(db.session.scalars(wanted))
