"""Answers: the only place that looks at htmx. A page includes its fragments; an htmx answer is one fragment alone."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request


def is_fragment_wanted() -> bool:
    """Whether htmx asked, and so gets one element instead of a whole page."""
    return bool(getattr(request, "htmx", False)) and not request.headers.get("HX-Boosted")


def page(template: str, /, status: int = 200, **context: Any) -> Response:
    """A whole page."""
    return make_response(render_template(template, **context), status)


def respond(page_template: str, fragment_template: str, /, status: int = 200, **context: Any) -> Response:
    """The fragment for htmx, else the page that contains it. Both get the same context."""
    template = fragment_template if is_fragment_wanted() else page_template
    return make_response(render_template(template, **context), status)


def done(url: str, fragment_template: str | None = None, /, **context: Any) -> Response:
    """After a deed: htmx gets the changed fragment (or goes to `url`), a plain form is sent to `url` (303)."""
    if is_fragment_wanted():
        if fragment_template:
            return make_response(render_template(fragment_template, **context))
        answer = make_response("", 204)
        answer.headers["HX-Redirect"] = url
        return answer
    return make_response(redirect(url, 303))
