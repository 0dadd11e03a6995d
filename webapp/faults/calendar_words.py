"""How a changed calendar of the site is told in the story of a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from webapp.kit.language import full_day, moment


def day_kind_name(is_working: bool | None) -> str:
    """What the calendar of the site says of a day; None: nothing of its own."""
    if is_working is None:
        return _("as the country does")
    return _("worked on") if is_working else _("free")


def day_said(facts: Mapping[str, Any]) -> str:
    """The day that was entered or taken back, and its name."""
    said = [full_day(date.fromisoformat(facts["day"])), day_kind_name(facts["is_working"]), facts["name"]]
    return " · ".join(filter(None, said))


def moved(facts: Mapping[str, Any], clock_name: Callable[[str], str]) -> list[str]:
    """Which deadlines it moved; nothing for events of other kinds."""
    return [
        _("%(clock)s: due %(before)s → %(after)s", clock=clock_name(name), before=_due(old), after=_due(new))
        for name, (old, new) in facts.get("moved", {}).items()
    ]


def _due(kept: str | None) -> str:
    return moment(datetime.fromisoformat(kept)) if kept else "–"
