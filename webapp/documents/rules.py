"""Pure decisions about documents: which formats a kind has, what a job makes, when a job has died."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from webapp.documents.models import Format, Kind
from webapp.kit.clock import Month

DEAD_AFTER = timedelta(seconds=60)  # the process renews the beat every few seconds
PAPERS = tuple(kind for kind in Kind if kind is not Kind.BUNDLE)
PAPER_FORMATS = (Format.PDF, Format.DOCX, Format.XLSX, Format.HTML)


def formats_of(kind: Kind) -> tuple[Format, ...]:
    """The formats in which a document of this kind is kept."""
    return (Format.ZIP,) if kind is Kind.BUNDLE else PAPER_FORMATS


def kinds_to_make(wanted: Collection[Kind]) -> tuple[Kind, ...]:
    """What a job makes, in order. A bundle holds all documents as they are now, so all are made with it."""
    if Kind.BUNDLE in wanted:
        return tuple(Kind)
    return tuple(kind for kind in Kind if kind in wanted)


def steps_of(kinds: Sequence[Kind]) -> int:
    """How many files a job makes."""
    return sum(len(formats_of(kind)) for kind in kinds)


def is_dead(beat_at: datetime, now: datetime) -> bool:
    """Whether the process that worked on a job is gone."""
    return now - beat_at > DEAD_AFTER


def slot_of(site_id: uuid.UUID, month: Month) -> str:
    """The key that lets one job run for a month of a site."""
    return f"{site_id}/{month}"
