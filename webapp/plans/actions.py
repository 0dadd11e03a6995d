"""Drafting a plan, changing it, handing it in, returning and approving it (R3, R4)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.plans.history import PlanStatus, Story, stories_of
from webapp.plans.holding import check_day, hold, lines_in, note, plan_named
from webapp.plans.material import minutes_of, needs_in, staff_of
from webapp.plans.models import Plan, PlanLine, PlanStep, PlanVersion, StepKind
from webapp.plans.needs import Need, missing
from webapp.plans.presentations import settle_presentations
from webapp.plans.spreading import Placed, Taken, spread
from webapp.sites.models import Site

COPIED = (
    "key",
    "kind",
    "asset_id",
    "presentation_id",
    "day",
    "opens_at",
    "closes_at",
    "due_at",
    "technician_id",
    "supervisor_id",
    "is_left_out",
)
LEADS_TURN = (PlanStatus.DRAFT, PlanStatus.RETURNED)
BUREAUS_TURN = (PlanStatus.SUBMITTED,)


@dataclass(frozen=True)
class Drafted:
    """What drafting came to: how many lines are new and how many the plan has now."""

    status: PlanStatus
    version: int
    added: int
    lines: int


@dataclass(frozen=True)
class Change:
    """What is to become of lines; None leaves as it is. A check before a presentation keeps its day and hour."""

    day: date | None = None
    technician: uuid.UUID | None = None
    supervisor: uuid.UUID | None = None
    is_left_out: bool | None = None


def draft(site: Site, month: Month, *, by: Person | None, now: datetime) -> Drafted:
    """Drafts the plan of a month from the cycles, or completes the draft that is there. `by`: None on the command line.

    Again, at any time, it adds what is missing and nothing else: days, people and lines left out by hand stay. A plan
    that was handed in or approved is left alone.

    Raises:
        Conflict: the month is over, or nothing is due in it.
    """
    today = local_day(now, site.timezone)
    if month < Month.of(today):
        raise Conflict(_("This month is over. Only the present month and later ones can be planned."))
    plan_id = plan_named(site.id, month)
    values = {"id": plan_id, "site_id": site.id, "month": str(month), "created_at": now}
    insert_if_new(Plan, values)
    story = hold(site, month)
    lines = lines_in(story.version_id)
    if story.status in (*BUREAUS_TURN, PlanStatus.APPROVED):
        return Drafted(story.status, story.number, 0, len(lines))
    needs = needs_in(site, month, max(month.first, today))
    if not needs:
        raise Conflict(_("Nothing is due in this month, so there is nothing to plan."))
    placed = _placed(site, needs, lines)
    if placed:
        version = _for_more(story, plan_id, lines, now=now)
        db.session.add_all(_new_line(version, one) for one in placed)
        db.session.flush()
        facts = {"month": str(month), "version": version.number, "added": len(placed)}
        note(Verb.PLAN_DRAFTED, site, plan_id, by, now, **facts)
        story = stories_of(site.id, [month])[str(month)]
    return Drafted(story.status, story.number, len(placed), len(lines) + len(placed))


def change(
    site: Site,
    month: Month,
    keys: Collection[str],
    what: Change,
    *,
    version: int,
    is_bureau: bool,
    by: Person,
    now: datetime,
) -> int:
    """Changes lines of the plan; how many are different now. Makes a new version unless the newest is one's own.

    The lead changes a draft or a returned plan, the bureau one that was handed in. `version` is the one that was seen.

    Raises:
        Conflict: it is the other side's turn, or the plan was changed meanwhile.
        Invalid: no such line, a day outside the month or the service period, somebody who cannot be planned here.
    """
    story = _in_turn(site, month, BUREAUS_TURN if is_bureau else LEADS_TURN, version)
    lines = lines_in(story.version_id)
    chosen = [line for line in lines if line.key in set(keys)]
    _check(site, month, chosen, keys, what)
    wanted = {line.key: values for line in chosen if (values := _differences(line, what))}
    if not wanted:
        return 0
    written = story.newest
    if story.is_frozen or not written or written.made_by != by.id:
        made = _next_version(story, by=by, now=now)
        lines = _copied(lines, made)
    for line in lines:
        for name, value in wanted.get(line.key, {}).items():
            setattr(line, name, value)
    db.session.flush()
    assert story.plan_id
    note(Verb.PLAN_CHANGED, site, story.plan_id, by, now, month=str(month), lines=len(wanted), **_said(what))
    return len(wanted)


def submit(site: Site, month: Month, *, version: int, comment: str = "", by: Person, now: datetime) -> None:
    """Hands the plan in. Raises Conflict: not the lead's turn, changed meanwhile, or nothing in it."""
    story = _in_turn(site, month, LEADS_TURN, version)
    if all(line.is_left_out for line in lines_in(story.version_id)):
        raise Conflict(_("The plan has no lines, so it cannot be handed in."))
    _step(site, story, StepKind.SUBMITTED, comment, by=by, now=now)


def give_back(site: Site, month: Month, *, version: int, comment: str, by: Person, now: datetime) -> None:
    """Returns the plan to the lead with a comment. Raises Conflict: it is not with the bureau, or changed meanwhile."""
    _step(site, _in_turn(site, month, BUREAUS_TURN, version), StepKind.RETURNED, comment, by=by, now=now)


def approve(site: Site, month: Month, *, version: int, comment: str = "", by: Person, now: datetime) -> None:
    """Fixes the plan: from now on it makes rounds. Presentations entered meanwhile follow as addenda.

    Raises:
        Conflict: it is not with the bureau, was changed meanwhile, or somebody else was first.
    """
    _step(site, _in_turn(site, month, BUREAUS_TURN, version), StepKind.APPROVED, comment, by=by, now=now)
    settle_presentations(site, month, by=by, now=now)


def _in_turn(site: Site, month: Month, turn: Sequence[PlanStatus], version: int) -> Story:
    story = hold(site, month)
    if story.status is PlanStatus.NONE:
        raise Conflict(_("There is no plan for this month yet."), code="no_plan")
    if story.status not in turn:
        raise Conflict(_said_of(story.status), code="not_your_turn")
    if story.number != version:
        raise Conflict(
            _("Somebody changed the plan meanwhile. Nothing was done; look at the new version first."), code="changed"
        )
    return story


def _said_of(status: PlanStatus) -> str:
    return {
        PlanStatus.DRAFT: _("The plan has not been handed in yet."),
        PlanStatus.SUBMITTED: _("The plan is with the bureau. It can be changed again once it has been returned."),
        PlanStatus.RETURNED: _("The plan has been returned and is with the project lead."),
        PlanStatus.APPROVED: _("The plan is approved. What changes now is an addendum."),
    }[status]


def _placed(site: Site, needs: Sequence[Need], lines: Sequence[PlanLine]) -> list[Placed]:
    """What no line stands for yet, spread around what is planned already."""
    wanted = missing(needs, {line.key for line in lines})
    minutes = minutes_of(needs)
    taken = [
        Taken(line.day, minutes.get(line.asset_id, 0), line.technician_id, line.supervisor_id)
        for line in lines
        if not line.is_left_out
    ]
    staff = staff_of(site.id)
    return spread(wanted, [one.id for one in staff.technicians], [one.id for one in staff.supervisors], taken)


def _new_line(version: PlanVersion, placed: Placed) -> PlanLine:
    need = placed.need
    return PlanLine(
        version_id=version.id,
        key=need.key,
        kind=need.kind,
        asset_id=need.asset_id,
        presentation_id=need.presentation_id,
        day=placed.day,
        opens_at=need.opens_at,
        closes_at=need.closes_at,
        due_at=need.due_at,
        technician_id=placed.technician,
        supervisor_id=placed.supervisor,
    )


def _for_more(story: Story, plan_id: uuid.UUID, lines: Iterable[PlanLine], *, now: datetime) -> PlanVersion:
    """The version that takes more lines: the newest one unless a step names it, else a copy of it.

    What is drafted is nobody's by hand, whoever asked for it, so that the first change makes a version to compare with.
    """
    if story.newest and not story.is_frozen:
        return db.session.get_one(PlanVersion, story.newest.id)
    version = _next_version(story, by=None, now=now, plan_id=plan_id)
    _copied(lines, version)
    return version


def _next_version(story: Story, *, by: Person | None, now: datetime, plan_id: uuid.UUID | None = None) -> PlanVersion:
    version = PlanVersion(
        id=uuid.uuid4(),
        plan_id=story.plan_id or plan_id,
        number=story.number + 1,
        made_at=now,
        made_by=by.id if by else None,
    )
    db.session.add(version)
    db.session.flush()
    return version


def _copied(lines: Iterable[PlanLine], version: PlanVersion) -> list[PlanLine]:
    copies = [PlanLine(version_id=version.id, **{name: getattr(line, name) for name in COPIED}) for line in lines]
    db.session.add_all(copies)
    return copies


def _check(site: Site, month: Month, chosen: Sequence[PlanLine], keys: Collection[str], what: Change) -> None:
    if not chosen or len(chosen) != len(set(keys)):
        raise Invalid(_("Choose at least one line of this plan."), fields={"line": [_("not in this plan")]})
    if not staff_of(site.id).has(what.technician, what.supervisor):
        raise Invalid(_("This person cannot be planned here."), fields={"technician": [_("not of this site")]})
    check_day(site, month, [line.asset_id for line in chosen if not line.due_at], what.day)


def _differences(line: PlanLine, what: Change) -> dict[str, Any]:
    wanted = {
        "day": None if line.due_at else what.day,
        "technician_id": what.technician,
        "supervisor_id": what.supervisor,
        "is_left_out": what.is_left_out,
    }
    return {name: value for name, value in wanted.items() if value is not None and value != getattr(line, name)}


def _said(what: Change) -> dict[str, Any]:
    """A change as facts of the log."""
    return {name: str(value) for name, value in vars(what).items() if value is not None}


def _step(site: Site, story: Story, kind: StepKind, comment: str, *, by: Person, now: datetime) -> None:
    """Adds the next step. Of two at once the number goes to one; the other is told."""
    values = {
        "id": uuid.uuid4(),
        "plan_id": story.plan_id,
        "number": len(story.steps) + 1,
        "kind": kind.value,
        "version_id": story.version_id,
        "comment": comment,
        "taken_at": now,
        "taken_by": by.id,
    }
    if not insert_if_new(PlanStep, values, unique=("plan_id", "number")):
        raise Conflict(_("Somebody else was faster. Nothing was done; look at the plan again."), code="changed")
    verbs = {
        StepKind.SUBMITTED: Verb.PLAN_SUBMITTED,
        StepKind.RETURNED: Verb.PLAN_RETURNED,
        StepKind.APPROVED: Verb.PLAN_APPROVED,
    }
    assert story.plan_id
    note(verbs[kind], site, story.plan_id, by, now, month=story.month, version=story.number, comment=comment)
