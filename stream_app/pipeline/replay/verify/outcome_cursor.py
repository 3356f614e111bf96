"""A partition of an outcome-join topic, joined again by the step that joined it live."""

from __future__ import annotations

from stream_app.core.windows.cells import Cells
from stream_app.core.windows.partials import decode_partial
from stream_app.pipeline.outcomes.step import OutcomeStep
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
        first_offset: Where the live lane started.

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
    ) -> None:
        self._step = OutcomeStep(model, partition, topology)
        self._step.restore({}, first_offset)
        self._cutter = Cutter(name, next_batch, is_whole=True)

    def count_below(self, offset: int) -> dict[int, Cells]:
        """Join every record below an offset and return the absolute counts of the panes that changed by it.

        Raises:
            ReplayError: the log ends before that offset.
            StateError: a record cannot be read, or was counted by another cell layout.
        """
        for run in self._cutter.batches_below(offset):
            list(self._step.step(run))
        panes: dict[int, Cells] = {}
        for outputs in self._step.flush(0.0, is_caught_up=False).outputs:
            for value in filter(None, outputs.values):
                for pane in decode_partial(value).panes:
                    panes.setdefault(pane.start_s, {}).update(pane.cells)
        return panes
