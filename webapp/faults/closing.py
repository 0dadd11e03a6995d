"""What must be there before a fault is closed: what its level asks for (R43, R52, R57, R67)."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import gettext as _

from webapp.faults.facts import FaultFacts
from webapp.faults.models import EventKind as Kind

SHORT = ("cause", "handling")
FULL = ("cause", "analysis", "handling", "responsibility", "lessons")


def record_asked(facts: FaultFacts) -> str:
    """Which form the level of a fault asks for: answer, short or full."""
    level = facts.terms.levels.get(facts.levels[-1].key)
    return level.record if level else "short"


def words_asked(facts: FaultFacts) -> tuple[str, ...]:
    """The fields of the record that must be written."""
    asked = record_asked(facts)
    return ("answer",) if asked == "answer" else FULL if asked == "full" else SHORT


def missing_for_closing(facts: FaultFacts) -> list[str]:
    """What is not there yet, in the order of the work. A consultation needs its answer only."""
    asked = record_asked(facts)
    missing = []
    if asked == "full" and not facts.first(Kind.INFORMED):
        missing.append("informed")
    if asked == "full" and not facts.first(Kind.BACKED_UP):
        missing.append("backed_up")
    if asked != "answer" and not facts.repaired:
        missing.append("repaired")
    missing += [name for name in words_asked(facts) if not facts.analysis.get(name)]
    if asked != "answer" and not facts.passed:
        missing.append("tested")
    return missing


def missing_name(what: str) -> str:
    """How a page calls something that is missing."""
    names = {
        "informed": _("when and whom of the bureau was told"),
        "backed_up": _("the backup before the work"),
        "repaired": _("the repair"),
        "tested": _("the recovery test of the bureau"),
        "cause": _("the class of the cause"),
        "analysis": _("the analysis of the cause"),
        "handling": _("what was done"),
        "responsibility": _("the responsibility"),
        "lessons": _("the lessons"),
        "answer": _("the answer"),
    }
    return names.get(what, what)


def listed(missing: Iterable[str]) -> str:
    """Several of them in one line."""
    return _(", ").join(missing_name(what) for what in missing)
