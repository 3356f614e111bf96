"""Event time of one source partition.

    watermark     = highest min(event time, broker timestamp) seen, in offset order, minus the allowed out-of-orderness
    closed_before = the start of the pane that contains the watermark

The broker's timestamp caps the event time: one record whose clock is ahead of all others must not make those late. A
pane that starts before ``closed_before`` is closed; an event of a closed pane is late. The rule is applied record
by record in offset order, whatever the size of the runs, so that a pane is a function of the partition's log alone:
the same live, after a crash and in a replay.

Source: Akidau et al., The Dataflow Model, VLDB 2015, section 2.3 (watermarks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stream_app.core.arrays import Ints


@dataclass
class Watermark:
    """How far one source partition has come.

    Attributes:
        pane_s: Width of a pane in seconds.
        out_of_orderness_s: How much older than the newest event an event may be.
        max_event_s: Highest event time seen, none later than its record; None before the first event.
    """

    pane_s: int
    out_of_orderness_s: int
    max_event_s: int | None = None

    @property
    def closed_before_s(self) -> int | None:
        """Start of the first open pane; None before the first event."""
        if self.max_event_s is None:
            return None
        return (self.max_event_s - self.out_of_orderness_s) // self.pane_s * self.pane_s

    def advance(self, times_s: Ints, taken_s: Ints) -> Ints:
        """Advance over a run of events and return what was closed when each of them came.

        Args:
            times_s: Event time of each event in whole seconds, int64, shape (n,), in offset order.
            taken_s: When the broker took each of them, in whole seconds, int64, shape (n,).

        Returns:
            int64, shape (n,): ``closed_before_s`` when each event came; an event of an earlier time is late.

        >>> watermark = Watermark(pane_s=10, out_of_orderness_s=5)
        >>> times_s = np.array([100, 109, 101, 115, 108])
        >>> (times_s < watermark.advance(times_s, times_s + 2)).tolist(), watermark.closed_before_s
        ([False, False, False, False, True], 110)
        >>> watermark.advance(np.array([400]), np.array([118])), watermark.closed_before_s
        (array([110]), 110)
        """
        if not len(times_s):
            return times_s
        highest = np.maximum.accumulate(np.minimum(times_s, taken_s))
        if self.max_event_s is not None:
            np.maximum(highest, self.max_event_s, out=highest)
        self.max_event_s = int(highest[-1])
        return np.asarray((highest - self.out_of_orderness_s) // self.pane_s * self.pane_s)
