"""Writing down why rows of a month were left out (R1). A reason is added, never changed: the newest one counts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.inspections.models import Omission
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.reports.monthly import build
from webapp.reports.summary import Phase, Row, RowState
from webapp.reports.words import joined
from webapp.sites.models import Site


def explain(
    site: Site,
    month: Month,
    asset_ids: Sequence[uuid.UUID],
    reason: str,
    *,
    by: Person,
    now: datetime,
    request_id: uuid.UUID | None = None,
) -> int:
    """Gives one reason for several assets of a month; how many reasons are new.

    `request_id` is what the device called the deed: the same deed again adds nothing.

    Raises:
        Invalid: an asset is not due in that month in this command centre.
        Conflict: the month has not begun; an asset was inspected meanwhile; the same deed came with another reason.
    """
    summary = build(site, month, now)
    if summary.phase is Phase.COMING:
        raise Conflict(_("This month has not begun yet. A reason can be given from its first day on."))
    wanted = {asset_id: _omission_id(request_id, asset_id) for asset_id in dict.fromkeys(asset_ids)}
    known = _known(wanted.values())
    if any(old.reason != reason for old in known.values()):
        raise Conflict(_("These rows already have another reason under this name. Reload the page and try again."))
    fresh = {asset_id: name for asset_id, name in wanted.items() if name not in known}
    _check({row.asset_id: row for row in summary.rows}, list(fresh))
    for asset_id, name in fresh.items():
        db.session.add(
            Omission(
                id=name,
                site_id=site.id,
                asset_id=asset_id,
                month=str(month),
                reason=reason,
                given_by=by.id,
                given_at=now,
            )
        )
        record(
            Verb.OMISSION_EXPLAINED,
            f"asset:{asset_id}",
            by=by.id,
            now=now,
            site_id=site.id,
            month=str(month),
            reason=reason,
        )
    return len(fresh)


def _omission_id(request_id: uuid.UUID | None, asset_id: uuid.UUID) -> uuid.UUID:
    """One deed names several rows: each takes its name from the deed's and the asset's."""
    return uuid.uuid5(request_id, str(asset_id)) if request_id else uuid.uuid4()


def _known(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Omission]:
    wanted = select(Omission).where(Omission.id.in_(list(ids)))
    return {omission.id: omission for omission in db.session.scalars(wanted)}


def _check(rows: dict[uuid.UUID, Row], asset_ids: Sequence[uuid.UUID]) -> None:
    if any(asset_id not in rows for asset_id in asset_ids):
        raise Invalid(
            _("A chosen row is not due in this month. Reload the page and choose again."),
            fields={"asset": [_("not due in this month")]},
        )
    done = [
        rows[i].name for i in asset_ids if rows[i].state is RowState.DONE and rows[i].units_checked == rows[i].units
    ]
    if done:
        raise Conflict(
            _("Inspected meanwhile, so no reason is needed: %(names)s. Nothing was changed.", names=joined(done))
        )
