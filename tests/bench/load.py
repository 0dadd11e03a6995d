"""A small load generator: some connections that are kept open, each sending the next request when it has its answer.

Python with plain sockets: the requests are made beforehand, an answer is read to its end and looked at no further than
its status, so that the generator takes little of the two cores that it shares with the server.
"""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

NAME = "Python sockets, one thread per connection, keep-alive"
READ_SIZE = 65536
LONGEST_WAIT = 60  # seconds for one answer


@dataclass(frozen=True)
class Load:
    """What came of one run."""

    seconds: float
    waits: Sequence[float]  # of each answered request, in seconds

    @property
    def per_second(self) -> float:
        """Answered requests per second."""
        return len(self.waits) / self.seconds

    def wait_ms(self, percentile: int) -> float:
        """The wait that so many percent of the requests stayed below, in milliseconds."""
        return 1000 * statistics.quantiles(self.waits, n=100)[percentile - 1]


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"", *, host: str = "127.0.0.1") -> bytes:
    """The bytes of an HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {value}" for name, value in headers.items())]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(
    port: int, make: Callable[[int], Iterator[bytes]], *, seconds: float, connections: int, expect: Sequence[int]
) -> Load:
    """Sends what `make(number of the connection)` yields for so many seconds.

    Raises:
        AssertionError: an answer has another status than expected; its beginning is in the message.
    """
    lines = [_Line(port, make(number), set(expect)) for number in range(connections)]
    began = time.perf_counter()
    threads = [threading.Thread(target=line.work, args=(began + seconds,)) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended = time.perf_counter()
    for line in lines:
        assert not line.problem, line.problem
    return Load(ended - began, [wait for line in lines for wait in line.waits])


class _Line:
    """One connection. Where the server has closed it between two requests (gunicorn renews its workers), another."""

    def __init__(self, port: int, requests: Iterator[bytes], expect: set[int]) -> None:
        self.port, self.requests, self.expect = port, requests, expect
        self.waits: list[float] = []
        self.problem = ""
        self.socket: socket.socket | None = None

    def work(self, until: float) -> None:
        try:
            for sent in self.requests:
                began = time.perf_counter()
                if began >= until:
                    break
                answer = self.ask(sent)
                self.waits.append(time.perf_counter() - began)
                if int(answer[9:12]) not in self.expect:
                    raise AssertionError(answer[:2000].decode(errors="replace"))
        except (OSError, AssertionError) as error:
            self.problem = str(error) or repr(error)
        finally:
            self.close()

    def ask(self, sent: bytes) -> bytes:
        """The answer; once more on a new connection where the old one was closed without a byte."""
        had_one = self.socket is not None
        try:
            return self._answer(self._opened(), sent)
        except _Closed:
            self.close()
            if not had_one:
                raise
            return self._answer(self._opened(), sent)

    def close(self) -> None:
        if self.socket:
            self.socket.close()
            self.socket = None

    def _opened(self) -> socket.socket:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST_WAIT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.socket

    def _answer(self, line: socket.socket, sent: bytes) -> bytes:
        """One answer, head and body; the server must say its length."""
        try:
            line.sendall(sent)
            data = line.recv(READ_SIZE)
        except ConnectionError:
            data = b""
        if not data:
            raise _Closed("the server closed the connection")
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += _more(line)
        head = data[:end].lower()
        at = head.find(b"content-length:")
        assert at >= 0, f"no Content-Length: {head.decode(errors='replace')}"
        wanted = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
        while len(data) < wanted:
            data += _more(line)
        if b"connection: close" in head:
            self.close()
        return data


class _Closed(AssertionError):
    """The connection was closed before an answer began."""


def _more(line: socket.socket) -> bytes:
    data = line.recv(READ_SIZE)
    if not data:
        raise AssertionError("the server closed the connection within an answer")
    return data
