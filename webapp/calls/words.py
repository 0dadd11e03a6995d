"""How calls are called on pages."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.calls.models import CallKind, StepKind
from webapp.calls.rules import State


def kind_name(kind: str) -> str:
    """What somebody rang for (R56)."""
    names = {CallKind.CONSULTATION: _("Consultation"), CallKind.FAULT: _("Fault told"), CallKind.OTHER: _("Other")}
    return names[CallKind(kind)]


def kind_choices() -> list[tuple[str, str, str]]:
    """Value, name and what follows from each kind."""
    follows = {
        CallKind.CONSULTATION: _("Answered at once, or followed up"),
        CallKind.FAULT: _("Goes on to the form of the fault"),
        CallKind.OTHER: _("Kept and followed up"),
    }
    return [(kind.value, kind_name(kind), text) for kind, text in follows.items()]


def state_name(state: State) -> str:
    """Where a call stands, in two words."""
    names = {
        State.FAULT_MISSING: _("Fault not entered yet"),
        State.TO_FOLLOW_UP: _("To follow up"),
        State.PASSED_ON: _("Passed on"),
        State.ANSWERED: _("Answered"),
        State.CLOSED: _("Closed"),
    }
    return names[state]


def state_mark(state: State) -> str:
    """The mark of a state."""
    marks = {State.FAULT_MISSING: "abnormal", State.TO_FOLLOW_UP: "todo", State.PASSED_ON: "info"}
    return marks.get(state, "ok")


def step_name(kind: str) -> str:
    """What was done, as the story of a call says it."""
    names = {
        StepKind.TAKEN: _("Call taken"),
        StepKind.FOLLOWED_UP: _("Followed up"),
        StepKind.ANSWERED: _("Answered"),
        StepKind.CLOSED: _("Closed"),
    }
    return names[StepKind(kind)]


def step_button(kind: str) -> str:
    """What the button of a step says."""
    names = {
        StepKind.FOLLOWED_UP: _("Write it down"),
        StepKind.ANSWERED: _("Answer and close"),
        StepKind.CLOSED: _("Close the call"),
    }
    return names[StepKind(kind)]
