"""What no worker writes into a partial: such a record is rejected, because it would stop event time.

Access control lists are what keeps others from writing to the partials topic. These checks bound the harm of one who
can, or of a damaged record: a partition that does not exist would be waited for, and an offset or a time in the far
future would make every honest report look old.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from stream_app.core.amounts.scale import FULL
from stream_app.core.join.join_records import MAX_ROWS
from stream_app.core.windows.partials import PanePartial, Partial
from stream_app.core.windows.tally_config import CellLimits
from stream_app.pipeline.judge.doubts import MAX_STEP
from stream_app.pipeline.layout import (
    DECISION,
    amount_place_of,
    cell_limits_of,
    n_buckets_of,
    outcome_layout_of,
    pane_layout_of,
)
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.policy_book import RegisteredPolicy
from stream_app.pipeline.rejected import RecordFault
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy

MAX_OFFSET = 2**53  # at a million records a second reached after 285 years
MAX_TIME_S = 253_402_300_800  # the year 10000
MAX_PARTS = 100_000
MAX_COUNT = 2**40  # of one cell of one pane
MAX_SUM = 2**60  # of one place of the vectors of all cells of a record, so that sums are exact in 64 bits
MAX_VALUE = 2**20  # of a number in fixed point
MAX_LOGS = 2**31  # of one partition
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
    offsets = (partial.next_offset, partial.first_offset, partial.counted_since, partial.recounted_since or 0)
    panes = (*partial.panes, *partial.corrections)
    times_s = [partial.closed_before_s or 0, partial.max_event_s or 0, *(pane.start_s for pane in panes)]
    are_offsets = all(0 <= offset <= MAX_OFFSET for offset in offsets) and partial.first_offset <= partial.next_offset
    are_true = {
        RecordFault.PARTITION: 0 <= partial.partition < partial.n_partitions <= limit,
        RecordFault.OFFSET: are_offsets and 0 <= partial.log_number <= MAX_LOGS,
        RecordFault.PART: 0 <= partial.part < partial.n_parts <= MAX_PARTS,
        RecordFault.TIME: -MAX_TIME_S <= min(times_s) <= max(times_s) <= MAX_TIME_S,
        RecordFault.POLICY: partial.policy_number >= 0,
    }
    return next((fault for fault, is_true in are_true.items() if not is_true), None)


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


class CountCheck:
    """Checks the counts of partials against the cells of the policy that they name."""

    def __init__(self) -> None:
        self._shapes: dict[tuple[str, bool], CountShape] = {}

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
            self._shapes[key] = shape_of(counted.model, is_outcomes=of_outcomes)
        shape, n_records = self._shapes[key], records_of(partial)
        are_possible = shape.allows(partial.panes, n_records) and shape.allows_changes(partial.corrections, n_records)
        return None if are_possible else RecordFault.COLUMNS


@dataclass(frozen=True)
class CountShape:
    """What the panes of one policy can be.

    Attributes:
        n_cells: Number of possible cells.
        width: Length of a vector.
        pane_s: Width of a pane.
        n_per_record: Events that one record of the source can have.
        n_buckets: Labels of the last dimension of the cells that windows lack.
        limits: What a cell can be; None where a pane may take back what was counted in an earlier one.
        amounts: Checks amounts against the bins in which they are counted; None without amounts.
    """

    n_cells: int
    width: int
    pane_s: int
    n_per_record: int
    n_buckets: int
    limits: CellLimits | None
    amounts: AmountCheck | None

    def allows(self, panes: Iterable[PanePartial], n_records: int | None) -> bool:
        """Return whether some records can have the counts of panes.

        Args:
            panes: The panes of a partial.
            n_records: How many records; None where that is not known.
        """
        if not self.allows_changes(panes, n_records):
            return False
        if self.limits is None:
            return True
        for code, vector in ((code, vector) for pane in panes for code, vector in pane.cells.items()):
            if not self.limits.allow(code // self.n_buckets, vector):
                return False
            if any(squares > n * MAX_VALUE**2 for n, squares in zip(vector[1::3], vector[3::3], strict=True)):
                return False
        return self.amounts is None or self.amounts.are_possible(panes)

    def allows_changes(self, panes: Iterable[PanePartial], n_records: int | None) -> bool:
        """Return whether some records can change the counts of panes so; what is taken away is below zero."""
        sums = [0] * self.width
        for pane in panes:
            cells = pane.cells
            if pane.start_s % self.pane_s:
                return False
            if not cells:
                continue
            if min(cells) < 0 or max(cells) >= self.n_cells or {*map(len, cells.values())} != {self.width}:
                return False
            for place, values in enumerate(zip(*cells.values(), strict=True)):
                sums[place] += sum(map(abs, values))
        n_events = MAX_COUNT if n_records is None else min(MAX_COUNT, n_records * self.n_per_record)
        return sums[0] <= n_events and max(sums) <= MAX_SUM and self._are_sums_of(sums, 2 * n_events)

    def _are_sums_of(self, sums: list[int], n_values: int) -> bool:
        """Return whether sums are of this many numbers in fixed point; a change takes some away and adds others."""
        features = zip(sums[1::3], sums[2::3], sums[3::3], strict=True)
        return all(
            n <= n_values and total <= n_values * MAX_VALUE and squares <= n_values * MAX_VALUE**2
            for n, total, squares in features
        )


def shape_of(model: ModelPolicy, *, is_outcomes: bool) -> CountShape:
    """Return what the panes of a policy can be, or those of its outcomes."""
    layout = outcome_layout_of(model) if is_outcomes else pane_layout_of(model)
    takes_back = model.record is not None
    return CountShape(
        n_cells=layout.size,
        width=layout.width,
        pane_s=model.event_time.pane_s,
        n_per_record=2 * MAX_ROWS if is_outcomes else 2 * model.max_list_items if takes_back else 1,
        n_buckets=1 if is_outcomes else n_buckets_of(model),
        limits=None if takes_back else replace(cell_limits_of(model, is_outcomes=is_outcomes), bins=None),
        amounts=AmountCheck(model) if model.kind == "amounts" and not is_outcomes else None,
    )


def records_of(partial: Partial) -> int | None:
    """Return how many records of its source a partial can have counted; None where another log had some of them.

    >>> report = {"model": "m", "layout_hash": "", "topic": "t", "partition": 0, "n_partitions": 1, "is_idle": False}
    >>> report |= {"closed_before_s": None, "max_event_s": None, "next_offset": 500, "first_offset": 200}
    >>> records_of(Partial(**report)) - MAX_STEP, records_of(Partial(**report, log_number=1))
    (300, None)
    """
    if partial.log_number:
        return None
    since = [offset for offset in (partial.first_offset, partial.recounted_since) if offset is not None]
    return max(0, partial.next_offset - min(since)) + MAX_STEP
