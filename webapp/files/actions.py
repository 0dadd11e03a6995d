"""Receiving pictures and binding them to a record. The bytes are on the disk before the row is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.files.images import Picture, examine
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.kit.canonical import sha256_hex
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Garbled, Missing, NotFound
from webapp.people.models import Person


@dataclass(frozen=True)
class Bytes:
    """Checked bytes that lie in the store already."""

    sha256: str
    size: int
    picture: Picture


def receive_file(
    file_id: uuid.UUID, data: bytes, claimed_sha256: str | None, *, by: Person, now: datetime
) -> tuple[StoredFile, bool]:
    """Keeps one picture under the id that the device gave it; (row, whether it is new).

    Raises:
        Garbled, NotAPicture, TooLarge: see `keep_bytes`.
        Conflict: other bytes, or another person's file, have this id.
    """
    return note_file(file_id, keep_bytes(data, claimed_sha256), by=by, now=now)


def keep_bytes(data: bytes, claimed_sha256: str | None) -> Bytes:
    """Checks the bytes and writes them to the store. Slow and without the database: call it before a transaction.

    Raises:
        Garbled: the digest that the device claims differs; nothing was kept.
        NotAPicture, TooLarge: see files.images.examine.
    """
    sha256 = sha256_hex(data)
    if claimed_sha256 and claimed_sha256.strip().lower() != sha256:
        raise Garbled(_("The file was damaged on the way. It is sent again."), more={"sha256": sha256})
    kept = Bytes(sha256, len(data), examine(data))
    store().put(data)
    return kept


def note_file(file_id: uuid.UUID, kept: Bytes, *, by: Person, now: datetime) -> tuple[StoredFile, bool]:
    """The row for bytes in the store; two arrivals at once are settled by the primary key. Raises Conflict."""
    values = {
        "id": file_id,
        "sha256": kept.sha256,
        "size": kept.size,
        "media_type": kept.picture.media_type,
        "width": kept.picture.width,
        "height": kept.picture.height,
        "exif": kept.picture.exif,
        "received_by": by.id,
        "received_at": now,
    }
    is_new = insert_if_new(StoredFile, values)
    row = db.session.get_one(StoredFile, file_id)
    if row.sha256 != kept.sha256 or row.received_by != by.id:
        raise Conflict(_("Another file with this number is already here."), code="other_content")
    if is_new:
        record(Verb.FILE_RECEIVED, f"file:{file_id}", by=by.id, now=now, sha256=kept.sha256, size=kept.size)
    return row, is_new


def id_of_upload(document_id: uuid.UUID, kept: Bytes) -> uuid.UUID:
    """A plain form names no file: the name follows from document and bytes, so that a second try is the same."""
    return uuid.uuid5(document_id, kept.sha256)


def attach(file_ids: Sequence[uuid.UUID], site_id: uuid.UUID, by: Person) -> list[StoredFile]:
    """Binds files to a record of a site, in the given order. Only own files, or files of the same site.

    Raises:
        Missing: some have not arrived yet; `more["missing"]` names them.
        NotFound: a file is another person's, or belongs to another site.
    """
    wanted = list(dict.fromkeys(file_ids))
    if not wanted:
        return []
    found = {row.id: row for row in db.session.scalars(select(StoredFile).where(StoredFile.id.in_(wanted)))}
    missing = [str(file_id) for file_id in wanted if file_id not in found]
    if missing:
        raise Missing(
            _("%(n)s photos have not arrived yet. They are sent again.", n=len(missing)), more={"missing": missing}
        )
    rows = [found[file_id] for file_id in wanted]
    if any(row.site_id != site_id if row.site_id else row.received_by != by.id for row in rows):
        raise NotFound(_("A photo of this record is not there, or not yours."))
    db.session.execute(
        update(StoredFile).where(StoredFile.id.in_(wanted), StoredFile.site_id.is_(None)).values(site_id=site_id)
    )
    return rows


def note_original_fetched(file: StoredFile, *, by: Person, now: datetime) -> None:
    """Writes into the log that somebody took the untouched bytes, with whatever metadata is inside."""
    record(Verb.ORIGINAL_FETCHED, f"file:{file.id}", by=by.id, now=now, site_id=file.site_id, sha256=file.sha256)
