"""A partition of an outcome-join topic, joined again by the step that joined it live."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import decode_partial
from stream_app.core.windows.source_progress import SourceProgress
from stream_app.pipeline.outcomes.step import OutcomeStep
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.replay.cursor import Cutter, NextBatch
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy


class OutcomeCursor:
    """Joins decisions and outcomes step by step; a ``Cursor``.

    The topic contains tags, so neither key nor identifier is needed.

    Args:
        name: Topic and partition, for messages.
        model: The policy of the model, with an outcome.
        partition: The partition.
        topology: Where the live lane read and wrote.
        next_batch: Returns the records of the partition in offset order.
        first_offset: Where reading starts.
        book: The registered policies; None for this one alone.

    Raises:
        ValueError: the model has no outcome.
    """

    def __init__(
        self,
        name: str,
        model: ModelPolicy,
        partition: int,
        topology: Topology,
        next_batch: NextBatch,
        first_offset: int,
        book: PolicyBook | None = None,
    ) -> None:
        self.model = model
        self._partition, self._topology, self._book = partition, topology, book
        self._entries: dict[bytes, bytes] = {}
        self._policies: list[tuple[int, ModelPolicy]] = []  # from an offset on
        self._begin: SourceProgress | None = None
        self._step = self._step_from(first_offset)
        self._cutter = Cutter(name, next_batch, is_whole=True)

    def begin_at(self, progress: SourceProgress, panes: Mapping[int, Cells]) -> None:
        """Begin where a judge knew the partition: what comes before is joined again, and counted nowhere.

        Args:
            progress: How far the partition had come.
            panes: Its panes that could still change; they are joined again as well.
        """
        del panes
        self._begin = progress

    def follow(self, model: ModelPolicy, since_offset: int) -> None:
        """Join under another policy of the model from an offset on."""
        self._policies.append((since_offset, model))

    def count_below(self, offset: int) -> dict[int, Cells]:
        """Join every record below an offset and return the absolute counts of the panes that changed by it.

        Raises:
            ReplayError: the log ends before that offset.
            StateError: a record cannot be read, or was counted by another cell layout.
        """
        if self._begin is not None:
            begin, self._begin = self._begin, None
            self._join_below(begin.next_offset)
        panes: dict[int, Cells] = {}
        while self._policies and self._policies[0][0] <= offset:
            since_offset, model = self._policies.pop(0)
            panes |= self._join_below(since_offset)
            if model != self.model:
                self.model, self._step, panes = model, self._step_from(since_offset, model), {}
        return panes | self._join_below(offset)

    def _join_below(self, offset: int) -> dict[int, Cells]:
        for run in self._cutter.batches_below(offset):
            list(self._step.step(run))
        panes: dict[int, Cells] = {}
        flush = self._step.flush(0.0, is_caught_up=False)
        for key, value in flush.changes:
            if value is None:
                self._entries.pop(key, None)
            else:
                self._entries[key] = value
        for outputs in flush.outputs:
            for value in filter(None, outputs.values):
                for pane in decode_partial(value).panes:
                    panes.setdefault(pane.start_s, {}).update(pane.cells)
        return panes

    def _step_from(self, offset: int, model: ModelPolicy | None = None) -> OutcomeStep:
        """Return a step that continues from what was joined, as a restarted lane does."""
        step = OutcomeStep(self.model if model is None else model, self._partition, self._topology, self._book)
        step.restore(self._entries, offset)
        return step
