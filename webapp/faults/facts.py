"""What is known of a fault, as plain data: everything is read from its steps in the order in which they happened.

Documents come late and out of order; so nothing is kept but the steps, and each question goes through all of them,
sorted by the time at which they are claimed to have happened.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from webapp.faults.models import EventKind as Kind
from webapp.faults.terms import Terms
from webapp.kit.workdays import OwnDays, from_kept


@dataclass(frozen=True)
class Step:
    """One event: what, when it happened as claimed, when the server had it, who, the words, what was said besides."""

    kind: str
    at: datetime
    received_at: datetime
    by: uuid.UUID | None = None
    text: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Since:
    """A level or an impact that holds from a moment on."""

    key: str
    at: datetime


@dataclass(frozen=True)
class Pause:
    """A pause that was asked for. Only one that the bureau has agreed to counts, and then from its asking (R51, R64).

    `ends_at`: handed back, or the agreed date, whichever came first; None while it is open.
    `is_agreed`: True, False, or None while the bureau has not said.
    """

    name: str
    kind: str  # transmission | agreed
    starts_at: datetime
    ends_at: datetime | None
    is_agreed: bool | None
    agreed_until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class FaultFacts:
    """A fault with its steps (any order) and the terms it runs under. Interface of clocks, figures and reports.

    `level` and `impact` are those it began with. `own_days`: the days of the site that differ from the calendar of the
    country as they stand now, where the terms count days.
    """

    id: uuid.UUID
    site_id: uuid.UUID
    number: str
    reported_at: datetime
    entered_at: datetime
    level: str
    terms: Terms
    impact: str | None = None
    catalogue_number: int | None = None
    asset_id: uuid.UUID | None = None
    source: str | None = None
    text: str = ""
    steps: Sequence[Step] = ()
    own_days: OwnDays = field(default_factory=dict)

    def known_at(self, now: datetime) -> FaultFacts:
        """The same without what happened after `now`."""
        if all(step.at <= now for step in self.steps):
            return self
        return replace(self, steps=tuple(step for step in self.steps if step.at <= now))

    @cached_property
    def starts_at(self) -> datetime:
        """When the clocks start: the report; of what a person had to confirm first, the confirmation."""
        told = next((step for step in self.steps if step.kind == Kind.REPORTED), None)
        return (moment_in(told.more, "counts_from") if told else None) or self.reported_at

    @cached_property
    def in_order(self) -> tuple[Step, ...]:
        """The steps by the time at which they happened; of two at the same moment as they were recorded."""
        return tuple(sorted(self.steps, key=lambda step: step.at))

    def first(self, *kinds: Kind) -> Step | None:
        """The earliest step of these kinds."""
        return next((step for step in self.in_order if step.kind in kinds), None)

    def last(self, *kinds: Kind) -> Step | None:
        """The latest step of these kinds."""
        return next((step for step in reversed(self.in_order) if step.kind in kinds), None)

    @cached_property
    def failures(self) -> tuple[datetime, ...]:
        """When recovery tests failed or it was opened again. The original start stays (R57)."""
        return tuple(step.at for step in self.in_order if _has_failed(step))

    @cached_property
    def restored(self) -> Step | None:
        """Service runs again (R60), and has not failed since: the first step that says so. Repair restores, too."""
        return self._since_failure(Kind.RESTORED, Kind.REPAIRED)

    @cached_property
    def repaired(self) -> Step | None:
        """Fully repaired, and not failed since: the first step that says so."""
        return self._since_failure(Kind.REPAIRED)

    @cached_property
    def passed(self) -> Step | None:
        """The recovery test of the bureau that was passed after the last failure; the latest one."""
        found = None
        for step in self.in_order:
            if _has_failed(step):
                found = None
            elif step.kind == Kind.TESTED:
                found = step
        return found

    @cached_property
    def closed_at(self) -> datetime | None:
        """When the bureau closed it; None while it is open."""
        return self._closing.at if self._closing else None

    @cached_property
    def calendar(self) -> OwnDays:
        """The own days of the site that count: those of now, and once it is closed those that counted then."""
        return from_kept(self._closing.more.get("own_days")) if self._closing else self.own_days

    @property
    def counts_days(self) -> bool:
        """Whether one of its clocks follows the calendar of the site."""
        return self.terms.counts_office_hours or (
            self.terms.counts_days and self.catalogue_number in self.terms.software_kinds
        )

    @cached_property
    def responded(self) -> Step | None:
        """The first sign of a person: taken on, helped from afar, or on site and working."""
        return self.first(Kind.ACKNOWLEDGED, Kind.REMOTE, Kind.ARRIVED, Kind.RESTORED, Kind.REPAIRED)

    @cached_property
    def arrived(self) -> Step | None:
        """The first on site; where nobody had to go, what restored the service from afar."""
        return self.first(Kind.ARRIVED, Kind.RESTORED, Kind.REPAIRED)

    @cached_property
    def levels(self) -> tuple[Since, ...]:
        """The level from the report on, and each change of it."""
        return self._changes(self.level, Kind.LEVEL_CHANGED, "level")

    @cached_property
    def impacts(self) -> tuple[Since, ...]:
        """The impact from the report on, and each change of it."""
        return self._changes(self.impact or "", Kind.IMPACT_SET, "impact")

    @cached_property
    def pauses(self) -> tuple[Pause, ...]:
        """All pauses that were asked for, with what the bureau said."""
        found: dict[str, Pause] = {}
        for step in sorted(self.in_order, key=lambda one: one.kind != Kind.PAUSE_ASKED):
            name = str(step.more.get("pause", ""))
            if step.kind == Kind.PAUSE_ASKED:
                until = moment_in(step.more, "until")
                what = str(step.more.get("pause_kind", ""))
                found[name] = Pause(name, what, step.at, until, None, until, step.text)
            elif step.kind in (Kind.PAUSE_AGREED, Kind.PAUSE_REFUSED) and name in found:
                found[name] = replace(found[name], is_agreed=step.kind == Kind.PAUSE_AGREED)
            elif step.kind == Kind.RESUMED and name in found:
                pause = found[name]
                found[name] = replace(pause, ends_at=min(step.at, pause.ends_at) if pause.ends_at else step.at)
        return tuple(found.values())

    @cached_property
    def analysis(self) -> dict[str, str]:
        """Cause, responsibility, lessons, answer: of each the words that were written last (R52)."""
        told: dict[str, str] = {}
        for step in self.in_order:
            if step.kind == Kind.ANALYSED:
                told |= {name: str(value) for name, value in step.more.items() if name in ANALYSIS and value}
        return told

    @cached_property
    def has_bad_effect(self) -> bool:
        """Whether the bureau said last that it had considerable bad effect: it may cost points of the total (R44)."""
        said = self.last(Kind.EFFECT_JUDGED)
        return said is not None and bool(said.more.get("considerable"))

    @property
    def cause_class(self) -> str:
        """The class of the cause, for repeats (R65, R81); "" while nobody has said."""
        return self.analysis.get("cause", "")

    @cached_property
    def _closing(self) -> Step | None:
        turn = self.last(Kind.CLOSED, Kind.REOPENED)
        return turn if turn and turn.kind == Kind.CLOSED else None

    def _since_failure(self, *kinds: Kind) -> Step | None:
        found = None
        for step in self.in_order:
            if _has_failed(step):
                found = None
            elif found is None and step.kind in kinds:
                found = step
        return found

    def _changes(self, began: str, kind: Kind, name: str) -> tuple[Since, ...]:
        changes = [Since(str(step.more[name]), step.at) for step in self.in_order if step.kind == kind]
        return (Since(began, self.starts_at), *changes)


ANALYSIS = ("cause", "analysis", "handling", "responsibility", "lessons", "answer")


def moment_in(more: Mapping[str, Any], name: str) -> datetime | None:
    """A moment that was kept in JSON."""
    text = more.get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


def began_with(now: str | None, steps: Iterable[Step], kind: Kind) -> str | None:
    """What a level or impact was at first: each change keeps what it was before."""
    first = min((step for step in steps if step.kind == kind), key=lambda step: step.at, default=None)
    return first.more.get("from") if first else now


def _has_failed(step: Step) -> bool:
    return step.kind == Kind.REOPENED or (step.kind == Kind.TESTED and not step.more.get("passed"))
