"""Receipts: the only answers that a device may take for delivery."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Response, jsonify, request
from flask_babel import gettext as _
from flask_login import current_user

from webapp.kit.problems import Refused


def receipt(record_id: uuid.UUID, sha256: str, *, is_new: bool, received_at: datetime, **more: Any) -> Response:
    """201 for a new record, 200 for one that was here already; both echo the id and the digest."""
    body = {"id": str(record_id), "sha256": sha256, "received_at": received_at.isoformat(), **more}
    answer = jsonify(body)
    answer.status_code = 201 if is_new else 200
    answer.headers["Cache-Control"] = "no-store"
    return answer


def refuse_other_author() -> None:
    """A device's queue belongs to its author: refused when somebody else is signed in (X-Outbox-User)."""
    author = request.headers.get("X-Outbox-User")
    if author is not None and author != str(current_user.id):
        raise Refused(
            _("These records belong to another person. They wait until that person signs in."), code="other_user"
        )
