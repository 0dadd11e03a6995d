"""The seal: SHA-256 over the canonical content and the seal before it, so that a site's seals form a chain."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.clock import Month

FIRST = "0" * 64
MONTH = "month"  # the kind of seal over a closed month


@dataclass(frozen=True)
class Link:
    """What the chain check needs of one seal."""

    number: int
    content: str
    digest: str
    previous_digest: str


def digest_of(previous_digest: str, content: str) -> str:
    """The digest of a sealed content: 64 hexadecimal digits."""
    return sha256_hex(f"{previous_digest}\n{content}")


def content_text(content: dict[str, Any]) -> str:
    """The canonical text that is sealed."""
    return canonical_json(content)


def month_record(site_id: uuid.UUID, month: Month) -> uuid.UUID:
    """The name of the record "this month of this site is closed": it follows from both, so that any room can ask."""
    return uuid.uuid5(site_id, str(month))


def breaks_of(link: Link, before: str, expected: int) -> list[str]:
    """What is wrong with one seal, given the digest of the seal before (FIRST: none) and the number expected.

    Wrong is "number" (a seal is missing before this one), "previous" (does not follow the seal before),
    "digest" (content does not give the digest).
    """
    is_wrong = {
        "number": link.number != expected,
        "previous": link.previous_digest != before,
        "digest": digest_of(link.previous_digest, link.content) != link.digest,
    }
    return [what for what, wrong in is_wrong.items() if wrong]


PRINTED = "printed"  # names as they were printed: the digest covers them, later renaming is no damage


@dataclass(frozen=True)
class Difference:
    """One place where the record of today is not what was sealed; `path` leads there from the top of the content.

    A step is a key, or the id of an entry of a list. A value that is not there is None.
    """

    path: tuple[str, ...]
    sealed: Any
    present: Any


def differences(sealed: Any, present: Any, path: tuple[str, ...] = ()) -> list[Difference]:
    """What is not the same in two plain JSON values. Entries of lists are paired by their "id" or "key".

    Parts named "printed" are left out: they hold names of their day, and the digest alone answers for them.
    """
    sealed, present = _by_name(sealed), _by_name(present)
    if isinstance(sealed, dict) and isinstance(present, dict):
        found = []
        for key in sorted((sealed.keys() | present.keys()) - {PRINTED}):
            found += differences(sealed.get(key), present.get(key), (*path, key))
        return found
    if type(sealed) is type(present) and sealed == present:
        return []
    return [Difference(path, sealed, present)]


def files_in(content: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    """(path, SHA-256) of every photo and signature named in a content: every part that has a "sha256"."""
    content = _by_name(content)
    if not isinstance(content, dict):
        return []
    found = [(path, content["sha256"])] if isinstance(content.get("sha256"), str) else []
    for key, inner in content.items():
        found += files_in(inner, (*path, key))
    return found


def _by_name(value: Any) -> Any:
    """A list of named entries as a dict, so that one entry too many does not make all behind it different."""
    if not isinstance(value, list):
        return value
    names = [str(entry.get("id") or entry.get("key") or "") if isinstance(entry, dict) else "" for entry in value]
    if value and all(names) and len(set(names)) == len(names):
        return dict(zip(names, value, strict=True))
    return {str(place): entry for place, entry in enumerate(value, 1)}
