"""What may be taken over from the inspections of the same day, and what may only be proposed (R135). Pure.

State of a single device may be copied; whatever depends on the link, the place or the far end is asked. The form says
which is which; nothing here looks at an item whose fill mode is `ask`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from webapp.checklists.models import ItemKind
from webapp.checklists.rules import Verdict, parse_number
from webapp.jointtests.form import Fill, Item, Section


@dataclass(frozen=True)
class Reading:
    """An answer of a standing inspection of the day."""

    inspection_id: uuid.UUID
    code: str  # of the asset
    checklist: str
    item_key: str
    value: str
    verdict: str
    at: datetime
    by: str

    @property
    def source(self) -> str:
        """As the form names it: checklist.item."""
        return f"{self.checklist}.{self.item_key}"


@dataclass(frozen=True)
class Copied:
    """A value taken over, with all answers that it rests on; time and inspector are those of the last one."""

    value: str
    readings: tuple[Reading, ...]

    @property
    def last(self) -> Reading:
        """The answer that was given last."""
        return max(self.readings, key=lambda reading: (reading.at, reading.code))


Codes = Mapping[str, frozenset[str]]  # checklist → codes of the site's assets that are inspected by it


def copied(item: Item, section: Section, unit: str, codes: Codes, readings: Iterable[Reading]) -> Copied | None:
    """The value of an item with fill mode `copy`; None where it must be asked.

    Every device meant must have been inspected that day and be in order in every answer named by the form; "not
    applicable" does not count against it, but is no answer either. `unit` is the code of the one device that a
    repetition is about, blank for all of the section.
    """
    if item.fill is not Fill.COPY:
        return None
    used: list[Reading] = []
    newest = _newest(readings)
    for source in item.copied_from:
        meant = devices_meant(section, unit, source, codes)
        found = [newest.get((code, source)) for code in meant]
        given = [reading for reading in found if reading is not None and reading.verdict != Verdict.NA]
        if None in found or not given or not all(_is_in_order(reading, item) for reading in given):
            return None
        used += given
    value = _one_value(item, used)
    return Copied(value, tuple(used)) if value else None


def proposed(item: Item, section: Section, unit: str, codes: Codes, readings: Iterable[Reading]) -> str:
    """What the day's inspections propose for an item with fill mode `prefill`; blank where they say nothing.

    A number out of its limit is proposed as it was measured: leaving it out would invite a better one.
    """
    if item.fill is not Fill.PREFILL:
        return ""
    newest = _newest(readings)
    found = [
        reading
        for source in item.copied_from
        for code in devices_meant(section, unit, source, codes)
        if (reading := newest.get((code, source))) is not None and _may_be_proposed(reading, item)
    ]
    return _one_value(item, found)


def devices_meant(section: Section, unit: str, source: str, codes: Codes) -> list[str]:
    """Codes of the devices whose answer counts: those of the section, else of the whole site, with that checklist."""
    fitting = codes.get(source.partition(".")[0], frozenset())
    if unit:
        return [unit] if unit in fitting else []
    return sorted(fitting & frozenset(section.equipment) if section.equipment else fitting)


def _newest(readings: Iterable[Reading]) -> dict[tuple[str, str], Reading]:
    newest: dict[tuple[str, str], Reading] = {}
    for reading in readings:
        key = (reading.code, reading.source)
        if key not in newest or newest[key].at <= reading.at:
            newest[key] = reading
    return newest


def _is_in_order(reading: Reading, item: Item) -> bool:
    if item.kind == ItemKind.TEXT:
        return bool(reading.value.strip()) and reading.verdict in (Verdict.OK, Verdict.INFO)
    return reading.verdict == Verdict.OK


def _may_be_proposed(reading: Reading, item: Item) -> bool:
    return _is_in_order(reading, item) or (item.kind == ItemKind.NUMBER and reading.verdict == Verdict.ABNORMAL)


def _one_value(item: Item, readings: Sequence[Reading]) -> str:
    """One value for several devices: the worst number, a pass if all pass, a text only if all say the same."""
    if not readings:
        return ""
    if item.kind == ItemKind.PASS_FAIL:
        return "pass"
    values = list(dict.fromkeys(reading.value.strip() for reading in sorted(readings, key=lambda one: one.at)))
    if item.kind != ItemKind.NUMBER:
        return values[0] if len(values) == 1 else ""
    numbers = [(number, value) for value in values if (number := parse_number(value)) is not None]
    return _worst(item, numbers) if numbers else ""


def _worst(item: Item, numbers: list[tuple[Decimal, str]]) -> str:
    if item.maximum is not None:
        return max(numbers)[1]
    if item.minimum is not None:
        return min(numbers)[1]
    return numbers[-1][1]
