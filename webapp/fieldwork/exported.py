"""The file that a device exports as its last rescue: a zip of its outbox. Read with distrust; nothing is unpacked.

`outbox.json` names author, device and documents, each with the body that would have been sent; `files/<id>.jpg` are the
photos and signatures.
"""

from __future__ import annotations

import json
import uuid
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields, post_load, validate

from webapp.files.images import LARGEST_FILE
from webapp.kit.canonical import sha256_hex
from webapp.kit.intake import FormSchema, Moment
from webapp.kit.problems import Invalid

APP, FORMAT = "xunjian", 1
LIST = "outbox.json"
LARGEST_LIST = 40 * 1024 * 1024
LARGEST_UNPACKED = 400 * 1024 * 1024
MOST_ENTRIES = 6000  # a month of one person is some 500 documents with 1,500 photos
MOST_DOCUMENTS = 2000
LONGEST_TITLE = 300
PICTURES = ("image/jpeg", "image/png", "image/webp")
_IS_ENCRYPTED = 0x1


@dataclass(frozen=True)
class ExportedFile:
    """A photo or signature of a document; `name` is its place in the zip."""

    id: uuid.UUID
    name: str
    type: str
    sha256: str


@dataclass(frozen=True)
class ExportedDocument:
    """A document as the device would have sent it: `body` to `url`. `sha256` is empty where it could not tell."""

    id: uuid.UUID
    kind: str
    title: str
    url: str
    body: str
    sha256: str
    made_at: datetime
    files: Sequence[ExportedFile]

    @property
    def is_whole(self) -> bool:
        """Whether the body is the one that the device wrote down."""
        return not self.sha256 or self.sha256 == sha256_hex(self.body)


@dataclass(frozen=True)
class Exported:
    """The outbox of one person on one device."""

    user: uuid.UUID
    device: uuid.UUID
    exported_at: datetime
    documents: Sequence[ExportedDocument]


def _digest() -> fields.String:
    """A SHA-256, empty where the device could not compute it."""
    return fields.String(load_default="", validate=validate.Regexp(r"([0-9a-f]{64})?\Z"))


class FileSchema(FormSchema):
    """A photo or signature. Its name only finds it in the zip; what it is, its bytes say."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    type = fields.String(load_default="")
    sha256 = _digest()

    @post_load
    def _made(self, data: dict[str, Any], **_more: Any) -> ExportedFile:
        return ExportedFile(**data | {"type": data["type"] if data["type"] in PICTURES else PICTURES[0]})


class DocumentSchema(FormSchema):
    """A document with the body that would have been sent. What is odd about it concerns no other: its door says so."""

    id = fields.UUID(required=True)
    kind = fields.String(load_default="")
    title = fields.String(load_default="")
    url = fields.String(required=True)
    body = fields.String(required=True)
    sha256 = _digest()
    made_at = Moment(required=True)
    files = fields.List(fields.Nested(FileSchema), load_default=list)

    @post_load
    def _made(self, data: dict[str, Any], **_more: Any) -> ExportedDocument:
        title = (data["title"] or data["kind"] or data["url"])[:LONGEST_TITLE]
        return ExportedDocument(**data | {"title": title})


class OutboxSchema(FormSchema):
    """The whole list."""

    app = fields.String(required=True, validate=validate.Equal(APP))
    format = fields.Integer(required=True, strict=True, validate=validate.Equal(FORMAT))
    user = fields.UUID(required=True)
    device = fields.UUID(required=True)
    exported_at = Moment(required=True)
    documents = fields.List(
        fields.Nested(DocumentSchema), required=True, validate=validate.Length(min=1, max=MOST_DOCUMENTS)
    )

    @post_load
    def _made(self, data: dict[str, Any], **_more: Any) -> Exported:
        return Exported(data["user"], data["device"], data["exported_at"], data["documents"])


class ExportedOutbox:
    """An opened zip: what it lists, and the bytes of its photos one by one. Use it as a context."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise _not_an_outbox() from None
        try:
            self._refuse_hostile()
            self.content = self._listed()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> ExportedOutbox:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def bytes_of(self, file: ExportedFile) -> bytes | None:
        """The bytes of a photo; None where the zip does not have them whole."""
        try:
            return self._read(file.name, LARGEST_FILE)
        except (KeyError, Invalid):
            return None

    def _refuse_hostile(self) -> None:
        """Raises Invalid for names that lead elsewhere, names twice, encryption, too many or too large entries."""
        entries = self._zip.infolist()
        names = [entry.filename for entry in entries]
        if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST_UNPACKED:
            raise Invalid(_("There is too much in this file."), code="too_much")
        if len(set(names)) < len(names) or any(entry.flag_bits & _IS_ENCRYPTED for entry in entries):
            raise _not_an_outbox()
        if any(name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/") for name in names):
            raise _not_an_outbox()

    def _listed(self) -> Exported:
        try:
            text = self._read(LIST, LARGEST_LIST).decode()
            listed = json.loads(text)
            json.dumps(listed, ensure_ascii=False).encode()  # half characters can neither be sent nor kept
        except (KeyError, ValueError, RecursionError):
            raise _not_an_outbox() from None
        if isinstance(listed, dict) and listed.get("app") == APP and listed.get("format") != FORMAT:
            raise Invalid(_("This outbox was exported by another version of the app, which this server cannot read."))
        try:
            found: Exported = OutboxSchema().load(listed)
        except ValidationError:
            raise _not_an_outbox() from None
        return found

    def _read(self, name: str, most: int) -> bytes:
        """An entry, never more bytes than its header says. Raises KeyError, or Invalid where it is damaged or large."""
        entry = self._zip.getinfo(name)
        if entry.file_size > most:
            raise _not_an_outbox()
        try:
            return self._zip.read(entry)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zlib.error):
            raise _not_an_outbox() from None


def _not_an_outbox() -> Invalid:
    return Invalid(_("This is not an exported outbox, or it is damaged. Nothing was stored."), code="not_an_outbox")
