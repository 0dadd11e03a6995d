"""What the page of a fault shows: its clocks, the one next step of this person, what is missing, what may be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from webapp.faults.clocks import ENDED, Clock, ClockName, ClockState, clocks_of, handling_of
from webapp.faults.closing import missing_for_closing, record_asked, words_asked
from webapp.faults.escalations import Verdict
from webapp.faults.facts import FaultFacts, Pause, Step, moment_in
from webapp.faults.models import EventKind as Kind
from webapp.faults.models import FaultCaller, FaultEscalation
from webapp.faults.steps import RULES, TOLD
from webapp.sites.rules import Right

CLOSE = "close"  # the deed of the bureau that is no step

# beside the one next step, in the order of the work; each opens its form
BESIDE = (
    Kind.ACKNOWLEDGED,
    Kind.INFORMED,
    Kind.REMOTE,
    Kind.RESTORED,
    Kind.REPAIRED,
    Kind.TESTED,
    Kind.ANALYSED,
    Kind.BACKED_UP,
    Kind.ESCALATED,
    Kind.INSTRUCTED,
    Kind.ESTIMATED,
    Kind.VENDOR_CALLED,
    Kind.VENDOR_ARRIVED,
    Kind.PART_USED,
    Kind.CHANGE_ASKED,
    Kind.TICKED,
    Kind.PAUSE_ASKED,
    Kind.LEVEL_CHANGED,
    Kind.IMPACT_SET,
    Kind.REVISITED,
    Kind.EFFECT_JUDGED,
)


@dataclass(frozen=True)
class FaultPage:
    """A fault as one person sees it. `next_step`: a kind of step, "arrived", "close", or "" where others are on."""

    facts: FaultFacts
    clocks: dict[ClockName, Clock]
    next_step: str
    waits_for: str  # who has the next step where this person has none: "field", "bureau", "lead" or ""
    missing: list[str]
    record: str
    words: tuple[str, ...]
    beside: list[str]
    pauses: tuple[Pause, ...]
    escalations: Sequence[FaultEscalation] = ()
    verdicts: Mapping[int, Verdict] = field(default_factory=dict)  # of each warning, by its id
    caller: FaultCaller | None = None

    @property
    def told(self) -> dict[str, Step | None]:
        """Supplier, district bureau, client → when each was told last (R63). Empty where the fault asks for none.

        Asked for of what a round found, and where the maker, the project leader or one of the three is in it already.
        """
        ticks = {str(step.more.get("told")): step for step in self.facts.in_order if step.kind == Kind.TICKED}
        is_of_round = (self.facts.source or "").startswith("inspection:")
        if not (ticks or is_of_round or self.facts.first(Kind.VENDOR_CALLED, Kind.ESCALATED)):
            return {}
        return {told: ticks.get(told) for told in TOLD}

    @property
    def promised_at(self) -> datetime | None:
        """Until when it is likely repaired, as said last; None once it is repaired or where nobody has said."""
        estimated = self.facts.last(Kind.ESTIMATED)
        return moment_in(estimated.more, "until") if estimated and not self.facts.repaired else None

    @property
    def is_ticking(self) -> bool:
        """Whether a clock runs, so that the page must look again."""
        return is_ticking(self.clocks)


@dataclass(frozen=True)
class Listed:
    """A fault in a list: the clock that ends first, and who has the next step."""

    clock: Clock | None
    waits_for: str
    clocks: dict[ClockName, Clock] = field(default_factory=dict)
    facts: FaultFacts | None = None


def page_of(facts: FaultFacts, rights: frozenset[Right], now: datetime) -> FaultPage:
    """The page for somebody with these rights in the site. Pure."""
    steps = open_steps(facts, now)
    mine = next((step for step, right in steps if right in rights), "")
    others = {Right.INSPECT: "field", Right.CLOSE: "bureau", Right.INSTRUCT: "lead"}
    return FaultPage(
        facts=facts,
        clocks=clocks_of(facts, now),
        next_step=mine,
        waits_for="" if mine or not steps else others[steps[0][1]],
        missing=missing_for_closing(facts),
        record=record_asked(facts),
        words=words_asked(facts),
        beside=[kind.value for kind in BESIDE if kind != mine and _is_offered(kind, facts, rights, now)],
        pauses=facts.pauses,
    )


def listed(facts: FaultFacts, now: datetime) -> Listed:
    """What a list shows of a fault."""
    clocks = clocks_of(facts, now)
    running = [each for each in clocks.values() if each.state in (ClockState.RUNNING, ClockState.OVERDUE)]
    first = min((each for each in running if each.due_at), key=lambda each: each.due_at or now, default=None)
    paused = next((each for each in clocks.values() if each.state is ClockState.PAUSED), None)
    steps = open_steps(facts, now)
    others = {Right.INSPECT: "field", Right.CLOSE: "bureau", Right.INSTRUCT: "lead"}
    return Listed(first or paused, others[steps[0][1]] if steps else "", clocks, facts)


def open_steps(facts: FaultFacts, now: datetime) -> list[tuple[str, Right]]:
    """What has to be done next and by whom, the most pressing first; each role does its first one."""
    if facts.closed_at:
        return []
    found: list[tuple[str, Right]] = []
    if any(pause.is_agreed is None for pause in facts.pauses):
        found.append((Kind.PAUSE_AGREED.value, Right.CLOSE))
    elif any(_runs_open(pause, now) for pause in facts.pauses):
        found.append((Kind.RESUMED.value, Right.CLOSE))
    escalated, instructed = facts.last(Kind.ESCALATED), facts.last(Kind.INSTRUCTED)
    if escalated and not (instructed and instructed.at >= escalated.at):
        found.append((Kind.INSTRUCTED.value, Right.INSTRUCT))
    return found + _work_left(facts)


def is_ticking(clocks: dict[ClockName, Clock]) -> bool:
    """Whether any clock is still to end."""
    return any(clock.state not in ENDED for clock in clocks.values())


def _work_left(facts: FaultFacts) -> list[tuple[str, Right]]:
    """The way from the report to the closed fault: what is not done yet, in order."""
    missing = missing_for_closing(facts)
    if at_once := _still_to_do(facts, missing):
        return [(at_once.value, Right.INSPECT)]
    left: list[tuple[str, Right]] = []
    if "backed_up" in missing:
        left.append((Kind.BACKED_UP.value, Right.INSPECT))
    if any(name in missing for name in words_asked(facts)):
        left.append((Kind.ANALYSED.value, Right.INSPECT))
    if "tested" in missing:
        left.append((Kind.TESTED.value, Right.CLOSE))
    return left or [(CLOSE, Right.CLOSE)]


def _still_to_do(facts: FaultFacts, missing: list[str]) -> Kind | None:
    """The work itself, one thing after the other; a consultation is taken on and answered."""
    is_work = record_asked(facts) != "answer"
    order = (
        (Kind.ACKNOWLEDGED, not facts.responded),
        (Kind.INFORMED, "informed" in missing),
        (Kind.ARRIVED, is_work and not facts.arrived),
        (Kind.RESTORED, is_work and not facts.restored),
        (Kind.BACKED_UP, is_work and "backed_up" in missing and not facts.repaired),
        (Kind.REPAIRED, is_work and not facts.repaired),
    )
    return next((kind for kind, is_open in order if is_open), None)


def _runs_open(pause: Pause, now: datetime) -> bool:
    return pause.is_agreed is True and (pause.ends_at is None or pause.ends_at > now)


def _is_offered(kind: Kind, facts: FaultFacts, rights: frozenset[Right], now: datetime) -> bool:
    """Whether a step beside the next one makes sense now; the door takes it whenever it comes."""
    if rights.isdisjoint(RULES[kind].rights):
        return False
    if kind is Kind.EFFECT_JUDGED:
        return record_asked(facts) == "full" and _is_late(facts, now)
    if facts.closed_at:
        return kind is Kind.REVISITED
    pointless = {
        Kind.ACKNOWLEDGED: facts.responded is not None,
        Kind.RESTORED: facts.restored is not None,
        Kind.REPAIRED: facts.repaired is not None,
        Kind.TESTED: facts.repaired is None or facts.passed is not None,
        Kind.INSTRUCTED: facts.first(Kind.ESCALATED) is None,
        Kind.VENDOR_ARRIVED: facts.first(Kind.VENDOR_CALLED) is None,
        Kind.IMPACT_SET: not facts.terms.impacts,
        Kind.REVISITED: facts.repaired is None,
    }
    return not pointless.get(kind, False)


def _is_late(facts: FaultFacts, now: datetime) -> bool:
    """Whether the limit for handling was or is exceeded."""
    handling = handling_of(facts, now)
    return handling is not None and handling.state in (ClockState.OVERDUE, ClockState.LATE)
