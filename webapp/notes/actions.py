"""Taking in free notes and saying what became of them. A note is never changed or thrown away."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from webapp.assets.models import Asset, Label
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.files.actions import attach
from webapp.files.queries import same_bytes_elsewhere
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict
from webapp.notes.models import Note, NoteHandling, NotePhoto
from webapp.notes.queries import label_read
from webapp.notes.rules import Facts, flags
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import PhotoRule, Site
from webapp.sites.rules import Right
from webapp.sync.actions import NOT_SENT, Document, Sending, receive

KIND = "note"


def take(document: Document, fields: Mapping[str, Any], *, by: Person, now: datetime) -> tuple[Note, bool]:
    """The note of a document, and whether it is new. The same document again changes nothing.

    Args:
        document: made by `document_of` from the same fields.
        fields: those of NoteSchema.

    Raises:
        NotFound, Refused: not a site where this person may write notes, or a photo of somebody else.
        Conflict: another document has this id.
        Missing: photos have not arrived yet.
    """
    site = require(by, Right.RAISE, fields["site"])
    if not receive(document, now=now):
        return db.session.get_one(Note, document.id), False
    text = _label_in(fields)
    label = label_read(text, site.id)
    photos = list(dict.fromkeys(fields.get("photo", [])))
    attach(photos, site.id, by=by)
    note = Note(
        id=document.id,
        site_id=site.id,
        asset_id=label.asset_id if label else None,
        label=text,
        place=fields.get("place", ""),
        text=fields["text"],
        written_by=by.id,
        noted_at=fields.get("noted_at", now),
        received_at=now,
        flags=_flags(text, label, photos, site),
    )
    db.session.add(note)
    db.session.flush()
    db.session.add_all(
        NotePhoto(note_id=note.id, file_id=file_id, position=position) for position, file_id in enumerate(photos)
    )
    facts = {"asset": str(note.asset_id) if label else None, "flags": note.flags, "digest": document.digest}
    record(Verb.NOTE_RECEIVED, f"note:{note.id}", by=by.id, now=now, site_id=site.id, **facts)
    db.session.flush()
    return note, True


def document_of(note_id: uuid.UUID, fields: Mapping[str, Any], by: Person, sending: Sending = NOT_SENT) -> Document:
    """The note as the arrivals keep it."""
    return Document(note_id, KIND, by.id, dict(fields), claimed_at=fields.get("noted_at"), sending=sending)


def handle(note: Note, comment: str, *, by: Person, now: datetime) -> None:
    """Says that a note was looked after, and how.

    Raises:
        Conflict: it was handled already; of two at the same moment one wins.
    """
    values = {"note_id": note.id, "comment": comment, "handled_by": by.id, "handled_at": now}
    if not insert_if_new(NoteHandling, values, unique=["note_id"]):
        raise Conflict(_("Somebody has handled this note already. Nothing was changed."), code="already_handled")
    record(Verb.NOTE_HANDLED, f"note:{note.id}", by=by.id, now=now, site_id=note.site_id, comment=comment)
    db.session.flush()


def photo_rule_of(asset: Asset | None, site: Site) -> PhotoRule:
    """Whether photos may be taken: the asset's own rule, else the site's (R125)."""
    return PhotoRule((asset.photo_rule if asset else None) or site.photo_rule)


def _label_in(fields: Mapping[str, Any]) -> str:
    """What was read or typed; the one that the person sees in the form goes first."""
    return str(fields.get("label") or fields.get("code") or "")


def _flags(text: str, label: Label | None, photos: Sequence[uuid.UUID], site: Site) -> list[str]:
    rule = photo_rule_of(label.asset if label else None, site)
    return flags(
        Facts(
            has_label=bool(text),
            is_label_known=label is not None,
            is_label_replaced=label is not None and label.replaced_at is not None,
            has_forbidden_photo=bool(photos) and rule is PhotoRule.FORBIDDEN,
            has_reused_photo=bool(same_bytes_elsewhere(photos)),
        )
    )
