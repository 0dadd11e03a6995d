"""Static files under addresses that name the build, so that browsers keep them for a year and never mix two versions.

The build is a digest over all files under static/. It stands in the path (`/static/v-<build>/js/page.js`), so that a
module imported by a relative address comes from the same build as the one that imports it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from flask import Flask, Response, current_app, g, request, url_for
from flask.sessions import SecureCookieSessionInterface, SessionMixin

BUILD_DIGITS = 12
FOR_A_YEAR = "public, max-age=31536000, immutable"

Stamp = tuple[str, int, int]  # name, size in bytes, time of the last change in ns


@dataclass(frozen=True)
class Build:
    """One state of the folder static/: a name that changes with any byte, and the files it has."""

    name: str
    files: frozenset[str]


class _SessionOfPages(SecureCookieSessionInterface):
    """Leaves static files out: `Vary: Cookie` would make browsers fetch them all again after each sign-in."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def set_up_static(app: Flask) -> None:
    """Gives `static('js/x.js')` to all templates and serves both kinds of addresses.

    An address of the present build is kept for a year. One of another build gets the present file, asked for anew each
    time: a page from before an update must not keep a mixture.
    """

    def send(filename: str, build: str = "") -> Response:
        answer = app.send_static_file(filename)
        if build == present_build().name:
            answer.headers["Cache-Control"] = FOR_A_YEAR
        return answer

    if not app.config["SETTINGS"].demo:
        _build_at_start(app.static_folder or "")  # before gunicorn forks: workers of one start agree on one build
    app.add_url_rule("/static/v-<build>/<path:filename>", endpoint="static")
    app.view_functions["static"] = send
    app.session_interface = _SessionOfPages()
    app.jinja_env.globals.update(static=static_address, build=lambda: present_build().name)


def static_address(name: str) -> str:
    """The address of a file under static/ in the present build.

    Raises:
        FileNotFoundError: there is no such file.
    """
    build = present_build()
    if name not in build.files:
        raise FileNotFoundError(f"static/{name}")
    return url_for("static", build=build.name, filename=name)


def present_build() -> Build:
    """The build of the files as they stand. In the demo and in tests changed files are seen with the next request."""
    folder = current_app.static_folder or ""
    if not (current_app.config["SETTINGS"].demo or current_app.testing):
        return _build_at_start(folder)
    if "static_build" not in g:
        g.static_build = _build_of(folder, _stamps(folder))
    build: Build = g.static_build
    return build


@cache
def _build_at_start(folder: str) -> Build:
    return _build_of(folder, _stamps(folder))


def _stamps(folder: str) -> tuple[Stamp, ...]:
    root = Path(folder)
    found = []
    for path in root.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            seen = path.stat()
            found.append((path.relative_to(root).as_posix(), seen.st_size, seen.st_mtime_ns))
    return tuple(sorted(found))


@lru_cache(maxsize=4)
def _build_of(folder: str, stamps: tuple[Stamp, ...]) -> Build:
    digest = hashlib.sha256()
    for name, _size, _changed in stamps:
        digest.update(name.encode() + b"\0")
        digest.update(hashlib.sha256((Path(folder) / name).read_bytes()).digest())
    return Build(digest.hexdigest()[:BUILD_DIGITS], frozenset(name for name, _size, _changed in stamps))
