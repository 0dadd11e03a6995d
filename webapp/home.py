"""The front door: the start page by role, health checks, and what every template is given."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, redirect, url_for
from flask_login import current_user
from sqlalchemy import text
from werkzeug.wrappers import Response

from webapp.checklists.queries import all_checklists
from webapp.extensions import db
from webapp.kit.access import open_to_all, signed_in
from webapp.kit.clock import Month, local_day, utc_now
from webapp.kit.language import show_times_of
from webapp.sites.access import current_site, may_here, memberships
from webapp.sites.rules import Right

home = Blueprint("home", __name__)


@home.get("/")
@signed_in
def start() -> Response:
    """Sends everybody to the page their day begins with."""
    if may_here(Right.INSPECT):
        return redirect(url_for("plans.today"), 303)
    if may_here(Right.SIGN):
        return redirect(url_for("visits.index"), 303)
    if may_here(Right.EDIT_PEOPLE):
        return redirect(url_for("sites.people"), 303)
    this_month = Month.of(local_day(utc_now(), current_site().timezone))
    return redirect(url_for("reports.month", month=str(this_month)), 303)


@home.get("/healthz")
@open_to_all
def healthz() -> tuple[str, int]:
    """Alive."""
    return "ok", 200


@home.get("/readyz")
@open_to_all
def readyz() -> tuple[str, int]:
    """Database and file store reachable."""
    db.session.execute(text("select 1"))
    from webapp.files.store import store

    store().check()
    return "ok", 200


@home.app_context_processor
def common_names() -> dict[str, Any]:
    """What every page needs: the site, the person's sites and rights, whether this is a demo."""
    names: dict[str, Any] = {
        "Right": Right,
        "may": may_here,
        "all_checklists": all_checklists,
        "is_demo": current_app.config["SETTINGS"].demo,
        "site": None,
        "my_sites": [],
    }
    if current_user and current_user.is_authenticated and (mine := memberships(current_user)):
        site = current_site()
        show_times_of(site.timezone)
        names.update(site=site, my_sites=[entry[0] for entry in mine.values()])
        names["this_month"] = str(Month.of(local_day(utc_now(), site.timezone)))
    return names
