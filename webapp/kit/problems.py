"""What can go wrong, as four exceptions that actions raise; drawn once, as page, fragment or JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_babel import gettext as _
from marshmallow import ValidationError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException

from webapp.extensions import db, htmx  # noqa: F401  (htmx: the request class)
from webapp.kit.field_messages import in_words

WITH_RETRY_AFTER = (429, 503)  # answers that say when to try again


@dataclass(eq=False)
class Problem(Exception):
    """A deed that cannot be done. `message` is for people, already translated; `fields` maps field to messages."""

    message: str
    code: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    status = 500
    default_code = "problem"
    retry_after = 60  # seconds; said with 429 and 503

    def __str__(self) -> str:
        return self.message


class NotFound(Problem):
    """Not there, or not this person's: the two look the same (404)."""

    status = 404
    default_code = "not_found"


class Refused(Problem):
    """The person may not do this (403)."""

    status = 403
    default_code = "refused"


class Invalid(Problem):
    """The input cannot be used; `fields` says which field and why (422)."""

    status = 422
    default_code = "invalid"


class Conflict(Problem):
    """The record is not, or no longer, in the state that the deed needs (409)."""

    status = 409
    default_code = "conflict"


class Missing(Problem):
    """Attachments of the document have not arrived yet (424); `more` lists their ids."""

    status = 424
    default_code = "attachments_missing"


class Busy(Problem):
    """The database could not be reached, or was too busy (503): nothing was changed, the same again may succeed."""

    status = 503
    default_code = "busy"
    retry_after = 10


class Garbled(Problem):
    """The bytes that came are not those that were sent (400): send again."""

    status = 400
    default_code = "digest_differs"


def wants_json() -> bool:
    """Whether the caller is a program: says so in Accept, or uses an address that only programs use."""
    if request.path.startswith(("/api/", "/files/")) and request.method != "GET":
        return True
    if request.path == "/receipts":
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def draw(problem: Problem) -> Response:
    """Draws a problem in the shape that the caller understands."""
    code = problem.code or problem.default_code
    if wants_json():
        body = {"error": {"code": code, "message": problem.message, "fields": problem.fields, **problem.more}}
        answer = jsonify(body)
    else:
        template = "_problem.html" if getattr(request, "htmx", None) else "problem.html"
        answer = make_response(render_template(template, problem=problem, code=code))
        answer.headers["X-Problem"] = code
        if template == "_problem.html":  # htmx puts it into the page's place for problems, not into the form
            answer.headers["HX-Retarget"] = "#problem"
            answer.headers["HX-Reswap"] = "innerHTML show:top"
    answer.status_code = problem.status
    answer.headers["Cache-Control"] = "no-store"
    if problem.status in WITH_RETRY_AFTER:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def draw_problems(app: Flask) -> None:
    """Registers the one drawing of all problems."""

    @app.errorhandler(Problem)
    def _problem(problem: Problem) -> Response:
        db.session.rollback()
        return draw(problem)

    @app.errorhandler(ValidationError)
    def _validation(error: ValidationError) -> Response:
        return draw(invalid_from(error))

    @app.errorhandler(DataError)
    def _not_storable(error: DataError) -> Response:
        """Something came that the database cannot hold, such as a zero character. Nothing was changed."""
        app.logger.warning("not storable at %s %s: %s", request.method, request.path, type(error.orig).__name__)
        db.session.rollback()
        return draw(Invalid(_("The request could not be understood."), code="unreadable"))

    @app.errorhandler(OperationalError)
    def _busy(error: OperationalError) -> Response:
        """The database is away, locked for too long, or settled a deadlock against this request."""
        app.logger.error("database failed at %s %s: %s", request.method, request.path, error.orig)
        db.session.rollback()
        return draw(Busy(_("The server is busy. What you had saved is safe. Please try again in a moment.")))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        problem = Problem(_http_message(error.code or 500), code=f"http_{error.code}")
        answer = draw(problem)
        answer.status_code = error.code or 500
        if answer.status_code in WITH_RETRY_AFTER:
            answer.headers["Retry-After"] = str(getattr(error, "retry_after", None) or Problem.retry_after)
        return answer

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        app.logger.exception("unexpected error at %s %s", request.method, request.path)
        db.session.rollback()
        return draw(Problem(_("Something went wrong on the server. What you had saved is safe. Please try again.")))


def invalid_from(error: ValidationError) -> Invalid:
    """The Invalid that says what a schema found, field by field."""
    messages = error.normalized_messages()  # type: ignore[no-untyped-call]
    fields = {name: [in_words(str(text)) for text in _flat(value)] for name, value in messages.items()}
    first = next(((name, texts[0]) for name, texts in fields.items() if texts), ("", ""))
    return Invalid(_("%(field)s: %(why)s", field=first[0], why=first[1]), fields=fields)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in _flat(inner)]
    return list(value) if isinstance(value, list) else [value]


def _http_message(status: int) -> str:
    known = {
        401: _("Please sign in."),
        403: _("You may not do this."),
        404: _("There is nothing at this address, or it is not for you to see."),
        405: _("This address does not take that kind of request."),
        413: _("That is too large. Please send a smaller file."),
        429: _("Too many attempts. Please wait a minute and try again."),
    }
    return known.get(status, _("The request could not be understood."))
