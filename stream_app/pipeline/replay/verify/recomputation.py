"""Recomputes what a model's judge published: the journal says how time advanced, the source logs what was counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from stream_app.core.windows.source_progress import NOT_NAMED, CountedUnder, SourcePartition, SourceProgress
from stream_app.errors import ReplayError
from stream_app.pipeline.disclosure.sealing import AlertSealer, published_alert
from stream_app.pipeline.judge.model_judge import ModelJudge
from stream_app.pipeline.judge.model_report import ModelReport
from stream_app.pipeline.judge.stored.checkpoints import verdict_digest
from stream_app.pipeline.judge.stored.moved_state import move_entries
from stream_app.pipeline.policy_book import PolicyBook, RegisteredPolicy
from stream_app.pipeline.records.alerts import encode_record
from stream_app.pipeline.records.journal import JournalEntry, SourcePolicy, encode_journal_entry
from stream_app.pipeline.records.outcome_results import encode_any_result
from stream_app.pipeline.records.results import Offsets
from stream_app.pipeline.replay.cursor import Cursor
from stream_app.pipeline.replay.verify.beginning import policy_of
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
    """The judge of one deployment of a model, run again from a beginning.

    A deployment is the journal entries of one ``app_id``, from number 0.

    Args:
        judge: The judge as it was at the beginning.
        cursors: Every source partition, at the beginning.
        book: The registered policies: the journal says which one applies where.
        name: Whose judge it is: the model's, or ``outcomes_name`` for that of its outcomes.
        sealer: Makes the envelopes of sealed alerts; None without the pseudonym keys.
    """

    def __init__(
        self, judge: ModelJudge, cursors: Cursors, book: PolicyBook, name: str, sealer: AlertSealer | None = None
    ) -> None:
        self._sealer = sealer
        self._judge = judge
        self._cursors = cursors
        self._book = book
        self._name = name
        self._counted_under = {source: last.counted_under for source, last in judge.progress_of().items()}

    def recompute(self, entry: JournalEntry, following: JournalEntry | None = None) -> Iterator[RecomputedRecord]:
        """Yield the records of one flush.

        Args:
            entry: The flush.
            following: The entry after it; where that is under another policy, the judge moves to it.

        Raises:
            ReplayError: the log ends too early, or a policy is not registered.
            KeyFileError: alerts are sealed, and there are no pseudonym keys.
            StateError: counts have no place under the next policy.
        """
        self._follow(entry.source_policies)
        for advance in entry.advances:
            self._count_below(advance.offsets, entry)
            self._judge.advance_to(advance.closed_before_s, advance.tested_before_s)
        self._count_below(entry.offsets, entry)
        report, _ = self._judge.flush()
        if following is not None and following.policy_hash != entry.policy_hash:
            report.journal_entry = self._judge.leave_policy()
        if report.journal_entry is not None:
            report.journal_entry = self._in_terms_of(entry, report.journal_entry)
        yield from records_of(report, entry.number, self._judge.model, self._sealer)
        if following is not None and following.policy_hash != entry.policy_hash:
            self._move(entry, following)

    def _in_terms_of(self, entry: JournalEntry, recomputed: JournalEntry) -> JournalEntry:
        """Return a recomputed entry with what only the journal can say.

        Who counted what under which policy, and whether a checkpoint was made: that also depends on the partitions that
        the topic had at that time. What the checkpoint contains is recomputed.
        """
        digest = verdict_digest(self._judge.entries()) if entry.checkpoint else ""
        return msgspec.structs.replace(recomputed, source_policies=entry.source_policies, checkpoint=digest)

    def _follow(self, policies: Iterable[SourcePolicy]) -> None:
        """Count source partitions under other policies from certain offsets on."""
        for source in policies:
            partition = SourcePartition(source.topic, source.partition)
            model = policy_of(self._book, self._name, source.policy_hash)
            self._cursor_of(partition).follow(model, source.counted_since)
            self._counted_under[partition] = CountedUnder(source.policy_hash, since_offset=source.counted_since)

    def _move(self, entry: JournalEntry, following: JournalEntry) -> None:
        """Move to the policy of the following entry, as the live judge did."""
        old, new = (policy_of(self._book, self._name, each.policy_hash) for each in (entry, following))
        stored = {key: [data] for key, data in self._judge.entries().items()}
        policy = RegisteredPolicy(new, following.policy_hash, 0)
        moved = move_entries(stored, self._name, old, policy, self._judge.n_journal_entries)
        former, self._judge = (
            self._judge,
            ModelJudge(new, following.policy_hash, moved, name=self._name, app_id=following.app_id, moved_from=stored),
        )
        self._judge.continue_tests(former)

    def _count_below(self, offsets: Offsets, entry: JournalEntry) -> None:
        for topic, vector in offsets.items():
            for partition, offset in vector.items():
                source = SourcePartition(topic, partition)
                if self._is_unchanged(source, offset):
                    continue
                cursor = self._cursor_of(source)
                panes = cursor.count_below(offset)
                progress = SourceProgress(
                    offset,
                    None,
                    None,
                    is_idle=False,
                    first_offset=entry.starts[topic][partition],
                    log_number=log_number(entry, source),
                    counted_under=self._counted_under.get(source, NOT_NAMED),
                )
                self._judge.take(source, len(self._cursors), progress, panes, cursor.model)

    def _is_unchanged(self, source: SourcePartition, offset: int) -> bool:
        """Return whether nothing of a partition was counted since the beginning.

        Then its log is not needed, which may be gone: a topic that was created again can have fewer partitions, and one
        of them can come back with another log.
        """
        known = self._judge.progress_of().get(source)
        under = self._counted_under.get(source, NOT_NAMED)
        return known is not None and (known.next_offset, known.counted_under) == (offset, under)

    def _cursor_of(self, source: SourcePartition) -> Cursor:
        if source not in self._cursors:
            raise ReplayError(
                f"Partition {source.partition} of {source.topic} was counted, but the topic does not have it",
                action="It was created again with fewer partitions: read a copy of the topic that was judged",
            )
        return self._cursors[source]


def records_of(
    report: ModelReport, entry: int, model: ModelPolicy, sealer: AlertSealer | None = None
) -> Iterator[RecomputedRecord]:
    """Yield the records of a report as the judge writes them, journal included; of sealed alerts the envelopes."""
    for result in report.all_results:
        yield RecomputedRecord(FAIRNESS_RESULTS, result.key, encode_any_result(result), entry)
    for alert in report.clear_alerts():
        record = published_alert(alert, model, sealer, is_replayed=True)
        yield RecomputedRecord(FAIRNESS_ALERTS, record.id, encode_record(record), entry)
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
    """Split a model's journal into deployments: each ``app_id`` has one, and begins with number 0.

    The beginning of the first one may be gone.

    Args:
        entries: All entries of the model, in the order of the log.
        where: Topic, for messages.

    Raises:
        ReplayError: there is no entry, one is missing in between, or one is there twice.
    """
    if not entries:
        raise ReplayError(f"{where} contains no journal of this model", action="Check that a worker has judged it")
    newest: dict[str, list[JournalEntry]] = {}  # by app_id
    deployments: list[list[JournalEntry]] = []
    for entry in entries:
        deployment = newest.get(entry.app_id)
        if deployment is None or entry.number == 0:
            deployment = newest[entry.app_id] = []
            deployments.append(deployment)
        expected = deployment[-1].number + 1 if deployment else entry.number
        if entry.number < expected:
            raise ReplayError(
                f"{where} has the entry {entry.number} of model {entry.model!r} twice, which no judge writes",
                action="Check who else may write to it, and use `replay run` over a range",
            )
        if entry.number > expected:
            raise ReplayError(
                f"{where} lacks the entries {expected} to {entry.number - 1} of model {entry.model!r}",
                action="They are gone: read an earlier copy, or use `replay run` over a range",
            )
        deployment.append(entry)
    return deployments
