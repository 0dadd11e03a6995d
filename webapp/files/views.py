"""Doors of photos and signatures: one PUT per file from the device, small versions for showing, the original logged."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, make_response, request
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.files.actions import keep_bytes, note_file, note_original_fetched
from webapp.files.images import LARGEST_FILE, check_size
from webapp.files.queries import file_for, original_for
from webapp.files.shown import shown
from webapp.files.store import store
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.sites.access import needs_somewhere
from webapp.sites.rules import Right
from webapp.sync.incoming import refuse_other_author
from webapp.sync.receipts import receipt

files = Blueprint("files", __name__, url_prefix="/files")
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@files.put("/<uuid:file_id>")
@needs_somewhere(Right.RAISE)
def receive(file_id: uuid.UUID) -> Response:
    """201 stored · 200 already here · 409 other bytes · 400 digest differs · 413 too large · 415 no photo."""
    refuse_other_author()
    kept = keep_bytes(_body(), request.headers.get("X-Content-SHA256"))
    with transaction():
        row, is_new = note_file(file_id, kept, by=current_user, now=utc_now())
    return receipt(row.id, row.sha256, is_new=is_new, received_at=row.received_at, sent_sha256=row.sha256)


@files.route("/<uuid:file_id>", methods=["HEAD"])
@needs_somewhere(Right.READ)
def ask(file_id: uuid.UUID) -> Response:
    """HEAD: 200 with the digest in X-Content-SHA256, or 404. Asked before a photo is sent again."""
    file = file_for(current_user, file_id)
    answer = make_response("", 200)
    answer.headers["X-Content-SHA256"] = file.sha256
    answer.headers["Cache-Control"] = "no-store"
    return answer


@files.get("/<uuid:file_id>/display")
@needs_somewhere(Right.READ)
def display(file_id: uuid.UUID) -> Response:
    """At most 1600 px, upright, without metadata."""
    return shown(file_for(current_user, file_id), "display")


@files.get("/<uuid:file_id>/thumbnail")
@needs_somewhere(Right.READ)
def thumbnail(file_id: uuid.UUID) -> Response:
    """At most 240 px, upright, without metadata."""
    return shown(file_for(current_user, file_id), "thumbnail")


@files.get("/<uuid:file_id>/original")
@needs_somewhere(Right.READ)
def original(file_id: uuid.UUID) -> Response:
    """The bytes as received, as an attachment; noted in the log."""
    file = original_for(current_user, file_id)
    with transaction():
        note_original_fetched(file, by=current_user, now=utc_now())
    answer = make_response(store().read(file.sha256))
    answer.headers["Content-Type"] = file.media_type
    answer.headers["Content-Disposition"] = f'attachment; filename="{file.id}.{EXTENSIONS[file.media_type]}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _body() -> bytes:
    """The request's bytes, refused before they are read when they are too many."""
    check_size(request.content_length or 0)
    request.max_content_length = LARGEST_FILE
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        check_size(LARGEST_FILE + 1)
        raise
