"""The server rows: what one machine answers per second, beside a bare Flask app on the same machine in the same run."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlencode

from tests.bench import load
from tests.bench.results import Result, at_least, at_most, plain
from tests.bench.stage import Server, Stage, server, sign_in

GROUP = "Server: 2 gunicorn workers with 4 threads, SQLite with full sync, 4 connections"
CONNECTIONS = 4
WARM_UP, SECONDS = 2.0, 5.0
FORM = "application/x-www-form-urlencoded"
PHOTO_BYTES = 200_000
PHOTOS = 3

Requests = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True)
class Measured:
    """Some runs of one case."""

    per_second: list[float]
    p95_ms: list[float]
    cpu_ms: list[float]  # of the server's processors, per request


def measure(made: Stage, runs: int) -> list[Result]:
    """All server rows."""
    with server(made) as ours:
        cookie = sign_in(ours.port)
        page = _hit(ours, _pages(made, cookie), 200, runs)
        handed_in = _hit(ours, _documents(made, cookie), 201, runs)
        memory = ours.megabytes()
    with server(made, bare=True) as bare:
        bare_page = _hit(bare, _bare_pages, 200, runs)
        bare_post = _hit(bare, _bare_records, 201, runs)
    page_share = [ours / median(bare_page.per_second) for ours in page.per_second]
    post_share = [ours / median(bare_post.per_second) for ours in handed_in.per_second]
    return [
        *_rows("checklist page, 20 items", page),
        *_rows("bare Flask page: one query, 20 rows", bare_page),
        at_least(GROUP, "checklist page : bare page", 0.5, page_share, "of its requests per second", digits=2),
        at_least(GROUP, "submission of an inspection, 20 answers", 410, handed_in.per_second, "/s"),
        *_rows("submission of an inspection, 20 answers", handed_in)[1:],
        *_rows("bare Flask POST: one insert, one commit", bare_post),
        plain(GROUP, "submission : bare POST", post_share, "of its requests per second", digits=2),
        at_most(GROUP, "memory after that, master and 2 workers (PSS)", 250, [memory], "MiB"),
    ]


def _hit(target: Server, make: Requests, status: int, runs: int) -> Measured:
    found = Measured([], [], [])
    load.run(target.port, make, seconds=WARM_UP, connections=CONNECTIONS, expect=[status])
    for _run in range(runs):
        before = target.cpu_seconds()
        one = load.run(target.port, make, seconds=SECONDS, connections=CONNECTIONS, expect=[status])
        found.cpu_ms.append(1000 * (target.cpu_seconds() - before) / len(one.waits))
        found.per_second.append(one.per_second)
        found.p95_ms.append(one.wait_ms(95))
    return found


def _rows(case: str, found: Measured) -> list[Result]:
    return [
        plain(GROUP, case, found.per_second, "/s"),
        plain(GROUP, f"{case}: wait, 95th percentile", found.p95_ms, "ms"),
        plain(GROUP, f"{case}: processor time", found.cpu_ms, "ms", digits=1),
    ]


def _pages(made: Stage, cookie: str) -> Requests:
    headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
    one = load.request("GET", f"/inspections/new/{made.asset}", headers)
    return lambda _number: _again_and_again(one)


def _documents(made: Stage, cookie: str) -> Requests:
    """Each a new document with its own name, so that each is stored."""
    headers = {"Cookie": cookie, "Accept": "application/json", "Content-Type": FORM}
    bodies = [urlencode(form, doseq=True).encode() for form in made.forms]

    def make(number: int) -> Iterator[bytes]:
        for body in itertools.cycle(bodies[number::CONNECTIONS]):
            yield load.request("POST", f"/inspections/{uuid.uuid4()}", headers, body)

    return make


def _bare_pages(_number: int) -> Iterator[bytes]:
    return _again_and_again(load.request("GET", "/page", {"Accept-Encoding": "gzip"}))


def _bare_records(_number: int) -> Iterator[bytes]:
    while True:
        yield load.request("POST", f"/record/{uuid.uuid4()}", {"Content-Type": FORM}, b"a=b&" * 200)


def _again_and_again(one: bytes) -> Iterator[bytes]:
    while True:
        yield one
