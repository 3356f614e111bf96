"""What a counting lane publishes at a flush: its changed panes, in records that the broker takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from stream_app.core.windows.partials import PanePartial, Partial, encode_partial, max_cells_of, split_panes
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.core.windows.watermark import Watermark
from stream_app.pipeline.contract import Outputs
from stream_app.pipeline.names import model_of
from stream_app.pipeline.topology import Topology
from stream_app.topics import FAIRNESS_PARTIALS, partition_of_model


@dataclass(frozen=True)
class PaneOrigin:
    """Which panes a lane counts.

    Attributes:
        name: Name under which the judge counts them: that of the model, or that of its outcomes.
        layout_hash: Hash of the cell layout.
        width: Length of the vector of a cell.
        source: The partition that the lane reads.
        policy_hash: Hash of the policy of the model.
        policy_number: When it was registered, milliseconds since the epoch; a higher number is newer.
    """

    name: str
    layout_hash: str
    width: int
    source: SourcePartition
    policy_hash: str = ""
    policy_number: int = 0

    @property
    def max_cells(self) -> int:
        """Number of cells that fit into one record."""
        return max_cells_of(self.width)


class PaneRecount(NamedTuple):
    """How panes that are closed changed when their records were counted again.

    Attributes:
        since_offset: First offset of these records.
        panes: Change of each pane.
    """

    since_offset: int
    panes: list[PanePartial]


class PartialWriter:
    """Writes the partials of one lane.

    Args:
        origin: Which panes the lane counts.
        topology: Where the partials go. Those of a model and of its outcomes go to one partition, so that one judge
            lane owns all of a model.
    """

    def __init__(self, origin: PaneOrigin, topology: Topology) -> None:
        self._origin = origin
        self._topology = topology
        self._to_partition = partition_of_model(model_of(origin.name), topology.partitions_of(FAIRNESS_PARTIALS))

    @property
    def n_partitions(self) -> int:
        """Partitions of the source topic, as far as is known now."""
        return self._topology.partitions_of(self._origin.source.topic)

    def write(
        self,
        panes: list[PanePartial],
        watermark: Watermark,
        *,
        first_offset: int,
        next_offset: int,
        counted_since: int,
        is_idle: bool,
        log_number: int = 0,
        recount: PaneRecount | None = None,
    ) -> Outputs:
        """Return the records of one flush; at least one, since progress of event time is published too.

        Args:
            panes: The panes that changed.
            watermark: How far event time has come.
            first_offset: Where the lane began: no record below it was ever counted.
            next_offset: Every record below it is counted.
            counted_since: Offset from which on the lane counts under its policy.
            is_idle: Whether the lane has read everything and was silent for the idle timeout.
            log_number: Log of the source to which the offsets belong.
            recount: How panes that are closed changed when their records were counted again.
        """
        origin = self._origin
        parts: list[tuple[tuple[PanePartial, ...], tuple[PanePartial, ...]]]
        parts = [(part, ()) for part in split_panes(panes, origin.max_cells)]
        if recount is not None:
            parts += [((), part) for part in split_panes(recount.panes, origin.max_cells)]
        values: list[bytes | None] = [
            encode_partial(
                Partial(
                    model=origin.name,
                    layout_hash=origin.layout_hash,
                    topic=origin.source.topic,
                    partition=origin.source.partition,
                    n_partitions=self.n_partitions,
                    next_offset=next_offset,
                    closed_before_s=watermark.closed_before_s,
                    max_event_s=watermark.max_event_s,
                    is_idle=is_idle,
                    part=number,
                    n_parts=len(parts),
                    panes=part,
                    first_offset=first_offset,
                    log_number=log_number,
                    app_id=self._topology.app_id,
                    policy_hash=origin.policy_hash,
                    policy_number=origin.policy_number,
                    counted_since=counted_since,
                    corrections=corrections,
                    recounted_since=None if recount is None else recount.since_offset,
                )
            )
            for number, (part, corrections) in enumerate(parts)
        ]
        return Outputs(FAIRNESS_PARTIALS, self._to_partition, [origin.name.encode()] * len(values), values)
