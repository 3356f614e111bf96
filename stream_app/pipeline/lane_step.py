"""The protocol of a step: what the engine that drives a lane asks of it, and what it reports.

A *lane* is an exactly-once stream task: everything between one source partition and its effects. The engine
(``stream_app.edges.lanes``) owns Kafka: it feeds batches in offset order, each offset exactly once, and writes outputs,
changed state and the next offset in one transaction. The step owns the meaning. It gets the time as an argument and
does no I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, runtime_checkable

from stream_app.pipeline.contract import Batch, Flush, Outputs, RecordRange
from stream_app.pipeline.ingest.report import IngestSink, OutcomeIngestSink
from stream_app.pipeline.judge.report import JudgeSink
from stream_app.pipeline.outcomes.report import OutcomeSink


class ReportSink(IngestSink, OutcomeIngestSink, OutcomeSink, JudgeSink, Protocol):
    """Receives what every kind of step reports; implemented by ``stream_app.edges.metrics``."""


class Report(Protocol):
    """What a step did, in the form in which it is shown."""

    def deliver(self, sink: ReportSink, now_s: float, /) -> None:
        """Show the report.

        Args:
            sink: Where it is shown.
            now_s: Processing time, seconds since the epoch; latencies are measured against it.
        """


class LaneStep(Protocol):
    """The logic of one role for one source partition: state in memory, no I/O, no clock, no randomness.

    The engine calls ``restore`` once, then ``step`` and ``flush`` until the lane is closed. ``flush`` is called about
    once a second and must return every change of state since the last flush: what it returns is committed together
    with everything that ``step`` returned before it. A step whose transaction failed is dropped, and a fresh one is
    restored.
    """

    def restore(self, entries: Mapping[bytes, bytes], next_offset: int, log_number: int = 0) -> None:
        """Take over the state as of the last commit.

        Args:
            entries: The state.
            next_offset: Where the lane continues in its source.
            log_number: Which log of the source that is: 0, and one more each time the topic was created again or its
                log cut short. What was counted of an earlier log stays counted.

        Raises:
            StateError: the state was written by another version or policy.
        """

    def step(self, batch: Batch) -> Iterable[Outputs]:
        """Process new records."""

    def flush(self, now_s: float, *, is_caught_up: bool) -> Flush:
        """Return what belongs in this transaction besides the outputs of ``step``.

        Args:
            now_s: Time in seconds from a clock that never jumps; only differences count.
            is_caught_up: Whether the lane has read its source partition to the end.
        """

    def take_report(self) -> Report:
        """Return what happened since the last call; to be shown once the transaction is committed."""

    def restored_report(self) -> Report | None:
        """Return what a step knows right after ``restore``, for a new owner to show; None when that is nothing."""


@runtime_checkable
class RecountingStep(Protocol):
    """A step that can count records again under another policy, between ``restore`` and the first ``step``."""

    def begin_recount(self, begin: int, next_offset: int) -> RecordRange | None:
        """Return which records are to be read again; None where none are.

        Args:
            begin: First retained offset.
            next_offset: Where the lane continues.
        """

    def recount(self, batch: Batch) -> None:
        """Count the next records of that range again."""

    def end_recount(self) -> None:
        """Report at the next flush what was counted again."""
