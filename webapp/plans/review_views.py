"""Doors of the bureau: changing a plan that was handed in, returning it, approving it, deciding about cancellations."""

from __future__ import annotations

from flask import Blueprint, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.kit.clock import utc_now
from webapp.kit.intake import load
from webapp.kit.respond import done
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.plans import actions, addenda
from webapp.plans.month_views import changed, changing_page, month_called
from webapp.plans.schemas import DecisionSchema, ReturnSchema, StepSchema
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right

plan_review = Blueprint("plan_review", __name__, url_prefix="/plans")


@plan_review.get("/<month>/review")
@needs(Right.REVIEW_PLAN)
def edit(month: str) -> Response:
    """The lines of a plan that was handed in, to be changed by the bureau."""
    return changing_page(month, is_bureau=True)


@plan_review.post("/<month>/review/changes")
@needs(Right.REVIEW_PLAN)
def change(month: str) -> Response:
    """The bureau gives lines another day or person, takes them out or in again."""
    return changed(month, is_bureau=True)


@plan_review.post("/<month>/return")
@needs(Right.REVIEW_PLAN)
def give_back(month: str) -> Response:
    """Returns the plan with a comment."""
    chosen, given = month_called(month), load(ReturnSchema())
    with transaction():
        actions.give_back(current_site(), chosen, **given, by=_me(), now=utc_now())
    return done(url_for("planning.show", month=month))


@plan_review.post("/<month>/approval")
@needs(Right.REVIEW_PLAN)
def approve(month: str) -> Response:
    """Fixes the plan: it makes the rounds from now on."""
    chosen, given = month_called(month), load(StepSchema())
    with transaction():
        actions.approve(current_site(), chosen, **given, by=_me(), now=utc_now())
    return done(url_for("planning.show", month=month))


@plan_review.post("/<month>/decisions")
@needs(Right.REVIEW_PLAN)
def decide(month: str) -> Response:
    """Agrees to lines being cancelled, or not."""
    chosen, given = month_called(month), load(DecisionSchema())
    with transaction():
        addenda.decide(
            current_site(),
            chosen,
            given["addendum"],
            given["is_approved"],
            given["comment"],
            by=_me(),
            now=utc_now(),
        )
    return done(url_for("planning.show", month=month))


def _me() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
