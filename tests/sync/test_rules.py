"""How a clock is read, which outbox is too old, how much of a refused document is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.sync.rules import (
    MOST_KEPT,
    MOST_REFUSALS,
    MOST_REFUSED_BYTES,
    OLDEST_PROTOCOL,
    clock_offset_ms,
    digest_of,
    is_full,
    is_too_old,
    within,
)

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "milliseconds"),
    [
        (timedelta(), 0),
        (timedelta(milliseconds=1), 1),
        (timedelta(seconds=-90), -90_000),
        (timedelta(days=24), 24 * 86_400_000),
        (timedelta(days=25), 2**31 - 1),
        (timedelta(days=-9000), -(2**31)),
    ],
)
def test_the_offset_of_a_clock_fits_its_column_however_wrong_it_is(ahead, milliseconds):
    assert clock_offset_ms(NOW + ahead, NOW) == milliseconds


def test_a_clock_that_said_nothing_was_not_measured():
    assert clock_offset_ms(None, NOW) is None


@pytest.mark.parametrize(
    ("protocol", "is_old"),
    [
        (None, False),
        ("", False),
        ("nonsense", False),
        ("-1", False),
        ("٠", False),
        ("0", True),
        ("00", True),
        (str(OLDEST_PROTOCOL - 1), True),
        (str(OLDEST_PROTOCOL), False),
        ("01", False),
        (str(OLDEST_PROTOCOL + 1), False),
        ("9" * 5000, False),
    ],
)
def test_an_outbox_is_too_old_only_where_it_says_so(protocol, is_old):
    assert is_too_old(protocol) is is_old


@pytest.mark.parametrize(
    ("refusals", "size", "full"),
    [
        (0, 0, False),
        (MOST_REFUSALS - 1, MOST_REFUSED_BYTES - 1, False),
        (MOST_REFUSALS, 0, True),
        (1, MOST_REFUSED_BYTES, True),
    ],
)
def test_of_one_author_so_much_is_kept_in_a_day(refusals, size, full):
    assert is_full(refusals, size) is full


def test_what_fits_is_kept_whole_and_in_order():
    content = {"text": "漏水" * 100, "asset": "x", "photo": ["a", "b"]}
    kept, size = within(content)
    assert kept == content
    assert size == len(json.dumps(content))


def test_of_what_is_too_large_the_short_fields_stay_and_the_longest_are_cut():
    content = {"text": "漏" * MOST_KEPT, "asset": "SG-1", "photo": ["a", "b"], "list": ["x" * 100] * 5000}
    kept, size = within(content)
    assert size > 1_000_000
    assert (kept["asset"], kept["photo"]) == ("SG-1", ["a", "b"])
    assert kept["list"].startswith('["xxx')
    assert len(json.dumps(kept)) <= MOST_KEPT


@given(
    st.dictionaries(
        st.text(max_size=20), st.one_of(st.text(max_size=300), st.lists(st.text(max_size=30))), max_size=30
    ),
    st.integers(min_value=2, max_value=2000),
)
def test_whatever_came_never_more_than_that_is_kept(content: dict[str, Any], most: int):
    kept, size = within(content, most)
    assert len(json.dumps(kept)) <= most or size <= most
    assert set(kept) <= set(content)
    assert (kept == content) == (size <= most)


def test_the_digest_does_not_follow_the_order_of_fields_but_kind_and_content():
    assert digest_of("note", {"a": "1", "b": "2"}) == digest_of("note", {"b": "2", "a": "1"})
    assert digest_of("note", {"a": "1"}) != digest_of("finding", {"a": "1"})
    assert digest_of("note", {"a": "1"}) != digest_of("note", {"a": "1", "b": ""})
