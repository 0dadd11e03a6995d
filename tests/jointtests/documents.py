"""Records of joint tests as a device hands them in; for tests of this room and of those above."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from tests.visits.days import drawn_by, photo, somebody
from webapp.extensions import db
from webapp.jointtests.actions import Accepted, hand_in, sign_off
from webapp.jointtests.form import Fill, Form, Item, read_form
from webapp.jointtests.models import JointTest
from webapp.jointtests.queries import newest_form
from webapp.jointtests.schemas import load_document
from webapp.sites.models import Site

DAY = date(2026, 11, 19)
NOON = datetime(2026, 11, 19, 4, 0, tzinfo=UTC)  # 12:00 at the site
KA_VEHICLE, KA_FIELD = "SG-2-04-001", "SG-3-01-001"


def form_now() -> Form:
    row = newest_form()
    assert row is not None
    return read_form(row.content)


def flat_record(by: str = "tech", day: date = DAY, site: str = "SG", **changes: Any) -> dict[str, Any]:
    """A complete record where everything is in order; `changes` go over it, None takes a field away."""
    row = newest_form()
    assert row is not None
    place = db.session.scalars(select(Site).where(Site.code == site)).one()
    fields: dict[str, Any] = {"site": str(place.id), "form": str(row.id)}
    for section in read_form(row.content).sections:
        if section.key in ("problems", "signatures"):
            continue
        unit = section.equipment_item
        turns = [option["value"] for option in unit.options] if unit else [""]
        for number, code in enumerate(turns, 1 if section.repeats else 0):
            for item in section.items:
                name = f"{section.key}.{number}.{item.key}"
                value = code if unit and item.key == unit.key else good_value(item)
                if value:
                    fields[f"v.{name}"] = value
                if value and item.fill is Fill.PREFILL:
                    fields[f"ok.{name}"] = "1"
    fields |= {
        "v.header.0.date": day.isoformat(),
        "v.header.0.start_time": "09:00",
        "v.header.0.end_time": "11:30",
        "photo.conclusion.0.photos": str(photo(somebody(by), "teal")),
    }
    fields |= changes
    return {name: value for name, value in fields.items() if value is not None}


def good_value(item: Item) -> str:
    """An answer that is in order."""
    if item.fill is Fill.AUTO:
        return "09:43:20" if item.key in ("link_start", "link_up") else ""
    if item.kind == "number":
        low, high = item.minimum, item.maximum
        return str(low if low is not None else high if high is not None else 7)
    if item.kind == "choice":
        return next(str(option["value"]) for option in item.options if not option.get("abnormal"))
    return {"pass_fail": "pass", "text": "12:10"}.get(item.kind, "")


def problem(about: str, by: str = "tech", turn: int = 1) -> dict[str, Any]:
    """A problem filled in completely."""
    return {
        f"about.{turn}": about,
        f"v.problems.{turn}.phenomenon": "上行速率低于合同",
        f"v.problems.{turn}.level": "general",
        f"v.problems.{turn}.measure": "已请卫星公司核查",
        f"v.problems.{turn}.deadline": "2026-11-19 20:00",
        f"ok.problems.{turn}.level": "1",
        f"ok.problems.{turn}.deadline": "1",
        f"photo.problems.{turn}.phenomenon": str(photo(somebody(by), "maroon")),
    }


def slow_uplink(by: str = "tech") -> dict[str, Any]:
    """The Ka station of the field post is too slow; with its problem."""
    return {
        "v.ka_portable.2.up_rate": "5.1",
        "v.ka_portable.2.result": "degraded",
        "v.conclusion.0.result": "pass_with_problems",
        **problem("ka_portable.2", by),
    }


def handed_in(by: str = "tech", now: datetime = NOON, test_id: uuid.UUID | None = None, **changes: Any) -> JointTest:
    document = load_document(MultiDict(flat_record(by, **changes)))
    return hand_in(test_id or uuid.uuid4(), document, by=somebody(by), now=now).test


def signed(test: JointTest, username: str, capacity: str, **changes: Any) -> Accepted:
    by = somebody(username)
    fields = {
        "id": uuid.uuid4(),
        "capacity": capacity,
        "name": by.name,
        "file": drawn_by(by, seed=len(capacity)),
        "signed_at": NOON,
        "covers": test.digest,
    }
    return sign_off(test.id, {**fields, **changes}, by=by, now=NOON)


def sealed(**changes: Any) -> JointTest:
    test = handed_in(**changes)
    signed(test, "tech", "technician")
    signed(test, "supervisor", "supervisor")
    return test
