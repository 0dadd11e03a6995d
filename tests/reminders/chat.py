"""A group robot on loopback: it keeps what it was sent and answers as it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

KEY = "key-693a91f6-7c55-4bc4-97a0"
YES = (200, {"errcode": 0, "errmsg": "ok", "code": 0, "msg": "success"})


@dataclass
class Chat:
    """What came in, and what is answered: one after the other, the last one for ever."""

    port: int = 0
    answers: list[tuple[int, Any]] = field(default_factory=lambda: [YES])
    got: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    pause: float = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/send?key={KEY}"

    @property
    def texts(self) -> list[str]:
        return [each["text"]["content"] for each in self.got]


@contextmanager
def chat() -> Iterator[Chat]:
    made = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.paths.append(self.path)
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            made.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            status, said = made.answers.pop(0) if len(made.answers) > 1 else made.answers[0]
            time.sleep(made.pause)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", made.url)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
