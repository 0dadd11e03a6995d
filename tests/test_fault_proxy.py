"""The lying line itself: it tells the truth when it should, and each of its lies is the one that was ordered."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.fault_proxy import LIES, Fault, FaultProxy

TEXT = b"0123456789" * 2000
PHOTO = bytes(range(256)) * 100
SHORT, LONG = 1, 10  # seconds

pytestmark = pytest.mark.one_database


class Echo(BaseHTTPRequestHandler):
    """Answers what it heard: GET gives TEXT in several manners of sending, PUT and POST say what came."""

    protocol_version = "HTTP/1.1"
    heard: list[tuple[str, str, bytes]]

    def do_GET(self) -> None:
        body = gzip.compress(TEXT) if self.path == "/zipped" else TEXT
        self.send_response(200)
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(body), 777):
                piece = body[start : start + 777]
                self.wfile.write(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\nX-After: yes\r\n\r\n")
            return
        if self.path == "/zipped":
            self.send_header("Content-Encoding", "gzip")
        if self.path == "/endless":
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) < int(self.headers.get("Content-Length", 0)):
            return
        self.heard.append((self.command, self.path, body))
        said = json.dumps({"length": len(body), "host": self.headers["Host"]}).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def do_POST(self) -> None:
        self.do_PUT()

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


@pytest.fixture
def heard() -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def proxy(heard: list[tuple[str, str, bytes]]) -> Iterator[FaultProxy]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Listener", (Echo,), {"heard": heard}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with FaultProxy(server.server_port) as made:
        yield made
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def line(proxy: FaultProxy) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=LONG)) as made:
        yield made


def ask(
    to: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes, http.client.HTTPMessage]:
    to.request(method, path, body, headers or {})
    answer = to.getresponse()
    return answer.status, answer.read(), answer.headers


def test_an_honest_line_changes_nothing_and_keeps_the_connection(proxy: FaultProxy, heard: list[object]):
    with line(proxy) as browser:
        assert ask(browser, "GET", "/")[1] == TEXT
        first = browser.sock
        assert ask(browser, "GET", "/chunked")[1] == TEXT
        status, zipped, headers = ask(browser, "GET", "/zipped")
        assert (gzip.decompress(zipped), headers["Content-Encoding"]) == (TEXT, "gzip")
        status, nothing, headers = ask(browser, "HEAD", "/")
        assert (status, nothing, headers["Content-Length"]) == (200, b"", str(len(TEXT)))
        assert ask(browser, "DELETE", "/")[0] == 204
        status, said, _headers = ask(browser, "PUT", "/files/1", PHOTO)
        assert (status, json.loads(said)["length"]) == (201, len(PHOTO))
        assert json.loads(said)["host"] == f"127.0.0.1:{proxy.port}"
        assert browser.sock is first
        assert ask(browser, "GET", "/endless")[1] == TEXT
    assert heard == [("PUT", "/files/1", PHOTO)]
    assert {event.fault for event in proxy.events} == {Fault.PASS}


def test_requests_in_pieces_and_those_that_ask_before_they_send_arrive_whole(proxy: FaultProxy, heard: list[object]):
    with line(proxy) as browser:
        browser.request("POST", "/files/1", iter([b"abc", b"defg"]), encode_chunked=True)
        assert browser.getresponse().read()
    with closing(socket.create_connection(("127.0.0.1", proxy.port), timeout=LONG)) as raw:
        raw.sendall(b"PUT /files/2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        assert raw.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.sendall(b"xyz")
        assert raw.recv(100).startswith(b"HTTP/1.1 201")
    assert [body for _method, _path, body in heard] == [b"abcdefg", b"xyz"]  # type: ignore[misc]


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.RESET_IN_REQUEST])
def test_a_reset_before_the_server_heard_all_leaves_nothing_there(proxy: FaultProxy, heard: list[object], fault: Fault):
    proxy.next(fault)
    with line(proxy) as browser, pytest.raises(ConnectionError):
        ask(browser, "PUT", "/files/1", PHOTO)
    assert not heard
    assert [event.status for event in proxy.seen(fault)] == [None]
    with line(proxy) as browser:
        assert ask(browser, "PUT", "/files/1", PHOTO)[0] == 201


def test_a_lost_answer_has_reached_the_server(proxy: FaultProxy, heard: list[object]):
    proxy.next(Fault.LOST_ANSWER, "PUT", "/files")
    with line(proxy) as browser, pytest.raises(ConnectionError):
        ask(browser, "PUT", "/files/1", PHOTO)
    assert heard == [("PUT", "/files/1", PHOTO)]
    assert [event.status for event in proxy.wait_for(Fault.LOST_ANSWER)] == [201]


def test_an_answer_can_break_off_in_the_middle(proxy: FaultProxy, heard: list[object]):
    proxy.next(Fault.RESET_IN_ANSWER, "GET")
    with line(proxy) as browser, pytest.raises((http.client.IncompleteRead, ConnectionError)):
        ask(browser, "GET", "/")
    assert proxy.seen(Fault.RESET_IN_ANSWER)


def test_silence_lasts_until_the_browser_gives_up_or_the_line_is_healed(proxy: FaultProxy, heard: list[object]):
    proxy.always(Fault.SILENCE)
    with line(proxy) as browser:
        browser.timeout = SHORT
        with pytest.raises(TimeoutError):
            ask(browser, "PUT", "/files/1", PHOTO)
    with line(proxy) as browser:
        threading.Timer(0.3, proxy.heal).start()
        with pytest.raises(ConnectionError):
            ask(browser, "PUT", "/files/1", PHOTO)
    assert len(proxy.wait_for(Fault.SILENCE, times=2)) == 2
    assert not heard


@pytest.mark.parametrize("fault", list(LIES))
def test_somebody_else_answers_in_the_server_s_place(proxy: FaultProxy, heard: list[object], fault: Fault):
    proxy.next(fault)
    with line(proxy) as browser:
        status, body, headers = ask(browser, "POST", "/inspections/1", b"a=1")
        assert (status, body) == (int(LIES[fault][0][:3]), LIES[fault][2])
        if fault == Fault.BUSY:
            assert headers["Retry-After"]
        if fault == Fault.REDIRECT:
            assert headers["Location"] == "/sign-in"
        assert not heard
        assert ask(browser, "POST", "/inspections/1", b"a=1")[0] == 201  # over the same connection


def test_a_slow_line_takes_its_time_both_ways(proxy: FaultProxy, heard: list[object]):
    proxy.bytes_per_second = 50_000
    proxy.always(Fault.SLOW, "GET", "/")
    proxy.always(Fault.SLOW)
    started = time.monotonic()
    with line(proxy) as browser:
        assert ask(browser, "PUT", "/files/1", PHOTO)[0] == 201  # 25,600 bytes
        assert time.monotonic() - started > 0.4
        started = time.monotonic()
        assert ask(browser, "GET", "/")[1] == TEXT  # 20,000 bytes
        assert time.monotonic() - started > 0.3
    assert heard == [("PUT", "/files/1", PHOTO)]


def test_one_bit_is_turned_over_on_the_way_there_or_back(proxy: FaultProxy, heard: list[tuple[str, str, bytes]]):
    proxy.next(Fault.FLIP_REQUEST)
    proxy.next(Fault.FLIP_ANSWER, "GET", "/chunked")
    with line(proxy) as browser:
        assert ask(browser, "PUT", "/files/1", PHOTO)[0] == 201
        _status, body, _headers = ask(browser, "GET", "/chunked")
    for came, sent in ((heard[0][2], PHOTO), (body, TEXT)):
        assert len(came) == len(sent)
        assert sum(one != other for one, other in zip(came, sent, strict=True)) == 1


def test_only_what_was_meant_suffers_and_only_as_often_as_planned(proxy: FaultProxy, heard: list[object]):
    proxy.next(Fault.BUSY, "PUT", "/files/", times=2)
    proxy.next(Fault.ERROR)
    with line(proxy) as browser:
        assert ask(browser, "GET", "/")[0] == 200
        assert ask(browser, "POST", "/sign-in", b"a=1")[0] == 201  # no field work
        assert [ask(browser, "PUT", "/files/1", b"x")[0] for _time in range(4)] == [503, 503, 500, 201]


def test_chance_follows_from_the_seed(proxy: FaultProxy, heard: list[object]):
    drawn = []
    for seed in ("7", "7", "8"):
        proxy.at_random({Fault.BUSY: 3, Fault.EMPTY: 1}, share=0.5, seed=seed)
        with line(proxy) as browser:
            drawn.append([ask(browser, "PUT", "/files/1", b"x")[0] for _time in range(40)])
    assert drawn[0] == drawn[1] != drawn[2]
    assert set(drawn[0]) == {200, 201, 503}


def test_without_network_nothing_connects_and_what_was_open_breaks(proxy: FaultProxy, heard: list[object]):
    with line(proxy) as browser:
        assert ask(browser, "GET", "/")[0] == 200
        port = proxy.port
        proxy.unplug()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            ask(browser, "GET", "/")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    proxy.plug_in()
    assert proxy.port == port
    with line(proxy) as browser:
        assert ask(browser, "GET", "/")[0] == 200


def test_a_dead_server_looks_like_a_dead_line():
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with FaultProxy(port) as proxy, line(proxy) as browser:
        with pytest.raises(ConnectionError):
            ask(browser, "PUT", "/files/1", PHOTO)
        assert [(event.fault, event.status) for event in proxy.events] == [(Fault.PASS, None)]
