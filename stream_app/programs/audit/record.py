"""``audit record``: appends what has happened in the topics since the last time.

Commitments to the records of the raw topics, the journal, the results and the alerts; and an entry of its own for each
alert, each registered policy and each step of an export. What an entry is about is part of it, so that a record gives
one entry however often this is called, and however it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec

from stream_app import __version__
from stream_app.core.audit.blocks import FORMAT, RecordBlock, source_log
from stream_app.core.audit.canonical import MAX_INTEGER
from stream_app.core.audit.entries import UNREADABLE, NewEntry, Source, names_pseudonym
from stream_app.edges.audit.batch import ACTOR
from stream_app.edges.audit.log import CHECKPOINT_ENTRIES, AuditLog
from stream_app.policy import Policy
from stream_app.programs.audit.topics import CommittedTopic, committed_topics, open_topic, read_blocks, topic_ids
from stream_app.settings import Settings
from stream_app.topics import FAIRNESS_ALERTS, FAIRNESS_AUDIT, FAIRNESS_POLICIES, declared_topics

RECORDS = "records"
# Of each topic of events: the types of its entries, and the fields that they take over; none is about people.
_EVENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    FAIRNESS_ALERTS: ("alert", ("model", "test", "change", "pane_s", "at_s", "policy_hash", "code_version")),
    FAIRNESS_POLICIES: ("policy", ("model", "hash", "app_id", "registered_ms", "code_version", "is_recount")),
    FAIRNESS_AUDIT: ("export", ("event", "export", "model", "policy_hash", "topic", "records", "n_records", "sha256")),
}
RECORDED = frozenset({RECORDS, *(kind for kind, _ in _EVENTS.values())})  # types of entries that this writes
_MAX_TEXT = 200
_Fields = msgspec.json.Decoder(dict[str, Any]).decode


def record_topics(settings: Settings, policy: Policy, log: AuditLog, *, has_proofs: bool = True) -> dict[str, int]:
    """Append what has happened in the topics of a policy since the last time.

    Args:
        settings: Where Kafka is.
        policy: The policy.
        log: The log.
        has_proofs: Whether single records of source topics can be proven later.

    Returns:
        Number of new entries by type.

    Raises:
        AccessDeniedError: this user may not read a topic.
        BrokerUnavailableError: no broker answers, or it was lost.
        TopicError: a topic is missing.
        FairStreamError: the log cannot be written.
    """
    committed = committed_topics(policy)
    events = [spec.name for spec in declared_topics(policy, settings.app_id) if spec.name in _EVENTS]
    ids = topic_ids(settings, [*{*(topic.name for topic in committed), *events}])
    run = _Run(settings, log, ids)
    for topic in committed:
        run.append(run.blocks(topic, is_provable=has_proofs and topic.has_decisions))
    for name in events:
        run.append(run.events(name))
    return run.counts


class _Run:
    def __init__(self, settings: Settings, log: AuditLog, ids: dict[str, str]) -> None:
        self.counts: dict[str, int] = {}
        self._settings, self._log, self._ids = settings, log, ids
        self._positions = log.positions()

    def append(self, entries: Iterator[NewEntry]) -> None:
        """Append entries in batches."""
        batch: list[NewEntry] = []
        for entry in entries:
            batch.append(entry)
            if len(batch) >= CHECKPOINT_ENTRIES:
                self._flush(batch)
        self._flush(batch)

    def _flush(self, batch: list[NewEntry]) -> None:
        for entry, receipt in zip(batch, self._log.append(batch), strict=True):
            if receipt is not None:
                self.counts[entry.type] = self.counts.get(entry.type, 0) + 1
        batch.clear()

    def blocks(self, topic: CommittedTopic, *, is_provable: bool) -> Iterator[NewEntry]:
        """Yield an entry for each new block of a topic."""
        with open_topic(self._settings, topic.name) as source:
            for partition in source.partitions:
                log = source_log(topic.name, self._ids[topic.name], partition)
                first = max(self._positions.get(log, -1) + 1, source.begins[partition])
                for block in read_blocks(source, partition, first, is_provable=is_provable):
                    places, values, root = block.hashes()
                    data = RecordBlock(
                        format=FORMAT,
                        topic=topic.name,
                        topic_id=self._ids[topic.name],
                        partition=partition,
                        first_offset=block.first_offset,
                        next_offset=block.next_offset,
                        n=len(block.offsets),
                        last_ms=int(block.timestamps_ms[-1]),
                        places=places,
                        values=values,
                        root=root,
                        model=topic.model,
                        policy_hash=topic.policy_hash,
                        code_version=__version__,
                    ).data()
                    about = Source(log=log, offset=block.next_offset - 1)
                    yield NewEntry(type=RECORDS, actor=ACTOR, data=data, source=about)

    def events(self, name: str) -> Iterator[NewEntry]:
        """Yield an entry for each new record of a topic of events."""
        kind, fields = _EVENTS[name]
        with open_topic(self._settings, name) as source:
            for partition in source.partitions:
                log = f"{source_log(name, self._ids[name], partition)}/events"
                source.seek({partition: max(self._positions.get(log, -1) + 1, source.begins[partition])})
                while (batch := source.next_batch(partition)) is not None:
                    for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
                        if value is not None:
                            data = _facts(value, fields)
                            about = Source(log=log, offset=offset)
                            yield NewEntry(type=kind, actor=ACTOR, data=data, source=about)


def _facts(value: bytes, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the fields of a record that an entry takes over, and the hash of the record."""
    try:
        record = _Fields(value)
    except UNREADABLE:
        record = {}
    facts = {name: record[name] for name in fields if _is_fact(record.get(name))}
    return {**facts, "sha256_record": sha256(value).hexdigest()}


def _is_fact(value: Any) -> bool:
    """Return whether an entry takes a value over; a forged record must not keep the others out."""
    if type(value) is str:
        return len(value) <= _MAX_TEXT and value.isprintable() and not names_pseudonym(value)
    return type(value) is bool or (type(value) is int and abs(value) <= MAX_INTEGER)
