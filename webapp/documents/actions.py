"""Asking for documents, the life of a job, keeping what was made."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Update, func, select, update

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.documents.models import Document, DocumentJob, Format, Kind, Outcome, PartyNames
from webapp.documents.rules import DEAD_AFTER, kinds_to_make, slot_of, steps_of
from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.kit.insert import insert_if_new
from webapp.people.models import Person
from webapp.sites.models import Site

DIED = "died"  # why a job failed, where there is nobody left to say it


@dataclass(frozen=True)
class Made:
    """A file that was written and lies in the store."""

    kind: Kind
    format: Format
    version: int
    number: str
    file_name: str
    sha256: str
    size: int
    is_final: bool
    as_of: datetime


def ask(site: Site, month: Month, kinds: Collection[Kind], *, by: Person, now: datetime) -> tuple[DocumentJob, bool]:
    """The job that makes documents of a month, and whether it is new. While one runs, everybody gets that one.

    A job whose process died is ended first. Of two who ask at the same moment one gets a new job.
    """
    bury_dead(site, month, now=now)
    chosen, slot = kinds_to_make(kinds), slot_of(site.id, month)
    values = {
        "id": uuid.uuid4(),
        "site_id": site.id,
        "month": str(month),
        "kinds": [kind.value for kind in chosen],
        "slot": slot,
        "asked_by": by.id,
        "asked_at": now,
        "beat_at": now,
        "done": 0,
        "total": steps_of(chosen),
        "step": "",
        "ended_at": None,
        "outcome": "",
        "problem": "",
    }
    is_new = insert_if_new(DocumentJob, values, unique=["slot"])
    job = db.session.scalars(select(DocumentJob).where(DocumentJob.slot == slot)).one()
    if is_new:
        record(
            Verb.DOCUMENTS_ASKED,
            f"month:{site.id}:{month}",
            by=by.id,
            now=now,
            site_id=site.id,
            kinds=[kind.value for kind in chosen],
            job=str(job.id),
        )
    return job, is_new


def bury_dead(site: Site, month: Month, *, now: datetime) -> None:
    """Ends a job of that month whose process is gone, so that it can be asked for again."""
    db.session.execute(
        update(DocumentJob)
        .where(DocumentJob.slot == slot_of(site.id, month), DocumentJob.beat_at < now - DEAD_AFTER)
        .values(
            slot=None,
            ended_at=now,
            outcome=Outcome.FAILED.value,
            problem=DIED,
        )
    )


def beat(job_id: uuid.UUID, *, now: datetime) -> bool:
    """Says that the process is alive; False where the job was ended meanwhile, by whom ever."""
    alive = update(DocumentJob).where(DocumentJob.id == job_id, DocumentJob.slot.is_not(None)).values(beat_at=now)
    return _changed(alive)


def begin_step(job_id: uuid.UUID, step: str, *, now: datetime) -> bool:
    """Says what is being made now; False where the job was ended meanwhile."""
    begun = update(DocumentJob).where(DocumentJob.id == job_id, DocumentJob.slot.is_not(None))
    return _changed(begun.values(step=step, beat_at=now))


def keep(job: DocumentJob, made: Made, *, now: datetime) -> Document:
    """The row of a file that was made; the bytes lie in the store already."""
    kept = Document(
        id=uuid.uuid4(),
        site_id=job.site_id,
        month=job.month,
        kind=made.kind.value,
        format=made.format.value,
        version=made.version,
        number=made.number,
        file_name=made.file_name,
        sha256=made.sha256,
        size=made.size,
        is_final=made.is_final,
        as_of=made.as_of,
        made_at=now,
        made_by=job.asked_by,
        job_id=job.id,
    )
    db.session.add(kept)
    db.session.execute(
        update(DocumentJob).where(DocumentJob.id == job.id).values(done=DocumentJob.done + 1, beat_at=now)
    )
    record(
        Verb.DOCUMENT_MADE,
        f"document:{kept.id}",
        by=job.asked_by,
        now=now,
        site_id=job.site_id,
        month=job.month,
        kind=made.kind.value,
        format=made.format.value,
        version=made.version,
        sha256=made.sha256,
    )
    db.session.flush()
    return kept


def end(job_id: uuid.UUID, outcome: Outcome, *, problem: str = "", now: datetime) -> None:
    """Ends a job that runs; one that was ended already stays as it is."""
    ended = update(DocumentJob).where(DocumentJob.id == job_id, DocumentJob.slot.is_not(None))
    db.session.execute(ended.values(slot=None, ended_at=now, outcome=outcome.value, problem=problem, step=""))


def next_version(site_id: uuid.UUID, month: Month, kind: Kind) -> int:
    """The version that a document gets when it is made now."""
    made = (Document.site_id == site_id, Document.month == str(month), Document.kind == kind.value)
    return (db.session.scalar(select(func.max(Document.version)).where(*made)) or 0) + 1


def note_exported(site: Site, month: Month, kind: str, *, by: Person, now: datetime, **facts: str) -> None:
    """Taking a document out is logged (R126)."""
    record(Verb.REPORT_EXPORTED, f"month:{site.id}:{month}", by=by.id, now=now, site_id=site.id, kind=kind, **facts)


def name_parties(site: Site, *, client: str, provider: str, by: Person, now: datetime) -> None:
    """How client and provider are called on documents from now on."""
    db.session.add(PartyNames(site_id=site.id, client=client, provider=provider, set_by=by.id, set_at=now))
    record(
        Verb.PARTIES_NAMED,
        f"site:{site.id}",
        by=by.id,
        now=now,
        site_id=site.id,
        client=client,
        provider=provider,
    )


def _changed(statement: Update) -> bool:
    """Whether an UPDATE met its row; drivers do not agree on more than one."""
    result = db.session.execute(statement)
    return bool(result.rowcount)  # type: ignore[attr-defined]
