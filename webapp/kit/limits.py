"""How often something may be asked for, counted in each server process on its own."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock


class Limit:
    """At most `most` times in `seconds` for each name; remembers the last `names` names only."""

    def __init__(self, most: int, seconds: float, names: int = 2000) -> None:
        self.most, self.seconds, self.names = most, seconds, names
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def is_over(self, name: str, now: float) -> bool:
        """Notes one use and says whether there were too many; one that was too many is not counted."""
        with self._lock:
            times = self._asked.setdefault(name, deque())
            self._asked.move_to_end(name)
            while times and times[0] <= now - self.seconds:
                times.popleft()
            if len(self._asked) > self.names:
                self._asked.popitem(last=False)
            if len(times) >= self.most:
                return True
            times.append(now)
            return False

    def forget(self) -> None:
        """As if nothing had been asked; for tests."""
        with self._lock:
            self._asked.clear()
