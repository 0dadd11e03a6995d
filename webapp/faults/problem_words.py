"""How problems and repeats are called on pages."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.faults.problem_models import OwnerKind, ProblemState


def owner_kind_name(kind: str) -> str:
    """Who has to solve it."""
    names = {
        OwnerKind.SUPPLIER: _("Supplier"),
        OwnerKind.CONSTRUCTION_UNIT: _("Construction unit"),
        OwnerKind.PROVIDER: _("Provider itself"),
        OwnerKind.BUREAU: _("Bureau"),
    }
    return names[OwnerKind(kind)]


def problem_state_name(state: str) -> str:
    """How far a problem has come."""
    names = {
        ProblemState.OPEN: _("Open"),
        ProblemState.PRESSED: _("Pressed to act"),
        ProblemState.PROMISED: _("Day promised"),
        ProblemState.SOLVED: _("Solved"),
        ProblemState.DROPPED: _("Not followed up any more"),
    }
    return names[ProblemState(state)]


def problem_mark(state: str) -> str:
    """Its mark."""
    marks = {ProblemState.SOLVED: "ok", ProblemState.DROPPED: "na", ProblemState.PRESSED: "waiting"}
    return marks.get(ProblemState(state), "warn" if state == ProblemState.PROMISED else "abnormal")


def owner_kinds() -> list[tuple[str, str]]:
    """Value and name of each."""
    return [(kind.value, owner_kind_name(kind.value)) for kind in OwnerKind]


def problem_states() -> list[tuple[str, str]]:
    """Value and name of each."""
    return [(state.value, problem_state_name(state.value)) for state in ProblemState]
