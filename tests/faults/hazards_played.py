"""Playing a hazard by its real steps: what tests of other rooms need, too."""

from __future__ import annotations

import uuid
from datetime import datetime

from tests.faults.played import somebody
from webapp.extensions import db
from webapp.faults.actions import close
from webapp.faults.hazard_schemas import HazardStepSchema
from webapp.faults.hazards import Decision, decide, hand_in_list, step_document, take_step
from webapp.faults.models import Finding, FindingEvent
from webapp.kit.clock import Month, local_day
from webapp.sites.models import Site
from webapp.sync.actions import NOT_SENT, Sending


def put_on_list(*hazards: Finding, now: datetime, by: str = "lead", month: Month | None = None) -> None:
    """On the list of the month of `now`."""
    site = db.session.get_one(Site, hazards[0].site_id)
    month = month or Month.of(local_day(now, site.timezone))
    hand_in_list(site, month, {hazard.id: "tighten it" for hazard in hazards}, by=somebody(by), now=now)


def say(hazard: Finding, *, yes: bool, now: datetime, reason: str = "") -> None:
    """The word of the bureau."""
    said = Decision(hazard.id, is_approved=yes, reason=reason or ("" if yes else "not needed"))
    decide(hazard.site_id, [said], by=somebody("supervisor"), now=now)


def work(
    hazard: Finding, kind: str, *, by: str, now: datetime, sending: Sending = NOT_SENT, **fields: object
) -> FindingEvent:
    """One step as its door takes it, without a request. `happened_at` and `claimed_at` may be given."""
    person = somebody(by)
    moments = {name: fields.pop(name) for name in ("happened_at", "claimed_at") if name in fields}
    loaded = HazardStepSchema().load({"id": str(uuid.uuid4()), "kind": kind, **fields}) | moments
    document = step_document(hazard.id, loaded, [], person, sending)
    return take_step(hazard.id, document, loaded, by=person, now=now)[0]


def rectify(hazard: Finding, *, now: datetime) -> None:
    """From found to done, at one moment; only the check is left."""
    put_on_list(hazard, now=now)
    say(hazard, yes=True, now=now)
    work(hazard, "started", by="tech", now=now)
    work(hazard, "done", by="tech", now=now, text="tightened")


def check(hazard: Finding, *, now: datetime) -> None:
    """The bureau has looked at it: it is done."""
    close(hazard, "looks fine", by=somebody("supervisor"), now=now)
