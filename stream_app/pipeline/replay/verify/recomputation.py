"""Recomputes what a model's judge published: the journal says how time advanced, the source logs what was counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from stream_app import __version__
from stream_app.core.windows.source_progress import SourcePartition, SourceProgress
from stream_app.errors import ReplayError
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.records.alerts import encode_alert
from stream_app.pipeline.records.journal import JournalEntry, encode_journal_entry
from stream_app.pipeline.records.outcome_results import encode_outcome_result
from stream_app.pipeline.records.results import Offsets, encode_result
from stream_app.pipeline.replay.cursor import Cursor
from stream_app.policy import ModelPolicy
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_JOURNAL, FAIRNESS_RESULTS

Cursors = Mapping[SourcePartition, Cursor]


class RecomputedRecord(NamedTuple):
    """A record as the judge writes it.

    Attributes:
        topic: Where it is written.
        key: Its key.
        value: Its bytes.
        entry: Number of the flush, as the journal counts.
    """

    topic: str
    key: str
    value: bytes
    entry: int


class Recomputation:
    """The judge of one deployment of a model, run again from its first journal entry.

    A deployment is the journal entries of one ``app_id``, from number 0.

    Args:
        model: The policy of the model.
        policy_hash: Hash of the policy of the model.
        cursors: Every source partition, at the first offset that the deployment counted.
        name: Whose judge it is: the model's (None), or ``outcomes_name`` for that of its outcomes.
    """

    def __init__(self, model: ModelPolicy, policy_hash: str, cursors: Cursors, *, name: str | None = None) -> None:
        self._judge = ModelJudge(model, policy_hash, {}, name=name)
        self._policy_hash = policy_hash
        self._cursors = cursors

    def recompute(self, entry: JournalEntry) -> Iterator[RecomputedRecord]:
        """Yield the records of one flush.

        Raises:
            ReplayError: the entry was made under another policy or version, or the log ends too early.
        """
        self._check(entry)
        for advance in entry.advances:
            self._count_below(advance.offsets, entry)
            self._judge.advance_to(advance.closed_before_s, advance.tested_before_s)
        self._count_below(entry.offsets, entry)
        report, _ = self._judge.flush()
        if report.journal_entry is not None:  # who counted what under which policy is taken from the journal
            report.journal_entry = msgspec.structs.replace(
                report.journal_entry, app_id=entry.app_id, source_policies=entry.source_policies
            )
        yield from records_of(report, entry.number)

    def _count_below(self, offsets: Offsets, entry: JournalEntry) -> None:
        for topic, vector in offsets.items():
            for partition, offset in vector.items():
                source = SourcePartition(topic, partition)
                if source not in self._cursors:
                    raise ReplayError(
                        f"Partition {partition} of {topic} was counted, but the topic does not have it",
                        action="It was created again with fewer partitions: read a copy of the topic that was judged",
                    )
                progress = SourceProgress(
                    offset,
                    None,
                    None,
                    is_idle=False,
                    first_offset=entry.starts[topic][partition],
                    log_number=log_number(entry, source),
                )
                panes = self._cursors[source].count_below(offset)
                self._judge.take(source, len(self._cursors), progress, panes)

    def _check(self, entry: JournalEntry) -> None:
        if entry.policy_hash != self._policy_hash:
            raise ReplayError(
                f"Entry {entry.number} of the journal was made under policy {entry.policy_hash}, "
                f"and this is {self._policy_hash}",
                action="Give the policy of that time with --policy",
            )
        if entry.code_version != __version__:
            raise ReplayError(
                f"Entry {entry.number} of the journal was made by version {entry.code_version}, this is {__version__}",
                action="Verify with the version that made it",
            )


def records_of(report: ModelReport, entry: int) -> Iterator[RecomputedRecord]:
    """Yield the records of a report as the judge writes them, journal included."""
    for result in report.results:
        yield RecomputedRecord(FAIRNESS_RESULTS, result.key, encode_result(result), entry)
    for outcome_result in report.outcome_results:
        yield RecomputedRecord(FAIRNESS_RESULTS, outcome_result.key, encode_outcome_result(outcome_result), entry)
    for alert in report.alerts:
        yield RecomputedRecord(FAIRNESS_ALERTS, alert.id, encode_alert(alert), entry)
    if report.journal_entry is not None:
        yield RecomputedRecord(
            FAIRNESS_JOURNAL, report.journal_entry.model, encode_journal_entry(report.journal_entry), entry
        )


def log_number(entry: JournalEntry, source: SourcePartition) -> int:
    """Return to which log of a source partition the offsets of an entry belong."""
    return entry.logs.get(source.topic, {}).get(source.partition, 0)


def check_logs(deployment: Sequence[JournalEntry]) -> None:
    """Check that a deployment counted one log of each source partition.

    Raises:
        ReplayError: a topic was created again or cut short in between, so what was counted before is gone.
    """
    first: dict[SourcePartition, int] = {}
    for entry in deployment:
        for topic, vector in entry.offsets.items():
            for source in (SourcePartition(topic, partition) for partition in vector):
                number = log_number(entry, source)
                if number != first.setdefault(source, number):
                    raise ReplayError(
                        f"{topic}[{source.partition}] was created again or cut short before entry {entry.number} of "
                        "the journal: the log that was counted until then is gone",
                        action="Use `replay run` over a range of the new log",
                    )


def split_deployments(entries: Sequence[JournalEntry], where: str) -> list[list[JournalEntry]]:
    """Split a model's journal into deployments: a new ``app_id`` starts at number 0 again.

    Args:
        entries: All entries of the model, in the order of the log.
        where: Topic, for messages.

    Raises:
        ReplayError: there is no entry, the first is gone, or one is missing.
    """
    if not entries:
        raise ReplayError(f"{where} contains no journal of this model", action="Check that a worker has judged it")
    deployments: list[list[JournalEntry]] = []
    for entry in entries:
        if entry.number == 0:
            deployments.append([])
        expected = len(deployments[-1]) if deployments else 0
        if entry.number != expected:
            raise ReplayError(
                f"{where} lacks the entries {expected} to {entry.number - 1} of model {entry.model!r}",
                action="They are gone: read an earlier copy, or use `replay run` over a range",
            )
        deployments[-1].append(entry)
    return deployments
