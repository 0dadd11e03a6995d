"""Signing in and out, passwords, accounts."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from werkzeug.security import check_password_hash, generate_password_hash

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.problems import Conflict, Invalid, Problem
from webapp.people.models import AuthSession, Person, SignInAttempt
from webapp.people.rules import TRY_WINDOW, may_try, password_problem

# compared against when the account does not exist, so that the answer takes as long
_NOBODY = generate_password_hash(secrets.token_hex(8))


class TooManyTries(Problem):
    """Too many wrong passwords from here (429)."""

    status = 429
    retry_after = int(TRY_WINDOW.total_seconds())
    default_code = "too_many_tries"


def hash_secret(secret: str) -> str:
    """What is stored of a device's cookie secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_password(username: str, password: str, *, address: str, now: datetime) -> Person | None:
    """The person, if name and password are right and the account may be used; else None.

    Raises:
        TooManyTries: before the password is looked at.
    """
    since = now - TRY_WINDOW
    here, everywhere = db.session.execute(
        select(
            func.count().filter(SignInAttempt.username == username),
            func.count(),
        ).where(SignInAttempt.address == address, SignInAttempt.at > since)
    ).one()
    if not may_try(here, everywhere):
        raise TooManyTries(_("Too many wrong passwords from this place. Please wait a quarter of an hour."))
    person = db.session.scalar(select(Person).where(Person.username == username))
    fits = check_password_hash(person.password_hash if person else _NOBODY, password)
    return person if person and fits else None


def note_failure(username: str, *, address: str, now: datetime) -> None:
    """Counts one wrong password."""
    db.session.add(SignInAttempt(username=username[:60], address=address[:60], at=now))


def sign_in(person: Person, *, user_agent: str, is_shared: bool, now: datetime) -> AuthSession:
    """A new signed-in device; its `secret` goes into the cookie and is stored only as a hash."""
    secret = secrets.token_urlsafe(32)
    device = AuthSession(
        person_id=person.id,
        secret_hash=hash_secret(secret),
        user_agent=user_agent[:200],
        is_shared=is_shared,
        created_at=now,
        last_seen_at=now,
    )
    device.secret = secret
    db.session.add(device)
    record(Verb.PERSON_SIGNED_IN, f"person:{person.id}", by=person.id, now=now)
    return device


def sign_out(device: AuthSession, *, now: datetime) -> None:
    """Ends one signed-in device."""
    db.session.execute(update(AuthSession).where(AuthSession.id == device.id).values(ended_at=now))
    record(Verb.PERSON_SIGNED_OUT, f"person:{device.person_id}", by=device.person_id, now=now)


def sign_out_everywhere(
    person: Person, *, by: Person | None, now: datetime, except_device: uuid.UUID | None = None
) -> int:
    """Ends all signed-in devices of a person (but one); returns how many."""
    ended = db.session.execute(
        update(AuthSession)
        .where(AuthSession.person_id == person.id, AuthSession.ended_at.is_(None), AuthSession.id != except_device)
        .values(ended_at=now)
    )
    record(Verb.PERSON_SIGNED_OUT_EVERYWHERE, f"person:{person.id}", by=by.id if by else None, now=now)
    return int(ended.rowcount)  # type: ignore[attr-defined]


def touch(device: AuthSession, *, now: datetime) -> None:
    """Notes that the device was seen."""
    db.session.execute(update(AuthSession).where(AuthSession.id == device.id).values(last_seen_at=now))


def choose_site(device: AuthSession, site_id: uuid.UUID) -> None:
    """Remembers the command centre chosen on this device."""
    db.session.execute(update(AuthSession).where(AuthSession.id == device.id).values(site_id=site_id))


def choose_language(person: Person, language: str) -> None:
    """Remembers the language of a person."""
    db.session.execute(update(Person).where(Person.id == person.id).values(language=language))


def add_person(
    username: str,
    name: str,
    password: str,
    *,
    nda_signed_on: date | None,
    by: uuid.UUID | None,
    now: datetime,
    must_change_password: bool = True,
) -> Person:
    """A new account. Raises Conflict when the name is taken, Invalid when the password is too weak."""
    if db.session.scalar(select(Person.id).where(Person.username == username)):
        raise Conflict(_("The account name %(name)s is taken.", name=username))
    _check_new_password(password, username)
    person = Person(
        id=uuid.uuid4(),
        username=username,
        name=name,
        password_hash=generate_password_hash(password),
        nda_signed_on=nda_signed_on,
        must_change_password=must_change_password,
        created_at=now,
    )
    db.session.add(person)
    db.session.flush()
    record(Verb.PERSON_ADDED, f"person:{person.id}", by=by, now=now, username=username, name=name)
    return person


def change_person(
    person: Person, *, name: str, is_enabled: bool, nda_signed_on: date | None, by: Person, now: datetime
) -> None:
    """Changes an account; the log keeps old and new. A disabled account is signed out at once."""
    if person.id == by.id and not is_enabled:
        raise Conflict(_("You cannot switch off your own account."))
    changes = {}
    for field, new in (("name", name), ("is_enabled", is_enabled), ("nda_signed_on", nda_signed_on)):
        old = getattr(person, field)
        if old != new:
            changes[field] = [str(old), str(new)]
            setattr(person, field, new)
    if changes:
        record(Verb.PERSON_CHANGED, f"person:{person.id}", by=by.id, now=now, changes=changes)
    if not person.is_active:
        sign_out_everywhere(person, by=by, now=now)


def change_password(person: Person, old: str, new: str, *, now: datetime) -> None:
    """The person's own change; other devices are signed out."""
    if not check_password_hash(person.password_hash, old):
        raise Invalid(_("The present password is wrong."), fields={"old": [_("The present password is wrong.")]})
    _set_password(person, new, must_change=False, by=person, now=now)


def set_temporary_password(person: Person, new: str, *, by: Person | None, now: datetime) -> None:
    """A reset by administrator or operator: the person must choose an own password at the next sign-in."""
    _set_password(person, new, must_change=True, by=by, now=now)


def _set_password(person: Person, new: str, *, must_change: bool, by: Person | None, now: datetime) -> None:
    _check_new_password(new, person.username)
    person.password_hash = generate_password_hash(new)
    person.must_change_password = must_change
    record(Verb.PASSWORD_CHANGED, f"person:{person.id}", by=by.id if by else None, now=now)
    keep = person.device.id if person.device else None
    sign_out_everywhere(person, by=by, now=now, except_device=keep)


def _check_new_password(password: str, username: str) -> None:
    problem = password_problem(password, username)
    if problem:
        raise Invalid(problem, fields={"password": [problem]})
