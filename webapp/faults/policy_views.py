"""The terms of the contract for faults: everybody of the site reads them, lead and administrator change them."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.extensions import db
from webapp.faults import policies, step_views, words
from webapp.faults.policy_form import content_from
from webapp.faults.schemas import PolicySchema
from webapp.faults.views import faults
from webapp.kit.clock import utc_now
from webapp.kit.intake import load
from webapp.kit.respond import done, page
from webapp.kit.transaction import transaction
from webapp.people.queries import names_of
from webapp.sites.access import current_site, may_here, needs
from webapp.sites.importing import RECORDS, STARTS
from webapp.sites.models import Site
from webapp.sites.rules import Right

__all__ = ["faults", "step_views"]  # the last of the doors of this room: whoever has it has them all


@faults.get("/policy")
@needs(Right.READ)
def policy() -> Response:
    """Levels, limits, clocks, impacts and office hours as they hold now, and what held before."""
    site = current_site()
    history = policies.policies_of(site.id)
    context: dict[str, Any] = {
        "content": policies.content_of(site),
        "history": list(reversed(history)),
        "names": names_of({each.entered_by for each in history if each.entered_by}),
        "level_choices": words.level_choices(site.fault_levels),
        "may_edit": may_here(Right.EDIT_FAULT_TERMS),
        "starts": [(start, words.start_name(start)) for start in STARTS],
        "records": [(record, words.record_name(record)) for record in RECORDS],
        "saved": request.args.get("saved"),
    }
    return page("faults/policy.html", **context)


@faults.post("/policy")
@needs(Right.EDIT_FAULT_TERMS)
def change_policy() -> BaseResponse:
    """New terms for what is reported from now on; running faults keep theirs."""
    reason = load(PolicySchema())["reason"]
    with transaction():
        site = db.session.get_one(Site, current_site().id)
        content = content_from(request.form, policies.content_of(site))
        policies.change_policy(site, content, reason, by=current_user, now=utc_now())
    return done(url_for("faults.policy", saved=1))
