"""Taking a step with a fault (R43, R51, R52, R57–R69): one action for all of them, what differs stands in faults.steps.

What is done in the field is never refused for the state of the fault: nobody is there any more to mend it. It is kept,
flagged where it is odd, and everything is worked out anew from all steps.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.actions import add_event, close, decided_at, is_closed_now, settle
from webapp.faults.closing import missing_for_closing
from webapp.faults.facts import FaultFacts
from webapp.faults.gathering import facts_of
from webapp.faults.models import EventKind as Kind
from webapp.faults.models import Finding, FindingEvent, FindingKind
from webapp.faults.moments import in_zone, skew_of, told_at
from webapp.faults.queries import finding_for
from webapp.faults.step_documents import document_of_step, event_of
from webapp.faults.steps import AFTERWARDS, RULES, Rule
from webapp.files.actions import attach
from webapp.kit.problems import Conflict, Invalid, Refused
from webapp.people.models import Person
from webapp.sites.access import may
from webapp.sites.models import Site
from webapp.sync.actions import Document, receive

KIND = "fault_step"  # how arrivals call it
step_document = partial(document_of_step, KIND)


def take_step(
    finding_id: uuid.UUID,
    document: Document,
    fields: Mapping[str, Any],
    *,
    photo_ids: Sequence[uuid.UUID] = (),
    by: Person,
    now: datetime,
) -> tuple[FindingEvent, bool]:
    """Something happened to a fault, and whether that is new. `fields` are those of StepSchema.

    A recovery test that is passed closes the fault at once where nothing else is missing; one that fails voids the
    repair, and the clocks go on from the original start (R57).

    Raises:
        NotFound, Refused: not a fault of a site where this person may take this step.
        Conflict: another document has this id; a hazard; a decision about something that is not waiting for one.
        Invalid: something that this step needs is not given, or is not in the contract.
        Missing: a photo has not arrived yet.
    """
    finding = finding_for(by, finding_id)
    kind = Kind(fields["kind"])
    rule = RULES[kind]
    if not any(may(by, right, finding.site_id) for right in rule.rights):
        raise Refused(_("Your role in this command centre does not allow that."))
    if finding.kind != FindingKind.FAULT:
        raise Conflict(_("%(number)s is a hazard: it has no such step.", number=finding.number), code="hazard")
    if not receive(document, now=now):
        return event_of(document, finding), False
    attach(photo_ids, finding.site_id, by=by)
    is_closed = is_closed_now(finding)
    site, facts = db.session.get_one(Site, finding.site_id), facts_of(finding)
    _check_needs(rule, fields)
    more = _kept(rule, fields, site)
    _check_and_fill(kind, finding, facts, more, document, is_closed=is_closed)
    if not rule.is_field:
        at = decided_at(finding, now)
    else:
        at = told_at(fields, "happened_at", site, skew_of(document.sending, now), now)
        more["flags"] = _flags(finding, at, is_closed=is_closed and kind not in AFTERWARDS)
    more |= {"document": str(document.id), "photos": [str(photo) for photo in photo_ids]}
    if document.claimed_at:
        more["claimed_at"] = document.claimed_at.isoformat()
    event = add_event(finding, kind, str(fields.get("text", "")), by=by, at=at, now=now, facts=more)
    told = {"kind": kind.value, "at": at.isoformat(), "reason": event.reason, "digest": document.digest}
    record(Verb.FAULT_STEP_TAKEN, f"finding:{finding.id}", by=by.id, now=now, site_id=site.id, **told)
    settle(finding, event, now=now)
    if kind is Kind.TESTED and more["passed"] and not missing_for_closing(facts_of(finding)):
        close(finding, event.reason, by=by, now=now)
    return event, True


def _check_needs(rule: Rule, fields: Mapping[str, Any]) -> None:
    missing = [name for name in rule.needs if fields.get(name) in (None, "")]
    if not rule.needs and rule.keeps and not any(fields.get(name) for name in (*rule.keeps, "text")):
        missing = ["text"]
    if missing:
        why = _("Please fill this in.")
        raise Invalid(_("Something is missing."), fields={name: [why] for name in missing})


def _kept(rule: Rule, fields: Mapping[str, Any], site: Site) -> dict[str, Any]:
    """What the event keeps, as plain JSON; a typed time gets the zone of the site."""
    kept = {name: fields[name] for name in rule.keeps if fields.get(name) is not None}
    for name, value in kept.items():
        if isinstance(value, datetime):
            kept[name] = in_zone(value, site).isoformat()
        elif isinstance(value, uuid.UUID):
            kept[name] = str(value)
    return kept


def _check_and_fill(
    kind: Kind, finding: Finding, facts: FaultFacts, more: dict[str, Any], document: Document, *, is_closed: bool
) -> None:
    """What a step must fit to: levels and impacts of the contract, a pause that waits, a fault that is open."""
    if is_closed and not RULES[kind].is_field:
        raise Conflict(_("%(number)s is closed already.", number=finding.number), code="already_closed")
    if kind is Kind.LEVEL_CHANGED:
        _check_choice("level", more["level"], facts.terms.levels, finding.level)
        more["from"] = finding.level  # read again under the lock
    elif kind is Kind.IMPACT_SET:
        _check_choice("impact", more["impact"], facts.terms.impacts, finding.impact)
        more["from"] = finding.impact
    elif kind is Kind.PAUSE_ASKED:
        more["pause"] = str(document.id)
        if more["pause_kind"] == "agreed" and not ("until" in more and more.get("person")):
            why = _("Say until when, and who of the client agreed to it.")
            raise Invalid(why, fields={"until": [why]})
        if more["pause_kind"] == "transmission":
            more.pop("until", None)  # it lasts until the bureau hands back (R64)
    elif kind in (Kind.PAUSE_AGREED, Kind.PAUSE_REFUSED, Kind.RESUMED):
        _check_pause(kind, facts, more["pause"])


def _check_choice(name: str, chosen: str, known: Mapping[str, Any], before: str | None) -> None:
    if chosen not in known:
        why = _("Choose one of the contract.")
        raise Invalid(why, fields={name: [why]})
    if chosen == before:
        why = _("That is what holds already.")
        raise Invalid(why, fields={name: [why]})


def _check_pause(kind: Kind, facts: FaultFacts, name: str) -> None:
    pause = next((one for one in facts.pauses if one.name == name), None)
    waits = pause is not None and pause.is_agreed is None
    runs = pause is not None and pause.is_agreed is True and not _was_resumed(facts, name)
    if not (runs if kind is Kind.RESUMED else waits):
        raise Conflict(_("This pause does not wait for that any more."), code="pause_decided")


def _was_resumed(facts: FaultFacts, name: str) -> bool:
    return any(step.kind == Kind.RESUMED and step.more.get("pause") == name for step in facts.steps)


def _flags(finding: Finding, at: datetime, *, is_closed: bool) -> list[str]:
    odd = {"closed": is_closed, "before_report": at < finding.reported_at}
    return [flag for flag, is_so in odd.items() if is_so]
