"""How faults and hazards are called on pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from webapp.assets.models import System
from webapp.faults.calendar_words import day_said, moved
from webapp.faults.cover import Cover, Covered
from webapp.faults.facts import ANALYSIS, FaultFacts
from webapp.faults.hazard_words import hazard_event_name
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind
from webapp.faults.rules import duration, level_called
from webapp.faults.terms import Terms
from webapp.kit.language import clock_time, full_day, local, moment, zone

# what may raise a finding ("inspection:<uuid>:<item>") and the page that shows it
_ORIGINS = {
    "inspection": ("inspections.show", "inspection_id"),
    "joint_test": ("jointtests.show", "test_id"),
    "note": ("notes.show", "note_id"),
    "call": ("calls.show", "call_id"),
    "label_report": ("label_reports.show", "report_id"),
}

_CHOICES = ("pause_kind", "told", "change", "difficulty")


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
        EventKind.ACKNOWLEDGED: _("Taken on"),
        EventKind.REMOTE: _("Remote help"),
        EventKind.RESTORED: _("Service restored"),
        EventKind.REPAIRED: _("Fully repaired"),
        EventKind.TESTED: _("Recovery test"),
        EventKind.LEVEL_CHANGED: _("Level changed"),
        EventKind.IMPACT_SET: _("Impact changed"),
        EventKind.INFORMED: _("Bureau informed"),
        EventKind.ESCALATED: _("Given to the project leader"),
        EventKind.INSTRUCTED: _("Instruction of the leader"),
        EventKind.ESTIMATED: _("Estimated repair time"),
        EventKind.VENDOR_CALLED: _("Maker called"),
        EventKind.VENDOR_ARRIVED: _("Maker on site"),
        EventKind.BACKED_UP: _("Backup before the work"),
        EventKind.CHANGE_ASKED: _("Change requested"),
        EventKind.PART_USED: _("Spare part used"),
        EventKind.ANALYSED: _("Record of the fault"),
        EventKind.PAUSE_ASKED: _("Pause asked for"),
        EventKind.PAUSE_AGREED: _("Bureau agreed to the pause"),
        EventKind.PAUSE_REFUSED: _("Bureau refused the pause"),
        EventKind.RESUMED: _("Handed back, clocks run again"),
        EventKind.TICKED: _("Reported on"),
        EventKind.REVISITED: _("Revisited"),
        EventKind.EFFECT_JUDGED: _("Bad effect judged"),
        EventKind.RECOUNTED: _("Working days changed"),
    }
    return names.get(EventKind(kind)) or hazard_event_name(kind) or kind


def event_shape(event: FindingEvent) -> str:
    """The mark of an event in the story: grey for what came after the closing."""
    if "closed" in event.facts.get("flags", []):
        return "na"
    if event.kind == EventKind.TESTED:
        return "ok" if event.facts["passed"] else "abnormal"
    shapes = {
        EventKind.REPORTED: "warn",
        EventKind.RESTORED: "ok",
        EventKind.REPAIRED: "ok",
        EventKind.CLOSED: "ok",
        EventKind.REOPENED: "abnormal",
        EventKind.LEVEL_CHANGED: "warn",
        EventKind.RECOUNTED: "warn",
        EventKind.PAUSE_ASKED: "waiting",
        EventKind.PAUSE_AGREED: "waiting",
        EventKind.LISTED: "waiting",
        EventKind.APPROVED: "ok",
        EventKind.REFUSED: "abnormal",
        EventKind.DONE: "ok",
        EventKind.SENT_BACK: "abnormal",
    }
    return shapes.get(EventKind(event.kind), "info")


def when(at: datetime, now: datetime) -> str:
    """A time as people on the spot say it: "09:43" of today, "Nov 18 09:43" of any other day, in the site's zone."""
    return clock_time(at) if at.astimezone(zone()).date() == now.astimezone(zone()).date() else moment(at)


def state_of(facts: FaultFacts | None, is_open: bool, now: datetime) -> str:
    """Where a fault or hazard stands, in two words."""
    if not is_open:
        return _("Closed")
    if facts is None:
        return _("Open")
    if any(pause.is_agreed and (pause.ends_at is None or pause.ends_at > now) for pause in facts.pauses):
        return _("Paused")
    stages = (
        (facts.passed is not None, _("Test passed")),
        (facts.repaired is not None, _("Waits for the recovery test")),
        (facts.restored is not None, _("Service restored")),
        (bool(facts.failures), _("Repair goes on")),
        (facts.arrived is not None, _("On site")),
        (facts.responded is not None, _("Taken on")),
    )
    return next((name for is_there, name in stages if is_there), _("Not taken on yet"))


def step_button(kind: str) -> str:
    """What the button of a step says."""
    names = {
        "acknowledged": _("I take it on"),
        "arrived": _("I have arrived"),
        "restored": _("Service runs again"),
        "repaired": _("Fully repaired"),
        "informed": _("The bureau was informed"),
        "remote": _("Remote help"),
        "tested": _("Note the recovery test"),
        "analysed": _("Write the record"),
        "backed_up": _("Backup is done"),
        "escalated": _("Give it to the project leader"),
        "instructed": _("Give the instruction"),
        "estimated": _("Estimate the repair time"),
        "vendor_called": _("Maker was called"),
        "vendor_arrived": _("Maker is on site"),
        "part_used": _("Spare part used"),
        "change_asked": _("Request a change"),
        "ticked": _("Reported to supplier, bureau, client"),
        "pause_asked": _("Ask for a pause"),
        "pause_agreed": _("Agree to the pause"),
        "resumed": _("Hand back"),
        "level_changed": _("Change the level"),
        "impact_set": _("Change the impact"),
        "revisited": _("Note the revisit"),
        "effect_judged": _("Judge the bad effect"),
        "close": _("Close the record"),
    }
    return names[kind]


def event_remarks(event: FindingEvent) -> list[str]:
    """What there is to know about an event besides who, when and why."""
    facts = event.facts
    remarks = []
    if event.kind == EventKind.ARRIVED and "other_label" not in facts["flags"]:
        remarks.append(_("The label was scanned.") if facts["scanned"] else _("Stated, the label was not scanned."))
    if "counts_from" in facts:
        started = moment(datetime.fromisoformat(facts["counts_from"]))
        remarks.append(_("Confirmed %(time)s: the clocks count from then.", time=started))
    said = {
        "other_label": _("Another label was scanned, not one of this device."),
        "closed": _("The record was closed already when this came."),
        "level_proposed": _("No level of the contract was chosen on site. The one shown is proposed."),
        "before_report": _("This is said to have been before the report."),
    }
    turned = [
        _(
            "%(clock)s recomputed: %(before)s → %(after)s",
            clock=clock_name(name),
            before=state_name(b),
            after=state_name(a),
        )
        for name, (b, a) in facts.get("turned", {}).items()
        if {b, a} != {"overdue", "late"}  # too late before and after
    ]
    return remarks + [said[flag] for flag in facts.get("flags", [])] + turned + moved(facts, clock_name)


def clock_name(name: str) -> str:
    """How the contract calls what a clock measures."""
    names = {
        "response": _("Response"),
        "inform": _("Bureau informed"),
        "arrival": _("Arrival on site"),
        "handling": _("Handling"),
        "vendor": _("Maker on site"),
        "software": _("Office software"),
    }
    return names[name]


def state_name(state: str) -> str:
    """How a clock stands, in a word or two."""
    names = {
        "waiting": _("not started"),
        "running": _("running"),
        "paused": _("paused"),
        "overdue": _("overdue"),
        "met": _("in time"),
        "late": _("too late"),
    }
    return names[state]


def stage_name(facts: FaultFacts) -> str:
    """How far the support has come: the first line, from afar, on site, the maker (R58)."""
    stages = (
        (EventKind.VENDOR_ARRIVED, _("Maker on site")),
        (EventKind.VENDOR_CALLED, _("Given to the maker")),
        (EventKind.ARRIVED, _("On site")),
        (EventKind.REMOTE, _("Remote help")),
    )
    return next((name for kind, name in stages if facts.first(kind)), _("First line"))


def cover_text(found: Covered) -> str:
    """How a device stands to the contract, with the days of its service (R57)."""
    names = {
        Cover.UNDER: _("Under contract: %(line)s", line=found.line),
        Cover.BEFORE: _("Service has not begun: %(line)s", line=found.line),
        Cover.OVER: _("Service has ended: %(line)s", line=found.line),
        Cover.OUTSIDE: _("Outside the contract: %(line)s", line=found.line),
    }
    days = _("%(first)s to %(last)s", first=full_day(found.starts_on), last=full_day(found.ends_on))
    return f"{names[found.cover]} · {days}"


def start_name(start: str) -> str:
    """Where a clock starts (R41)."""
    return _("with the report") if start == "reported_at" else _("with the response")


def record_name(record: str) -> str:
    """What must be written before a fault is closed (R52)."""
    names = {
        "answer": _("The answer"),
        "short": _("Short form: cause and what was done"),
        "full": _("Full record, bureau informed, backup"),
    }
    return names[record]


def cause_name(cause: str) -> str:
    """A class of causes (R65)."""
    names = {
        "hardware": _("Hardware"),
        "software": _("Software"),
        "configuration": _("Configuration"),
        "power": _("Power supply"),
        "cabling": _("Cables and plugs"),
        "environment": _("Heat, damp, dust, lightning"),
        "operation": _("Operating error"),
        "wear": _("Wear and age"),
        "transmission": _("Transmission network"),
        "theft": _("Theft"),
        "people": _("Damage by people"),
        "municipal": _("Municipal works"),
        "relocation": _("Relocation"),
        "other": _("Other cause"),
    }
    return names.get(cause, cause)


def choice_name(value: str) -> str:
    """A word of the lists of steps: pauses, reporting ticks, kinds of change requests, difficulty."""
    names = {
        "transmission": _("Fault of the transmission network"),
        "agreed": _("A later date agreed with the client"),
        "construction_unit": _("Supplier or construction unit"),
        "district_bureau": _("District emergency bureau"),
        "client": _("Client"),
        "general": _("General change"),
        "major": _("Major change"),
        "urgent": _("Urgent change"),
        "easy": _("Easy: repaired, then reported"),
        "difficult": _("Difficult"),
        "long": _("Long repair: written report to the client"),
    }
    return names.get(value, value)


def field_name(name: str) -> str:
    """A field of the record of a fault (R52)."""
    names = {
        "cause": _("Class of the cause"),
        "analysis": _("Analysis of the cause"),
        "handling": _("What was done"),
        "responsibility": _("Responsibility"),
        "lessons": _("Lessons"),
        "answer": _("Answer"),
    }
    return names.get(name, name)


def event_details(event: FindingEvent, terms: Terms) -> list[tuple[str, str]]:
    """What a step keeps besides its words: pairs of name and value, for the story."""
    facts = event.facts
    found = [(field_name(name), _said(name, facts[name])) for name in ANALYSIS if facts.get(name)]
    found += [(_("Kind"), choice_name(facts[name])) for name in _CHOICES if facts.get(name)]
    if facts.get("person"):
        found.append((_("Who"), facts["person"]))
    if facts.get("part"):
        found.append((_("Part"), f"{facts['part']} × {facts.get('quantity', 1)}"))
    if facts.get("until"):
        found.append((_("Until"), moment(datetime.fromisoformat(facts["until"]))))
    return found + _outcome(event, terms)


def _outcome(event: FindingEvent, terms: Terms) -> list[tuple[str, str]]:
    """What a decision came to."""
    facts = event.facts
    if event.kind == EventKind.TESTED:
        return [(_("Result"), _("passed") if facts["passed"] else _("failed: the repair goes on"))]
    if event.kind == EventKind.REVISITED:
        return [(_("Client"), _("satisfied") if facts["satisfied"] else _("not satisfied"))]
    if event.kind == EventKind.EFFECT_JUDGED:
        said = _("considerable: points may be taken from the total") if facts["considerable"] else _("not considerable")
        return [(_("Bad effect"), said)]
    known: Mapping[str, Any] = terms.levels if event.kind == EventKind.LEVEL_CHANGED else terms.impacts
    if event.kind == EventKind.RECOUNTED:
        return [(_("Day"), day_said(facts))]
    name = {EventKind.LEVEL_CHANGED: "level", EventKind.IMPACT_SET: "impact"}.get(EventKind(event.kind), "")
    if not name:
        return []
    return [(_("Changed"), " → ".join(local_name(known, key) for key in (facts.get("from"), facts[name])))]


def _said(name: str, value: str) -> str:
    return cause_name(value) if name == "cause" else value


def local_name(known: Mapping[str, Any], key: str | None) -> str:
    """The name of a level or impact in the reader's language."""
    return local(known[key]) if key and key in known else "–"


def time_span(span: timedelta) -> str:
    """A length of time to the minute: "12 min", "3 h 5 min", "2 d 4 h", "3 d"."""
    minutes = int(abs(span).total_seconds()) // 60
    if minutes < 48 * 60:
        return duration(minutes)
    days, rest = divmod(minutes, 24 * 60)
    return _("%(d)s d %(h)s h", d=days, h=rest // 60) if rest >= 60 else _("%(d)s d", d=days)


def channel_name(channel: str) -> str:
    """How it became known (R42)."""
    names = {
        "site": _("Found on site"),
        "telephone": _("Told by telephone"),
        "desk": _("Told at the service desk"),
        "monitoring": _("Shown by monitoring"),
        "inspection": _("Found by an inspection"),
        "joint_test": _("Found by a joint test"),
        "label": _("Told from the label, confirmed by a person"),
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
