"""Sign-in, sign-out, own account, language."""

from __future__ import annotations

from flask import Blueprint, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from webapp.kit.access import open_to_all, signed_in
from webapp.kit.clock import utc_now
from webapp.kit.intake import load
from webapp.kit.problems import Problem
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people import actions
from webapp.people.schemas import LanguageSchema, PasswordSchema, SignInSchema
from webapp.people.session import ask_for_own_password, forget, safe_path

people = Blueprint("people", __name__)
people.before_app_request(ask_for_own_password)


@people.get("/sign-in")
@open_to_all
def sign_in_page() -> Response:
    """The sign-in page; who is signed in already goes on."""
    target = safe_path(request.args.get("next", "/"))
    if current_user.is_authenticated:
        return redirect(target, 303)
    answer = page("people/sign_in.html", next=target)
    if request.args.get("left"):  # right after signing out: from now on this browser keeps pages for nobody
        answer.headers["X-User"] = "nobody"
    return answer


@people.post("/sign-in")
@open_to_all
def sign_in() -> Response:
    """Checks name and password; wrong ones are counted per account and address."""
    form = load(SignInSchema())
    now = utc_now()
    address = request.remote_addr or ""
    target = safe_path(form["next"])
    try:
        person = actions.check_password(form["username"], form["password"], address=address, now=now)
    except Problem as problem:
        told = page(
            "people/sign_in.html", problem.status, next=target, problem=problem.message, username=form["username"]
        )
        told.headers["Retry-After"] = str(problem.retry_after)
        return told
    if person is None or not person.is_active:
        with transaction():
            actions.note_failure(form["username"], address=address, now=now)
        why = _why_not(person is not None)
        return page("people/sign_in.html", 401, next=target, problem=why, username=form["username"])
    with transaction():
        device = actions.sign_in(person, user_agent=request.user_agent.string, is_shared=form["shared"], now=now)
    person.device = device
    session.permanent = not form["shared"]  # a phone that was killed in the pocket is still signed in
    login_user(person, remember=False)
    answer = redirect(url_for("people.account") if person.must_change_password else target, 303)
    return _remember_language(answer, person.language)


def _why_not(is_known: bool) -> str:
    if is_known:
        return _("This account is switched off, or its confidentiality agreement is missing. Ask your administrator.")
    return _("Account name or password is wrong.")


@people.post("/sign-out")
@signed_in
def sign_out() -> Response:
    """Signs this device out; with everywhere=1 all devices of the person."""
    now = utc_now()
    person, device = current_user._get_current_object(), current_user.device
    with transaction():
        if request.form.get("everywhere"):
            actions.sign_out_everywhere(person, by=person, now=now)
        else:
            actions.sign_out(device, now=now)
    logout_user()
    return forget(redirect(url_for("people.sign_in_page", left=1), 303))  # type: ignore[arg-type]


@people.get("/account")
@signed_in
def account() -> Response:
    """Own account: password, language, sign out."""
    return page("people/account.html")


@people.post("/account/password")
@signed_in
def change_password() -> Response:
    """A new password; other devices are signed out."""
    form = load(PasswordSchema())
    person = current_user._get_current_object()
    try:
        with transaction():
            actions.change_password(person, form["old"], form["new"], now=utc_now())
    except Problem as problem:
        return page("people/account.html", problem.status, problem=problem.message)
    return done(url_for("people.account", changed=1))


@people.post("/language")
@open_to_all
def choose_language() -> Response:
    """Switches the language, in the cookie and, when signed in, in the account."""
    form = load(LanguageSchema())
    if current_user.is_authenticated:
        with transaction():
            actions.choose_language(current_user, form["language"])
    answer = redirect(safe_path(form["next"]), 303)
    return _remember_language(answer, form["language"])


def _remember_language(answer: Response, language: str) -> Response:
    """Pages that are for nobody in particular follow this cookie: sign-in, manifest, "not on this device"."""
    answer.set_cookie("language", language, max_age=31_536_000, samesite="Lax", httponly=True)
    return answer
