"""Pictures that come inside a form of a browser without scripts."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from webapp.files.actions import Bytes, keep_bytes, note_file
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.people.models import Person
from webapp.sites.access import sites_with
from webapp.sites.rules import Right


def keep_signature(*, by: Person) -> Bytes | None:
    """Keeps the picture in `upload`, a signature of a browser without scripts; None where none came.

    Slow: not within a transaction. Nothing is kept of somebody who may sign nowhere.

    Raises:
        NotAPicture, TooLarge: see files.images.examine.
    """
    upload = request.files.get("upload")
    data = upload.read() if upload and sites_with(by, Right.HAND_OVER) else None
    return keep_bytes(data, None) if data else None


def keep_uploads(form: MultiDict[str, Any], *, by: Person) -> dict[str, list[str]]:
    """Keeps the pictures of `upload.<name>` and names them in the form as `photo.<name>`; what cannot be kept, by name.

    Each is kept for itself, so that those that came well stay when the form is shown again.
    """
    problems: dict[str, list[str]] = {}
    for field, uploads in request.files.lists():
        part, _dot, name = field.partition(".")
        for upload in uploads if part == "upload" else []:
            if not upload.filename:
                continue
            try:
                kept = keep_bytes(upload.read(), None)
            except Problem as problem:
                problems.setdefault(name, []).append(problem.message)
                continue
            with transaction():
                row, _is_new = note_file(uuid.uuid4(), kept, by=by, now=utc_now())
            form.add(f"photo.{name}", str(row.id))
    return problems
