"""Who is called in an emergency (R137): reading the list of a site, keeping it up to date."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import EmergencyContact, Site
from webapp.sites.rules import Right

FIELDS = ("name", "duty", "phone", "note")
FEWEST_DIGITS = 3
_PHONE = re.compile(r"(\+?[\d ()-]+?)(?: ?(?:转|ext\.?|#) ?(\d{1,6}))?", re.ASCII | re.IGNORECASE)


def contacts_of(site_id: uuid.UUID) -> Sequence[EmergencyContact]:
    """The contacts of a site in their order."""
    wanted = select(EmergencyContact).where(EmergencyContact.site_id == site_id)
    return db.session.scalars(wanted.order_by(EmergencyContact.position, EmergencyContact.name)).all()


def contact_for(person: Person, contact_id: uuid.UUID) -> EmergencyContact:
    """A contact that the person may change.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person may not change contacts there.
    """
    contact = db.session.get(EmergencyContact, contact_id)
    if contact is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, Right.EDIT_CONTACTS, contact.site_id)
    return contact


def add_contact(site: Site, fields: Mapping[str, str], *, by: uuid.UUID | None, now: datetime) -> EmergencyContact:
    """Puts somebody at the end of the list; `fields`: name, phone, duty and note where given."""
    last = db.session.scalar(select(func.max(EmergencyContact.position)).where(EmergencyContact.site_id == site.id))
    given = {name: fields.get(name, "") for name in FIELDS}
    contact = EmergencyContact(id=uuid.uuid4(), site_id=site.id, position=(last or 0) + 1, **given)
    db.session.add(contact)
    db.session.flush()
    _note(Verb.CONTACT_ADDED, contact, by, now, **given)
    return contact


def change_contact(contact: EmergencyContact, fields: Mapping[str, str], *, by: uuid.UUID, now: datetime) -> None:
    """Takes over all fields; what is not given becomes blank. The log keeps old and new (R129)."""
    new = {name: fields.get(name, "") for name in FIELDS}
    changes = {name: [getattr(contact, name), text] for name, text in new.items() if getattr(contact, name) != text}
    for name, text in new.items():
        setattr(contact, name, text)
    db.session.flush()
    if changes:
        _note(Verb.CONTACT_CHANGED, contact, by, now, changes=changes)


def move_contact(contact: EmergencyContact, step: int, *, by: uuid.UUID, now: datetime) -> None:
    """Moves a contact up (-1) or down (1) in its list; at the end of the list nothing happens."""
    listed = list(contacts_of(contact.site_id))
    before = listed.index(contact)
    after = min(max(before + step, 0), len(listed) - 1)
    listed.insert(after, listed.pop(before))
    for position, one in enumerate(listed, start=1):
        one.position = position
    db.session.flush()
    if after != before:
        changes = {"position": [str(before + 1), str(after + 1)]}
        _note(Verb.CONTACT_CHANGED, contact, by, now, name=contact.name, changes=changes)


def remove_contact(contact: EmergencyContact, *, by: uuid.UUID, now: datetime) -> None:
    """Takes a contact off the list; the log keeps what stood there."""
    _note(Verb.CONTACT_REMOVED, contact, by, now, **{name: getattr(contact, name) for name in FIELDS})
    db.session.delete(contact)
    db.session.flush()


def tidy_phone(typed: str) -> str:
    """A number as it is stored: plain digits and signs, whatever keyboard it was typed with.

    Raises:
        ValueError: it holds no number that could be dialled.
    """
    plain = re.sub(r"[‐-―−]", "-", unicodedata.normalize("NFKC", typed))
    plain = re.sub(r"\s+", " ", plain).strip()
    if not _PHONE.fullmatch(plain) or sum(char.isdigit() for char in plain) < FEWEST_DIGITS:
        raise ValueError(f"{typed!r} is no telephone number")
    return plain


def dialled(phone: str) -> str:
    """What a phone dials: "0751-000 0002 转 11" → "07510000002,11"; the extension follows after a pause."""
    found = _PHONE.fullmatch(phone)
    number, extension = found.groups() if found else (phone, None)
    digits = re.sub(r"[^\d+]", "", number)
    return f"{digits},{extension}" if extension else digits


def _note(verb: Verb, contact: EmergencyContact, by: uuid.UUID | None, now: datetime, **facts: Any) -> None:
    record(verb, f"contact:{contact.id}", by=by, now=now, site_id=contact.site_id, **facts)
