"""The log of what is sent: planned once, claimed by one sender at a time, noted. Verbs of the sender."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import literal, or_, update

from webapp.extensions import db
from webapp.kit.insert import insert_if_new
from webapp.reminders.models import Ended, ReminderDelivery, ReminderTarget
from webapp.reminders.robots import Outcome
from webapp.reminders.rules import MOST_ATTEMPTS, PAUSES, pause_after

TEST = "test:"  # keys of test messages begin so; they remind of nothing and are never outdated


def plan(target: ReminderTarget, keys: Collection[str], now: datetime) -> None:
    """Writes down each reminder that is new to the target; what is no longer due is not sent any more."""
    for key in keys:
        values = {
            "id": uuid.uuid4(),
            "target_id": target.id,
            "key": key,
            "created_at": now,
            "next_at": now,
            "attempts": 0,
            "text": "",
            "last_answer": "",
            "ended": "",
        }
        insert_if_new(ReminderDelivery, values, unique=("target_id", "key"))
    gone = update(ReminderDelivery).where(
        ReminderDelivery.target_id == target.id,
        ReminderDelivery.ended == "",
        ReminderDelivery.key.not_in(keys),
        ~ReminderDelivery.key.startswith(TEST),
    )
    db.session.execute(gone.values(ended=Ended.OUTDATED.value, ended_at=now))


def claim(delivery: ReminderDelivery, text: str, now: datetime) -> bool:
    """Takes one attempt for this sender: true for exactly one of several that try at once.

    The next attempt is set at once, so that nobody waits for a sender that died. One that died in its last attempt is
    given up here.
    """
    mine = (
        ReminderDelivery.id == delivery.id,
        ReminderDelivery.attempts == delivery.attempts,
        ReminderDelivery.ended == "",
        ReminderDelivery.next_at <= now,
    )
    if delivery.attempts >= MOST_ATTEMPTS:
        given_up = {"ended": Ended.GIVEN_UP.value, "ended_at": now}
        db.session.execute(update(ReminderDelivery).where(*mine).values(**given_up))
        return False
    number = delivery.attempts + 1
    taken = {"attempts": number, "next_at": now + (pause_after(number) or PAUSES[-1]), "last_at": now, "text": text}
    once = update(ReminderDelivery).where(*mine).values(**taken).returning(literal(1))
    return db.session.scalar(once.execution_options(synchronize_session=False)) is not None


def note(delivery_id: uuid.UUID, number: int, outcome: Outcome, now: datetime) -> None:
    """Writes down what came of an attempt. A late answer of an older attempt counts only if it says yes."""
    mine = [ReminderDelivery.id == delivery_id]
    said: dict[str, object] = {"last_answer": outcome.answer}
    if outcome.is_accepted:
        said |= {"ended": Ended.DELIVERED.value, "ended_at": now}
        mine.append(or_(ReminderDelivery.ended == "", ReminderDelivery.attempts == number))
    else:
        mine += [ReminderDelivery.attempts == number, ReminderDelivery.ended == ""]
        if pause_after(number) is None:
            said |= {"ended": Ended.GIVEN_UP.value, "ended_at": now}
    db.session.execute(update(ReminderDelivery).where(*mine).values(**said))
