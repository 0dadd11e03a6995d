"""The monthly joint test of the demo: filled in, handed in and signed through the real actions."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from webapp.checklists.models import ItemKind
from webapp.demo.pictures import photo, signature
from webapp.files.actions import receive_file
from webapp.jointtests.actions import hand_in, sign_off
from webapp.jointtests.form import Fill, Item, Section, read_form
from webapp.jointtests.queries import form_of
from webapp.jointtests.rules import Capacity
from webapp.jointtests.schemas import load_document
from webapp.people.models import Person
from webapp.sites.models import Site

FILLED_BY_HAND = ("problems", "signatures")
SLOW_UPLINK = Decimal("5.1")  # Mbit/s; the contract says 6 (R134)
SLOW_STATION = "SG-3-01-001"

Request = Callable[[], AbstractContextManager[None]]


def play_joint_test(
    site: Site, day: date, technician: Person, supervisor: Person, *, is_slow: bool, request: Request
) -> str | None:
    """One joint test on that day, signed by both sides; its number. None where the site has no satellite vehicle."""
    form = form_of(site.id)
    if form is None:
        return None
    story = f"{site.code} {day} joint test"
    now = datetime.combine(day, time(16, 30), ZoneInfo(site.timezone))
    chance = random.Random(story)  # noqa: S311  (a story, no secret)

    def name(part: str) -> uuid.UUID:
        return uuid.uuid5(site.id, f"{story} {part}")

    def stored(part: str, data: bytes, by: Person) -> str:
        with request():
            receive_file(name(part), data, None, by=by, now=now)
        return str(name(part))

    fields: dict[str, Any] = {"site": str(site.id), "form": str(form.id)}
    for section in read_form(form.content).sections:
        if section.key not in FILLED_BY_HAND:
            fields |= dict(_answers(section, chance))
    fields |= {
        "v.header.0.date": day.isoformat(),
        "v.header.0.start_time": "14:00",
        "v.header.0.end_time": "16:20",
        "v.header.0.location": "市局停车场",
        "v.header.0.technicians": technician.name,
        "v.header.0.supervisor": supervisor.name,
        "photo.conclusion.0.photos": stored("photo", photo(story), technician),
    }
    if is_slow:
        fields |= _slow_uplink(fields, stored("problem", photo(f"{story} problem"), technician), day)
    with request():
        test = hand_in(name("record"), load_document(fields), by=technician, now=now).test
    for capacity, person in ((Capacity.TECHNICIAN, technician), (Capacity.SUPERVISOR, supervisor)):
        signed = {
            "id": name(capacity.value),
            "capacity": capacity.value,
            "file": uuid.UUID(stored(f"signature {capacity.value}", signature(person.username + story), person)),
            "name": person.name,
            "signed_at": now + timedelta(minutes=5),
            "covers": test.digest,
        }
        with request():
            sign_off(test.id, signed, by=person, now=now + timedelta(minutes=5))
    return test.number


def _answers(section: Section, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Everything in order: one repetition per device that the section names."""
    unit = section.equipment_item
    turns = [str(option["value"]) for option in unit.options] if unit else [""]
    for number, code in enumerate(turns, 1 if section.repeats else 0):
        for item in section.items:
            value = code if unit and item.key == unit.key else _value(item, chance)
            if value:
                yield f"v.{section.key}.{number}.{item.key}", value
                if item.fill is Fill.PREFILL:
                    yield f"ok.{section.key}.{number}.{item.key}", "1"


def _value(item: Item, chance: random.Random) -> str:
    if item.fill is Fill.AUTO:
        return f"14:{chance.randint(10, 50)}:{chance.randint(10, 50)}" if item.key in ("link_start", "link_up") else ""
    if item.kind == ItemKind.NUMBER:
        return f"{_number(item, chance):f}"
    if item.kind == ItemKind.CHOICE:
        fine = [str(option["value"]) for option in item.options if not option.get("abnormal")]
        return chance.choice(fine[:2])
    return {ItemKind.PASS_FAIL.value: "pass", ItemKind.TEXT.value: "14:05" if item.is_required else ""}.get(
        item.kind, ""
    )


def _number(item: Item, chance: random.Random) -> Decimal:
    """A value well within the limits, a little different each month."""
    low, high = item.minimum, item.maximum
    wobble = Decimal(chance.randint(0, 20)) / 100
    if low is not None and low == high:
        return low
    if low is not None:
        return (low + abs(low) * wobble).quantize(Decimal("0.1"))
    if high is not None:
        return (high - abs(high) * (wobble + Decimal("0.3"))).normalize() if high else high
    return (Decimal(9) + wobble * 10).quantize(Decimal("0.1"))


def _slow_uplink(fields: dict[str, Any], picture: str, day: date) -> dict[str, Any]:
    """The Ka station of the field post misses its contract figure; with its problem."""
    turn = next(key.split(".")[2] for key, value in fields.items() if value == SLOW_STATION and "ka_portable" in key)
    return {
        f"v.ka_portable.{turn}.up_rate": str(SLOW_UPLINK),
        f"v.ka_portable.{turn}.result": "degraded",
        "v.conclusion.0.result": "pass_with_problems",
        "about.1": f"ka_portable.{turn}",
        "v.problems.1.phenomenon": f"上行 {SLOW_UPLINK} Mbit/s，低于合同 6 Mbit/s",
        "v.problems.1.level": "general",
        "v.problems.1.measure": "已请卫星公司核查是否限速",
        "v.problems.1.deadline": f"{day.isoformat()} 22:00",
        "ok.problems.1.level": "1",
        "ok.problems.1.deadline": "1",
        "photo.problems.1.phenomenon": picture,
    }
