"""Looking up labels, with a limit on guesses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask_babel import gettext as _

from webapp.assets.models import Label
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.dossiers.queries import misses_since
from webapp.dossiers.rules import GUESS_WINDOW, may_look_up
from webapp.kit.problems import Problem
from webapp.people.models import Person
from webapp.sites.access import may
from webapp.sites.rules import Right


class TooManyGuesses(Problem):
    """Too many unknown labels from this person or address (429)."""

    status = 429
    retry_after = int(GUESS_WINDOW.total_seconds())
    default_code = "too_many_guesses"


def look_up(find: Callable[[str], Label | None], text: str, *, by: Person, address: str, now: datetime) -> Label | None:
    """The label that `find` knows for this text. One of another command centre is as unknown as one that never was.

    Raises:
        TooManyGuesses: before anything is looked up, so that guessing tells nothing.
    """
    if not may_look_up(*misses_since(now - GUESS_WINDOW, by, address)):
        raise TooManyGuesses(_("Too many unknown labels from here. Please wait a quarter of an hour."))
    label = find(text)
    return label if label and may(by, Right.READ, label.asset.site_id) else None


def note_miss(*, by: Person, address: str, now: datetime) -> None:
    """Writes an unknown label to the log, without what was asked for: it may be right elsewhere."""
    record(Verb.LABEL_UNKNOWN, f"address:{address[:60]}", by=by.id, now=now)
