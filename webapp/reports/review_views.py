"""Doors of the way of a summary: the page of its steps, handing in, return, acceptance; words about findings."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.kit.clock import Month, utc_now
from webapp.kit.intake import load
from webapp.kit.pdf import pdf_answer
from webapp.kit.problems import Invalid
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.reports import review, review_words, words
from webapp.reports.closing import shown
from webapp.reports.closing_content import digest_of, summary_in
from webapp.reports.paper import pdf_of_month
from webapp.reports.schemas import AcceptanceSchema, HandInSchema, ReturnSchema, TellingSchema
from webapp.reports.views import month_called
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right

reviews = Blueprint("reviews", __name__)


@reviews.get("/months/<month>/review")
@needs(Right.READ)
def show(month: str) -> Response:
    """The steps of the summary, what changed since the newest one, and the next step of the reader."""
    return _review_page(month_called(month))


@reviews.post("/months/<month>/submission")
@needs(Right.HAND_IN_MONTH)
def hand_in(month: str) -> Response:
    """The provider hands the summary in."""
    return _step(month_called(month), load(HandInSchema()), review.hand_in)


@reviews.post("/months/<month>/return")
@needs(Right.ACCEPT_MONTH)
def give_back(month: str) -> Response:
    """The bureau returns the summary with a comment."""
    return _step(month_called(month), load(ReturnSchema()), review.give_back)


@reviews.post("/months/<month>/acceptance")
@needs(Right.ACCEPT_MONTH)
def accept(month: str) -> Response:
    """The bureau accepts the summary as it was shown."""
    return _step(month_called(month), load(AcceptanceSchema()), review.accept)


@reviews.post("/months/<month>/findings")
@needs(Right.EXPLAIN)
def tell(month: str) -> Response:
    """What was done about faults and hazards and what is planned: one text for all that were chosen."""
    chosen, fields, now = month_called(month), load(TellingSchema()), utc_now()
    site, by, ids = current_site(), current_user._get_current_object(), fields["finding"]
    texts = (fields["handling"], fields["next_steps"])
    with transaction():
        review.tell(site, chosen, ids, *texts, by=by, now=now, request_id=fields.get("id"))
    url = url_for("reports.month", month=str(chosen))
    if len(ids) > 1:
        return done(f"{url}#findings")
    summary = shown(site, chosen, now)
    told = next(finding for finding in summary.findings if finding.id == ids[0])
    return done(f"{url}#finding-{told.id}", "reports/_finding.html", each=told, summary=summary, m=str(chosen))


@reviews.get("/months/<month>/steps/<int:number>.pdf")
@needs(Right.EXPORT)
def step_pdf(month: str, number: int) -> Response:
    """The summary as it stood when a step was taken."""
    site = current_site()
    step = review.step_for(site, month_called(month), number)
    summary = summary_in(json.loads(step.content))
    data = pdf_of_month(summary)
    with transaction():
        facts: dict[str, Any] = {"site_id": site.id, "kind": "pdf", "step": step.number}
        record(Verb.REPORT_EXPORTED, f"month:{site.id}:{step.month}", by=current_user.id, now=utc_now(), **facts)
    return pdf_answer(data, words.file_name(summary, f"{step.number}.pdf"))


def _step(month: Month, fields: dict[str, Any], action: Any) -> Response:
    """Takes a step; what cannot be taken is said on the page, with the words that were typed."""
    said = dict(fields)
    try:
        with transaction():
            name = said.pop("id", None)
            by = current_user._get_current_object()
            action(current_site(), month, **said, by=by, now=utc_now(), request_id=name)
    except Invalid as problem:
        return _review_page(month, problem, fields["comment"])
    return done(url_for("reviews.show", month=str(month)))


def _review_page(month: Month, problem: Invalid | None = None, comment: str | None = None) -> Response:
    summary = shown(current_site(), month, utc_now())
    return page(
        "reports/review.html",
        problem.status if problem else 200,
        summary=summary,
        month=month,
        words=words,
        review_words=review_words,
        digest=digest_of(summary),
        comment=summary.comment if comment is None else comment,
        problem=problem.message if problem else None,
        problems=problem.fields if problem else {},
    )
