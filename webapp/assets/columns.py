"""The columns of an equipment list as a file: their names in both languages, how a cell is read and written.

These words are the file format, not the interface: a list with Chinese headings imports under an English interface
and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from webapp.assets.models import AssetKind, AssetStatus
from webapp.kit.spreadsheet import Cell, as_given
from webapp.sites.models import PhotoRule

MOST_UNITS = 100_000
DAY_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")


class BadValue(ValueError):
    """A cell that cannot be used: why, and what to do about it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy

    @property
    def sentence(self) -> str:
        """Both in one line, as a form shows them."""
        return _("%(why)s. %(remedy)s", why=self.why, remedy=self.remedy)


@dataclass(frozen=True)
class Column:
    """One column. `field` is the asset's field, or "" for columns that only lead to one (site, section, system)."""

    name: str
    zh: str
    field: str
    read: Callable[[str], Any]
    write: Callable[[Any, str], Cell]
    also: tuple[str, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        """Every heading that means this column."""
        return (self.name, self.zh, *self.also)


def _text(longest: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if any(ord(char) < 32 and char not in "\n\t\r" for char in text):
            raise BadValue(_("it holds a character that cannot be printed"), _("Type the text again."))
        if len(text) > longest:
            why = _("%(n)s characters are too long", n=len(text))
            raise BadValue(why, _("Use at most %(n)s characters.", n=longest))
        return text

    return read


def _quantity(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text[:7]) <= MOST_UNITS or len(text) > 6:
        raise BadValue(
            _("it is not a whole number from 1 to %(n)s", n=MOST_UNITS),
            _("Write the number of units in figures, or leave the cell empty where it is not known."),
        )
    return int(text)


def _day(text: str) -> date | None:
    if not text:
        return None
    for pattern in DAY_FORMATS:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
    raise BadValue(_("it is not a day of the calendar"), _("Write the day as 2026-06-28, or leave the cell empty."))


def _word(words: Mapping[str, str]) -> Callable[[str], str | None]:
    """Reads one of some words, in either language; blank is None."""
    known = {spelling.casefold(): value for value, zh in words.items() for spelling in (value, zh)}

    def read(text: str) -> str | None:
        if not text:
            return None
        if text.casefold() not in known:
            allowed = ", ".join(f"{zh} ({value})" for value, zh in words.items())
            raise BadValue(_("the word is not known"), _("Write one of: %(words)s.", words=allowed))
        return known[text.casefold()]

    return read


def _yes(text: str) -> bool:
    word = text.casefold()
    if word in ("", "否", "no", "n", "0", "false"):
        return False
    if word in ("是", "yes", "y", "1", "true"):
        return True
    raise BadValue(_("the word is not known"), _("Write one of: %(words)s.", words="是 (yes), 否 (no)"))


def _key(text: str) -> str | None:
    if text and not text.replace("_", "").replace("-", "").isalnum():
        raise BadValue(_("it is not the name of a checklist"), _("Write the key that the checklist page shows."))
    return _text(60)(text) or None


def _as_it_is(value: Any, _language: str) -> Cell:
    return value if value is not None else ""


def _as_word(words: Mapping[str, str]) -> Callable[[Any, str], Cell]:
    return lambda value, language: "" if value is None else words[value] if language == "zh" else value


def _as_yes(value: Any, language: str) -> Cell:
    return ("是" if value else "否") if language == "zh" else ("yes" if value else "no")


def _as_day(value: Any, _language: str) -> Cell:
    return value.isoformat() if value else ""


KINDS = {
    AssetKind.DEVICE.value: "设备",
    AssetKind.SOFTWARE.value: "软件",
    AssetKind.VEHICLE.value: "车辆",
    AssetKind.ROOM.value: "机房",
    AssetKind.CABLING.value: "布线",
    AssetKind.PLACE.value: "场所",
}
STATUSES = {AssetStatus.IN_USE.value: "在用", AssetStatus.STANDBY.value: "备用", AssetStatus.RETIRED.value: "停用"}
PHOTO_RULES = {
    PhotoRule.ALLOWED.value: "允许",
    PhotoRule.CLOSE_UP.value: "仅近景",
    PhotoRule.FORBIDDEN.value: "禁止",
}

COLUMNS = (
    Column("code", "编号", "code", _text(40), _as_it_is, ("设备编号", "资产编号")),
    Column("site", "指挥中心", "", _text(120), _as_it_is, ("站点",)),
    Column("section", "清单", "", _text(120), _as_it_is, ("服务清单", "所属清单")),
    Column("system", "系统", "", _text(120), _as_it_is, ("检查类别", "所属系统")),
    Column("number", "序号", "printed_number", _text(10), _as_it_is),
    Column("name", "名称", "name", _text(200), _as_it_is, ("设备名称", "品名")),
    Column("maker", "厂商", "maker", _text(120), _as_it_is, ("厂家", "生产厂家", "品牌")),
    Column("model", "型号", "model", _text(120), _as_it_is, ("规格型号", "型号规格")),
    Column("unit", "单位", "unit", _text(10), _as_it_is),
    Column("quantity", "数量", "quantity", _quantity, _as_it_is),
    Column("kind", "类别", "kind", _word(KINDS), _as_word(KINDS), ("类型", "设备类型")),
    Column("location", "位置", "location", _text(120), _as_it_is, ("安装位置", "存放位置", "地点")),
    Column("location_en", "英文位置", "location_en", _text(120), _as_it_is),
    Column("keeper", "包机人", "keeper", _text(60), _as_it_is, ("保管人", "责任人", "负责人")),
    Column("supplier", "供货商", "supplier", _text(120), _as_it_is, ("供应商",)),
    Column("status", "状态", "status", _word(STATUSES), _as_word(STATUSES)),
    Column("outside_contract", "合同外", "is_outside_contract", _yes, _as_yes),
    Column("service_from", "服务开始", "service_from", _day, _as_day, ("服务开始日期",)),
    Column("service_to", "服务结束", "service_to", _day, _as_day, ("服务结束日期",)),
    Column("photo_rule", "拍照", "photo_rule", _word(PHOTO_RULES), _as_word(PHOTO_RULES)),
    Column("category", "检查表", "category", _key, _as_it_is),
    Column("raw", "原文", "raw", _text(2000), _as_it_is),
)
BY_HEADING = {heading.casefold(): column for column in COLUMNS for heading in column.all_names}


def column_called(heading: str) -> Column | None:
    """The column that a heading means, in either language; None for columns this app does not know."""
    return BY_HEADING.get(heading.strip().casefold())


def cell_of(text: str) -> str:
    """A cell as it was meant: without the quote that an export put before formula signs."""
    return as_given(text)
