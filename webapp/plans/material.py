"""What drafting needs to know of a site and a month: due assets with their cycles, people, working days, events."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from webapp.assets.models import Asset, AssetKind
from webapp.assets.queries import due_assets, period_of
from webapp.checklists.published import PublishedVersion
from webapp.checklists.queries import versions_for
from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.people.models import Person
from webapp.plans.models import Presentation
from webapp.plans.needs import USUAL_MINUTES, Due, Frame, Need, Shown, needs_of
from webapp.plans.workdays import working_days
from webapp.sites.calendar_queries import own_days
from webapp.sites.models import Role, Site
from webapp.sites.queries import people_of


@dataclass(frozen=True)
class Staff:
    """Who can be planned in a site, by account name."""

    technicians: Sequence[Person]
    supervisors: Sequence[Person]

    def has(self, technician: uuid.UUID | None, supervisor: uuid.UUID | None) -> bool:
        """Whether both, where given, can be planned here."""
        works = technician is None or technician in {one.id for one in self.technicians}
        watches = supervisor is None or supervisor in {one.id for one in self.supervisors}
        return works and watches


def staff_of(site_id: uuid.UUID) -> Staff:
    """The technicians (the lead too where there is none) and the supervisors whose accounts are open."""
    people = [(person, roles) for person, roles in people_of(site_id) if person.is_enabled]

    def with_role(role: Role) -> list[Person]:
        return [person for person, roles in people if role in roles]

    return Staff(with_role(Role.TECHNICIAN) or with_role(Role.LEAD), with_role(Role.SUPERVISOR))


def needs_in(site: Site, month: Month, from_day: date) -> list[Need]:
    """Everything that the plan of a month must hold."""
    frame = Frame(month, working_days(month, own_days(site.id, month)), site.timezone, from_day)
    return needs_of(frame, due_in(site.id, month), [Shown(one.id, one.starts_at) for one in shown_in(site, month)])


def due_in(site_id: uuid.UUID, month: Month) -> list[Due]:
    """The due assets of a month with their cycles, in printed order."""
    assets = due_assets(site_id, month)
    versions = versions_for(assets)
    return [_due(asset, versions) for asset in assets]


def shown_in(site: Site, month: Month, *, with_called_off: bool = False) -> list[Presentation]:
    """The presentations whose checks fall into a month, by hour."""
    start, end = month.bounds(site.timezone)
    wanted = select(Presentation).where(
        Presentation.site_id == site.id,
        Presentation.starts_at >= start,
        Presentation.starts_at < end + timedelta(hours=1),
    )
    if not with_called_off:
        wanted = wanted.where(Presentation.called_off_at.is_(None))
    return list(db.session.scalars(wanted.order_by(Presentation.starts_at, Presentation.id)))


def minutes_of(needs: Collection[Need]) -> dict[uuid.UUID, int]:
    """Asset id → the minutes that its check usually takes."""
    return {need.asset_id: need.minutes for need in needs}


def _due(asset: Asset, versions: Mapping[uuid.UUID, PublishedVersion]) -> Due:
    version = versions.get(asset.id)
    first, last = period_of(asset)
    return Due(
        asset_id=asset.id,
        group=str(asset.system_id),
        starts_on=first,
        ends_on=last,
        minutes=(version.checklist.minutes if version else 0) or USUAL_MINUTES,
        is_software=asset.kind == AssetKind.SOFTWARE,
        is_place=asset.is_place,
        frequencies=frozenset(item.frequency for item in version.items) if version else frozenset(),
    )
