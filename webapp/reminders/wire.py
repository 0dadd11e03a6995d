"""One POST to another machine, bounded in time and size. No redirect is followed, no proxy is asked."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer
from urllib.parse import urlsplit

from webapp.reminders.secret import Secret

SECONDS = 5.0  # for connecting, and for each piece of the answer
SECONDS_IN_ALL = 15.0
MOST_READ = 4096  # bytes of an answer

Post = Callable[[Secret, bytes, Mapping[str, str]], "Answer"]


@dataclass(frozen=True)
class Answer:
    """What came back; of a long body only the beginning."""

    status: int
    body: bytes


class Unreachable(Exception):
    """No answer came. `why` is one word of the log: never a part of the address."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def post(url: Secret, body: bytes, headers: Mapping[str, str], *, seconds: float = SECONDS) -> Answer:
    """Posts JSON and reads the answer.

    Raises:
        Unreachable: no answer, or none in time. What went wrong inside is not chained: it would name the address.
    """
    sent = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Xunjian", "Connection": "close"}
    cut: list[bool] = []
    try:
        parts = urlsplit(url.reveal())
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        connection = kind(parts.hostname or "", parts.port, timeout=seconds)
        watch = Timer(seconds / SECONDS * SECONDS_IN_ALL, _cut, [connection, cut])
        watch.daemon = True
        watch.start()
        try:
            connection.connect()
            _refuse_odd_addresses(connection.sock)
            connection.request("POST", path, body, {**sent, **headers})
            answer = connection.getresponse()
            return Answer(answer.status, _beginning(answer, cut))
        finally:
            watch.cancel()
            connection.close()
    except Unreachable:
        raise
    except Exception as error:  # whatever a hostile or broken server makes of the protocol
        why = "timeout" if cut else _why(error)
    raise Unreachable(why)


def _beginning(answer: http.client.HTTPResponse, cut: list[bool]) -> bytes:
    body = answer.read(MOST_READ)
    if cut:
        raise TimeoutError
    return body


def _cut(connection: http.client.HTTPConnection, cut: list[bool]) -> None:
    """Ends an answer that drips for ever."""
    cut.append(True)
    if connection.sock:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _refuse_odd_addresses(sock: socket.socket) -> None:
    """Loopback and private networks are where relays of a closed network stand; these are where none does."""
    address = ipaddress.ip_address(sock.getpeername()[0].split("%")[0])
    plain = getattr(address, "ipv4_mapped", None) or address
    if plain.is_link_local or plain.is_multicast or plain.is_unspecified:
        raise Unreachable("forbidden")


def _why(error: Exception) -> str:
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (TimeoutError, "timeout"),
        (ConnectionRefusedError, "refused"),
        (socket.gaierror, "no_such_name"),
        (ssl.SSLCertVerificationError, "certificate"),
        (ssl.SSLError, "tls"),
        (http.client.HTTPException, "no_http"),
        (OSError, "network"),
    )
    return next((word for kind, word in kinds if isinstance(error, kind)), "failed")
