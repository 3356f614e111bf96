"""How many requests a token or an address may make: a token bucket each, in the memory of this process.

Several processes on one database each count their own requests, so together they allow as many times the limit. A
restart forgets them.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

_MAX_KEYS = 10_000  # of the least recently seen the count is dropped: then it is full again
_NETWORK_BITS = 64  # of an IPv6 address: a client has all addresses behind them


class Buckets:
    """Buckets that fill evenly, each up to the requests of one minute.

    Args:
        per_min: Requests in a minute of keys without a limit of their own, >= 1.
        now: The clock, seconds.
    """

    def __init__(self, per_min: int, now: Callable[[], float] = time.monotonic) -> None:
        self._per_min, self._now = per_min, now
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> requests left, at which time
        self._lock = threading.Lock()

    def take(self, key: str, per_min: int | None = None) -> float:
        """Count a request and return 0; or the seconds until the next one is allowed, and count nothing.

        Args:
            key: Whose request it is.
            per_min: Its limit, >= 1; None for that of all.

        >>> buckets = Buckets(2, now=iter([0.0, 0.0, 0.0, 30.0]).__next__)
        >>> [buckets.take("a") for _ in range(4)]
        [0.0, 0.0, 30.0, 0.0]
        """
        per_min = self._per_min if per_min is None else per_min
        with self._lock:
            now_s = self._now()
            left, at_s = self._levels.pop(key, (float(per_min), now_s))
            left = min(per_min, left + (now_s - at_s) * per_min / 60)
            wait_s = 0.0 if left >= 1 else (1 - left) * 60 / per_min
            self._levels[key] = (left if wait_s else left - 1, now_s)
            if len(self._levels) > _MAX_KEYS:
                self._levels.popitem(last=False)
            return wait_s


def peer_of(address: str) -> str:
    """Return what an address is counted under; headers that name another address are not read.

    >>> peer_of("2001:db8::1") == peer_of("2001:db8::2"), peer_of("192.0.2.1"), peer_of("")
    (True, '192.0.2.1', '')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> _NETWORK_BITS)
    return str(parsed)
