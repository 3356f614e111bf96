"""How the event time of one stream is cut: panes, windows, comparison periods, lateness, corrections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from stream_app.core.windows.tally_changes import WindowKey
from stream_app.core.windows.tumbling import WindowSpec


@dataclass(frozen=True)
class TallyConfig:
    """How a stream is cut in time.

    Attributes:
        pane_s: Width of a pane; divides every window.
        out_of_orderness_s: How far events may lag; used when all partitions are silent.
        revision_s: How long after its end a closed pane may be corrected; 0 for never after a release.
        windows: Sizes of windows, each name once.
        has_total: Whether running totals are kept.
        period_s: Width of a comparison period, a multiple of the pane's; None where nothing is tested.
        wait_s: Silence after which a partition no longer delays the tests.
        idle_s: Time that a stream which wakes up gives its other partitions before it passes over them.
        n_buckets: Labels of the last dimension of the cells of panes and of periods that wait for their test; windows,
            totals and tested periods are summed over it. 1 where their cells are the same.
    """

    pane_s: int
    out_of_orderness_s: int
    revision_s: int
    windows: tuple[WindowSpec, ...]
    has_total: bool = True
    period_s: int | None = None
    wait_s: float = 0.0
    idle_s: float = 0.0
    n_buckets: int = 1

    @cached_property
    def sizes_s(self) -> dict[str, int]:
        """Size of each window by its name, in the order of their declaration."""
        return {spec.name: spec.size_s for spec in self.windows}

    def end_s(self, key: WindowKey) -> int:
        """Return the end of a window."""
        return key[1] + self.sizes_s[key[0]]

    def keys_of(self, pane_start_s: int) -> list[WindowKey]:
        """Return the window of each size that a pane belongs to; those that were not counted in full are left out."""
        starts = ((spec.name, spec.start_of(pane_start_s)) for spec in self.windows)
        return [(name, start_s) for name, start_s in starts if start_s is not None]

    def ends_s(self, pane_start_s: int) -> Iterator[int]:
        """Yield the end of every window, and of the period, that a pane belongs to."""
        yield from (self.end_s(key) for key in self.keys_of(pane_start_s))
        if self.period_s is not None:
            yield pane_start_s - pane_start_s % self.period_s + self.period_s

    def in_order(self, keys: Iterable[WindowKey]) -> list[WindowKey]:
        """Return windows in order of their end, of those that end together the smaller ones first."""
        return sorted(keys, key=lambda key: (self.end_s(key), self.sizes_s[key[0]]))
