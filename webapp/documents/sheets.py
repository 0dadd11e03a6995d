"""Sheets that were filled in on paper: registering one with its photos, typing in what stands on it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.assets.models import Asset
from webapp.assets.queries import assets_of, period_of
from webapp.assets.rules import is_due
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.documents.models import PaperInspection, PaperSheet, PaperSheetPhoto
from webapp.extensions import db
from webapp.files.actions import attach
from webapp.inspections.actions import take
from webapp.inspections.models import Inspection
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Invalid, NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import ServiceLine, Site
from webapp.sites.rules import Right

PAGE = 30


@dataclass(frozen=True)
class Typed:
    """What of a sheet is typed in: each device of its line with its inspection, where there is one."""

    sheet: PaperSheet
    site: Site
    assets: Sequence[Asset]
    inspections: Mapping[uuid.UUID, uuid.UUID]  # asset → inspection


def register(
    site: Site, fields: Mapping[str, Any], photo_ids: Sequence[uuid.UUID], *, by: Person, now: datetime
) -> PaperSheet:
    """A sheet on paper with the photos of its pages. Its name follows from what it is: the same again changes nothing.

    Raises:
        Invalid: no photo, a day to come, or a list that this command centre does not have.
    """
    problems = {}
    if not photo_ids:
        problems["upload.sheet"] = [_("Take a photo of every page.")]
    if fields["filled_in_on"] > local_day(now, site.timezone):
        problems["filled_in_on"] = [_("This day is still to come.")]
    line = db.session.scalar(
        select(ServiceLine).where(ServiceLine.id == fields["line"], ServiceLine.site_id == site.id)
    )
    if line is None:
        problems["line"] = [_("Choose a list.")]
    if problems or line is None:
        raise Invalid(_("The sheet could not be registered."), fields=problems)
    pages = {photo.sha256: photo.id for photo in attach(photo_ids, site.id, by)}
    sheet_id = uuid.uuid5(line.id, " ".join([str(fields["filled_in_on"]), str(by.id), *sorted(pages)]))
    values = {
        "id": sheet_id,
        "site_id": site.id,
        "line_id": line.id,
        "filled_in_on": fields["filled_in_on"],
        "kept_at": fields["kept_at"],
        "registered_by": by.id,
        "registered_at": now,
    }
    is_new = insert_if_new(PaperSheet, values)
    sheet = db.session.get_one(PaperSheet, sheet_id)
    if not is_new:
        return sheet
    db.session.add_all(
        PaperSheetPhoto(sheet_id=sheet.id, file_id=photo, position=nth) for nth, photo in enumerate(pages.values())
    )
    record(
        Verb.PAPER_SHEET_REGISTERED,
        f"paper_sheet:{sheet.id}",
        by=by.id,
        now=now,
        site_id=site.id,
        line=line.number,
        day=fields["filled_in_on"].isoformat(),
        photos=[str(photo) for photo in pages.values()],
    )
    db.session.flush()
    return sheet


def type_in(
    sheet: PaperSheet, site: Site, asset: Asset, fields: Mapping[str, Any], *, by: Person, now: datetime
) -> Inspection:
    """One line of a sheet as an inspection of its day, marked as typed in from paper. `fields`: see load_inspection.

    Raises:
        As inspections.actions.take. A line typed in before with other content is a Conflict: correct its record.
    """
    inspection, _is_new = take(fields, by=by, now=now)
    insert_if_new(PaperInspection, {"inspection_id": inspection.id, "sheet_id": sheet.id}, unique=["inspection_id"])
    return inspection


def moment_on(day: date, at: time, timezone: str) -> datetime:
    """The moment that a time of day on paper means."""
    return datetime.combine(day, at, ZoneInfo(timezone))


def name_of_line(sheet_id: uuid.UUID, asset_id: uuid.UUID) -> uuid.UUID:
    """The inspection that a line of a sheet becomes: typed in twice it stays one."""
    return uuid.uuid5(sheet_id, str(asset_id))


def sheet_for(person: Person, sheet_id: uuid.UUID, right: Right = Right.READ) -> tuple[PaperSheet, Site]:
    """A sheet with its line and photos, and its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    wanted = (
        select(PaperSheet)
        .options(joinedload(PaperSheet.line), selectinload(PaperSheet.photos))
        .where(PaperSheet.id == sheet_id)
        .execution_options(populate_existing=True)
    )
    sheet = db.session.scalar(wanted)
    if sheet is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return sheet, require(person, right, sheet.site_id)


def typed_of(sheet: PaperSheet, site: Site) -> Typed:
    """The devices that were in service on the day of the sheet, and what is typed in of them. Two queries."""
    assets = line_assets(site.id, sheet.line.number, sheet.filled_in_on)
    rows = db.session.execute(
        select(Inspection.asset_id, Inspection.id)
        .join(PaperInspection, PaperInspection.inspection_id == Inspection.id)
        .where(PaperInspection.sheet_id == sheet.id)
    )
    return Typed(sheet, site, assets, dict(rows.all()))


def line_assets(site_id: uuid.UUID, line_number: int, day: date) -> list[Asset]:
    """The rows and places of a line that are in service in the month of a day, in printed order."""
    month = Month.of(day)
    return [
        asset
        for asset in assets_of(site_id)
        if asset.system.service_line.number == line_number and is_due(asset.status, period_of(asset), month)
    ]


def sheets_of(site_id: uuid.UUID) -> list[tuple[PaperSheet, int]]:
    """The last sheets of a site, newest first, each with how many lines of it are typed in. Two queries."""
    wanted = (
        select(PaperSheet, func.count(PaperInspection.inspection_id))
        .join(PaperSheet.line)
        .outerjoin(PaperInspection, PaperInspection.sheet_id == PaperSheet.id)
        .where(PaperSheet.site_id == site_id)
        .group_by(PaperSheet.id)
        .order_by(PaperSheet.filled_in_on.desc(), PaperSheet.registered_at.desc())
        .limit(PAGE)
        .options(selectinload(PaperSheet.line))
    )
    return [(sheet, count) for sheet, count in db.session.execute(wanted)]
