"""The form of a joint test, as joint_test.yaml prints it: sections, items, fill modes, limits. Pure.

An item has the attributes that checklists.rules.judge asks for, so that one judge serves both kinds of record.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from webapp.checklists.models import ItemKind
from webapp.kit.problems import Invalid

PROBLEMS, SIGNATURES, CONCLUSION, HEADER = "problems", "signatures", "conclusion", "header"
RESULT, REMARK = "result", "remark"

_TOLERANCE = re.compile(r"tolerance\b.*?\bdefault (\d+) %")
_WARNING = re.compile(r"\bwarn (\d+) days before\b")
_KEY = re.compile(r"[a-z0-9_]{1,40}")
_LIMITS_OF_FORM = 200  # sections or items, far above any real form


class Fill(enum.StrEnum):
    """How a value comes to stand in the record (fill_modes of the file)."""

    AUTO = "auto"
    COPY = "copy"
    PREFILL = "prefill"
    ASK = "ask"


@dataclass(frozen=True)
class Item:
    """One field of the record. `minimum` and `maximum` are printed; `tolerance` is percent of a contract figure."""

    key: str
    zh: str
    en: str
    kind: str
    fill: Fill
    is_required: bool
    unit: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    options: tuple[dict[str, Any], ...] = ()
    copied_from: tuple[str, ...] = ()  # "checklist.item"
    photo: str = "never"
    fill_rule: str = ""
    source: str = ""
    tolerance: Decimal | None = None
    warning_days: int | None = None
    severity: str = "general"
    compare: dict[str, Any] = field(default_factory=dict)
    is_na_allowed: bool = False

    @property
    def as_judged(self) -> Item:
        """The item with its lowest accepted value: a contract figure less what is tolerated (R134)."""
        if self.tolerance is None or self.minimum is None:
            return self
        accepted = (self.minimum * self.tolerance / 100).normalize()
        return replace(self, minimum=Decimal(f"{accepted:f}"))

    @property
    def is_grade(self) -> bool:
        """Whether it is answered by a grade from 5 to 1."""
        return bool(self.options) and all(str(option["value"]).isdigit() for option in self.options)

    def option(self, value: str) -> dict[str, Any] | None:
        """The option of that value."""
        return next((option for option in self.options if option["value"] == value), None)


@dataclass(frozen=True)
class Section:
    """A part of the record: one link, one topic. It may stand several times, told apart by the items in `repeat_by`."""

    key: str
    zh: str
    en: str
    items: tuple[Item, ...]
    repeat_min: int | None = None
    repeat_by: tuple[str, ...] = ()
    equipment: tuple[str, ...] = ()
    note: str = ""

    @property
    def repeats(self) -> bool:
        """Whether it may stand several times."""
        return self.repeat_min is not None

    @property
    def is_link(self) -> bool:
        """Whether it tests something and ends in a result of its own."""
        return bool(self.equipment) and self.item(RESULT) is not None

    @property
    def needs_problem(self) -> bool:
        """Whether what is wrong here must become a problem: tests of equipment, and states without a result."""
        return self.is_link or (self.key not in (PROBLEMS, SIGNATURES, CONCLUSION, HEADER) and not self.item(RESULT))

    def item(self, key: str) -> Item | None:
        """The item of that key."""
        return next((item for item in self.items if item.key == key), None)

    @property
    def equipment_item(self) -> Item | None:
        """The item whose options are codes of equipment: one repetition per device."""
        for key in self.repeat_by:
            item = self.item(key)
            if item and item.options and all(option["value"] in self.equipment for option in item.options):
                return item
        return None


@dataclass(frozen=True)
class Form:
    """The whole form."""

    zh: str
    en: str
    sections: tuple[Section, ...]

    @cached_property
    def _by_key(self) -> dict[str, Section]:
        return {section.key: section for section in self.sections}

    def section(self, key: str) -> Section | None:
        """The section of that key."""
        return self._by_key.get(key)

    @property
    def equipment(self) -> frozenset[str]:
        """Codes of all equipment that the record is about."""
        return frozenset(code for section in self.sections for code in section.equipment)

    @property
    def categories(self) -> frozenset[str]:
        """Checklists whose answers are taken over somewhere."""
        return frozenset(
            source.partition(".")[0]
            for section in self.sections
            for item in section.items
            for source in item.copied_from
        )


def read_form(content: dict[str, Any]) -> Form:
    """The form of a file's content, checked.

    Raises:
        Invalid: names section, item and what is wrong; the first mistake ends the reading.
    """
    title, raw = content.get("title"), content.get("sections")
    if not isinstance(title, dict) or not isinstance(raw, list) or not 0 < len(raw) <= _LIMITS_OF_FORM:
        raise Invalid(_("This is no joint-test form: it needs a title and a list of sections."))
    sections = tuple(_section(entry) for entry in raw)
    _refuse_doubles([section.key for section in sections], "sections")
    return Form(str(title.get("zh", "")), str(title.get("en", "")), sections)


def _section(raw: Any) -> Section:
    where = _where(raw)
    repeat = raw.get("repeat") or {}
    entries = raw.get("items")
    if not isinstance(entries, list) or not 0 < len(entries) <= _LIMITS_OF_FORM:
        raise _mistake(where, _("it has no items"))
    items = tuple(_item(entry, where) for entry in entries)
    _refuse_doubles([item.key for item in items], where)
    section = Section(
        key=raw["key"],
        zh=raw["zh"],
        en=raw["en"],
        items=items,
        repeat_min=repeat.get("min"),
        repeat_by=tuple(str(repeat["by"]).split("+")) if repeat else (),
        equipment=tuple(raw.get("equipment") or ()),
        note=str(raw.get("note") or ""),
    )
    known = {item.key for item in items}
    if section.repeats and not (isinstance(section.repeat_min, int) and 0 <= section.repeat_min <= 20):
        raise _mistake(where, _("repeat.min must be a whole number"))
    if section.key != PROBLEMS and not set(section.repeat_by) <= known:
        raise _mistake(where, _("repeat.by names an item that is not there"))
    return section


def _item(raw: Any, section: str) -> Item:
    where = _where(raw, section)
    kind, fill = raw.get("kind"), raw.get("fill")
    if kind not in set(ItemKind):
        raise _mistake(where, _("%(name)s is no kind of item", name=kind))
    if fill not in set(Fill):
        raise _mistake(where, _("%(name)s is no fill mode", name=fill))
    options = tuple(raw.get("options") or ())
    if (kind == ItemKind.CHOICE) != bool(options) or not all(_is_option(option) for option in options):
        raise _mistake(where, _("a choice needs options, each with value, zh and en"))
    if fill == Fill.COPY and not raw.get("from"):
        raise _mistake(where, _("what is copied needs to say from where"))
    detail, rule = str(raw.get("source_detail") or ""), str(raw.get("fill_rule") or "")
    tolerance, warning = _TOLERANCE.search(detail), _WARNING.search(rule)
    return Item(
        key=raw["key"],
        zh=raw["zh"],
        en=raw["en"],
        kind=kind,
        fill=Fill(fill),
        is_required=bool(raw.get("required")),
        unit=str(raw.get("unit") or ""),
        minimum=_decimal(raw.get("min"), where),
        maximum=_decimal(raw.get("max"), where),
        options=options,
        copied_from=tuple(raw.get("from") or ()),
        photo=str(raw.get("photo_required_on") or "never"),
        fill_rule=rule,
        source=str(raw.get("source") or ""),
        tolerance=Decimal(tolerance[1]) if tolerance else None,
        warning_days=int(warning[1]) if warning else None,
    )


def _where(raw: Any, section: str = "") -> str:
    if not isinstance(raw, dict) or not _KEY.fullmatch(str(raw.get("key", ""))):
        raise _mistake(section or "sections", _("an entry has no proper key"))
    where = f"{section}.{raw['key']}" if section else str(raw["key"])
    if not all(isinstance(raw.get(name), str) and raw[name] for name in ("key", "zh", "en")):
        raise _mistake(where, _("it needs a name in Chinese and in English"))
    return where


def _is_option(option: Any) -> bool:
    return isinstance(option, dict) and all(isinstance(option.get(name), str) for name in ("value", "zh", "en"))


def _decimal(value: Any, where: str) -> Decimal | None:
    if value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise _mistake(where, _("%(value)s is not a number", value=value)) from None


def _refuse_doubles(keys: list[str], where: str) -> None:
    for key in keys:
        if keys.count(key) > 1:
            raise _mistake(where, _("%(name)s stands there twice", name=key))


def _mistake(where: str, why: str) -> Invalid:
    return Invalid(_("Joint-test form, %(where)s: %(why)s. Nothing was changed.", where=where, why=why))
