"""Keeping a month still while something is decided about it, and refusing what comes after it was closed."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.extensions import db
from webapp.inspections.models import Visit
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict
from webapp.reports.models import ClosedMonth
from webapp.seals.rules import month_record
from webapp.sites.models import Site


def hold(site: Site, month: Month) -> None:
    """Keeps everything that belongs to the month waiting until the transaction ends, so that it is in or out.

    Sheets first, then the site, as signing takes them. New records refer to the site and wait for its row.
    """
    sheets = select(Visit.id).where(Visit.site_id == site.id, Visit.day.between(month.first, month.last))
    db.session.execute(sheets.order_by(Visit.id).with_for_update())
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update())


def refuse_closed(site: Site, month: Month) -> None:
    """Raises Conflict where the month is closed already."""
    if db.session.get(ClosedMonth, month_record(site.id, month), populate_existing=True):
        raise Conflict(_("This month is closed already. Nothing was changed."), code="already_closed")
