"""Where the topics are that the steps read and write: their prefix, and their numbers of partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Topology:
    """Where every step reads and writes; one instance for all steps of a worker.

    Attributes:
        n_partitions: Number of partitions by name of the topic; a topic that is not listed has one. A worker keeps the
            mapping up to date.
        app_id: Consumer group, the prefix of the topics that belong to it.
    """

    n_partitions: Mapping[str, int] = field(default_factory=dict)
    app_id: str = "fairstream"

    def partitions_of(self, topic: str) -> int:
        """Return the number of partitions of a topic.

        >>> Topology({"raw": 4}).partitions_of("raw"), Topology().partitions_of("raw")
        (4, 1)
        """
        return self.n_partitions.get(topic, 1)

    def partition_beside(self, partition: int, topic: str) -> int:
        """Return the partition of a topic to which the lane of a source partition writes.

        The same number where the topic has as many partitions; a topic with fewer is filled in turn.

        >>> Topology({"results": 2}).partition_beside(5, "results")
        1
        """
        return partition % self.partitions_of(topic)
