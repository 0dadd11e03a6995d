"""Pure decisions about devices in the field: what kind one is, how long it is listed, when a month must be warned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

SILENT_AFTER = timedelta(days=30)  # then a device with nothing out falls away from the list
MOST_DEVICES = 50  # of one person; each cleared or private browser counts as another
MOST_IDS = 200  # of one question for receipts

# Parts of a user agent, the first that fits; all parts of a line must be in it.
_MACHINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ipad", ("iPad",)),
    ("iphone", ("iPhone",)),
    ("harmony_phone", ("Harmony", "Phone")),
    ("harmony_phone", ("Harmony", "Mobile")),
    ("harmony_tablet", ("Harmony",)),
    ("android_phone", ("Android", "Mobile")),
    ("android_tablet", ("Android",)),
    ("windows", ("Windows",)),
    ("mac", ("Macintosh",)),  # and iPads, which call themselves so
    ("linux", ("Linux",)),
)
# Most browsers name the one that they are made of, too: the more special goes first.
_BROWSERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("wechat", ("MicroMessenger",)),
    ("huawei", ("HuaweiBrowser",)),
    ("huawei", ("ArkWeb",)),
    ("xiaomi", ("MiuiBrowser",)),
    ("qq", ("QQBrowser",)),
    ("uc", ("UCBrowser",)),
    ("edge", ("Edg",)),
    ("samsung", ("SamsungBrowser",)),
    ("firefox", ("Firefox",)),
    ("firefox", ("FxiOS",)),
    ("chrome", ("CriOS",)),
    ("chrome", ("Chrome",)),
    ("safari", ("Safari",)),
)
MACHINES = frozenset(name for name, _parts in _MACHINES) | {"other"}
BROWSERS = frozenset(name for name, _parts in _BROWSERS)


@dataclass(frozen=True)
class Kind:
    """What kind of device a browser runs on, and which browser it is."""

    machine: str
    browser: str


def kind_of(user_agent: str) -> Kind:
    """A guess from what the browser says of itself, good enough to find the device in a cupboard."""
    return Kind(_first(_MACHINES, user_agent) or "other", _first(_BROWSERS, user_agent))


def belongs_to(oldest_at: datetime | None, month_end: datetime) -> bool:
    """Whether work on a device may be of a month that ends then; work of unknown age may be of any."""
    return oldest_at is None or oldest_at < month_end


def ids_in(content: object) -> list[str]:
    """All texts of a document's content that look like ids, in order, each once; photos are among them."""
    found: dict[str, None] = {}
    _collect(content, found)
    return list(found)


def _collect(value: object, found: dict[str, None]) -> None:
    if isinstance(value, Mapping):
        for inner in value.values():
            _collect(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found)
    elif isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
        found[value] = None


def _first(table: tuple[tuple[str, tuple[str, ...]], ...], text: str) -> str:
    return next((name for name, parts in table if all(part in text for part in parts)), "")
