"""Patterns that could hang the server are refused; the worst that is left stays fast."""

from __future__ import annotations

import re

import pytest

from webapp.assets.models import Asset
from webapp.checklists.patterns import LONGEST_PATTERN, pattern_problem
from webapp.checklists.queries import all_checklists


@pytest.mark.parametrize(
    "pattern",
    [
        "交换机$",
        "^370[M兆].*基站",
        "(球型|半球|筒型)摄像机$",
        "[Kk]a卫星便携站",
        r"a\+b",
        "a.*b.*c",
        "[*+?]x*",
        "x" * LONGEST_PATTERN,
    ],
)
def test_plain_patterns_are_accepted(context, pattern):
    assert pattern_problem(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "x" * (LONGEST_PATTERN + 1),
        "(a+)+$",
        "(a|aa)*b",
        "(ab){2,}",
        "(a)?",
        "a.*b.*c.*d",
        "(?=x)",
        "(?i)x",
        "(?:x)",
        "(?P<n>x)",
        r"(a)\1",
        "(a",
        "[a",
        "*a",
        "a**",
    ],
)
def test_patterns_that_can_hang_or_are_none_are_refused(context, pattern):
    assert pattern_problem(pattern) != ""


def test_the_worst_pattern_that_is_left_is_tried_in_a_bounded_number_of_steps(context):
    # two repeats on a name of 200 characters: at most 200 × 200 × 200 positions, here counted by matching for real
    longest_name = Asset.__table__.c.name.type.length
    assert longest_name == 200
    worst = "a.*a.*b"
    assert pattern_problem(worst) == ""
    assert re.search(worst, "a" * longest_name) is None


def test_our_own_patterns_are_all_good(context):
    patterns = [pattern for one in all_checklists() for pattern in (*one.match, *one.exclude)]
    assert len(patterns) > 100
    assert [problem for pattern in patterns if (problem := pattern_problem(pattern))] == []
