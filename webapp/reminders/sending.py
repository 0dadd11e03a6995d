"""The sender: a job outside of all requests. It may run twice, beside itself, or after days of silence.

What is due is decided anew from the records each time, so a missed week gives one message for each reminder, not one
for each day. Between claiming and noting an attempt no transaction is open: other machines are never waited for with a
lock held.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import force_locale

from webapp.kit.transaction import transaction
from webapp.reminders import deliveries, words
from webapp.reminders.models import Ended, ReminderDelivery, ReminderTarget, Robot
from webapp.reminders.queries import deliveries_of, open_deliveries, reminders_of, targets_of
from webapp.reminders.robots import Message, Outcome, outcome_of, request_for
from webapp.reminders.rules import MOST_ATTEMPTS, Reminder
from webapp.reminders.wire import Post, Unreachable, post
from webapp.sites.models import Site

Clock = Callable[[], datetime]
SPOKEN = "zh"  # the robots speak the language of the bureau


@dataclass
class Sent:
    """What a run did. `missing`: reminders that are due and were not delivered to a target that is on."""

    delivered: int = 0
    failed: int = 0
    missing: int = 0


def send(sites: Sequence[Site], *, public_url: str, clock: Clock, tell: Callable[[str], None], by: Post = post) -> Sent:
    """Sends everything that is due to every target that is on; `tell` gets a line for each attempt."""
    done = Sent()
    for site in sites:
        with transaction():
            due = {each.key: each for each in reminders_of(site, clock())}
            targets = [target for target in targets_of(site.id) if target.is_on]
            for target in targets:
                deliveries.plan(target, due, clock())
        for target in targets:
            for delivery in open_deliveries(target.id):
                message = _message(site, delivery, due.get(delivery.key), public_url, clock())
                _attempt(site, target, delivery, message, clock, tell, by, done)
            done.missing += sum(each.ended != Ended.DELIVERED for each in deliveries_of(target.id, due))
    return done


def _attempt(
    site: Site,
    target: ReminderTarget,
    delivery: ReminderDelivery,
    message: Message,
    clock: Clock,
    tell: Callable[[str], None],
    by: Post,
    done: Sent,
) -> None:
    with transaction():
        is_mine = deliveries.claim(delivery, message.text, clock())
    if not is_mine:
        return
    number, outcome = delivery.attempts + 1, _post(target, message, clock(), by)
    with transaction():
        deliveries.note(delivery.id, number, outcome, clock())
    done.delivered += outcome.is_accepted
    done.failed += not outcome.is_accepted
    said = "delivered" if outcome.is_accepted else f"not delivered, attempt {number} of {MOST_ATTEMPTS}"
    tell(f"{site.code} {target.name}: {delivery.key}: {said} ({outcome.answer})")


def _post(target: ReminderTarget, message: Message, now: datetime, by: Post) -> Outcome:
    request = request_for(Robot(target.robot), target.url, target.secret, message, now)
    try:
        answer = by(request.url, request.body, request.headers)
    except Unreachable as unreachable:
        return Outcome(False, unreachable.why)
    return outcome_of(Robot(target.robot), answer.status, answer.body, (target.url, target.secret))


def _message(
    site: Site, delivery: ReminderDelivery, reminder: Reminder | None, public_url: str, now: datetime
) -> Message:
    """The text as it is right today: a reminder that waited for days does not say "in 5 days"."""
    link = f"{public_url}/reminders"
    with force_locale(SPOKEN):
        text = words.sentence(site, reminder) if reminder else words.test_sentence(site)
    facts: dict[str, Any] = {
        "event": "reminder" if reminder else "test",
        "delivery": str(delivery.id),  # the same again is the same reminder
        "key": delivery.key,
        "site": {"code": site.code, "name": site.name},
        "link": link,
        "sent_at": now.isoformat(timespec="seconds"),
    }
    if reminder:
        facts |= {
            "kind": reminder.kind.value,
            "stage": reminder.stage.value if reminder.stage else None,
            "month": str(reminder.month) if reminder.month else None,
            "due_on": reminder.due_on.isoformat() if reminder.due_on else None,
            "days_left": reminder.left,
            "documents": reminder.documents,
        }
    return Message(f"{text}\n{link}", facts)
