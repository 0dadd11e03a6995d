"""Pure decisions about faults and hazards: running numbers, states, which level a kind of fault has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext as _

from webapp.faults.models import EventKind, FindingKind
from webapp.kit.clock import Month

PREFIXES = {FindingKind.FAULT: "GZ", FindingKind.HAZARD: "YH"}  # 故障, 隐患


def number_prefix(kind: FindingKind, month: Month) -> str:
    """What the numbers of one kind and month begin with: "GZ-2611-"."""
    return f"{PREFIXES[kind]}-{month.year % 100:02d}{month.month:02d}-"


def next_number(prefix: str, last: str | None) -> str:
    """The number after `last` ("GZ-2611-07"); the first of the month where there is none. At least two digits."""
    running = int(last.removeprefix(prefix)) + 1 if last else 1
    return f"{prefix}{running:02d}"


def is_closed(kinds: Iterable[str]) -> bool:
    """Whether a finding is closed after these events, oldest first: closed, and not reopened since (R57)."""
    closed = False
    for kind in kinds:
        if kind in (EventKind.CLOSED, EventKind.REOPENED):
            closed = kind == EventKind.CLOSED
    return closed


def level_called(key: str, levels: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The contract's level of that key, with its limits in minutes; None where the contract has none such."""
    return next((level for level in levels if level["key"] == key), None)


def kind_numbered(number: int | None, kinds: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry of the catalogue of fault kinds (R46); None where there is no such number."""
    return next((kind for kind in kinds if kind["number"] == number), None)


def duration(minutes: int) -> str:
    """A limit in words: "10 min", "4 h", "1 h 30 min"."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(n)s min", n=rest)
    return _("%(n)s h", n=hours) if not rest else _("%(h)s h %(n)s min", h=hours, n=rest)
