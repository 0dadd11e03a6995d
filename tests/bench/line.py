"""A slow line in front of the server: so many bytes per second for all connections together, and a round trip.

The throttling of Chromium's developer tools holds for a page alone: what a service worker fetches, and what it answers
the page, runs at full speed. So what concerns the worker is measured over this line instead. A new connection costs a
round trip of its own, as on a real line; what TCP and TLS add is not counted.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Self

PIECE = 1400  # bytes; about what one packet carries


class _Way:
    """One direction, shared by all connections: a piece leaves when the pieces before it have left."""

    def __init__(self, bytes_per_second: float, delay: float) -> None:
        self.rate, self.delay, self.free_at, self.count = bytes_per_second, delay, 0.0, 0

    def arrival(self, size: int, not_before: float) -> float:
        self.count += size
        self.free_at = max(time.monotonic(), self.free_at) + size / self.rate
        return max(self.free_at, not_before) + self.delay


class SlowLine:
    """Runs in a thread of its own, as long as the `with` block. `port` is where a browser finds the server."""

    def __init__(self, target_port: int, *, kbit_per_second: float = 400, round_trip: float = 0.4) -> None:
        self.target_port, self.round_trip = target_port, round_trip
        self.up, self.down = (_Way(kbit_per_second * 125, round_trip / 2) for _way in range(2))
        self.port = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bytes_down(self) -> int:
        """All bytes that came from the server so far, heads included."""
        return self.down.count

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _serve(self, browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        is_open_at = time.monotonic() + self.round_trip
        server, to_server = await asyncio.open_connection("127.0.0.1", self.target_port)
        try:
            await asyncio.gather(
                self._carry(browser, to_server, self.up, is_open_at), self._carry(server, to_browser, self.down, 0)
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            to_server.close()
            to_browser.close()

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, way: _Way, not_before: float
    ) -> None:
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        hands_over = asyncio.create_task(self._hand_over(pieces, target))
        try:
            while data := await source.read(PIECE):
                pieces.put_nowait((way.arrival(len(data), not_before), data))
            pieces.put_nowait((0, b""))
            await hands_over
        finally:
            hands_over.cancel()

    async def _hand_over(self, pieces: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter) -> None:
        while True:
            due, data = await pieces.get()
            if not data:
                target.close()
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            target.write(data)
            await target.drain()
