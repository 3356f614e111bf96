"""The counts of a time range that ends with the newest pane, from the windows that are kept."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.core.windows.cells import Cells, add_cells
from stream_app.core.windows.tally_changes import WindowKey
from stream_app.core.windows.tally_config import TallyConfig
from stream_app.core.windows.tumbling import WindowCounts


def counts_since(
    onset_s: int, now_s: int, windows: Mapping[WindowKey, WindowCounts], config: TallyConfig
) -> tuple[int, Cells]:
    """Return the counts of the time range from an onset to a pane that just closed, and where it begins.

    By full windows: of the shortest size that reaches back far enough, else of the longest. They begin with the one
    that contains the onset, or with the next one where that is nearer and loses no more than it keeps: a state should
    not be described by what was counted before it. Looks only at windows that are kept for sure, whatever the steps in
    which time moved; so it is the same in a replay.

    Args:
        onset_s: Where the time range should begin.
        now_s: End of the newest closed pane.
        windows: What the tally keeps.
        config: How its stream is cut in time.
    """
    kept_since_s = now_s - config.revision_s
    starts: list[int] = []
    spec = config.windows[0]
    for spec in sorted(config.windows, key=lambda spec: spec.size_s):
        kept = (start_s for name, start_s in windows if name == spec.name)
        starts = sorted(start_s for start_s in kept if kept_since_s < start_s + spec.size_s and start_s < now_s)
        if starts and (starts[0] <= onset_s or kept_since_s <= onset_s):
            break
    cells: Cells = {}
    first_s = _nearest_start(onset_s, now_s, spec.size_s)
    wanted = [start_s for start_s in starts if start_s >= first_s]
    for start_s in wanted:
        add_cells(cells, windows[spec.name, start_s].cells)
    return min(wanted, default=now_s), cells


def _nearest_start(onset_s: int, now_s: int, size_s: int) -> int:
    """Return the start of the window that contains the onset, or of the next one if that fits better.

    >>> _nearest_start(50, 90, 60), _nearest_start(20, 90, 60), _nearest_start(50, 65, 60)
    (60, 0, 0)
    """
    foreign_s = onset_s % size_s
    lost_s = size_s - foreign_s
    is_next_better = lost_s < foreign_s and lost_s <= now_s - onset_s - lost_s
    return onset_s + lost_s if is_next_better else onset_s - foreign_s
