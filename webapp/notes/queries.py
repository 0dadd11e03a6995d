"""Finding notes. `note_for` is the only door to a row."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.assets.models import Asset, Label
from webapp.assets.queries import label_with_short_code, label_with_token
from webapp.extensions import db
from webapp.kit.problems import NotFound
from webapp.notes.models import Note, NoteHandling
from webapp.notes.rules import token_in
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.rules import Right

PAGE_SIZE = 50


@dataclass(frozen=True)
class Found:
    """One page of a list: open notes first, then the newest."""

    rows: Sequence[Note]
    total: int
    open: int
    number: int
    pages: int


def note_for(person: Person, note_id: uuid.UUID, right: Right = Right.READ) -> Note:
    """The note with asset, author, photos and what became of it, if the person has the right in its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    wanted = (
        select(Note)
        .options(
            joinedload(Note.asset).joinedload(Asset.system),
            joinedload(Note.author),
            joinedload(Note.handling).joinedload(NoteHandling.handler),
            selectinload(Note.photos),
        )
        .where(Note.id == note_id)
        .execution_options(populate_existing=True)
    )
    note = db.session.scalar(wanted)
    if note is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, note.site_id)
    return note


def notes_of(site_id: uuid.UUID, number: int = 1) -> Found:
    """One page of the notes of a site, with asset, author and handling. A page beyond the last one is the last one."""
    fitting = select(Note).outerjoin(Note.handling).where(Note.site_id == site_id)
    total, handled = db.session.execute(
        fitting.with_only_columns(func.count(), func.count(NoteHandling.note_id)).order_by(None)
    ).one()
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    rows = db.session.scalars(
        fitting.options(contains_eager(Note.handling), joinedload(Note.asset), joinedload(Note.author))
        .order_by(NoteHandling.note_id.is_not(None), Note.received_at.desc(), Note.id)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    return Found(rows, total, total - handled, number, pages)


def label_read(text: str, site_id: uuid.UUID) -> Label | None:
    """The label that was scanned or typed, if it is one of this site; replaced ones are found too.

    One of another site is as unknown as one that never was.
    """
    if not text:
        return None
    label = label_with_token(token_in(text)) or label_with_short_code(text)
    return label if label and label.asset.site_id == site_id else None
