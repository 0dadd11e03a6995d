"""The one place where a hazard changes its state: by a conditional UPDATE, so that of two at once one wins."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.extensions import db
from webapp.faults.hazard_rules import State, next_state, state_after
from webapp.faults.hazard_words import why_not
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind
from webapp.kit.problems import Conflict


def turn(finding: Finding, kind: EventKind) -> State:
    """Brings a hazard into the state after this step; the caller adds the event in the same transaction.

    Raises:
        Conflict: it is no hazard, the step is not the next one (no work before consent, R71), or somebody else took
            a step at the same moment.
    """
    if finding.kind != FindingKind.HAZARD:
        raise Conflict(_("%(number)s is a fault: it has no such step.", number=finding.number), code="fault")
    own = FindingEvent.finding_id == finding.id
    kinds = db.session.scalars(select(FindingEvent.kind).where(own).order_by(FindingEvent.id)).all()
    state, after = state_after(kinds), next_state(kinds, kind)
    if after is None:
        raise Conflict(why_not(finding.number, state, kind), code="hazard_state", more={"state": state.value})
    here = (Finding.id == finding.id, Finding.hazard_state == state.value)
    claim = update(Finding).where(*here).values(hazard_state=after.value).returning(Finding.id)
    if db.session.scalar(claim.execution_options(synchronize_session=False)) is None:
        raise Conflict(_("%(number)s was changed by somebody else just now.", number=finding.number), code="race")
    db.session.expire(finding, ["hazard_state"])
    return after
