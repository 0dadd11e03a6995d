"""Pure decisions about what arrives: when two documents are the same, how a clock is read, how much is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from webapp.kit.canonical import canonical_json, sha256_hex

OLDEST_PROTOCOL = 1  # of the outbox in the browser; an older one must be loaded anew before it may send

# Refused documents are kept for the office, within bounds, so that nobody fills the disk with them. A checklist has
# some kilobytes; who is refused a whole round of several hundred devices in one day stays far below.
MOST_KEPT = 200_000  # bytes of one document
MOST_REFUSALS = 1000  # of one author within REFUSALS_WITHIN
MOST_REFUSED_BYTES = 20_000_000  # the same
REFUSALS_WITHIN = timedelta(days=1)

_LONGEST_OFFSET = 2**31 - 1  # milliseconds that an integer column holds (24 days); a clock further off is off anyway


def digest_of(kind: str, content: Mapping[str, Any]) -> str:
    """Digest over the cleaned fields that came. Nothing that the server adds may be inside."""
    return sha256_hex(canonical_json({"kind": kind, "content": dict(content)}))


def clock_offset_ms(sent_at: datetime | None, received_at: datetime) -> int | None:
    """How far the device's clock is ahead, in whole milliseconds; None where it did not say when it sent."""
    if sent_at is None:
        return None
    offset = (sent_at - received_at) // timedelta(milliseconds=1)
    return max(-_LONGEST_OFFSET - 1, min(_LONGEST_OFFSET, offset))


def is_too_old(protocol: str | None) -> bool:
    """Whether the outbox that sends is too old to be understood. One that says nothing readable is not judged."""
    if protocol is None or not protocol.isascii() or not protocol.isdigit():
        return False
    digits = protocol.lstrip("0")
    return len(digits) < 9 and int(digits or "0") < OLDEST_PROTOCOL


def is_full(refusals: int, kept_bytes: int) -> bool:
    """Whether of an author who had so many documents refused lately no further one is kept."""
    return refusals >= MOST_REFUSALS or kept_bytes >= MOST_REFUSED_BYTES


def within(content: Mapping[str, Any], most: int = MOST_KEPT) -> tuple[dict[str, Any], int]:
    """What is kept of a content as plain JSON, at most `most` bytes, and the size of the whole in bytes.

    The short fields stay, so that one sees what it was about; the longest are cut, or left out.
    """
    whole: dict[str, Any] = json.loads(canonical_json(dict(content)))
    size = _size(whole)
    if size <= most:
        return whole, size
    kept: dict[str, Any] = {}
    left = most - 2
    for name, value in sorted(whole.items(), key=lambda field: _size(field[1])):
        left -= _size(name) + 4  # colon, comma and blanks
        if left < 2:
            break
        kept[name] = value if _size(value) <= left else _cut(value, left)
        left -= _size(kept[name])
    return kept, size


def _cut(value: Any, most: int) -> str:
    """The beginning of a value as text; `most` is at least 2, the size of an empty text."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    while _size(text) > most:
        text = text[: len(text) * most // _size(text)]
    return text


def _size(value: Any) -> int:
    """Bytes of a value as the database keeps it."""
    return len(json.dumps(value))
