"""How often one address may ask about seals: enough for people, too little for guessing or for wearing out the disk."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock

PER_MINUTE = 30
MOST_ADDRESSES = 2000
_asked: OrderedDict[str, deque[float]] = OrderedDict()
_lock = Lock()


def is_too_often(address: str, now: float) -> bool:
    """Notes one question and says whether the address asked more than PER_MINUTE times in the last minute.

    Counted in each server process on its own. Remembers the last MOST_ADDRESSES addresses only.
    """
    with _lock:
        times = _asked.setdefault(address, deque())
        _asked.move_to_end(address)
        while times and times[0] <= now - 60:
            times.popleft()
        if len(_asked) > MOST_ADDRESSES:
            _asked.popitem(last=False)
        if len(times) >= PER_MINUTE:
            return True
        times.append(now)
        return False
