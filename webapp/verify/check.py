"""Checking a seal against its chain, the live record and the bytes on disk. Reads only."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.audit.models import AuditEntry, Verb
from webapp.extensions import db
from webapp.files.store import store
from webapp.jointtests import seal as jointtest_seal
from webapp.kit.canonical import sha256_hex
from webapp.kit.problems import NotFound
from webapp.reports import closing_content
from webapp.seals.models import Seal
from webapp.seals.queries import chain_of
from webapp.seals.rules import FIRST, MONTH, Link, breaks_of, content_text, differences, files_in
from webapp.verify.rules import Break, Kind, difference_in_words, path_in_words
from webapp.visits import seal as visit_seal

CONTENTS: dict[str, Callable[[uuid.UUID], dict[str, Any]]] = {
    "visit": visit_seal.content_of,
    "joint_test": jointtest_seal.content_of,
    MONTH: closing_content.content_of,
}


@dataclass(frozen=True)
class Checked:
    """One seal with everything that is wrong about it."""

    seal: Seal
    breaks: list[Break]


def check_chain(site_id: uuid.UUID) -> Iterator[Checked]:
    """Checks a site's seals one after the other; links first, then record and files."""
    before, expected = FIRST, 1
    for seal in chain_of(site_id):
        yield Checked(seal, [*_link_breaks(seal, before, expected), *record_breaks(seal)])
        before, expected = seal.digest, seal.number + 1


def missing_seals(site_id: uuid.UUID) -> list[Break]:
    """Seals that the log knows and the chain has no longer; this is how a cut-off end of the chain is noticed."""
    wanted = select(AuditEntry).where(AuditEntry.site_id == site_id, AuditEntry.verb == Verb.RECORD_SEALED.value)
    here = set(db.session.scalars(select(Seal.digest).where(Seal.site_id == site_id)))
    return [
        Break(
            Kind.MISSING_SEAL,
            _(
                "No. %(number)s (%(record)s): sealed on %(day)s, but that seal is missing",
                number=entry.facts.get("number"),
                record=entry.subject,
                day=entry.at.date(),
            ),
        )
        for entry in db.session.scalars(wanted.order_by(AuditEntry.id))
        if entry.facts.get("digest") not in here
    ]


def check_seal(seal: Seal) -> Checked:
    """Checks one seal with its link to the seal before. What lies further back needs the whole chain."""
    before = db.session.execute(
        select(Seal.number, Seal.digest)
        .where(Seal.site_id == seal.site_id, Seal.number < seal.number)
        .order_by(Seal.number.desc())
        .limit(1)
    ).first()
    previous, expected = (before.digest, before.number + 1) if before else (FIRST, 1)
    return Checked(seal, [*_link_breaks(seal, previous, expected), *record_breaks(seal)])


def count_of(site_id: uuid.UUID) -> int:
    """How many seals a site's chain has, for progress."""
    return db.session.scalar(select(func.count()).select_from(Seal).where(Seal.site_id == site_id)) or 0


def _link_breaks(seal: Seal, before: str, expected: int) -> Iterator[Break]:
    words = {
        Kind.NUMBER: _("a seal is missing before this one (expected No. %(n)s)", n=expected),
        Kind.PREVIOUS: _("does not follow the seal before it"),
        Kind.DIGEST: _("the stored text is not the one that was sealed"),
    }
    link = Link(seal.number, seal.content, seal.digest, seal.previous_digest)
    for what in breaks_of(link, before, expected):
        yield Break(Kind(what), words[Kind(what)])


def record_breaks(seal: Seal) -> Iterator[Break]:
    """What is wrong with the live record and the files of a seal."""
    try:
        sealed = json.loads(seal.content)
    except ValueError:
        yield Break(Kind.DIGEST, _("the stored text cannot be read"))
        return
    yield from _content_breaks(seal, sealed)
    yield from _file_breaks(sealed)


def _content_breaks(seal: Seal, sealed: Any) -> Iterator[Break]:
    content_of = CONTENTS.get(seal.kind)
    if content_of is None:
        return
    try:
        present = json.loads(content_text(content_of(seal.record_id)))
    except NotFound:
        yield Break(Kind.MISSING_RECORD, _("the record itself is missing"))
        return
    for difference in differences(sealed, present):
        yield Break(Kind.CONTENT, difference_in_words(sealed, difference))


def _file_breaks(sealed: Any) -> Iterator[Break]:
    for path, sha256 in files_in(sealed):
        place = path_in_words(sealed, path)
        try:
            data = store().read(sha256)
        except (OSError, ValueError):
            yield Break(Kind.MISSING_FILE, _("%(place)s: the file is missing", place=place))
            continue
        if sha256_hex(data) != sha256:
            yield Break(Kind.FILE, _("%(place)s: the file was changed on disk", place=place))
