"""What is known of a window beside its cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stream_app.core.windows.cells import Cells
from stream_app.pipeline.records.results import Offsets, Span


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
    """

    span: Span
    revision: int
    offsets: Offsets
    policy_hash: str
    is_close: bool
    periods: Callable[[], Sequence[Cells]] = tuple
