"""A stored joint test laid out again as a sheet, exactly as it was judged on its day. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from webapp.checklists.rules import Judgement, Verdict
from webapp.jointtests.form import PROBLEMS, SIGNATURES, Fill, Form, Item, Section
from webapp.jointtests.layout import BY_SIGNING
from webapp.jointtests.models import JointTest, JointTestValue
from webapp.jointtests.sheet import Cell, Part, Sheet, Turn, Typed

NOT_CARRIED = "no"


def sheet_of(test: JointTest, form: Form) -> Sheet:
    """The sheet of a record whose values are loaded."""
    rows: dict[str, dict[int, dict[str, JointTestValue]]] = {}
    for row in test.values:
        rows.setdefault(row.section, {}).setdefault(row.turn, {})[row.item_key] = row
    parts = tuple(Part(section, _turns(section, rows.get(section.key, {}))) for section in form.sections)
    return Sheet(form, parts, day=test.day)


def typed_of_record(test: JointTest) -> Typed:
    """What stands in a record, as if it were typed again: where a correction of that very record begins."""
    carried = {row.turn for row in test.values if row.item_key == "carried_over" and row.value != NOT_CARRIED}
    rows = [row for row in test.values if row.section != PROBLEMS or row.turn not in carried]
    names = {id(row): f"{row.section}.{row.turn}.{row.item_key}" for row in rows}
    return Typed(
        values={names[id(row)]: row.value for row in rows if row.origin != Fill.COPY},
        confirmed=frozenset(names[id(row)] for row in rows if row.origin == Fill.PREFILL),
        photos={names[id(row)]: tuple(photo.file_id for photo in row.photos) for row in rows if row.photos},
        about={row.turn: row.judgement["about"] for row in rows if "about" in row.judgement},
    )


def judgement_json(cell: Cell, last_day: date | None) -> dict[str, Any]:
    """What a value was judged by, as it is stored and sealed."""
    low, high = cell.item.as_judged.minimum, cell.item.maximum
    facts: dict[str, Any] = {
        "reason": cell.judgement.reason,
        "low": None if low is None else str(low),
        "high": None if high is None else str(high),
        "previous": cell.previous,
        "previous_on": last_day.isoformat() if last_day and cell.previous else "",
        "proposed": cell.proposed,
    }
    if cell.copied:
        facts["sources"] = [
            {
                "inspection": str(one.inspection_id),
                "asset": one.code,
                "item": one.source,
                "value": one.value,
                "at": one.at.isoformat(),
                "by": one.by,
            }
            for one in cell.copied.readings
        ]
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _turns(section: Section, turns: dict[int, dict[str, JointTestValue]]) -> tuple[Turn, ...]:
    found = []
    for number, rows in sorted(turns.items()):
        items = [item for item in section.items if not (section.key == SIGNATURES and item.key in BY_SIGNING)]
        cells = tuple(_cell(item, f"{section.key}.{number}", rows.get(item.key)) for item in items)
        about = rows["where"].judgement.get("about", "") if section.key == PROBLEMS and "where" in rows else ""
        carried = rows.get("carried_over")
        is_carried = carried is not None and carried.value != NOT_CARRIED
        found.append(Turn(section, number, cells, about=about, is_carried=is_carried))
    return tuple(found)


def _cell(item: Item, prefix: str, row: JointTestValue | None) -> Cell:
    name = f"{prefix}.{item.key}"
    if row is None:
        return Cell(name, item, item.fill, "", Judgement(Verdict.INFO))
    number = Decimal(row.judgement["number"]) if row.judgement.get("number") else None
    judgement = Judgement(Verdict(row.verdict), reason=row.judgement.get("reason", ""), number=number)
    previous = row.judgement.get("previous", "")
    return Cell(name, item, Fill(row.origin), row.value, judgement, previous, photos=tuple(row.photos), record=row)
