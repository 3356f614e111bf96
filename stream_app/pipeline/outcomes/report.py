"""What the join of outcomes reports after a commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stream_app.core.join.outcome_join import JoinCounts
from stream_app.pipeline.rejected import RejectedRecord


class OutcomeSink(Protocol):
    """Receives what the join of outcomes reports."""

    def outcomes_joined(self, model: str, counts: JoinCounts) -> None:
        """Show the counts of a committed transaction."""

    def records_rejected(self, rejected: Sequence[RejectedRecord]) -> None:
        """Count records that no worker writes."""


@dataclass(frozen=True)
class OutcomeReport:
    """What a lane of the join did since its last report.

    Attributes:
        model: Name of the model.
        counts: Dispositions of outcomes and decisions.
        rejected: Records that no worker writes; they are not joined.
    """

    model: str
    counts: JoinCounts
    rejected: list[RejectedRecord] = field(default_factory=list)

    def deliver(self, sink: OutcomeSink, _: float, /) -> None:
        """Show the counts."""
        sink.outcomes_joined(self.model, self.counts)
        sink.records_rejected(self.rejected)
