"""Bringing in an exported outbox: document by document, in its author's name, through the doors that the device uses.

There is no second way into the database: each photo and each document becomes the request that the device would have
sent, and the door answers it. What the doors do not take is said with their reason and stops nothing.

Whoever imports could have written the file. So only doors of documents born in the field are opened, only in sites
where the importer may import, and every arrival is marked with who brought it (`g.brought_by`).
"""

from __future__ import annotations

import enum
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from flask import current_app, g
from flask_babel import force_locale, get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.exceptions import HTTPException

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.fieldwork.exported import Exported, ExportedDocument, ExportedFile, ExportedOutbox
from webapp.kit.canonical import sha256_hex
from webapp.kit.problems import Invalid
from webapp.people.models import Person
from webapp.sites.access import belongs_only_to, sites_with
from webapp.sites.models import Membership
from webapp.sites.rules import Right
from webapp.sync.models import Arrival

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS_NAMED = 3
# The doors of documents born in the field, and which part of the address is the document's own name; where none is,
# the field `id` names it.
DOORS: dict[str, str | None] = {
    "inspections.receive": "inspection_id",
    "faults.receive": "finding_id",
    "faults.arrive": None,
    "faults.step": None,
    "hazards.step": None,
    "notes.receive": "note_id",
    "visits.sign_off": None,
    "visits.bring": "signature_id",
    "visits.give_back": None,
    "visits.omit": None,
    "jointtests.receive": "test_id",
}
# Under a sheet an imported signature waits until its signer confirms it; a joint test has no such waiting, so there it
# would count although nobody but the importer vouches for it.
OWN_ACCOUNT_ONLY = "jointtests.sign_off"


class State(enum.StrEnum):
    """What became of a document of the file."""

    ARRIVED = "arrived"
    HERE = "here"  # had arrived before
    MISSING = "missing"  # photos or other documents that it needs are neither here nor in the file
    REFUSED = "refused"
    FAILED = "failed"  # the server could not; trying again may help


@dataclass(frozen=True)
class Result:
    """One line of the report."""

    document: ExportedDocument
    state: State
    reason: str = ""
    url: str = ""


@dataclass(frozen=True)
class Answer:
    """What a door said."""

    status: int
    said: dict[str, Any]

    @property
    def error(self) -> dict[str, Any]:
        """The error in it; empty where it is none."""
        error = self.said.get("error")
        return error if isinstance(error, dict) else {}

    @property
    def message(self) -> str:
        """Why not, for people; with the first things that are wrong in the document."""
        message = str(self.error.get("message") or _("The server could not take it."))
        fields = self.error.get("fields") or {}
        return " ".join(dict.fromkeys([message, *[texts[0] for texts in fields.values()][:MOST_FIELDS_NAMED]]))


def author_of(exported: Exported, by: Person) -> Person:
    """Whose outbox it is: an account in use with a role in a site where the importer may import.

    Raises:
        Invalid: nobody there; an unknown person and one of another site look the same.
    """
    wanted = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.id == exported.user, Membership.site_id.in_(sites_with(by, Right.IMPORT_OUTBOX)))
    )
    author = db.session.scalars(wanted).first()
    if author is None or not author.is_active:
        raise Invalid(_("This outbox belongs to nobody who works in your command centre. Nothing was stored."))
    return author


def here_already(exported: Exported) -> set[uuid.UUID]:
    """Which of the documents have arrived."""
    ids = [document.id for document in exported.documents]
    wanted = select(Arrival.id).where(Arrival.id.in_(ids), Arrival.author_id == exported.user)
    return set(db.session.scalars(wanted))


def bringer_of(document_id: uuid.UUID) -> str:
    """Who brought in a document from an exported outbox; empty where it came by itself. For the pages of records."""
    wanted = select(Person.name).join(Arrival, Arrival.brought_by == Person.id).where(Arrival.id == document_id)
    return db.session.scalar(wanted) or ""


def bring_in(outbox: ExportedOutbox, *, by: Person) -> list[Result]:
    """Hands in every document, in order, each in a transaction of its own. The same file again is safe.

    Raises:
        Invalid: see `author_of`; then nothing was stored.
    """
    author, sites = author_of(outbox.content, by), sites_with(by, Right.IMPORT_OUTBOX)
    doors = _Doors(author.id, by.id, sites, outbox.content.device)
    return [_bring_document(document, outbox, doors) for document in outbox.content.documents]


def note_import(
    exported: Exported, results: Sequence[Result], *, site_id: uuid.UUID, by: Person, now: datetime
) -> None:
    """Writes into the log who brought in whose outbox, and how it ended."""
    counts = Counter(result.state.value for result in results)
    record(
        Verb.OUTBOX_IMPORTED,
        f"person:{exported.user}",
        by=by.id,
        now=now,
        site_id=site_id,
        device=str(exported.device),
        exported_at=exported.exported_at.isoformat(),
        **{state.value: counts[state.value] for state in State},
    )


class _Doors:
    """The doors of the app, as they open to the author of an outbox."""

    def __init__(self, author: uuid.UUID, importer: uuid.UUID, sites: Sequence[uuid.UUID], device: uuid.UUID) -> None:
        self.author, self.importer, self.sites = author, importer, sites
        self.headers = {"Accept": "application/json", "X-Outbox-User": str(author), "X-Device": str(device)}
        self.language = str(get_locale() or "zh")

    def ask(self, method: str, path: str, body: bytes, media_type: str, sha256: str) -> Answer:
        """One request, answered within a session and a transaction of its own."""
        headers = {**self.headers, "Content-Type": media_type}
        if sha256:
            headers["X-Content-SHA256"] = sha256
        app = current_app._get_current_object()  # type: ignore[attr-defined]
        with app.app_context(), app.test_request_context(path, method=method, data=body, headers=headers):
            author = db.session.get_one(Person, self.author)
            db.session.expunge(author)
            # somebody whose phone broke may have been given a temporary password; that must not hold the work back
            author.must_change_password = False
            g._login_user = author
            g.brought_by = db.session.get_one(Person, self.importer)
            belongs_only_to(author, self.sites)
            with force_locale(self.language):
                answer = app.full_dispatch_request()
            said = answer.get_json(silent=True)
            return Answer(answer.status_code, said if isinstance(said, dict) else {})


def _bring_document(document: ExportedDocument, outbox: ExportedOutbox, doors: _Doors) -> Result:
    if not document.is_whole:
        return Result(document, State.REFUSED, _("It is not as the device wrote it down: it was changed or damaged."))
    endpoint, name = _door_of(document)
    if endpoint == OWN_ACCOUNT_ONLY:
        why = _(
            "A signature under a joint test counts only under the signer’s own account. Please have it given again."
        )
        return Result(document, State.REFUSED, why)
    if endpoint not in DOORS or name != document.id:
        return Result(document, State.REFUSED, _("This is no document of the field."))
    problems = [problem for file in document.files if (problem := _bring_file(file, outbox, doors))]
    answer = doors.ask("POST", document.url, document.body.encode(), FORM, document.sha256)
    return _result(document, answer, problems)


def _bring_file(file: ExportedFile, outbox: ExportedOutbox, doors: _Doors) -> str:
    """Hands in a photo; what is wrong with it, empty where nothing is."""
    data = outbox.bytes_of(file)
    if data is None:
        return _("A photo is not in the file, or is damaged there.")
    if file.sha256 and file.sha256 != sha256_hex(data):
        return _("A photo is not as the device kept it: it was changed or damaged.")
    answer = doors.ask("PUT", f"/files/{file.id}", data, file.type, file.sha256)
    return "" if answer.status < 300 else answer.message


def _result(document: ExportedDocument, answer: Answer, problems: Sequence[str]) -> Result:
    if answer.status < 300 and answer.said.get("id") == str(document.id):
        state = State.ARRIVED if answer.status == 201 else State.HERE
        return Result(document, state, url=str(answer.said.get("url", "")))
    if answer.status == 424:
        return Result(document, State.MISSING, " ".join([*dict.fromkeys(problems), _what_is_missing(answer)]))
    if answer.status >= 500:
        return Result(document, State.FAILED, answer.message)
    return Result(document, State.REFUSED, " ".join(dict.fromkeys([answer.message, *problems])))


def _what_is_missing(answer: Answer) -> str:
    photos, documents = answer.error.get("missing", []), answer.error.get("missing_documents", [])
    if documents:
        text = ngettext("%(num)d document that it needs is not here.", "%(num)d documents that it needs are not here.",
                        len(documents))  # fmt: skip
        return str(text)
    return str(ngettext("%(num)d photo is not here.", "%(num)d photos are not here.", len(photos) or 1))


def _door_of(document: ExportedDocument) -> tuple[str, uuid.UUID | None]:
    """The endpoint behind a document's address, and the name under which it will take the document."""
    try:
        endpoint, arguments = current_app.url_map.bind("").match(document.url, method="POST")
    except HTTPException:
        return "", None
    name = DOORS.get(endpoint)
    if not document.url.startswith("/"):
        return "", None
    return endpoint, arguments.get(name) if name else _id_in(document.body)


def _id_in(body: str) -> uuid.UUID | None:
    """The name that a door reads in a body: the last `id` of it."""
    try:
        return uuid.UUID(parse_qs(body, keep_blank_values=True, max_num_fields=10_000).get("id", [""])[-1])
    except ValueError:
        return None
