"""What no worker writes into a partial: such a record is rejected, because it would stop event time.

Access control lists are what keeps others from writing to the partials topic. These checks bound the harm of one who
can, or of a damaged record: a partition that does not exist would be waited for, and an offset or a time in the far
future would make every honest report look old.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from stream_app.core.amounts.scale import FULL
from stream_app.core.windows.partials import PanePartial, Partial
from stream_app.pipeline.layout import DECISION, amount_place_of, outcome_layout_of, pane_layout_of
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.policy_book import RegisteredPolicy
from stream_app.pipeline.rejected import RecordFault
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy

MAX_OFFSET = 2**53  # at a million records a second reached after 285 years
MAX_TIME_S = 253_402_300_800  # the year 10000
MAX_PARTS = 100_000
MAX_COUNT = 2**40  # of one cell of one pane
MAX_SUM = 2**62
_MAX_PARTITIONS = 100_000  # of a topic that the worker does not know
_MAX_GROWTH = 16  # a topic may grow while the worker runs


def fault_of(partial: Partial, topology: Topology) -> RecordFault | None:
    """Return what no worker would have written; None for a plausible partial.

    Args:
        partial: A decoded partial.
        topology: The numbers of partitions that the worker knows.
    """
    known = topology.n_partitions.get(partial.topic)
    limit = _MAX_PARTITIONS if known is None else known * _MAX_GROWTH
    if not 0 <= partial.partition < partial.n_partitions <= limit:
        return RecordFault.PARTITION
    if not (0 <= partial.first_offset <= MAX_OFFSET and 0 <= partial.next_offset <= MAX_OFFSET):
        return RecordFault.OFFSET
    if not 0 <= partial.part < partial.n_parts <= MAX_PARTS:
        return RecordFault.PART
    panes = (*partial.panes, *partial.corrections)
    times_s = [partial.closed_before_s or 0, partial.max_event_s or 0, *(pane.start_s for pane in panes)]
    if max(times_s) > MAX_TIME_S or min(times_s) < -MAX_TIME_S:
        return RecordFault.TIME
    return None


class CountCheck:
    """Checks the counts of partials against the cells of the policy that they name."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, bool], tuple[int, int]] = {}
        self._amounts: dict[str, AmountCheck | None] = {}

    def fault_of(self, partial: Partial, counted: RegisteredPolicy) -> RecordFault | None:
        """Return what no worker would have counted: cells that the policy does not have, or counts that cannot be.

        Args:
            partial: A plausible partial.
            counted: The policy that it names.
        """
        of_outcomes = is_of_outcomes(partial.model)
        if of_outcomes and counted.model.outcome is None:
            return RecordFault.COLUMNS
        key = counted.hash, of_outcomes
        if key not in self._shapes:
            layout = outcome_layout_of(counted.model) if of_outcomes else pane_layout_of(counted.model)
            self._shapes[key] = layout.size, layout.width
        shape, pane_s = self._shapes[key], counted.model.event_time.pane_s
        # What is taken back of tracks that are one object may have been counted in an earlier pane.
        least = -MAX_COUNT if counted.model.record is not None else 0
        are_counts = _are_counts(partial.panes, *shape, pane_s, least=least)
        if not (are_counts and _are_counts(partial.corrections, *shape, pane_s, least=-MAX_COUNT)):
            return RecordFault.COLUMNS
        if counted.hash not in self._amounts:
            self._amounts[counted.hash] = AmountCheck(counted.model) if counted.model.kind == "amounts" else None
        amounts = self._amounts[counted.hash]
        return None if amounts is None or amounts.are_possible(partial.panes) else RecordFault.COLUMNS


class AmountCheck:
    """Checks that amounts can be in the bins in which a partial counts them.

    Args:
        model: The policy, of kind ``amounts``.
    """

    def __init__(self, model: ModelPolicy) -> None:
        self._stride, self._n_bins = pane_layout_of(model).radix_of(DECISION)
        self._place, self._step = amount_place_of(model), FULL // self._n_bins

    def are_possible(self, panes: Iterable[PanePartial]) -> bool:
        """Return whether the sum of each cell is one of this many amounts of its bin."""
        return all(
            0
            <= vector[self._place] - vector[0] * self._step * (code // self._stride % self._n_bins)
            <= vector[0] * self._step
            for pane in panes
            for code, vector in pane.cells.items()
        )


def _are_counts(panes: Iterable[PanePartial], n_cells: int, width: int, pane_s: int, *, least: int) -> bool:
    for start_s, cells in ((pane.start_s, pane.cells) for pane in panes):
        if start_s % pane_s:
            return False
        if not cells:
            continue
        if min(cells) < 0 or max(cells) >= n_cells or {*map(len, cells.values())} != {width}:
            return False
        values = list(chain.from_iterable(cells.values()))
        counts = values[::width]
        if min(counts) < least or max(counts) > MAX_COUNT or min(values) < -MAX_SUM or max(values) > MAX_SUM:
            return False
    return True
