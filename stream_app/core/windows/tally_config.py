"""How the event time of one stream is cut: panes, windows, comparison periods, lateness, corrections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from stream_app.core.windows.tally_changes import WindowKey
from stream_app.core.windows.tumbling import WindowSpec


@dataclass(frozen=True)
class CellLimits:
    """Which vectors a cell can have, whatever records it counts.

    The number of records is not negative. Of each feature no more records have a value than there are, and the sum S of
    n_f values and that of their squares Q satisfy S^2 <= n_f Q (Cauchy and Schwarz). What is possible stays so when it
    is added up, so only what takes something away needs to be looked at.

    Attributes:
        tops: For features whose values are from 0 to a top, that top by place of the feature.
        bins: Where an amount decides about the cell: place of its feature, width of a bin, stride and number of bins in
            the code of a cell; None where none does.

    >>> limits = CellLimits(tops={0: 10})
    >>> limits.allow(0, [2, 2, 15, 125]), limits.allow(0, [2, 2, 15, 100]), limits.allow(0, [1, 1, 15, 225])
    (True, False, False)
    """

    tops: Mapping[int, int] = field(default_factory=dict)
    bins: tuple[int, int, int, int] | None = None

    def allow(self, code: int, vector: Sequence[int]) -> bool:
        """Return whether a cell can have a vector.

        Args:
            code: Code of the cell, summed over buckets.
            vector: ``[n, n_f, sum, sum of squares, ...]``.
        """
        n = vector[0]
        if n < 0:
            return False
        for place, (n_own, total, squares) in enumerate(zip(vector[1::3], vector[2::3], vector[3::3], strict=True)):
            if not 0 <= n_own <= n or squares < 0 or total * total > n_own * squares:
                return False
            if place in self.tops and not 0 <= total <= n_own * self.tops[place]:
                return False
        if self.bins is None:
            return True
        place, step, stride, n_bins = self.bins
        return 0 <= vector[2 + 3 * place] - n * step * (code // stride % n_bins) <= n * step


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
        limits: What the cells of windows can be; None where only their number of events is limited, and panes may take
            back what was counted in earlier ones.
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
    limits: CellLimits | None = None

    @cached_property
    def sizes_s(self) -> dict[str, int]:
        """Size of each window by its name, in the order of their declaration."""
        return {spec.name: spec.size_s for spec in self.windows}

    def is_possible(self, code: int, vector: Sequence[int]) -> bool:
        """Return whether a cell of a window can have a vector."""
        return vector[0] >= 0 if self.limits is None else self.limits.allow(code, vector)

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
