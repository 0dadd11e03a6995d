"""The checklists of a command centre: list, one checklist with its versions, files in and out."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, make_response, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.checklists import queries, words
from webapp.checklists.drafts import draft_from_file, start_draft
from webapp.checklists.exchange import file_of, parse
from webapp.checklists.models import ChecklistVersion
from webapp.checklists.versions import mentions, seeds_of
from webapp.kit.clock import utc_now
from webapp.kit.problems import Invalid, Problem
from webapp.kit.respond import done, page, respond
from webapp.kit.transaction import transaction
from webapp.sites.access import current_site, needs
from webapp.sites.rules import Right

checklists = Blueprint("checklists", __name__, url_prefix="/checklists")


@checklists.get("")
@needs(Right.READ)
def index() -> Response:
    """All checklists, devices and places apart, with how many assets of the site each applies to."""
    site = current_site()
    versions = queries.current_versions(site.id)
    assets = queries.assets_by_category(site.id, [one.checklist for one in versions])
    text = request.args.get("q", "").strip()
    found = [one for one in versions if mentions(one, text)]
    context: dict[str, Any] = {"versions": found, "assets": assets, "q": text, "total": len(versions), "words": words}
    return respond("checklists/index.html", "checklists/_list.html", **context)


@checklists.get("/<uuid:checklist_id>")
@needs(Right.READ)
def show(checklist_id: uuid.UUID) -> Response:
    """One checklist: the items of a version, what it covers, its versions, the assets it applies to."""
    return page("checklists/show.html", **_context(checklist_id, request.args.get("version")))


@checklists.post("/<uuid:checklist_id>/drafts")
@needs(Right.EDIT_CHECKLISTS)
def draft(checklist_id: uuid.UUID) -> Response:
    """Begins a draft as a copy of a version, or goes on with the open one."""
    site = current_site()
    origin = _version(checklist_id, site.id, request.form.get("version"))
    with transaction():
        made = start_draft(origin, site.id, by=current_user, now=utc_now())
    return done(url_for("drafts.show", version_id=made.id))


@checklists.get("/export")
@needs(Right.EXPORT)
def export() -> Response:
    """All checklists that count in the site, as one YAML file."""
    site = current_site()
    data = file_of(queries.current_versions(site.id))
    with transaction():
        record(Verb.CHECKLISTS_EXPORTED, f"site:{site.id}", by=current_user.id, now=utc_now(), site_id=site.id)
    answer = make_response(data)
    answer.headers["Content-Type"] = "application/yaml; charset=utf-8"
    answer.headers["Content-Disposition"] = f"attachment; filename=checklists-{site.code}.yaml"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@checklists.get("/import")
@needs(Right.EDIT_CHECKLISTS)
def import_page() -> Response:
    """Where a file is chosen."""
    return page("checklists/import.html")


@checklists.post("/import")
@needs(Right.EDIT_CHECKLISTS)
def import_file() -> Response:
    """Makes drafts of what differs in a YAML file; with mistakes nothing is changed and each is named."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid(_("Please choose a file."))
        with transaction():
            result = draft_from_file(
                parse(sent.read(), sent.filename), current_site().id, by=current_user, now=utc_now()
            )
    except Problem as problem:
        return page("checklists/import.html", problem.status, problem=problem.message, mistakes=problem.fields)
    return page("checklists/import.html", result=result)


def _version(checklist_id: uuid.UUID, site_id: uuid.UUID, version_id: str | None) -> ChecklistVersion:
    """The chosen version of a checklist, else the one that counts today."""
    current = queries.current_among(queries.versions_seen(checklist_id, site_id))
    return queries.version_seen(site_id, checklist_id, version_id or current)


def _context(checklist_id: uuid.UUID, version_id: str | None) -> dict[str, Any]:
    site = current_site()
    versions = queries.versions_seen(checklist_id, site.id)
    current = queries.current_among(versions)
    chosen = queries.version_seen(site.id, checklist_id, version_id or current)
    assets = queries.assets_by_category(site.id, queries.all_checklists())
    return {
        "checklist": chosen.checklist,
        "version": chosen,
        "versions": versions,
        "current": current,
        "draft": next((one for one in versions if one.published_at is None), None),
        "names": queries.names_of(one.published_by or one.drafted_by for one in versions),
        "assets": assets.get(chosen.checklist.key, []),
        "seeds": seeds_of(chosen.items),
        "words": words,
    }
