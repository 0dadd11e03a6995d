"""Finding calls. `call_for` is the only door to a row."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.assets.models import Asset
from webapp.calls.models import Call
from webapp.calls.rules import OPEN, State, due_on, state_of
from webapp.extensions import db
from webapp.faults.models import Finding
from webapp.kit.clock import Month, local_day
from webapp.kit.problems import NotFound
from webapp.people.models import Person
from webapp.sites.access import require
from webapp.sites.models import Site
from webapp.sites.rules import Right

PAGE_SIZE = 50
MOST_WAITING = 200


@dataclass(frozen=True)
class Line:
    """A call with where it stands. `fault` is the first one that came from it; `due`: when it is looked at."""

    call: Call
    state: State
    fault: Finding | None
    due: date | None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.state in OPEN

    def is_due(self, today: date) -> bool:
        """Whether its day has come."""
        return self.due is not None and self.due <= today


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; blank or None leaves a condition out.

    `may_see_callers`: whether words are also looked for in names and telephone numbers. Who may not read them must not
    be able to guess them either.
    """

    kind: str = ""
    month: Month | None = None
    text: str = ""
    may_see_callers: bool = False


@dataclass(frozen=True)
class Found:
    """One page of the register: open ones first, the oldest in front, then the others by month, newest first."""

    open: list[Line]
    months: list[tuple[Month, list[Line]]]
    total: int
    number: int
    pages: int


def call_for(person: Person, call_id: uuid.UUID, right: Right = Right.READ) -> Call:
    """The call with device, taker and steps, if the person has the right in its site.

    Raises:
        NotFound: not there, or of a site where the person has no role.
        Refused: the person lacks the right there.
    """
    wanted = select(Call).options(joinedload(Call.asset).joinedload(Asset.system), *_WITH).where(Call.id == call_id)
    call = db.session.scalar(wanted.execution_options(populate_existing=True))
    if call is None:
        raise NotFound(_("There is nothing at this address, or it is not for you to see."))
    require(person, right, call.site_id)
    return call


def faults_of(call: Call) -> Sequence[Finding]:
    """The faults and hazards that came from a call, the first one in front; mostly one."""
    named = or_(Finding.source == call.as_source, Finding.source.startswith(f"{call.as_source}:"))
    wanted = select(Finding).options(joinedload(Finding.asset)).where(Finding.site_id == call.site_id, named)
    return db.session.scalars(wanted.order_by(Finding.source)).all()


def find(site: Site, wanted: Wanted, number: int = 1) -> Found:
    """One page of the calls that fit. A page beyond the last one is the last one. Four statements."""
    fitting = _conditions(site, wanted)
    total = db.session.scalar(select(func.count()).select_from(Call).outerjoin(Call.asset).where(*fitting)) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    number = min(max(1, number), pages)
    rows = db.session.scalars(
        select(Call)
        .outerjoin(Call.asset)
        .options(joinedload(Call.asset), *_WITH)
        .where(*fitting)
        .order_by(open_now().desc(), case((open_now(), Call.called_at)), Call.called_at.desc(), Call.number.desc())
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    ).all()
    lines = lines_of(site, rows)
    by_month: dict[Month, list[Line]] = {}
    for line in lines:
        if not line.is_open:
            by_month.setdefault(Month.of(local_day(line.call.called_at, site.timezone)), []).append(line)
    return Found([line for line in lines if line.is_open], list(by_month.items()), total, number, pages)


def counts_in(site: Site, month: Month) -> dict[str, int]:
    """Kind → how many calls of a month, by the time of the call; "open": how many of all calls are open now."""
    start, end = month.bounds(site.timezone)
    counted = select(Call.kind, func.count()).where(
        Call.site_id == site.id, Call.called_at >= start, Call.called_at < end
    )
    found = {row[0]: row[1] for row in db.session.execute(counted.group_by(Call.kind))}
    is_open = select(func.count()).select_from(Call).where(Call.site_id == site.id, open_now())
    return found | {"open": db.session.scalar(is_open) or 0}


def waiting_in(site: Site, today: date) -> list[Line]:
    """The open calls whose day has come, faults that nobody has entered in front. Three statements."""
    rows = db.session.scalars(
        select(Call)
        .options(joinedload(Call.asset), *_WITH)
        .where(Call.site_id == site.id, open_now())
        .order_by(Call.called_at)
        .limit(MOST_WAITING)
    ).all()
    due = [line for line in lines_of(site, rows) if line.is_due(today)]
    return sorted(due, key=lambda line: (line.state is not State.FAULT_MISSING, line.due))


def lines_of(site: Site, calls: Sequence[Call]) -> list[Line]:
    """Where calls of a site stand; their steps are loaded. One statement."""
    wanted = select(Finding).where(Finding.source.in_([call.as_source for call in calls]), Finding.site_id == site.id)
    faults = {finding.source: finding for finding in db.session.scalars(wanted)} if calls else {}
    lines = []
    for call in calls:
        fault = faults.get(call.as_source)
        state = state_of(call.kind, [step.kind for step in call.steps], fault is not None)
        called_on = local_day(call.called_at, site.timezone)
        lines.append(Line(call, state, fault, due_on(state, called_on, call.steps[-1].next_on)))
    return lines


def open_now() -> ColumnElement[bool]:
    """As a criterion: nothing has ended the call, and no fault of its site names it as its source."""
    fault = exists().where(Finding.source == Call.as_source, Finding.site_id == Call.site_id)
    return and_(Call.closed_at.is_(None), not_(fault))


_WITH = (joinedload(Call.taker), selectinload(Call.steps))
_SEARCHED = (Call.number, Call.text, Call.effect, Call.organisation, Call.form_number, Asset.name, Asset.code)


def _conditions(site: Site, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Call.site_id == site.id]
    if wanted.kind:
        conditions.append(Call.kind == wanted.kind)
    if wanted.month:
        start, end = wanted.month.bounds(site.timezone)
        conditions += [Call.called_at >= start, Call.called_at < end]
    searched = (*_SEARCHED, Call.caller_name, Call.caller_phone) if wanted.may_see_callers else _SEARCHED
    for word in wanted.text.split():
        conditions.append(or_(*(column.icontains(word, autoescape=True) for column in searched)))
    return conditions
