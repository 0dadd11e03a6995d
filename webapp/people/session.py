"""The signed-in person of a request: cookie → device → person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Request, Response, abort, current_app, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.extensions import login
from webapp.kit.clock import utc_now
from webapp.kit.problems import Problem, Refused, draw, wants_json
from webapp.kit.transaction import transaction
from webapp.people.actions import touch
from webapp.people.models import Person
from webapp.people.queries import device_behind
from webapp.people.rules import is_alive

SEEN_EVERY_SECONDS = 600
OPEN_WITH_TEMPORARY_PASSWORD = {"people.account", "people.change_password", "people.sign_out"}


View = TypeVar("View", bound=Callable[..., Any])


def for_nobody(view: View) -> View:
    """Marks an open route whose answer is the same for everybody: within it nobody is signed in."""
    view.is_for_nobody = True  # type: ignore[attr-defined]
    return view


class SignInNeeded(Problem):
    """Nobody is signed in, or not any more (401). Machines get this instead of a redirect."""

    status = 401
    default_code = "sign_in"


@login.user_loader  # type: ignore[untyped-decorator]
def load_person(secret: str) -> Person | None:
    """The person behind the cookie, or None when the device was signed out, is too old, or the account is off."""
    if getattr(current_app.view_functions.get(request.endpoint or ""), "is_for_nobody", False):
        return None
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


def ask_for_own_password() -> BaseResponse | None:
    """Who signed in with a temporary password is led to the account page until an own one is chosen.

    Raises:
        Refused: for everything that is no page.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "guard", "open_to_all") == "open_to_all" or request.endpoint in OPEN_WITH_TEMPORARY_PASSWORD:
        return None
    if not current_user.is_authenticated or not current_user.must_change_password:
        return None
    if request.method == "GET" and not wants_json() and not request.headers.get("HX-Request"):
        return redirect(url_for("people.account"), 303)
    raise Refused(_("Please choose a password of your own on the page of your account first."), code="own_password")


def safe_path(path: str) -> str:
    """`path` if it stays in this app, else "/": nobody is sent to another site after sign-in."""
    # tabs and line ends fall out of addresses on the way: "/<tab>/elsewhere" would become "//elsewhere"
    if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return "/"


def _path_of(asked: Request) -> str:
    return asked.full_path.rstrip("?")


def forget(answer: Response) -> Response:
    """Tells the browser to drop what it cached of the person (pages; never unsent work)."""
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer
