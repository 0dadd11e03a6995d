"""A record as its page shows it: answers beside the limits that were used, what came of them, what was sent back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.checklists.models import CheckItem
from webapp.faults.models import Finding
from webapp.faults.queries import findings_with
from webapp.files.models import StoredFile
from webapp.files.queries import files_with
from webapp.inspections.models import Answer, Inspection, Return
from webapp.inspections.queries import successor_of
from webapp.inspections.words import FLAGS, answer_in_words, limits_of, reason_in_words
from webapp.people.queries import names_of
from webapp.seals.models import Seal
from webapp.seals.queries import seal_of


@dataclass(frozen=True)
class Row:
    """One answered item."""

    item: CheckItem | None  # None only if the version lost the item, which it cannot
    answer: Answer
    words: str
    reason: str  # by how much a reading is beyond its limit
    limits: str
    photos: Sequence[StoredFile]
    finding: Finding | None
    returns: Sequence[Return]


@dataclass(frozen=True)
class Record:
    """An inspection with all that its page shows."""

    inspection: Inspection
    rows: Sequence[Row]
    not_answered: Sequence[CheckItem]
    whole_returns: Sequence[Return]
    flags: Sequence[Any]
    seal: Seal | None
    successor: Inspection | None
    names: dict[Any, str]

    @property
    def is_returned(self) -> bool:
        """Whether the bureau sent it, or something of it, back."""
        return bool(self.inspection.returns)

    @property
    def returned_at(self) -> datetime | None:
        """When it was last sent back."""
        return max((one.returned_at for one in self.inspection.returns), default=None)


def record_of(inspection: Inspection) -> Record:
    """The record of an inspection that came from `queries.inspection_for`. A fixed number of queries."""
    items = {item.key: item for item in inspection.version.items}
    files = files_with([photo.file_id for answer in inspection.answers for photo in answer.photos])
    findings = findings_with({answer.finding_id for answer in inspection.answers if answer.finding_id})
    rows = [
        Row(
            item=(item := items.get(answer.item_key)),
            answer=answer,
            words=answer_in_words(item, answer),
            reason=reason_in_words(answer, item.unit if item else ""),
            limits=limits_of(answer, item.unit if item else ""),
            photos=[files[photo.file_id] for photo in answer.photos],
            finding=findings.get(answer.finding_id) if answer.finding_id else None,
            returns=[one for one in inspection.returns if one.item_key == answer.item_key],
        )
        for answer in inspection.answers
    ]
    answered = {answer.item_key for answer in inspection.answers}
    return Record(
        inspection=inspection,
        rows=rows,
        not_answered=[item for item in inspection.version.items if item.key not in answered],
        whole_returns=[one for one in inspection.returns if not one.item_key],
        flags=[FLAGS.get(flag, flag) for flag in inspection.flags],
        seal=seal_of("visit", inspection.visit_id),
        successor=successor_of(inspection.id),
        names=names_of({one.returned_by for one in inspection.returns}),
    )
