"""What must be true before a record can be handed in, in words that name section and item. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from webapp.jointtests.form import HEADER
from webapp.jointtests.rules import is_clock_time
from webapp.jointtests.sheet import Sheet, Words, heading_of


def day_typed(values: Mapping[str, str], today: date) -> date:
    """The day that was typed, else today."""
    try:
        return date.fromisoformat(values.get(f"{HEADER}.0.date", ""))
    except ValueError:
        return today


def times_typed(values: Mapping[str, str], zone: str) -> tuple[datetime, datetime] | None:
    """Start and end as typed, in the site's zone; None where they cannot be read."""
    start, end = values.get(f"{HEADER}.0.start_time", ""), values.get(f"{HEADER}.0.end_time", "")
    try:
        day = date.fromisoformat(values.get(f"{HEADER}.0.date", ""))
    except ValueError:
        return None
    if not (is_clock_time(start) and is_clock_time(end)):
        return None
    tz = ZoneInfo(zone)
    return datetime.combine(day, time.fromisoformat(start), tz), datetime.combine(day, time.fromisoformat(end), tz)


def mistakes(sheet: Sheet, values: Mapping[str, str], zone: str, text: Words) -> dict[str, list[str]]:
    """Cell or repetition → what is missing or wrong, each naming section and item. Empty: it can be handed in."""
    found: dict[str, list[str]] = {}
    for turn in sheet.turns:
        if turn.is_blank or (turn.about and turn.about in sheet.uncovered):
            continue
        heading = " · ".join(filter(None, [text(turn.section), heading_of(turn, text)]))
        for cell in turn.cells:
            if cell.problems:
                why = _problem_words(cell.problems[0], is_measured=turn.section.is_link)
                found[cell.name] = [_("%(section)s, %(item)s: %(why)s", section=heading, item=text(cell.item), why=why)]
    for section, option in sheet.missing_units:
        why = _("%(name)s is missing. Test it, or choose “not tested” and say why.", name=text(option))
        found[f"{section.key}.{option['value']}"] = [f"{text(section)}: {why}"]
    for part in sheet.parts:
        if (part.section.repeat_min or 0) > sum(not turn.is_blank for turn in part.turns):
            found.setdefault(part.section.key, [f"{text(part.section)}: {_('At least one entry is needed.')}"])
    for name in sheet.uncovered:
        uncovered = sheet.turn(name)
        why = _("This is out of order. Enter the problem, or say that it needs none.")
        found[name] = [f"{text(uncovered.section) if uncovered else name}: {why}"]
    return found | _wrong_times(values, zone)


def _wrong_times(values: Mapping[str, str], zone: str) -> dict[str, list[str]]:
    times = times_typed(values, zone)
    if times is None:
        return {f"{HEADER}.0.start_time": [_("Date, start or end cannot be read. Times look like 09:30.")]}
    if times[1] <= times[0]:
        return {f"{HEADER}.0.end_time": [_("The end must be later than the start.")]}
    return {}


def _problem_words(code: str, *, is_measured: bool) -> str:
    words = {
        "answer": _("Please measure or ask it now; link values are never taken over.")
        if is_measured
        else _("Please give a value."),
        "number": _("Please type a plain number such as 61.5."),
        "option": _("Please choose one of the offered answers."),
        "photo": _("A photo is needed."),
        "confirm": _("Please confirm the proposed value, or overwrite it."),
        "why": _("Please say why."),
        "time": _("Please type a time such as 09:43."),
    }
    return words[code]
