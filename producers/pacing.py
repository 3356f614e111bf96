"""Splits a stream into runs that are due at a steady rate, or at the event times of their items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

_TICK_S = 0.02  # runs of about this length: small enough to look steady, long enough to cost little
_MAX_RUN = 500

Item = TypeVar("Item")


def pace(
    items: Iterable[Item], rate: float, *, now: Callable[[], float], wait: Callable[[float], object]
) -> Iterator[list[Item]]:
    """Yield runs of items, each when it is due.

    The schedule is absolute: item i is due i/rate seconds after the first run, so pauses and rounding errors do not
    accumulate, and delays are made up for.

    Args:
        items: The items to send.
        rate: Items per second; 0 for as fast as possible.
        now: Monotonic clock, seconds.
        wait: Called with the seconds until the next run is due; may return early if the sender should stop.
    """
    length = max(1, min(_MAX_RUN, int(rate * _TICK_S))) if rate else _MAX_RUN
    remaining = iter(items)
    start_s, n_before = now(), 0
    while run := list(islice(remaining, length)):
        ahead_s = start_s + n_before / rate - now() if rate else 0.0
        if ahead_s > 0:
            wait(ahead_s)
        yield run
        n_before += len(run)


def pace_by_time(
    items: Iterable[Item],
    time_of: Callable[[Item], float],
    *,
    now: Callable[[], float],
    wait: Callable[[float], object],
) -> Iterator[list[Item]]:
    """Yield runs of items, each item when its time has come; what is overdue comes at once.

    An item is taken from the stream just before it is due, so a stream may decide late what it is.

    Args:
        items: The items to send, in order of their times.
        time_of: Time of an item, seconds since the epoch.
        now: The clock, seconds since the epoch.
        wait: Called with the seconds until the next run is due; may return early if the sender should stop.
    """
    run: list[Item] = []
    for item in items:
        ahead_s = time_of(item) - now()
        if run and (ahead_s > 0 or len(run) >= _MAX_RUN):
            yield run
            run = []
        if ahead_s > 0:
            wait(max(ahead_s, _TICK_S))
        run.append(item)
    if run:
        yield run
