"""Disorder as in real pipelines: events that arrive late, and duplicates.

Event times stay the same; the order of sending changes. The time of arrival is the latest event time of the ordered
stream, so no clock is needed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from producers.event import Event
from producers.simulated.draws import Draws, Floats

_BLOCK = 1024


class Disorder:
    """Delays a share of a stream, and duplicates a share.

    A delayed event is sent when the stream has advanced by a delay that is uniform in (0, ``late_by_s``]. Short delays
    stay within the allowed out-of-orderness of the policy, long ones make the event late. A duplicate follows its
    original after a delay of the same kind. When the stream ends, delayed events are sent immediately.

    Args:
        seed: Integer >= 0; the same seed affects the same events.
        late_share: Probability in [0, 1] that an event is delayed.
        duplicate_share: Probability in [0, 1] that an event is sent twice.
        late_by_s: Longest delay, seconds of event time, > 0.

    Attributes:
        n_late: Events delayed so far.
        n_duplicates: Events sent twice so far.
    """

    def __init__(self, seed: int, *, late_share: float, duplicate_share: float, late_by_s: float) -> None:
        self.late_share = late_share
        self.duplicate_share = duplicate_share
        self.late_by_ms = late_by_s * 1000
        self.n_late = 0
        self.n_duplicates = 0
        self._draws = Draws(seed, "disorder")

    def disturb(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events in their new order."""
        delayed: list[tuple[float, int, Event]] = []  # arrival, tie-breaker, event
        for number, (event, (late, late_delay, duplicate, duplicate_delay)) in enumerate(
            zip(events, self._rows(), strict=False)
        ):
            while delayed and delayed[0][0] <= event.time_ms:
                yield heapq.heappop(delayed)[2]
            arrival = float(event.time_ms)
            if late < self.late_share:
                self.n_late += 1
                arrival += (1 - late_delay) * self.late_by_ms
                heapq.heappush(delayed, (arrival, 2 * number, event))
            else:
                yield event
            if duplicate < self.duplicate_share:
                self.n_duplicates += 1
                heapq.heappush(delayed, (arrival + (1 - duplicate_delay) * self.late_by_ms, 2 * number + 1, event))
        while delayed:
            yield heapq.heappop(delayed)[2]

    def _rows(self) -> Iterator[Floats]:
        """Yield four uniforms for each event."""
        while True:
            yield from self._draws.uniforms(4 * _BLOCK).reshape(_BLOCK, 4)
