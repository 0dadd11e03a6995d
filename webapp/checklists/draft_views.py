"""The editor of a draft: items one by one, the difference, publishing. Every door needs the lead of its site."""

from __future__ import annotations

import json
import uuid
from typing import Any

from flask import Blueprint, request, url_for
from flask_login import current_user
from marshmallow import ValidationError, fields, validate
from werkzeug.wrappers import Response

from webapp.checklists import drafts as deeds
from webapp.checklists import queries, words
from webapp.checklists.item_form import ItemForm, form_of, new_item_form
from webapp.checklists.models import CheckItem, ChecklistVersion
from webapp.checklists.schemas import MOST_OPTIONS
from webapp.checklists.versions import Difference, difference
from webapp.kit.clock import utc_now
from webapp.kit.intake import FormSchema, load
from webapp.kit.problems import Problem, invalid_from
from webapp.kit.respond import done, page, respond
from webapp.kit.transaction import transaction
from webapp.sites.access import needs_somewhere
from webapp.sites.rules import Right

drafts = Blueprint("drafts", __name__, url_prefix="/checklists/drafts/<uuid:version_id>")

# tells the page to fetch the difference again
CHANGED = json.dumps({"draft-changed": {"target": "#difference"}})


class MoveSchema(FormSchema):
    """Which way."""

    step = fields.Integer(required=True, validate=validate.OneOf([-1, 1]))


class ReasonSchema(FormSchema):
    """Why the checklist changes."""

    reason = fields.String(load_default="", validate=validate.Length(max=500))


@drafts.get("")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def show(version_id: uuid.UUID) -> Response:
    """The draft: its items, what differs from today, reason and publication."""
    return page("checklists/draft.html", **_context(_draft(version_id)))


@drafts.get("/difference")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def show_difference(version_id: uuid.UUID) -> Response:
    """What differs from the version that counts today."""
    return respond("checklists/draft.html", "checklists/_difference.html", **_context(_draft(version_id)))


@drafts.get("/items/new")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def new_item(version_id: uuid.UUID) -> Response:
    """An empty item."""
    return _form(_draft(version_id), None, new_item_form())


@drafts.post("/items")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def add_item(version_id: uuid.UUID) -> Response:
    """Adds an item at the end."""
    draft = _draft(version_id)
    try:
        given = load(ItemForm())
    except ValidationError as error:
        return _form(draft, None, _typed(), error)
    with transaction():
        item = deeds.add_item(_draft(version_id, to_change=True), given, by=current_user, now=utc_now())
    return done(_url(version_id, item.id))


@drafts.get("/items/<int:item_id>")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def edit_item(version_id: uuid.UUID, item_id: int) -> Response:
    """An item opened for editing; with ?closed=1 as it stands in the list."""
    draft = _draft(version_id)
    item = deeds.item_in(draft, item_id)
    if request.args.get("closed"):
        return respond("checklists/draft.html", "checklists/_item.html", **_context(draft), item=item)
    return _form(draft, item, form_of(item))


@drafts.post("/items/<int:item_id>")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def change_item(version_id: uuid.UUID, item_id: int) -> Response:
    """Takes over an edited item."""
    draft = _draft(version_id)
    item = deeds.item_in(draft, item_id)
    try:
        given = load(ItemForm())
    except ValidationError as error:
        return _form(draft, item, _typed(), error)
    with transaction():
        draft = _draft(version_id, to_change=True)
        deeds.change_item(deeds.item_in(draft, item_id), draft, given, by=current_user, now=utc_now())
    return _changed(version_id, item_id)


@drafts.post("/items/<int:item_id>/move")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def move_item(version_id: uuid.UUID, item_id: int) -> Response:
    """Moves an item up or down."""
    step = load(MoveSchema())["step"]
    with transaction():
        draft = _draft(version_id, to_change=True)
        deeds.move_item(deeds.item_in(draft, item_id), draft, step, by=current_user, now=utc_now())
    return _changed(version_id)


@drafts.post("/items/<int:item_id>/removal")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def remove_item(version_id: uuid.UUID, item_id: int) -> Response:
    """Takes an item out."""
    with transaction():
        draft = _draft(version_id, to_change=True)
        deeds.remove_item(deeds.item_in(draft, item_id), draft, by=current_user, now=utc_now())
    return _changed(version_id)


@drafts.post("/publication")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def publish(version_id: uuid.UUID) -> Response:
    """Publishes the draft for its site."""
    reason = load(ReasonSchema())["reason"]
    checklist_id = _draft(version_id).checklist_id
    try:
        with transaction():
            draft = _draft(version_id, to_change=True)
            deeds.publish(draft, reason, by=current_user, now=utc_now())
    except Problem as problem:
        context = _context(_draft(version_id))
        return page("checklists/draft.html", problem.status, problem=problem.message, reason=reason, **context)
    return done(url_for("checklists.show", checklist_id=checklist_id))


@drafts.post("/removal")
@needs_somewhere(Right.EDIT_CHECKLISTS)
def discard(version_id: uuid.UUID) -> Response:
    """Throws the draft away."""
    checklist_id = _draft(version_id).checklist_id
    with transaction():
        deeds.discard(_draft(version_id, to_change=True), by=current_user, now=utc_now())
    return done(url_for("checklists.show", checklist_id=checklist_id))


def _draft(version_id: uuid.UUID, *, to_change: bool = False) -> ChecklistVersion:
    return queries.draft_for(current_user, version_id, to_change=to_change)


def _context(draft: ChecklistVersion) -> dict[str, Any]:
    base = queries.base_of(draft)
    found = difference(base.items, draft.items)
    return {"draft": draft, "base": base, "difference": found, "states": _states(found), "words": words}


def _states(found: Difference) -> dict[str, str]:
    """Item key → "added" or "changed", for the chip in the list."""
    return {item.key: "added" for item in found.added} | {change.new.key: "changed" for change in found.changed}


def _typed() -> dict[str, Any]:
    """What was typed, to be shown again with what is wrong."""
    return {**request.form.to_dict(), "seed_ref": request.form.getlist("seed_ref")}


def _form(
    draft: ChecklistVersion, item: CheckItem | None, values: dict[str, Any], error: ValidationError | None = None
) -> Response:
    given = [place for place in range(MOST_OPTIONS) if values.get(f"option{place}_zh")]
    context = {
        "draft": draft,
        "item": item,
        "values": values,
        "problems": invalid_from(error).fields if error else {},
        "option_rows": range(min(max(given, default=-1) + 3, MOST_OPTIONS)),
        "words": words,
    }
    return respond("checklists/item.html", "checklists/_item_edit.html", 422 if error else 200, **context)


def _url(version_id: uuid.UUID, item_id: int | None = None) -> str:
    return url_for("drafts.show", version_id=version_id, _anchor=f"item-{item_id}" if item_id else None)


def _changed(version_id: uuid.UUID, item_id: int | None = None) -> Response:
    """htmx gets the changed item, or the whole list where others moved too; then the difference is fetched again."""
    context = _context(_draft(version_id))
    if item_id is None:
        answer = done(_url(version_id), "checklists/_items.html", **context)
    else:
        item = deeds.item_in(context["draft"], item_id)
        answer = done(_url(version_id, item_id), "checklists/_item.html", item=item, **context)
    answer.headers["HX-Trigger"] = CHANGED
    return answer
