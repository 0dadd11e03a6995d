"""The form of the terms: names and keys of levels, kinds and impacts stay, their figures and links can be changed."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

LIMITS = ("response_min", "arrival_min", "handling_min")


def content_from(form: MultiDict[str, str], before: dict[str, Any]) -> dict[str, Any]:
    """The content of a policy as the form says it; a blank figure is none. Checked by policies.change_policy."""
    return {
        "levels": [_level(form, level) for level in before["levels"]],
        "kinds": [kind | {"level": form.get(f"kind.{kind['number']}") or kind["level"]} for kind in before["kinds"]],
        "terms": _terms(form, before),
    }


def _level(form: MultiDict[str, str], level: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in level.items() if name not in LIMITS}
    return kept | {name: value for name in LIMITS if (value := _text(form, f"{level['key']}.{name}"))}


def _terms(form: MultiDict[str, str], before: dict[str, Any]) -> dict[str, Any]:
    keys = [level["key"] for level in before["levels"]]
    impacts = before["terms"].get("impacts", [])
    terms: dict[str, Any] = {
        "arrival_from": form.get("arrival_from"),
        "handling_from": form.get("handling_from"),
        "handling_until": form.get("handling_until"),
        "response_in_office_hours": "response_in_office_hours" in form,
        "impacts": [one | {"vendor_on_site_hours": _text(form, f"impact.{one['key']}")} for one in impacts],
        "impact_of_level": {key: text for key in keys if (text := _text(form, f"{key}.impact"))},
        "records": {key: text for key in keys if (text := _text(form, f"{key}.record"))},
    }
    if minutes := _text(form, "own_staff_response_min"):
        terms["own_staff_response_min"] = minutes
    if days := [day for day in form.getlist("office.days") if day]:
        terms["office_hours"] = {"days": days, "from": _text(form, "office.from"), "to": _text(form, "office.to")}
    if working_days := _text(form, "software.days"):
        terms["office_software"] = {"kinds": form.getlist("software.kinds"), "working_days": working_days}
    if minutes := _text(form, "inform.minutes"):
        terms["inform_bureau"] = {"levels": form.getlist("inform.levels"), "minutes": minutes}
    return terms


def _text(form: MultiDict[str, str], name: str) -> str:
    return form.get(name, "").strip()
