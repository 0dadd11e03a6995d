"""Joint tests across months: the calendar with its red months, values per link and peer, kinds of test, statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.jointtests.documents import handed_in
from tests.visits.days import somebody
from webapp.extensions import db
from webapp.jointtests.history import history_of
from webapp.jointtests.rules import is_monthly
from webapp.kit.clock import Month
from webapp.kit.transaction import transaction
from webapp.sites.queries import site_coded

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def made_on(day: date, **values: str) -> None:
    changes = {f"v.{name.replace('__', '.')}": value for name, value in values.items()}
    handed_in(now=datetime(day.year, day.month, day.day, 9, 0, tzinfo=UTC), day=day, **changes)


def history(code: str = "SG"):
    db.session.flush()
    db.session.expunge_all()
    return history_of(site_coded(code), NOW)


@pytest.mark.parametrize(
    ("kind", "counts"), [("province", True), ("city", True), ("", True), ("drill", False), ("important", False)]
)
def test_a_drill_or_guarded_period_replaces_no_monthly_test(kind, counts):
    assert is_monthly(kind) is counts


def test_a_month_without_a_monthly_test_is_red_where_a_vehicle_is_in_service(context):
    made_on(date(2026, 9, 10))
    made_on(date(2026, 10, 12), header__0__test_type="drill")
    found = history()
    of = {str(each.month): each for each in found.months}
    assert len(of) == 12
    assert str(found.months[-1].month) == "2026-11"
    assert not of["2026-09"].is_missing
    assert of["2026-10"].is_missing, "only a drill"
    assert of["2026-11"].is_missing
    assert of["2026-11"].is_running
    assert not of["2025-12"].is_needed, "before the service began"
    assert Month(2025, 12) not in found.missing


def test_a_centre_without_vehicle_has_no_red_month(context):
    found = history("FT")
    assert (found.has_vehicle, found.missing) == (False, ())


def test_values_stand_per_link_and_peer_in_the_order_of_the_tests_with_the_weather(context):
    made_on(date(2026, 9, 10), ku_otm__0__up_rate="6.2", header__0__weather="clear")
    made_on(date(2026, 10, 12), ku_otm__0__up_rate="5.0", header__0__weather="heavy_rain")
    made_on(date(2026, 10, 20), header__0__test_type="drill", ku_otm__0__up_rate="5.5")
    found = history()
    assert [test.weather["en"] for test in found.tests] == ["Clear", "Heavy rain", "Clear"]
    link = next(each for each in found.links if each.section.key == "ku_otm")
    series = next(each for each in link.series if each.item.key == "up_rate")
    assert [reached.value for reached in series.values] == ["6.2", "5.0", "5.5"]
    assert str(series.change) == "0.5"
    assert [str(number) for _day, number in series.points(found.tests)] == ["6.2", "5.0", "5.5"]
    stations = [each.peer for each in found.links if each.section.key == "ka_portable"]
    assert len(stations) == len({str(peer) for peer in stations}) == 2, "each station apart"


@pytest.mark.one_database
@pytest.mark.parametrize("amount", [1, 4])
def test_the_page_takes_the_same_statements_whatever_the_number_of_tests(app, as_, queries, amount):
    with app.test_request_context(headers={"Cookie": "language=en"}), transaction():
        for number in range(amount):
            made_on(date(2026, 10, 5) + timedelta(days=number))
    browser = as_("supervisor")
    browser.get("/joint-tests/history")
    queries.clear()
    answer = browser.get("/joint-tests/history")
    assert answer.text.count("data-month=") == 12
    statements = [sql for sql in queries if not sql.startswith(("BEGIN", "PRAGMA"))]
    assert len(statements) == 7, statements


def test_the_pages_name_the_kind_and_the_missing_month(app, as_):
    with app.test_request_context(headers={"Cookie": "language=en"}), transaction():
        made_on(date(2026, 10, 5), header__0__test_type="important")
        assert somebody("tech")
    month = as_("lead").get("/joint-tests/2026-10").text
    assert "Important period" in month
    assert "the monthly joint test is still missing" in month
    assert "monthly one missing" in as_("lead").get("/joint-tests/history").text
    assert "has no satellite vehicle" in as_("tech2").get("/joint-tests/history").text
