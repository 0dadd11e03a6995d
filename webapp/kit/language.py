"""Language and ways of writing days, times and numbers; everything a template needs to speak to people."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from gettext import NullTranslations
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton
from flask import Flask, g, request
from flask_babel import get_locale, get_translations
from flask_login import current_user

LANGUAGES = {"zh": "中文", "en": "English"}
_catalogues: dict[str, NullTranslations] = {}  # language → its texts, read once per process


def choose_locale() -> str:
    """The person's language, else the cookie of this browser, else Chinese."""
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    chosen = request.cookies.get("language", "") if request else ""
    return chosen if chosen in LANGUAGES else "zh"


def language() -> str:
    """ "zh" or "en"."""
    locale = get_locale()
    return locale.language if locale else "zh"


def said(text: str, /, **variables: Any) -> str:
    """A text of a template in the reader's language, as `flask_babel.gettext` gives it.

    That one looks for its catalogue anew for every word, which is a third of the time that a long page takes.
    """
    where = language()
    if where not in _catalogues:
        _catalogues[where] = get_translations()
    found = _catalogues[where].gettext(text)
    return found % variables if variables else found


def local(thing: Any, field: str = "") -> str:
    """The text of a bilingual row or dict in the reader's language: `zh`/`en`, or `<field>_zh`/`<field>_en`."""
    suffixes = [language(), "zh"]
    for suffix in suffixes:
        name = f"{field}_{suffix}" if field else suffix
        text = thing.get(name) if isinstance(thing, dict) else getattr(thing, name, "")
        if text:
            return str(text)
    return ""


def zone() -> ZoneInfo:
    """The zone times are shown in: that of the site the page is about (set by `show_times_of`)."""
    return ZoneInfo(g.get("timezone", "Asia/Shanghai"))


def show_times_of(timezone: str) -> None:
    """From here on, this request shows times in the zone of a site."""
    g.timezone = timezone


def day(value: date) -> str:
    """11月18日 / Nov 18."""
    return format_skeleton("MMMd", value, locale=language())


def full_day(value: date) -> str:
    """2026年11月18日 / Nov 18, 2026."""
    return format_skeleton("yMMMd", value, locale=language())


def month_name(value: date) -> str:
    """2026年11月 / Nov 2026."""
    return format_skeleton("yMMM", value, locale=language())


def clock_time(value: datetime) -> str:
    """09:43 in the site's zone."""
    return value.astimezone(zone()).strftime("%H:%M")


def moment(value: datetime) -> str:
    """11月18日 09:43 in the site's zone."""
    here = value.astimezone(zone())
    return f"{day(here.date())} {here:%H:%M}"


def full_moment(value: datetime) -> str:
    """2026-11-18 09:43 in the site's zone, as documents print it."""
    return value.astimezone(zone()).strftime("%Y-%m-%d %H:%M")


def signed_number(value: Decimal) -> str:
    """A difference with its sign; a real minus, not a hyphen."""
    return f"+{value}" if value > 0 else str(value).replace("-", "−")


def set_up_language(app: Flask) -> None:
    """Gives the filters to all templates."""
    app.jinja_env.filters.update(
        local=local,
        day=day,
        full_day=full_day,
        month_name=month_name,
        clock_time=clock_time,
        moment=moment,
        full_moment=full_moment,
        signed=signed_number,
    )
    app.jinja_env.globals.update(language=language, LANGUAGES=LANGUAGES, _=said)
