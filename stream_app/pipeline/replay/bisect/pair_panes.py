"""The counts of one pair by pane and segment: what the search for an onset needs, in little memory."""

from __future__ import annotations

from collections.abc import Iterable

from stream_app.core.windows.cells import CellLayout, Cells
from stream_app.pipeline.layout import DECISION, FAVORABLE
from stream_app.pipeline.replay.bisect.onset import Pane, Segments
from stream_app.policy import Attribute, ModelPolicy

ALL = "all"  # the only segment of a model without segments


class PairPanes:
    """Counts of a group and its reference by pane and segment.

    Args:
        model: Policy of the model.
        layout: Its cells.
        attribute: The attribute of the pair.
        group: The group.
    """

    def __init__(self, model: ModelPolicy, layout: CellLayout, attribute: Attribute, group: str) -> None:
        self._layout = layout
        self._attribute = layout.position_of(attribute.name)
        self._decision = layout.position_of(DECISION)
        self._segment = None if model.segment is None else layout.position_of(model.segment.name)
        self._side_of = {group: 0, attribute.reference: 1}
        self._panes: dict[int, tuple[Segments, Segments]] = {}
        self._known: dict[int, tuple[int, str, bool] | None] = {}

    def add(self, counted: Iterable[tuple[int, Cells]]) -> None:
        """Add counts of panes."""
        for start_s, cells in counted:
            for code, vector in cells.items():
                if code not in self._known:
                    self._known[code] = self._describe(code)
                if (position := self._known[code]) is not None:
                    side, segment, is_favorable = position
                    counts = self._panes.setdefault(start_s, ({}, {}))[side]
                    n, favorable = counts.get(segment, (0, 0))
                    counts[segment] = n + vector[0], favorable + vector[0] * is_favorable

    def in_order(self, from_s: float, to_s: float) -> list[Pane]:
        """Return the panes of a time range in order of time."""
        return [(start_s, *self._panes[start_s]) for start_s in sorted(self._panes) if from_s <= start_s < to_s]

    def _describe(self, code: int) -> tuple[int, str, bool] | None:
        labels = self._layout.labels_of(code)
        side = self._side_of.get(labels[self._attribute])
        if side is None:
            return None
        return side, ALL if self._segment is None else labels[self._segment], labels[self._decision] == FAVORABLE
