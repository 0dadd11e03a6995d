"""What a scanned text means, how many guesses there are, which scans are shown; without app or database."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from webapp.dossiers.rules import (
    MISSES_PER_ADDRESS,
    MISSES_PER_PERSON,
    SCANS_SHOWN,
    SHOWN_FOR,
    Scan,
    may_look_up,
    recent,
    remembered,
    token_in,
)

OURS = ("https://inspect.example.cn", "http://192.168.1.20:8000")
TOKEN = "k7m4q9rk7m4q9rk7m4q9"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("of_person", "of_address", "may"),
    [
        (0, 0, True),
        (MISSES_PER_PERSON - 1, MISSES_PER_ADDRESS - 1, True),
        (MISSES_PER_PERSON, MISSES_PER_PERSON, False),
        (0, MISSES_PER_ADDRESS, False),
    ],
)
def test_guesses_end_per_person_and_per_address(of_person, of_address, may):
    assert may_look_up(of_person, of_address) is may


@pytest.mark.parametrize(
    ("text", "token"),
    [
        (f"https://inspect.example.cn/a/{TOKEN}", TOKEN),
        (f" http://192.168.1.20:8000/a/{TOKEN}/\n", TOKEN),
        (f"https://inspect.example.cn/a/{TOKEN}?to=x", None),
        (f"https://inspect.example.cn.evil.cn/a/{TOKEN}", None),
        (f"https://evil.cn/a/{TOKEN}", None),
        (f"http://inspect.example.cn/a/{TOKEN}", None),
        (f"https://inspect.example.cn/verify/{TOKEN}", None),
        ("https://inspect.example.cn/a/short", None),
        (f"/a/{TOKEN}", None),
        ("K7M-4Q9R", None),
        ("", None),
    ],
)
def test_only_addresses_of_our_own_labels_hold_a_token(text, token):
    assert token_in(text, OURS) == token


def scan(minutes_ago=0, asset_id=None, old_code=""):
    return Scan(asset_id or uuid.uuid4(), NOW - timedelta(minutes=minutes_ago), old_code)


def test_a_device_scanned_again_moves_to_the_top_and_stands_there_once():
    first, second = scan(10), scan(5)
    again = Scan(first.asset_id, NOW)
    assert remembered([second, first], again) == [again, second]


def test_only_the_last_few_scans_are_kept():
    scans = []
    for minutes in range(20, 0, -1):
        scans = remembered(scans, scan(minutes))
    assert len(scans) == SCANS_SHOWN
    assert scans[0].at > scans[-1].at


def test_scans_are_forgotten_after_half_a_day():
    old = Scan(uuid.uuid4(), NOW - SHOWN_FOR)
    young = Scan(uuid.uuid4(), NOW - SHOWN_FOR + timedelta(seconds=1))
    assert recent([young, old], NOW) == [young]
