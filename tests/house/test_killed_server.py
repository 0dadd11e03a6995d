"""A server that is killed in the middle of work: what it acknowledged is there afterwards, once, byte for byte."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from tests.cast import PASSWORD
from tests.conftest import make_app
from tests.databases import fill
from tests.inspections.documents import asset_with, filled, picture
from webapp.config import ROOT
from webapp.kit.canonical import sha256_hex

CODES = ("SG-2-01-002", "SG-2-01-004", "SG-2-02-001")
WRITERS = 4
KILLS = 3
START_SECONDS = 15
PHOTOS_OF_EACH = "select inspection_id, count(*) from answer_photos join answers on id = answer_id group by 1"
ENTRIES_OF_EACH = "select subject, count(*) from audit_entries where verb = 'inspection.received' group by 1"

pytestmark = pytest.mark.one_database


@dataclass
class Server:
    """gunicorn as in production, on a free port of this machine, in a process group of its own."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environ = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")},
            "DATA_DIR": str(self.folder),
            "DEMO": "1",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "WORKERS": "2",
        }
        command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                threading.Event().wait(0.05)
        raise AssertionError((self.folder / "server.log").read_text())

    def kill(self) -> None:
        """The end of all its processes at once, as when the power fails."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            line.request(method, path, body, {"Accept": "application/json", **(headers or {})})
            answer = line.getresponse()
            return answer.status, answer.read(), answer.headers


@dataclass
class Device:
    """A phone that hands in inspections with a photo each, and tries again what was not acknowledged."""

    server: Server
    cookie: str
    forms: list[dict[str, Any]]
    number: int
    files: dict[uuid.UUID, bytes] = field(default_factory=dict)
    records: dict[uuid.UUID, str] = field(default_factory=dict)
    answers: set[int] = field(default_factory=set)

    def work(self, stop: threading.Event) -> None:
        nth = 0
        while not stop.is_set():
            nth += 1
            form = self.forms[nth % len(self.forms)]
            photo, record = uuid.uuid4(), uuid.uuid4()
            data = picture(f"rgb({self.number * 40},{nth // 250},{nth % 250})", (320, 240))
            key = next(name for name in form if name.startswith("a."))[2:]
            body = urlencode({**form, f"photo.{key}": str(photo)}, doseq=True).encode()
            if self.send(stop, "PUT", f"/files/{photo}", data, "image/jpeg"):
                self.files[photo] = data
                receipt = self.send(stop, "POST", f"/inspections/{record}", body, "application/x-www-form-urlencoded")
                if receipt:
                    self.records[record] = receipt["sha256"]

    def send(self, stop: threading.Event, method: str, path: str, body: bytes, kind: str) -> dict[str, Any]:
        """The receipt; empty where the test ended before there was one."""
        while not stop.is_set():
            try:
                headers = {"Content-Type": kind, "Cookie": self.cookie}
                status, text, _headers = self.server.ask(method, path, body, headers)
                self.answers.add(status)
                if status in (200, 201):
                    return dict(json.loads(text))
            except (OSError, http.client.HTTPException, ValueError):
                pass  # nobody answered, or not to the end: the same again
            stop.wait(0.05)
        return {}


@pytest.fixture
def kept(tmp_path: Path) -> Flask:
    """The app over the folder that the server uses."""
    app = make_app(f"sqlite:///{tmp_path / 'app.db'}", tmp_path)
    fill(app)
    return app


@pytest.fixture
def server(tmp_path: Path, kept: Flask) -> Iterator[Server]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    made = Server(tmp_path, port)
    made.start()
    yield made
    made.kill()


def signed_in(server: Server) -> str:
    body = urlencode({"username": "tech", "password": PASSWORD}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _text, answered = server.ask("POST", "/sign-in", body, headers)
    assert status == 303
    return "; ".join(text.split(";")[0] for text in answered.get_all("Set-Cookie", []))


def test_what_a_killed_server_acknowledged_is_there_once_byte_for_byte(server: Server, kept: Flask) -> None:
    with kept.test_request_context():
        forms = [filled(asset_with(code)) for code in CODES]
    cookie, stop = signed_in(server), threading.Event()
    devices = [Device(server, cookie, forms, number) for number in range(WRITERS)]
    threads = [threading.Thread(target=device.work, args=(stop,)) for device in devices]
    for thread in threads:
        thread.start()
    try:
        for _time in range(KILLS):
            had = sum(len(device.records) for device in devices)
            wait_for(lambda had=had: sum(len(device.records) for device in devices) > had + WRITERS)
            threading.Event().wait(random.uniform(0, 0.2))  # anywhere in the work
            server.kill()
            server.start()
        had = sum(len(device.records) for device in devices)
        wait_for(lambda: sum(len(device.records) for device in devices) > had)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    server.kill()
    assert set().union(*(device.answers for device in devices)) <= {200, 201}
    files = {name: data for device in devices for name, data in device.files.items()}
    records = {name: digest for device in devices for name, digest in device.records.items()}
    assert_all_there(server.folder, files, records)
    verified = kept.test_cli_runner().invoke(args=["seals", "verify"])
    assert verified.exit_code == 0, verified.output


def wait_for(happens: Any) -> None:
    until = time.monotonic() + START_SECONDS
    while not happens():
        assert time.monotonic() < until, "nothing was acknowledged"
        threading.Event().wait(0.02)


def assert_all_there(folder: Path, files: dict[uuid.UUID, bytes], records: dict[uuid.UUID, str]) -> None:
    with closing(sqlite3.connect(folder / "app.db")) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert database.execute("pragma foreign_key_check").fetchall() == []
        stored = dict(database.execute("select id, sha256 from stored_files"))
        inspections = dict(database.execute("select id, digest from inspections"))
        arrivals = dict(database.execute("select id, digest from arrivals where kind = 'inspection'"))
        photos = dict(database.execute(PHOTOS_OF_EACH))
        log = dict(database.execute(ENTRIES_OF_EACH))
    assert arrivals == inspections  # no arrival without its record, no record without its arrival
    assert set(photos.values()) <= {1}
    assert set(photos) == set(inspections)
    for name, data in files.items():
        sha256 = sha256_hex(data)
        assert stored[name.hex] == sha256
        assert (folder / "files" / sha256[:2] / sha256[2:4] / sha256).read_bytes() == data
    assert records
    for name, digest in records.items():
        assert inspections[name.hex] == digest
        assert log[f"inspection:{name}"] == 1
