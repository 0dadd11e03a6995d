"""Published versions as plain objects, read once by each process and then kept.

A published version never changes, so nothing here is ever renewed or dropped. Drafts are not kept. Which version counts
today, and the head of a checklist (its name, its patterns), may change at any time: `queries` asks for them each time.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from webapp.checklists.models import CheckItem, Checklist, ChecklistVersion
from webapp.extensions import db


@dataclass(frozen=True)
class PublishedItem:
    """A CheckItem that cannot change any more, with all its columns. What is inside its lists is not to be changed."""

    id: int
    version_id: uuid.UUID
    position: int
    key: str
    zh: str
    en: str
    kind: str
    unit: str
    minimum: Decimal | None
    maximum: Decimal | None
    compare: dict[str, Any]
    options: list[dict[str, Any]]
    is_required: bool
    is_na_allowed: bool
    is_safety_stop: bool
    are_limits_editable: bool
    photo: str
    severity: str
    frequency: str
    source: str
    source_detail: str
    seed_refs: list[str]
    hint_zh: str
    hint_en: str


AnyItem = CheckItem | PublishedItem


@dataclass(frozen=True)
class Content:
    """What never changes of a published version: its number, for which site it is (None: for all), its items."""

    id: uuid.UUID
    checklist_id: uuid.UUID
    site_id: uuid.UUID | None
    number: int
    items: tuple[PublishedItem, ...]


@dataclass(frozen=True)
class PublishedVersion(Content):
    """A published version under the head that its checklist has today."""

    checklist: Checklist


_COLUMNS = tuple(one.name for one in fields(PublishedItem))
_kept: dict[uuid.UUID, Content] = {}


def published(heads: Mapping[uuid.UUID, Checklist]) -> dict[uuid.UUID, PublishedVersion]:
    """The versions with these ids, each under the head given for it; drafts and unknown ones are left out.

    No query, but for versions that this process has not seen yet: two for all of them.
    """
    if unseen := heads.keys() - _kept.keys():
        # in a transaction of its own: what this one has published may still be rolled back and change
        with Session(db.engine) as committed:
            _kept.update(_read(committed.scalars(_with_items(unseen))))
    found = {one: _kept[one] for one in heads if one in _kept}
    if uncommitted := heads.keys() - found.keys():
        found |= _read(db.session.scalars(_with_items(uncommitted)))
    return {one: PublishedVersion(**vars(content), checklist=heads[one]) for one, content in found.items()}


def _with_items(ids: Collection[uuid.UUID]) -> Select[ChecklistVersion]:
    return (
        select(ChecklistVersion)
        .where(ChecklistVersion.id.in_(ids), ChecklistVersion.published_at.is_not(None))
        .options(selectinload(ChecklistVersion.items))
    )


def _read(versions: Iterable[ChecklistVersion]) -> dict[uuid.UUID, Content]:
    return {
        one.id: Content(
            id=one.id,
            checklist_id=one.checklist_id,
            site_id=one.site_id,
            number=one.number,
            items=tuple(PublishedItem(**{name: getattr(item, name) for name in _COLUMNS}) for item in one.items),
        )
        for one in versions
    }
