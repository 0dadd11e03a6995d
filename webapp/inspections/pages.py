"""The page of an asset's checklist, drawn for its own address or, with many others, for a round that is taken along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app, render_template, request

from webapp.inspections import words
from webapp.inspections.form import Form
from webapp.kit.language import show_times_of


def drawn(form: Form, problem: str | None = None) -> str:
    """The page of a form, the same bytes wherever it is drawn. `problem`: what stands above it."""
    show_times_of(form.asset.site.timezone)
    return render_template("inspections/new.html", form=form, words=words, problem=problem)


@contextmanager
def asked_for(address: str) -> Iterator[None]:
    """Within, pages are drawn as if the browser had asked for `address`, a path of this app with its query.

    Links that come back to the page and the mark of the present room depend on the address. Who is signed in, the
    session of the database and what was loaded stay those of the real request.
    """
    path, _mark, query = address.removeprefix(request.script_root).partition("?")
    environ = {**request.environ, "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
    environ.pop("werkzeug.request", None)
    with current_app.request_context(environ):
        yield
