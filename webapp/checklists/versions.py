"""How two versions of a checklist differ, item by item and field by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from webapp.checklists.models import CheckItem, ChecklistVersion
from webapp.checklists.words import FIELDS, SEEDS


@dataclass(frozen=True)
class Change:
    """An item that both versions have, with (field, old, new) of what differs."""

    old: CheckItem
    new: CheckItem
    fields: list[tuple[str, Any, Any]]


@dataclass(frozen=True)
class Difference:
    """What a new version does to an old one. False when it does nothing."""

    added: list[CheckItem] = field(default_factory=list)
    removed: list[CheckItem] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    is_reordered: bool = False  # the items that both have stand in another order

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.is_reordered)

    def __len__(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed) + self.is_reordered


def difference(old: Iterable[CheckItem], new: Iterable[CheckItem]) -> Difference:
    """Compares two lists of items, each in its order; an item is the same where its key is the same."""
    before = {item.key: item for item in old}
    after = {item.key: item for item in new}
    both = [key for key in before if key in after]
    changes = [Change(before[key], after[key], changed_fields(before[key], after[key])) for key in both]
    return Difference(
        added=[item for key, item in after.items() if key not in before],
        removed=[item for key, item in before.items() if key not in after],
        changed=[change for change in changes if change.fields],
        is_reordered=both != [key for key in after if key in before],
    )


def changed_fields(old: CheckItem, new: CheckItem) -> list[tuple[str, Any, Any]]:
    """(field, old, new) of all fields that differ, in the order of the editor."""
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in FIELDS]
    return [(name, before, after) for name, before, after in pairs if before != after]


def mentions(version: ChecklistVersion, text: str) -> bool:
    """Whether the name, the key or an item of a checklist holds the text; case does not matter."""
    wanted = text.strip().casefold()
    head = [version.checklist.zh, version.checklist.en, version.checklist.key]
    return any(wanted in words.casefold() for words in [*head, *[t for i in version.items for t in (i.zh, i.en)]])


def seeds_of(items: Iterable[CheckItem]) -> list[str]:
    """The contract contents that the items cover, S1–S7 then F1–F9 (R12, R18)."""
    found = {seed for item in items for seed in item.seed_refs}
    return [seed for seed in SEEDS if seed in found]
