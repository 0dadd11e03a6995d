"""Problems behind faults (R68) and the bureau's word about repeats (R81): opening, steps, links, decisions, reading."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.gathering import faults_between
from webapp.faults.models import EventKind, Finding, FindingEvent, FindingKind
from webapp.faults.problem_models import (
    Problem,
    ProblemFault,
    ProblemState,
    ProblemStep,
    ProblemTurn,
    RepeatDecision,
)
from webapp.faults.repeats import WITHIN, Candidate, candidates
from webapp.faults.rules import next_number
from webapp.kit.clock import Month, local_day
from webapp.kit.insert import insert_if_new
from webapp.kit.problems import Conflict, Invalid, NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import Site
from webapp.sites.rules import Right

PAGE_SIZE = 50
PREFIX = "WT"  # 问题


@dataclass(frozen=True)
class Proposal:
    """A candidate with what the bureau said last; the findings carry their assets."""

    candidate: Candidate
    finding: Finding
    earlier: Finding
    decision: RepeatDecision | None


@dataclass(frozen=True)
class Tie:
    """A problem that a fault is or was part of. `turn`: untied or tied again last, `by` whom; None: as it was tied."""

    problem_id: uuid.UUID
    number: str
    title: str
    turn: ProblemTurn | None
    by: str

    @property
    def holds(self) -> bool:
        """Whether it is part of it now."""
        return self.turn is None or self.turn.is_tied


@dataclass(frozen=True)
class Shelf:
    """One page of problems, the newest first."""

    rows: Sequence[Problem]
    total: int
    number: int
    pages: int


def open_problem(
    site: Site, fields: Mapping[str, Any], numbers: Sequence[str], *, by: Person, now: datetime
) -> Problem:
    """A problem with its first step and the faults of these numbers; numbered per site and month.

    Raises:
        Invalid: a number is none of a fault of this site, or there is none at all.
    """
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update(key_share=True))
    month = Month.of(local_day(now, site.timezone))
    prefix = f"{PREFIX}-{month.year % 100:02d}{month.month:02d}-"
    last = db.session.scalar(
        select(Problem.number)
        .where(Problem.site_id == site.id, Problem.number.startswith(prefix))
        .order_by(func.length(Problem.number).desc(), Problem.number.desc())
        .limit(1)
    )
    problem = Problem(
        id=uuid.uuid4(),
        site_id=site.id,
        number=next_number(prefix, last),
        title=fields["title"],
        opened_by=by.id,
        opened_at=now,
    )
    db.session.add(problem)
    db.session.flush()
    told = {"number": problem.number, "faults": sorted(numbers)}
    record(Verb.PROBLEM_OPENED, f"problem:{problem.id}", by=by.id, now=now, site_id=site.id, **told)
    _step(problem, {**fields, "state": ProblemState.OPEN.value}, by=by, now=now)
    link(problem, numbers, by=by, now=now)
    return problem


def take_step(problem: Problem, fields: Mapping[str, Any], *, by: Person, now: datetime) -> ProblemStep:
    """A further row: state, owner, next day and words as they are from now on."""
    step = _step(problem, fields, by=by, now=now)
    told = {"state": step.state, "owner": step.owner, "next_on": str(step.next_on or "")}
    record(Verb.PROBLEM_STEP_TAKEN, f"problem:{problem.id}", by=by.id, now=now, site_id=problem.site_id, **told)
    return step


def link(problem: Problem, numbers: Sequence[str], *, by: Person, now: datetime) -> None:
    """Faults by their numbers become part of the problem; one that is part of it already stays so.

    Raises:
        Invalid: a number is none of a fault of this site, or there is none at all.
    """
    wanted = list(dict.fromkeys(number.upper() for number in numbers))
    ours = (Finding.site_id == problem.site_id, Finding.kind == FindingKind.FAULT.value)
    found = {row.number: row.id for row in db.session.execute(
        select(Finding.number, Finding.id).where(*ours, Finding.number.in_(wanted))
    )}  # fmt: skip
    unknown = [number for number in wanted if number not in found]
    if unknown or not wanted:
        why = (
            _("There is no fault called %(numbers)s here.", numbers=", ".join(unknown))
            if unknown
            else _("Name at least one fault by its number.")
        )
        raise Invalid(why, fields={"faults": [why]})
    _lock(problem)
    for number in wanted:
        row = {"problem_id": problem.id, "finding_id": found[number], "linked_by": by.id, "linked_at": now}
        is_new = insert_if_new(ProblemFault, row, ("problem_id", "finding_id"))
        if not is_new and _is_tied(problem, found[number]):
            continue
        if not is_new:
            _turn(problem, found[number], is_tied=True, reason="", by=by, now=now)
        _record(Verb.PROBLEM_FAULT_LINKED, problem, by, now, fault=number)


def untie(problem: Problem, finding_id: uuid.UUID, reason: str, *, by: Person, now: datetime) -> None:
    """A fault that was tied to the problem by mistake is no part of it any more. Who tied it when stays.

    Raises:
        Conflict: it is no part of it (any more); of two at the same moment one wins.
    """
    _lock(problem)
    number = db.session.scalar(
        select(Finding.number).where(Finding.id == finding_id, Finding.site_id == problem.site_id)
    )
    if number is None or not _is_tied(problem, finding_id):
        raise Conflict(_("This fault is not part of the problem (any more)."), code="not_tied")
    _turn(problem, finding_id, is_tied=False, reason=reason, by=by, now=now)
    _record(Verb.PROBLEM_FAULT_UNTIED, problem, by, now, fault=number, reason=reason)


def problem_for(person: Person, problem_id: uuid.UUID, right: Right = Right.READ) -> Problem:
    """The problem with steps and faults, if the person has the right in its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    faults = selectinload(Problem.links).joinedload(ProblemFault.finding)
    problem = db.session.scalar(
        select(Problem)
        .options(selectinload(Problem.steps), selectinload(Problem.turns), faults.joinedload(Finding.asset))
        .where(Problem.id == problem_id)
        .execution_options(populate_existing=True)
    )
    if problem is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, problem.site_id)
    return problem


def problems_of(site_id: uuid.UUID, number: int = 1) -> Shelf:
    """One page of the problems of a site, the newest first, with steps and links. Five statements."""
    total = db.session.scalar(select(func.count()).where(Problem.site_id == site_id)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    rows = db.session.scalars(
        select(Problem)
        .options(selectinload(Problem.steps), selectinload(Problem.links), selectinload(Problem.turns))
        .where(Problem.site_id == site_id)
        .order_by(Problem.opened_at.desc(), Problem.number.desc())
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    return Shelf(rows, total, number, pages)


def ties_of(finding_id: uuid.UUID) -> list[Tie]:
    """The problems that a fault is or was part of. One statement."""
    newest = (
        select(func.max(ProblemTurn.id))
        .where(ProblemTurn.problem_id == Problem.id, ProblemTurn.finding_id == finding_id)
        .correlate(Problem)
        .scalar_subquery()
    )
    wanted = (
        select(Problem.id, Problem.number, Problem.title, ProblemTurn, Person.name)
        .join(ProblemFault, ProblemFault.problem_id == Problem.id)
        .outerjoin(ProblemTurn, ProblemTurn.id == newest)
        .outerjoin(Person, Person.id == ProblemTurn.by)
        .where(ProblemFault.finding_id == finding_id)
        .order_by(Problem.number)
    )
    return [Tie(row.id, row.number, row.title, row.ProblemTurn, row.name or "") for row in db.session.execute(wanted)]


def story_of(problem: Problem) -> list[ProblemStep | ProblemFault | ProblemTurn]:
    """What happened to a problem, oldest first: steps, faults that were tied to it later, what was untied."""
    later = [link for link in problem.links if link.linked_at > problem.opened_at]
    story: list[ProblemStep | ProblemFault | ProblemTurn] = [*problem.steps, *later, *problem.turns]
    return sorted(story, key=lambda one: one.linked_at if isinstance(one, ProblemFault) else one.at)


def pressed(finding_ids: Collection[uuid.UUID]) -> Sequence[FindingEvent]:
    """When supplier, construction unit, district bureau and client were told of these faults (R63), oldest first."""
    told = (FindingEvent.finding_id.in_(finding_ids), FindingEvent.kind == EventKind.TICKED.value)
    return db.session.scalars(select(FindingEvent).where(*told).order_by(FindingEvent.at, FindingEvent.id)).all()


def proposals(site: Site, month: Month) -> list[Proposal]:
    """Faults reported in a month that may repeat an earlier one, with what was decided; whatever was decided stays."""
    start, end = month.bounds(site.timezone)
    found = [
        each for each in candidates(faults_between(site.id, start - WITHIN, end)) if each.fault.reported_at >= start
    ]
    ids = {one for each in found for one in (each.fault.id, each.earlier.id)}
    wanted = select(Finding).options(joinedload(Finding.asset)).where(Finding.id.in_(ids))
    rows = {finding.id: finding for finding in db.session.scalars(wanted)}
    said = decisions_about([each.fault.id for each in found])
    return [Proposal(each, rows[each.fault.id], rows[each.earlier.id], said.get(each.fault.id)) for each in found]


def decisions_about(finding_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, RepeatDecision]:
    """What the bureau said last about these faults."""
    wanted = select(RepeatDecision).where(RepeatDecision.finding_id.in_(finding_ids)).order_by(RepeatDecision.id)
    return {row.finding_id: row for row in db.session.scalars(wanted)}


def decide(
    finding: Finding, earlier_id: uuid.UUID, is_repeat: bool, reason: str, *, by: Person, now: datetime
) -> RepeatDecision:
    """The bureau says whether a fault repeats an earlier one. A later word counts instead, both stay.

    Raises:
        Invalid: the other is no fault of the same device, or is not the earlier one.
    """
    earlier = db.session.get(Finding, earlier_id)
    is_alike = earlier and finding.asset_id and earlier.asset_id == finding.asset_id and earlier.kind == finding.kind
    if not earlier or not is_alike or earlier.id == finding.id or earlier.reported_at > finding.reported_at:
        why = _("These two are not faults of the same device, one after the other.")
        raise Invalid(why, fields={"earlier": [why]})
    decision = RepeatDecision(
        finding_id=finding.id,
        earlier_id=earlier_id,
        is_repeat=is_repeat,
        reason=reason,
        decided_by=by.id,
        decided_at=now,
    )
    db.session.add(decision)
    told = {"repeat": is_repeat, "earlier": earlier.number, "reason": reason}
    record(Verb.REPEAT_DECIDED, f"finding:{finding.id}", by=by.id, now=now, site_id=finding.site_id, **told)
    db.session.flush()
    return decision


def is_due(problem: Problem, today: date) -> bool:
    """Whether an open problem should be looked at."""
    return problem.is_open and problem.newest.next_on is not None and problem.newest.next_on <= today


def _lock(problem: Problem) -> None:
    """Of two who tie and untie at once the second one sees what the first has done."""
    db.session.execute(select(Problem.id).where(Problem.id == problem.id).with_for_update(key_share=True))


def _is_tied(problem: Problem, finding_id: uuid.UUID) -> bool:
    here = (ProblemTurn.problem_id == problem.id, ProblemTurn.finding_id == finding_id)
    said = db.session.scalar(select(ProblemTurn.is_tied).where(*here).order_by(ProblemTurn.id.desc()).limit(1))
    if said is not None:
        return said
    return db.session.get(ProblemFault, (problem.id, finding_id)) is not None


def _turn(problem: Problem, finding_id: uuid.UUID, *, is_tied: bool, reason: str, by: Person, now: datetime) -> None:
    turn = ProblemTurn(problem_id=problem.id, finding_id=finding_id, is_tied=is_tied, reason=reason, by=by.id, at=now)
    db.session.add(turn)
    db.session.flush()


def _record(verb: Verb, problem: Problem, by: Person, now: datetime, **facts: object) -> None:
    record(verb, f"problem:{problem.id}", by=by.id, now=now, site_id=problem.site_id, **facts)


def _step(problem: Problem, fields: Mapping[str, Any], *, by: Person, now: datetime) -> ProblemStep:
    step = ProblemStep(
        problem_id=problem.id,
        state=fields["state"],
        owner_kind=fields["owner_kind"],
        owner=fields["owner"],
        next_on=fields.get("next_on"),
        text=fields.get("text", ""),
        by=by.id,
        at=now,
    )
    db.session.add(step)
    db.session.flush()
    return step
