"""What a scanned or typed text means, how many unknown ones are allowed, which scans a person is shown again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

GUESS_WINDOW = timedelta(minutes=15)
MISSES_PER_PERSON = 20
MISSES_PER_ADDRESS = 60  # a whole office may share one address

SCANS_SHOWN = 8
SHOWN_FOR = timedelta(hours=12)

_LABEL_PATH = re.compile(r"/a/([0-9A-Za-z_-]{8,40})/?")


def may_look_up(misses_of_person: int, misses_of_address: int) -> bool:
    """Whether another label may be looked up after that many unknown ones within the window."""
    return misses_of_person < MISSES_PER_PERSON and misses_of_address < MISSES_PER_ADDRESS


def token_in(text: str, origins: Iterable[str]) -> str | None:
    """The token, if the text is the address of a label under one of our own addresses; else None.

    Hand-held scanners type the whole address where a short code is expected.
    """
    for origin in origins:
        found = _LABEL_PATH.fullmatch(text.strip().removeprefix(origin)) if text.strip().startswith(origin) else None
        if found:
            return found[1]
    return None


@dataclass(frozen=True)
class Scan:
    """A label that was read a moment ago; `old_code` is the short code of a replaced one."""

    asset_id: uuid.UUID
    at: datetime
    old_code: str = ""


def remembered(scans: Sequence[Scan], new: Scan) -> list[Scan]:
    """The newest scans, newest first, each device once."""
    others = [scan for scan in scans if scan.asset_id != new.asset_id]
    return recent([new, *others], new.at)


def recent(scans: Sequence[Scan], now: datetime) -> list[Scan]:
    """What is still worth showing: the last few of this half day."""
    return [scan for scan in scans if now - scan.at < SHOWN_FOR][:SCANS_SHOWN]
