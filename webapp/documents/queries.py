"""Finding documents, jobs, parties, and what a paper is built from. `document_for` is the only door to a row."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.documents.models import Document, DocumentJob, Kind, PartyNames
from webapp.extensions import db
from webapp.inspections.models import Answer, AnswerPhoto, Inspection, Signature, Visit
from webapp.jointtests.models import JointTest
from webapp.kit.clock import Month
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.sites.access import require
from webapp.sites.models import Site
from webapp.sites.rules import Right


@dataclass(frozen=True)
class Parties:
    """How the two sides are called; empty where nobody said it yet."""

    client: str = ""
    provider: str = ""


@dataclass(frozen=True)
class Shelf:
    """All documents of a month: kind → its versions, newest first, each with its formats. `names`: who made them."""

    versions: dict[Kind, list[list[Document]]]
    names: dict[uuid.UUID, str]
    job: DocumentJob | None  # the one that runs, else the last one

    def newest(self, kind: Kind) -> list[Document]:
        """The formats of the newest version; empty where none was made."""
        versions = self.versions.get(kind)
        return versions[0] if versions else []


def shelf_of(site_id: uuid.UUID, month: Month) -> Shelf:
    """Documents and job of a month. Three statements."""
    rows = db.session.scalars(
        select(Document)
        .where(Document.site_id == site_id, Document.month == str(month))
        .order_by(Document.kind, Document.version.desc(), Document.made_at)
    ).all()
    versions: dict[Kind, list[list[Document]]] = {}
    for row in rows:
        of_kind = versions.setdefault(Kind(row.kind), [])
        if not of_kind or of_kind[-1][0].version != row.version:
            of_kind.append([])
        of_kind[-1].append(row)
    job = job_of(site_id, month)
    names = names_of({row.made_by for row in rows} | ({job.asked_by} if job else set()))
    return Shelf(versions, names, job)


def job_of(site_id: uuid.UUID, month: Month) -> DocumentJob | None:
    """The job that runs for a month, else the last one that ended."""
    return db.session.scalar(
        select(DocumentJob)
        .where(DocumentJob.site_id == site_id, DocumentJob.month == str(month))
        .order_by(DocumentJob.slot.is_(None), DocumentJob.asked_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def document_for(person: Person, document_id: uuid.UUID) -> tuple[Document, Site]:
    """A document that the person may take out, and its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person may not take documents out there.
    """
    document = db.session.get(Document, document_id)
    if document is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return document, require(person, Right.EXPORT, document.site_id)


def parties_of(site_id: uuid.UUID) -> Parties:
    """The names of the two sides as they were last given."""
    newest = select(PartyNames).where(PartyNames.site_id == site_id).order_by(PartyNames.id.desc()).limit(1)
    found = db.session.scalar(newest)
    return Parties(found.client, found.provider) if found else Parties()


def visits_in(site_id: uuid.UUID, month: Month) -> list[uuid.UUID]:
    """The sheets of a month that hold an inspection, by day."""
    wanted = (
        select(Visit.id)
        .where(Visit.site_id == site_id, Visit.day.between(month.first, month.last))
        .where(select(Inspection.id).where(Inspection.visit_id == Visit.id).exists())
        .order_by(Visit.day, Visit.created_at, Visit.id)
    )
    return list(db.session.scalars(wanted))


def joint_tests_in(site_id: uuid.UUID, month: Month) -> list[uuid.UUID]:
    """All joint tests of a month, replaced ones too: a bundle holds what was sealed."""
    wanted = select(JointTest.id).where(JointTest.site_id == site_id, JointTest.day.between(month.first, month.last))
    return list(db.session.scalars(wanted.order_by(JointTest.day, JointTest.number)))


def files_of(visit_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Photos and signatures of sheets."""
    photos = (
        select(AnswerPhoto.file_id)
        .join(Answer, Answer.id == AnswerPhoto.answer_id)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .where(Inspection.visit_id.in_(visit_ids))
    )
    signatures = select(Signature.file_id).where(Signature.visit_id.in_(visit_ids))
    return list(dict.fromkeys([*db.session.scalars(photos), *db.session.scalars(signatures)]))
