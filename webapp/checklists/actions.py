"""Checklists come in, limits are set. A published version is never changed: what is new becomes a new version."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.assets.models import Asset
from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.checklists.exchange import read_data
from webapp.checklists.models import CheckItem, Checklist, ChecklistVersion, ItemKind, LimitOverride
from webapp.checklists.published import AnyItem
from webapp.checklists.queries import overrides_for
from webapp.checklists.versions import difference
from webapp.extensions import db
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person

HEAD = ("zh", "en", "scope", "minutes", "match", "exclude", "note", "futian_response_system", "shaoguan_major_scope")


@dataclass(frozen=True)
class Imported:
    """What an import did, by checklist key."""

    added: list[str]
    renewed: list[str]  # a new version was published, or the head changed
    unchanged: list[str]


def import_checklists(data: dict[str, Any], *, now: datetime, by: uuid.UUID | None = None) -> Imported:
    """Brings the checklists of a file in for all sites: new ones, and a new version where items differ.

    Importing the same file again changes nothing. Raises Invalid, naming checklist, item and field, before any change.
    """
    wanted = read_data(data)
    known = {
        one.key: one
        for one in db.session.scalars(
            select(Checklist)
            .options(selectinload(Checklist.versions).selectinload(ChecklistVersion.items))
            .with_for_update()
        )
    }
    result = Imported([], [], [])
    for position, entry in enumerate(wanted, start=1):
        checklist = known.get(entry["key"])
        if checklist is None:
            checklist = Checklist(id=uuid.uuid4(), key=entry["key"], position=position, **_head(entry))
            db.session.add(checklist)
            _publish_for_all(checklist, 1, entry, by=by, now=now)
            result.added.append(checklist.key)
        elif _renew(checklist, position, entry, by=by, now=now):
            result.renewed.append(checklist.key)
        else:
            result.unchanged.append(checklist.key)
    db.session.flush()
    if result.added or result.renewed:
        record(
            Verb.CHECKLISTS_IMPORTED,
            "checklists:all",
            by=by,
            now=now,
            added=result.added,
            renewed=result.renewed,
            unchanged=len(result.unchanged),
        )
    return result


def set_limits(
    asset: Asset,
    item: AnyItem,
    minimum: Decimal | None,
    maximum: Decimal | None,
    reason: str,
    *,
    by: Person,
    now: datetime,
) -> LimitOverride:
    """Sets the limits of one item for one asset, both ends at once; both None: the checklist's limits count again.

    Raises:
        Conflict: the item's limits may not differ per device, or these limits hold already.
        Invalid: the lower limit is above the upper one, or the reason is missing.
    """
    if item.kind != ItemKind.NUMBER or not item.are_limits_editable:
        raise Conflict(_("The limits of “%(item)s” are fixed by the checklist.", item=item.zh))
    if not reason.strip():
        raise Invalid(_("Say why these limits hold for this device."), fields={"reason": [_("Please fill this in.")]})
    if minimum is not None and maximum is not None and minimum > maximum:
        why = _("The lower limit is above the upper one.")
        raise Invalid(why, fields={"minimum": [why]})
    before = overrides_for(asset.id).get(item.key)
    old = (before.minimum, before.maximum) if before else (None, None)
    if old == (minimum, maximum):
        raise Conflict(_("These limits hold already; nothing was changed."))
    row = LimitOverride(
        asset_id=asset.id,
        item_key=item.key,
        minimum=minimum,
        maximum=maximum,
        reason=reason.strip(),
        set_by=by.id,
        set_at=now,
    )
    db.session.add(row)
    record(
        Verb.LIMIT_CHANGED,
        f"asset:{asset.id}",
        by=by.id,
        now=now,
        site_id=asset.site_id,
        item=item.key,
        old=[_text(limit) for limit in old],
        new=[_text(minimum), _text(maximum)],
        reason=row.reason,
    )
    db.session.flush()
    return row


def item_of(position: int, fields: dict[str, Any]) -> CheckItem:
    """A new item from loaded fields (ItemSchema)."""
    item = CheckItem(position=position)
    fill_item(item, fields)
    return item


def fill_item(item: CheckItem, fields: dict[str, Any]) -> None:
    """Takes over all loaded fields. Changes are kept as text: JSON knows no decimals."""
    for name, value in fields.items():
        setattr(item, name, {key: str(change) for key, change in value.items()} if name == "compare" else value)


def _head(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in HEAD}


def _publish_for_all(
    checklist: Checklist, number: int, entry: dict[str, Any], *, by: uuid.UUID | None, now: datetime
) -> None:
    version = ChecklistVersion(
        id=uuid.uuid4(),
        checklist=checklist,
        number=number,
        drafted_by=by,
        drafted_at=now,
        published_by=by,
        published_at=now,
    )
    version.items = [item_of(position, fields) for position, fields in enumerate(entry["items"], start=1)]
    db.session.add(version)


def _renew(checklist: Checklist, position: int, entry: dict[str, Any], *, by: uuid.UUID | None, now: datetime) -> bool:
    """Whether anything of a known checklist differed and was taken over."""
    changed = [name for name, value in _head(entry).items() if getattr(checklist, name) != value]
    for name in changed:
        setattr(checklist, name, entry[name])
    checklist.position = position
    general = [one for one in checklist.versions if one.site_id is None and one.published_at]
    wanted = [item_of(number, fields) for number, fields in enumerate(entry["items"], start=1)]
    if general and not difference(general[-1].items, wanted):
        return bool(changed)
    _publish_for_all(checklist, checklist.versions[-1].number + 1, entry, by=by, now=now)
    return True


def _text(limit: Decimal | None) -> str | None:
    return None if limit is None else str(limit)
