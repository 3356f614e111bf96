"""Disorder as real pipelines make it: events that arrive late, and events that arrive twice.

Event times stay as they are; what changes is the place in the order of sending. The time of arrival is the newest
event time of the undisturbed stream, so nothing here needs a clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

from producers.event import Event
from producers.simulated.draws import Draws, Floats

_BLOCK = 1024


class Disorder:
    """Hold back a share of a stream, and send a share twice.

    A held event comes as soon as the stream has moved on by a delay drawn evenly from (0, ``late_by_s``]. Short
    delays stay within what the policy allows (``out_of_orderness_s``), long ones are late. A repeat follows its
    original after a delay of the same kind. When the stream ends, what is held back comes at once.

    Args:
        seed: Whole number >= 0; the same seed disturbs the same events.
        late_share: Probability in [0, 1] that an event is held back.
        duplicate_share: Probability in [0, 1] that an event is sent twice.
        late_by_s: Longest delay, seconds of event time, > 0.

    Attributes:
        n_late: Events held back so far.
        n_repeated: Events sent twice so far.
    """

    def __init__(self, seed: int, *, late_share: float, duplicate_share: float, late_by_s: float) -> None:
        self.late_share = late_share
        self.duplicate_share = duplicate_share
        self.late_by_ms = late_by_s * 1000
        self.n_late = 0
        self.n_repeated = 0
        self._draws = Draws(seed, "disorder")

    def disturb(self, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events in their new order."""
        held: list[tuple[float, int, Event]] = []  # arrival, tie-breaker, event
        for number, (event, (late, late_delay, repeat, repeat_delay)) in enumerate(
            zip(events, self._rows(), strict=False)
        ):
            while held and held[0][0] <= event.time_ms:
                yield heapq.heappop(held)[2]
            arrival = float(event.time_ms)
            if late < self.late_share:
                self.n_late += 1
                arrival += (1 - late_delay) * self.late_by_ms
                heapq.heappush(held, (arrival, 2 * number, event))
            else:
                yield event
            if repeat < self.duplicate_share:
                self.n_repeated += 1
                heapq.heappush(held, (arrival + (1 - repeat_delay) * self.late_by_ms, 2 * number + 1, event))
        while held:
            yield heapq.heappop(held)[2]

    def _rows(self) -> Iterator[Floats]:
        """Yield four uniforms for each event."""
        while True:
            yield from self._draws.uniforms(4 * _BLOCK).reshape(_BLOCK, 4)
