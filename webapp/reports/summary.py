"""The month of a command centre as one object: every figure of the page and the papers, with the records under it.

The tree holds plain values only (texts, whole numbers, Decimals, days, moments), so that it can be frozen and sealed as
it stands. Rows of the equipment lists and places (vehicle, rooms, cabling) are counted apart: a list figure can be
compared with the contract line by line, a place is no row of any list.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from webapp.jointtests.rules import is_monthly
from webapp.reports.comparison import Comparison, MonthFigures
from webapp.reports.fault_figures import FaultFigures
from webapp.reports.plan_coverage import PlanCoverage
from webapp.reports.rules import percent
from webapp.reports.steps import MonthStep, ReviewState, first_handed_in, state_of


class Phase(enum.StrEnum):
    """Where the present moment stands to the month."""

    COMING = "coming"
    RUNNING = "running"
    OVER = "over"


class RowState(enum.StrEnum):
    """What became of a row that was due: the three states add up to what was due (R1)."""

    DONE = "done"
    EXPLAINED = "explained"  # not done, with a written reason
    OPEN = "open"  # not done, no reason


class GapKind(enum.StrEnum):
    """What a complete month still lacks."""

    ROWS_OPEN = "rows_open"
    PLACES_OPEN = "places_open"
    UNITS_OPEN = "units_open"
    VISITS_UNSIGNED = "visits_unsigned"
    JOINT_TEST_MISSING = "joint_test_missing"
    JOINT_TEST_UNSEALED = "joint_test_unsealed"
    CONTENTS_UNCOVERED = "contents_uncovered"
    FAULTS_OPEN = "faults_open"
    HAZARDS_OPEN = "hazards_open"
    FINDINGS_UNTOLD = "findings_untold"
    PLAN_UNEXPLAINED = "plan_unexplained"


@dataclass(frozen=True)
class Words:
    """A text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Row:
    """One asset that was due in the month, and what became of it."""

    asset_id: uuid.UUID
    code: str
    printed_number: str
    name: str
    model: str
    location: str
    line_number: int
    system_id: uuid.UUID
    system_name: str
    is_place: bool
    is_outside_contract: bool
    units: int
    state: RowState
    units_checked: int
    units_explained: int
    is_abnormal: bool
    is_signed: bool
    is_returned: bool
    inspection_id: uuid.UUID | None  # the newest standing one of the month
    finished_at: datetime | None
    technician: str
    reason: str  # why the row, or some of its units, was left out
    reason_by: str
    reason_at: datetime | None

    @property
    def units_open(self) -> int:
        """Units neither checked nor explained."""
        return self.units - self.units_checked - self.units_explained


@dataclass(frozen=True)
class Tally:
    """Counts over some rows: due = done + explained + open, in rows and in units (R1, R2)."""

    due: int
    done: int
    explained: int
    open: int
    signed: int
    abnormal: int
    returned: int
    units_due: int
    units_checked: int
    units_explained: int
    units_open: int

    @property
    def row_percent(self) -> Decimal | None:
        """Rows done of rows due; None where nothing was due."""
        return percent(self.done, self.due)

    @property
    def unit_percent(self) -> Decimal | None:
        """Units checked of units due; None where nothing was due."""
        return percent(self.units_checked, self.units_due)

    @property
    def signed_percent(self) -> Decimal | None:
        """Rows signed of rows done; None where nothing was done."""
        return percent(self.signed, self.done)

    @property
    def is_complete(self) -> bool:
        """Every row and unit done or explained in writing (R1)."""
        return self.open == 0 and self.units_open == 0


@dataclass(frozen=True)
class SystemCoverage:
    """A system of a list."""

    system_id: uuid.UUID
    name: str
    tally: Tally


@dataclass(frozen=True)
class LineCoverage:
    """A list of the contract with its service period (R21); nothing is due where the month lies outside."""

    number: int
    name: str
    starts_on: date
    ends_on: date
    systems: tuple[SystemCoverage, ...]
    tally: Tally


@dataclass(frozen=True)
class InspectionLine:
    """An inspection that was finished in the month, whatever became of it."""

    id: uuid.UUID
    asset_id: uuid.UUID
    code: str
    name: str
    system_id: uuid.UUID
    visit_id: uuid.UUID
    visit_day: date
    visit_number: int
    technician: str
    finished_at: datetime
    verdict: str
    units_total: int
    units_checked: int
    units_reason: str
    advice: str
    photos: int
    is_standing: bool  # neither returned nor superseded: it counts
    is_sealed: bool
    is_superseded: bool
    return_reasons: tuple[str, ...]


@dataclass(frozen=True)
class AbnormalItem:
    """An abnormal answer of a standing inspection."""

    answer_id: int
    inspection_id: uuid.UUID
    asset_id: uuid.UUID
    code: str
    name: str
    location: str
    finished_at: datetime
    item_key: str
    item: Words
    kind: str
    value: str  # as given
    shown: Words  # the value as people read it; empty where the reason says it all
    unit: str
    low: Decimal | None
    high: Decimal | None
    why: str
    remedy: str  # fixed | fault | hazard
    level: str
    finding_id: uuid.UUID | None
    finding_number: str
    photo_ids: tuple[uuid.UUID, ...]

    @property
    def is_reading(self) -> bool:
        """Whether it is a number out of its limits."""
        return self.kind == "number"


@dataclass(frozen=True)
class FindingLine:
    """A fault or hazard that was raised in the month, or before it and still open at its end."""

    id: uuid.UUID
    number: str
    kind: str  # fault | hazard
    code: str
    asset: str
    item: str
    level: str
    text: str
    reported_at: datetime
    is_from_this_month: bool
    is_open: bool
    closed_at: datetime | None
    closing_reason: str
    handling: str = ""  # what was done, as told in this month (R11)
    next_steps: str = ""  # what is planned
    told_by: str = ""
    told_at: datetime | None = None
    earlier_handling: str = ""  # as told in an earlier month; a proposal, where nothing was told in this one
    earlier_next_steps: str = ""

    @property
    def is_told(self) -> bool:
        """Whether both was written down in this month: what was done and what is planned."""
        return bool(self.handling and self.next_steps)


@dataclass(frozen=True)
class Content:
    """One required content (R12: S1–S7, R18: F1–F9) and the records that cover it."""

    code: str
    inspections: int
    answers: int
    abnormal: int

    @property
    def is_covered(self) -> bool:
        """Whether at least one standing inspection of the month answered it."""
        return self.inspections > 0


@dataclass(frozen=True)
class Week:
    """Inspections finished within some days of the month."""

    number: int
    first: date
    last: date
    inspections: int


@dataclass(frozen=True)
class Trend:
    """A reading that went out of its limits in the month, over the twelve months up to it."""

    inspection_id: uuid.UUID
    asset_id: uuid.UUID
    asset: str
    item: Words
    unit: str
    low: Decimal | None
    high: Decimal | None
    points: tuple[tuple[datetime, Decimal], ...]


@dataclass(frozen=True)
class JointTestLine:
    """A joint test of the month (R24)."""

    id: uuid.UUID
    number: str
    day: date
    technician: str
    result: str  # pass | pass_with_problems | fail
    digest: str  # of its seal; empty while unsigned
    kind: str = ""  # province | city | drill | important; empty: not said

    @property
    def is_monthly(self) -> bool:
        """Whether it is the test that is due every month: no drill, no guard of an important period (R19, R24)."""
        return is_monthly(self.kind)


@dataclass(frozen=True)
class Gap:
    """One thing a complete month lacks; `is_needed` ones keep it from being complete."""

    kind: GapKind
    count: int
    is_needed: bool
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Closing:
    """That the month is closed: what counts is what had been received then."""

    at: datetime
    by: str  # empty: at the command line
    reason: str  # why it was closed although unsent work was known
    unsent: int  # documents that were known to be still out
    seal_number: int
    digest: str  # of its seal
    is_accepted: bool = True  # whether the bureau had accepted just these figures


@dataclass(frozen=True)
class Addendum:
    """A record of the month that arrived after it was closed. It changes no figure."""

    kind: str  # inspection | correction | sign_off | return | omission | finding | joint_test | joint_test_sign_off
    id: uuid.UUID
    about: uuid.UUID  # the record whose page shows it
    number: str  # of a finding or joint test; of a second sheet
    code: str
    name: str  # of the asset; of a sign-off the day of its sheet
    person: str
    done_at: datetime  # as claimed
    received_at: datetime
    flags: tuple[str, ...]


@dataclass(frozen=True)
class MonthlySummary:
    """The month of one command centre.

    Stored as it stands when the month is closed, and read back by versions of the app to come: a new field needs a
    default, here and in everything inside.
    """

    site_id: uuid.UUID
    site_code: str
    site_name: str
    site_short_name: str
    timezone: str
    month: str
    first: date
    last: date
    as_of: datetime
    phase: Phase
    lines: tuple[LineCoverage, ...]
    total: Tally  # list rows
    places: Tally
    rows: tuple[Row, ...]  # list rows and places, in printed order
    inspections: tuple[InspectionLine, ...]
    abnormal: tuple[AbnormalItem, ...]
    contents: tuple[Content, ...]
    findings: tuple[FindingLine, ...]
    weeks: tuple[Week, ...]
    trends: tuple[Trend, ...]
    joint_tests: tuple[JointTestLine, ...]
    needs_joint_test: bool
    levels: tuple[tuple[str, Words], ...]  # the fault levels of the command centre (R40, R45)
    gaps: tuple[Gap, ...]
    closing: Closing | None = None
    addenda: tuple[Addendum, ...] = ()  # oldest arrival first; only of a closed month
    plan: PlanCoverage | None = None  # None: no approved plan
    last_month: Comparison | None = None
    past: tuple[MonthFigures, ...] = ()  # the months before this one, oldest first
    comment: str = ""  # of the provider, as last handed in
    steps: tuple[MonthStep, ...] = ()  # oldest first
    fault_figures: FaultFigures | None = None  # None: kept by an older version

    @property
    def is_complete(self) -> bool:
        """Whether something was due, the month is over and nothing needed is lacking."""
        return bool(self.rows) and self.phase is Phase.OVER and not any(gap.is_needed for gap in self.gaps)

    @property
    def standing(self) -> tuple[InspectionLine, ...]:
        """The inspections that count."""
        return tuple(line for line in self.inspections if line.is_standing)

    def level_words(self, key: str) -> Words:
        """A fault level in both languages; the key itself where the command centre has no such level."""
        return dict(self.levels).get(key, Words(key, key))

    @property
    def photos(self) -> int:
        """Photos of the standing inspections."""
        return sum(line.photos for line in self.standing)

    @property
    def faults(self) -> tuple[FindingLine, ...]:
        """Faults raised in the month or still open at its end."""
        return tuple(finding for finding in self.findings if finding.kind == "fault")

    @property
    def hazards(self) -> tuple[FindingLine, ...]:
        """Hazards raised in the month or still open at its end (R99)."""
        return tuple(finding for finding in self.findings if finding.kind == "hazard")

    @property
    def advice(self) -> tuple[InspectionLine, ...]:
        """Inspections with a word of advice on the environment (S5)."""
        return tuple(line for line in self.standing if line.advice)

    @property
    def out_of_limits(self) -> tuple[AbnormalItem, ...]:
        """Readings out of their limits."""
        return tuple(item for item in self.abnormal if item.is_reading)

    @property
    def untold(self) -> tuple[FindingLine, ...]:
        """Faults and hazards of which handling or plan is not written down: they block handing in (R11)."""
        return tuple(finding for finding in self.findings if not finding.is_told)

    @property
    def review(self) -> ReviewState:
        """How far the summary has come between provider and bureau."""
        return state_of(self.steps)

    @property
    def handed_in(self) -> MonthStep | None:
        """The step that decides whether the summary was in time."""
        return first_handed_in(self.steps)

    @property
    def is_overdue(self) -> bool:
        """Whether the month is over and its summary was not handed in at all (R3)."""
        return self.phase is Phase.OVER and self.handed_in is None
