"""Reading what was told from labels."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.assets.models import Asset, AssetStatus
from webapp.assets.queries import label_with_token
from webapp.extensions import db
from webapp.faults.label_report_models import LabelReport, LabelReportDecision
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.rules import Right

MOST_SHOWN = 200


def asset_told_of(token: str) -> Asset | None:
    """The asset behind a label, with its site, if somebody without an account may report about it.

    None alike for what is no label, for a replaced one, for a retired asset, and where the site does not want it. Short
    codes can be guessed and are not taken.
    """
    label = label_with_token(token)
    if label is None or label.replaced_at or label.asset.status == AssetStatus.RETIRED:
        return None
    return label.asset if label.asset.site.takes_label_reports else None


def report_for(person: Person, report_id: uuid.UUID, right: Right = Right.RAISE) -> LabelReport:
    """The report with asset, its system and the decision, if the person has the right in its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    wanted = (
        select(LabelReport)
        .options(joinedload(LabelReport.asset).joinedload(Asset.site), joinedload(LabelReport.decision))
        .where(LabelReport.id == report_id)
        .execution_options(populate_existing=True)
    )
    report = db.session.scalar(wanted)
    if report is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, report.site_id)
    return report


def reports_of(site_id: uuid.UUID) -> Sequence[LabelReport]:
    """The reports of a site with asset and decision: what is undecided first, the oldest of it, then the newest."""
    is_open = LabelReportDecision.report_id.is_(None)
    told = select(LabelReport).outerjoin(LabelReport.decision).where(LabelReport.site_id == site_id)
    told = told.options(joinedload(LabelReport.asset), joinedload(LabelReport.decision))
    waiting = db.session.scalars(told.where(is_open).order_by(LabelReport.reported_at).limit(MOST_SHOWN)).all()
    newest = told.where(~is_open).order_by(LabelReport.reported_at.desc()).limit(MOST_SHOWN)
    return [*waiting, *db.session.scalars(newest)]


def count_open(site_id: uuid.UUID) -> int:
    """How many reports of a site nobody has decided about."""
    wanted = select(func.count()).select_from(LabelReport).outerjoin(LabelReport.decision)
    return db.session.scalar(wanted.where(LabelReport.site_id == site_id, LabelReportDecision.report_id.is_(None))) or 0


def told_since(asset_id: uuid.UUID, since: datetime) -> int:
    """How many reports about an asset came since a moment."""
    wanted = (LabelReport.asset_id == asset_id, LabelReport.reported_at > since)
    return db.session.scalar(select(func.count()).select_from(LabelReport).where(*wanted)) or 0
