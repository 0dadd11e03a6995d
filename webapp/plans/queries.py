"""What the page Today shows, in a fixed number of queries."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.assets.models import Asset
from webapp.assets.queries import due_assets
from webapp.checklists.published import PublishedVersion
from webapp.checklists.queries import versions_for
from webapp.extensions import db
from webapp.inspections.models import Inspection
from webapp.inspections.queries import inspected_in, standing
from webapp.kit.clock import Month
from webapp.kit.problems import NotFound
from webapp.plans.rules import Round, rounds, week_of, weekly_due
from webapp.sites.models import ServiceLine, Site
from webapp.sites.queries import service_lines
from webapp.sites.rules import Ending, ending
from webapp.visits.queries import Line, returned_for, unsigned


@dataclass(frozen=True)
class Today:
    """The page of one command centre on one day."""

    day: date
    month: Month
    rounds: list[Round]
    versions: dict[uuid.UUID, PublishedVersion]  # of the next devices and the places
    returned: list[Inspection]
    weekly: list[Asset]
    week_ends_on: date
    unsigned: list[Line]
    ending: list[tuple[ServiceLine, Ending]]  # service periods that end within 60 days (R21)


def today_of(site: Site, day: date) -> Today:
    """Rounds of the month, what was sent back, what is due this week, what waits for a signature."""
    month = Month.of(day)
    returned = returned_for(site.id)
    due = due_assets(site.id, month)
    found = rounds(due, inspected_in(site.id, month), returned)
    places = [asset for asset in due if asset.is_place]
    versions = versions_for([*(one.next_row.asset for one in found if one.next_row), *places])
    frequencies = {asset_id: {item.frequency for item in version.items} for asset_id, version in versions.items()}
    monday, sunday = week_of(day)
    endings = [(line, ending(line.ends_on, day)) for line in service_lines(site.id)]
    return Today(
        day=day,
        month=month,
        rounds=found,
        versions=versions,
        returned=returned,
        weekly=weekly_due(places, frequencies, _inspected_since(site, monday)),
        week_ends_on=sunday,
        unsigned=unsigned(site.id),
        ending=[entry for entry in endings if entry[1] in (Ending.SOON, Ending.VERY_SOON)],
    )


def round_of(site: Site, day: date, line_number: int) -> Round:
    """One round with all its rows. Raises NotFound where nothing of that line is due in the month of the day."""
    month = Month.of(day)
    due = [asset for asset in due_assets(site.id, month) if asset.system.service_line.number == line_number]
    if not due:
        raise NotFound(_("Nothing of this service line is due this month."))
    return rounds(due, inspected_in(site.id, month), returned_for(site.id))[0]


def _inspected_since(site: Site, first: date) -> Sequence[uuid.UUID]:
    start = datetime.combine(first, time(), ZoneInfo(site.timezone))
    wanted = select(Inspection.asset_id).where(
        Inspection.site_id == site.id, Inspection.finished_at >= start, standing()
    )
    return db.session.scalars(wanted.distinct()).all()
