"""What a lane that counts tells the judge at a flush: its changed panes, in records that the broker takes."""

from __future__ import annotations

from stream_app.core.windows.partials import PanePartial, Partial, encode_partial, split_panes
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.core.windows.watermark import Watermark
from stream_app.pipeline.contract import Outputs
from stream_app.topics import FAIRNESS_PARTIALS


class PartialWriter:
    """Writes the partials of one lane.

    Args:
        name: Under which name the judge counts: that of the model, or that of its outcomes.
        layout_hash: Hash of the cell layout.
        source: The partition that the lane reads.
        n_partitions: Partitions of the topic that the lane reads.
        to_partition: Partition of ``fairness-partials`` that the judge of the model reads.
        max_cells: Cells that fit into one record, > 0.
    """

    def __init__(
        self,
        name: str,
        layout_hash: str,
        source: SourcePartition,
        *,
        n_partitions: int,
        to_partition: int,
        max_cells: int,
    ) -> None:
        self._name, self._layout_hash, self._source = name, layout_hash, source
        self._n_partitions, self._to_partition, self._max_cells = n_partitions, to_partition, max_cells

    def write(
        self,
        panes: list[PanePartial],
        watermark: Watermark,
        *,
        first_offset: int,
        next_offset: int,
        is_idle: bool,
    ) -> Outputs:
        """Return the records of one flush; at least one, since also time that moves is told.

        Args:
            panes: The panes that changed.
            watermark: How far event time has come.
            first_offset: Where the lane began: no record below was ever counted.
            next_offset: Every record below it is counted.
            is_idle: Whether the lane has read all and heard nothing for long.
        """
        parts = split_panes(panes, self._max_cells)
        values: list[bytes | None] = [
            encode_partial(
                Partial(
                    model=self._name,
                    layout_hash=self._layout_hash,
                    topic=self._source.topic,
                    partition=self._source.partition,
                    n_partitions=self._n_partitions,
                    next_offset=next_offset,
                    closed_before_s=watermark.closed_before_s,
                    max_event_s=watermark.max_event_s,
                    is_idle=is_idle,
                    part=number,
                    n_parts=len(parts),
                    panes=part,
                    first_offset=first_offset,
                )
            )
            for number, part in enumerate(parts)
        ]
        return Outputs(FAIRNESS_PARTIALS, self._to_partition, [self._name.encode()] * len(values), values)
