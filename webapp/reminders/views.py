"""Doors of the reminders: what is due, and where it is sent to. No door sends anything: `flask reminders send` does."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.kit.clock import utc_now
from webapp.kit.intake import load
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.reminders import actions, queries, words
from webapp.reminders.rules import Days
from webapp.reminders.schemas import DaysSchema, NewTargetSchema, TargetSchema
from webapp.reminders.secret import Secret
from webapp.sites.access import current_site, may, needs, needs_somewhere
from webapp.sites.rules import Right

reminders = Blueprint("reminders", __name__, url_prefix="/reminders")


@reminders.get("")
@needs(Right.READ)
def index() -> Response:
    """What is due here: first what the reader has to do, then what others have to."""
    site = current_site()
    due = queries.reminders_of(site, utc_now())
    mine = [each for each in due if may(current_user, each.right, site.id)]
    others = [each for each in due if each not in mine]
    return page("reminders/index.html", mine=mine, others=others, days=queries.days_of(site.id), words=words)


@reminders.get("/targets")
@needs(Right.EDIT_REMINDERS)
def targets() -> Response:
    """Where reminders are sent to, how early, and what was sent."""
    site = current_site()
    return page(
        "reminders/targets.html",
        targets=queries.targets_of(site.id),
        log=queries.log_of(site.id),
        days=queries.days_of(site.id),
        words=words,
        saved=request.args.get("saved"),
    )


@reminders.post("/targets")
@needs(Right.EDIT_REMINDERS)
def add_target() -> BaseResponse:
    """A further target."""
    given = load(NewTargetSchema())
    with transaction():
        actions.add_target(current_site(), **given, by=current_user.id, now=utc_now())
    return _changed()


@reminders.post("/targets/<uuid:target_id>")
@needs_somewhere(Right.EDIT_REMINDERS)
def change_target(target_id: uuid.UUID) -> BaseResponse:
    """Name, switch, and a new address or secret where one is given."""
    given = load(TargetSchema())
    if given.pop("without_secret"):
        given["secret"] = Secret("")
    with transaction():
        target = queries.target_for(_me(), target_id)
        actions.change_target(target, **given, by=current_user.id, now=utc_now())
    return _changed()


@reminders.post("/targets/<uuid:target_id>/removal")
@needs_somewhere(Right.EDIT_REMINDERS)
def remove_target(target_id: uuid.UUID) -> BaseResponse:
    """Nothing more is sent there."""
    with transaction():
        actions.remove_target(queries.target_for(_me(), target_id), by=current_user.id, now=utc_now())
    return _changed()


@reminders.post("/targets/<uuid:target_id>/tests")
@needs_somewhere(Right.EDIT_REMINDERS)
def test_target(target_id: uuid.UUID) -> BaseResponse:
    """A test message, for the sender to take along."""
    with transaction():
        actions.queue_test(queries.target_for(_me(), target_id), now=utc_now())
    return _changed()


@reminders.post("/days")
@needs(Right.EDIT_REMINDERS)
def set_days() -> BaseResponse:
    """How early the site is reminded."""
    given = load(DaysSchema())
    with transaction():
        actions.set_days(current_site(), Days(**given), by=current_user.id, now=utc_now())
    return _changed()


def _changed() -> BaseResponse:
    return done(url_for("reminders.targets", saved=1))


def _me() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
