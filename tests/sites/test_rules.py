"""When a service period needs attention (R21)."""

from datetime import date, timedelta

import pytest

from webapp.sites.rules import Ending, days_left, ending

LAST = date(2027, 6, 27)


@pytest.mark.parametrize(
    ("left", "answer"),
    [
        (61, Ending.FAR),
        (60, Ending.SOON),
        (31, Ending.SOON),
        (30, Ending.VERY_SOON),
        (0, Ending.VERY_SOON),
        (-1, Ending.OVER),
    ],
)
def test_the_end_of_a_period_is_announced_60_and_30_days_before(left, answer):
    today = LAST - timedelta(days=left)
    assert ending(LAST, today) is answer
    assert days_left(LAST, today) == left
