"""Receipts: the only answers that a device may take for delivery."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from flask import Response, g, jsonify


def receipt(record_id: uuid.UUID, sha256: str, *, is_new: bool, received_at: datetime, **more: Any) -> Response:
    """201 for a new record, 200 for one that was here already; both echo the id and the digests.

    `sha256` is over the cleaned content; `sent_sha256` over the bytes of this very request, None for a plain form.
    """
    sent_sha256 = g.sending.sent_sha256 if "sending" in g else None
    body = {
        "id": str(record_id),
        "sha256": sha256,
        "sent_sha256": sent_sha256,
        "received_at": received_at.isoformat(),
        **more,
    }
    answer = jsonify(body)
    answer.status_code = 201 if is_new else 200
    answer.headers["Cache-Control"] = "no-store"
    return answer
