"""Two at the same moment, with real threads: one wins, or both count; columns and deadlines follow the events."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.faults.hazards_played import put_on_list, work
from tests.faults.played import ready, somebody, take
from tests.faults.test_flow import HOUR, MINUTE, NOW, fault
from tests.faults.test_hazards import hazard
from tests.faults.test_order import check_in_step
from tests.inspections.documents import ANTENNA, asset_with
from webapp.assets.models import Asset
from webapp.extensions import db
from webapp.faults.actions import arrival_of, arrive, close, lock, reopen, report
from webapp.faults.commands import sweep_once
from webapp.faults.deadlines import due_now, escalate, renew
from webapp.faults.gathering import facts_of
from webapp.faults.hazards import Decision, decide
from webapp.faults.label_reports import MOST_OF_A_LABEL, Told, TooMany
from webapp.faults.label_reports import take as take_report
from webapp.faults.models import FaultDeadline, FaultEscalation, Finding, FindingEvent
from webapp.faults.problem_models import ProblemFault
from webapp.faults.problems import link, open_problem, problem_for
from webapp.kit.problems import Conflict, Invalid
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

Deed = Callable[[], Any]


@pytest.fixture
def at_once(app):
    """Runs deeds in threads that start together, each in a request and a transaction of its own; what each came to."""

    def run(*deeds: Deed) -> list[Any]:
        start = Barrier(len(deeds))

        def one(deed: Deed) -> Any:
            with app.test_request_context(headers={"Cookie": "language=en"}):
                try:
                    db.session.execute(select(1))
                    start.wait(20)
                    with transaction():
                        return deed()
                except (Conflict, Invalid, TooMany) as problem:
                    return problem.code or problem.default_code
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(len(deeds)) as pool:
            return [each.result() for each in [pool.submit(one, deed) for deed in deeds]]

    return run


@pytest.fixture
def inside(app):
    """Runs a question in a request, where nobody else is about."""

    def ask(question: Deed) -> Any:
        with app.test_request_context(headers={"Cookie": "language=en"}):
            return question()

    return ask


def row(finding_id: uuid.UUID) -> Finding:
    return db.session.get_one(Finding, finding_id)


def kinds(finding_id: uuid.UUID) -> Counter[str]:
    return Counter(db.session.scalars(select(FindingEvent.kind).where(FindingEvent.finding_id == finding_id)))


def step(finding_id: uuid.UUID, kind: str, by: str, now: Any, **fields: Any) -> Deed:
    return lambda: take(row(finding_id), kind, by=by, now=now, **fields).kind


def made(**more: Any) -> uuid.UUID:
    return fault(**more).id


def test_the_last_of_four_changes_of_level_is_the_level_and_each_knows_what_was_before(at_once, inside):
    for _turn in range(3):
        one = inside(lambda: made(level="general"))
        levels = ("major", "consult", "general", "major")
        at_once(*[step(one, "level_changed", "lead", NOW + HOUR, level=level, text="x") for level in levels])

        def look(one: uuid.UUID = one) -> None:
            check_in_step(row(one), NOW + HOUR)
            changes = [each for each in facts_of(row(one)).in_order if each.kind == "level_changed"]
            chain = ["general", *(each.more["level"] for each in changes)]
            assert [each.more["from"] for each in changes] == chain[:-1]
            assert all(before != after for before, after in pairwise(chain))

        inside(look)


def test_closing_opening_again_and_a_step_at_once_leave_row_and_events_of_one_mind(at_once, inside):
    def prepared() -> uuid.UUID:
        finding = fault(level="consult")
        with transaction():
            take(finding, "analysed", by="tech", now=NOW, answer="press it")
        return finding.id

    for _turn in range(3):
        one = inside(prepared)
        at_once(
            lambda one=one: close(row(one), "a", by=somebody("supervisor"), now=NOW + HOUR),
            lambda one=one: reopen(row(one), "b", by=somebody("supervisor"), now=NOW + HOUR),
            lambda one=one: close(row(one), "c", by=somebody("supervisor"), now=NOW + HOUR + MINUTE),
            step(one, "acknowledged", "tech", NOW + HOUR),
        )
        inside(lambda one=one: check_in_step(row(one), NOW + 2 * HOUR))
        counted = inside(lambda one=one: kinds(one))
        assert counted["closed"] - counted["reopened"] in (0, 1)
        assert counted["closed"] >= 1
        assert counted["acknowledged"] == 1


def test_a_test_that_is_passed_and_a_step_at_once_close_it_once_and_lose_nothing(at_once, inside):
    def prepared() -> uuid.UUID:
        finding = fault(level="general")
        with transaction():
            ready(finding, now=NOW)
        return finding.id

    one = inside(prepared)
    outcome = at_once(
        step(one, "tested", "supervisor", NOW + HOUR, passed="true", text="ok"),
        step(one, "tested", "supervisor", NOW + HOUR, passed="true", text="ok too"),
        step(one, "part_used", "tech", NOW + HOUR, part="fuse"),
        step(one, "restored", "tech", NOW + HOUR, text="again"),
    )
    counted = inside(lambda: kinds(one))
    assert sorted(outcome) == ["already_closed", "part_used", "restored", "tested"]
    assert (counted["closed"], counted["tested"], counted["part_used"]) == (1, 1, 1)
    inside(lambda: check_in_step(row(one), NOW + HOUR))


def test_a_pause_is_agreed_to_or_refused_and_handed_back_once(at_once, inside):
    def asked() -> tuple[uuid.UUID, str]:
        finding = fault(level="general")
        with transaction():
            event = take(finding, "pause_asked", by="tech", now=NOW, pause_kind="transmission", text="line is dead")
        return finding.id, event.facts["pause"]

    one, pause = inside(asked)
    words = ("pause_agreed", "pause_refused", "pause_agreed", "pause_refused")
    outcome = at_once(*[step(one, kind, "supervisor", NOW + MINUTE, pause=pause, text="no") for kind in words])
    assert outcome.count("pause_decided") == 3
    other, pause = inside(asked)
    inside(lambda: step_in(other, "pause_agreed", pause=pause, by="supervisor"))
    back = [step(other, "resumed", "supervisor", NOW + HOUR, pause=pause) for _turn in range(3)]
    assert sorted(at_once(*back)) == ["pause_decided", "pause_decided", "resumed"]
    for each in (one, other):
        inside(lambda each=each: check_in_step(row(each), NOW + HOUR))


def step_in(finding_id: uuid.UUID, kind: str, by: str, **fields: Any) -> None:
    with transaction():
        take(row(finding_id), kind, by=by, now=NOW + MINUTE, **fields)


def test_one_arrival_told_by_two_phones_or_twice_by_one_is_one_for_each_document(at_once, inside):
    one = inside(made)

    def told(name: uuid.UUID, by: str) -> Deed:
        def deed() -> bool:
            fields = {"id": name, "reason": "no label", "arrived_at": NOW + MINUTE}
            return arrive(one, arrival_of(one, fields, somebody(by)), by=somebody(by), now=NOW + HOUR)[1]

        return deed

    same, other = uuid.uuid4(), uuid.uuid4()
    outcome = at_once(told(same, "tech"), told(same, "tech"), told(same, "tech"), told(other, "lead"))
    assert sorted(outcome) == [False, False, True, True]
    assert inside(lambda: kinds(one))["arrived"] == 2
    inside(lambda: check_in_step(row(one), NOW + HOUR))


def test_a_step_with_one_name_and_two_contents_is_taken_once(at_once, inside):
    one, name = inside(made), uuid.uuid4()
    outcome = at_once(*[step(one, "restored", "tech", NOW + HOUR, id=name, text=f"words {n % 2}") for n in range(4)])
    assert Counter(outcome) == {"restored": 2, "other_content": 2}
    assert inside(lambda: kinds(one))["restored"] == 1


def test_a_changed_level_against_the_sweep_leaves_no_deadline_behind_and_warns_of_each_once(at_once, inside):
    now = NOW + 5 * HOUR
    one = inside(lambda: made(level="major"))
    ids = inside(lambda: list(due_now(now)))

    def swept(part: int) -> Deed:
        return lambda: sum(escalate(each, now=now) for each in ids[part::2])

    change = step(one, "level_changed", "supervisor", now, level="consult", text="only a question")
    at_once(swept(0), change, swept(1), swept(0))
    inside(lambda: check_in_step(row(one), now))
    inside(sweep_once)

    def look() -> None:
        twice = select(FaultEscalation.deadline_id).group_by(FaultEscalation.deadline_id).having(func.count() > 1)
        assert not db.session.scalars(twice).all()
        claimed = select(func.count()).select_from(FaultDeadline).where(FaultDeadline.claimed_at.is_not(None))
        assert db.session.scalar(claimed) == db.session.scalar(select(func.count()).select_from(FaultEscalation))

    inside(look)


def test_recomputing_beside_steps_changes_nothing(app, at_once, inside):
    one = inside(lambda: made(level="general"))

    def recomputed() -> str:
        finding = row(one)
        lock(finding)
        renew(finding, now=NOW + HOUR)
        return "recomputed"

    at_once(
        recomputed,
        step(one, "acknowledged", "tech", NOW + MINUTE),
        recomputed,
        step(one, "level_changed", "lead", NOW + HOUR, level="major", text="worse"),
    )
    inside(lambda: check_in_step(row(one), NOW + HOUR))
    done = app.test_cli_runner().invoke(args=["faults", "recompute"])
    assert done.output == "1 faults\n"
    inside(lambda: check_in_step(row(one), NOW + HOUR))


def test_recomputing_mends_a_row_that_does_not_say_what_its_events_say(app, inside):
    one = inside(lambda: made(level="general"))
    inside(lambda: step_in(one, "level_changed", "lead", level="major", text="worse"))

    def spoil() -> None:
        with transaction():
            finding = row(one)
            finding.level, finding.closed_at, finding.next_due_at = "consult", NOW, None

    inside(spoil)
    app.test_cli_runner().invoke(args=["faults", "recompute"])

    def look() -> None:
        assert (row(one).level, row(one).closed_at) == ("major", None)
        check_in_step(row(one), NOW + HOUR)

    inside(look)


def test_a_hazard_is_decided_once_and_begun_once_by_many_at_once(at_once, inside):
    def listed() -> tuple[uuid.UUID, uuid.UUID]:
        finding = hazard()
        with transaction():
            put_on_list(finding, now=NOW)
        return finding.id, finding.site_id

    one, site_id = inside(listed)

    def said(is_yes: bool) -> Deed:
        return lambda: decide(site_id, [Decision(one, is_yes, "words")], by=somebody("supervisor"), now=NOW)

    begin: Deed = lambda: work(row(one), "started", by="tech", now=NOW + MINUTE).kind  # noqa: E731
    outcome = at_once(said(True), said(False), begin, said(False), begin)
    counted = inside(lambda: kinds(one))
    assert counted["approved"] + counted["refused"] == 1
    assert counted["started"] <= counted["approved"]
    assert counted["started"] == outcome.count("started")


def test_a_problem_is_tied_once_and_numbers_of_problems_are_never_double(at_once, inside):
    number = inside(lambda: row(made()).number)
    fields = {"title": "power", "owner_kind": "supplier", "owner": "x", "text": "", "next_on": None}

    def opened() -> str:
        return open_problem(site_coded("SG"), fields, [number], by=somebody("lead"), now=NOW).number

    assert sorted(at_once(opened, opened, opened)) == ["WT-2611-01", "WT-2611-02", "WT-2611-03"]
    other = inside(lambda: row(made(at=NOW + MINUTE)).number)
    problem_id = inside(lambda: db.session.scalars(select(ProblemFault.problem_id)).first())
    tie: Deed = lambda: link(problem_for(somebody("lead"), problem_id), [other], by=somebody("lead"), now=NOW)  # noqa: E731
    assert at_once(tie, tie, tie) == [None, None, None]
    tied = select(func.count()).select_from(ProblemFault).where(ProblemFault.problem_id == problem_id)
    assert inside(lambda: db.session.scalar(tied)) == 2


def test_numbers_of_faults_are_without_double_and_without_gap_also_where_one_is_refused(at_once, inside):
    def told(level: str, name: uuid.UUID | None = None) -> Deed:
        def deed() -> str:
            asset = db.session.scalars(select(Asset.id).where(Asset.site_id == site_coded("SG").id)).first()
            fields = {"asset": asset, "kind": "fault", "level": level, "text": "dark"}
            return report(name or uuid.uuid4(), fields, photo_ids=[], by=somebody("tech"), now=NOW)[0].number

        return deed

    same = uuid.uuid4()
    deeds = [told("general"), told("huge"), told("major"), told("general", same), told("general", same), told("huge")]
    numbers = {each for each in at_once(*deeds) if each.startswith("GZ")}
    assert numbers == {"GZ-2611-01", "GZ-2611-02", "GZ-2611-03"}


def test_many_reports_of_one_label_at_the_same_moment_do_not_pass_the_limit(at_once, inside):
    def told() -> str:
        take_report(asset_with(ANTENNA), Told("smoke"), None, now=NOW)
        return "told"

    outcome = at_once(*[told] * (MOST_OF_A_LABEL + 3))
    assert Counter(outcome) == {"told": MOST_OF_A_LABEL, "too_many_reports": 3}
