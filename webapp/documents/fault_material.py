"""Faults as their reports print them, read in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.assets.models import Asset
from webapp.documents.fault_analysis import Analysed
from webapp.extensions import db
from webapp.faults.clocks import clocks_of
from webapp.faults.facts import FaultFacts
from webapp.faults.gathering import faults_between
from webapp.kit.clock import Month
from webapp.people.queries import names_of
from webapp.sites.models import Site


def analysed(faults: Sequence[FaultFacts], now: datetime) -> list[Analysed]:
    """These faults with device, clocks and names. Two statements."""
    wanted = select(Asset).options(joinedload(Asset.system)).where(Asset.id.in_({each.asset_id for each in faults}))
    assets = {asset.id: asset for asset in db.session.scalars(wanted)}
    names = names_of({step.by for each in faults for step in each.steps if step.by})
    found = []
    for facts in faults:
        asset = assets.get(facts.asset_id) if facts.asset_id else None
        device = (asset.name, asset.code, asset.system.name) if asset else ("", "", "")
        found.append(Analysed(facts, clocks_of(facts, now), *device, names))
    return found


def faults_in(site: Site, month: Month, now: datetime) -> list[Analysed]:
    """The faults of a month: reported in it, or open at its start; as known at `now`."""
    start, end = month.bounds(site.timezone)
    known = [each.known_at(now) for each in faults_between(site.id, start, end) if each.reported_at <= now]
    return analysed(known, now)
