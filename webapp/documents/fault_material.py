"""Faults as their reports print them, read in a fixed number of statements."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.assets.models import Asset, System
from webapp.documents.fault_analysis import Analysed
from webapp.extensions import db
from webapp.faults.clocks import clocks_of
from webapp.faults.cover import covered
from webapp.faults.facts import FaultFacts
from webapp.faults.gathering import faults_between
from webapp.faults.words import cover_text
from webapp.kit.clock import Month, local_day
from webapp.people.queries import names_of
from webapp.sites.models import Site


def analysed(faults: Sequence[FaultFacts], now: datetime, *, channel: str = "") -> list[Analysed]:
    """These faults with device, clocks and names. Two statements."""
    loaded = joinedload(Asset.system).joinedload(System.service_line), joinedload(Asset.site)
    wanted = select(Asset).options(*loaded).where(Asset.id.in_({each.asset_id for each in faults}))
    assets = {asset.id: asset for asset in db.session.scalars(wanted)}
    names = names_of({step.by for each in faults for step in each.steps if step.by})
    return [
        _with_device(Analysed(facts, clocks_of(facts, now), "", "", "", names, channel=channel), assets)
        for facts in faults
    ]


def _with_device(fault: Analysed, assets: Mapping[uuid.UUID, Asset]) -> Analysed:
    asset = assets.get(fault.facts.asset_id) if fault.facts.asset_id else None
    if asset is None:
        return fault
    return replace(
        fault,
        device=asset.name,
        code=asset.code,
        system=asset.system.name,
        model=" ".join(filter(None, [asset.maker, asset.model])),
        location=asset.location,
        supplier=asset.supplier,
        contract=cover_text(covered(asset, local_day(fault.facts.reported_at, asset.site.timezone))),
    )


def faults_in(site: Site, month: Month, now: datetime) -> list[Analysed]:
    """The faults of a month: reported in it, or open at its start; as known at `now`."""
    start, end = month.bounds(site.timezone)
    known = [each.known_at(now) for each in faults_between(site.id, start, end) if each.reported_at <= now]
    return analysed(known, now)
