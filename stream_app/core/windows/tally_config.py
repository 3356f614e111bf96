"""How the event time of one stream is cut: panes, windows, lateness, corrections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
    """

    pane_s: int
    out_of_orderness_s: int
    revision_s: int
    windows: tuple[WindowSpec, ...]
    has_total: bool = True

    def spec(self, name: str) -> WindowSpec:
        """Return a size of window by its name."""
        return next(spec for spec in self.windows if spec.name == name)

    def end_s(self, key: WindowKey) -> int:
        """Return the end of a window."""
        return key[1] + self.spec(key[0]).size_s

    def in_order(self, keys: Iterable[WindowKey]) -> list[WindowKey]:
        """Return windows in order of their end, those that end together in the order of their declaration."""
        rank = {spec.name: number for number, spec in enumerate(self.windows)}
        return sorted(keys, key=lambda key: (self.end_s(key), rank[key[0]]))
