"""What a tally reports while event time moves on: what closed, what was corrected, which pieces of state changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tumbling import WindowCounts

WindowKey = tuple[str, int]  # name of the window, start in seconds
StateKey = tuple[str | int, ...]  # names one piece of state: ("pane", topic, partition, start), ("total",), ...

CLOCK: StateKey = ("clock",)
TOTAL: StateKey = ("total",)


@dataclass(frozen=True, slots=True)
class ClosedPane:
    """A pane that receives no more counts: the input of the sequential tests, once and in order of time.

    Attributes:
        start_s: Its start.
        cells: Its counts over all source partitions, as of now; later corrections go to windows only.
    """

    start_s: int
    cells: Cells


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A window that has ended; each of its panes was yielded before it.

    Attributes:
        key: Its name and start.
        window: Its counts.
    """

    key: WindowKey
    window: WindowCounts


Closings = Iterator[ClosedPane | ClosedWindow]  # in order of event time; lazy: the tally moves on between two items


class TimeAdvance(NamedTuple):
    """One move of event time: with these records counted, panes before this time were closed.

    Attributes:
        closed_before_s: Panes that start before were closed.
        offsets: Next offset of each source partition at that moment, by topic and partition.
    """

    closed_before_s: int
    offsets: dict[str, dict[int, int]]


@dataclass(slots=True)
class TallyChanges:
    """What happened since it was last taken.

    Attributes:
        revised: Closed windows that were corrected.
        n_empty: Windows that closed without a decision, by name.
        n_late: Pane corrections that were rejected because they came too late.
        is_total_changed: Whether the running totals changed.
        advances: Moves of event time, in order.
        changed: Pieces of state that changed.
    """

    revised: set[WindowKey] = field(default_factory=set)
    n_empty: Counter[str] = field(default_factory=Counter)
    n_late: int = 0
    is_total_changed: bool = False
    advances: list[TimeAdvance] = field(default_factory=list)
    changed: set[StateKey] = field(default_factory=set)
