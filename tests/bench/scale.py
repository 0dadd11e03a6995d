"""`make bench-scale`: whether ten years of inspections slow a month down. Needs PostgreSQL (tests/postgres.py).

Two databases side by side on one server: one with ten thousand inspections, one with SCALE_ROWS (12 million unless said
otherwise), see scale_data.py. In each the month page of the same month of the same command centre is drawn in turn, its
statements counted and explained; likewise the overview of 143 command centres.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.engine import make_url

from tests.bench import scale_data
from tests.bench.results import Others, Result, about_this_machine, as_text, at_most, plain
from tests.bench.scale_data import AS_OF, MEASURED
from tests.conftest import make_app
from tests.databases import fill
from webapp.extensions import db
from webapp.kit.transaction import transaction
from webapp.people.actions import sign_in
from webapp.people.models import Person
from webapp.reports.closing import shown
from webapp.reports.rollup import rollup
from webapp.sites.models import Site

GROUP = "Scale: PostgreSQL, one server, both databases in turn"
FEW = 10_000
BIG = ("inspections", "answers")
RUNS = int(os.environ.get("SCALE_RUNS", "15"))
MOST_STATEMENTS = 10


@dataclass
class Side:
    """One database and what was measured in it."""

    name: str
    app: Flask
    rows: int = 0
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    statements: dict[str, int] = field(default_factory=dict)
    plans: dict[str, list[list[str]]] = field(default_factory=dict)  # case → statement → its ways into big tables


def main() -> int:
    """Fills, measures, prints; 0 also where a budget is exceeded, 1 without a server."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    if not server.startswith("postgresql"):
        print("Start it with: python -m tests.postgres python -m tests.bench.scale")
        return 1
    many, others = int(os.environ.get("SCALE_ROWS", "12000000")), Others()
    with tempfile.TemporaryDirectory(prefix="xunjian-scale-", ignore_cleanup_errors=True) as folder:
        few_side = _side(server, "few", FEW, Path(folder))
        many_side = _side(server, "many", many, Path(folder))
        results = measure(few_side, many_side)
        print(*about_this_machine("", others), as_text(results), sep="\n")
        _print_plans(few_side, many_side)
    return 0


def measure(few: Side, many: Side) -> list[Result]:
    """Both sides in turn, so that whatever else happens on the machine falls on both."""
    cases = {"month": _month, "month page": _month_page, "overview page": _overview_page, "overview": _overview}
    for case, draw in cases.items():
        for side in (few, many):
            with _counting(side, case):
                draw(side.app)
            side.milliseconds[case] = []
        for _run in range(RUNS):
            for side in (few, many):
                side.milliseconds[case].append(draw(side.app))
    rows: list[Result] = []
    for case in cases:
        here, there = few.milliseconds[case], many.milliseconds[case]
        ratio = [a / b for a, b in zip(there, here, strict=True)]  # neighbours in time, so alike in disturbance
        rows += [
            plain(GROUP, f"{case}, {few.rows:,} inspections", here, "ms", digits=1),
            plain(GROUP, f"{case}, {many.rows:,} inspections", there, "ms", digits=1),
            at_most(GROUP, f"{case}: many : few", 1.2, ratio, "times", digits=2)
            if case.startswith("month")
            else plain(GROUP, f"{case}: many : few", ratio, "times", digits=2),
        ]
    for case in ("month page", "overview page"):
        rows.append(at_most(GROUP, f"{case}: statements", MOST_STATEMENTS, [many.statements[case]], ""))
        same = few.statements[case] - many.statements[case]
        rows.append(at_most(GROUP, f"{case}: statements more or less than with few", 0, [abs(same)], ""))
    for case in ("month", "overview"):
        scans = [way for ways in many.plans[case] for way in ways if way.startswith("Seq Scan")]
        rows.append(at_most(GROUP, f"{case}: sequential scans of a big table", 0, [len(scans)], ""))
        differing = sum(a != b for a, b in zip(few.plans[case], many.plans[case], strict=True))
        rows.append(plain(GROUP, f"{case}: statements with another way into a big table", [differing], ""))
    return rows


def _side(server: str, name: str, rows: int, folder: Path) -> Side:
    url = make_url(server).set(database=f"scale_{name}").render_as_string(hide_password=False)
    engine = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database scale_{name}"))
    engine.dispose()
    print(f"{name}: loading {rows:,} inspections", flush=True)
    made = Side(name, make_app(url, folder / name))
    fill(made.app)
    with made.app.test_request_context():
        scale_data.make(rows, lambda line: print(line, flush=True))
        made.rows = db.session.scalar(text("select count(*) from inspections")) or 0
        size = db.session.scalar(text("select pg_size_pretty(pg_database_size(current_database()))"))
        print(f"  {made.rows:,} inspections, {size}", flush=True)
        db.session.remove()
    return made


def _month(app: Flask) -> float:
    with app.test_request_context(headers={"Cookie": "language=en"}):
        site = db.session.scalars(select(Site).where(Site.code == "SG")).one()
        before = time.perf_counter()
        summary = shown(site, MEASURED, AS_OF)
        taken = time.perf_counter() - before
        assert len(summary.standing) > 100
        db.session.remove()
    return 1000 * taken


def _overview(app: Flask) -> float:
    with app.test_request_context(headers={"Cookie": "language=en"}):
        sites = list(db.session.scalars(select(Site).order_by(Site.code)))
        before = time.perf_counter()
        assert len(rollup(sites, AS_OF).lines) >= scale_data.SITES
        taken = time.perf_counter() - before
        db.session.remove()
    return 1000 * taken


def _month_page(app: Flask) -> float:
    return _page(app, "lead", f"/months/{MEASURED}")


def _overview_page(app: Flask) -> float:
    return _page(app, "supervisor", "/overview")


def _page(app: Flask, username: str, address: str) -> float:
    client = app.test_client()
    with app.app_context(), transaction():
        person = db.session.scalars(select(Person).where(Person.username == username)).one()
        secret = sign_in(person, user_agent="bench", is_shared=False, now=AS_OF).secret
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = secret, True
    _mark(app)
    before = time.perf_counter()
    answer = client.get(address)
    taken = time.perf_counter() - before
    assert answer.status_code == 200, answer.status_code
    return 1000 * taken


def _mark(app: Flask) -> None:
    """From here on statements count: signing in is not part of the page."""
    app.extensions.get("sent_statements", []).clear()


@contextmanager
def _counting(side: Side, case: str) -> Iterator[None]:
    """Counts the statements of one drawing and asks for their plans afterwards."""
    sent: list[tuple[str, Any]] = []
    side.app.extensions["sent_statements"] = sent

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    with side.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", note)
        side.app.extensions.pop("sent_statements")
    side.statements[case] = len(sent)
    with side.app.app_context(), engine.connect() as connection:
        cursor = connection.connection.cursor()
        side.plans[case] = []
        for statement, parameters in sent:
            if statement.lstrip().upper().startswith(("SELECT", "WITH")):
                cursor.execute(f"explain (format json) {statement}", parameters)
                found = cursor.fetchone()[0]
                found = json.loads(found) if isinstance(found, str) else found
                side.plans[case].append(sorted(set(_ways(found[0]["Plan"]))))


def _ways(node: dict[str, Any]) -> Iterator[str]:
    """How a plan gets into the big tables: the kind of scan, the table, the index."""
    kind, relation, index = node["Node Type"], node.get("Relation Name", ""), node.get("Index Name", "")
    if relation in BIG or any(index.startswith((f"ix_{name}", f"pk_{name}", f"uq_{name}")) for name in BIG):
        yield " ".join(word for word in (kind, relation, index) if word)
    for inner in node.get("Plans", []):
        yield from _ways(inner)


def _print_plans(few: Side, many: Side) -> None:
    for case in ("month", "overview"):
        print(f"\nways into the big tables, {case}:")
        for number, (here, there) in enumerate(zip(few.plans[case], many.plans[case], strict=True), start=1):
            if here or there:
                print(f"  {number}. {'; '.join(there)}")
            if here != there:
                print(f"     with few: {'; '.join(here)}")


if __name__ == "__main__":
    sys.exit(main())
