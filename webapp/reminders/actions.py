"""Keeping the targets of a site, and how early it is reminded. The log knows neither address nor secret."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.problems import Conflict, Invalid
from webapp.reminders.deliveries import TEST
from webapp.reminders.models import Ended, ReminderDays, ReminderDelivery, ReminderTarget, Robot
from webapp.reminders.queries import days_of, targets_of
from webapp.reminders.rules import Days
from webapp.reminders.secret import Secret
from webapp.sites.models import Site

MOST_TARGETS = 10  # of one site


def add_target(
    site: Site, *, robot: Robot, name: str, url: Secret, secret: Secret, is_on: bool, by: uuid.UUID, now: datetime
) -> ReminderTarget:
    """A further target. Raises Conflict where the site has too many."""
    if len(targets_of(site.id)) >= MOST_TARGETS:
        raise Conflict(_("There are %(num)s targets already. Remove one first.", num=MOST_TARGETS))
    target = ReminderTarget(
        id=uuid.uuid4(),
        site_id=site.id,
        robot=robot.value,
        name=name,
        url=url,
        secret=secret,
        is_on=is_on,
        created_at=now,
    )
    db.session.add(target)
    db.session.flush()
    _note(Verb.REMINDER_TARGET_ADDED, target, by, now, name=name, robot=robot.value, is_on=is_on)
    return target


def change_target(
    target: ReminderTarget,
    *,
    name: str,
    url: Secret | None,
    secret: Secret | None,
    is_on: bool,
    by: uuid.UUID,
    now: datetime,
) -> None:
    """Name, switch, and address or secret where a new one is given; what waits is then tried again at once."""
    changes: dict[str, Any] = {}
    if name != target.name:
        changes["name"] = [target.name, name]
    if is_on != target.is_on:
        changes["is_on"] = [target.is_on, is_on]
    new = {key: value for key, value in (("url", url), ("secret", secret)) if value not in (None, getattr(target, key))}
    changes |= dict.fromkeys(new, "changed")
    target.name, target.is_on = name, is_on
    for key, value in new.items():
        setattr(target, key, value)
    db.session.flush()
    if new:
        db.session.execute(update(ReminderDelivery).where(*_open(target)).values(next_at=now, attempts=0))
    if changes:
        _note(Verb.REMINDER_TARGET_CHANGED, target, by, now, changes=changes)


def remove_target(target: ReminderTarget, *, by: uuid.UUID, now: datetime) -> None:
    """Nothing more is sent there. What was sent stays in the log; address and secret are wiped."""
    _note(Verb.REMINDER_TARGET_REMOVED, target, by, now, name=target.name, robot=target.robot)
    target.removed_at, target.is_on = now, False
    target.url = target.secret = Secret("")
    ended = {"ended": Ended.OUTDATED.value, "ended_at": now}
    db.session.execute(update(ReminderDelivery).where(*_open(target)).values(**ended))
    db.session.flush()


def queue_test(target: ReminderTarget, *, now: datetime) -> None:
    """A test message, for the sender to send next time. Raises Conflict where one waits already, or it is off."""
    if not target.is_on:
        raise Conflict(_("This target is switched off. Switch it on first."))
    waiting = select(ReminderDelivery.id).where(*_open(target), ReminderDelivery.key.startswith(TEST))
    if db.session.scalar(waiting.limit(1)):
        raise Conflict(_("A test message waits already. The sender takes it along next time."))
    db.session.add(
        ReminderDelivery(
            id=uuid.uuid4(), target_id=target.id, key=f"{TEST}{uuid.uuid4()}", created_at=now, next_at=now, attempts=0
        )
    )
    db.session.flush()


def set_days(site: Site, days: Days, *, by: uuid.UUID, now: datetime) -> None:
    """How many days before a due day the site is reminded (R36). Raises Invalid unless the first comes first."""
    if days.early <= days.soon:
        why = _("The first reminder must come before the second.")
        raise Invalid(why, fields={"early": [why]})
    before = days_of(site.id)
    if before == days:
        return
    db.session.merge(ReminderDays(site_id=site.id, early=days.early, soon=days.soon))
    db.session.flush()
    changes = {"early": [before.early, days.early], "soon": [before.soon, days.soon]}
    record(Verb.REMINDER_DAYS_CHANGED, f"site:{site.id}", by=by, now=now, site_id=site.id, changes=changes)


def _open(target: ReminderTarget) -> tuple[Any, Any]:
    return ReminderDelivery.target_id == target.id, ReminderDelivery.ended == ""


def _note(verb: Verb, target: ReminderTarget, by: uuid.UUID, now: datetime, **facts: Any) -> None:
    record(verb, f"reminder_target:{target.id}", by=by, now=now, site_id=target.site_id, **facts)
