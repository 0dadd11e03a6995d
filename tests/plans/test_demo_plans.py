"""The demo's plans: approved ones for past months, one that waits for the bureau, one that is still a draft."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.plans.planned_months import seen
from webapp.demo.plans import plan_ahead, plan_months
from webapp.kit.clock import Month

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.mark.one_database
def test_the_demo_has_a_plan_in_every_stage_and_making_it_again_changes_nothing(context):
    said: list[str] = []
    for _again in range(2):
        plan_months([Month(2026, 9), Month(2026, 10)], said.append)
        plan_ahead(NOW, said.append)
    assert len(said) == 8
    plans = [seen(Month(2026, number), NOW) for number in (9, 10, 11, 12)]
    assert [plan.status for plan in plans] == ["approved", "approved", "approved", "submitted"]
    assert [plan.is_late for plan in plans] == [False, False, True, False]
    assert any(line.event for line in plans[3].lines)
    elsewhere = [seen(Month(2026, number), NOW, code="FT").status for number in (9, 10, 11, 12)]
    assert elsewhere == ["approved", "approved", "approved", "draft"]
