"""A hundred thousand faults of one command centre: list, book, board, figures and month page. Needs PostgreSQL.

    python -m tests.postgres python -m tests.bench.faults

Ten years of faults with all their steps (SCALE_FAULTS, 100,000 unless said otherwise) are loaded with COPY beside a
database with a thousand. Each page is drawn in turn in both; it must send the same number of statements.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import time_machine
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from tests.bench.results import Others, Result, about_this_machine, as_text, at_most, plain
from tests.bench.scale import Side, _counting, _page
from tests.conftest import make_app
from tests.databases import fill
from tests.reports.month_of_work import list_rows, site_called, somebody
from webapp.extensions import db
from webapp.faults.models import FaultPolicy
from webapp.faults.policies import taken_over
from webapp.kit.transaction import transaction
from webapp.sites.models import Site

GROUP = "Faults: PostgreSQL, one command centre"
NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FEW = 1_000
STILL_OPEN = 200
RUNS = int(os.environ.get("SCALE_RUNS", "9"))
CAUSES = ("hardware", "software", "power", "cabling", "wear", "operation")
PAGES = {
    "list": "/faults",
    "list, closed ones, page 900": "/faults?state=closed&page=900",
    "list, words": "/faults?q=picture",
    "fault book, newest page": "/fault-book",
    "fault book, page 900": "/fault-book?page=900",
    "wall board": "/board",
    "figures of a month": "/fault-figures/2026-10",
    "plots of six months": "/fault-figures/2026-10/plots",
    "faults behind a figure": "/fault-figures/2026-10/due",
    "repeats of a month": "/repeats?month=2026-10",
    "month page": "/months/2026-10",
}
MOST_STATEMENTS = {"month page": 12}  # of the others there is no promise but that the number is fixed
STEPS = (  # minutes after the report
    ("reported", 0, {}),
    ("acknowledged", 5, {}),
    ("arrived", 60, {"scanned": True, "flags": []}),
    ("restored", 120, {}),
    ("repaired", 240, {}),
    ("analysed", 300, {"analysis": "worn out", "handling": "changed", "lessons": "look yearly"}),
    ("tested", 330, {"passed": True}),
    ("closed", 330, {}),
)


def main() -> int:
    """Fills, measures, prints; 0 also where a budget is exceeded, 1 without a server."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server.startswith("postgresql"):
        print("Start it with: python -m tests.postgres python -m tests.bench.faults")
        return 1
    many, others = int(os.environ.get("SCALE_FAULTS", "100000")), Others()
    with tempfile.TemporaryDirectory(prefix="xunjian-faults-", ignore_cleanup_errors=True) as folder:
        sides = [_side(server, "few", FEW, Path(folder)), _side(server, "many", many, Path(folder))]
        with time_machine.travel(NOW, tick=True):
            results = measure(*sides)
        print(*about_this_machine("", others), as_text(results), sep="\n")
    return 0


def measure(few: Side, many: Side) -> list[Result]:
    """Both sides in turn; times of both, statements of the big one and how they differ."""
    rows: list[Result] = []
    for case, address in PAGES.items():
        for side in (few, many):
            _page(side.app, "lead", address)
            with _counting(side, case):
                _page(side.app, "lead", address)
            side.milliseconds[case] = []
        for _run in range(RUNS):
            for side in (few, many):
                side.milliseconds[case].append(_page(side.app, "lead", address))
        rows.append(plain(GROUP, f"{case}, {few.rows:,} faults", few.milliseconds[case], "ms", digits=1))
        rows.append(plain(GROUP, f"{case}, {many.rows:,} faults", many.milliseconds[case], "ms", digits=1))
        counted = [many.statements[case]]
        wanted = MOST_STATEMENTS.get(case)
        name = f"{case}: statements"
        rows.append(at_most(GROUP, name, wanted, counted, "") if wanted else plain(GROUP, name, counted, ""))
        differing = abs(few.statements[case] - many.statements[case])
        rows.append(at_most(GROUP, f"{case}: statements more or less than with few", 0, [differing], ""))
        for line in rows[-4:]:
            print(f"  {line.case}: {line.measured}", flush=True)
    return rows


def _side(server: str, name: str, rows: int, folder: Path) -> Side:
    database = f"faults_{name}"
    engine = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {database}"))
    engine.dispose()
    url = make_url(server).set(database=database).render_as_string(hide_password=False)
    made = Side(name, make_app(url, folder / name))
    fill(made.app)
    with made.app.test_request_context():
        began = time.monotonic()
        _load(rows)
        made.rows = db.session.scalar(text("select count(*) from findings")) or 0
        size = db.session.scalar(text("select pg_size_pretty(pg_database_size(current_database()))"))
        print(f"{name}: {made.rows:,} faults, {size}, loaded in {time.monotonic() - began:.0f} s", flush=True)
        db.session.remove()
    return made


def _load(rows: int) -> None:
    """So many faults over ten years, evenly, some late, some like the one before; the newest are open."""
    random.seed(20261120)
    site = site_called("SG")
    with transaction():
        policy = _policy(site).id
        assets, tech, bureau = [asset.id for asset in list_rows()], somebody("tech").id, somebody("supervisor").id
        site_id = site.id
    faults = list(_faults(rows, site_id, policy, assets, tech))
    connection = db.engine.raw_connection()
    raw: psycopg.Connection[Any] = connection.driver_connection
    names = (
        "id, site_id, kind, number, asset_id, item_text, level, policy_id, closed_at, next_due_at, channel, text,"
        " reported_by, reported_at, entered_at"
    )
    with raw.cursor() as cursor, cursor.copy(f"copy findings ({names}) from stdin") as copy:
        for fault in faults:
            copy.write_row(fault)
    names = "finding_id, kind, at, received_at, by, reason, facts"
    with raw.cursor() as cursor, cursor.copy(f"copy finding_events ({names}) from stdin") as copy:
        for fault in faults:
            for step in _steps(fault, tech, bureau):
                copy.write_row(step)
    raw.commit()
    raw.autocommit = True
    raw.execute("vacuum analyze")
    raw.autocommit = False
    connection.close()


def _policy(site: Site) -> FaultPolicy:
    db.session.execute(select(Site.id).where(Site.id == site.id).with_for_update())
    return taken_over(site, now=NOW)[-1]


def _faults(
    rows: int, site: uuid.UUID, policy: uuid.UUID, assets: list[uuid.UUID], tech: uuid.UUID
) -> Iterator[tuple[Any, ...]]:
    """Oldest first, numbered per month as in life."""
    apart = timedelta(days=3650) / rows
    month, running = "", 0
    for nth in range(rows):
        at = (NOW - timedelta(days=3650) + apart * (nth + 1) - timedelta(minutes=1)).replace(microsecond=0)
        running = running + 1 if f"{at:%y%m}" == month else 1
        month = f"{at:%y%m}"
        is_open = nth >= rows - min(STILL_OPEN, rows // 5)
        closed = None if is_open else at + timedelta(minutes=330 * (3 if nth % 17 == 0 else 1))
        due = at + timedelta(hours=8) if is_open else None
        words = f"no picture on display {nth}"
        yield (
            uuid.UUID(int=random.getrandbits(128)), site, "fault", f"GZ-{month}-{running:02d}", random.choice(assets),
            "", "major" if nth % 20 == 0 else "general", policy, closed, due, "telephone", words, tech, at, at,
        )  # fmt: skip


def _steps(fault: tuple[Any, ...], tech: uuid.UUID, bureau: uuid.UUID) -> Iterator[tuple[Any, ...]]:
    """The steps of a fault; of an open one the first two."""
    at, closed, slow = fault[13], fault[8], 1
    if closed:
        slow = (closed - at) // timedelta(minutes=330)
    for kind, minutes, facts in STEPS if closed else STEPS[:2]:
        moment = at + timedelta(minutes=minutes * slow)
        more = facts | {"cause": CAUSES[fault[0].int % len(CAUSES)]} if kind == "analysed" else facts
        by = bureau if kind in ("tested", "closed") else tech
        yield fault[0], kind, moment, moment, by, "", json.dumps(more)


if __name__ == "__main__":
    sys.exit(main())
