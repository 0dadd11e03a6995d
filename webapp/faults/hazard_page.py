"""What pages show of one hazard: state, age, warning, and the one next step of this person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from webapp.faults.hazard_rules import State, age_days, list_month, next_step, state_after, waits_for, warned_at
from webapp.faults.models import EventKind, Finding, FindingKind
from webapp.kit.clock import Month
from webapp.sites.models import Site
from webapp.sites.rules import Right


@dataclass(frozen=True)
class HazardPage:
    """A hazard as one person sees it. `next_step`: see hazard_rules. `proposal`: what the bureau shall agree to."""

    state: State
    age_days: int
    warning: int
    next_step: str
    waits_for: str
    month: Month  # on whose list it belongs
    proposal: str
    consent: str


def hazard_page(finding: Finding, site: Site, rights: frozenset[Right], now: datetime) -> HazardPage | None:
    """The page for somebody with these rights; None for a fault. The events of the finding are loaded."""
    if finding.kind != FindingKind.HAZARD:
        return None
    state = state_after(event.kind for event in finding.events)
    last = {event.kind: event for event in finding.events}
    again = [last[kind].received_at for kind in (EventKind.ASKED_AGAIN, EventKind.REOPENED) if kind in last]
    age = age_days(finding.reported_at, finding.closed_at or now, site.timezone)
    return HazardPage(
        state=state,
        age_days=age,
        warning=0 if finding.closed_at else warned_at(age),
        next_step=next_step(state, rights),
        waits_for=waits_for(state),
        month=list_month(max([finding.reported_at, *again]), site.timezone),
        proposal=last[EventKind.LISTED].reason if EventKind.LISTED in last else "",
        consent=last[EventKind.APPROVED].reason if EventKind.APPROVED in last else "",
    )
