"""Doors of the fault book, of repeats that the bureau decides about, and of problems behind several faults."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.extensions import db
from webapp.faults import problem_words, problems, words
from webapp.faults.book import book_of
from webapp.faults.problem_models import ProblemFault
from webapp.faults.problem_schemas import DecisionSchema, PageSchema, ProblemSchema, ProblemStepSchema
from webapp.faults.queries import finding_for
from webapp.faults.schemas import ReasonSchema
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.problems import Invalid
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.sites.access import current_site, may, needs, needs_somewhere
from webapp.sites.models import Site
from webapp.sites.rules import Right

faultbook = Blueprint("faultbook", __name__)


@faultbook.context_processor
def _words() -> dict[str, Any]:
    return {"problem_words": problem_words, "cause_name": words.cause_name}


@faultbook.get("/fault-book")
@needs(Right.READ)
def show() -> Response:
    """The book, oldest first, opened at its last page; of one month where asked."""
    site, asked, now = current_site(), load_query(PageSchema()), utc_now()
    book = book_of(site, asked["month"], asked["page"], now)
    names = names_of({one for entry in book.entries for one in entry.people})
    return page("faults/problem_book.html", book=book, month=asked["month"], levels=site.fault_levels, names=names)


@faultbook.get("/repeats")
@needs(Right.READ)
def repeats() -> Response:
    """Faults of a month that may repeat an earlier one; this month where none is asked for."""
    site, asked, now = current_site(), load_query(PageSchema()), utc_now()
    month = asked["month"] or Month.of(local_day(now, site.timezone))
    found = problems.proposals(site, month)
    names = names_of({each.decision.decided_by for each in found if each.decision})
    return page("faults/problem_repeats.html", found=found, month=month, names=names)


@faultbook.post("/repeats/<uuid:finding_id>/decisions")
@needs_somewhere(Right.CLOSE)
def decide(finding_id: uuid.UUID) -> BaseResponse:
    """The bureau says whether a fault repeats an earlier one."""
    fields = load(DecisionSchema())
    with transaction():
        finding = finding_for(_person(), finding_id, Right.CLOSE)
        site = db.session.get_one(Site, finding.site_id)
        month = Month.of(local_day(finding.reported_at, site.timezone))
        earlier, reason = fields["earlier"], fields["reason"]
        problems.decide(finding, earlier, fields["is_repeat"], reason, by=_person(), now=utc_now())
    return done(url_for("faultbook.repeats", month=str(month)))


@faultbook.get("/problems")
@needs(Right.READ)
def index() -> Response:
    """The problems of the site, and the form for a new one."""
    return _index()


@faultbook.post("/problems")
@needs(Right.INSTRUCT)
def add() -> BaseResponse:
    """A new problem with its faults."""
    fields = load(ProblemSchema())
    try:
        with transaction():
            problem = problems.open_problem(current_site(), fields, fields["faults"], by=_person(), now=utc_now())
            address = url_for("faultbook.problem", problem_id=problem.id)
    except Invalid as refused:
        return _index(refused, fields)
    return done(address)


@faultbook.get("/problems/<uuid:problem_id>")
@needs_somewhere(Right.READ)
def problem(problem_id: uuid.UUID) -> Response:
    """A problem: how it stands, who was pressed when, its faults."""
    return _show(problem_id)


@faultbook.post("/problems/<uuid:problem_id>/steps")
@needs_somewhere(Right.INSTRUCT)
def take_step(problem_id: uuid.UUID) -> BaseResponse:
    """State, owner and next day anew, with words; further faults where some are named."""
    fields, now = load(ProblemStepSchema()), utc_now()
    try:
        with transaction():
            found = problems.problem_for(_person(), problem_id, Right.INSTRUCT)
            problems.take_step(found, fields, by=_person(), now=now)
            if fields["faults"]:
                problems.link(found, fields["faults"], by=_person(), now=now)
    except Invalid as refused:
        return _show(problem_id, refused, fields)
    return done(url_for("faultbook.problem", problem_id=problem_id))


@faultbook.post("/problems/<uuid:problem_id>/faults/<uuid:finding_id>/removal")
@needs_somewhere(Right.INSTRUCT)
def untie(problem_id: uuid.UUID, finding_id: uuid.UUID) -> BaseResponse:
    """A fault that was tied to it by mistake is taken out of the problem, with a reason."""
    reason = load(ReasonSchema())["reason"]
    with transaction():
        found = problems.problem_for(_person(), problem_id, Right.INSTRUCT)
        problems.untie(found, finding_id, reason, by=_person(), now=utc_now())
    return done(url_for("faultbook.problem", problem_id=problem_id))


def _index(problem: Invalid | None = None, typed: dict[str, Any] | None = None) -> Response:
    site, asked = current_site(), load_query(PageSchema())
    context: dict[str, Any] = {
        "shelf": problems.problems_of(site.id, asked["page"]),
        "today": local_day(utc_now(), site.timezone),
        "is_due": problems.is_due,
        "typed": typed or {},
    }
    return page("faults/problems.html", problem.status if problem else 200, refused=problem, **context)


def _show(problem_id: uuid.UUID, refused: Invalid | None = None, typed: dict[str, Any] | None = None) -> Response:
    found = problems.problem_for(_person(), problem_id)
    site = db.session.get_one(Site, found.site_id)
    show_times_of(site.timezone)
    told, story = problems.pressed([link.finding_id for link in found.tied]), problems.story_of(found)
    people = {one.linked_by if isinstance(one, ProblemFault) else one.by for one in story}
    names = names_of({*people, *(event.by for event in told), found.opened_by})
    context: dict[str, Any] = {
        "told": told,
        "story": story,
        "numbers": {link.finding_id: link.finding.number for link in found.links},
        "choice_name": words.choice_name,
        "may_step": may(_person(), Right.INSTRUCT, site.id),
        "today": local_day(utc_now(), site.timezone),
        "typed": typed or {},
    }
    status = refused.status if refused else 200
    return page("faults/problem.html", status, found=found, names=names, refused=refused, **context)


def _person() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
