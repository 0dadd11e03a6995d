"""Reading what the asset page and the scanner show."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select

from webapp.assets.models import Asset
from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.inspections.models import Inspection
from webapp.inspections.queries import standing
from webapp.people.models import Person
from webapp.sites.access import sites_with


def misses_since(since: datetime, person: Person, address: str) -> tuple[int, int]:
    """How many unknown labels this person, and anybody from this address, has asked for since that moment."""
    subject = f"address:{address[:60]}"
    counted = db.session.execute(
        select(
            func.count().filter(AuditEntry.person_id == person.id), func.count().filter(AuditEntry.subject == subject)
        ).where(
            AuditEntry.verb == Verb.LABEL_UNKNOWN,
            AuditEntry.at > since,
            or_(AuditEntry.person_id == person.id, AuditEntry.subject == subject),
        )
    ).one()
    return counted[0], counted[1]


def assets_scanned(person: Person, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Asset]:
    """Those of the assets that the person may see."""
    if not ids:
        return {}
    wanted = select(Asset).where(Asset.id.in_(ids), Asset.site_id.in_(sites_with(person)))
    return {asset.id: asset for asset in db.session.scalars(wanted)}


def inspected_since(since: datetime, person: Person, asset_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Inspection]:
    """Asset id → the person's newest standing inspection of it since that moment."""
    if not asset_ids:
        return {}
    wanted = (
        select(Inspection)
        .where(
            Inspection.asset_id.in_(asset_ids),
            Inspection.technician_id == person.id,
            Inspection.finished_at > since,
            standing(),
        )
        .order_by(Inspection.finished_at)
    )
    return {inspection.asset_id: inspection for inspection in db.session.scalars(wanted)}
