"""A lead drafts the next version of a checklist for the own site, item by item; other sites keep theirs."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.checklists.actions import HEAD, fill_item, item_of
from webapp.checklists.exchange import read_data
from webapp.checklists.models import CheckItem, Checklist, ChecklistVersion
from webapp.checklists.queries import all_checklists, base_of, current_versions, version, versions_seen
from webapp.checklists.schemas import MOST_ITEMS
from webapp.checklists.versions import difference
from webapp.checklists.words import FIELDS
from webapp.extensions import db
from webapp.kit.problems import Conflict, Invalid, NotFound
from webapp.people.models import Person


@dataclass(frozen=True)
class FromFile:
    """What a file led to: the drafts it made, how many checklists are as they were, whose heads differ."""

    drafts: list[ChecklistVersion]
    unchanged: int
    other_heads: list[str]


def start_draft(origin: ChecklistVersion, site_id: uuid.UUID, *, by: Person, now: datetime) -> ChecklistVersion:
    """A draft for one site as a copy of `origin`; the site's open draft of that checklist, if there is one."""
    open_draft = _open_draft(origin.checklist_id, site_id)
    if open_draft is not None:
        return open_draft
    items = [item_of(item.position, {name: getattr(item, name) for name in ("key", *FIELDS)}) for item in origin.items]
    return _new_draft(origin.checklist, site_id, items, by=by, now=now, copied_from=origin.number)


def add_item(draft: ChecklistVersion, fields: dict[str, Any], *, by: Person, now: datetime) -> CheckItem:
    """One more item at the end. A key that is taken gets a number: the key is what later versions know the item by."""
    if len(draft.items) >= MOST_ITEMS:
        raise Conflict(_("A checklist has at most %(n)s items.", n=MOST_ITEMS))
    item = item_of(len(draft.items) + 1, {**fields, "key": _free_key(fields["key"], draft)})
    draft.items.append(item)
    db.session.flush()
    _note_change(draft, "added", item, by=by, now=now)
    return item


def change_item(item: CheckItem, draft: ChecklistVersion, fields: dict[str, Any], *, by: Person, now: datetime) -> None:
    """Takes over the fields; the key stays, so that earlier readings still belong to the item."""
    fill_item(item, {**fields, "key": item.key})
    _note_change(draft, "changed", item, by=by, now=now)


def move_item(item: CheckItem, draft: ChecklistVersion, step: int, *, by: Person, now: datetime) -> None:
    """Moves an item up (-1) or down (+1); at the end of the list it stays where it is."""
    place = draft.items.index(item)
    target = min(max(place + step, 0), len(draft.items) - 1)
    draft.items.insert(target, draft.items.pop(place))
    _renumber(draft)
    _note_change(draft, "moved", item, by=by, now=now)


def remove_item(item: CheckItem, draft: ChecklistVersion, *, by: Person, now: datetime) -> None:
    """Takes an item out of the draft; published versions keep theirs."""
    _note_change(draft, "removed", item, by=by, now=now)
    draft.items.remove(item)
    _renumber(draft)


def discard(draft: ChecklistVersion, *, by: Person, now: datetime) -> None:
    """Throws a draft away. Nothing was ever inspected by it."""
    facts = {"checklist": draft.checklist.key, "number": draft.number}
    record(Verb.CHECKLIST_DISCARDED, _subject(draft), by=by.id, now=now, site_id=draft.site_id, **facts)
    db.session.delete(draft)
    db.session.flush()


def publish(draft: ChecklistVersion, reason: str, *, by: Person, now: datetime) -> None:
    """Makes the draft the version that counts in its site from now on; it is never changed again.

    Raises:
        Invalid: no reason.
        Conflict: no items, or no difference from the version that counts today.
    """
    if not reason.strip():
        raise Invalid(_("Say why the checklist changes."), fields={"reason": [_("Please fill this in.")]})
    if not draft.items:
        raise Conflict(_("A checklist needs at least one item."))
    changes = difference(base_of(draft).items, draft.items)
    if not changes:
        raise Conflict(_("The draft does not differ from the version that counts today."))
    draft.reason = reason.strip()
    draft.published_by = by.id
    draft.published_at = now
    record(
        Verb.CHECKLIST_PUBLISHED,
        _subject(draft),
        by=by.id,
        now=now,
        site_id=draft.site_id,
        checklist=draft.checklist.key,
        number=draft.number,
        reason=draft.reason,
        added=[item.key for item in changes.added],
        removed=[item.key for item in changes.removed],
        changed={change.new.key: [name for name, _old, _new in change.fields] for change in changes.changed},
        reordered=changes.is_reordered,
    )
    db.session.flush()


def draft_from_file(data: Any, site_id: uuid.UUID, *, by: Person, now: datetime) -> FromFile:
    """Drafts for one site where the items of a file differ from what counts there; nothing is published by itself.

    Names and patterns of a checklist hold for all sites and are not taken over; the answer says where they differ.

    Raises:
        Invalid: mistakes in the file, by checklist, item and field.
        Conflict: an unknown checklist, or one that has an open draft in the site. Nothing is changed then.
    """
    wanted = read_data(data)
    known = {one.key: one for one in all_checklists()}
    current = {one.checklist.key: one for one in current_versions(site_id)}
    if unknown := [entry["key"] for entry in wanted if entry["key"] not in known]:
        raise Conflict(
            _(
                "Not known here: %(keys)s. A new checklist holds for all command centres; it is brought in by whoever "
                "runs the server (flask checklists import).",
                keys=", ".join(unknown),
            )
        )
    drafts, heads = [], []
    for entry in wanted:
        checklist = known[entry["key"]]
        if any(getattr(checklist, name) != entry[name] for name in HEAD):
            heads.append(checklist.key)
        items = [item_of(place, fields) for place, fields in enumerate(entry["items"], start=1)]
        if not difference(current[checklist.key].items, items):
            continue
        if _open_draft(checklist.id, site_id) is not None:
            raise Conflict(
                _("There is an open draft of “%(name)s”. Publish or discard it first.", name=checklist.zh), code="draft"
            )
        drafts.append(_new_draft(checklist, site_id, items, by=by, now=now, copied_from=None))
    return FromFile(drafts, len(wanted) - len(drafts), heads)


def item_in(draft: ChecklistVersion, item_id: int) -> CheckItem:
    """An item of the draft. Raises NotFound: another draft's items are not reached through this one."""
    found = next((item for item in draft.items if item.id == item_id), None)
    if found is None:
        raise NotFound(_("This item is no longer in the draft."))
    return found


def _open_draft(checklist_id: uuid.UUID, site_id: uuid.UUID) -> ChecklistVersion | None:
    """The site's open draft. Locks the checklist, so that two leads cannot begin two drafts at once."""
    db.session.execute(select(Checklist.id).where(Checklist.id == checklist_id).with_for_update())
    drafts = [one for one in versions_seen(checklist_id, site_id) if one.published_at is None]
    return version(drafts[0].id) if drafts else None


def _new_draft(
    checklist: Checklist,
    site_id: uuid.UUID,
    items: list[CheckItem],
    *,
    by: Person,
    now: datetime,
    copied_from: int | None,
) -> ChecklistVersion:
    last = db.session.scalar(
        select(func.max(ChecklistVersion.number)).where(ChecklistVersion.checklist_id == checklist.id)
    )
    draft = ChecklistVersion(
        id=uuid.uuid4(),
        checklist_id=checklist.id,
        checklist=checklist,
        site_id=site_id,
        number=(last or 0) + 1,
        drafted_by=by.id,
        drafted_at=now,
        items=items,
    )
    db.session.add(draft)
    facts = {"checklist": checklist.key, "number": draft.number, "copied_from": copied_from}
    record(Verb.CHECKLIST_DRAFTED, _subject(draft), by=by.id, now=now, site_id=site_id, **facts)
    db.session.flush()
    return draft


def _free_key(wanted: str, draft: ChecklistVersion) -> str:
    taken = {item.key for item in draft.items}
    stem = re.sub(r"_\d+\Z", "", wanted)[:50]
    tries = (f"{stem}_{number}" for number in range(2, MOST_ITEMS + 3))
    return wanted if wanted not in taken else next(key for key in tries if key not in taken)


def _renumber(draft: ChecklistVersion) -> None:
    for place, item in enumerate(draft.items, start=1):
        item.position = place
    db.session.flush()


def _note_change(draft: ChecklistVersion, deed: str, item: CheckItem, *, by: Person, now: datetime) -> None:
    facts = {"checklist": draft.checklist.key, "item": item.key, "deed": deed}
    record(Verb.CHECKLIST_DRAFT_CHANGED, _subject(draft), by=by.id, now=now, site_id=draft.site_id, **facts)


def _subject(draft: ChecklistVersion) -> str:
    return f"checklist_version:{draft.id}"
