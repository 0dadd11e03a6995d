"""Reading: the facts that reminders are decided by, the targets of a site, what was sent to them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import contains_eager

from webapp.extensions import db
from webapp.kit.clock import Month, local_day
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.reminders.models import ReminderDays, ReminderDelivery, ReminderTarget
from webapp.reminders.rules import Days, Facts, LineFact, Paper, PaperFact, Reminder, UnsentFact, reminders
from webapp.reports.closing_queries import unsent_of
from webapp.reports.rollup_queries import PaperSteps, closed_months, plan_steps, summary_steps
from webapp.sites.access import require
from webapp.sites.models import Site
from webapp.sites.queries import service_lines
from webapp.sites.rules import Right

MOST_LOGGED = 50
_WAITING = ("submitted", "handed_in")
_SETTLED = ("approved", "accepted")


def reminders_of(site: Site, now: datetime) -> list[Reminder]:
    """All that is due in a site at a moment, the most pressing first. A fixed number of statements."""
    return reminders(facts_of(site, now))


def facts_of(site: Site, now: datetime) -> Facts:
    """The facts of a site on its own day: papers of last, this and next month, lines, unsent work."""
    today = local_day(now, site.timezone)
    this = Month.of(today)
    last, following = this.previous(), this.next()
    closed = {month for _site, month in closed_months([site.id], [last, this])}
    plans, summaries = plan_steps([site.id], [this, following]), summary_steps([site.id], [last, this])
    return Facts(
        today=today,
        known_since=local_day(site.created_at, site.timezone),
        lines=[LineFact(str(line.id), line.name, line.starts_on, line.ends_on) for line in service_lines(site.id)],
        plans=[_paper(month, plans.get((site.id, str(month)))) for month in (this, following)],
        summaries=[
            PaperFact(month, Paper.SETTLED)
            if str(month) in closed
            else _paper(month, summaries.get((site.id, str(month))))
            for month in (last, this)
        ],
        unsent=[
            UnsentFact(month, sum(each.documents for each in unsent_of(site, month)))
            for month in (last, this)
            if str(month) not in closed
        ],
        days=days_of(site.id),
    )


def days_of(site_id: uuid.UUID) -> Days:
    """How early the site is reminded."""
    row = db.session.get(ReminderDays, site_id)
    return Days(row.early, row.soon) if row else Days()


def targets_of(site_id: uuid.UUID) -> Sequence[ReminderTarget]:
    """The targets of a site that were not removed, oldest first."""
    wanted = select(ReminderTarget).where(ReminderTarget.site_id == site_id, ReminderTarget.removed_at.is_(None))
    return db.session.scalars(wanted.order_by(ReminderTarget.created_at, ReminderTarget.id)).all()


def sites_with_targets() -> Sequence[Site]:
    """The sites that send anything at all, by code."""
    on = select(ReminderTarget.site_id).where(ReminderTarget.is_on, ReminderTarget.removed_at.is_(None))
    return db.session.scalars(select(Site).where(Site.id.in_(on)).order_by(Site.code)).all()


def target_for(person: Person, target_id: uuid.UUID) -> ReminderTarget:
    """A target that the person may change.

    Raises:
        NotFound: not there, removed, or of a site where the person has no role.
        Refused: the person may not change reminders there.
    """
    target = db.session.get(ReminderTarget, target_id)
    if target is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, Right.EDIT_REMINDERS, target.site_id)
    if target.removed_at is not None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return target


def log_of(site_id: uuid.UUID) -> Sequence[ReminderDelivery]:
    """What was sent from a site and what waits, newest first, with the targets, also removed ones."""
    wanted = (
        select(ReminderDelivery)
        .join(ReminderDelivery.target)
        .options(contains_eager(ReminderDelivery.target))
        .where(ReminderTarget.site_id == site_id)
        .order_by(ReminderDelivery.created_at.desc(), ReminderDelivery.key)
        .limit(MOST_LOGGED)
    )
    return db.session.scalars(wanted).all()


def open_deliveries(target_id: uuid.UUID) -> Sequence[ReminderDelivery]:
    """What a target is still to be sent, oldest first, as the database has it now."""
    wanted = (
        select(ReminderDelivery)
        .where(ReminderDelivery.target_id == target_id, ReminderDelivery.ended == "")
        .order_by(ReminderDelivery.created_at, ReminderDelivery.key)
        .execution_options(populate_existing=True)
    )
    return db.session.scalars(wanted).all()


def deliveries_of(target_id: uuid.UUID, keys: Collection[str]) -> Sequence[ReminderDelivery]:
    """The deliveries of these reminders to a target, and all that is open, as the database has them now."""
    wanted = select(ReminderDelivery).where(
        ReminderDelivery.target_id == target_id, or_(ReminderDelivery.key.in_(keys), ReminderDelivery.ended == "")
    )
    return db.session.scalars(wanted.execution_options(populate_existing=True)).all()


def _paper(month: Month, steps: PaperSteps | None) -> PaperFact:
    if steps is None:
        return PaperFact(month, Paper.OPEN)
    turn = str(steps.number)
    if steps.last in _SETTLED:
        return PaperFact(month, Paper.SETTLED, turn)
    return PaperFact(month, Paper.WAITING if steps.last in _WAITING else Paper.RETURNED, turn)
