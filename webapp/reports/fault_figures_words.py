"""How the figures about faults are called and written."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flask_babel import gettext as _

from webapp.faults.words import time_span

# the columns of the table that can be opened, with the attribute that holds the figure
FIGURES = (
    ("raised", "raised"),
    ("due", "due"),
    ("late", "late"),
    ("repeats", "repeats"),
    ("proposed", "proposed"),
    ("repairs", "repairs"),
)


def figure_name(figure: str) -> str:
    """What a figure is called."""
    names = {
        "raised": _("Faults reported"),
        "failures": _("Failures of devices"),
        "due": _("Faults due"),
        "in-time": _("Repaired in time"),
        "late": _("Too late"),
        "down": _("Faults with down time"),
        "repairs": _("Repaired"),
        "repeats": _("Repeated faults"),
        "proposed": _("Repeats to decide"),
    }
    return names[figure]


def length(minutes: int | None) -> str:
    """A mean in words: "3 h 5 min"; a dash where there is none."""
    return "—" if minutes is None else time_span(timedelta(minutes=minutes))


def in_percent(share: Decimal | None) -> str:
    """A share as written on the page: "99.97 %"; a dash where there is none."""
    return "—" if share is None else f"{share} %"


def repeat_word(repeat: str) -> str:
    """Whether a fault is a repeated one."""
    names = {"proposed": _("repeat, not decided"), "confirmed": _("repeated fault"), "rejected": _("no repeat")}
    return names.get(repeat, "")
