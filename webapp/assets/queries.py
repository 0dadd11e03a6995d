"""Reading assets, systems, labels and remarks."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.assets import short_code
from webapp.assets.models import Asset, AssetStatus, Label, Remark, System
from webapp.assets.rules import is_due, is_meant, service_period
from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.kit.problems import Invalid, NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import ServiceLine
from webapp.sites.rules import Right

PAGE_SIZE = 50
SEARCHED = (Asset.code, Asset.name, Asset.maker, Asset.model, Asset.location, Asset.location_en, Asset.keeper)
WIDE_BRACKETS = str.maketrans("()", "（）")
PRINTED_ORDER = (ServiceLine.number, System.position, Asset.position, Asset.code)


@dataclass(frozen=True)
class Found:
    """One page of a search: its rows, how many there are in all, which page of how many."""

    rows: Sequence[Asset]
    total: int
    number: int
    pages: int

    @property
    def groups(self) -> list[tuple[System, list[Asset]]]:
        """The rows under their systems, in the order they stand."""
        return [(system, list(rows)) for system, rows in groupby(self.rows, key=lambda asset: asset.system)]


@dataclass(frozen=True)
class Branch:
    """A system of a service line with the number of assets in it that are not retired."""

    line: ServiceLine
    system: System
    assets: int


def asset_for(person: Person, asset_id: uuid.UUID, right: Right = Right.READ, *, is_bare: bool = False) -> Asset:
    """The asset with site, system, service line and labels, if the person has the right in its site.

    `is_bare`: with its site only.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    asset = db.session.scalar(_one(is_bare), {"asset_id": asset_id})
    if asset is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, asset.site_id)
    return asset


def site_of(asset_id: uuid.UUID | None) -> uuid.UUID | None:
    """The site of an asset, whoever asks; None where there is no such asset. For records, never for people."""
    return db.session.scalar(select(Asset.site_id).where(Asset.id == asset_id)) if asset_id else None


def named_here(asset_id: uuid.UUID, site_id: uuid.UUID) -> Asset | None:
    """The asset with that id, if it belongs to the site."""
    return db.session.scalar(select(Asset).where(Asset.id == asset_id, Asset.site_id == site_id))


def assets_of(site_id: uuid.UUID, *, include_retired: bool = False) -> list[Asset]:
    """The assets of a site in printed order, with system and service line."""
    wanted = _with_system(site_id).order_by(*PRINTED_ORDER)
    if not include_retired:
        wanted = wanted.where(Asset.status != AssetStatus.RETIRED)
    return list(db.session.scalars(wanted))


def due_assets(site_id: uuid.UUID, month: Month) -> list[Asset]:
    """The assets that must be inspected in that month, in printed order (R1, R21)."""
    return [asset for asset in assets_of(site_id) if is_due(asset.status, period_of(asset), month)]


def period_of(asset: Asset) -> tuple[Any, Any]:
    """First and last day of service of an asset whose system and service line are loaded."""
    line = asset.system.service_line
    return service_period((asset.service_from, asset.service_to), (line.starts_on, line.ends_on))


def find(
    site_id: uuid.UUID,
    text: str = "",
    *,
    line: int | None = None,
    system: uuid.UUID | None = None,
    status: str = "",
    kind: str = "",
    number: int = 1,
) -> Found:
    """One page of the assets that fit, in printed order. Retired ones are left out unless asked for.

    `text` may hold several words; each must stand in code, name, maker, model, location or keeper, or be the short
    code of a label. A page beyond the last one is the last one.
    """
    conditions = [_has_word(word) for word in text.split()]
    conditions.append(Asset.status == status if status else Asset.status != AssetStatus.RETIRED)
    if line is not None:
        conditions.append(ServiceLine.number == line)
    if system is not None:
        conditions.append(Asset.system_id == system)
    if kind:
        conditions.append(Asset.kind == kind)
    wanted = _with_system(site_id).where(*conditions)
    total = db.session.scalar(select(func.count()).select_from(wanted.with_only_columns(Asset.id).subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    rows = db.session.scalars(wanted.order_by(*PRINTED_ORDER).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE))
    return Found(rows.all(), total, number, pages)


def branches_of(site_id: uuid.UUID) -> list[Branch]:
    """The systems of a site under their service lines, with how many assets each has; one query."""
    rows = db.session.execute(
        select(ServiceLine, System, func.count(Asset.id))
        .join(System, System.service_line_id == ServiceLine.id)
        .outerjoin(Asset, and_(Asset.system_id == System.id, Asset.status != AssetStatus.RETIRED))
        .where(ServiceLine.site_id == site_id)
        .group_by(ServiceLine.id, System.id)
        .order_by(ServiceLine.number, System.position)
    )
    return [Branch(line, system, count) for line, system, count in rows]


def systems_of(site_id: uuid.UUID) -> Sequence[System]:
    """The systems of a site in printed order, with their service lines."""
    return db.session.scalars(
        select(System)
        .join(System.service_line)
        .options(contains_eager(System.service_line))
        .where(System.site_id == site_id)
        .order_by(ServiceLine.number, System.position)
    ).all()


def line_of(site_id: uuid.UUID, line_id: uuid.UUID) -> ServiceLine:
    """A service line of a site. Raises Invalid, naming the field, when it is not one of that site."""
    line = db.session.scalar(select(ServiceLine).where(ServiceLine.id == line_id, ServiceLine.site_id == site_id))
    if line is None:
        why = _("There is no such service line here.")
        raise Invalid(why, fields={"service_line": [why]})
    return line


def label_with_token(token: str) -> Label | None:
    """The label whose address holds this token, with its asset and site; replaced labels are found too."""
    return db.session.scalar(_labels().where(Label.token == token))


def label_with_short_code(typed: str) -> Label | None:
    """The label with that short code in any spelling, with its asset and site; None where the code is mistyped."""
    if not short_code.is_valid(typed):
        return None
    return db.session.scalar(_labels().where(Label.short_code == short_code.normalise(typed)))


def remarks_about(asset: Asset) -> list[Remark]:
    """The open questions about the printed line of an asset."""
    remarks = db.session.scalars(select(Remark).where(Remark.site_id == asset.site_id).order_by(Remark.id))
    return [remark for remark in remarks if is_meant(remark.code_pattern, asset.code)]


@cache
def _one(is_bare: bool) -> Select[Asset]:
    """Asked by each page and document of an asset and so made once: making it costs more than asking it."""
    wanted = select(Asset).options(joinedload(Asset.site, innerjoin=True)).where(Asset.id == bindparam("asset_id"))
    if is_bare:
        return wanted
    place = joinedload(Asset.system, innerjoin=True).joinedload(System.service_line, innerjoin=True)
    return wanted.options(place, selectinload(Asset.labels))


def _with_system(site_id: uuid.UUID) -> Select[Asset]:
    return (
        select(Asset)
        .join(Asset.system)
        .join(System.service_line)
        .options(contains_eager(Asset.system).contains_eager(System.service_line))
        .where(Asset.site_id == site_id)
    )


def _labels() -> Select[Label]:
    return select(Label).options(joinedload(Label.asset).joinedload(Asset.site))


def _has_word(word: str) -> ColumnElement[bool]:
    narrow = unicodedata.normalize("NFKC", word)  # Chinese keyboards type full-width letters; lists print wide brackets
    spellings = {word, narrow, narrow.translate(WIDE_BRACKETS)}
    hits = [column.icontains(spelling, autoescape=True) for column in SEARCHED for spelling in spellings]
    if short_code.is_valid(word):
        code = short_code.normalise(word)
        hits.append(Asset.id.in_(select(Label.asset_id).where(Label.short_code == code, Label.replaced_at.is_(None))))
    return or_(*hits)
