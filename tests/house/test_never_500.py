"""Garbage at every door: whatever comes, from whomever, the answer is never a failure of the server.

Which names a route reads is noted while it runs, so that a new field is tried without anybody listing it here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.routing import Rule

from tests.cast import EVERYBODY
from tests.house.test_access import LAST, ROLES, TABLE, World, make_world, method_of, rules_of

pytestmark = pytest.mark.usefixtures("quick_papers")  # no query or field reaches one; test_access has them drawn

ODD = (
    "0",
    "-1",
    "99999999999999999999",
    "1e999",
    "NaN",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01",
    "9999-12-31",
    "0001-01",
    "9999-12",
    "\x00",
    "' or 1=1 --",
    "不" * 3000,
    "00000000-0000-0000-0000-000000000000",
    "٣²",
)
BODIES = (
    b"",
    b"[]",
    b"{" * 5000,
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b"\xff\xfe\x00",
    b'{"\\ud800": "\\udfff"}',
)
TREES: tuple[Any, ...] = (None, [], {}, {"x": [{}]}, [None], [["x"]], -1, 1.5, True, "\ud800", "\x00", 10**30)

MOMENTS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00")
FORM_KINDS = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
QUERY_TRIES = 4  # odd values for each name of a query; the values go round, so that each is tried at many places
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE")


class Noting(ImmutableMultiDict):  # type: ignore[type-arg]
    """A form or query that notes which names the app looks for."""

    asked: set[str] = set()

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def getlist(self, key: str, *rest: Any) -> list[Any]:
        self.asked.add(key)
        return super().getlist(key, *rest)


@pytest.fixture
def noting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that the app has looked for since the set was last cleared."""
    monkeypatch.setattr(app.request_class, "parameter_storage_class", Noting)
    Noting.asked = set()
    return Noting.asked


@pytest.fixture
def world(app: Flask) -> World:
    with app.test_request_context():
        return make_world()


def test_odd_queries_fail_nowhere(app, as_, world, noting):
    client, failures, odd = as_("lead"), [], cycle(ODD)
    for _endpoint, address in addresses(app, world, "GET"):
        failures += failed(client, "GET", address, [{}])
        queries = [{name: next(odd)} for name in sorted(noting) for _time in range(QUERY_TRIES)]
        failures += failed(client, "GET", address, ({"query_string": query} for query in queries))
        noting.clear()
    assert not failures


def test_odd_fields_fail_nowhere(app, as_, world, noting):
    failures, odd = [], cycle(ODD)
    for endpoint, address in addresses(app, world, "POST"):
        client, form = as_(who_may(endpoint)), world.forms.get(endpoint, {})
        failures += failed(client, "POST", address, [{"data": form}])
        names = sorted(noting | set(form))
        noting.clear()
        failures += failed(client, "POST", address, ({"data": {**form, name: next(odd)}} for name in names))
        moments = ({"data": {**form, name: at}} for name in names if name.endswith("_at") for at in MOMENTS)
        failures += failed(client, "POST", address, moments)
    assert not failures


def test_odd_bodies_fail_nowhere(app, as_, world, noting):
    failures, kinds = [], cycle(["application/json", *FORM_KINDS])
    for method, endpoint, address in [(m, *each) for m in ("POST", "PUT") for each in addresses(app, world, m)]:
        client, form = as_(who_may(endpoint)), world.forms.get(endpoint, {})
        bodies = [{"data": body, "content_type": next(kinds)} for body in BODIES]
        failures += failed(client, method, address, bodies)
        names = sorted(noting | set(form))
        noting.clear()
        trees = (json.dumps({**form, **dict.fromkeys(names, tree)}, default=str) for tree in TREES)
        failures += failed(client, method, address, ({"data": t, "content_type": "application/json"} for t in trees))
    assert not failures


def test_odd_addresses_and_methods_fail_for_nobody(app, as_, world):
    everybody = cycle([*map(as_, EVERYBODY), app.test_client()])
    failures, odd, methods = [], cycle(ODD), cycle(METHODS)
    for rule in rules_of(app).values():
        known = {name: str(world.arguments[name]) for name in rule.arguments}
        for name in rule.arguments or [""]:
            for _time in range(len(METHODS)):
                text = {**known, name: next(odd).replace("/", "")[:300]}
                failures += failed(next(everybody), next(methods), filled_in(rule, text), [{}])
    assert not failures


def addresses(app: Flask, world: World, method: str) -> list[tuple[str, str]]:
    """Endpoint and address of every route with this method; what takes something away comes last."""
    rules = {endpoint: rule for endpoint, rule in rules_of(app).items() if method_of(rule) == method}
    with app.test_request_context():
        found = [
            (
                endpoint,
                url_for(
                    endpoint, **{n: (world.arguments | world.by_endpoint.get(endpoint, {}))[n] for n in rule.arguments}
                ),
            )
            for endpoint, rule in rules.items()
        ]
    return sorted(found, key=lambda each: LAST.index(each[0]) if each[0] in LAST else -1)


def filled_in(rule: Rule, arguments: dict[str, str]) -> str:
    """The address of a rule with any texts in its places."""
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda place: quote(arguments[place[1]], safe=""), rule.rule)


def who_may(endpoint: str) -> str:
    """Somebody whom the table lets in."""
    letters = next(place.who for place in TABLE if place.endpoint == endpoint).replace("-", "")
    return ROLES["L" if "L" in letters else letters[0]]


def failed(client: Any, method: str, address: str, requests: Iterable[dict[str, Any]]) -> list[str]:
    """Which of the requests the server failed at; pages are not read here, other tests do that."""
    found = []
    for request in requests:
        answer = FlaskClient.open(client, address, method=method, **request)
        if answer.status_code >= 500:
            found.append(f"{method} {address} {str(request)[:300]}: {answer.status_code}")
    return found
