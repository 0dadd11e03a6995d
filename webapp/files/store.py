"""Where the bytes lie: a folder on disk, one file per SHA-256. What was received is never changed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app

from webapp.kit.canonical import sha256_hex

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Store:
    """Files by the SHA-256 of their bytes, sharded over folders. Writing is atomic and reaches the disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """Keeps the bytes; returns their SHA-256 only after they and their name are on the disk."""
        sha256 = sha256_hex(data)
        path = self._path(sha256)
        if not path.exists():
            self._write(path, data)
        return sha256

    def take(self, file: Path) -> str:
        """Keeps a finished file of any size without reading it into memory; it is gone from where it was afterwards."""
        with file.open("r+b") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            os.fsync(opened.fileno())
        path = self._path(sha256)
        if path.exists():
            file.unlink()
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        near = path.parent / f".incoming-{file.name}-{os.getpid()}"
        shutil.move(file, near)  # the same folder first: only there is a change of name all or nothing
        os.replace(near, path)
        _sync_folder(path.parent)
        return sha256

    def file(self, sha256: str) -> Path:
        """Where the bytes lie, to send or copy them piece by piece. Raises FileNotFoundError."""
        path = self._path(sha256)
        if not path.exists():
            raise FileNotFoundError(path)
        return path

    def read(self, sha256: str) -> bytes:
        """The bytes as received. Raises FileNotFoundError."""
        return self._path(sha256).read_bytes()

    def exists(self, sha256: str) -> bool:
        """Whether the bytes are here."""
        return self._path(sha256).exists()

    def served(self, sha256: str, shape: str, make: Callable[[bytes], bytes]) -> bytes:
        """A version made from the bytes for showing ("display", "thumbnail"); made once, then kept."""
        path = self.folder / "served" / shape / sha256[:2] / f"{_checked(sha256)}.jpg"
        try:
            return path.read_bytes()
        except FileNotFoundError:
            made = make(self.read(sha256))
            self._write(path, made)
            return made

    def check(self) -> None:
        """Raises OSError when nothing can be written here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder):
            pass

    def _path(self, sha256: str) -> Path:
        digest = _checked(sha256)
        return self.folder / digest[:2] / digest[2:4] / digest

    def _write(self, path: Path, data: bytes) -> None:
        """Temporary name, fsync, rename, fsync of the folder: after a power cut the file is whole or not there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def store() -> Store:
    """The store of this app (setting FILES_URL)."""
    return Store(Path(unquote(urlsplit(current_app.config["SETTINGS"].files_url).path)))


def _checked(sha256: str) -> str:
    if not _DIGEST.fullmatch(sha256):
        raise ValueError(f"{sha256!r} is no SHA-256")
    return sha256


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
