"""The door of all steps of a fault, and the warnings for lead and bureau."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response
from werkzeug.wrappers import Response as BaseResponse

from webapp.faults import flow, queries
from webapp.faults.escalations import standing
from webapp.faults.gathering import facts_with
from webapp.faults.models import FindingKind
from webapp.faults.page import listed
from webapp.faults.schemas import StepSchema
from webapp.faults.step_door import received_step
from webapp.faults.views import faults
from webapp.kit.access import signed_in
from webapp.kit.clock import utc_now
from webapp.kit.respond import page
from webapp.sites.access import current_site, may_here, needs
from webapp.sites.rules import Right

SHOWN_TODAY = 3


@faults.post("/<uuid:finding_id>/steps")
@signed_in
def step(finding_id: uuid.UUID) -> BaseResponse:
    """Takes a step; the same again changes nothing, another content under this id is kept and refused."""
    return received_step(finding_id, flow.KIND, StepSchema(), flow.step_document, flow.take_step)


@faults.get("/escalations")
@needs(Right.READ)
def escalations() -> Response:
    """Warnings for lead and bureau, else the most pressing open faults for technicians, as a part of other pages."""
    site, now = current_site(), utc_now()
    sees = may_here(Right.INSTRUCT) or may_here(Right.CLOSE)
    context: dict[str, Any] = {"now": now, "warnings": standing(site.id, now) if sees else []}
    if not context["warnings"] and may_here(Right.INSPECT):
        found = queries.find(site.id, queries.Wanted(kind=FindingKind.FAULT.value, state="open"))
        facts = facts_with(site.id, found.rows[:SHOWN_TODAY])
        context |= {"open_faults": found, "listed_faults": {one: listed(its, now) for one, its in facts.items()}}
        context |= {"is_open": queries.is_open, "levels": site.fault_levels, "SHOWN_TODAY": SHOWN_TODAY}
    return page("faults/_escalations.html", **context)
