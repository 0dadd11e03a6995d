"""A joint test laid out: sections, their repetitions, cells with value, limit, last month and judgement. Pure.

The same sheet is drawn as form, as record and as paper. `layout.build` makes it from what was typed and what the app
knows, `record.sheet_of` from what was stored.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from webapp.checklists.models import ItemKind
from webapp.checklists.rules import Judgement, Verdict
from webapp.jointtests.form import REMARK, RESULT, Fill, Form, Item, Section
from webapp.jointtests.rules import Result, change_between, is_judged, proposed_conclusion, proposed_result
from webapp.jointtests.takeover import Codes, Copied, Reading

Words = Callable[[Any], str]  # the words of an item, option or section in the reader's language


@dataclass(frozen=True)
class Typed:
    """What came from the form. A cell is called "section.turn.item", a repetition "section.turn"."""

    values: Mapping[str, str] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()
    proposed: Mapping[str, str] = field(default_factory=dict)
    photos: Mapping[str, Sequence[uuid.UUID]] = field(default_factory=dict)
    about: Mapping[int, str] = field(default_factory=dict)  # turn of the problem → repetition it is about
    dismissed: frozenset[str] = frozenset()  # repetitions that need no problem of their own
    is_fresh: bool = False  # nothing typed yet: proposals are drawn into the fields


@dataclass(frozen=True)
class Last:
    """The test of an earlier month that this one is compared with."""

    id: uuid.UUID
    number: str
    day: date
    turns: Mapping[tuple[str, int], Mapping[str, str]]  # (section, turn) → item → value

    def turn_like(self, section: Section, identity: tuple[str, ...]) -> Mapping[str, str]:
        """The values of the same repetition: the one of the same station, unit, party or pair."""
        for (key, _turn), values in self.turns.items():
            if key == section.key and tuple(values.get(name, "") for name in section.repeat_by) == identity:
                return values
        return {}


@dataclass(frozen=True)
class Material:
    """All that the app knows and the sheet needs: the day's inspections, the last test, counts, open problems."""

    form: Form
    day: date
    codes: Codes = field(default_factory=dict)
    readings: Sequence[Reading] = ()
    present: frozenset[str] = frozenset()  # codes of the form's equipment in this site
    last: Last | None = None
    autos: Mapping[str, str] = field(default_factory=dict)  # cell → what the app fills in
    location: str = ""
    deadlines: Mapping[str, str] = field(default_factory=dict)  # level → until when it must be repaired
    carried: Sequence[Any] = ()  # open findings of earlier joint tests
    are_photos_allowed: bool = True


@dataclass(frozen=True)
class Cell:
    """One value of one repetition. `fill` is how it came here: a copy that found nothing has become `ask`."""

    name: str
    item: Item
    fill: Fill
    value: str
    judgement: Judgement
    previous: str = ""
    proposed: str = ""
    is_confirmed: bool = True
    copied: Copied | None = None
    photos: Sequence[Any] = ()
    problems: tuple[str, ...] = ()
    record: Any = None  # the stored row, where the sheet shows a record

    @property
    def change(self) -> Decimal | None:
        """How much a number changed since the last test."""
        return change_between(self.value, self.previous) if self.item.kind == ItemKind.NUMBER else None

    @property
    def is_abnormal(self) -> bool:
        """Whether the value is out of order."""
        return self.judgement.verdict is Verdict.ABNORMAL


@dataclass(frozen=True)
class Turn:
    """One repetition of a section; the only one has number 0."""

    section: Section
    number: int
    cells: tuple[Cell, ...]
    about: str = ""  # of a problem: the repetition it is about
    is_blank: bool = False
    is_carried: bool = False

    @property
    def name(self) -> str:
        """ "section.turn"."""
        return f"{self.section.key}.{self.number}"

    def cell(self, key: str) -> Cell | None:
        """The cell of that item."""
        return next((cell for cell in self.cells if cell.item.key == key), None)

    def value(self, key: str) -> str:
        """The value of that item; blank where there is none."""
        cell = self.cell(key)
        return cell.value if cell else ""

    @property
    def result(self) -> str:
        """The result that the person chose."""
        return self.value(RESULT)

    @property
    def proposed_result(self) -> Result:
        """The result that the values propose."""
        judged = [cell for cell in self.cells if cell.item.key != RESULT and is_judged(cell.item)]
        return proposed_result((cell.judgement.verdict for cell in judged), is_measured=self.has_values)

    @property
    def has_values(self) -> bool:
        """Whether something was measured or asked here, besides what names the repetition."""
        left_out = (RESULT, REMARK, *self.section.repeat_by)
        return any(cell.value and cell.fill is Fill.ASK and cell.item.key not in left_out for cell in self.cells)

    @property
    def abnormal(self) -> list[Cell]:
        """What is out of order, without the result itself."""
        return [cell for cell in self.cells if cell.is_abnormal and cell.item.key != RESULT]

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells this repetition from the others."""
        return tuple(self.value(key) for key in self.section.repeat_by)

    @property
    def state(self) -> str:
        """One of ok, warn, abnormal, na, todo: what the mark in the list shows."""
        marks = {Result.OK: "ok", Result.DEGRADED: "warn", Result.FAILED: "abnormal", Result.NOT_TESTED: "na"}
        if any(cell.problems for cell in self.cells):
            return "todo"
        if self.section.item(RESULT) and self.section.equipment:
            return marks.get(Result(self.result), "todo")
        return "abnormal" if self.abnormal else "ok"


@dataclass(frozen=True)
class Part:
    """A section with its repetitions."""

    section: Section
    turns: tuple[Turn, ...]

    @property
    def state(self) -> str:
        """The most pressing state of its repetitions."""
        found = {turn.state for turn in self.turns if not turn.is_blank}
        if not found and not self.section.repeat_min and self.section.repeats:
            return "ok"
        return next(
            (state for state in ("todo", "abnormal", "warn", "na") if state in found), "ok" if found else "todo"
        )


@dataclass(frozen=True)
class Sheet:
    """The whole record laid out."""

    form: Form
    parts: tuple[Part, ...]
    last: Last | None = None
    day: date | None = None
    carried: Sequence[Any] = ()
    uncovered: tuple[str, ...] = ()  # repetitions that are out of order and have no problem yet
    missing_units: tuple[tuple[Section, dict[str, Any]], ...] = ()

    def part(self, key: str) -> Part | None:
        """The part of that section."""
        return next((part for part in self.parts if part.section.key == key), None)

    def turn(self, name: str) -> Turn | None:
        """The repetition "section.turn"."""
        return next((turn for turn in self.turns if turn.name == name), None)

    def value(self, section: str, key: str) -> str:
        """The value of an item of a section that does not repeat."""
        turn = self.turn(f"{section}.0")
        return turn.value(key) if turn else ""

    @property
    def turns(self) -> list[Turn]:
        """All repetitions of all sections."""
        return [turn for part in self.parts for turn in part.turns]

    @property
    def is_begun(self) -> bool:
        """Whether a link has a result, or a value that proposes one."""
        return any(turn.section.is_link and turn.has_values for turn in self.turns)

    @property
    def tested(self) -> list[Part]:
        """The parts between participants and problems: what was tested."""
        return [part for part in self.parts if part.section.needs_problem]

    @property
    def proposed_conclusion(self) -> str:
        """What the results of all links propose."""
        links = [turn for turn in self.turns if turn.section.is_link and not turn.is_blank]
        results = [turn.result or turn.proposed_result for turn in links]
        return proposed_conclusion(results, any(part.state == "abnormal" for part in self.tested)).value


def where_text(turn: Turn, text: Words) -> str:
    """Link and values that a problem is about, for people; `text` gives the words of an item, option or section."""
    heading = " · ".join([text(turn.section), *filter(None, [heading_of(turn, text)])])
    return f"{heading}: {'; '.join(value_text(cell, text) for cell in turn.abnormal)}" if turn.abnormal else heading


def heading_of(turn: Turn, text: Words) -> str:
    """What tells a repetition from the others, in words: its station, unit, party or pair."""
    words = []
    for key in turn.section.repeat_by:
        cell = turn.cell(key)
        option = cell.item.option(cell.value) if cell else None
        words.append(text(option) if option else (cell.value if cell else ""))
    return " ↔ ".join(word for word in words if word)


def value_text(cell: Cell, text: Words) -> str:
    """Item and value in words: "Uplink rate 5.1 Mbit/s"."""
    option = cell.item.option(cell.value)
    shown = text(option) if option else cell.value
    if cell.item.kind == ItemKind.PASS_FAIL:
        shown = "✗" if cell.value == "fail" else "✓"
    return f"{text(cell.item)} {shown} {cell.item.unit}".strip()


def compared_cells(sheet: Sheet) -> list[tuple[Turn, Cell]]:
    """Numbers and grades that stand beside those of the last test: Eb/N0, levels, rates, grades."""
    return [
        (turn, cell)
        for part in sheet.tested
        for turn in part.turns
        for cell in turn.cells
        if (cell.item.kind == ItemKind.NUMBER or cell.item.is_grade) and cell.value and cell.previous
    ]


def comparison_text(sheet: Sheet, text: Words) -> str:
    """What changed since the last test, as lines: link, item, then and now. Blank without a test to compare with."""
    lines = []
    for turn, cell in compared_cells(sheet):
        if cell.value == cell.previous:
            continue
        heading = " · ".join(filter(None, [text(turn.section), heading_of(turn, text)]))
        before, now = (text(cell.item.option(value) or {}) or value for value in (cell.previous, cell.value))
        lines.append(f"{heading} · {text(cell.item)}: {before} → {now} {cell.item.unit}".strip())
    return "\n".join(lines)


def moment_text(moment: datetime) -> str:
    """A moment as it is written into the record: 2026-11-21 18:30."""
    return moment.strftime("%Y-%m-%d %H:%M")
