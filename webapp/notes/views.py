"""Doors of free notes: the form, handing one in, the list, one note, what became of it."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import Blueprint, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from webapp.extensions import db
from webapp.files.uploads import keep_uploads
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import load, load_query
from webapp.kit.language import show_times_of
from webapp.kit.problems import Invalid, Problem, wants_json
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.notes import actions, queries, words
from webapp.notes.models import Note
from webapp.notes.rules import strictest
from webapp.notes.schemas import HandlingSchema, NoteSchema, PageSchema, TakenOverSchema
from webapp.sites.access import current_site, may, memberships, needs, needs_somewhere, sites_with
from webapp.sites.models import PhotoRule, Site
from webapp.sites.rules import Right
from webapp.sync.actions import Sending, named, stored_or_kept
from webapp.sync.incoming import id_in_form, incoming, kept_if_unreadable
from webapp.sync.receipts import receipt

notes = Blueprint("notes", __name__, url_prefix="/notes")
LONGEST_TAKEN_OVER = 300  # characters of a note's text that an address carries to the form of a fault


@notes.get("")
@needs(Right.READ)
def index() -> Response:
    """The notes of the current site, open ones first."""
    return page("notes/index.html", found=queries.notes_of(current_site().id, load_query(PageSchema())["page"]))


@notes.get("/new")
@needs_somewhere(Right.RAISE)
def new() -> Response:
    """The form. It is kept on phones as it is without a query; `label` and `code` are then filled in by the script."""
    taken_over = load_query(TakenOverSchema())
    return _form_page(typed=MultiDict({name: text for name, text in taken_over.items() if text}))


@notes.post("/<uuid:note_id>")
@signed_in
def receive(note_id: uuid.UUID) -> Response:
    """Takes a note: 201 stored · 200 already here · 409 other content under this id · 422 unreadable · 424 photos have
    not arrived yet. What is refused is kept, too. A form without JavaScript leaves the naming to the server.
    """
    sending, form = incoming(), MultiDict(request.form)
    try:
        _keep_pictures(form)
        note, is_new, digest = _taken(named(note_id), form, sending)
    except Invalid as problem:
        if wants_json():
            raise
        return _form_page(422, typed=form, problem=problem)
    address = url_for("notes.show", note_id=note.id)
    if not wants_json():
        return done(address)
    return receipt(note.id, digest, is_new=is_new, received_at=note.received_at, url=address)


@notes.get("/<uuid:note_id>")
@needs_somewhere(Right.READ)
def show(note_id: uuid.UUID) -> Response:
    """One note with its photos."""
    note = queries.note_for(current_user, note_id)
    site = db.session.get_one(Site, note.site_id)
    show_times_of(site.timezone)
    rights = {right for right in Right if may(current_user, right, site.id)}
    return page("notes/show.html", note=note, rights=rights, words=words, text_to_take=note.text[:LONGEST_TAKEN_OVER])


@notes.post("/<uuid:note_id>/handling")
@needs_somewhere(Right.EXPORT)
def handle(note_id: uuid.UUID) -> Response:
    """Bureau, lead or office say what became of it: those who answer for what leaves the house (Right.EXPORT)."""
    comment = load(HandlingSchema())["comment"]
    with transaction():
        note = queries.note_for(current_user, note_id, Right.EXPORT)
        actions.handle(note, comment, by=current_user, now=utc_now())
    return done(url_for("notes.show", note_id=note_id))


def _keep_pictures(form: MultiDict[str, Any]) -> None:
    """Keeps the pictures of a plain form and names them in it. Raises Invalid where one cannot be kept."""
    problems = keep_uploads(form, by=current_user) if sites_with(current_user, Right.RAISE) else {}
    if "photo." in form:  # what came as `upload`, without the name of an item
        form.setlist("photo", [*form.getlist("photo"), *form.poplist("photo.")])
    if problems:
        texts = [text for found in problems.values() for text in found]
        raise Invalid(texts[0], fields={"photo": texts})


def _taken(note_id: uuid.UUID, form: MultiDict[str, Any], sending: Sending) -> tuple[Note, bool, str]:
    """The note, whether it is new, and the digest of the document."""
    now = utc_now()
    about = partial(id_in_form, "site")
    with kept_if_unreadable(actions.KIND, note_id, sending, now=now, site_of=about):
        fields = load(NoteSchema(), form)
    document = actions.document_of(note_id, fields, current_user, sending)
    with stored_or_kept(document, now=now, site_of=about):
        note, is_new = actions.take(document, fields, by=current_user, now=now)
    return note, is_new, document.digest


def _form_page(status: int = 200, *, typed: MultiDict[str, Any], problem: Problem | None = None) -> Response:
    """The form with what was typed so far. Without that it is the same for a person at any time."""
    mine = memberships(current_user)
    sites = [mine[site_id][0] for site_id in sites_with(current_user, Right.RAISE)]
    return page(
        "notes/new.html",
        status,
        sites=sites,
        typed=typed,
        photo_rule=strictest(site.photo_rule for site in sites),
        may_take=any(site.photo_rule != PhotoRule.FORBIDDEN for site in sites),
        problem=problem.message if problem else None,
        problems=problem.fields if problem else {},
    )
