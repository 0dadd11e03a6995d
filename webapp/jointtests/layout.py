"""Laying out a joint test: what was typed, copies, proposals, and what is still missing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from webapp.checklists.rules import Given, problems
from webapp.jointtests.form import PROBLEMS, REMARK, RESULT, SIGNATURES, Fill, Item, Section
from webapp.jointtests.rules import NEEDS_PROBLEM, WITHOUT_VALUES, is_clock_time, judged, proposed_level
from webapp.jointtests.sheet import Cell, Material, Part, Sheet, Turn, Typed
from webapp.jointtests.takeover import copied, proposed

TAPPED = ("link_start", "link_up")  # time stamps of the person's taps (fill_rule "tap button")
HEADER_TIMES = ("date", "start_time", "end_time")
BY_SIGNING = ("technician_sign", "supervisor_sign", "sign_time")  # stand in signatures, not in values


def build(typed: Typed, material: Material) -> Sheet:
    """Lays out what was typed together with copies, proposals, limits and last month's values."""
    parts = tuple(
        Part(section, tuple(_turns(section, typed, material)))
        for section in material.form.sections
        if section.key != PROBLEMS
    )
    first = Sheet(material.form, parts)
    uncovered = [] if typed.is_fresh else _uncovered(first, typed)
    problem_part = _problem_part(first, uncovered, typed, material)
    laid_out = [
        problem_part if section.key == PROBLEMS else first.part(section.key) for section in material.form.sections
    ]
    return Sheet(
        material.form,
        tuple(part for part in laid_out if part is not None),
        last=material.last,
        day=material.day,
        carried=material.carried,
        uncovered=tuple(uncovered),
        missing_units=tuple(_missing_units(first, material)),
    )


def blank_turn(section: Section, number: int, material: Material) -> Turn:
    """A repetition with nothing in it, for adding one."""
    return _turn(section, number, {}, Typed(), material)


def _turns(section: Section, typed: Typed, material: Material) -> Iterable[Turn]:
    if not section.repeats:
        yield _turn(section, 0, {}, typed, material)
        return
    seeds = _seeds(section, material) if typed.is_fresh else {number: {} for number in _numbers_typed(section, typed)}
    for number, seed in seeds.items():
        yield _turn(section, number, seed, typed, material)


def _numbers_typed(section: Section, typed: Typed) -> list[int]:
    names = [*typed.values, *typed.photos]
    return sorted({int(name.split(".")[1]) for name in names if name.startswith(f"{section.key}.")})


def _seeds(section: Section, material: Material) -> dict[int, dict[str, str]]:
    """The repetitions proposed at first: one per device here, else those of the last test, else one per option."""
    seeds: list[dict[str, str]] = []
    unit, first = section.equipment_item, section.item(section.repeat_by[0])
    if unit:
        seeds = [{unit.key: o["value"]} for o in unit.options if o["value"] in material.present]
    elif material.last:
        kept = [item.key for item in section.items if item.fill is Fill.PREFILL]
        seeds = [
            {key: values[key] for key in kept if values.get(key)}
            for (name, _n), values in material.last.turns.items()
            if name == section.key
        ]
    if not seeds and first and first.fill is Fill.PREFILL and not first.fill_rule:
        seeds = [{first.key: option["value"]} for option in first.options]
    while len(seeds) < max(section.repeat_min or 0, 1):
        seeds.append({})
    return dict(enumerate(seeds, 1))


def _turn(section: Section, number: int, seed: Mapping[str, str], typed: Typed, material: Material) -> Turn:
    prefix = f"{section.key}.{number}"
    unit_item = section.equipment_item
    unit = (seed.get(unit_item.key) or typed.values.get(f"{prefix}.{unit_item.key}", "")) if unit_item else ""
    identity = tuple(seed.get(key) or typed.values.get(f"{prefix}.{key}", "") for key in section.repeat_by)
    before = material.last.turn_like(section, identity) if material.last else {}
    items = [item for item in section.items if not (section.key == SIGNATURES and item.key in BY_SIGNING)]
    cells = [_cell(item, prefix, section, unit, seed, before, typed, material) for item in items]
    is_blank = section.repeats and not typed.is_fresh and not any(_is_given(cell) for cell in cells)
    result = next((cell.value for cell in cells if cell.item.key == RESULT), "")
    is_excused = result in WITHOUT_VALUES
    needs_remark = is_excused or prefix in typed.dismissed
    checked = [_checked(cell, section, is_excused, needs_remark, material) for cell in cells]
    return Turn(section, number, tuple(cells if is_blank else checked), is_blank=is_blank)


def _cell(
    item: Item,
    prefix: str,
    section: Section,
    unit: str,
    seed: Mapping[str, str],
    before: Mapping[str, str],
    typed: Typed,
    material: Material,
) -> Cell:
    name = f"{prefix}.{item.key}"
    copy = copied(item, section, unit, material.codes, material.readings)
    fill = Fill.ASK if item.fill is Fill.COPY and copy is None else item.fill
    known = seed.get(item.key) or proposed(item, section, unit, material.codes, material.readings)
    if item.key == "location" and item.fill is Fill.PREFILL:
        known = material.location
    shown = known or typed.proposed.get(name, "") if item.fill is Fill.PREFILL else ""
    value = typed.values.get(name, "")
    if copy:
        value = copy.value
    elif fill is Fill.AUTO:
        value = material.autos.get(name) or value
    elif fill is Fill.PREFILL and typed.is_fresh:
        value = known
    doubtful = {known, typed.proposed.get(name, "")} - {""}
    is_confirmed = fill is not Fill.PREFILL or name in typed.confirmed or not value or value not in doubtful
    return Cell(
        name,
        item,
        fill,
        value,
        judged(item, value, material.day),
        previous=before.get(item.key, ""),
        proposed=shown,
        is_confirmed=is_confirmed,
        copied=copy,
        photos=tuple(typed.photos.get(name, ())),
    )


def _is_given(cell: Cell) -> bool:
    """Whether the person said something here; what was only proposed or copied does not count."""
    if cell.copied or (cell.fill is Fill.AUTO and cell.item.key not in TAPPED):
        return False
    return bool(cell.photos) or (bool(cell.value) and (cell.fill is not Fill.PREFILL or cell.is_confirmed))


def _checked(cell: Cell, section: Section, is_excused: bool, needs_remark: bool, material: Material) -> Cell:
    codes = _problems_of(cell, section, is_excused, needs_remark, material.are_photos_allowed)
    return replace(cell, problems=tuple(codes)) if codes else cell


def _problems_of(
    cell: Cell, section: Section, is_excused: bool, needs_remark: bool, are_photos_allowed: bool
) -> list[str]:
    item = cell.item
    if item.fill is Fill.AUTO and item.key not in (*TAPPED, *HEADER_TIMES):
        return []
    if item.key == REMARK and needs_remark and not cell.value:
        return ["why"]
    may_be_blank = is_excused and item.key not in (RESULT, *section.repeat_by)
    if not cell.value and may_be_blank:
        return []
    if not cell.is_confirmed and not may_be_blank:
        return ["confirm"]
    if item.key in TAPPED and cell.value and not is_clock_time(cell.value):
        return ["time"]
    given = Given(cell.value, photo_count=len(cell.photos))
    # reason and remedy of what is abnormal stand in the list of problems
    return problems(item, given, cell.judgement, "-", "fault", are_photos_allowed=are_photos_allowed)


def _missing_units(sheet: Sheet, material: Material) -> Iterable[tuple[Section, dict[str, Any]]]:
    for part in sheet.parts:
        item = part.section.equipment_item
        if item is None:
            continue
        answered = {turn.value(item.key) for turn in part.turns if not turn.is_blank}
        for option in item.options:
            if option["value"] in material.present and option["value"] not in answered:
                yield part.section, option


def _uncovered(sheet: Sheet, typed: Typed) -> list[str]:
    """Repetitions that are out of order, have no problem yet, and of which nobody said that they need none."""
    covered = set(typed.about.values()) | typed.dismissed
    return [
        turn.name
        for turn in sheet.turns
        if turn.section.needs_problem and not turn.is_blank and turn.name not in covered and _calls_for_problem(turn)
    ]


def _calls_for_problem(turn: Turn) -> bool:
    return turn.result in NEEDS_PROBLEM or (not turn.result and bool(turn.abnormal))


def _problem_part(sheet: Sheet, uncovered: Sequence[str], typed: Typed, material: Material) -> Part | None:
    section = material.form.section(PROBLEMS)
    if section is None:
        return None
    about = dict(typed.about)
    for name in uncovered:
        about[max(about, default=0) + 1] = name
    turns = [_problem(section, number, name, sheet, typed, material) for number, name in sorted(about.items())]
    return Part(section, tuple(turns))


def _problem(section: Section, number: int, about: str, sheet: Sheet, typed: Typed, material: Material) -> Turn:
    source = sheet.turn(about)
    level = proposed_level(source.result if source else "")
    known = {"level": level if level in material.deadlines else "", "deadline": material.deadlines.get(level, "")}
    prefix = f"{section.key}.{number}"
    is_new = not any(name.startswith(f"{prefix}.") for name in typed.values)
    seeded = {f"{prefix}.{key}": value for key, value in known.items() if is_new}
    filled = replace(typed, values={**typed.values, **seeded}, is_fresh=False)
    known = known if is_new else {}  # what was proposed for a row that is here already came with it
    cells = [
        _checked(_cell(item, prefix, section, "", known, {}, filled, material), section, False, False, material)
        for item in section.items
    ]
    photo_due = [cell for cell in cells if cell.item.photo == "abnormal" and not cell.photos]
    if material.are_photos_allowed:
        cells = [replace(c, problems=(*c.problems, "photo")) if c in photo_due else c for c in cells]
    return Turn(section, number, tuple(cells), about=about)
