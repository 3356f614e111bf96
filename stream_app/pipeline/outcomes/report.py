"""What the join of outcomes reports after a commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stream_app.core.join.outcome_join import JoinCounts


class OutcomeSink(Protocol):
    """Receives what the join of outcomes reports."""

    def outcomes_joined(self, model: str, counts: JoinCounts) -> None:
        """Show the counts of a committed transaction."""


@dataclass(frozen=True)
class OutcomeReport:
    """What a lane of the join did since its last report.

    Attributes:
        model: Name of the model.
        counts: Dispositions of outcomes and decisions.
    """

    model: str
    counts: JoinCounts

    def deliver(self, sink: OutcomeSink, _: float, /) -> None:
        """Show the counts."""
        sink.outcomes_joined(self.model, self.counts)
