"""The way of the summary between provider and bureau: what is told about findings, handing in, return, acceptance.

Every step is a row with the summary as it stood; nothing that was handed in is overwritten (R3, R8, R11).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid, NotFound
from webapp.people.models import Person
from webapp.reports.closing_content import content_text, digest_of
from webapp.reports.figures import FIGURES, count_of
from webapp.reports.holding import hold, refuse_closed
from webapp.reports.models import FindingNote, MonthStep
from webapp.reports.monthly import build, phase_of
from webapp.reports.queries import findings_of
from webapp.reports.said import told_of
from webapp.reports.steps import ReviewState, StepKind
from webapp.reports.summary import MonthlySummary, Phase
from webapp.sites.models import Site

VERBS = {
    StepKind.HANDED_IN: Verb.MONTH_HANDED_IN,
    StepKind.RETURNED: Verb.MONTH_RETURNED,
    StepKind.ACCEPTED: Verb.MONTH_ACCEPTED,
}


def tell(
    site: Site,
    month: Month,
    finding_ids: Sequence[uuid.UUID],
    handling: str,
    next_steps: str,
    *,
    by: Person,
    now: datetime,
    request_id: uuid.UUID | None = None,
) -> int:
    """Writes down what was done about faults and hazards of a month and what is planned; how many texts are new.

    `request_id` is what the device called the deed: the same deed again adds nothing.

    Raises:
        Invalid: a record is not of this month and command centre.
        Conflict: the month has not begun or is closed; the same deed came with other words.
    """
    hold(site, month)
    refuse_closed(site, month)
    _refuse_coming(phase_of(month, local_day(now, site.timezone)))
    names = {each: uuid.uuid5(request_id, str(each)) if request_id else uuid.uuid4() for each in set(finding_ids)}
    known = {
        note.id: note for note in db.session.scalars(select(FindingNote).where(FindingNote.id.in_(names.values())))
    }
    if any((note.handling, note.next_steps) != (handling, next_steps) for note in known.values()):
        raise Conflict(_("These records already have another text under this name. Reload the page and try again."))
    here = {finding.id for finding in findings_of(site, month)}
    if not here.issuperset(names):
        raise Invalid(
            _("A chosen record is not of this month. Reload the page and choose again."),
            fields={"finding": [_("not of this month")]},
        )
    fresh = {finding_id: name for finding_id, name in names.items() if name not in known}
    for finding_id, name in fresh.items():
        said = {"handling": handling, "next_steps": next_steps}
        db.session.add(
            FindingNote(id=name, finding_id=finding_id, month=str(month), told_by=by.id, told_at=now, **said)
        )
        facts = {"month": str(month), **said}
        record(Verb.FINDING_TOLD, f"finding:{finding_id}", by=by.id, now=now, site_id=site.id, **facts)
    db.session.flush()
    return len(fresh)


def hand_in(
    site: Site, month: Month, comment: str, *, by: Person, now: datetime, request_id: uuid.UUID | None = None
) -> MonthStep:
    """The provider hands in the summary as it stands. It may be handed in anew when something changed since.

    Raises:
        Invalid: faults or hazards lack what was done or what is planned (R11).
        Conflict: nothing is due, the month has not begun or is closed, or just this was handed in already.
    """
    if old := _known(request_id, StepKind.HANDED_IN, comment):
        return old
    summary = _held(site, month, now)
    if not summary.rows:
        raise Conflict(_("Nothing is due in this month, so there is nothing to hand in."))
    if summary.untold:
        raise Invalid(
            _("Some faults or hazards lack what was done or what is planned. Nothing was handed in."),
            fields={"finding": [finding.number for finding in summary.untold]},
        )
    is_waiting = summary.review in (ReviewState.HANDED_IN, ReviewState.ACCEPTED)
    if is_waiting and summary.steps[-1].digest == digest_of(summary):
        raise Conflict(_("Just this summary was handed in already. Nothing was changed."))
    return _taken(StepKind.HANDED_IN, summary, comment, site=site, by=by, now=now, request_id=request_id)


def give_back(
    site: Site, month: Month, comment: str, *, by: Person, now: datetime, request_id: uuid.UUID | None = None
) -> MonthStep:
    """The bureau returns the summary with a comment.

    Raises:
        Invalid: there is no comment.
        Conflict: nothing waits for the bureau, or the month is closed.
    """
    if old := _known(request_id, StepKind.RETURNED, comment):
        return old
    if not comment:
        raise Invalid(_("Say what is to be mended."), fields={"comment": [_("Say what is to be mended.")]})
    summary = _held(site, month, now)
    _refuse_unless_handed_in(summary)
    return _taken(StepKind.RETURNED, summary, comment, site=site, by=by, now=now, request_id=request_id)


def accept(
    site: Site,
    month: Month,
    comment: str,
    covers: str,
    *,
    by: Person,
    now: datetime,
    request_id: uuid.UUID | None = None,
) -> MonthStep:
    """The bureau accepts the summary as it stands; `covers` is the digest of what was shown to it.

    Raises:
        Conflict: nothing waits for the bureau, the month is closed, or something changed while the bureau looked.
    """
    if old := _known(request_id, StepKind.ACCEPTED, comment):
        return old
    summary = _held(site, month, now)
    _refuse_unless_handed_in(summary)
    if covers != digest_of(summary):
        raise Conflict(_("Something changed in this month while you looked at it. Look again before you accept it."))
    return _taken(StepKind.ACCEPTED, summary, comment, site=site, by=by, now=now, request_id=request_id)


def step_for(site: Site, month: Month, number: int) -> MonthStep:
    """A step with the summary as it stood then. Raises NotFound."""
    wanted = select(MonthStep).where(
        MonthStep.site_id == site.id, MonthStep.month == str(month), MonthStep.number == number
    )
    step = db.session.scalar(wanted)
    if step is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    return step


def _held(site: Site, month: Month, now: datetime) -> MonthlySummary:
    """The month as it stands, with everything that belongs to it kept waiting."""
    hold(site, month)
    refuse_closed(site, month)
    summary = build(site, month, now, told=told_of(site, month))
    _refuse_coming(summary.phase)
    return summary


def _refuse_coming(phase: Phase) -> None:
    if phase is Phase.COMING:
        raise Conflict(_("This month has not begun yet."))


def _refuse_unless_handed_in(summary: MonthlySummary) -> None:
    if summary.review is not ReviewState.HANDED_IN:
        raise Conflict(_("No summary waits for the bureau: it was not handed in, or it was decided already."))


def _known(request_id: uuid.UUID | None, kind: StepKind, comment: str) -> MonthStep | None:
    """The step that this very deed made before."""
    old = db.session.get(MonthStep, request_id) if request_id else None
    if old and (old.kind, old.comment) != (kind.value, comment):
        raise Conflict(_("This step was taken already with other words. Reload the page and try again."))
    return old


def _taken(
    kind: StepKind,
    summary: MonthlySummary,
    comment: str,
    *,
    site: Site,
    by: Person,
    now: datetime,
    request_id: uuid.UUID | None,
) -> MonthStep:
    month, name = summary.month, request_id or uuid.uuid4()
    taken = select(func.max(MonthStep.number)).where(MonthStep.site_id == site.id, MonthStep.month == month)
    values = {
        "id": name,
        "site_id": site.id,
        "month": month,
        "number": (db.session.scalar(taken) or 0) + 1,
        "kind": kind.value,
        "comment": comment,
        "taken_by": by.id,
        "taken_at": now,
        "figures": {figure: count_of(summary, figure) for figure in FIGURES},
        "digest": digest_of(summary),
        "content": content_text(summary, {}, []),
    }
    if not insert_if_new(MonthStep, values, ("site_id", "month", "number")):
        raise Conflict(_("Somebody else took a step at the same moment. Look at it first."))
    facts = {"month": month, "comment": comment, "digest": values["digest"]}
    record(VERBS[kind], f"month:{site.id}:{month}", by=by.id, now=now, site_id=site.id, **facts)
    db.session.flush()
    return db.session.get_one(MonthStep, name)
