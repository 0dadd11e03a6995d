"""The example history is made by the real actions, and what it makes holds."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from webapp.demo.history import past_months, play
from webapp.extensions import db
from webapp.inspections.models import Inspection, Return, Visit
from webapp.jointtests.models import JointTest
from webapp.kit.clock import Month, utc_now
from webapp.reports.monthly import build
from webapp.seals.models import Seal
from webapp.sites.queries import site_coded
from webapp.sync.models import Arrival

pytestmark = pytest.mark.one_database


def test_a_played_month_is_complete_signed_and_unchanged(app: Flask):
    said: list[str] = []
    months = past_months(utc_now(), 1)
    with app.test_request_context():
        play(months, said.append)
        play(months, said.append)
    assert "left alone" in said[-1]

    with app.test_request_context():
        inspections = count(Inspection)
        assert inspections > 190
        assert count(Arrival, Arrival.kind == "inspection") == inspections
        assert count(Seal, Seal.kind == "visit") == count(Visit) == 10
        assert count(Return) >= 1
        test = db.session.scalars(select(JointTest)).one()
        assert test.result == "pass_with_problems"
        summary = build(site_coded("SG"), months[0], utc_now())
        assert (summary.total.due, summary.total.open, summary.total.units_due) == (120, 0, 436)
    result = app.test_cli_runner().invoke(args=["seals", "verify"])
    assert result.exit_code == 0, result.output


def test_the_months_before_a_day_are_whole_months():
    moment = utc_now().replace(year=2026, month=2, day=1)
    assert past_months(moment, 3) == [Month(2025, 11), Month(2025, 12), Month(2026, 1)]


def count(model: type, *wanted: object) -> int:
    """How many rows there are."""
    return db.session.scalar(select(func.count()).select_from(model).where(*wanted)) or 0  # type: ignore[arg-type]
