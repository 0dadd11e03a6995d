"""The one judge: tables with both sides of each boundary, and what must hold for every number and every text."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.checklists.rules import (
    Bounds,
    Given,
    Verdict,
    bounds,
    categories_for,
    category_for,
    judge,
    parse_number,
    problems,
)

D = Decimal
CHOICE = [
    {"value": "ok", "zh": "好", "en": "Good", "abnormal": False},
    {"value": "partial", "zh": "差", "en": "Poor", "abnormal": True},
    {"value": "dark", "zh": "无", "en": "None", "abnormal": True, "severity": "major"},
]


@dataclass
class Item:
    """An item as the judge sees it."""

    kind: str = "number"
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    compare: dict = field(default_factory=dict)
    options: list = field(default_factory=list)
    is_required: bool = True
    is_na_allowed: bool = True
    photo: str = "never"
    severity: str = "general"
    key: str = "it"
    unit: str = "V"


@dataclass
class Override:
    minimum: Decimal | None = None
    maximum: Decimal | None = None


# --- numbers as typed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("61.5", D("61.5")),
        (" 61.5 ", D("61.5")),
        ("-105", D("-105")),
        ("+3", D("3")),
        ("0", D("0")),
        ("007", D("7")),
        (".5", D("0.5")),
        ("5.", D("5")),
        ("61.50", D("61.50")),
        ("１２．５", D("12.5")),
        ("－３", D("-3")),
        ("−3", D("-3")),
        ("–3", D("-3")),
        ("1e-7", D("1e-7")),
        ("1E-7", D("1e-7")),
        ("1e20", D("1e20")),
        ("1e-20", D("1e-20")),
        ("1" * 30, D("1" * 30)),
    ],
)
def test_what_counts_as_a_number(typed, number):
    assert parse_number(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        ".",
        "-",
        "+",
        "e5",
        "61,5",
        "1,000",
        "61 5",
        "6l.5",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "1e21",
        "1e-21",
        "1e99",
        "1e999",
        "1e",
        "0x10",
        "1_000",
        "--3",
        "1.2.3",
        "²",
        "10²",
        "½",
        "٣",
        "三",
        "12V",
        "1" * 31,
        "1\n2",
        "\x00",
    ],
)
def test_what_is_no_number(typed):
    assert parse_number(typed) is None


@pytest.mark.parametrize("thing", [None, 5, 61.5, b"5", ["5"]])
def test_what_is_no_text_is_no_number(thing):
    assert parse_number(thing) is None


def test_digits_are_kept_as_typed():
    assert str(parse_number("61.50")) == "61.50"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4))
def test_every_plain_decimal_reads_back(number):
    assert parse_number(f"{number:f}") == number


# --- between what a number is normal ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "previous", "override", "expected"),
    [
        (Item(), None, None, Bounds()),
        (Item(minimum=D("198")), None, None, Bounds(D("198"), None, "limit", "")),
        (Item(maximum=D("235")), None, None, Bounds(None, D("235"), "", "limit")),
        (Item(minimum=D("0"), maximum=D("0")), None, None, Bounds(D("0"), D("0"), "limit", "limit")),
        # the first value is the baseline
        (Item(compare={"max_drop": "3"}), None, None, Bounds()),
        # one direction each
        (Item(compare={"max_drop": "3"}), D("10"), None, Bounds(D("7"), None, "previous", "", D("10"))),
        (Item(compare={"max_rise": "3"}), D("10"), None, Bounds(None, D("13"), "", "previous", D("10"))),
        (Item(compare={"max_change": "3"}), D("10"), None, Bounds(D("7"), D("13"), "previous", "previous", D("10"))),
        (Item(compare={"max_drop": "0"}), D("12"), None, Bounds(D("12"), None, "previous", "", D("12"))),
        # percent
        (Item(compare={"max_drop_pct": "50"}), D("80"), None, Bounds(D("40"), None, "previous", "", D("80"))),
        (Item(compare={"max_rise_pct": "30"}), D("10"), None, Bounds(None, D("13"), "", "previous", D("10"))),
        (Item(compare={"max_change_pct": "3"}), D("220"), None,
         Bounds(D("213.4"), D("226.6"), "previous", "previous", D("220"))),
        # percent of a negative value is of its size
        (Item(compare={"max_drop_pct": "10"}), D("-60"), None, Bounds(D("-66"), None, "previous", "", D("-60"))),
        (Item(compare={"max_rise_pct": "10"}), D("-60"), None, Bounds(None, D("-54"), "", "previous", D("-60"))),
        # of zero no percent can be taken, but units can
        (Item(compare={"max_change_pct": "10"}), D("0"), None, Bounds(previous=D("0"))),
        (Item(compare={"max_drop_pct": "10", "max_rise": "2"}), D("0"), None,
         Bounds(None, D("2"), "", "previous", D("0"))),
        # the tighter one wins, on a tie the fixed limit
        (Item(minimum=D("5"), compare={"max_drop": "3"}), D("10"), None, Bounds(D("7"), None, "previous", "", D("10"))),
        (Item(minimum=D("8"), compare={"max_drop": "3"}), D("10"), None, Bounds(D("8"), None, "limit", "", D("10"))),
        (Item(minimum=D("7"), compare={"max_drop": "3"}), D("10"), None, Bounds(D("7"), None, "limit", "", D("10"))),
        (Item(maximum=D("20"), compare={"max_rise": "3"}), D("10"), None,
         Bounds(None, D("13"), "", "previous", D("10"))),
        (Item(maximum=D("12"), compare={"max_rise": "3"}), D("10"), None, Bounds(None, D("12"), "", "limit", D("10"))),
        (Item(maximum=D("13"), compare={"max_rise": "3"}), D("10"), None, Bounds(None, D("13"), "", "limit", D("10"))),
        (Item(compare={"max_drop": "3", "max_change": "2"}), D("10"), None,
         Bounds(D("8"), D("12"), "previous", "previous", D("10"))),
        # limits of this device stand in for both of the checklist
        (Item(minimum=D("1"), maximum=D("9")), None, Override(D("2"), None), Bounds(D("2"), None, "override", "")),
        (Item(minimum=D("1"), maximum=D("9")), None, Override(None, D("8")), Bounds(None, D("8"), "", "override")),
        (Item(minimum=D("1"), maximum=D("9")), None, Override(), Bounds(D("1"), D("9"), "limit", "limit")),
        # a last value that the limits of today would refuse is no baseline
        (Item(maximum=D("100"), compare={"max_change": "3"}), D("300"), None,
         Bounds(None, D("100"), "", "limit", D("300"))),
        (Item(minimum=D("10"), compare={"max_change": "3"}), D("9"), None, Bounds(D("10"), None, "limit", "", D("9"))),
        (Item(maximum=D("100"), compare={"max_change": "3"}), D("100"), None,
         Bounds(D("97"), D("100"), "previous", "limit", D("100"))),
        (Item(minimum=D("10"), compare={"max_rise": "3"}), D("10"), None,
         Bounds(D("10"), D("13"), "limit", "previous", D("10"))),
        # only numbers have bounds
        (Item("text", minimum=D("1")), D("3"), None, Bounds()),
    ],
)  # fmt: skip
def test_bounds(item, previous, override, expected):
    assert bounds(item, previous, override) == expected


def test_calculated_bounds_carry_no_needless_zeros():
    item = Item(compare={"max_change_pct": "10"})
    found = bounds(item, D("100.0"))
    assert (str(found.low), str(found.high)) == ("90", "110")


# --- the verdict ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict", "reason", "excess"),
    [
        ("198", "198", "235", "ok", "", None),
        ("197.9", "198", "235", "abnormal", "below", "0.1"),
        ("235", "198", "235", "ok", "", None),
        ("235.01", "198", "235", "abnormal", "above", "0.01"),
        ("-1e20", None, "0", "ok", "", None),
        ("0.0000001", None, "1e-7", "ok", "", None),
        ("2e-7", None, "1e-7", "abnormal", "above", "1e-7"),
        ("-105", "-105", None, "ok", "", None),
        ("-106", "-105", None, "abnormal", "below", "1"),
        ("5", None, None, "ok", "", None),
    ],
)
def test_limits_are_inclusive(value, low, high, verdict, reason, excess):
    limits = Bounds(D(low) if low else None, D(high) if high else None)
    found = judge(Item(severity="consult"), Given(value), limits)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert found.number == D(value)
    assert found.excess == (D(excess) if excess else None)
    assert found.severity == ("consult" if verdict == "abnormal" else "")


def test_pass_and_fail():
    assert judge(Item("pass_fail"), Given("pass")).verdict is Verdict.OK
    failed = judge(Item("pass_fail", severity="major"), Given("fail"))
    assert (failed.verdict, failed.severity, failed.reason) == (Verdict.ABNORMAL, "major", "failed")


def test_an_option_brings_its_own_level_or_takes_that_of_the_item():
    item = Item("choice", options=CHOICE, severity="consult")
    found = {value: judge(item, Given(value)) for value in ("ok", "partial", "dark")}
    assert [f.verdict for f in found.values()] == ["ok", "abnormal", "abnormal"]
    assert [f.severity for f in found.values()] == ["", "consult", "major"]
    assert [f.reason for f in found.values()] == ["", "option", "option"]


@pytest.mark.parametrize("kind", ["text", "photo"])
def test_text_and_photo_are_not_judged(kind):
    assert judge(Item(kind), Given("fail", photo_count=1)).verdict is Verdict.INFO


# --- what is missing ------------------------------------------------------------------------------------------------

PASS_FAIL, TEXT, PHOTO = Item("pass_fail"), Item("text"), Item("photo", photo="always")
SELECT = Item("choice", options=CHOICE)


def optional(kind: str, **more) -> Item:
    return Item(kind, is_required=False, **more)


@pytest.mark.parametrize(
    ("item", "answer", "why", "remedy", "codes"),
    [
        (PASS_FAIL, Given("pass"), "", "", []),
        (PASS_FAIL, Given(""), "", "", ["answer"]),
        (PASS_FAIL, Given("  "), "", "", ["answer"]),
        (PASS_FAIL, Given("maybe"), "", "", ["option"]),
        (PASS_FAIL, Given("fail"), "", "", ["why", "remedy"]),
        (PASS_FAIL, Given("fail"), " ", "fault", ["why"]),
        (PASS_FAIL, Given("fail"), "loose", "", ["remedy"]),
        (PASS_FAIL, Given("fail"), "loose", "ignored", ["remedy"]),
        *[(PASS_FAIL, Given("fail"), "loose", remedy, []) for remedy in ("fixed", "fault", "hazard")],
        (optional("pass_fail"), Given(""), "", "", []),
        (optional("pass_fail"), Given("fail"), "", "", ["why", "remedy"]),
        # not applicable
        (PASS_FAIL, Given(na=True), "", "", []),
        (PASS_FAIL, Given("fail", na=True), "", "", []),
        (Item("pass_fail", is_na_allowed=False), Given(na=True), "", "", ["na"]),
        (Item("pass_fail", photo="always"), Given(na=True), "", "", []),
        # photos
        (Item("pass_fail", photo="abnormal"), Given("pass"), "", "", []),
        (Item("pass_fail", photo="abnormal"), Given("fail"), "x", "fixed", ["photo"]),
        (Item("pass_fail", photo="abnormal"), Given("fail", photo_count=1), "x", "fixed", []),
        (Item("pass_fail", photo="always"), Given("pass"), "", "", ["photo"]),
        (Item("pass_fail", photo="always"), Given("pass", photo_count=1), "", "", []),
        (Item("pass_fail", photo="never"), Given("fail"), "x", "fixed", []),
        (optional("pass_fail", photo="always"), Given(""), "", "", []),
        (PHOTO, Given(), "", "", ["photo"]),
        (PHOTO, Given(photo_count=1), "", "", []),
        (optional("photo", photo="always"), Given(), "", "", []),
        # numbers
        (Item(), Given("5"), "", "", []),
        (Item(), Given("five"), "", "", ["number"]),
        (Item(photo="always"), Given("five"), "", "", ["number", "photo"]),
        (Item(), Given(""), "", "", ["answer"]),
        (optional("number"), Given(""), "", "", []),
        (optional("number"), Given("five"), "", "", ["number"]),
        # choice and text
        (SELECT, Given("ok"), "", "", []),
        (SELECT, Given("other"), "", "", ["option"]),
        (SELECT, Given("dark"), "", "", ["why", "remedy"]),
        (TEXT, Given("seen"), "", "", []),
        (TEXT, Given(""), "", "", ["answer"]),
    ],
)
def test_what_is_missing(item, answer, why, remedy, codes):
    assert problems(item, answer, judge(item, answer), why, remedy) == codes


def test_a_number_out_of_limits_needs_reason_and_remedy():
    item = Item(maximum=D("5"))
    answer = Given("6")
    judgement = judge(item, answer, bounds(item, None))
    assert problems(item, answer, judgement, "", "") == ["why", "remedy"]


@pytest.mark.parametrize("item", [PHOTO, Item("pass_fail", photo="always"), Item("pass_fail", photo="abnormal")])
def test_where_photos_are_forbidden_none_is_due(item):
    answer = Given("" if item.kind == "photo" else "fail")
    assert problems(item, answer, judge(item, answer), "x", "fixed", are_photos_allowed=False) == []


# --- for every number and every text --------------------------------------------------------------------------------

numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**6), max_value=10**6, places=3)
sizes = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**3, places=2)
compares = st.dictionaries(
    st.sampled_from([f"max_{way}{end}" for way in ("drop", "rise", "change") for end in ("", "_pct")]), sizes.map(str)
)


@st.composite
def number_items(draw):
    low, high = draw(st.none() | numbers), draw(st.none() | numbers)
    if low is not None and high is not None and low > high:
        low, high = high, low
    return Item(minimum=low, maximum=high, compare=draw(compares))


@given(number_items(), st.none() | numbers, numbers)
def test_abnormal_is_exactly_what_lies_outside_the_bounds(item, previous, value):
    limits = bounds(item, previous)
    outside = (limits.low is not None and value < limits.low) or (limits.high is not None and value > limits.high)
    judgement = judge(item, Given(f"{value:f}"), limits)
    assert (judgement.verdict is Verdict.ABNORMAL) == outside
    if outside:
        end = limits.low if judgement.reason == "below" else limits.high
        assert judgement.excess > 0
        assert abs(value - end) == judgement.excess


@given(number_items(), st.none() | numbers)
def test_the_bounds_are_never_wider_than_the_limits_and_never_empty(item, previous):
    found = bounds(item, previous)
    assert item.minimum is None or found.low >= item.minimum
    assert item.maximum is None or found.high <= item.maximum
    assert found.low is None or found.high is None or found.low <= found.high
    assert (found.low is None) == (found.low_from == "")
    assert (found.high is None) == (found.high_from == "")


@given(number_items(), numbers)
def test_repeating_the_last_accepted_value_is_normal(item, previous):
    if judge(item, Given(f"{previous:f}"), bounds(item, None)).verdict is Verdict.OK:
        assert judge(item, Given(f"{previous:f}"), bounds(item, previous)).verdict is Verdict.OK


@given(number_items(), st.none() | numbers, numbers, numbers)
def test_between_two_normal_values_everything_is_normal(item, previous, one, other):
    limits = bounds(item, previous)
    verdicts = [judge(item, Given(f"{n:f}"), limits).verdict for n in (one, other, (one + other) / 2)]
    if verdicts[:2] == [Verdict.OK, Verdict.OK]:
        assert verdicts[2] is Verdict.OK


kinds = st.sampled_from(["pass_fail", "number", "choice", "text", "photo"])


@given(kinds, st.text(), st.booleans(), st.integers(0, 3), st.none() | numbers)
def test_the_judge_never_raises(kind, text, na, photos, previous):
    item = Item(kind, minimum=D("1"), maximum=D("2"), compare={"max_change_pct": "5"}, options=CHOICE, photo="always")
    answer = Given(text, na, photos)
    judgement = judge(item, answer, bounds(item, previous))
    problems(item, answer, judgement, text, text)
    if na:
        assert judgement.verdict is Verdict.NA
    assert (judgement.severity != "") == (judgement.verdict is Verdict.ABNORMAL)


# --- which checklist ------------------------------------------------------------------------------------------------


@dataclass
class Named:
    key: str
    match: list
    exclude: list


LISTS = [
    Named("switch", ["交换机$"], ["用户交换机"]),
    Named("pbx", ["用户交换机", "指挥调度台"], []),
    Named("room", [], []),
]


@pytest.mark.parametrize(
    ("name", "key"),
    [("核心交换机", "switch"), ("程控用户交换机", "pbx"), ("指挥调度台", "pbx"), ("交换机柜", None), ("", None)],
)
def test_a_name_finds_its_checklist(name, key):
    assert category_for(name, LISTS) == key


def test_two_claims_are_both_named_and_the_first_one_counts():
    lists = [*LISTS, Named("any", ["核心"], [])]
    assert categories_for("核心交换机", lists) == ["switch", "any"]
    assert category_for("核心交换机", lists) == "switch"


def test_the_codes_are_those_that_other_rooms_store():
    assert {verdict.value for verdict in Verdict} == {"ok", "abnormal", "na", "info"}
