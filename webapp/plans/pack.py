"""A round to be taken along: the pages of its checklists and what belongs to them, as one answer.

The pages are drawn here, but by the very function that answers their own addresses, so a page taken along is byte for
byte the page of the server at that moment. What is shared by all of them is loaded once for the whole round.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from webapp.assets.models import Asset, AssetKind, Label, System
from webapp.extensions import db
from webapp.inspections.form import Known, blank_form, known_about
from webapp.inspections.pages import asked_for, drawn
from webapp.jointtests.queries import form_of
from webapp.kit.clock import Month, local_day
from webapp.kit.static_files import present_build
from webapp.people.models import Person
from webapp.plans.queries import round_of
from webapp.plans.rules import Round, Row
from webapp.sites.models import Site
from webapp.visits.queries import returned_for

GOOD_FOR = timedelta(days=7)
GOOD_FOR_AT_LEAST = timedelta(days=1)
# pages that a round needs beside its checklists, also those of rooms above this one
SHARED = ("/today", "/today/{line}", "/scan", "/outbox", "/sheet", "/notes/new", "/faults/new", "/contacts")
JOINT_TEST = "/joint-tests/new"
PICTURE = re.compile(r'src="(/files/[^"]+)"')


@dataclass(frozen=True)
class Wanted:
    """A page to take along: the form of an asset, or of a record of it that was sent back."""

    asset: Asset
    again: uuid.UUID | None = None

    @property
    def address(self) -> str:
        """The page's own address, as the links to it say it."""
        return url_for("inspections.new", asset_id=self.asset.id, again=self.again)


def pack_of(site: Site, line_number: int, *, by: Person, now: datetime) -> dict[str, Any]:
    """The round of a service line in the month of `now`, ready to be kept on a device. See `docs/offline.md`.

    Raises:
        NotFound: nothing of that line is due this month.
    """
    day = local_day(now, site.timezone)
    one = round_of(site, day, line_number)
    rows = in_order_of_work(one)
    assets = _assets_of(site)
    known = known_about([assets[row.asset.id] for row in rows])
    wanted = [page for page in _wanted(one, rows, assets, site) if page.asset.id in known.versions]
    pages = [_page(page, known, by) for page in wanted]
    taken = {row.asset.id for row in rows} & set(known.versions)
    return {
        "version": present_build().name,
        "user": str(by.id),
        "site": {"id": str(site.id), "name": site.name, "zone": site.timezone},
        "round": {
            "key": f"{site.code}-{line_number}",
            "title": one.line.name,
            "rows": len(rows),
            "todo": sum(not row.is_done for row in rows),
        },
        "made_at": now.isoformat(),
        "expires_at": good_until(now, Month.of(day).bounds(site.timezone)[1]).isoformat(),
        "pages": pages,
        "missing": [_gap(row.asset) for row in rows if row.asset.id not in taken],
        "shared": shared_with(one),
        "files": sorted({address for page in pages for address in PICTURE.findall(page["html"])}),
        "labels": [
            _label(one, asset, taken) for asset in assets.values() for one in asset.labels if not one.replaced_at
        ],
    }


def good_until(now: datetime, month_end: datetime) -> datetime:
    """Until when a round taken along now may be used: a week or the end of the month, but at least a day."""
    return max(min(now + GOOD_FOR, month_end), now + GOOD_FOR_AT_LEAST)


def in_order_of_work(one: Round) -> list[Row]:
    """The rows and places of a round: what is not done comes first, each part in printed order."""
    return sorted((*one.rows, *one.places), key=lambda row: row.is_done)


def shared_with(one: Round) -> list[str]:
    """The addresses of further pages that a round needs; that of the joint test where the round has the vehicle.

    A command centre without a form for joint tests has no such page, and the round is ready without it.
    """
    addresses = [address.format(line=one.line.number) for address in SHARED]
    has_vehicle = any(row.asset.kind == AssetKind.VEHICLE for row in one.places)
    return [*addresses, JOINT_TEST] if has_vehicle and form_of(one.line.site_id) else addresses


def _wanted(one: Round, rows: Sequence[Row], assets: dict[uuid.UUID, Asset], site: Site) -> list[Wanted]:
    """The form of each asset, where its label leads to, and after it that of each record of it that was sent back."""
    returned: dict[uuid.UUID, list[uuid.UUID]] = {}
    for inspection in returned_for(site.id):
        returned.setdefault(inspection.asset_id, []).append(inspection.id)
    return [Wanted(assets[row.asset.id], again) for row in rows for again in (None, *returned.get(row.asset.id, ()))]


def _page(wanted: Wanted, known: Known, by: Person) -> dict[str, str]:
    with asked_for(wanted.address):
        form = blank_form(wanted.asset, by=by, again=wanted.again, known=known)
        assert form is not None  # its checklist is among those known
        return {"url": wanted.address, "html": drawn(form)}


def _gap(asset: Asset) -> dict[str, str]:
    return {"asset": str(asset.id), "name": asset.name, "why": _("no checklist fits")}


def _label(label: Label, asset: Asset, taken: set[uuid.UUID]) -> dict[str, Any]:
    return {
        "token": label.token,
        "code": label.short_code,
        "asset": str(asset.id),
        "name": asset.name,
        "list": f"{asset.system.service_line.number} · {asset.code}",
        "taken": asset.id in taken,
    }


def _assets_of(site: Site) -> dict[uuid.UUID, Asset]:
    """All assets of a site by id, retired ones too, with all that a form and a label need."""
    wanted = (
        select(Asset)
        .options(
            joinedload(Asset.site),
            joinedload(Asset.system).joinedload(System.service_line),
            selectinload(Asset.labels),
        )
        .where(Asset.site_id == site.id)
        .order_by(Asset.position, Asset.code)
    )
    return {asset.id: asset for asset in db.session.scalars(wanted)}
