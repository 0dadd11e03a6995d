"""Judging values, proposing results, numbering."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.jointtests.test_takeover import FORM
from webapp.checklists.rules import Verdict
from webapp.jointtests.rules import (
    Overall,
    Result,
    change_between,
    is_clock_time,
    is_judged,
    is_within_tolerance,
    judged,
    next_number,
    number_prefix,
    proposed_conclusion,
    proposed_level,
    proposed_result,
)
from webapp.kit.clock import Month

DAY = date(2026, 11, 19)
OK, BAD, INFO = Verdict.OK, Verdict.ABNORMAL, Verdict.INFO


def item(section, key):
    return FORM.section(section).item(key)


@pytest.mark.parametrize(
    ("section", "key", "value", "verdict", "reason"),
    [
        ("ka_portable", "up_rate", "5.4", OK, ""),
        ("ka_portable", "up_rate", "5.39", BAD, "below"),
        ("ka_portable", "down_rate", "36", OK, ""),
        ("ka_portable", "down_rate", "35.9", BAD, "below"),
        ("ka_portable", "rtt", "800", OK, ""),
        ("ka_portable", "rtt", "801", BAD, "above"),
        ("ku_otm", "ber", "1e-7", OK, ""),
        ("ku_otm", "ber", "1.1e-7", BAD, "above"),
        ("trunked_370m", "carriers", "2", OK, ""),
        ("trunked_370m", "carriers", "1", BAD, "below"),
        ("trunked_370m", "carriers", "3", BAD, "above"),
        ("cpe_5g", "rsrp", "−105", OK, ""),
        ("cpe_5g", "rsrp", "-106", BAD, "below"),
        ("video_conference", "picture_out", "4", OK, ""),
        ("video_conference", "picture_out", "3", BAD, "option"),
        ("trunked_370m", "group_out", "3", OK, ""),
        ("trunked_370m", "group_out", "2", BAD, "option"),
        ("ka_portable", "over_contract", "yes", BAD, "option"),
        ("preparation", "rf_safety", "fail", BAD, "failed"),
        ("preparation", "rf_safety", "pass", OK, ""),
        ("ku_otm", "rtt", "fast", INFO, ""),
        ("ka_portable", "service_expiry", "2027-01-18", OK, ""),
        ("ka_portable", "service_expiry", "2027-01-17", BAD, "ends"),
        ("ka_portable", "service_expiry", "unknown", INFO, ""),
    ],
)
def test_values_are_judged_at_both_sides_of_their_limit(section, key, value, verdict, reason):
    found = judged(item(section, key), value, DAY)
    assert (found.verdict, found.reason) == (verdict, reason)


@pytest.mark.parametrize(("value", "within"), [("40", False), ("39.9", True), ("36", True), ("35.9", False)])
def test_only_what_the_tolerance_saves_is_marked_so(value, within):
    rate = item("ka_portable", "down_rate")
    assert is_within_tolerance(rate, judged(rate, value, DAY)) is within


@pytest.mark.parametrize(
    ("verdicts", "measured", "result"),
    [
        ([], False, Result.NOT_TESTED),
        ([OK], False, Result.NOT_TESTED),
        ([INFO], True, Result.OK),
        ([OK, OK], True, Result.OK),
        ([OK, BAD], True, Result.DEGRADED),
        ([BAD, INFO], True, Result.FAILED),
    ],
)
def test_the_values_of_a_link_propose_its_result(verdicts, measured, result):
    assert proposed_result(verdicts, is_measured=measured) is result


@pytest.mark.parametrize(
    ("results", "abnormal", "conclusion"),
    [
        (["ok", "ok"], False, Overall.PASS),
        (["ok"], True, Overall.WITH_PROBLEMS),
        (["ok", "degraded"], False, Overall.WITH_PROBLEMS),
        (["ok", "not_tested"], False, Overall.WITH_PROBLEMS),
        (["degraded", "failed"], True, Overall.FAIL),
    ],
)
def test_the_links_propose_the_conclusion(results, abnormal, conclusion):
    assert proposed_conclusion(results, abnormal) is conclusion


@given(st.lists(st.sampled_from(list(Result)), min_size=1), st.booleans())
def test_one_failed_link_always_fails_the_proposal_and_a_pass_means_all_links_are_ok(results, abnormal):
    found = proposed_conclusion(results, abnormal)
    assert (found is Overall.FAIL) == (Result.FAILED in results)
    assert (found is Overall.PASS) == (set(results) == {Result.OK} and not abnormal)


def test_an_interrupted_link_proposes_a_major_fault():
    assert proposed_level("failed") == "major"
    assert proposed_level("degraded") == "general"


@pytest.mark.parametrize(
    ("taken", "number"),
    [([], "01"), (["01"], "02"), (["01", "03"], "04"), (["99"], "100"), (["100", "99"], "101")],
)
def test_numbers_run_within_site_and_month(taken, number):
    prefix = number_prefix("SG", Month(2026, 11))
    assert prefix == "JT-SG-202611-"
    assert next_number(prefix, [f"{prefix}{each}" for each in taken]) == f"{prefix}{number}"


@pytest.mark.parametrize(
    ("now", "before", "change"),
    [("5.1", "6.2", Decimal("-1.1")), ("7", "7.0", Decimal(0)), ("x", "7", None), ("7", "", None)],
)
def test_the_change_since_last_time(now, before, change):
    assert change_between(now, before) == change


@pytest.mark.parametrize(("text", "good"), [("09:43", True), ("23:59:59", True), ("24:00", False), ("9:43", False)])
def test_a_time_of_day(text, good):
    assert is_clock_time(text) is good


def test_a_choice_without_an_abnormal_option_is_no_judgement():
    assert not is_judged(item("ka_portable", "station"))
    assert is_judged(item("ka_portable", "voice_out"))
    assert not is_judged(item("ku_otm", "ebn0"))
