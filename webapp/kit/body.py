"""Bodies that break off: what was sent arrives whole, or the request is answered 400 and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Flask
from werkzeug.exceptions import ClientDisconnected, HTTPException

Environ = dict[str, Any]


class WholeBody:
    """The stream of a request's body, as the server gives it, which must not end early.

    Servers tell a broken body in ways of their own: an exception of theirs while it is read (a chunk without its end),
    or simply too few bytes (a connection that was closed in the middle). Half a form looks like a whole one to whoever
    parses it, so both are made into one thing: ClientDisconnected, which is answered 400. The device sends it again.
    """

    def __init__(self, stream: Any, length: int | None) -> None:
        self._stream = stream
        self._left = length  # bytes still to come, as announced; None: not announced

    def read(self, size: int | None = -1) -> bytes:
        """Reads as the stream does. Raises ClientDisconnected where it ends too early."""
        wanted = -1 if size is None else size
        data = self._asked(lambda: self._stream.read(wanted) if wanted >= 0 else self._stream.read())
        return self._counted(data, is_at_end=wanted < 0 or (wanted > 0 and not data))

    def readline(self, size: int | None = -1) -> bytes:
        """The same for a line."""
        wanted = -1 if size is None else size
        data = self._asked(lambda: self._stream.readline(wanted) if wanted >= 0 else self._stream.readline())
        return self._counted(data, is_at_end=wanted != 0 and not data)

    def readlines(self, hint: int = -1) -> list[bytes]:
        """All lines that are left."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def _asked(self, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except HTTPException:
            raise
        except Exception:  # each server has its own
            raise ClientDisconnected from None

    def _counted(self, data: bytes, *, is_at_end: bool) -> bytes:
        if self._left is not None:
            self._left -= len(data)
            if is_at_end and self._left > 0:
                raise ClientDisconnected
        return data


def refuse_broken_bodies(app: Flask) -> None:
    """Lets the app see whole bodies only."""
    inner = app.wsgi_app

    def whole(environ: Environ, start_response: Any) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH", "")
        announced = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None
        environ["wsgi.input"] = WholeBody(environ["wsgi.input"], announced)
        return inner(environ, start_response)

    app.wsgi_app = whole  # type: ignore[method-assign]
