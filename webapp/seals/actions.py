"""Sealing a record."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.seals.models import Seal
from webapp.seals.rules import FIRST, content_text, digest_of
from webapp.sites.models import Site


def seal(
    site_id: uuid.UUID, kind: str, record_id: uuid.UUID, content: dict[str, Any], *, by: uuid.UUID | None, now: datetime
) -> Seal:
    """Appends a seal to the site's chain. The site row is locked, so that two seals never get one number."""
    db.session.execute(select(Site.id).where(Site.id == site_id).with_for_update(key_share=True))
    last = db.session.execute(
        select(Seal.number, Seal.digest).where(Seal.site_id == site_id).order_by(Seal.number.desc()).limit(1)
    ).first()
    number, previous = (last.number + 1, last.digest) if last else (1, FIRST)
    text = content_text(content)
    sealed = Seal(
        id=uuid.uuid4(),
        site_id=site_id,
        number=number,
        kind=kind,
        record_id=record_id,
        content=text,
        digest=digest_of(previous, text),
        previous_digest=previous,
        sealed_at=now,
    )
    db.session.add(sealed)
    db.session.flush()
    record(
        Verb.RECORD_SEALED, f"{kind}:{record_id}", by=by, now=now, site_id=site_id, number=number, digest=sealed.digest
    )
    return sealed
