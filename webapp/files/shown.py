"""Answering with a picture as a browser may see it."""

from __future__ import annotations

from flask import Response, make_response
from flask_babel import gettext as _

from webapp.files.images import SHAPES, drawn
from webapp.files.models import StoredFile
from webapp.files.store import store
from webapp.kit.problems import NotFound


def shown(file: StoredFile, shape: str) -> Response:
    """A file in one of images.SHAPES, drawn anew without metadata. Who may see it is decided before.

    Raises:
        NotFound: its bytes are lost.
    """
    try:
        data = store().served(file.sha256, shape, lambda raw: drawn(raw, SHAPES[shape]))
    except FileNotFoundError:
        raise NotFound(_("The photo's bytes are missing in the file store. Please tell your administrator.")) from None
    answer = make_response(data)
    answer.headers["Content-Type"] = "image/jpeg"
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
