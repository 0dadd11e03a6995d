"""Steps in the life of a fault: who may take each, what it needs, what is kept of it. Pure data.

All of them come through one door as documents: from the phone by the outbox, from a plain form at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from webapp.faults.models import EventKind as Kind
from webapp.sites.rules import Right

CAUSES = (  # classes of causes; the five that R64 and R65 name are ordinary orders, too
    "hardware",
    "software",
    "configuration",
    "power",
    "cabling",
    "environment",
    "operation",
    "wear",
    "transmission",
    "theft",
    "people",
    "municipal",
    "relocation",
    "other",
)
PAUSES = ("transmission", "agreed")  # R64, R51
TOLD = ("construction_unit", "district_bureau", "client")  # the three reporting ticks (R63)
CHANGES = ("general", "major", "urgent")  # change requests (R67)
DIFFICULTIES = ("easy", "difficult", "long")  # R62


@dataclass(frozen=True)
class Rule:
    """One kind of step. `rights`: any of them. `needs`: fields that must be given. `keeps`: fields kept in the event.

    `is_field`: done at the device, so it may come late and out of order, and is never refused for the fault's state.
    """

    rights: tuple[Right, ...]
    needs: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    is_field: bool = True


AFTERWARDS = (Kind.REVISITED, Kind.EFFECT_JUDGED)  # belong after the closing: nothing odd about that

_FIELD, _BUREAU = (Right.INSPECT,), (Right.CLOSE,)

RULES: dict[Kind, Rule] = {
    Kind.ACKNOWLEDGED: Rule(_FIELD),
    Kind.REMOTE: Rule(_FIELD, needs=("person", "text"), keeps=("person",)),
    Kind.RESTORED: Rule(_FIELD, needs=("text",)),
    Kind.REPAIRED: Rule(_FIELD, needs=("text",)),
    Kind.INFORMED: Rule(_FIELD, needs=("person",), keeps=("person",)),
    Kind.ESCALATED: Rule(_FIELD, needs=("text", "difficulty"), keeps=("difficulty",)),
    Kind.INSTRUCTED: Rule((Right.INSTRUCT,), needs=("text",), is_field=False),
    Kind.ESTIMATED: Rule(_FIELD, needs=("until",), keeps=("until",)),
    Kind.VENDOR_CALLED: Rule(_FIELD, needs=("person",), keeps=("person",)),
    Kind.VENDOR_ARRIVED: Rule(_FIELD, keeps=("person",)),
    Kind.BACKED_UP: Rule(_FIELD, needs=("text",)),
    Kind.CHANGE_ASKED: Rule(_FIELD, needs=("change", "text"), keeps=("change",)),
    Kind.PART_USED: Rule(_FIELD, needs=("part",), keeps=("part", "quantity")),
    Kind.ANALYSED: Rule(
        _FIELD, keeps=("cause", "analysis", "handling", "responsibility", "lessons", "answer"), is_field=True
    ),
    Kind.TICKED: Rule(_FIELD, needs=("told", "person"), keeps=("told", "person")),
    Kind.PAUSE_ASKED: Rule(_FIELD, needs=("pause_kind", "text"), keeps=("pause_kind", "until", "person")),
    Kind.PAUSE_AGREED: Rule(_BUREAU, needs=("pause",), keeps=("pause",), is_field=False),
    Kind.PAUSE_REFUSED: Rule(_BUREAU, needs=("pause", "text"), keeps=("pause",), is_field=False),
    Kind.RESUMED: Rule(_BUREAU, needs=("pause",), keeps=("pause",), is_field=False),
    Kind.LEVEL_CHANGED: Rule((Right.CLOSE, Right.INSTRUCT), needs=("level", "text"), keeps=("level",), is_field=False),
    Kind.IMPACT_SET: Rule((Right.CLOSE, Right.INSPECT), needs=("impact", "text"), keeps=("impact",), is_field=False),
    Kind.TESTED: Rule(_BUREAU, needs=("passed", "text"), keeps=("passed",), is_field=False),
    Kind.EFFECT_JUDGED: Rule(_BUREAU, needs=("considerable", "text"), keeps=("considerable",)),
    Kind.REVISITED: Rule((Right.INSTRUCT, Right.CLOSE), needs=("satisfied",), keeps=("satisfied",)),
}
