"""What the asset page says about days, changes, limits and readings."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from webapp.audit.models import Verb
from webapp.checklists.words import changes, limits
from webapp.dossiers.dossier import Event, Reading
from webapp.kit.charts import trend
from webapp.kit.clock import utc_now
from webapp.kit.language import day, full_day, local, zone

FIELDS = {
    "code": _l("code"),
    "printed_number": _l("printed number"),
    "number": _l("printed number"),
    "kind": _l("kind"),
    "name": _l("name of the device"),
    "maker": _l("maker"),
    "model": _l("model"),
    "maker/model": _l("maker, model"),
    "unit": _l("unit"),
    "quantity": _l("quantity"),
    "unit/quantity": _l("unit, quantity"),
    "system": _l("system"),
    "location": _l("location"),
    "location_en": _l("location in English"),
    "place": _l("place of origin"),
    "keeper": _l("keeper"),
    "supplier": _l("supplier"),
    "status": _l("status"),
    "is_outside_contract": _l("outside the contract"),
    "service_from": _l("start of service"),
    "service_to": _l("end of service"),
    "photo_rule": _l("photo rule"),
    "category": _l("checklist"),
    "raw": _l("printed line"),
    "vehicle": _l("vehicle"),
    "duplicate": _l("same device twice"),
}


def field_name(name: str) -> str:
    """What people call a field of the list."""
    return str(FIELDS.get(name, name))


def day_here(moment: datetime) -> str:
    """The day in the site's zone; with the year where it is not this one."""
    here = moment.astimezone(zone()).date()
    return day(here) if here.year == utc_now().astimezone(zone()).year else full_day(here)


def change_in_words(event: Event) -> str:
    """The heading of a change in the history."""
    if event.verb == Verb.LABEL_REPLACED:
        if event.old_label:
            return _("Label replaced, %(code)s is void", code=event.old_label.short_code)
        return _("Label replaced")
    if event.verb == Verb.LIMIT_CHANGED:
        return _("Limits changed")
    if event.verb == Verb.ASSET_ADDED:
        return _("Entered into the list")
    names = ", ".join(field_name(name) for name in event.facts.get("changes", {}))
    return _("Changed: %(fields)s", fields=names) if names else _("Details changed")


def limit_text(reading: Reading) -> str:
    """What is normal: fixed limits, or how far the value may move."""
    item, bounds = reading.item, reading.limits
    return limits(bounds.low, bounds.high, item.unit) or changes(item.compare, item.unit) or item.unit


def chart_of(reading: Reading) -> Markup:
    """The trend of a reading."""
    points = [(f"{at.astimezone(zone()):%y-%m}", value) for at, value in reading.points]
    low, high = reading.limits.low, reading.limits.high
    return trend(points, low=low, high=high, label=local(reading.item), unit=reading.item.unit)
