"""A refused document as the office reads it: its fields with the words of the forms, the photos that did arrive."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.assets.queries import named_here
from webapp.checklists.queries import handed_in
from webapp.fieldwork.queries import Kept, photos_of, refusal_for
from webapp.fieldwork.words import FIELDS, field_name, value_in_words
from webapp.files.models import StoredFile
from webapp.inspections.schemas import PARTS
from webapp.kit.language import full_moment, local
from webapp.kit.problems import NotFound

MOST_ROWS = 400
LONGEST_TEXT = 2000
WRITTEN = ("", "value", "na", "why", "remedy", "level")  # the parts of an answer in the order of the form
# ids, which tell nobody anything
HIDDEN = ("version", "form", "site", "id", "file", "photo", "photos", "covers", "sent_at", "about", "note", "call")
PRIVATE = ("caller_name", "caller_phone")  # for those who work on it only (R54); the office reads this page, too


@dataclass(frozen=True)
class Row:
    """A field: how it is called and what was filled in. `is_code`: it has no better name than its own."""

    label: str
    text: str
    is_code: bool = False


@dataclass(frozen=True)
class Sheet:
    """What the page of a refused document shows."""

    kept: Kept
    rows: list[Row]
    photos: list[StoredFile]
    is_cut: bool


def sheet_of(site_id: uuid.UUID, refusal_id: int) -> Sheet:
    """The page of a refused document that this site sees. Raises NotFound."""
    kept = refusal_for(site_id, refusal_id)
    content = {name: _one(value) for name, value in kept.refusal.content.items()}
    rows = _rows(content, site_id)
    is_cut = len(rows) > MOST_ROWS or kept.is_cut
    return Sheet(kept, rows[:MOST_ROWS], photos_of(kept.refusal, site_id), is_cut)


def _rows(content: dict[str, Any], site_id: uuid.UUID) -> list[Row]:
    """Fields in the order of the forms: those of the head, the items of the checklist, then what nobody knows."""
    items = _items(content, site_id)
    order = {name: nth for nth, name in enumerate([*FIELDS, *items])}
    found = []
    for path, value in _flat(content):
        name, _dot, rest = path.partition(".")
        if name == "answers":
            key, _dot, part = rest.rpartition(".")
        else:
            key, part = rest or name, PARTS.get(name, "") if rest else ""
        if name in (*HIDDEN, *PRIVATE) or part == "photo":
            continue
        row = _row(path, key, part, _text(path, value, site_id), items)
        found.append((row.is_code, order.get(key, 0), WRITTEN.index(part) if part in WRITTEN else 0, row))
    return [row for *_place, row in sorted(found, key=lambda each: each[:3])]


def _row(path: str, key: str, part: str, text: str, items: dict[str, str]) -> Row:
    if part and key in items:
        if part == "na":
            return Row(items[key], field_name("na"))
        return Row(items[key] if part == "value" else f"{items[key]} · {field_name(part)}", text)
    known = field_name(path)
    return Row(known or path, text, is_code=not known)


def _one(value: Any) -> Any:
    """A form that came unread has a list for each field, mostly of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _flat(content: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value


def _text(path: str, value: Any, site_id: uuid.UUID) -> str:
    if isinstance(value, list):
        return ", ".join(_text(path, each, site_id) for each in value)[:LONGEST_TEXT]
    text = str(value)[:LONGEST_TEXT]
    if path == "asset":
        return _asset(text, site_id)
    if path.endswith("_at"):
        return _moment(text)
    return value_in_words(path, text)


def _asset(text: str, site_id: uuid.UUID) -> str:
    name = _id(text)
    asset = named_here(name, site_id) if name else None
    return f"{asset.name} · {asset.code}" if asset else text


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        return full_moment(moment) if moment.tzinfo else text
    except (ValueError, OverflowError):
        return text


def _items(content: dict[str, Any], site_id: uuid.UUID) -> dict[str, str]:
    """Item key → its text, where the version that was answered is known here."""
    version_id = _id(str(content.get("version", "")))
    try:
        version = handed_in(version_id, site_id)[0] if version_id else None
    except NotFound:
        version = None
    return {item.key: local(item) for item in version.items} if version else {}


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
