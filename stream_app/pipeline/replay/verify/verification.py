"""Recomputes everything that was published under one name and compares it with what is in the topics."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from stream_app.core.windows.partials import Partial
from stream_app.core.windows.source_progress import SourcePartition
from stream_app.pipeline.names import is_of_outcomes
from stream_app.pipeline.records.alerts import Alert
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.replay.cursor import Cursor
from stream_app.pipeline.replay.verify.compared_range import AnyResult, ComparedRange
from stream_app.pipeline.replay.verify.difference import Difference, first_difference
from stream_app.pipeline.replay.verify.divergence import Divergence, find_divergence, flushes_of
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordMatcher, RecordPosition
from stream_app.pipeline.replay.verify.recomputation import (
    Recomputation,
    RecomputedRecord,
    check_logs,
    split_deployments,
)
from stream_app.policy import ModelPolicy
from stream_app.topics import FAIRNESS_JOURNAL, FAIRNESS_RESULTS


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a verification.

    Attributes:
        model: Name of the model, or of its outcomes.
        is_equal: Whether every compared record is the same, those about outcomes included.
        n_records: Source records that were read; for outcomes, records of the outcome-join topic.
        n_equal: Results, alerts and journal entries that are the same.
        n_missing: Records that were recomputed and are not in the topics.
        n_unexpected: Records that are in the topics and were not recomputed.
        difference: The first difference.
        divergence: The source partition whose counts differ; None where all agree with their partials, or where those
            are gone.
        policy_hash: Policy of the replay.
        outcomes: The same for the outcomes of the model; None where it has none.
    """

    model: str
    is_equal: bool
    n_records: int
    n_equal: int
    n_missing: int
    n_unexpected: int
    difference: Difference | None
    divergence: Divergence | None
    policy_hash: str
    outcomes: Verification | None = None


class SourceLogs(Protocol):
    """The logs that a judge counted, opened again.

    Attributes:
        n_read: Records that were read.
    """

    n_read: int

    def open_deployment(self, deployment: Sequence[JournalEntry]) -> Mapping[SourcePartition, Cursor]:
        """Return a cursor for each partition, at the first offset that the deployment counted.

        A deployment is the journal entries of one ``app_id``, from number 0.
        """


class PublishedRecords(Protocol):
    """Everything that was published under one name; each call reads the topics again."""

    def journal(self) -> list[tuple[PublishedRecord, JournalEntry]]:
        """Return the journal, in the order of the log."""

    def results(self, *, at: Collection[RecordPosition] | None = None) -> Iterable[tuple[PublishedRecord, AnyResult]]:
        """Yield the results, only those at some positions where ``at`` is given."""

    def alerts(self) -> Iterable[tuple[PublishedRecord, Alert]]:
        """Yield the alerts."""

    def partials(self) -> Iterable[Partial]:
        """Yield the partials that are still there."""


@dataclass(frozen=True)
class _Snapshot:
    """What was published when the topics were read.

    Attributes:
        compared: Records that are compared, results excepted.
        results: Results that are compared.
        deployments: Journal entries of each ``app_id``, from number 0.
        n_complete: Journal entries whose records were complete before anything else was read.
    """

    compared: list[PublishedRecord]
    results: list[PublishedRecord]
    deployments: list[list[JournalEntry]]
    n_complete: int


@dataclass(frozen=True)
class Verifier:
    """Verifies what was published under one name.

    Attributes:
        model: The policy of the model.
        policy_hash: Hash of the policy of the model.
        name: Of the model, or of its outcomes.
        published: The published records.
        settle: Waits until a transaction that is visible in one topic is visible in all.
    """

    model: ModelPolicy
    policy_hash: str
    name: str
    published: PublishedRecords
    settle: Callable[[], object]

    def verify(self, logs: SourceLogs, compared: ComparedRange, k: int) -> Verification:
        """Compare the published records with those that follow from the logs.

        Args:
            logs: The source logs of the judge.
            compared: Which records are compared.
            k: The values of a difference about fewer than k decisions are hidden.

        Raises:
            ReplayError: source records or journal entries are gone, or were made under another policy or version.
        """
        snapshot = self._read(compared)
        matcher = RecordMatcher([*snapshot.results, *snapshot.compared], snapshot.n_complete)
        for record in self._recompute(logs, snapshot.deployments):
            if compared.includes_record(record):
                matcher.match(record)
        missing, unexpected = matcher.missing(), matcher.unexpected()
        difference = self._difference(missing, unexpected, snapshot.compared, k)
        n_records = logs.n_read
        divergence = self._locate(logs, snapshot.deployments[-1], difference) if difference is not None else None
        return Verification(
            model=self.name,
            is_equal=difference is None,
            n_records=n_records,
            n_equal=matcher.n_equal,
            n_missing=len(missing),
            n_unexpected=len(unexpected),
            difference=difference,
            divergence=divergence,
            policy_hash=self.policy_hash,
        )

    def _read(self, compared: ComparedRange) -> _Snapshot:
        """Read the topics, the journal first and last: what it names at first is complete in the others."""
        n_complete = len(self.published.journal())
        results = [live for live, result in self.published.results() if compared.includes_result(result)]
        alerts = [live for live, alert in self.published.alerts() if compared.includes_alert(alert)]
        self.settle()
        journal = self.published.journal()
        entries = [live for live, _ in journal] if compared.is_all else []
        has_no_outcome_yet = is_of_outcomes(self.name) and not (journal or results or alerts)
        deployments = [] if has_no_outcome_yet else split_deployments([entry for _, entry in journal], FAIRNESS_JOURNAL)
        return _Snapshot([*alerts, *entries], results, deployments, n_complete)

    def _recompute(self, logs: SourceLogs, deployments: Iterable[list[JournalEntry]]) -> Iterator[RecomputedRecord]:
        n_before = 0
        for deployment in deployments:
            check_logs(deployment)
            recomputation = Recomputation(
                self.model, self.policy_hash, logs.open_deployment(deployment), name=self.name
            )
            for entry in deployment:
                for record in recomputation.recompute(entry):
                    yield record._replace(entry=n_before + entry.number)
            n_before += len(deployment)

    def _difference(
        self, missing: list[RecomputedRecord], unexpected: list[RecordPosition], kept: list[PublishedRecord], k: int
    ) -> Difference | None:
        if not missing and not unexpected:
            return None
        positions = set(unexpected)
        records = [live for live in kept if (live.topic, live.partition, live.offset) in positions]
        if any(topic == FAIRNESS_RESULTS for topic, _, _ in positions):
            records = [*(live for live, _ in self.published.results(at=positions)), *records]
        return first_difference(missing, records, k)

    def _locate(self, logs: SourceLogs, deployment: list[JournalEntry], difference: Difference) -> Divergence | None:
        """Recount each partition against its partials; return the earliest divergence, one in the window first."""
        flushes = flushes_of(self.published.partials())
        divergences = [
            divergence
            for source, cursor in logs.open_deployment(deployment).items()
            if (divergence := find_divergence(source, cursor, flushes.get(source, []))) is not None
        ]

        def rank(divergence: Divergence) -> tuple[bool, int]:
            start_s = divergence.pane_start_s
            return not difference.start_s <= start_s < difference.end_s, start_s

        return min(divergences, key=rank, default=None)
