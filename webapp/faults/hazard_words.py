"""How the steps and states of hazards are called on pages."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.faults.hazard_rules import State
from webapp.faults.models import EventKind as Kind


def hazard_state_name(state: str | None) -> str:
    """Where a hazard stands, in a few words."""
    names = {
        State.FOUND: _("Found"),
        State.LISTED: _("On the list, waits for consent"),
        State.APPROVED: _("Consent given"),
        State.REFUSED: _("Consent refused"),
        State.IN_WORK: _("In work"),
        State.DONE: _("Done, waits for the check"),
        State.CHECKED: _("Checked"),
        State.CLOSED: _("Closed without work"),
    }
    return names[State(state or State.FOUND)]


def hazard_shape(state: str | None) -> str:
    """The mark of a state."""
    shapes = {
        State.FOUND: "warn",
        State.LISTED: "waiting",
        State.APPROVED: "todo",
        State.REFUSED: "abnormal",
        State.IN_WORK: "info",
        State.DONE: "waiting",
        State.CHECKED: "ok",
        State.CLOSED: "na",
    }
    return shapes[State(state or State.FOUND)]


def hazard_event_name(kind: str) -> str:
    """What happened to a hazard, as the timeline says it; "" for what happens to faults, too."""
    names: dict[str, str] = {
        Kind.LISTED: _("Put on the hazard list"),
        Kind.APPROVED: _("Bureau agreed"),
        Kind.REFUSED: _("Bureau refused"),
        Kind.ASKED_AGAIN: _("To be asked for again"),
        Kind.STARTED: _("Work begun"),
        Kind.DONE: _("Rectified"),
        Kind.SENT_BACK: _("Checked: back to work"),
    }
    return names.get(kind, "")


def hazard_button(kind: str) -> str:
    """What the button of a step says."""
    names: dict[str, str] = {
        Kind.LISTED: _("To the list of the month"),
        Kind.ASKED_AGAIN: _("Ask for consent again"),
        Kind.STARTED: _("Begin the work"),
        Kind.DONE: _("Rectified"),
        Kind.SENT_BACK: _("Back to work"),
        "decide": _("Save the decision"),
    }
    return names[kind]


def why_not(number: str, state: State, kind: Kind) -> str:
    """Why a step cannot be taken in a state."""
    if kind in (Kind.STARTED, Kind.DONE) and state in (State.FOUND, State.LISTED):
        return _("%(number)s: the bureau has not agreed yet. No work begins before its consent.", number=number)
    if kind in (Kind.STARTED, Kind.DONE) and state is State.REFUSED:
        return _("%(number)s: the bureau has refused. No work begins without its consent.", number=number)
    if kind is Kind.CLOSED and state not in (State.CHECKED, State.CLOSED):
        return _(
            "%(number)s cannot be closed yet: it is closed by the check of the bureau, once it is rectified. Now: "
            "%(state)s",
            number=number,
            state=hazard_state_name(state),
        )
    if kind is Kind.CLOSED:
        return _("%(number)s is closed already.", number=number)
    if kind is Kind.REOPENED:
        return _("%(number)s is open.", number=number)
    return _(
        "%(number)s does not wait for that (any more). Now: %(state)s", number=number, state=hazard_state_name(state)
    )
