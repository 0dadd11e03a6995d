"""How long a sign-in lasts, how passwords must be, how many wrong tries are allowed."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import gettext as _

LONGEST_SESSION = timedelta(days=90)
LONGEST_IDLE = timedelta(days=31)  # a phone kept for a month
LONGEST_IDLE_SHARED = timedelta(hours=12)  # a tablet that many hands touch

TRY_WINDOW = timedelta(minutes=15)
TRIES_PER_ACCOUNT_AND_ADDRESS = 8
TRIES_PER_ADDRESS = 60

SHORTEST_PASSWORD = 10


def is_alive(
    created_at: datetime, last_seen_at: datetime, ended_at: datetime | None, shared: bool, now: datetime
) -> bool:
    """Whether a signed-in device may go on: not ended, not too old, not idle for too long."""
    if ended_at is not None or now - created_at >= LONGEST_SESSION:
        return False
    return now - last_seen_at < (LONGEST_IDLE_SHARED if shared else LONGEST_IDLE)


def may_try(failures_here: int, failures_of_address: int) -> bool:
    """Whether another sign-in may be tried.

    Counted per account *and* address: who guesses from elsewhere cannot lock the owner out.
    """
    return failures_here < TRIES_PER_ACCOUNT_AND_ADDRESS and failures_of_address < TRIES_PER_ADDRESS


def password_problem(password: str, username: str) -> str | None:
    """Why a new password is not good enough, in the reader's language; None when it is."""
    if len(password) < SHORTEST_PASSWORD:
        return _("Use at least %(n)s characters.", n=SHORTEST_PASSWORD)
    if username.lower() in password.lower():
        return _("Do not use the account name in the password.")
    if len(set(password)) < 5:
        return _("Use more different characters.")
    return None
