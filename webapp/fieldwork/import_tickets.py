"""Between preview and import: the uploaded file is kept for a day, and a signed ticket in the page finds it again."""

from __future__ import annotations

import shutil
import time
import uuid
from pathlib import Path
from typing import IO

from flask import current_app
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from webapp.kit.problems import Conflict
from webapp.people.models import Person

SALT = "outbox-import"
GOOD_FOR_SECONDS = 24 * 3600
FOLDER = "imports"


def keep(upload: IO[bytes], *, by: Person) -> tuple[str, Path]:
    """Writes the upload to the disk piece by piece; the ticket and the file. Files of the days before are removed."""
    folder = _folder()
    _remove_old(folder)
    name = uuid.uuid4().hex
    path = folder / f"{name}.zip"
    with path.open("wb") as file:
        shutil.copyfileobj(upload, file, 1024 * 1024)
    return _signer().dumps([str(by.id), name]), path


def take_up(ticket: str, *, by: Person) -> Path:
    """The file behind a ticket.

    Raises:
        Conflict: changed, older than a day, or of somebody else.
    """
    try:
        person, name = _signer().loads(ticket, max_age=GOOD_FOR_SECONDS)
        path = _folder() / f"{uuid.UUID(name).hex}.zip"
        if person == str(by.id) and path.exists():
            return path
    except (BadSignature, ValueError, TypeError, AttributeError):
        pass
    raise Conflict(_("This preview is too old or not yours. Nothing was imported. Please choose the file again."))


def forget(path: Path) -> None:
    """Removes a file that turned out to be none of ours."""
    path.unlink(missing_ok=True)


def _folder() -> Path:
    folder: Path = current_app.config["SETTINGS"].data_dir / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _remove_old(folder: Path) -> None:
    for path in folder.glob("*.zip"):
        if path.stat().st_mtime < time.time() - GOOD_FOR_SECONDS:
            path.unlink(missing_ok=True)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=SALT)
