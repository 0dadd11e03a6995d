"""What is odd about a note, what a label says, which photo rule holds."""

import pytest

from webapp.notes.rules import Facts, flags, strictest, token_in

NOTHING = {
    "has_label": False,
    "is_label_known": False,
    "is_label_replaced": False,
    "has_forbidden_photo": False,
    "has_reused_photo": False,
}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, []),
        ({"has_label": True}, ["unknown_label"]),
        ({"has_label": True, "is_label_known": True}, []),
        ({"has_label": True, "is_label_known": True, "is_label_replaced": True}, ["replaced_label"]),
        ({"has_forbidden_photo": True, "has_reused_photo": True}, ["photo_forbidden", "reused_photo"]),
    ],
)
def test_odd_things_are_named(facts, found):
    assert flags(Facts(**(NOTHING | facts))) == found


@pytest.mark.parametrize(
    ("read", "token"),
    [
        ("k7m4q9r2", "k7m4q9r2"),
        ("https://inspect.example/a/k7m4q9r2", "k7m4q9r2"),
        ("https://inspect.example/a/k7m4q9r2/", "k7m4q9r2"),
        ("", ""),
        ("/", ""),
    ],
)
def test_a_scanner_reads_an_address_or_the_token_alone(read, token):
    assert token_in(read) == token


@pytest.mark.parametrize(
    ("rules", "strict"),
    [
        ([], "allowed"),
        (["allowed"], "allowed"),
        (["close_up", "allowed"], "close_up"),
        (["allowed", "forbidden", "close_up"], "forbidden"),
    ],
)
def test_the_strictest_photo_rule_holds_where_the_place_is_not_known(rules, strict):
    assert strictest(rules) == strict
