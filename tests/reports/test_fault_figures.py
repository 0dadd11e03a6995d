"""Figures about faults (R79–R81): worked examples, and any month against counting minute by minute."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.faults.played import finish
from tests.faults.test_clocks import FUTIAN, SHAOGUAN, step
from tests.reports.month_of_work import AFTER_OCTOBER, IN_OCTOBER, OCTOBER, list_rows, site_called, somebody
from webapp.extensions import db
from webapp.faults.actions import raise_finding
from webapp.faults.facts import FaultFacts
from webapp.faults.gathering import faults_between
from webapp.faults.models import Finding, FindingKind
from webapp.faults.problem_models import RepeatDecision
from webapp.faults.repeats import Repeat
from webapp.kit.transaction import transaction
from webapp.reports.closing_content import content_text, digest_of, summary_in
from webapp.reports.fault_figures import Served, SystemFigures, figures_between, united
from webapp.reports.fault_figures_queries import touching
from webapp.reports.monthly import build

START = datetime(2026, 10, 1, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
END = START + 10 * DAY  # a month of ten days: 14,400 minutes
LATER = END + DAY
SYSTEM = uuid.UUID(int=900)


def served(number: int = 1, units: int = 1, since: datetime = START, until: datetime = END, system=SYSTEM) -> Served:
    return Served(uuid.UUID(int=number), f"SG-{number}", f"device {number}", system, "display", 1, units, since, until)


def fault(number: int, reported: datetime, *steps, asset=1, level="general", terms=SHAOGUAN) -> FaultFacts:
    return FaultFacts(
        id=uuid.UUID(int=1000 + number),
        site_id=uuid.UUID(int=2),
        number=f"GZ-2610-{number:02d}",
        reported_at=reported,
        entered_at=reported,
        level=level,
        terms=terms,
        asset_id=uuid.UUID(int=asset) if asset else None,
        steps=steps,
    )


def mended(after: timedelta, reported: datetime, cause: str = "hardware", closed: timedelta | None = None):
    return (
        step("repaired", reported + after),
        step("analysed", reported + after, cause=cause),
        step("closed", reported + (closed or after)),
    )


def total(assets, faults, now=LATER, decisions=None) -> SystemFigures:
    return figures_between((START, END), now, assets, faults, decisions or {}).total


# worked examples


def test_one_of_ten_units_down_for_one_of_ten_days_is_99_percent_available():
    assets = [served(1), served(2, units=9)]
    figures = total(assets, [fault(1, START, *mended(DAY, START))])
    assert figures.availability == Decimal("99")
    assert not figures.is_low
    assert total(assets, [fault(1, START, *mended(DAY + MINUTE * 15, START))]).availability == Decimal("98.98")


def test_two_faults_of_one_device_at_the_same_time_keep_it_down_once():
    first = fault(1, START, *mended(2 * DAY, START))
    second = fault(2, START + DAY, *mended(2 * DAY, START + DAY))
    assert total([served()], [first, second]).down_seconds == 3 * 86400
    assert total([served()], [first, second]).availability == Decimal("70")


def test_down_time_ends_with_the_restored_service_not_with_the_repair():
    story = (step("restored", START + HOUR), step("repaired", START + 5 * HOUR))
    assert total([served()], [fault(1, START, *story)]).down_seconds == 3600


def test_a_failed_recovery_test_keeps_the_device_down_from_the_original_start():
    story = (step("repaired", START + HOUR), step("tested", START + 2 * HOUR, passed=False))
    again = (*story, step("repaired", START + 3 * HOUR))
    assert total([served()], [fault(1, START, *again)]).down_seconds == 3 * 3600


def test_time_before_the_month_after_it_and_out_of_service_is_not_counted():
    before = fault(1, START - 5 * DAY, *mended(6 * DAY, START - 5 * DAY))
    assert total([served()], [before]).down_seconds == 86400
    still_open = fault(2, END - DAY)
    assert total([served()], [still_open]).down_seconds == 86400
    half = served(until=START + 12 * HOUR)
    assert total([half], [fault(3, START, *mended(DAY, START))]).down_seconds == 12 * 3600
    assert total([half], []).service_seconds == 12 * 3600


def test_of_a_running_month_only_what_has_passed_is_counted():
    figures = total([served()], [fault(1, START + DAY)], now=START + 2 * DAY)
    assert (figures.service_seconds, figures.down_seconds) == (2 * 86400, 86400)
    assert figures.timeliness == 0  # eight hours were over long ago
    assert total([served()], [fault(1, START + DAY)], now=START + DAY + HOUR).timeliness == 100  # not decided yet


def test_advice_keeps_no_device_down_and_is_no_failure_but_its_limit_counts():
    figures = total([served()], [fault(1, START, level="consult")])
    assert (figures.down_seconds, figures.failures, figures.raised, figures.late) == (0, 0, 1, 1)
    assert figures.mtbf is None


@pytest.mark.parametrize(
    ("late", "timely", "expected"), [(0, 0, "100"), (1, 49, "98"), (1, 48, "97.9"), (2, 1, "33.3"), (3, 0, "0")]
)
def test_timeliness_is_repaired_within_the_limit_of_those_due(late, timely, expected):
    faults = [fault(n, START + n * MINUTE, *mended(8 * HOUR, START + n * MINUTE), asset=None) for n in range(timely)]
    faults += [fault(100 + n, START, *mended(8 * HOUR + timedelta(seconds=1), START), asset=None) for n in range(late)]
    figures = total([served()], faults)
    assert (figures.in_time, figures.late, figures.timeliness) == (timely, late, Decimal(expected))
    assert figures.is_untimely is (Decimal(expected) < 98)


def test_a_fault_counts_in_the_month_of_its_deadline_even_if_it_was_closed_before():
    evening = START - HOUR  # eight hours reach into this month
    quick = fault(1, evening, *mended(HOUR / 2, evening))
    figures = total([served()], [quick])
    assert (figures.due, figures.in_time, figures.raised) == (1, 1, 0)
    at_the_end = fault(2, END - 7 * HOUR, *mended(HOUR, END - 7 * HOUR))
    assert (total([served()], [at_the_end]).due, total([served()], [at_the_end]).raised) == (0, 1)


def test_times_to_repair_and_between_failures_are_means_in_minutes():
    assets = [served(units=2)]  # 28,800 minutes in service
    faults = [
        fault(1, START, *mended(HOUR, START), asset=1),
        fault(2, START + DAY, *mended(2 * HOUR, START + DAY), asset=1),
    ]
    figures = total(assets, faults)
    assert figures.mttr == 90
    assert figures.mtbf == (28_800 - 2 * 180) // 2


def test_a_repeat_counts_once_the_bureau_has_said_so():
    earlier = fault(1, START, *mended(HOUR, START))
    again = fault(2, START + DAY, *mended(HOUR, START + DAY))
    proposed = figures_between((START, END), LATER, [served()], [earlier, again], {})
    assert (proposed.total.proposed, proposed.total.repeats) == (1, 0)
    assert [(each.repeat, each.repeats_number) for each in proposed.faults][1] == (Repeat.PROPOSED, "GZ-2610-01")
    for said, repeats in ((True, 1), (False, 0)):
        figures = total([served()], [earlier, again], decisions={again.id: said})
        assert (figures.proposed, figures.repeats) == (0, repeats)


def test_a_limit_that_begins_with_the_response_is_reckoned_as_the_contract_of_the_fault_says():
    """Futian prints no limit for handling: nothing is due, so all is in time."""
    figures = total([served()], [fault(1, START, *mended(20 * HOUR, START), terms=FUTIAN)])
    assert (figures.due, figures.timeliness) == (0, 100)


# any month against a slow reference

minutes = st.integers(-2000, 16_000)


@st.composite
def months(draw):
    """Devices with periods and units, faults with starts, restorings, failed tests and closings; all on minutes."""
    assets = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        since, length = draw(st.integers(-1000, 14_000)), draw(st.integers(1, 16_000))
        period = (START + since * MINUTE, START + (since + length) * MINUTE)
        assets.append(served(number, draw(st.integers(1, 5)), *period, system=uuid.UUID(int=900 + number % 2)))
    faults = []
    for number in range(draw(st.integers(0, 5))):
        reported = START + draw(minutes) * MINUTE
        story, at = [], reported
        for kind in draw(st.lists(st.sampled_from(["restored", "repaired", "tested", "closed"]), max_size=4)):
            at += draw(st.integers(0, 4000)) * MINUTE
            more = {"passed": draw(st.booleans())} if kind == "tested" else {}
            story.append(step(kind, at, **more))
        faults.append(fault(number, reported, *story, asset=draw(st.integers(1, 3))))
    return assets, faults, START + draw(st.integers(0, 16_000)) * MINUTE


def slowly(assets, faults, now):
    """Unit-minutes in service and down, by looking at every minute."""
    service = down = 0
    known = [each.known_at(now) for each in faults if each.reported_at <= now]
    spans = {asset.asset_id: [] for asset in assets}
    for each in known:
        if each.asset_id in spans:
            until = each.restored.at if each.restored else each.closed_at or datetime.max.replace(tzinfo=UTC)
            spans[each.asset_id].append((each.reported_at, until))
    for asset in assets:
        for minute in range(14_400):
            moment = START + minute * MINUTE
            if moment < now and asset.since <= moment < asset.until:
                service += asset.units
                down += asset.units * any(since <= moment < until for since, until in spans[asset.asset_id])
    return service, down


@settings(max_examples=40, deadline=None)
@given(months())
def test_availability_is_what_counting_every_minute_says(month):
    assets, faults, now = month
    service, down = slowly(assets, faults, now)
    figures = figures_between((START, END), now, assets, faults, {})
    assert (figures.total.service_seconds, figures.total.down_seconds) == (60 * service, 60 * down)
    for name in ("service_seconds", "down_seconds"):
        assert sum(getattr(each, name) for each in figures.systems) == getattr(figures.total, name)
    assert 0 <= figures.total.down_seconds <= figures.total.service_seconds
    if service:
        exact = Decimal(100) * (service - down) / service
        assert 0 <= exact - figures.total.availability < Decimal("0.01")
    else:
        assert figures.total.availability is None


@settings(max_examples=60, deadline=None)
@given(months())
def test_every_figure_has_as_many_faults_behind_it_as_it_says(month):
    assets, faults, now = month
    figures = figures_between((START, END), now, assets, faults, {})
    due = [each for each in faults if each.reported_at <= now and START <= each.reported_at + 8 * HOUR < END]
    late = [each for each in due if _is_late(each.known_at(now), now)]
    shown = figures.faults
    assert figures.total.due == len(due) == sum(each.is_due for each in shown)
    assert figures.total.late == len(late) == sum(each.is_due and each.is_in_time is False for each in shown)
    assert figures.total.raised == sum(each.is_raised for each in shown)
    assert figures.total.repairs == sum(each.is_repaired for each in shown)


def _is_late(each: FaultFacts, now: datetime) -> bool:
    ended = each.repaired.at if each.repaired else each.closed_at or now
    return ended - each.reported_at > 8 * HOUR


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
def test_united_spans_cover_the_same_minutes_without_overlap(pairs):
    spans = [(START + a * MINUTE, START + b * MINUTE) for a, b in pairs]
    joined = united(spans)
    assert all(before[1] < after[0] for before, after in pairwise(joined))
    covered = {m for a, b in pairs for m in range(a, b)}
    assert {m for m in range(60) for since, until in joined if since <= START + m * MINUTE < until} == covered


# from the database

PLAIN = {"item_text": "", "photo_ids": [], "channel": "site"}


def raise_one(at: datetime, asset, **more) -> Finding:
    with transaction():
        facts = {"level": "general", "text": "no picture", "source": None, "by": somebody("tech")} | PLAIN | more
        return raise_finding(FindingKind.FAULT, site=site_called("SG"), asset=asset, reported_at=at, now=at, **facts)


def played(at: datetime, asset, *, after: timedelta = HOUR) -> Finding:
    finding = raise_one(at, asset)
    with transaction():
        finish(finding, now=at + after)
    return finding


def test_one_statement_reads_the_same_faults_as_the_room_of_faults(context, queries):
    asset, other = list_rows()[:2]
    played(IN_OCTOBER - 50 * DAY, asset)  # closed long before
    played(IN_OCTOBER, asset)
    raise_one(IN_OCTOBER - 70 * DAY, other)  # still open
    raise_one(AFTER_OCTOBER, other)
    site = site_called("SG")
    start, end = OCTOBER.bounds(site.timezone)
    expected = faults_between(site.id, start - 31 * DAY, end)
    queries.clear()
    found = touching(site, start - 31 * DAY, end)
    assert len([sql for sql in queries if "SELECT" in sql]) == 1, queries
    assert found.faults == expected
    assert len(expected) == 2


def test_faults_from_before_the_terms_were_kept_run_under_those_of_their_time(context):
    asset = list_rows()[0]
    finding = raise_one(IN_OCTOBER, asset)
    with transaction():
        finding.policy_id = None
    site = site_called("SG")
    start, end = OCTOBER.bounds(site.timezone)
    assert touching(site, start, end).faults == faults_between(site.id, start, end)


def test_the_summary_of_the_month_carries_the_figures_and_its_digest_does_not_depend_on_them(context):
    asset = next(each for each in list_rows() if each.units == 1)
    played(IN_OCTOBER, asset)
    again = played(IN_OCTOBER + 3 * DAY, asset, after=9 * HOUR)
    site = site_called("SG")
    before = build(site, OCTOBER, AFTER_OCTOBER)
    figures = before.fault_figures
    assert (figures.total.raised, figures.total.due, figures.total.in_time) == (2, 2, 1)
    assert (figures.total.down_seconds, figures.total.proposed) == (10 * 3600, 1)
    assert figures.total.availability > 99
    with transaction():
        told = {"is_repeat": True, "reason": "same plug", "decided_by": somebody("supervisor").id}
        earlier = db.session.scalars(select(Finding).where(Finding.number == figures.faults[0].number)).one()
        row = RepeatDecision(finding_id=again.id, earlier_id=earlier.id, decided_at=AFTER_OCTOBER, **told)
        db.session.add(row)
    after = build(site, OCTOBER, AFTER_OCTOBER)
    assert (after.fault_figures.total.repeats, after.fault_figures.total.proposed) == (1, 0)
    assert digest_of(after) == digest_of(before)


def test_a_kept_summary_gives_the_figures_back_as_they_stood(context):
    played(IN_OCTOBER, list_rows()[0])
    summary = build(site_called("SG"), OCTOBER, AFTER_OCTOBER)
    content = json.loads(content_text(summary, {}, []))
    assert summary_in(content).fault_figures == summary.fault_figures
    del content["summary"]["fault_figures"]  # a month that was closed by an older version
    assert summary_in(content).fault_figures is None


# pages


def test_every_figure_of_the_page_opens_as_many_faults_as_it_says(app, as_):
    with app.test_request_context():
        asset = next(each for each in list_rows() if each.units == 1)
        played(IN_OCTOBER, asset)
        played(IN_OCTOBER + 3 * DAY, asset, after=9 * HOUR)
        raise_one(IN_OCTOBER + 5 * DAY, list_rows()[1])
        system = str(asset.system_id)
    for client in (as_("tech"), as_("supervisor", "zh")):
        text = client.get("/fault-figures/2026-10").text
        opened = re.findall(r'data-figure="([a-z-]+)" href="([^"]+)">(\d+)<', text)
        assert {name for name, _address, _number in opened} == {"raised", "due", "late", "proposed", "repairs"}
        assert any(f"system={system}" in address for _name, address, _number in opened)
        for _name, address, number in opened:
            page = client.get(unescape(address)).text
            assert page.count("data-record") == int(number)
            assert f'data-total="{number}"' in page
    assert as_("tech").get("/fault-figures/2026-10/nonsense").status_code == 404
    assert as_("tech").get(f"/fault-figures/2026-10/due?system={uuid.uuid4()}").status_code == 404
    assert as_("tech2").get(f"/fault-figures/2026-10/due?system={system}").status_code == 404
    month = as_("lead").get("/months/2026-10").text
    assert 'id="fault-figures"' in month
    assert "33.3" in month


@pytest.mark.one_database
def test_the_page_of_figures_takes_the_same_statements_whatever_the_month_holds(app, as_, queries):
    def taken() -> int:
        client.get("/fault-figures/2026-10")
        queries.clear()
        assert client.get("/fault-figures/2026-10").status_code == 200
        return len([sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))])

    client = as_("lead")
    few = taken()
    with app.test_request_context():
        for number, asset in enumerate(list_rows()[:6]):
            played(IN_OCTOBER - number * 20 * DAY, asset)
    assert taken() == few <= 12


def test_the_plots_come_after_the_page_and_stand_alone_without_javascript(app, as_, queries):
    def taken() -> int:
        queries.clear()
        assert client.get("/fault-figures/2026-10/plots").status_code == 200
        return len([sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))])

    client = as_("office")
    assert 'hx-get="/fault-figures/2026-10/plots"' in client.get("/fault-figures/2026-10").text
    few = taken()
    with app.test_request_context():
        for number, asset in enumerate(list_rows()[:6]):
            played(IN_OCTOBER - number * 20 * DAY, asset)
    assert taken() == few
    fragment = client.get("/fault-figures/2026-10/plots", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith("<section")
    assert fragment.count("<svg") == 4
    assert client.get("/fault-figures/2100-01/plots").status_code == 200
