"""Which terms of the contract hold for faults, since when, and who said so (R40–R50). Rows are only ever added.

The import of command centres writes the contract onto the site; the first need after it takes that over as a further
policy. A person who edits the terms adds one and brings the site in step, so that site and newest policy say the same.
A fault keeps the policy that was in force when it was reported.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.faults.models import FaultPolicy
from webapp.faults.terms import Terms
from webapp.kit.problems import Conflict, invalid_from
from webapp.people.models import Person
from webapp.sites.actions import change_site
from webapp.sites.importing import check_contract
from webapp.sites.models import Site


def content_of(site: Site) -> dict[str, Any]:
    """The contract as it stands on the site, in the form of a policy."""
    return {"levels": site.fault_levels, "kinds": site.fault_kinds, "terms": site.fault_terms or {}}


def policies_of(site_id: uuid.UUID) -> Sequence[FaultPolicy]:
    """All policies of a site, the first one first."""
    wanted = select(FaultPolicy).where(FaultPolicy.site_id == site_id).order_by(FaultPolicy.number)
    return db.session.scalars(wanted).all()


def policy_among(policies: Iterable[FaultPolicy], moment: datetime) -> FaultPolicy | None:
    """The policy in force at a moment; what is older than all of them runs under the first. `policies` in order."""
    found = None
    for policy in policies:
        if found is None or policy.valid_from <= moment:
            found = policy
    return found


def policy_for(level: str | None, policies: Sequence[FaultPolicy], moment: datetime) -> FaultPolicy | None:
    """The policy in force at a moment; the newest one where that does not know the level: no clock would run."""
    found = policy_among(policies, moment)
    is_known = found is not None and any(each["key"] == level for each in found.content["levels"])
    return found if is_known or not policies else policies[-1]


def terms_in_force(site: Site) -> Terms:
    """The terms for what is reported now, whether they have been taken over as a policy or not."""
    return Terms.of(content_of(site), site.timezone)


def taken_over(site: Site, *, now: datetime) -> Sequence[FaultPolicy]:
    """All policies, with the contract on the site as the newest one. The site row must be locked.

    The very first one holds since the site is there.
    """
    policies = list(policies_of(site.id))
    content = content_of(site)
    if not policies or policies[-1].content != content:
        policies.append(_add(site, content, policies, reason="", by=None, now=now))
    return policies


def change_policy(site: Site, content: dict[str, Any], reason: str, *, by: Person, now: datetime) -> FaultPolicy:
    """New terms for what is reported from now on; what runs keeps its own. `content` as `content_of` gives it.

    Raises:
        Conflict: nothing differs from the terms in force.
        Invalid: the terms do not fit together; as the import of command centres checks them.
    """
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update(key_share=True))
    db.session.refresh(site)
    policies = taken_over(site, now=now)
    try:
        checked = check_contract(content["levels"], content["kinds"], content["terms"])
    except ValidationError as error:
        raise invalid_from(error) from None
    if checked == policies[-1].content:
        raise Conflict(_("These are the terms in force already."), code="unchanged")
    change_site(
        site,
        name=site.name,
        short_name=site.short_name,
        signatures_needed=site.signatures_needed,
        photo_rule=site.photo_rule,
        by=by.id,
        now=now,
        fault_levels=checked["levels"],
        fault_kinds=checked["kinds"],
        fault_terms=checked["terms"],
    )
    return _add(site, checked, policies, reason=reason, by=by, now=now)


def _add(
    site: Site,
    content: dict[str, Any],
    policies: Sequence[FaultPolicy],
    *,
    reason: str,
    by: Person | None,
    now: datetime,
) -> FaultPolicy:
    policy = FaultPolicy(
        id=uuid.uuid4(),
        site_id=site.id,
        number=len(policies) + 1,
        content=content,
        valid_from=now if policies else min(site.created_at, now),
        entered_at=now,
        entered_by=by.id if by else None,
        reason=reason,
    )
    db.session.add(policy)
    db.session.flush()
    told = {"number": policy.number, "reason": reason}
    record(Verb.FAULT_TERMS_CHANGED, f"site:{site.id}", by=by.id if by else None, now=now, site_id=site.id, **told)
    return policy
