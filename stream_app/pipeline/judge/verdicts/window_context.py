"""What is known of a window beside its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.tally_changes import WindowKey
from stream_app.core.windows.tally_state import TallyState
from stream_app.pipeline.records.results import TOTAL_WINDOW, Offsets, Span


def _nothing(_: str) -> Cells:
    return {}


@dataclass(frozen=True)
class WindowContext:
    """A window without its cells.

    Attributes:
        span: Its name and time range.
        revision: 0 at close, one more for each correction.
        offsets: By source topic and partition the offset below which every record is counted.
        policy_hash: Hash of the policy of the model.
        is_close: Whether the window has just closed; a warning ends by windows that close, not by judging one again.
        periods: Returns the cells of the tested comparison periods in it, older ones several together; they need not
            be all that was counted in the window.
        correction: What a revision adds to the counts of the one before; None where it is none.
        corrections: What was added to closed windows since they were last published, by their key.
        is_between_windows: Whether running totals are published, at a moment at which no window is open.
        is_published: Whether running totals are published, at whatever moment.
        counted: Returns everything that was counted up to the end of a window that has just closed.
        uncounted: Returns, of running totals, what no closed window of some size contains.
    """

    span: Span
    revision: int
    offsets: Offsets
    policy_hash: str
    is_close: bool
    periods: Callable[[], Sequence[Cells]] = tuple
    correction: Cells | None = None
    corrections: Mapping[WindowKey, Cells] = field(default_factory=dict)
    is_between_windows: bool = False
    is_published: bool = False
    counted: Callable[[], Cells] = dict
    uncounted: Callable[[str], Cells] = _nothing


def context_of_totals(tally: TallyState, policy_hash: str, *, is_published: bool, is_end: bool) -> WindowContext | None:
    """Return what is known of the running totals; None before the first pane closed.

    Args:
        tally: The counts of the stream.
        policy_hash: Hash of the policy of the model.
        is_published: Whether they are published now, not only judged again.
        is_end: Whether nothing follows, so that those of an open window can be shown.
    """
    total = tally.total
    if total.start_s is None or total.end_s is None:
        return None
    return WindowContext(
        Span(TOTAL_WINDOW, total.start_s, total.end_s),
        revision=0,
        offsets=tally.offsets(),
        policy_hash=policy_hash,
        is_close=False,
        is_between_windows=is_published and (is_end or not tally.is_any_open()),
        is_published=is_published,
        uncounted=tally.open_cells,
    )
