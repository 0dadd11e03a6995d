"""A day of inspections handed in through the real door, and signatures; for tests of this room and of those above."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import select

from tests.inspections.documents import ANTENNA, WALL, asset_with, filled, picture
from webapp.extensions import db
from webapp.files.actions import receive_file
from webapp.inspections.actions import hand_in
from webapp.inspections.models import Inspection, Visit
from webapp.inspections.schemas import load_inspection
from webapp.people.models import Person
from webapp.visits.actions import Accepted, covers_of, sign_off

MORNING = datetime(2026, 11, 18, 1, 12, tzinfo=UTC)  # 09:12 in both command centres
EVENING = MORNING + timedelta(hours=9)
QUIET = ("SG-2-01-002", "SG-2-01-004", "SG-2-02-001")
FUTIAN = (
    *(f"FT-1-02-{number:03d}" for number in range(14, 24)),
    *(f"FT-1-03-{number:03d}" for number in range(32, 36)),
)


def somebody(username: str) -> Person:
    return db.session.scalars(select(Person).where(Person.username == username)).one()


def photo(by: Person, colour: str = "navy") -> uuid.UUID:
    return receive_file(uuid.uuid4(), picture(colour), None, by=by, now=MORNING)[0].id


def signature_png(seed: int = 1) -> bytes:
    """A drawn line on a clear ground, as the pad makes it; another seed gives other bytes."""
    image = Image.new("RGBA", (600, 300), (0, 0, 0, 0))
    points = [(40 + step * 50, 150 + (step * seed * 37) % 90 * (-1) ** step) for step in range(11)]
    ImageDraw.Draw(image).line(points, fill=(18, 48, 138, 255), width=6)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def drawn_by(by: Person, seed: int = 1) -> uuid.UUID:
    return receive_file(uuid.uuid4(), signature_png(seed), None, by=by, now=EVENING)[0].id


def inspected(code: str, by: Person, *, at: datetime = MORNING, **changes: Any) -> Inspection:
    """One inspection handed in; `changes` go over the filled form."""
    document = load_inspection(uuid.uuid4(), filled(asset_with(code), at=at, **changes))
    return hand_in(document, by=by, now=at + timedelta(minutes=1))


def abnormal_antenna(by: Person, *, at: datetime = MORNING, **changes: Any) -> Inspection:
    """The antenna took 342 s to acquire, which became a fault; with two photos."""
    found = {
        "a.acquire_time": "342",
        "why.acquire_time": "冷启动后首次对星多次重捕，第三次才锁定；车位东南侧有新搭围挡。",
        "remedy.acquire_time": "fault",
        "photo.acquire_time": [str(photo(by, "navy")), str(photo(by, "teal"))],
    }
    return inspected(ANTENNA, by, at=at, **{**found, **changes})


def day_of(username: str = "tech", *, at: datetime = MORNING, codes: tuple[str, ...] = QUIET) -> Visit:
    """A sheet of Shaoguan: the antenna abnormal, a wall with a bad screen, three rows in order."""
    by = somebody(username)
    abnormal_antenna(by, at=at)
    key = _first_pass_fail(WALL)
    inspected(
        WALL,
        by,
        at=at + timedelta(minutes=9),
        unit=["3", "5"],
        **{
            f"a.{key}": "fail",
            f"why.{key}": "两块屏有暗带",
            f"remedy.{key}": "hazard",
            f"photo.{key}": [str(photo(by, "maroon"))],
        },
    )
    for place, code in enumerate(codes):
        last = inspected(code, by, at=at + timedelta(minutes=20 + place * 7))
    return db.session.get_one(Visit, last.visit_id)


def antenna_day(*, at: datetime = MORNING) -> Visit:
    """The smallest sheet of Shaoguan: one abnormal antenna with two photos."""
    return db.session.get_one(Visit, abnormal_antenna(somebody("tech"), at=at).visit_id)


def quiet_day(username: str = "tech2", *, at: datetime = MORNING, codes: tuple[str, ...] = FUTIAN) -> Visit:
    """A sheet where all is in order."""
    by = somebody(username)
    for place, code in enumerate(codes):
        last = inspected(code, by, at=at + timedelta(minutes=place * 4))
    return db.session.get_one(Visit, last.visit_id)


def signing(visit: Visit, by: Person, capacity: str = "supervisor", **changes: Any) -> dict[str, Any]:
    """The loaded fields of a sign-off of the sheet as it stands now."""
    db.session.flush()
    fields = {
        "id": uuid.uuid4(),
        "capacity": capacity,
        "name": by.name,
        "signed_at": EVENING,
        "covers": covers_of(visit.id),
    }
    if "file" not in changes:
        fields["file"] = drawn_by(by, seed=len(capacity))
    return {**fields, **changes}


def signed(visit: Visit, username: str = "supervisor", capacity: str = "supervisor", **changes: Any) -> Accepted:
    """The sheet signed by somebody, as it stands now."""
    by = somebody(username)
    return sign_off(visit.id, signing(visit, by, capacity, **changes), by=by, now=EVENING)


def _first_pass_fail(code: str) -> str:
    from webapp.checklists.queries import version_for

    version = version_for(asset_with(code))
    assert version is not None
    return next(item.key for item in version.items if item.kind == "pass_fail" and item.is_required)
