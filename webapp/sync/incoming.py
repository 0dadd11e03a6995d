"""What a request says about the document it brings, read and checked before anything else happens.

Each door of a field document begins with `incoming()`, reads the fields within `kept_if_unreadable(...)`, and does the
deed within `sync.actions.stored_or_kept(...)`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError

from webapp.kit.canonical import canonical_json, sha256_hex
from webapp.kit.intake import Moment, json_body
from webapp.kit.problems import Garbled, Problem, Refused, invalid_from
from webapp.kit.transaction import transaction
from webapp.sync.actions import Document, Sending, SiteOf, keep_refused
from webapp.sync.rules import is_too_old

_MOMENT = Moment()


class TooOld(Problem):
    """The page that sends is of an app too old to be understood (426). What it keeps stays; it must be loaded anew."""

    status = 426
    default_code = "client_too_old"


def incoming() -> Sending:
    """How the document of this request came. Call it first: it must see the body before the form is read.

    While a document is imported for somebody, `flask.g.brought_by` is the person who imports it. Then nothing is known
    of the device's clock: the document was made, and perhaps tried, long before.

    Raises:
        Refused: the document belongs to another person than the one who is signed in (X-Outbox-User).
        Garbled: the body is not the one that was sent (X-Content-SHA256). Nothing was stored; it is sent again.
    """
    refuse_other_author()
    sent_sha256 = _digest_of_body()
    importer = g.get("brought_by")
    g.sending = Sending(
        sent_sha256=sent_sha256,
        sent_at=None if importer else sent_at(),
        device_id=_device(),
        brought_by=importer.id if importer else None,
    )
    sending: Sending = g.sending
    return sending


def refuse_other_author() -> None:
    """A device's queue belongs to its author: refused when somebody else is signed in (X-Outbox-User)."""
    author = request.headers.get("X-Outbox-User")
    if author is not None and author != str(current_user.id):
        raise Refused(
            _("These records belong to another person. They wait until that person signs in."), code="other_user"
        )


def refuse_old_clients(app: Flask) -> None:
    """Before any door: TooOld for an outbox (X-App-Protocol) that this server no longer understands."""

    @app.before_request
    def _check() -> None:
        if is_too_old(request.headers.get("X-App-Protocol")):
            raise TooOld(
                _("This version of the app is too old for the server. Load this page again when there is network.")
            )


def refuse_garbled(body: bytes) -> str:
    """The SHA-256 of the bytes that came. Raises Garbled where the device sent others (X-Content-SHA256)."""
    sha256, claimed = sha256_hex(body), request.headers.get("X-Content-SHA256")
    if claimed and claimed.strip().lower() != sha256:
        raise Garbled(_("It was damaged on the way. It is sent again."), more={"sha256": sha256})
    return sha256


@contextmanager
def kept_if_unreadable(
    kind: str,
    document_id: uuid.UUID,
    sending: Sending,
    *,
    now: datetime,
    site_of: SiteOf | None = None,
    explained: Callable[[ValidationError], Problem] = invalid_from,
) -> Iterator[None]:
    """Around the reading of a document's fields: one that cannot be read is kept as it came, with the reason.

    Raises:
        Problem: what `explained` makes of the schema's complaint; usually Invalid (422).
    """
    try:
        yield
    except ValidationError as error:
        problem = explained(error)
        unreadable = Document(document_id, kind, current_user.id, as_it_came(), sending=sending)
        with transaction():
            site_id = site_of() if site_of else None
            keep_refused(unreadable, status=problem.status, reason=problem.message, site_id=site_id, now=now)
        raise problem from None


def name_of_form(by: uuid.UUID, now: datetime) -> uuid.UUID:
    """A name for what a plain form could not name: of two taps within the same minute the second is the same document.

    It says who, where, what and which minute; of pictures their file names.
    """
    pictures = [[name, part.filename or ""] for name, part in request.files.items(multi=True)]
    about = [f"{now:%Y%m%d%H%M}", request.path, as_it_came(), pictures]
    return uuid.uuid5(by, sha256_hex(canonical_json(about)))


def id_in_form(name: str) -> uuid.UUID | None:
    """The id in a field of the form as it came, readable or not: for what is asked about a document that is refused."""
    given = json_body().get(name) if request.is_json else request.form.getlist(name)
    text = given[-1] if isinstance(given, list) and given else given  # the last one counts, as in kit.intake
    try:
        return uuid.UUID(text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None


def as_it_came() -> dict[str, Any]:
    """The fields of the request as they came, all as texts: of a form each a list, of JSON what is no text as JSON."""
    if request.is_json:
        return {name: _as_text(value) for name, value in json_body().items()}
    return request.form.to_dict(flat=False)


def _as_text(value: Any) -> Any:
    if isinstance(value, list):
        return [each if isinstance(each, str) else json.dumps(each) for each in value]
    return value if isinstance(value, str) else json.dumps(value)


def _digest_of_body() -> str | None:
    """Of a form that brings its photos along only where the device wants it checked: it is large."""
    if request.mimetype == "multipart/form-data":
        return refuse_garbled(request.get_data()) and None if "X-Content-SHA256" in request.headers else None
    request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]
    return refuse_garbled(request.get_data())


def sent_at() -> datetime | None:
    """The device's clock when it sent this request; a moment that cannot be read is as good as none."""
    text = request.headers.get("X-Sent-At") or request.form.get("sent_at")
    try:
        moment: datetime | None = _MOMENT.deserialize(text) if text else None
    except ValidationError:
        return None
    return moment


def _device() -> uuid.UUID | None:
    """The name of the sending browser, as it gives it."""
    try:
        device = uuid.UUID(request.headers.get("X-Device", ""))
    except ValueError:
        return None
    return device if device.int else None
