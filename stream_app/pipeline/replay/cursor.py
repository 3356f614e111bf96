"""A source partition that is counted up to one offset, then to the next: where the live lane had its flushes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

import numpy as np

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.pane_store import PaneStore
from stream_app.core.windows.partials import PanePartial
from stream_app.core.windows.source_progress import SourceProgress
from stream_app.errors import ReplayError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.policy_change import mapping_between
from stream_app.pipeline.replay.sources import SourceCounter
from stream_app.policy import ModelPolicy

NextBatch = Callable[[], Batch | None]  # None at the end of the log


class Cursor(Protocol):
    """Counts one partition step by step."""

    @property
    def model(self) -> ModelPolicy:
        """The policy under which the last counts were made."""

    def follow(self, model: ModelPolicy, since_offset: int) -> None:
        """Count under another policy of the model from an offset on."""

    def count_below(self, offset: int) -> dict[int, Cells]:
        """Count every record below an offset and return the absolute counts of the panes that changed by it.

        Raises:
            ReplayError: the log ends before that offset.
        """


class Cutter:
    """Cuts a partition at given offsets.

    Args:
        name: Topic and partition, for messages.
        next_batch: Returns its records, batch by batch, in offset order.
        is_whole: Whether it is an error when the log ends before a given offset.
    """

    def __init__(self, name: str, next_batch: NextBatch, *, is_whole: bool) -> None:
        self._name = name
        self._next_run = next_batch
        self._is_whole = is_whole
        self._rest: Batch | None = None
        self._next_offset = 0

    def batches_below(self, offset: int) -> Iterator[Batch]:
        """Yield every record below an offset that was not yielded before, in batches.

        Raises:
            ReplayError: the log ends before that offset.
        """
        while self._next_offset < offset:
            batch, self._rest = self._next_run() if self._rest is None else self._rest, None
            if batch is None:
                self._check_end(offset)
                return
            head, self._rest = cut_batch(batch, offset)
            self._next_offset = head.next_offset
            yield head

    def _check_end(self, offset: int) -> None:
        if self._is_whole:
            raise ReplayError(
                f"{self._name} ends at offset {self._next_offset}, but offset {offset - 1} was counted",
                action="Is this the topic that was judged? It may have been created again, or cut short by a restore",
            )


class SourceCursor:
    """Counts one source partition step by step.

    Args:
        name: Topic and partition, for messages.
        counter: Counts its records.
        next_batch: Returns its records, batch by batch, in offset order.
        is_whole: Whether it is an error when the log ends before a given offset. Published events may end earlier:
            records that were rejected are not among them.
    """

    def __init__(self, name: str, counter: SourceCounter, next_batch: NextBatch, *, is_whole: bool) -> None:
        self.counter = counter
        self._cutter = Cutter(name, next_batch, is_whole=is_whole)
        self._panes = PaneStore()
        self._policies: list[tuple[int, ModelPolicy]] = []  # from an offset on
        self._begin: SourceProgress | None = None

    @property
    def model(self) -> ModelPolicy:
        """The policy under which the last counts were made."""
        return self.counter.model

    def begin_at(self, progress: SourceProgress, panes: Mapping[int, Cells]) -> None:
        """Begin where a judge knew the partition: what comes before is read for deduplication only.

        Args:
            progress: How far the partition had come.
            panes: Its panes that could still change.
        """
        self._begin = progress
        copies = ((start_s, {code: list(vector) for code, vector in own.items()}) for start_s, own in panes.items())
        self._panes.put_back(PanePartial(start_s, cells) for start_s, cells in copies)

    def follow(self, model: ModelPolicy, since_offset: int) -> None:
        """Count under another policy of the model from an offset on."""
        self._policies.append((since_offset, model))

    def count_below(self, offset: int) -> dict[int, Cells]:
        """Count every record below an offset and return the absolute counts of the panes that changed by it.

        Raises:
            ReplayError: the log ends before that offset.
        """
        self._read_to_begin()
        while self._policies and self._policies[0][0] <= offset:
            since_offset, model = self._policies.pop(0)
            self._count_below(since_offset)
            self._change_policy(model)
        self._count_below(offset)
        changes = {pane.start_s: pane.cells for pane in self._panes.take_changes()}
        if self.counter.closed_before_s is not None:
            self._panes.close_before(self.counter.closed_before_s)
        return changes

    def _read_to_begin(self) -> None:
        begin, self._begin = self._begin, None
        if begin is not None:
            for batch in self._cutter.batches_below(begin.next_offset):
                self.counter.skip(batch)
            self.counter.resume(begin.max_event_s, begin.closed_before_s)

    def _count_below(self, offset: int) -> None:
        for batch in self._cutter.batches_below(offset):
            for start_s, cells in self.counter.count(batch):
                self._panes.add(start_s, cells)

    def _change_policy(self, model: ModelPolicy) -> None:
        if model == self.model:
            return
        mapping = mapping_between(self.model, model)
        self.counter = self.counter.under(model)
        if mapping is not None:
            self._panes.map_cells(mapping)


def cut_batch(batch: Batch, offset: int) -> tuple[Batch, Batch | None]:
    """Cut a batch into the records below an offset and the rest; None when nothing is left.

    >>> offsets = np.array([3, 5, 8])
    >>> batch = Batch("t", 0, 3, 9, offsets, [b"a", b"b", b"c"], offsets)
    >>> head, rest = cut_batch(batch, 6)
    >>> head.values, head.next_offset, rest.values, rest.first_offset
    ([b'a', b'b'], 6, [b'c'], 6)
    >>> cut_batch(batch, 9)[1] is None
    True
    """
    if batch.next_offset <= offset:
        return batch, None
    cut = int(np.searchsorted(batch.offsets, offset))
    head = Batch(
        batch.topic,
        batch.partition,
        batch.first_offset,
        max(offset, batch.first_offset),
        batch.offsets[:cut],
        batch.values[:cut],
        batch.timestamps_ms[:cut],
        [unreadable for unreadable in batch.unreadable if unreadable.first_offset < offset],
        schemas=batch.schemas,
        headers=None if batch.headers is None else batch.headers[:cut],
    )
    return head, batch.since(offset)
