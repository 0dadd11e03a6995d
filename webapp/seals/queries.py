"""Finding seals."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.seals.models import Seal
from webapp.seals.rules import MONTH, month_record


def seal_of(kind: str, record_id: uuid.UUID) -> Seal | None:
    """The seal of a record, if it is sealed."""
    return db.session.scalar(select(Seal).where(Seal.kind == kind, Seal.record_id == record_id))


def seals_of(kind: str, record_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Seal]:
    """Record id → seal, for lists."""
    found = db.session.scalars(select(Seal).where(Seal.kind == kind, Seal.record_id.in_(record_ids)))
    return {seal.record_id: seal for seal in found}


def is_month_closed(site_id: uuid.UUID, month: Month) -> bool:
    """Whether a month of a site is closed and sealed: what arrives for it now is an addendum."""
    wanted = select(Seal.id).where(Seal.kind == MONTH, Seal.record_id == month_record(site_id, month))
    return db.session.scalar(wanted) is not None


def seal_with_digest(digest: str) -> Seal | None:
    """The seal printed on a paper."""
    return db.session.scalar(select(Seal).where(Seal.digest == digest))


def chain_of(site_id: uuid.UUID) -> Iterator[Seal]:
    """A site's seals in order, some hundred at a time."""
    return iter(db.session.scalars(select(Seal).where(Seal.site_id == site_id).order_by(Seal.number)).yield_per(200))
