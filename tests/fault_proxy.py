"""A line that lies: forwards HTTP on this machine and, for requests that match, does what bad networks do.

    with FaultProxy(target_port) as proxy:
        proxy.next(Fault.LOST_ANSWER, "PUT", "/files/")  # the next matching request, once
        proxy.at_random({Fault.SILENCE: 1, Fault.BUSY: 3}, share=0.1, seed="7")
        proxy.unplug(); proxy.plug_in()                  # no network at all, and back
        proxy.heal()                                     # from now on an honest line
        proxy.seen(Fault.LOST_ANSWER)                    # what really happened

Browsers send a request once more by themselves when a reused connection dies before the first byte of an answer. A
single RESET or LOST_ANSWER may thus never reach the script of a page; give `times=` or let the page try again.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

PIECE = 64 * 1024
SLICE = 0.05  # seconds between two pieces of a slow line
LONGEST_HEAD = 64 * 1024
PATIENCE = 120  # seconds that the server may take for an answer
RETRY_AFTER = 1  # seconds
CONTINUE, WITHOUT_BODY = 100, (204, 304)
FIELD_DOORS = (
    "/files/",
    "/inspections/",
    "/visits/",
    "/faults",
    "/notes/",
    "/joint-tests/",
    "/sign-offs/",
    "/returns/",
)
HOP = {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"expect", b"upgrade", b"te"}
WELCOME = b"<!doctype html><title>Hotel</title><h1>Welcome</h1><p>Please accept our terms to use the network.</p>"
UNKNOWN = b'{"error": {"code": "sign_in", "message": "Please sign in.", "fields": {}}}'
FAILED = b'{"error": {"code": "problem", "message": "Something went wrong on the server.", "fields": {}}}'
BROKEN = b"<!doctype html><title>500</title><h1>Internal Server Error</h1>"


class Fault(StrEnum):
    """What the line does with one request."""

    PASS = "pass"
    SILENCE = "silence"  # taken, never answered
    RESET = "reset"  # before anything reached the server
    RESET_IN_REQUEST = "reset in the request"  # the server gets the first half of it
    RESET_IN_ANSWER = "reset in the answer"  # the browser gets the first half of it
    LOST_ANSWER = "lost answer"  # the server did it, nobody hears of it
    ERROR = "500"  # of something between, as a page
    APP_ERROR = "500 of the app"  # in its own words
    BUSY = "503"
    SIGN_IN = "401"
    CAPTIVE = "captive page"
    REDIRECT = "302 to sign-in"
    EMPTY = "empty 200"
    SLOW = "slow line"
    FLIP_REQUEST = "byte flipped in the request"
    FLIP_ANSWER = "byte flipped in the answer"


LIES: dict[Fault, tuple[bytes, bytes, bytes]] = {  # status line, further header lines, body
    Fault.ERROR: (b"500 Internal Server Error", b"Content-Type: text/html\r\n", BROKEN),
    Fault.APP_ERROR: (b"500 Internal Server Error", b"Content-Type: application/json\r\n", FAILED),
    Fault.BUSY: (b"503 Service Unavailable", b"Content-Type: text/html\r\nRetry-After: %d\r\n" % RETRY_AFTER, BROKEN),
    Fault.SIGN_IN: (b"401 Unauthorized", b"Content-Type: application/json\r\n", UNKNOWN),
    Fault.CAPTIVE: (b"200 OK", b"Content-Type: text/html; charset=utf-8\r\n", WELCOME),
    Fault.REDIRECT: (b"302 Found", b"Location: /sign-in\r\n", b""),
    Fault.EMPTY: (b"200 OK", b"", b""),
}
NOT_TO_THE_SERVER = frozenset({Fault.SILENCE, Fault.RESET, Fault.RESET_IN_REQUEST, *LIES})


@dataclass(frozen=True)
class Event:
    """One request: what the line did with it, and what the server said (None: it said nothing)."""

    at: float  # seconds, monotonic
    method: str
    path: str
    fault: Fault
    status: int | None


@dataclass
class Step:
    """An entry of the plan: the fault for the next `times` matching requests (None: for all that follow)."""

    fault: Fault
    method: str
    path: str
    times: int | None

    def fits(self, method: str, path: str) -> bool:
        return self.path in path and (method == self.method if self.method else is_field_work(method, path))


@dataclass
class Chance:
    """Faults drawn by weight, for a share of the matching requests; the nth draw follows from the seed alone."""

    weights: Mapping[Fault, float]
    share: float
    seed: str
    fits: Callable[[str, str], bool]
    draws: int = 0

    def draw(self) -> Fault:
        self.draws += 1
        dice = random.Random(f"{self.seed}/{self.draws}")
        if dice.random() >= self.share:
            return Fault.PASS
        return dice.choices(list(self.weights), list(self.weights.values()))[0]


@dataclass
class Head:
    """First line and headers of a request or an answer."""

    first: bytes
    headers: list[tuple[bytes, bytes]]

    def get(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key.lower() == name), b"")

    @property
    def method(self) -> str:
        return self.first.split(b" ")[0].decode("latin-1")

    @property
    def status(self) -> int:
        return int(self.first.split(b" ")[1])

    @property
    def length(self) -> int:
        return int(self.get(b"content-length") or 0)

    @property
    def is_chunked(self) -> bool:
        return b"chunked" in self.get(b"transfer-encoding").lower()

    def bytes_with(self, connection: bytes) -> bytes:
        kept = [(name, value) for name, value in self.headers if name.lower() not in HOP]
        lines = [self.first, *(name + b": " + value for name, value in [*kept, (b"Connection", connection)])]
        return b"\r\n".join(lines) + b"\r\n\r\n"


@dataclass
class Message:
    """A whole request or answer. The body is as on the wire; `content` are the places that are not chunk sizes."""

    head: Head
    body: bytes
    content: list[range]
    ends_with_line: bool = False  # no length was given: the end of the connection is the end of the body

    def flipped(self, dice: random.Random) -> bytes:
        """The body with one bit of its content turned over."""
        places = [place for place in self.content if len(place)]
        if not places:
            return self.body
        place = dice.choice(dice.choices(places, [len(one) for one in places])[0])
        return self.body[:place] + bytes([self.body[place] ^ 1]) + self.body[place + 1 :]


class Gone(Exception):
    """The line is dead: nothing more can be said to this browser."""


DEAD = (Gone, OSError, EOFError, asyncio.LimitOverrunError, TimeoutError, ValueError)


def is_field_work(method: str, path: str) -> bool:
    """What faults concern unless said otherwise: documents and files on their way to the server."""
    return method in ("PUT", "POST") and path.startswith(FIELD_DOORS)


@dataclass
class FaultProxy:
    """See the top of this file. Runs in a thread of its own; every method may be called from any thread."""

    target_port: int
    port: int = 0
    bytes_per_second: int = 5000  # of a slow line, each way
    silent_seconds: float = PATIENCE  # after this a silent line dies
    events: list[Event] = field(default_factory=list)
    plan: deque[Step] = field(default_factory=deque)
    chance: Chance | None = None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._lines: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._lock = threading.Lock()
        self._healed = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.plug_in()
        return self

    def __exit__(self, *_error: object) -> None:
        self.unplug()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next(self, fault: Fault, method: str = "", path: str = "", *, times: int | None = 1) -> None:
        """Plans a fault for the next matching requests: `path` is a part of the address; no method: field work."""
        with self._lock:
            self.plan.append(Step(fault, method, path, times))

    def always(self, fault: Fault, method: str = "", path: str = "") -> None:
        """A fault for all matching requests until `heal`."""
        self.next(fault, method, path, times=None)

    def at_random(
        self,
        weights: Mapping[Fault, float],
        *,
        share: float,
        seed: str,
        fits: Callable[[str, str], bool] = is_field_work,
    ) -> None:
        """From now on a share (0 to 1) of the requests that fit suffers one of these faults."""
        with self._lock:
            self.chance = Chance(weights, share, seed, fits)

    def heal(self) -> None:
        """An honest line from now on; whatever hangs in silence is cut."""
        with self._lock:
            self.plan.clear()
            self.chance = None
        self._do(self._wake())

    def unplug(self) -> None:
        """No network: open connections break, new ones are refused."""
        self._do(self._close())

    def plug_in(self) -> None:
        """The network is back, under the same address."""
        self._do(self._open())

    def seen(self, fault: Fault, path: str = "") -> list[Event]:
        """The requests that suffered this fault."""
        return [event for event in self.events if event.fault == fault and path in event.path]

    def wait_for(self, fault: Fault, path: str = "", *, times: int = 1, seconds: float = 15) -> list[Event]:
        """Waits until it happened; AssertionError where it does not."""
        until = time.monotonic() + seconds
        while len(self.seen(fault, path)) < times:
            assert time.monotonic() < until, f"“{fault}” did not happen {times} times; {self.events[-5:]}"
            threading.Event().wait(0.02)
        return self.seen(fault, path)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(15)

    async def _open(self) -> None:
        if not self._server:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port, limit=LONGEST_HEAD, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._lines):
            _cut(writer)
        await asyncio.sleep(0)

    async def _wake(self) -> None:
        healed, self._healed = self._healed, asyncio.Event()
        healed.set()

    async def _end(self) -> None:
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (*DEAD, asyncio.CancelledError):
            _cut(writer)
        finally:
            self._lines.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and what becomes of it; False: this connection ends here."""
        head = await _read_head(reader)
        if head is None:
            return False
        method, path, _version = head.first.decode("latin-1").split(" ", 2)
        fault, dice = self._choose(method, path)
        if fault in NOT_TO_THE_SERVER:
            self.events.append(Event(time.monotonic(), method, path, fault, None))
            await self._refuse(reader, writer, head, fault)
            return True
        if head.get(b"expect"):
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        status = None
        try:
            request = await _read_body(reader, head, rate=self.bytes_per_second if fault == Fault.SLOW else 0)
            answer = await self._ask(head, request.flipped(dice) if fault == Fault.FLIP_REQUEST else request.body)
            status = answer.head.status
        finally:
            self.events.append(Event(time.monotonic(), method, path, fault, status))
        return await self._answer(writer, answer, fault, dice)

    def _choose(self, method: str, path: str) -> tuple[Fault, random.Random]:
        dice = random.Random(f"{method} {path} {len(self.events)}")
        with self._lock:
            for step in self.plan:
                if step.fits(method, path):
                    if step.times is not None:
                        step.times -= 1
                        if step.times == 0:
                            self.plan.remove(step)
                    return step.fault, dice
            if self.chance and self.chance.fits(method, path):
                return self.chance.draw(), dice
        return Fault.PASS, dice

    async def _refuse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: Head, fault: Fault
    ) -> None:
        """What the line does by itself, without the server."""
        if fault == Fault.SILENCE:
            await self._stay_silent(reader)
        elif fault == Fault.RESET_IN_REQUEST:
            await self._send_half(reader, head)
        if fault not in LIES:
            raise Gone
        await _read_body(reader, head)
        await _lie(writer, fault, head.method)

    async def _stay_silent(self, reader: asyncio.StreamReader) -> None:
        """Until the browser gives up, the line is healed, or it dies of old age."""
        waits = [asyncio.ensure_future(_swallow(reader)), asyncio.ensure_future(self._healed.wait())]
        await asyncio.wait(waits, timeout=self.silent_seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _send_half(self, reader: asyncio.StreamReader, head: Head) -> None:
        half = await reader.readexactly(head.length // 2)
        _reader, server = await asyncio.open_connection("127.0.0.1", self.target_port)
        server.write(head.bytes_with(b"close") + half)
        await server.drain()
        await asyncio.sleep(SLICE)
        _cut(server)

    async def _ask(self, head: Head, body: bytes) -> Message:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            writer.write(head.bytes_with(b"close") + body)
            answer = await asyncio.wait_for(_read_head(reader), PATIENCE)
            while answer and answer.status == CONTINUE:
                answer = await asyncio.wait_for(_read_head(reader), PATIENCE)
            if answer is None:
                raise Gone
            if head.method == "HEAD" or answer.status in WITHOUT_BODY:
                return Message(answer, b"", [])
            has_end = answer.is_chunked or answer.get(b"content-length")
            return await (_read_body(reader, answer) if has_end else _read_to_end(reader, answer))
        finally:
            _cut(writer)

    async def _answer(self, writer: asyncio.StreamWriter, answer: Message, fault: Fault, dice: random.Random) -> bool:
        if fault == Fault.LOST_ANSWER:
            raise Gone
        head = answer.head.bytes_with(b"close" if answer.ends_with_line else b"keep-alive")
        body = answer.flipped(dice) if fault == Fault.FLIP_ANSWER else answer.body
        if fault == Fault.RESET_IN_ANSWER:
            writer.write(head + body[: len(body) // 2])
            await writer.drain()
            await asyncio.sleep(SLICE)  # let it arrive: a reset throws away what was not yet read
            raise Gone
        step = max(1, int(self.bytes_per_second * SLICE)) if fault == Fault.SLOW else PIECE
        data = head + body
        for start in range(0, len(data), step):
            writer.write(data[start : start + step])
            await writer.drain()
            if fault == Fault.SLOW:
                await asyncio.sleep(SLICE)
        return not answer.ends_with_line


def _cut(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with a reset, as a dying line does, and throws away what was not sent."""
    if (line := writer.get_extra_info("socket")) is not None and line.fileno() >= 0:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(PIECE):
        pass


async def _lie(writer: asyncio.StreamWriter, fault: Fault, method: str) -> None:
    status, headers, body = LIES[fault]
    head = b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\nConnection: keep-alive\r\n\r\n" % (status, headers, len(body))
    writer.write(head + (b"" if method == "HEAD" else body))
    await writer.drain()


async def _read_head(reader: asyncio.StreamReader) -> Head | None:
    """First line and headers; None where the other side ended the connection instead."""
    try:
        text = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = text[:-4].split(b"\r\n")
    pairs = (line.split(b":", 1) for line in lines)
    return Head(first, [(name, value.strip()) for name, value in pairs])


async def _read_body(reader: asyncio.StreamReader, head: Head, *, rate: int = 0) -> Message:
    """The body by its length or in chunks; `rate` in bytes per second, 0 for as fast as it comes."""
    if head.is_chunked:
        return await _read_chunks(reader, head)
    step = max(1, int(rate * SLICE)) if rate else PIECE
    body = bytearray()
    while len(body) < head.length:
        body += await reader.readexactly(min(step, head.length - len(body)))
        if rate:
            await asyncio.sleep(SLICE)
    return Message(head, bytes(body), [range(len(body))])


async def _read_chunks(reader: asyncio.StreamReader, head: Head) -> Message:
    body, content, size = bytearray(), [], -1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        body += line
        content.append(range(len(body), len(body) + size))
        body += await reader.readexactly(size + 2) if size else b""
    while line != b"\r\n":  # headers may follow the last piece
        line = await reader.readuntil(b"\r\n")
        body += line
    return Message(head, bytes(body), content)


async def _read_to_end(reader: asyncio.StreamReader, head: Head) -> Message:
    body = await reader.read(-1)
    return Message(head, body, [range(len(body))], ends_with_line=True)
