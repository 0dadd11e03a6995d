"""What happens to an approved plan: lines added, moved, cancelled, each with a reason (R4, R5).

Added and moved lines count at once; a line is cancelled only when the bureau has agreed. A line that is done stays as
it is, so that nothing done late can be made timely afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.assets.queries import due_assets
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.plans.history import Story
from webapp.plans.holding import check_day, hold, note
from webapp.plans.material import staff_of
from webapp.plans.models import AddendumKind, LineKind, PlanAddendum, PlanDecision, PlanLine
from webapp.plans.planned import PlannedLine, planned_month
from webapp.plans.spreading import Placed
from webapp.sites.models import Site


@dataclass(frozen=True)
class Addition:
    """A deed after the approval: its name as the form gave it, its reason, the day and people where they matter."""

    id: uuid.UUID
    reason: str
    day: date | None = None
    technician: uuid.UUID | None = None
    supervisor: uuid.UUID | None = None


def add_lines(
    site: Site, month: Month, asset_ids: Collection[uuid.UUID], what: Addition, *, by: Person, now: datetime
) -> int:
    """Adds one check of each asset to an approved plan; how many are new. The same deed again adds nothing.

    Raises:
        Conflict: the plan is not approved, or the month is over.
        Invalid: an asset is not due in this month; the day is past or not of this month; somebody not of this site.
    """
    story = _approved(site, month, now)
    due = {asset.id for asset in due_assets(site.id, month)}
    if not asset_ids or not set(asset_ids) <= due:
        raise Invalid(_("A chosen row is not due in this month. Reload the page and choose again."))
    day = what.day or max(month.first, local_day(now, site.timezone))
    _check(site, month, asset_ids, what, day, now)
    start, end = month.bounds(site.timezone)
    lines = [
        PlanLine(
            id=uuid.uuid5(what.id, f"line {asset_id}"),
            version_id=story.version_id,
            key=f"added:{uuid.uuid5(what.id, str(asset_id))}",
            kind=LineKind.ADDENDUM,
            asset_id=asset_id,
            day=day,
            opens_at=start,
            closes_at=end,
            technician_id=what.technician,
            supervisor_id=what.supervisor,
            is_left_out=False,
            is_addendum=True,
        )
        for asset_id in asset_ids
    ]
    return _add(site, story, lines, what, by=by, now=now)


def add_placed(site: Site, story: Story, placed: Sequence[Placed], what: Addition, *, by: Person, now: datetime) -> int:
    """Adds checks of a presentation to an approved plan; those that are there already are left alone."""
    lines = [
        PlanLine(
            id=uuid.uuid5(what.id, f"line {one.need.key}"),
            version_id=story.version_id,
            key=one.need.key,
            kind=one.need.kind,
            asset_id=one.need.asset_id,
            presentation_id=one.need.presentation_id,
            day=one.day,
            opens_at=one.need.opens_at,
            closes_at=one.need.closes_at,
            due_at=one.need.due_at,
            technician_id=one.technician,
            supervisor_id=one.supervisor,
            is_left_out=False,
            is_addendum=True,
        )
        for one in placed
    ]
    return _add(site, story, lines, what, by=by, now=now)


def move_lines(
    site: Site, month: Month, line_ids: Collection[uuid.UUID], what: Addition, *, by: Person, now: datetime
) -> int:
    """Gives open lines another day or other people; how many are different now.

    Raises:
        Conflict: the plan is not approved, the month is over, or a line is done or cancelled.
        Invalid: no such line; the day is past or not of this month; somebody not of this site; nothing is changed.
    """
    story = _approved(site, month, now)
    chosen = _open_lines(site, month, line_ids, now)
    _check(site, month, [line.asset_id for line in chosen], what, what.day, now)
    if not (what.day or what.technician or what.supervisor):
        raise Invalid(_("Say which day or who instead."), fields={"day": [_("Say which day or who instead.")]})
    count = 0
    for line in chosen:
        day = None if line.due_at or line.day == what.day else what.day
        technician = None if line.technician_id == what.technician else what.technician
        supervisor = None if line.supervisor_id == what.supervisor else what.supervisor
        if day or technician or supervisor:
            people = {"technician_id": technician, "supervisor_id": supervisor}
            count += _addendum(story, line.id, AddendumKind.MOVED, what, line.day, day, by=by, now=now, **people)
    _log(Verb.PLAN_LINES_MOVED, site, story, count, what.reason, by, now)
    return count


def ask_to_cancel(
    site: Site, month: Month, line_ids: Collection[uuid.UUID], what: Addition, *, by: Person, now: datetime
) -> int:
    """Asks the bureau to take open lines out; until it agrees they stay planned. How many wishes are new.

    Raises:
        Conflict: the plan is not approved, the month is over, or a line is done or cancelled.
        Invalid: no such line.
    """
    story = _approved(site, month, now)
    chosen = [line for line in _open_lines(site, month, line_ids, now) if not line.is_leaving]
    count = sum(
        _addendum(story, line.id, AddendumKind.CANCELLED, what, line.day, None, by=by, now=now) for line in chosen
    )
    _log(Verb.PLAN_CANCELLATION_ASKED, site, story, count, what.reason, by, now)
    return count


def decide(
    site: Site,
    month: Month,
    addendum_ids: Collection[uuid.UUID],
    is_approved: bool,
    comment: str = "",
    *,
    by: Person,
    now: datetime,
) -> int:
    """The bureau agrees to cancellations or not. One decision counts for each; of two at once the first.

    Raises:
        Invalid: no such wish in this month's plan.
        Conflict: the plan is not approved, or a wish is decided already.
    """
    story = hold(site, month)
    if not story.is_approved:
        raise Conflict(_("This plan is not approved, so there is nothing to decide."), code="not_approved")
    wanted = select(PlanAddendum.id).where(
        PlanAddendum.plan_id == story.plan_id,
        PlanAddendum.kind == AddendumKind.CANCELLED,
        PlanAddendum.id.in_(addendum_ids),
    )
    found = set(db.session.scalars(wanted))
    if not addendum_ids or found != set(addendum_ids):
        raise Invalid(_("Choose at least one line that is to be cancelled."), fields={"addendum": [_("not known")]})
    for one in sorted(found):
        values = {"is_approved": is_approved, "comment": comment, "decided_at": now, "decided_by": by.id}
        if not insert_if_new(PlanDecision, {"addendum_id": one, **values}, unique=("addendum_id",)):
            raise Conflict(_("This was decided meanwhile. Nothing was changed."), code="decided")
    assert story.plan_id
    facts = {"month": str(month), "lines": len(found), "is_approved": is_approved, "comment": comment}
    note(Verb.PLAN_CANCELLATION_DECIDED, site, story.plan_id, by, now, **facts)
    return len(found)


def _approved(site: Site, month: Month, now: datetime) -> Story:
    story = hold(site, month)
    if not story.is_approved:
        raise Conflict(_("This plan is not approved yet, so it is changed itself and needs no addendum."))
    if now >= month.bounds(site.timezone)[1]:
        raise Conflict(_("This month is over. Its plan stays as it is; what was missed gets a reason in the summary."))
    return story


def _open_lines(site: Site, month: Month, line_ids: Collection[uuid.UUID], now: datetime) -> list[PlannedLine]:
    lines = {line.id: line for line in planned_month(site, month, now).lines}
    if not line_ids or not set(line_ids) <= lines.keys():
        raise Invalid(_("Choose at least one line of this plan."), fields={"line": [_("not in this plan")]})
    chosen = [line for line in lines.values() if line.id in set(line_ids)]
    closed = [line.code for line in chosen if not line.is_open]
    if closed:
        raise Conflict(_("Done or cancelled meanwhile, so nothing was changed: %(codes)s", codes=", ".join(closed[:5])))
    return chosen


def _check(
    site: Site, month: Month, asset_ids: Collection[uuid.UUID], what: Addition, day: date | None, now: datetime
) -> None:
    check_day(site, month, asset_ids, day)
    if day and day < local_day(now, site.timezone):
        raise Invalid(_("This day is past."), fields={"day": [_("This day is past.")]})
    if not staff_of(site.id).has(what.technician, what.supervisor):
        raise Invalid(_("This person cannot be planned here."), fields={"technician": [_("not of this site")]})


def _add(site: Site, story: Story, lines: Sequence[PlanLine], what: Addition, *, by: Person, now: datetime) -> int:
    wanted = select(PlanLine.key).where(PlanLine.version_id == story.version_id)
    here = set(db.session.scalars(wanted))
    fresh = [line for line in lines if line.key not in here]
    db.session.add_all(fresh)
    db.session.flush()
    for line in fresh:
        _addendum(story, line.id, AddendumKind.ADDED, what, None, line.day, by=by, now=now)
    _log(Verb.PLAN_LINES_ADDED, site, story, len(fresh), what.reason, by, now)
    return len(fresh)


def _addendum(
    story: Story,
    line_id: uuid.UUID,
    kind: AddendumKind,
    what: Addition,
    from_day: date | None,
    to_day: date | None,
    *,
    by: Person,
    now: datetime,
    technician_id: uuid.UUID | None = None,
    supervisor_id: uuid.UUID | None = None,
) -> bool:
    """Writes one addendum; False where the same deed has written it before."""
    values = {
        "id": uuid.uuid5(what.id, f"{kind} {line_id}"),
        "plan_id": story.plan_id,
        "line_id": line_id,
        "kind": kind.value,
        "reason": what.reason,
        "from_day": from_day,
        "to_day": to_day,
        "technician_id": technician_id,
        "supervisor_id": supervisor_id,
        "made_at": now,
        "made_by": by.id,
    }
    return insert_if_new(PlanAddendum, values)


def _log(verb: Verb, site: Site, story: Story, count: int, reason: str, by: Person, now: datetime) -> None:
    if count:
        assert story.plan_id
        note(verb, site, story.plan_id, by, now, month=story.month, lines=count, reason=reason)
