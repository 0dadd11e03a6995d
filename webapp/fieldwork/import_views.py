"""Doors of the import of an exported outbox: choosing the file, looking at it, bringing it in."""

from __future__ import annotations

from flask import Blueprint, request
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import fields
from werkzeug.wrappers import Response

from webapp.fieldwork import import_tickets as tickets
from webapp.fieldwork.exported import ExportedOutbox
from webapp.fieldwork.importing import State, author_of, bring_in, bringer_of, here_already, note_import
from webapp.kit.clock import utc_now
from webapp.kit.intake import FormSchema, load
from webapp.kit.problems import Invalid
from webapp.kit.respond import page
from webapp.kit.transaction import transaction
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right

importing = Blueprint("importing", __name__, url_prefix="/field-work/import")
importing.add_app_template_global(bringer_of)
LARGEST_UPLOAD = 200 * 1024 * 1024


class TicketSchema(FormSchema):
    """Which file was looked at."""

    ticket = fields.String(load_default="")


@importing.get("")
@needs(Right.IMPORT_OUTBOX)
def choose() -> Response:
    """Where the file of a device is chosen."""
    return page("fieldwork/import.html")


@importing.post("")
@needs(Right.IMPORT_OUTBOX)
def preview() -> Response:
    """What is inside: whose, and which documents. Nothing is stored yet."""
    request.max_content_length = LARGEST_UPLOAD  # the limit of all other doors is lower
    upload = request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Invalid(_("Please choose a file."))
        ticket, path = tickets.keep(upload.stream, by=current_user)
        try:
            with ExportedOutbox(path) as outbox:
                found, author = outbox.content, author_of(outbox.content, current_user)
        except Invalid:
            tickets.forget(path)
            raise
    except Invalid as problem:
        return page("fieldwork/import.html", problem.status, problem=problem.message)
    return page("fieldwork/import.html", found=found, author=author, here=here_already(found), ticket=ticket)


@importing.post("/confirmation")
@needs(Right.IMPORT_OUTBOX)
def confirm() -> Response:
    """Brings in what was looked at, document by document, and reports on each. Doing it again changes nothing."""
    path = tickets.take_up(load(TicketSchema())["ticket"], by=current_user)
    importer = current_user._get_current_object()
    with ExportedOutbox(path) as outbox:
        found, author = outbox.content, author_of(outbox.content, importer)
        results = bring_in(outbox, by=importer)
    with transaction():
        note_import(found, results, site_id=current_site().id, by=importer, now=utc_now())
    return page("fieldwork/import.html", found=found, author=author, results=results, State=State)
