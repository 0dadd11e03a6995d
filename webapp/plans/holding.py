"""What every deed on a plan begins and ends with: keeping it from changing meanwhile, its lines, the log."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.assets.queries import due_assets, period_of
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.kit.problems import Invalid
from webapp.people.models import Person
from webapp.plans.history import Story, stories_of
from webapp.plans.models import Plan, PlanLine
from webapp.sites.models import Site


def plan_named(site_id: uuid.UUID, month: Month) -> uuid.UUID:
    """The id of the plan of a site and month: it follows from both, so two who draft at once mean the same."""
    return uuid.uuid5(site_id, f"plan {month}")


def hold(site: Site, month: Month) -> Story:
    """Keeps the plan from changing until the transaction ends; its story as it stands then."""
    db.session.execute(select(Plan.id).where(Plan.id == plan_named(site.id, month)).with_for_update())
    return stories_of(site.id, [month]).get(str(month), Story())


def lines_in(version_id: uuid.UUID | None) -> list[PlanLine]:
    """The lines of a version by key, those left out too."""
    if version_id is None:
        return []
    wanted = select(PlanLine).where(PlanLine.version_id == version_id).order_by(PlanLine.key)
    return list(db.session.scalars(wanted))


def check_day(site: Site, month: Month, asset_ids: Collection[uuid.UUID], day: date | None) -> None:
    """Refuses a day outside the month or outside the service period of an asset (R21). Raises Invalid."""
    if day is None:
        return
    if Month.of(day) != month:
        raise Invalid(_("The day is not in this month."), fields={"day": [_("not in this month")]})
    periods = {asset.id: period_of(asset) for asset in due_assets(site.id, month)}
    if any(one in periods and not periods[one][0] <= day <= periods[one][1] for one in asset_ids):
        why = _("On that day the service period of a chosen row does not run.")
        raise Invalid(why, fields={"day": [why]})


def note(verb: Verb, site: Site, plan_id: uuid.UUID, by: Person | None, now: datetime, **facts: Any) -> None:
    """Writes a deed on a plan to the log."""
    record(verb, f"plan:{plan_id}", by=by.id if by else None, now=now, site_id=site.id, **facts)
