"""How long a sign-in lasts, how passwords must be, how often one may try: both sides of each boundary."""

from datetime import UTC, datetime, timedelta

import pytest

from webapp.people import actions
from webapp.people.rules import is_alive, may_try, password_problem

NOW = datetime(2026, 11, 18, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("age", "idle", "shared", "alive"),
    [
        (timedelta(0), timedelta(0), False, True),
        (timedelta(days=90) - SECOND, timedelta(0), False, True),
        (timedelta(days=90), timedelta(0), False, False),
        (timedelta(days=31), timedelta(days=31) - SECOND, False, True),
        (timedelta(days=31), timedelta(days=31), False, False),
        (timedelta(days=1), timedelta(hours=12) - SECOND, True, True),
        (timedelta(days=1), timedelta(hours=12), True, False),
    ],
)
def test_a_phone_stays_signed_in_for_a_month_and_a_shared_tablet_for_half_a_day(age, idle, shared, alive):
    assert is_alive(NOW - age, NOW - idle, None, shared, NOW) is alive


def test_an_ended_sign_in_is_over_at_once():
    assert not is_alive(NOW, NOW, NOW, False, NOW)


@pytest.mark.parametrize(
    ("here", "everywhere", "allowed"), [(0, 0, True), (7, 7, True), (8, 8, False), (0, 59, True), (0, 60, False)]
)
def test_wrong_passwords_are_counted_per_account_and_per_address(here, everywhere, allowed):
    assert may_try(here, everywhere) is allowed


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("short1234", False),
        ("tenletters", True),
        ("aaaaaaaaaaaa", False),
        ("abcdabcdabcd", False),
        ("abcdeabcde", True),
        ("my-XiaoLi-password", False),
        ("一二三四五六七八九十", True),
    ],
)
def test_a_password_is_long_varied_and_not_the_account_name(context, password, good):
    assert (password_problem(password, "xiaoli") is None) is good


def test_passwords_are_hashed_as_dearly_as_the_library_does_by_itself():
    """Tests hash cheaply themselves (tests/conftest.py); this one was hashed by the app while it was loaded."""
    assert actions._NOBODY.startswith("scrypt:32768:8:1$")
