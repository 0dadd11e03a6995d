"""Ten years of synthetic inspections for the bench of scale, loaded with COPY.

A hundred and forty-three command centres, one of them Shaoguan with its real lists. Its last twelve months are the same
in every database, whole and by hand of the test helpers in the month that is measured, so that what differs between two
databases is only what else stands in the tables. Rows arrive by day, all command centres mixed, as in life.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import select

from tests.reports.month_of_work import inspect, list_rows, sign, somebody
from webapp.assets.models import Asset, System
from webapp.checklists.queries import version_for
from webapp.extensions import db
from webapp.kit.clock import Month
from webapp.kit.transaction import transaction
from webapp.reports.models import ClosedMonth
from webapp.sites.actions import give_role
from webapp.sites.models import Role, ServiceLine, Site

MEASURED = Month(2026, 10)
AS_OF = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SITES = 143
MONTHS = 120  # ten years up to the measured month
SAME_MONTHS = 12  # of Shaoguan, in every database
DAYS = 4  # of work in each month
ASSETS = 700  # of each further command centre
STILL_OPEN = 2  # months at the end that nobody closed yet
BLOCK = 2000  # rows of one write to COPY
TABLES = ("visits", "inspections", "answers", "seals")
NONE = r"\N"


@dataclass(frozen=True)
class Inspected:
    """An asset with the version of its checklist and the item that is answered: a reading where it has one.

    Items must be spread as in life: a plan of the database that looks for one item in ten years is what is to be found.
    """

    asset: uuid.UUID
    version: uuid.UUID
    item: str
    is_reading: bool

    def answer(self, inspection: str) -> str:
        """The line of its answer."""
        value, number = ("5", "5") if self.is_reading else ("pass", NONE)
        return f"{inspection}\t0\t{self.item}\t{value}\t{number}\tok\t{{}}\t\t\t\n"


@dataclass(frozen=True)
class Centre:
    """A command centre as far as its inspections need it."""

    site: uuid.UUID
    assets: list[Inspected]
    is_shaoguan: bool


def make(rows: int, tell: Callable[[str], None]) -> None:
    """Fills the database of the current app with about so many inspections."""
    random.seed(20261120)
    with transaction():
        technician, centres = somebody("tech").id, [_shaoguan(), *_others()]
        _close_months(centres)
    shaoguan, others = centres[0], centres[1:]
    own = len(shaoguan.assets) * SAME_MONTHS
    each = max((rows - own) / (len(others) * MONTHS), 0)
    connection = db.engine.raw_connection()
    raw: psycopg.Connection[Any] = connection.driver_connection
    began, before = time.monotonic(), 0
    with _without_indexes(raw, tell), raw.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")  # what is loaded fits; checking it would take long
        for number, month in enumerate(_months()):
            before += _load(cursor, centres, month, number, each, technician)
            if number % 20 == 19:
                tell(f"  {before:,} inspections after {time.monotonic() - began:.0f} s")
        cursor.execute("set session_replication_role = default")
        cursor.execute("select setval(pg_get_serial_sequence('answers', 'id'), (select max(id) + 1 from answers))")
        raw.commit()
    with transaction():
        _work_of_the_measured_month()
    raw.commit()
    raw.autocommit = True
    raw.execute("vacuum analyze")
    raw.autocommit = False
    connection.close()
    tell(f"  ready after {time.monotonic() - began:.0f} s")


def _months() -> list[Month]:
    found = [MEASURED]
    while len(found) < MONTHS:
        found.append(found[-1].previous())
    return found[::-1]


def _shaoguan() -> Centre:
    site = db.session.scalars(select(Site).where(Site.code == "SG")).one()
    return Centre(site.id, [inspected for _asset, inspected in _rows()], True)


def _rows() -> list[tuple[Asset, Inspected]]:
    """The rows of Shaoguan's lists that have a checklist."""
    found = []
    for asset in list_rows():
        if version := version_for(asset):
            item = next((item for item in version.items if item.kind == "number"), version.items[0])
            found.append((asset, Inspected(asset.id, version.id, item.key, item.kind == "number")))
    return found


def _others() -> list[Centre]:
    """Further command centres, their assets like those of Shaoguan; the supervisor oversees them all."""
    model, supervisor, made = _rows(), somebody("supervisor"), []
    for number in range(SITES - 1):
        site = Site(
            id=uuid.uuid4(), code=f"X{number}", name=f"示例{number}应急指挥中心", short_name=f"示例{number}",
            timezone="Asia/Shanghai", is_demo=True, fault_levels=[], created_at=datetime(2016, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        line = ServiceLine(
            id=uuid.uuid4(),
            site_id=site.id,
            number=1,
            name="清单一",
            starts_on=date(2016, 1, 1),
            ends_on=date(2028, 1, 1),
        )
        system = System(id=uuid.uuid4(), site_id=site.id, service_line_id=line.id, position=1, name="系统一")
        for row in (site, line, system):
            db.session.add(row)
            db.session.flush()
        assets = []
        for nth in range(ASSETS):
            like, inspected = model[nth % len(model)]
            asset = {"id": uuid.uuid4(), "site_id": site.id, "system_id": system.id, "code": f"X{number}-{nth}"}
            asset |= {"position": nth, "kind": like.kind, "name": like.name, "quantity": 1, "created_at": AS_OF}
            assets.append((asset, replace(inspected, asset=asset["id"])))
        db.session.execute(Asset.__table__.insert(), [_whole(asset) for asset, _inspected in assets])
        give_role(supervisor, site, Role.SUPERVISOR, by=None, now=AS_OF)
        made.append(Centre(site.id, [inspected for _asset, inspected in assets], False))
    return made


def _whole(asset: dict[str, Any]) -> dict[str, Any]:
    texts = ("printed_number", "maker", "model", "unit", "location", "location_en", "keeper", "supplier", "raw")
    return {**dict.fromkeys(texts, ""), "status": "in_use", "is_outside_contract": False, **asset}


def _close_months(centres: list[Centre]) -> None:
    """Each month that is over long enough is closed: the overview then reads its figures only."""
    rows = [
        {
            "id": uuid.uuid4(),
            "site_id": centre.site,
            "month": str(month),
            "closed_at": AS_OF,
            "closed_by": None,
            "reason": "",
            "figures": {"due": 700, "done": 698, "abnormal": 3, "faults-open": 1},
            "content": "{}",
        }
        for centre in centres
        for month in _months()[:-STILL_OPEN]
        if not (centre.is_shaoguan and month.year == MEASURED.year)
    ]
    columns = ClosedMonth.__table__.columns.keys()
    for row in rows:
        assert set(row) <= set(columns)
    db.session.execute(ClosedMonth.__table__.insert(), rows)


def _load(
    cursor: psycopg.Cursor[Any], centres: list[Centre], month: Month, number: int, each: float, technician: uuid.UUID
) -> int:
    """One month of all command centres: visits and seals first, then the inspections with an answer each."""
    visits, seals, plan = [], [], []
    for day_number in range(DAYS):
        day = month.first + timedelta(days=3 + 6 * day_number)
        for centre in centres:
            if centre.is_shaoguan and (month == MEASURED or (each < 1 and number < MONTHS - SAME_MONTHS)):
                continue
            whole = len(centre.assets) if centre.is_shaoguan else _share(each, number)
            chosen = centre.assets[day_number * whole // DAYS : (day_number + 1) * whole // DAYS]
            if not chosen:
                continue
            visit, at = uuid.uuid4(), datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC)
            visits.append(_line(visit, centre.site, day, technician, 1, "", at))
            digest = f"{random.getrandbits(256):064x}"
            order = number * DAYS + day_number + 1
            seals.append(_line(uuid.uuid4(), centre.site, order, "visit", visit, "{}", digest, "0" * 64, at))
            plan.append((centre, visit, chosen, at))
    _copy(cursor, "visits", "id, site_id, day, technician_id, number, accompanied_by, created_at", iter(visits))
    names = "id, site_id, number, kind, record_id, content, digest, previous_digest, sealed_at"
    _copy(cursor, "seals", names, iter(seals))
    answers: list[str] = []
    names = (
        "id, site_id, visit_id, asset_id, version_id, technician_id, started_at, finished_at, received_at, verdict, "
        "run_state, units_total, units_checked, abnormal_units, units_reason, advice, supersedes_id, flags, digest"
    )
    count = _copy(cursor, "inspections", names, _inspections(plan, technician, answers))
    names = "inspection_id, position, item_key, value, number, verdict, judgement, why, remedy, level"
    _copy(cursor, "answers", names, iter(answers))
    return count


def _share(each: float, number: int) -> int:
    """So many in this month that it comes to `each` on average, whole numbers only."""
    return min(int(each * (number + 1)) - int(each * number), ASSETS)


def _inspections(
    plan: list[tuple[Centre, uuid.UUID, list[Inspected], datetime]],
    technician: uuid.UUID,
    answers: list[str],
) -> Iterator[str]:
    """The lines of a month; beside each one answer, so that the table of answers is as long."""
    for centre, visit, chosen, start in plan:
        for nth, one in enumerate(chosen):
            at = start + timedelta(seconds=50 * nth)
            name, digest = f"{random.getrandbits(128):032x}", f"{random.getrandbits(256):064x}"
            answers.append(one.answer(name))
            yield (
                f"{name}\t{centre.site}\t{visit}\t{one.asset}\t{one.version}\t{technician}\t{at}\t{at}\t{at}\tok\trunning\t1\t1"
                f"\t[]\t\t\t{NONE}\t[]\t{digest}\n"
            )


def _line(*values: Any) -> str:
    return "\t".join(str(value) for value in values) + "\n"


def _copy(cursor: psycopg.Cursor[Any], table: str, columns: str, lines: Iterator[str]) -> int:
    count, block = 0, []
    with cursor.copy(f"copy {table} ({columns}) from stdin") as copy:  # type: ignore[arg-type]
        for line in lines:
            block.append(line)
            if len(block) == BLOCK:
                copy.write("".join(block))
                count, block = count + BLOCK, []
        copy.write("".join(block))
    return count + len(block)


@contextmanager
def _without_indexes(raw: psycopg.Connection[Any], tell: Callable[[str], None]) -> Iterator[None]:
    """Plain indexes are made after loading: building one from scratch is much quicker than a million insertions."""
    names = ", ".join(f"'{name}'" for name in TABLES)
    rows = raw.execute(
        f"select indexname, indexdef from pg_indexes where schemaname = 'public' and tablename in ({names})"
        " and indexname not in (select conname from pg_constraint)"
    ).fetchall()
    for name, _definition in rows:
        raw.execute(f"drop index {name}")  # type: ignore[arg-type]
    yield
    began = time.monotonic()
    raw.execute("set maintenance_work_mem = '512MB'")
    for _name, definition in rows:
        raw.execute(definition)
    raw.commit()
    tell(f"  {len(rows)} indexes built in {time.monotonic() - began:.0f} s")


def _work_of_the_measured_month() -> None:
    """The month that is measured: every row of Shaoguan with all its answers, some abnormal, each sheet signed."""
    start = datetime(MEASURED.year, MEASURED.month, 12, 1, 0, tzinfo=UTC)
    sheets = {}
    for nth, asset in enumerate(list_rows()):
        version = version_for(asset)
        if version is None:
            continue
        reading = next((item.key for item in version.items if item.kind == "number"), None)
        abnormal = {reading: {"value": "342"}} if reading and nth % 9 == 0 else None
        at = start + timedelta(days=nth % DAYS, seconds=50 * nth)
        made = inspect(asset, at, abnormal=abnormal)
        sheets[made.visit_id] = made
    for made in sheets.values():
        sign(made)
