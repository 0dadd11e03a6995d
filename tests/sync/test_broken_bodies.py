"""A body that breaks off on the way is answered 400 and changes nothing, on the servers that the app runs on.

Raw sockets against gunicorn as in production and against werkzeug's own server: test clients never break off.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import make_server

from tests.cast import PASSWORD
from tests.conftest import make_app
from tests.databases import fill
from tests.inspections.documents import picture
from tests.sync.doors import FORM
from webapp.config import ROOT
from webapp.extensions import db
from webapp.files.models import StoredFile
from webapp.kit.body import WholeBody
from webapp.kit.canonical import sha256_hex
from webapp.notes.models import Note
from webapp.sites.queries import site_coded
from webapp.sync.models import Arrival, Refusal

pytestmark = pytest.mark.one_database
START_SECONDS = 20


@dataclass
class Line:
    """A server, somebody signed in there, and the database behind it."""

    app: Flask
    port: int
    cookie: str = ""

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as line:
            said = {"Accept": "application/json", "Cookie": self.cookie}
            line.request(method, path, body, said | {name.replace("_", "-"): text for name, text in headers.items()})
            answer = line.getresponse()
            answer.text = answer.read().decode(errors="replace")
            return answer

    def send_raw(self, head: list[str], body: bytes) -> tuple[int, str]:
        """Sends these very bytes, then nothing more; the status and text of what is answered."""
        lines = [*head, f"Host: 127.0.0.1:{self.port}", f"Cookie: {self.cookie}", "Accept: application/json"]
        with closing(socket.create_connection(("127.0.0.1", self.port), timeout=10)) as raw:
            raw.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            raw.shutdown(socket.SHUT_WR)
            answer = b""
            while part := raw.recv(65536):
                answer += part
        head_, _gap, text = answer.partition(b"\r\n\r\n")
        return int(head_.split()[1]) if head_ else 0, text.decode(errors="replace")

    def sign_in(self) -> None:
        body = urlencode({"username": "tech", "password": PASSWORD}).encode()
        answer = self.ask("POST", "/sign-in", body, Content_Type=FORM)
        assert answer.status == 303
        self.cookie = "; ".join(text.split(";")[0] for text in answer.headers.get_all("Set-Cookie"))

    def counts(self) -> tuple[int, ...]:
        with self.app.app_context():
            tables = (Note, StoredFile, Arrival, Refusal)
            return tuple(db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


@pytest.fixture(scope="module")
def app_on_disk(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    folder = tmp_path_factory.mktemp("broken")
    app = make_app(f"sqlite:///{folder / 'app.db'}", folder)
    fill(app)
    return app


@pytest.fixture(scope="module")
def gunicorn(app_on_disk: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    folder = Path(app_on_disk.config["SETTINGS"].data_dir)
    environ = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")}
    environ |= {"DATA_DIR": str(folder), "DEMO": "1", "HOST": "127.0.0.1", "PORT": str(port), "WORKERS": "1"}
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    line = Line(app_on_disk, port)
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                line.ask("GET", "/readyz")
                break
            except OSError:
                assert time.monotonic() < until, (folder / "server.log").read_text()
                threading.Event().wait(0.05)
        line.sign_in()
        yield line
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def werkzeug(app_on_disk: Flask) -> Iterator[Line]:
    server = make_server("127.0.0.1", 0, app_on_disk, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    line = Line(app_on_disk, server.server_port)
    line.sign_in()
    yield line
    server.shutdown()
    thread.join()


@pytest.fixture(params=["gunicorn", "werkzeug"])
def line(request: pytest.FixtureRequest) -> Line:
    return request.getfixturevalue(request.param)


def chunked(data: bytes, size: int = 1000) -> bytes:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)


def note_of(line: Line) -> bytes:
    with line.app.app_context():
        site = site_coded("SG").id
    # the photo stands last: half a form would look like a whole one without it
    fields = {"site": site, "text": "water under the rack", "photo": uuid.uuid4()}
    return urlencode(fields).encode()


PHOTO = picture("teal", (640, 480))


@pytest.mark.parametrize(
    "body",
    [
        chunked(PHOTO),  # no end
        chunked(PHOTO)[:-700],  # in the middle of a chunk
        chunked(PHOTO) + b"zz\r\n",  # no length
        b"5\r\nabc",
    ],
    ids=["no end", "half a chunk", "no length", "five are three"],
)
def test_a_photo_in_broken_chunks_is_answered_400_and_not_kept(line: Line, body: bytes):
    before, path = line.counts(), f"/files/{uuid.uuid4()}"
    head = [f"PUT {path} HTTP/1.1", "Transfer-Encoding: chunked", "Content-Type: image/jpeg"]
    status, text = line.send_raw(head, body)
    assert status == 400, text
    assert json.loads(text)["error"]["code"].startswith("http_400")
    assert line.counts() == before
    whole = line.send_raw(head, chunked(PHOTO) + b"0\r\n\r\n")
    assert (whole[0], json.loads(whole[1])["sha256"]) == (201, sha256_hex(PHOTO)), "the same again, whole"


def test_a_chunk_with_less_than_it_announces_is_answered_400(gunicorn: Line):
    """Werkzeug's own server, which is for trying out only, does not tell this from a whole chunk."""
    before = gunicorn.counts()
    head = [f"PUT /files/{uuid.uuid4()} HTTP/1.1", "Transfer-Encoding: chunked", "Content-Type: image/jpeg"]
    assert gunicorn.send_raw(head, b"fffffff\r\n" + PHOTO)[0] == 400
    assert gunicorn.counts() == before


def test_a_photo_that_breaks_off_is_answered_400_even_without_a_digest(line: Line):
    before, path = line.counts(), f"/files/{uuid.uuid4()}"
    head = [f"PUT {path} HTTP/1.1", f"Content-Length: {len(PHOTO)}", "Content-Type: image/jpeg"]
    for sent in (0, 1, len(PHOTO) // 2, len(PHOTO) - 1):
        assert line.send_raw(head, PHOTO[:sent])[0] == 400, sent
    assert line.counts() == before
    assert line.ask("PUT", path, PHOTO, Content_Type="image/jpeg").status == 201


def test_half_a_form_is_never_taken_for_a_whole_one(line: Line):
    """Where the browser cannot compute a digest, half a form could else be stored, and the whole one be refused."""
    before, body, path = line.counts(), note_of(line), f"/notes/{uuid.uuid4()}"
    half = body.rindex(b"&photo=")
    head = [f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", f"Content-Type: {FORM}"]
    assert line.send_raw(head, body[:half])[0] == 400
    by_chunks = [f"POST {path} HTTP/1.1", "Transfer-Encoding: chunked", f"Content-Type: {FORM}"]
    assert line.send_raw(by_chunks, chunked(body[:half]))[0] == 400
    assert line.counts() == before
    answer = line.ask("POST", path, body, Content_Type=FORM)
    assert (answer.status, json.loads(answer.text)["error"]["code"]) == (424, "attachments_missing")


def test_a_multipart_form_that_breaks_off_is_answered_400(line: Line):
    before, path = line.counts(), f"/notes/{uuid.uuid4()}"
    body = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\nwater under the'
    head = [f"POST {path} HTTP/1.1", f"Content-Length: {len(body) + 500}"]
    assert line.send_raw([*head, "Content-Type: multipart/form-data; boundary=x"], body)[0] == 400
    assert line.counts() == before


def test_two_hundred_receipts_fit_into_one_address(gunicorn: Line):
    ids = [str(uuid.uuid4()) for _nth in range(200)]
    path = f"/files/{ids[7]}"
    assert gunicorn.ask("PUT", path, picture("olive"), Content_Type="image/jpeg").status == 201
    answer = gunicorn.ask("GET", f"/receipts?ids={','.join(ids)}")
    assert answer.status == 200, answer.text
    assert [each["id"] for each in json.loads(answer.text)["receipts"]] == [ids[7]]


def test_a_body_without_an_announced_length_ends_where_the_server_says():
    assert WholeBody(BytesIO(b"a\nb"), None).read() == b"a\nb"
    assert WholeBody(BytesIO(b"a\nb"), None).readlines() == [b"a\n", b"b"]


@pytest.mark.parametrize("announced", [0, 3, 4])
def test_a_body_must_have_the_announced_length_however_it_is_read(announced: int):
    ways = [
        lambda body: [body.read()],
        lambda body: [body.read(None)],
        lambda body: iter(lambda: body.read(2), b""),
        lambda body: body,
        lambda body: body.readlines(),
        lambda body: iter(lambda: body.readline(2), b""),
    ]
    for read in ways:
        body = WholeBody(BytesIO(b"a\nb"), announced)
        if announced > 3:
            with pytest.raises(ClientDisconnected):
                list(read(body))
        else:
            assert b"".join(read(body)) == b"a\nb"


def test_whatever_the_server_raises_while_reading_is_a_broken_body():
    class Odd:
        def read(self, _size: int = -1) -> bytes:
            raise OSError("connection reset")

    with pytest.raises(ClientDisconnected):
        WholeBody(Odd(), 3).read(3)
