"""Pictures that come inside a form of a browser without scripts."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from webapp.files.actions import keep_bytes, note_file
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem
from webapp.kit.transaction import transaction
from webapp.people.models import Person


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
