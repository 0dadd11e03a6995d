"""How faults and hazards are called on pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.assets.models import System
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind
from webapp.faults.rules import level_called
from webapp.kit.language import local

# what may raise a finding ("inspection:<uuid>:<item>") and the page that shows it
_ORIGINS = {
    "inspection": ("inspections.show", "inspection_id"),
    "joint_test": ("jointtests.show", "test_id"),
    "note": ("notes.show", "note_id"),
}


def level_name(finding: Finding, levels: Sequence[dict[str, Any]]) -> str:
    """ "Major fault" as the contract calls it; "Hazard" for hazards."""
    if finding.kind == FindingKind.HAZARD:
        return _("Hazard")
    level = level_called(finding.level or "", levels)
    return local(level) if level else _("Fault")


def event_name(kind: str) -> str:
    """What happened, as the timeline says it."""
    names = {
        EventKind.REPORTED: _("Reported"),
        EventKind.CLOSED: _("Closed"),
        EventKind.REOPENED: _("Opened again"),
        EventKind.ARRIVED: _("Arrived on site"),
    }
    return names.get(EventKind(kind), kind)


def event_remarks(event: FindingEvent) -> list[str]:
    """What there is to know about an event besides who, when and why."""
    facts = event.facts
    remarks = []
    if event.kind == EventKind.ARRIVED and "other_label" not in facts["flags"]:
        remarks.append(_("The label was scanned.") if facts["scanned"] else _("Stated, the label was not scanned."))
    said = {
        "other_label": _("Another label was scanned, not one of this device."),
        "closed": _("The record was closed already when this came."),
        "level_proposed": _("No level of the contract was chosen on site. The one shown is proposed."),
    }
    return remarks + [said[flag] for flag in facts.get("flags", [])]


def channel_name(channel: str) -> str:
    """How it became known (R42)."""
    names = {
        "site": _("Found on site"),
        "telephone": _("Told by telephone"),
        "monitoring": _("Shown by monitoring"),
        "inspection": _("Found by an inspection"),
    }
    return names.get(channel, channel)


def level_choices(levels: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Key and name of each level of the contract."""
    return [(level["key"], local(level)) for level in levels]


def system_choices(systems: Iterable[System]) -> list[tuple[str, str]]:
    """Id and name of each system, with its service line's number."""
    return [(str(system.id), f"{system.service_line.number} · {system.name}") for system in systems]


def page_of_source(source: str | None) -> str:
    """Address of the record that raised a finding; "" where there is none to open."""
    kind, _colon, rest = (source or "").partition(":")
    if kind not in _ORIGINS:
        return ""
    endpoint, argument = _ORIGINS[kind]
    where: dict[str, Any] = {argument: uuid.UUID(rest.partition(":")[0])}
    return url_for(endpoint, **where)
