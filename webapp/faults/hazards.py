"""What is done with hazards (R71): put on the list of the month, agreed to or refused, worked on, sent back.

The check that is passed is the closing: `faults.actions.close`. Every change of state goes through `hazard_state.turn`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.actions import add_event, settle
from webapp.faults.hazard_models import HazardList, HazardListEntry
from webapp.faults.hazard_queries import found_hazards
from webapp.faults.hazard_rules import BY_STEP, MOVES
from webapp.faults.hazard_state import turn
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind
from webapp.faults.moments import skew_of, told_at
from webapp.faults.queries import finding_for
from webapp.faults.step_documents import document_of_step, event_of
from webapp.files.actions import attach
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid, NotFound, Refused
from webapp.people.models import Person
from webapp.sites.access import may
from webapp.sites.models import Site
from webapp.sync.actions import Document, receive

KIND = "hazard_step"  # how arrivals call it
step_document = partial(document_of_step, KIND)


@dataclass(frozen=True)
class Decision:
    """The word of the bureau about one hazard."""

    finding_id: uuid.UUID
    is_approved: bool
    reason: str = ""


def hand_in_list(
    site: Site, month: Month, proposals: Mapping[uuid.UUID, str], *, by: Person, now: datetime
) -> HazardList:
    """Puts these hazards on the list of a month; hazard → what is proposed to do. The list may grow afterwards.

    Raises:
        Invalid: none is chosen, or the month has not begun.
        NotFound: one is not of this site.
        Conflict: one is not waiting for a list, belongs to a later month, or somebody else was first.
    """
    if not proposals:
        raise Invalid(_("Choose at least one hazard."))
    if month > Month.of(local_day(now, site.timezone)):
        raise Invalid(_("That month has not begun."))
    waiting = {each.finding.id: each for each in found_hazards(site)}
    findings = _hazards(site.id, proposals)
    values = {"id": uuid.uuid4(), "site_id": site.id, "month": str(month), "handed_in_at": now, "handed_in_by": by.id}
    insert_if_new(HazardList, values, ("site_id", "month"))
    wanted = select(HazardList).where(HazardList.site_id == site.id, HazardList.month == str(month))
    made = db.session.scalars(wanted).one()
    for finding in findings:
        if finding.id in waiting and waiting[finding.id].month > month:
            why = _("%(number)s was found after the month of this list.", number=finding.number)
            raise Conflict(why, code="later_month")
        turn(finding, EventKind.LISTED)
        proposal = proposals[finding.id]
        entry = {"proposal": proposal, "added_at": now, "added_by": by.id}
        db.session.add(HazardListEntry(list_id=made.id, finding_id=finding.id, **entry))
        _note(finding, EventKind.LISTED, proposal, by=by, at=now, now=now, facts={"month": str(month)})
    told = {"month": str(month), "numbers": [finding.number for finding in findings]}
    record(Verb.HAZARDS_LISTED, f"hazard_list:{made.id}", by=by.id, now=now, site_id=site.id, **told)
    return made


def decide(site_id: uuid.UUID, decisions: Sequence[Decision], *, by: Person, now: datetime) -> None:
    """The bureau agrees to or refuses hazards of the list, all of these or none. The door lets only the bureau in.

    Raises:
        Invalid: none is decided about, or a refusal has no reason.
        NotFound: one is not of this site.
        Conflict: one does not wait for a decision (any more).
    """
    if not decisions:
        raise Invalid(_("Agree to or refuse at least one hazard."))
    of = {decision.finding_id: decision for decision in decisions}
    for finding in _hazards(site_id, of):
        decision = of[finding.id]
        if not decision.is_approved and not decision.reason:
            why = _("Give a reason.")
            said = _("%(number)s: a refusal needs a reason.", number=finding.number)
            raise Invalid(said, fields={f"reason-{finding.id}": [why]})
        kind = EventKind.APPROVED if decision.is_approved else EventKind.REFUSED
        turn(finding, kind)
        _note(finding, kind, decision.reason, by=by, at=now, now=now)
        told = {"approved": decision.is_approved, "reason": decision.reason}
        record(Verb.HAZARD_DECIDED, f"finding:{finding.id}", by=by.id, now=now, site_id=site_id, **told)


def take_step(
    finding_id: uuid.UUID,
    document: Document,
    fields: Mapping[str, Any],
    *,
    photo_ids: Sequence[uuid.UUID] = (),
    by: Person,
    now: datetime,
) -> tuple[FindingEvent, bool]:
    """Work begun, rectified, sent back, to be asked for again; and whether that is new.

    Unlike the repair of a fault, work on a hazard that comes too early is refused (R71); what was written in the field
    is kept with its reason among the refused documents.

    Raises:
        NotFound, Refused: not a hazard of a site where this person may take this step.
        Conflict: another document has this id; the step is not the next one; work is said to have begun before consent.
        Invalid: it needs words.
        Missing: a photo has not arrived yet.
    """
    finding = finding_for(by, finding_id)
    kind = EventKind(fields["kind"])
    move = MOVES[kind]
    if kind not in BY_STEP or not may(by, move.right, finding.site_id):
        raise Refused(_("Your role in this command centre does not allow that."))
    if not receive(document, now=now):
        return event_of(document, finding), False
    text = str(fields.get("text", ""))
    if move.needs_text and not text:
        raise Invalid(_("Something is missing."), fields={"text": [_("Please fill this in.")]})
    attach(photo_ids, finding.site_id, by=by)
    turn(finding, kind)
    at = now
    if move.is_field:
        site = db.session.get_one(Site, finding.site_id)
        at = told_at(fields, "happened_at", site, skew_of(document.sending, now), now)
        _check_consent(finding, at)
    more: dict[str, Any] = {"document": str(document.id), "photos": [str(photo) for photo in photo_ids]}
    if document.claimed_at:
        more["claimed_at"] = document.claimed_at.isoformat()
    event = _note(finding, kind, text, by=by, at=at, now=now, facts=more)
    told = {"kind": kind.value, "at": at.isoformat(), "reason": text, "digest": document.digest}
    record(Verb.HAZARD_STEP_TAKEN, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, **told)
    return event, True


def _check_consent(finding: Finding, at: datetime) -> None:
    """Work cannot have been done before the bureau agreed, whatever the order in which it is told."""
    wanted = (FindingEvent.finding_id == finding.id, FindingEvent.kind == EventKind.APPROVED.value)
    agreed = db.session.scalars(select(FindingEvent.at).where(*wanted).order_by(FindingEvent.id.desc())).first()
    if agreed and at < agreed:
        why = _("%(number)s: that is said to have been before the consent of the bureau.", number=finding.number)
        raise Conflict(why, code="before_consent")


def _note(
    finding: Finding,
    kind: EventKind,
    reason: str,
    *,
    by: Person,
    at: datetime,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> FindingEvent:
    event = add_event(finding, kind, reason, by=by, at=at, now=now, facts=facts)
    settle(finding, event, now=now)
    return event


def _hazards(site_id: uuid.UUID, ids: Collection[uuid.UUID]) -> list[Finding]:
    """Those hazards of the site, always in one order: two who decide about the same ones do not lock each other."""
    wanted = (Finding.id.in_(ids), Finding.site_id == site_id, Finding.kind == FindingKind.HAZARD.value)
    found = db.session.scalars(select(Finding).where(*wanted).order_by(Finding.number)).all()
    if len(found) != len(ids):
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return list(found)
