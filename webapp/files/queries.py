"""Finding files. `file_for` is the only door to a row."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import aliased

from webapp.extensions import db
from webapp.files.models import StoredFile
from webapp.kit.problems import NotFound, Refused
from webapp.people.models import Person
from webapp.sites.access import may, require
from webapp.sites.rules import Right


def file_for(person: Person, file_id: uuid.UUID) -> StoredFile:
    """The file, for who sent it and for everybody with a role in the site that uses it. Raises NotFound."""
    file = db.session.get(StoredFile, file_id)
    if file is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    if file.received_by != person.id:
        if file.site_id is None:
            raise NotFound(_("There is nothing at this address, or it is not for you to see."))
        require(person, Right.READ, file.site_id)
    return file


def original_for(person: Person, file_id: uuid.UUID) -> StoredFile:
    """The file, for those who may take the untouched bytes out (R126). Raises NotFound or Refused."""
    file = file_for(person, file_id)
    if file.site_id is None or not (may(person, Right.EXPORT, file.site_id) or may(person, Right.SIGN, file.site_id)):
        raise Refused(_("Only the bureau, the lead and the office may take out the original of a photo."))
    return file


def files_with(file_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, StoredFile]:
    """Id → file, for records that have been checked already."""
    if not file_ids:
        return {}
    return {row.id: row for row in db.session.scalars(select(StoredFile).where(StoredFile.id.in_(file_ids)))}


def same_bytes_elsewhere(file_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the given files whose very bytes are also used under another id, in any record."""
    if not file_ids:
        return set()
    other = aliased(StoredFile)
    wanted = (
        select(StoredFile.id)
        .join(other, (other.sha256 == StoredFile.sha256) & (other.id != StoredFile.id))
        .where(StoredFile.id.in_(file_ids), other.site_id.is_not(None))
    )
    return set(db.session.scalars(wanted))
