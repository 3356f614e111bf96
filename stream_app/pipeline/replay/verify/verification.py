"""Recomputes everything that was published under one name and compares it with what is in the topics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from stream_app.core.windows.source_progress import SourcePartition
from stream_app.errors import ReplayError
from stream_app.pipeline.disclosure.sealing import AlertSealer
from stream_app.pipeline.names import is_of_outcomes, model_of
from stream_app.pipeline.policy_book import PolicyBook
from stream_app.pipeline.records.alerts import AnyAlert, SealedAlert, encode_sealed
from stream_app.pipeline.records.checkpoints import CheckpointHead
from stream_app.pipeline.records.journal import JournalEntry
from stream_app.pipeline.replay.verify.beginning import Beginning, begin, beginnings, entries_after, policy_of
from stream_app.pipeline.replay.verify.compared_range import ComparedRange
from stream_app.pipeline.replay.verify.difference import Difference, first_difference
from stream_app.pipeline.replay.verify.divergence import Divergence, find_divergence, flushes_of
from stream_app.pipeline.replay.verify.inputs import PublishedRecords, SourceLogs
from stream_app.pipeline.replay.verify.matching import PublishedRecord, RecordMatcher
from stream_app.pipeline.replay.verify.recomputation import (
    Recomputation,
    RecomputedRecord,
    check_logs,
    split_deployments,
)
from stream_app.pipeline.replay.verify.reproduced_alerts import ReproducedAlert, reproduced_alerts
from stream_app.topics import FAIRNESS_JOURNAL


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
        policy_hash: Policy of the model at the end.
        policies: Every policy under which it was judged, in order.
        since_s: Event time of the checkpoint at which the verification began; None where it began with the first
            record that was ever counted.
        since_entry: Journal entry after which it began; None likewise.
        since_reason: Why it did not begin earlier; None where nothing prevented it.
        outcomes: The same for the outcomes of the model; None where it has none.
        alerts: The published alerts that were reproduced.
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
    policies: tuple[str, ...] = ()
    since_s: int | None = None
    since_entry: int | None = None
    since_reason: str | None = None
    outcomes: Verification | None = None
    alerts: tuple[ReproducedAlert, ...] = ()


@dataclass(frozen=True)
class _Snapshot:
    """What was published when the topics were read.

    Attributes:
        alerts: Alerts that are compared.
        results: Results that are compared.
        journal: Every journal entry, in the order of the log.
        n_complete: Journal entries whose records were complete before anything else was read.
    """

    alerts: list[tuple[PublishedRecord, AnyAlert]]
    results: list[PublishedRecord]
    journal: list[tuple[PublishedRecord, JournalEntry]]
    n_complete: int


@dataclass(frozen=True)
class _Part:
    """One deployment that is recomputed.

    Attributes:
        beginning: Where it begins.
        head: The checkpoint at which it does; None for the very beginning.
        reason: Why it does not begin earlier; None where nothing prevents it.
        entries: The journal entries that follow.
        n_entries: All journal entries of the deployment.
    """

    beginning: Beginning
    head: CheckpointHead | None
    reason: str | None
    entries: list[JournalEntry]
    n_entries: int


@dataclass(frozen=True)
class Verifier:
    """Verifies what was published under one name.

    Attributes:
        book: The registered policies.
        name: Of the model, or of its outcomes.
        published: The published records.
        settle: Waits until a transaction that is visible in one topic is visible in all.
        sealer: Makes the envelopes of sealed alerts; None without the pseudonym keys.
    """

    book: PolicyBook
    name: str
    published: PublishedRecords
    settle: Callable[[], object]
    sealer: AlertSealer | None = None

    def verify(self, logs: SourceLogs, compared: ComparedRange, k: int) -> Verification:
        """Compare the published records with those that follow from the logs.

        The verification begins as early as the logs, the journal and the version of FairStream permit; with the start
        of a range, as late as that permits.

        Args:
            logs: The source logs of the judge.
            compared: Which records are compared.
            k: The values of a difference about fewer than k decisions are hidden.

        Raises:
            ReplayError: source records or journal entries are gone, or were made under an unknown policy or another
                version.
        """
        snapshot = self._read(compared)
        parts = list(self._parts(snapshot, logs, compared.from_s))
        numbers = {id(entry): number for number, (_, entry) in enumerate(snapshot.journal)}
        follows = {id(entry) for part in parts for entry in part.entries}
        entries = [live for live, entry in snapshot.journal if id(entry) in follows] if compared.is_all else []
        alerts = [live for live, _ in snapshot.alerts]
        matcher = RecordMatcher([*snapshot.results, *alerts, *entries], snapshot.n_complete)
        for part in parts:
            for record in self._recompute(logs, part, numbers):
                if compared.includes_record(record):
                    matcher.match(record)
        missing = matcher.missing()
        unexpected = list(_unexpected(matcher, snapshot, entries, parts))
        difference = first_difference(missing, unexpected, k)
        n_records = logs.n_read
        divergence = self._locate(logs, parts[-1], difference) if difference is not None and parts else None
        head = parts[0].head if parts else None
        policies = tuple(dict.fromkeys(entry.policy_hash for part in parts for entry in part.entries))
        newest = self.book.newest(model_of(self.name))
        return Verification(
            model=self.name,
            is_equal=difference is None,
            n_records=n_records,
            n_equal=matcher.n_equal,
            n_missing=len(missing),
            n_unexpected=len(unexpected),
            difference=difference,
            divergence=divergence,
            policy_hash=policies[-1] if policies else "" if newest is None else newest.hash,
            policies=policies,
            since_s=None if head is None else head.closed_before_s,
            since_entry=None if head is None else head.number,
            since_reason=parts[0].reason if parts else None,
            alerts=reproduced_alerts(snapshot.alerts, matcher.unexpected()),
        )

    def _read(self, compared: ComparedRange) -> _Snapshot:
        """Read the topics, the journal first and last: what it names at first is complete in the others."""
        n_complete = len(self.published.journal())
        results = [live for live, result in self.published.results() if compared.includes_result(result)]
        alerts = [
            (_comparable(live, alert), alert)
            for live, alert in self.published.alerts()
            if compared.includes_alert(alert)
        ]
        self.settle()
        return _Snapshot(alerts, results, self.published.journal(), n_complete)

    def _parts(self, snapshot: _Snapshot, logs: SourceLogs, from_s: int | None) -> Iterator[_Part]:
        """Yield each deployment that can be recomputed, with its beginning; earlier ones may not be."""
        if is_of_outcomes(self.name) and not (snapshot.journal or snapshot.results or snapshot.alerts):
            return  # no outcome came yet
        deployments = split_deployments([entry for _, entry in snapshot.journal], FAIRNESS_JOURNAL)
        heads = list(self.published.checkpoints())
        has_begun = False
        for number, deployment in enumerate(deployments):
            own = [head for head in heads if head.app_id == deployment[0].app_id]
            part = self._part(deployment, own, logs, from_s, must_begin=has_begun or number == len(deployments) - 1)
            if part is not None:
                has_begun = True
                yield part

    def _part(
        self,
        deployment: list[JournalEntry],
        heads: list[CheckpointHead],
        logs: SourceLogs,
        from_s: int | None,
        *,
        must_begin: bool,
    ) -> _Part | None:
        first = deployment[0].number
        gap = f"{FAIRNESS_JOURNAL} lacks the entries before {first} of model {self.name!r}"
        action = "Read an earlier copy, or use `replay run` over a range"
        failure = ReplayError(f"{gap}, and there is no checkpoint", action=action)
        reason = gap if first > 0 and from_s is None else None
        for head, obstacle in beginnings(deployment, heads, from_s, self.book):
            try:
                if obstacle is not None:
                    raise obstacle
                checkpoint = None if head is None else self.published.checkpoint(head)
                beginning = begin(self.name, deployment, checkpoint, self.book)
                entries = entries_after(deployment, head)
                check_logs([deployment[0] if head is None else _entry_at(deployment, head), *entries])
                logs.open_at(beginning)
            except ReplayError as error:
                failure = error
                reason = None if from_s is not None else error.message
            else:
                return _Part(beginning, head, reason, entries, len(deployment))
        if must_begin:
            raise failure
        return None

    def _recompute(self, logs: SourceLogs, part: _Part, numbers: Mapping[int, int]) -> Iterator[RecomputedRecord]:
        cursors = logs.open_at(part.beginning)
        recomputation = Recomputation(part.beginning.judge, cursors, self.book, self.name, self.sealer)
        for entry, following in zip(part.entries, [*part.entries, None][1:], strict=True):
            for record in recomputation.recompute(entry, following):
                yield record._replace(entry=numbers[id(entry)])

    def _locate(self, logs: SourceLogs, part: _Part, difference: Difference) -> Divergence | None:
        """Recount each partition against its partials; return the earliest divergence, one in the window first."""
        flushes = flushes_of(self.published.partials(), part.entries[-1]) if part.entries else {}
        cursors = logs.open_at(part.beginning)
        for policy in (policy for entry in part.entries for policy in entry.source_policies):
            cursor = cursors[SourcePartition(policy.topic, policy.partition)]
            cursor.follow(policy_of(self.book, self.name, policy.policy_hash), policy.counted_since)
        divergences = []
        for source, cursor in cursors.items():
            place = part.beginning.sources.get(source)
            begin = 0 if place is None else place.progress.next_offset
            later = [flush for flush in flushes.get(source, []) if flush.next_offset > begin]
            if (divergence := find_divergence(source, cursor, later)) is not None:
                divergences.append(divergence)

        def rank(divergence: Divergence) -> tuple[bool, int]:
            start_s = divergence.pane_start_s
            return not difference.start_s <= start_s < difference.end_s, start_s

        return min(divergences, key=rank, default=None)


def _comparable(live: PublishedRecord, alert: AnyAlert) -> PublishedRecord:
    """Return an alert as it is compared: of a sealed one the envelope, since the rest of it is random."""
    return live._replace(value=encode_sealed(alert.envelope())) if isinstance(alert, SealedAlert) else live


def _unexpected(
    matcher: RecordMatcher, snapshot: _Snapshot, entries: list[PublishedRecord], parts: list[_Part]
) -> Iterator[PublishedRecord]:
    """Yield the published records that nothing explains: not recomputed, and not from before the beginning.

    What was published before is known by the state at the beginning. What another deployment published, which cannot
    be recomputed, precedes the first record that was reproduced, in its partition of the topic.
    """
    positions, first = set(matcher.unexpected()), matcher.first_matched()
    begun = [part.beginning.before for part in parts if part.beginning.before is not None]
    is_every_deployment = sum(part.n_entries for part in parts) == len(snapshot.journal)
    for live in (*snapshot.results, *(live for live, _ in snapshot.alerts)):
        if live.position not in positions:
            continue
        is_first = live.offset < first.get((live.topic, live.partition), live.offset + 1)
        is_before = not is_every_deployment or any(before.includes(live.topic, live.value) for before in begun)
        if not (is_first and is_before):
            yield live
    yield from (live for live in entries if live.position in positions)


def _entry_at(deployment: list[JournalEntry], head: CheckpointHead) -> JournalEntry:
    """Return the journal entry of a checkpoint, or the first one after it where that is gone."""
    return next(entry for entry in deployment if entry.number >= head.number)
