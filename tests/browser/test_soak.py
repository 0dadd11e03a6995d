"""The soak in small; `make soak` runs the long one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fault_proxy import Fault
from tests.soak.soak import WEIGHTS, Size, run

pytestmark = [pytest.mark.browser, pytest.mark.one_database]

SMALL = Size(
    documents=12,
    photos=2,
    seconds=10,
    most_seconds=60,
    browser_kills=1,
    server_kills=1,
    outages=1,
    share=0.1,
    silent_seconds=3,
    drain_seconds=20,
)


def test_a_small_soak_against_a_lying_server(tmp_path: Path):
    seed = os.environ.get("SOAK_SEED", "12")
    tally = run(tmp_path, SMALL, seed, print)
    print(*tally.lines(), sep="\n")
    assert not tally.complaints, "\n".join(tally.complaints)
    assert (tally.documents, tally.photos) == (12, 24)
    assert tally.faults.keys() >= {str(fault) for fault in WEIGHTS.keys() - {Fault.SILENCE, Fault.SLOW}}
    assert (tally.browser_kills, tally.server_kills, tally.outages) == (2, 1, 1)
