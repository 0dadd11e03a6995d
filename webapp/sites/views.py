"""The command centre one works in, its settings, its people."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.kit.access import signed_in
from webapp.kit.clock import local_day, utc_now
from webapp.kit.intake import load
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.actions import choose_site
from webapp.people.models import Person
from webapp.people.session import safe_path
from webapp.sites import actions, queries, staff
from webapp.sites.access import current_site, needs, require
from webapp.sites.models import PhotoRule, Role
from webapp.sites.rules import Right, days_left, ending
from webapp.sites.schemas import (
    ChoiceSchema,
    InvitationSchema,
    LineSchema,
    NewLineSchema,
    NewPersonSchema,
    PersonSchema,
    RolesSchema,
    SettingsSchema,
)

sites = Blueprint("sites", __name__, url_prefix="/sites")


@sites.post("/choice")
@signed_in
def choose() -> BaseResponse:
    """Remembers the command centre on this device."""
    site = require(current_user, Right.READ, load(ChoiceSchema())["site"])
    with transaction():
        choose_site(current_user.device, site.id)
    return done(safe_path(request.form.get("next", "/")))


@sites.get("/settings")
@needs(Right.EDIT_SITE)
def settings() -> Response:
    """Names, signatures, photo rule, service lines with their periods."""
    site = current_site()
    today = local_day(utc_now(), site.timezone)
    lines = [
        (line, ending(line.ends_on, today), days_left(line.ends_on, today)) for line in queries.service_lines(site.id)
    ]
    return page("sites/settings.html", lines=lines, photo_rules=photo_rules(), saved=request.args.get("saved"))


@sites.post("/settings")
@needs(Right.EDIT_SITE)
def change_settings() -> BaseResponse:
    """Changes names, signatures needed and photo rule; the log keeps old and new."""
    form = load(SettingsSchema())
    with transaction():
        actions.change_site(current_site(), by=current_user.id, now=utc_now(), **form)
    return done(url_for("sites.settings", saved=1))


@sites.post("/settings/service-lines")
@needs(Right.EDIT_SITE)
def add_line() -> BaseResponse:
    """A further equipment list with its period."""
    form = load(NewLineSchema())
    with transaction():
        actions.add_service_line(current_site(), **form, by=current_user.id, now=utc_now())
    return done(url_for("sites.settings", saved=1))


@sites.post("/settings/service-lines/<uuid:line_id>")
@needs(Right.EDIT_SITE)
def change_line(line_id: uuid.UUID) -> BaseResponse:
    """Changes name and period of an equipment list."""
    form = load(LineSchema())
    with transaction():
        line = queries.line_of(current_site().id, line_id)
        actions.change_service_line(line, **form, by=current_user.id, now=utc_now())
    return done(url_for("sites.settings", saved=1))


@sites.get("/people")
@needs(Right.EDIT_PEOPLE)
def people() -> Response:
    """The people of the current site with their roles."""
    return _people_page()


@sites.post("/people")
@needs(Right.EDIT_PEOPLE)
def add_member() -> Response:
    """A new account; its temporary password is shown this once."""
    form = load(NewPersonSchema())
    roles = form.pop("role")
    with transaction():
        person, password = staff.add_member(current_site(), **form, roles=roles, by=_me(), now=utc_now())
    return _once(_people_page(fresh=person, password=password))


@sites.post("/people/invitations")
@needs(Right.EDIT_PEOPLE)
def invite() -> BaseResponse:
    """Gives a role here to an account of another site, by its exact name."""
    form = load(InvitationSchema())
    with transaction():
        person = staff.invite(current_site(), form["username"], form["role"], by=_me(), now=utc_now())
    return done(url_for("sites.member", person_id=person.id))


@sites.get("/people/<uuid:person_id>")
@needs(Right.EDIT_PEOPLE)
def member(person_id: uuid.UUID) -> Response:
    """One account: roles here, agreement, password, devices."""
    return _member_page(person_id)


@sites.post("/people/<uuid:person_id>")
@needs(Right.EDIT_PEOPLE)
def change_member(person_id: uuid.UUID) -> BaseResponse:
    """Name, switch, date of the confidentiality agreement."""
    form = load(PersonSchema())
    with transaction():
        person, _roles = queries.person_here(current_site().id, person_id)
        staff.change_member(person, current_site(), **form, by=_me(), now=utc_now())
    return done(url_for("sites.member", person_id=person_id, saved=1))


@sites.post("/people/<uuid:person_id>/roles")
@needs(Right.EDIT_PEOPLE)
def set_roles(person_id: uuid.UUID) -> BaseResponse:
    """The roles of a person in the current site."""
    roles = load(RolesSchema())["role"]
    with transaction():
        person, _roles = queries.person_here(current_site().id, person_id)
        staff.set_roles(person, current_site(), roles, by=_me(), now=utc_now())
    target = url_for("sites.member", person_id=person_id, saved=1) if roles else url_for("sites.people")
    return done(target)


@sites.post("/people/<uuid:person_id>/password")
@needs(Right.EDIT_PEOPLE)
def reset_password(person_id: uuid.UUID) -> Response:
    """A temporary password, shown this once; all devices are signed out."""
    with transaction():
        person, _roles = queries.person_here(current_site().id, person_id)
        password = staff.reset_member_password(person, by=_me(), now=utc_now())
    return _once(_member_page(person_id, password=password))


@sites.post("/people/<uuid:person_id>/sign-out")
@needs(Right.EDIT_PEOPLE)
def sign_out_member(person_id: uuid.UUID) -> BaseResponse:
    """Signs all devices of a person out."""
    with transaction():
        person, _roles = queries.person_here(current_site().id, person_id)
        staff.sign_out_member(person, by=_me(), now=utc_now())
    return done(url_for("sites.member", person_id=person_id, saved=1))


@sites.app_template_global()
def role_name(role: Role) -> str:
    """A role as people call it."""
    names = {
        Role.TECHNICIAN: _("Technician"),
        Role.LEAD: _("Project lead"),
        Role.SUPERVISOR: _("Supervisor (bureau)"),
        Role.OFFICE: _("Office"),
        Role.ADMIN: _("Administrator"),
    }
    return names[role]


def photo_rules() -> list[tuple[str, str]]:
    """The photo rules of a place with their names (R125)."""
    names = {
        PhotoRule.ALLOWED: _("Photos allowed"),
        PhotoRule.CLOSE_UP: _("Close-ups of devices only"),
        PhotoRule.FORBIDDEN: _("No photos"),
    }
    return [(rule.value, names[rule]) for rule in PhotoRule]


def _people_page(**more: Any) -> Response:
    staff_here = queries.people_of(current_site().id)
    shared = queries.belonging_elsewhere({person.id for person, _roles in staff_here}, current_user.id)
    return page("sites/people.html", people=staff_here, shared=shared, roles=list(Role), **more)


def _member_page(person_id: uuid.UUID, **more: Any) -> Response:
    person, roles = queries.person_here(current_site().id, person_id)
    is_shared = queries.belongs_elsewhere(person.id, current_user.id)
    context = {"person": person, "held": roles, "is_shared": is_shared, "roles": list(Role), **more}
    return page("sites/person.html", saved=request.args.get("saved"), **context)


def _once(answer: Response) -> Response:
    """A page with a temporary password is kept by nobody."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _me() -> Person:
    return current_user._get_current_object()  # type: ignore[no-any-return]
