"""The signed-in person of a request: cookie → device → person."""

from __future__ import annotations

from flask import Request, Response, abort, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from webapp.extensions import login
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem, draw, wants_json
from webapp.kit.transaction import transaction
from webapp.people.actions import touch
from webapp.people.models import Person
from webapp.people.queries import device_behind
from webapp.people.rules import is_alive

SEEN_EVERY_SECONDS = 600


class SignInNeeded(Problem):
    """Nobody is signed in, or not any more (401). Machines get this instead of a redirect."""

    status = 401
    default_code = "sign_in"


@login.user_loader  # type: ignore[untyped-decorator]
def load_person(secret: str) -> Person | None:
    """The person behind the cookie, or None when the device was signed out, is too old, or the account is off."""
    device = device_behind(secret)
    now = utc_now()
    if device is None or not device.person.is_active:
        return None
    if not is_alive(device.created_at, device.last_seen_at, device.ended_at, device.is_shared, now):
        return None
    if (now - device.last_seen_at).total_seconds() > SEEN_EVERY_SECONDS:
        with transaction():
            touch(device, now=now)
    device.secret = secret
    person = device.person
    person.device = device
    return person


@login.unauthorized_handler  # type: ignore[untyped-decorator]
def ask_for_sign_in() -> BaseResponse:
    """People are sent to the sign-in page and come back; machines and htmx get 401."""
    if wants_json() or request.headers.get("HX-Request"):
        return draw(SignInNeeded(_("Please sign in. What you have written is kept on this device.")))
    if request.method != "GET":
        abort(401)
    return redirect(url_for("people.sign_in_page", next=_path_of(request)), 303)


def safe_path(path: str) -> str:
    """`path` if it stays in this app, else "/": nobody is sent to another site after sign-in."""
    if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path and "\r" not in path:
        return path
    return "/"


def _path_of(asked: Request) -> str:
    return asked.full_path.rstrip("?")


def forget(answer: Response) -> Response:
    """Tells the browser to drop what it cached of the person (pages; never unsent work)."""
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
