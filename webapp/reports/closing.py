"""Closing a month: what had been received is counted, sealed and never changes again; what comes later is an addendum.

A month is closed as it stands, complete or not. Here stands what a further step of the office can build on: a row per
closed month, its seal, and `shown`, the one way to a month for pages and papers.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.audit.models import Verb
from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.kit.problems import Conflict, Invalid
from webapp.people.models import Person
from webapp.people.queries import names_of
from webapp.reports.closing_content import Received, content_of, content_text, digest_of, received_in, summary_in
from webapp.reports.closing_queries import records_of, unsent_of
from webapp.reports.figures import FIGURES, count_of
from webapp.reports.holding import hold, refuse_closed
from webapp.reports.models import ClosedMonth
from webapp.reports.monthly import build
from webapp.reports.said import told_of
from webapp.reports.steps import ReviewState
from webapp.reports.summary import Closing, MonthlySummary, Phase
from webapp.seals.actions import seal
from webapp.seals.models import Seal
from webapp.seals.rules import MONTH, month_record
from webapp.sites.models import Site


def shown(site: Site, month: Month, now: datetime) -> MonthlySummary:
    """The month as it stands at `now`; a closed one as it was closed, with its addenda."""
    told = told_of(site, month)
    if told.is_closed:
        return _as_closed(site, month)
    return build(site, month, now, told=told)


def close(
    site: Site,
    month: Month,
    *,
    reason: str = "",
    nevertheless: bool = False,
    must_be_accepted: bool = False,
    by: Person | None,
    now: datetime,
) -> ClosedMonth:
    """Closes a month that is over and seals it. `by` is None at the command line.

    `must_be_accepted`: what the bureau did not accept as it stands is closed only nevertheless, with a reason.

    Raises:
        Conflict: the month is not over, or closed already; of two at the same moment one wins.
        Invalid: something speaks against it, and `nevertheless` or a reason is missing.
    """
    hold(site, month)
    refuse_closed(site, month)
    summary = build(site, month, now)
    if summary.phase is not Phase.OVER:
        raise Conflict(_("This month is not over yet. It can be closed from the first day of the next one."))
    unsent, accepted = unsent_of(site, month), is_accepted(summary)
    if unsent:
        _refuse(_("Devices still hold work that has not arrived. Nothing was closed."), reason, nevertheless)
    if must_be_accepted and not accepted:
        _refuse(_("The bureau has not accepted this summary. Nothing was closed."), reason, nevertheless)
    closed = ClosedMonth(
        id=month_record(site.id, month),
        site_id=site.id,
        month=str(month),
        closed_at=now,
        closed_by=by.id if by else None,
        reason=reason,
        figures={figure: count_of(summary, figure) for figure in FIGURES},
        content=content_text(summary, _received(site, month), [each.facts() for each in unsent], is_accepted=accepted),
    )
    db.session.add(closed)
    db.session.flush()
    made = seal(site.id, MONTH, closed.id, content_of(closed.id), by=by.id if by else None, now=now)
    record(
        Verb.MONTH_CLOSED,
        f"month:{site.id}:{month}",
        by=by.id if by else None,
        now=now,
        site_id=site.id,
        month=str(month),
        reason=reason,
        unsent=sum(each.documents for each in unsent),
        accepted=accepted,
        seal=made.number,
    )
    db.session.flush()
    return closed


def is_accepted(summary: MonthlySummary) -> bool:
    """Whether the bureau accepted the summary just as it stands: nothing changed since."""
    return summary.review is ReviewState.ACCEPTED and summary.steps[-1].digest == digest_of(summary)


def _refuse(message: str, reason: str, nevertheless: bool) -> None:
    fields = {}
    if not nevertheless:
        fields["nevertheless"] = [_("Tick that the month is to be closed nevertheless.")]
    if not reason:
        fields["reason"] = [_("Say why.")]
    if fields:
        raise Invalid(message, fields=fields)


def _received(site: Site, month: Month) -> Received:
    found: Received = {}
    for each in records_of(site, month):
        found.setdefault(each.kind, []).append(str(each.id))
    return found


def _as_closed(site: Site, month: Month) -> MonthlySummary:
    closed, sealed = db.session.execute(
        select(ClosedMonth, Seal)
        .join(Seal, (Seal.kind == MONTH) & (Seal.record_id == ClosedMonth.id))
        .where(ClosedMonth.id == month_record(site.id, month))
    ).one()
    content = json.loads(closed.content)
    here = received_in(content)
    return replace(
        summary_in(content),
        closing=Closing(
            at=closed.closed_at,
            by=names_of({closed.closed_by}).get(closed.closed_by, "") if closed.closed_by else "",
            reason=closed.reason,
            unsent=sum(each["documents"] for each in content["unsent"]),
            seal_number=sealed.number,
            digest=sealed.digest,
            is_accepted=content.get("accepted", True),
        ),
        addenda=tuple(each for each in records_of(site, month) if (each.kind, str(each.id)) not in here),
    )
