"""The wall board: what it shows, that one request is all it takes, that it asks for itself again."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.played import somebody
from tests.faults.test_actions import raised
from webapp.board.queries import MOST_FAULTS, board_of
from webapp.faults.models import Finding, FindingKind
from webapp.fieldwork.actions import note_report
from webapp.fieldwork.schemas import ReportSchema
from webapp.kit.clock import utc_now
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def one(at: datetime, kind: FindingKind = FindingKind.FAULT, level: str | None = "general", **more) -> Finding:
    with transaction():
        return raised(somebody("tech"), kind, level=level, reported_at=at, now=at, **more)


def test_the_fault_whose_clock_ends_first_stands_first_and_the_oldest_hazard(context):
    soon, overdue = one(NOW - 5 * MINUTE), one(NOW - HOUR)
    old, young = (one(NOW - days * DAY, FindingKind.HAZARD, None) for days in (30, 29))
    found = board_of(site_coded("SG"), NOW)
    assert [(each.finding.id, each.state) for each in found.faults] == [(overdue.id, "abnormal"), (soon.id, "info")]
    assert (found.faults_open, found.overdue, found.hazards_open) == (2, 1, 2)
    assert [(each.finding.id, each.is_old) for each in found.hazards] == [(old.id, True), (young.id, False)]
    assert not found.is_planned
    assert board_of(site_coded("FT"), NOW).faults_open == 0


def test_exactly_at_the_end_of_a_limit_it_is_not_overdue(context):
    one(NOW - 10 * MINUTE)
    assert board_of(site_coded("SG"), NOW).overdue == 0
    assert board_of(site_coded("SG"), NOW + timedelta(seconds=1)).overdue == 1


def test_what_does_not_fit_is_counted(context):
    for minutes in range(MOST_FAULTS + 3):
        one(NOW - minutes * MINUTE)
    found = board_of(site_coded("SG"), NOW)
    assert (len(found.faults), found.faults_open) == (MOST_FAULTS, MOST_FAULTS + 3)


def test_the_board_is_one_page_that_asks_for_its_fragment_again(app, as_):
    with app.test_request_context():
        number = one(utc_now()).number
        with transaction():
            device = {"device": uuid.uuid4(), "waiting": 2, "attention": 1}
            note_report(ReportSchema().load(device), user_agent="", by=somebody("tech"), now=utc_now())
    client = as_("office")
    text = client.get("/board").text
    assert f'data-fault="{number}"' in text
    assert 'hx-get="/board" hx-trigger="every 30s"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "documents not sent yet" in text
    fragment = client.get("/board", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div id="board"')
    assert number in fragment
    assert number not in as_("tech2").get("/board").text
    assert 'href="/board"' in client.get("/today").text


@pytest.mark.one_database
def test_the_board_takes_the_same_statements_whatever_is_open(app, as_, queries):
    def taken() -> int:
        client.get("/board")
        queries.clear()
        assert client.get("/board").status_code == 200
        return len([sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))])

    client = as_("tech")
    with app.test_request_context():
        one(NOW), one(NOW, FindingKind.HAZARD, None)
    few = taken()
    with app.test_request_context():
        for minutes in range(20):
            one(NOW - minutes * HOUR), one(NOW - minutes * DAY, FindingKind.HAZARD, None)
    assert taken() == few <= 20
