"""Documents come in any order and as late as they like: in the end the same is known, in rows and in columns."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from tests.faults.played import RECORD, somebody, take
from tests.faults.test_flow import HOUR, MINUTE, NOW, fault
from webapp.extensions import db
from webapp.faults.actions import close, is_closed_now, reopen
from webapp.faults.clocks import clocks_of
from webapp.faults.deadlines import due_now, escalate, wanted
from webapp.faults.escalations import Verdict, escalations_of, verdicts
from webapp.faults.facts import FaultFacts
from webapp.faults.gathering import facts_of
from webapp.faults.models import FaultDeadline, Finding
from webapp.faults.queries import finding_for, is_open
from webapp.kit.transaction import transaction
from webapp.sync.actions import NOT_SENT, Sending

END = NOW + 30 * HOUR
OF_ARRIVING = ("flags", "turned", "claimed_at", "document", "photos")  # say how a document came, not what happened


@dataclass(frozen=True)
class Told:
    """Something that happened at a minute; a document of the field is told `late` minutes afterwards."""

    kind: str
    minute: int
    by: str = "tech"
    late: int = 0
    fields: dict[str, Any] = field(default_factory=dict)
    offset: int = 0  # minutes that the clock of the phone is ahead

    @property
    def at(self) -> datetime:
        return NOW + self.minute * MINUTE

    @property
    def comes(self) -> datetime:
        return self.at + self.late * MINUTE


BUREAU = (
    Told("pause_asked", 25, fields={"pause_kind": "transmission", "text": "line is dead"}),
    Told("pause_agreed", 40, by="supervisor"),
    Told("resumed", 70, by="supervisor"),
    Told("level_changed", 110, by="lead", fields={"level": "major", "text": "nobody can call"}),
    Told("tested", 200, by="supervisor", fields={"passed": "false", "text": "silent"}),
    Told("tested", 400, by="supervisor", fields={"passed": "true", "text": "works"}),
)
FIELD = {
    "acknowledged": {},
    "informed": {"person": "陈志强"},
    "restored": {"text": "switched over"},
    "repaired": {"text": "new card"},
    "backed_up": {"text": "saved"},
    "analysed": {name: RECORD[name] for name in ("cause", "analysis")},
    "escalated": {"text": "beyond us", "difficulty": "difficult"},
    "vendor_called": {"person": "maker"},
}


def play(deeds: list[Told], *, sweeps: tuple[int, ...] = ()) -> Finding:
    """A general fault with these deeds as they come; at the end the record is written and the bureau closes."""
    finding, pause = fault(level="general"), ""
    order = sorted([*deeds, *(Told("sweep", minute) for minute in sweeps)], key=lambda one: one.comes)
    for told in order:
        if told.kind == "sweep":
            sweep(told.comes)
            continue
        fields: dict[str, Any] = dict(told.fields)
        if told.kind in ("pause_agreed", "resumed"):
            fields["pause"] = pause
        sending = NOT_SENT
        if told.by == "tech":
            ahead = told.offset * MINUTE
            fields["claimed_at"] = told.at + ahead
            sending = Sending(sent_at=told.comes + ahead)
        with transaction():
            event = take(finding, told.kind, by=told.by, now=told.comes, sending=sending, **fields)
        pause = event.facts.get("pause", pause)
    with transaction():
        take(finding, "restored", by="tech", now=END - HOUR, text="last")
        take(finding, "repaired", by="tech", now=END - HOUR, text="last")
        for kind in ("informed", "backed_up"):
            take(finding, kind, by="tech", now=END - HOUR, **FIELD[kind])
        take(finding, "analysed", by="tech", now=END - HOUR, **RECORD)
        close(finding, "done", by=somebody("supervisor"), now=END)
    return finding


def sweep(now: datetime) -> None:
    with transaction():
        for one in due_now(now):
            escalate(one, now=now)


def told_of(facts: FaultFacts) -> list[tuple[Any, ...]]:
    """The steps in the order in which they happened, without how they came. Names of pauses differ by document."""
    return [
        (
            step.kind,
            step.at,
            step.text,
            sorted((k, str(v)) for k, v in step.more.items() if k not in (*OF_ARRIVING, "pause")),
        )
        for step in facts.in_order
    ]


def columns(finding: Finding) -> tuple[Any, ...]:
    db.session.expire_all()
    row = db.session.get_one(Finding, finding.id)
    return row.level, row.impact, row.closed_at, row.next_due_at


def check_in_step(finding: Finding, now: datetime) -> None:
    """Columns and deadlines say what the events say."""
    facts = facts_of(finding)
    level, impact, closed_at, _due = columns(finding)
    assert (level, impact or "", closed_at) == (facts.levels[-1].key, facts.impacts[-1].key, facts.closed_at)
    rows = db.session.scalars(select(FaultDeadline).where(FaultDeadline.finding_id == finding.id)).all()
    keys = wanted(clocks_of(facts, now))
    here = {(row.clock, row.threshold, row.due_at) for row in rows}
    assert keys <= here
    assert {(row.clock, row.threshold, row.due_at) for row in rows if row.claimed_at is None} <= keys
    loaded = finding_for(somebody("lead"), finding.id)
    assert is_open(loaded) == (closed_at is None)


minutes = st.integers(1, 380)
lateness = st.one_of(st.just(0), st.integers(0, 30), st.integers(0, 1200))


@pytest.mark.one_database
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(FIELD)), minutes, lateness, st.sampled_from((0, 0, 4, 90, -60 * 24 * 400))),
        min_size=2,
        max_size=6,
        unique_by=lambda one: one[1],
    ),
    st.lists(st.integers(1, 1200), max_size=3),
)
def test_any_order_and_lateness_of_the_documents_comes_to_the_same(context, drawn, sweeps):
    taken = {told.minute for told in BUREAU}
    field = [(kind, minute + 1 if minute in taken else minute, late, ahead) for kind, minute, late, ahead in drawn]
    field = list({one[1]: one for one in field}.values())
    at_once = [Told(kind, minute, fields=FIELD[kind]) for kind, minute, _late, _ahead in field]
    as_drawn = [Told(kind, minute, late=late, fields=FIELD[kind], offset=ahead) for kind, minute, late, ahead in field]
    one, other = play([*BUREAU, *at_once]), play([*BUREAU, *as_drawn], sweeps=tuple(sweeps))
    facts = facts_of(one), facts_of(other)
    assert told_of(facts[0]) == told_of(facts[1])
    clocks = [clocks_of(each, END) for each in facts]
    assert clocks[0] == clocks[1]
    assert columns(one) == columns(other)
    for each in (one, other):
        check_in_step(each, END)
    sweep(END)
    holding = []
    for each, known in zip((one, other), clocks, strict=True):
        rows = escalations_of(each.id)
        said = verdicts(rows, known, END)
        keys = {(row.clock, row.threshold, row.due_at) for row in rows if said[row.id] is Verdict.HOLDS}
        assert {key for key in keys if key[1] == 100} >= {key for key in wanted(known) if key[1] == 100}
        holding.append({key for key in keys if key[1] == 100})
    ran_out = {(name.value, 100, clock.due_at) for name, clock in clocks[0].items() if clock.is_in_time is False}
    assert all(ran_out <= found for found in holding)


@pytest.mark.one_database
def test_every_order_of_four_documents_gives_the_same_clocks_and_columns(context):
    deeds = [
        Told("acknowledged", 5),
        Told("restored", 50, fields={"text": "a"}),
        Told("repaired", 90, fields={"text": "b"}),
        Told("analysed", 100, fields=RECORD),
    ]
    outcomes = set()
    for order in itertools.permutations(deeds):
        finding = fault()
        with transaction():
            for nth, told in enumerate(order):
                claimed = {"claimed_at": told.at}
                take(finding, told.kind, by="tech", now=NOW + 3 * HOUR + nth * MINUTE, **told.fields, **claimed)
        known = clocks_of(facts_of(finding), END)
        outcomes.add((str(told_of(facts_of(finding))), str(known), columns(finding)))
    assert len(outcomes) == 1


def test_what_comes_after_the_closing_or_a_second_opening_counts_where_it_happened(context):
    finding = fault(level="consult")
    with transaction():
        take(finding, "analysed", by="tech", now=NOW + 20 * MINUTE, answer="press it")
        close(finding, "answered", by=somebody("supervisor"), now=NOW + 30 * MINUTE)
    before = columns(finding)
    with transaction():
        late = take(finding, "acknowledged", by="tech", now=NOW + 2 * HOUR, claimed_at=NOW + 7 * MINUTE)
    assert (late.facts["flags"], late.facts["turned"]) == (["closed"], {"response": ["late", "met"]})
    assert columns(finding) == before
    with transaction():
        reopen(finding, "not answered", by=somebody("supervisor"), now=NOW + 3 * HOUR)
        take(finding, "repaired", by="tech", now=NOW + 4 * HOUR, text="before that", claimed_at=NOW + 25 * MINUTE)
    assert facts_of(finding).repaired is None, "it was before the failure"
    check_in_step(finding, NOW + 4 * HOUR)
    with transaction():
        take(finding, "repaired", by="tech", now=NOW + 5 * HOUR, text="now")
        close(finding, "answered", by=somebody("supervisor"), now=NOW + 6 * HOUR)
    assert finding.closed_at == facts_of(finding).closed_at == NOW + 6 * HOUR
    check_in_step(finding, NOW + 6 * HOUR)


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(seconds=7), HOUR])
def test_a_server_whose_clock_is_behind_still_has_the_last_word(context, behind):
    """Two servers, or one whose clock was set back: what is decided later counts later."""
    finding, bureau = fault(level="consult"), somebody("supervisor")
    with transaction():
        take(finding, "analysed", by="tech", now=NOW + HOUR, answer="press it")
        close(finding, "answered", by=bureau, now=NOW + 2 * HOUR)
        reopen(finding, "no", by=bureau, now=NOW + 2 * HOUR - behind)
    assert (finding.closed_at, facts_of(finding).closed_at) == (None, None)
    check_in_step(finding, NOW + 2 * HOUR)
    with transaction():
        take(finding, "level_changed", by="lead", now=NOW + 3 * HOUR, level="major", text="worse")
        take(finding, "level_changed", by="lead", now=NOW + 3 * HOUR - behind, level="general", text="better")
    assert finding.level == facts_of(finding).levels[-1].key == "general"
    with transaction():
        take(finding, "acknowledged", by="tech", now=NOW + 3 * HOUR - behind - MINUTE)
    check_in_step(finding, NOW + 3 * HOUR)
    dues = select(FaultDeadline.due_at).where(FaultDeadline.clock == "handling", FaultDeadline.threshold == 100)
    assert NOW + 8 * HOUR in db.session.scalars(dues).all()


def test_what_another_process_changed_meanwhile_is_seen_and_written_over(context):
    """The row was read before the lock was there: what is written must not be left out for looking the same."""
    finding, bureau = fault(level="consult"), somebody("supervisor")
    with transaction():
        take(finding, "analysed", by="tech", now=NOW + HOUR, answer="press it")
    assert (finding.closed_at, finding.level) == (None, "consult")
    with transaction():
        close(finding, "answered", by=bureau, now=NOW + 2 * HOUR)
    for name, old in (("closed_at", None), ("next_due_at", NOW)):  # as this process had read it before
        _as_read_before(finding, name, old)
    with transaction():
        assert is_closed_now(finding)
        reopen(finding, "no", by=bureau, now=NOW + 3 * HOUR)
    check_in_step(finding, NOW + 3 * HOUR)
    with transaction():
        take(finding, "level_changed", by="lead", now=NOW + 4 * HOUR, level="major", text="worse")
    _as_read_before(finding, "level", "consult")
    with transaction():
        assert is_closed_now(finding) is False
        assert finding.level == "major"
    check_in_step(finding, NOW + 4 * HOUR)


def _as_read_before(finding: Finding, name: str, value: Any) -> None:
    set_committed_value(finding, name, value)


@pytest.mark.parametrize("days", [0, 20, 30, 365 * 56])
def test_a_phone_whose_clock_is_years_behind_is_corrected_in_full(context, days):
    finding = fault(level="general")
    behind = timedelta(days=days, hours=2)
    now = NOW + HOUR
    sending = Sending(sent_at=now - behind)
    with transaction():
        event = take(finding, "acknowledged", by="tech", now=now, sending=sending, claimed_at=NOW + 5 * MINUTE - behind)
    assert (event.at, event.facts["flags"]) == (NOW + 5 * MINUTE, [])
