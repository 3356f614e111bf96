"""Decisions for an audit: recorded from the published topics into the state folder, and read from either."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isinf
from pathlib import Path
from typing import Any

import msgspec

from stream_app.core.audit.blocks import source_log
from stream_app.edges.audit.decision_store import DecisionStore
from stream_app.edges.keys.suppression_file import SuppressionFile
from stream_app.errors import ConfigError
from stream_app.pipeline.replay.decisions.decision import Decision, DecisionReader
from stream_app.pipeline.replay.export.request import reject_unpermitted
from stream_app.pipeline.replay.source_log import earliest_offsets
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy, Policy
from stream_app.programs.audit.topics import open_topic, topic_ids
from stream_app.settings import Settings

_ROWS_PER_PART = 50_000
_BYTES_PER_PART = 64 * 1024 * 1024
_FIRST_DAY, _LAST_DAY = "0000-01-01", "9999-12-31"


@dataclass
class Recorded:
    """What a recording added.

    Attributes:
        n_decisions: Decisions.
        n_unreadable: Records that are no events of their model.
        n_missed: Offsets that were no longer retained when they were to be read.
    """

    n_decisions: int = 0
    n_unreadable: int = 0
    n_missed: int = 0


def published_topic(model: ModelPolicy) -> str:
    """Return the topic of the events of a model whose single decisions may be read.

    Raises:
        ConfigError: the policy does not permit it, or publishes no events.
    """
    reject_unpermitted(model, "pseudonymized")
    if model.output_topic is None:
        raise ConfigError(f"Model {model.name} publishes no events", action="Set output_topic in the policy")
    return model.output_topic


def record_decisions(settings: Settings, policy: Policy) -> Recorded:
    """Add the decisions that were published since the last time to the store of the state folder.

    Raises:
        ConfigError: no model of the policy permits it, or the store cannot be used.
        BrokerUnavailableError: no broker answers, or it was lost.
        WriteError: the store cannot be written.
        DependencyMissingError: pyarrow is not installed.
    """
    permitting = [model for model in policy.models if model.privacy.exportable_records != "none" and model.output_topic]
    if not permitting:
        published_topic(policy.models[0])  # says why
    store, recorded = DecisionStore(Path(settings.state_dir)), Recorded()
    ids = topic_ids(settings, [published_topic(model) for model in permitting])
    with store.writer():
        for model in permitting:
            _record_model(settings, model, ids[published_topic(model)], store, recorded)
    return recorded


@dataclass
class _Part:
    """Rows that are written together.

    Attributes:
        rows: By model and date.
        positions: By source log the offset after the last one that was read.
        n_rows: Rows.
        n_bytes: Bytes of their events.
    """

    rows: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)
    n_rows: int = 0
    n_bytes: int = 0

    def add(self, decision: Decision, event: bytes) -> None:
        """Add a decision to the rows of its day."""
        self.rows.setdefault((decision.model, decision.time[:10]), []).append(row_of(decision, event))
        self.n_rows += 1
        self.n_bytes += len(event)


def _record_model(
    settings: Settings, model: ModelPolicy, topic_id: str, store: DecisionStore, recorded: Recorded
) -> None:
    topic, reader, part = published_topic(model), DecisionReader(model), _Part()
    known = store.committed().positions
    with open_topic(settings, topic) as source:
        for partition in source.partitions:
            name = source_log(topic, topic_id, partition)
            begin = source.begins[partition]
            recorded.n_missed += max(begin - known[name], 0) if name in known else 0
            source.seek({partition: max(known.get(name, 0), begin)})
            while (batch := source.next_batch(partition)) is not None:
                for decision, event in reader.read(batch):
                    part.add(decision, event)
                part.positions[name] = batch.next_offset
                if part.n_rows >= _ROWS_PER_PART or part.n_bytes >= _BYTES_PER_PART:
                    store.append(part.rows, part.positions)
                    recorded.n_decisions += part.n_rows
                    part = _Part()
    if part.positions:
        store.append(part.rows, part.positions)
    recorded.n_decisions += part.n_rows
    recorded.n_unreadable += reader.n_unreadable


def row_of(decision: Decision, event: bytes) -> dict[str, Any]:
    """Return the columns of a decision in the store."""
    return {
        **msgspec.structs.asdict(decision),
        "time": datetime.fromisoformat(decision.time),
        "version": None if decision.version is None else str(decision.version),
        "prediction": _text(decision.prediction),
        "probability": _number(decision.probability),
        "latency_ms": _number(decision.latency_ms),
        "anomaly_score": _number(decision.anomaly_score),
        "explanation": _text(decision.explanation),
        "features": msgspec.json.encode(decision.features).decode(),
        "event": event,
    }


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()


def _number(value: Any) -> float | None:
    with suppress(OverflowError):  # an integer of hundreds of digits
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return None


class DecisionQuery:
    """The decisions of a model in a range of event time.

    Args:
        settings: Where Kafka and the state folder are.
        model: The policy of the model.
        time_range: The range.

    Raises:
        ConfigError: the policy does not permit it.

    Attributes:
        reader: Reads the events; it counts what is none.
    """

    def __init__(self, settings: Settings, model: ModelPolicy, time_range: TimeRange) -> None:
        self._settings, self._model, self._range = settings, model, time_range
        self._topic = published_topic(model)
        self._suppressed = SuppressionFile(Path(settings.state_dir)).load()
        self.reader = DecisionReader(model, time_range)

    def from_topic(self) -> Generator[Decision, None, None]:
        """Yield the decisions of the published topic, by partition and offset.

        Raises:
            BrokerUnavailableError: no broker answers, or it was lost.
        """
        with open_topic(self._settings, self._topic) as source:
            if not isinf(self._range.from_s):
                source.seek(earliest_offsets(source, self._model, self._range.from_s))
            else:
                source.seek(dict(source.begins))
            for partition in source.partitions:
                while (batch := source.next_batch(partition)) is not None:
                    yield from self._kept(decision for decision, _ in self.reader.read(batch))

    def from_store(self) -> Generator[Decision, None, None]:
        """Yield the decisions of the state folder, by day and in the order in which they were recorded.

        Raises:
            ConfigError: there is no store, or it cannot be read.
        """
        store = DecisionStore(Path(self._settings.state_dir))
        events = store.read(self._model.name, _day(self._range.from_s, _FIRST_DAY), _day(self._range.to_s, _LAST_DAY))
        found = (self.reader.read_one(one.topic, one.partition, one.offset, one.event) for one in events)
        yield from self._kept(decision for decision in found if decision is not None)

    def _kept(self, decisions: Iterator[Decision]) -> Iterator[Decision]:
        """Yield the decisions that name nobody who was erased."""
        if not self._suppressed:
            yield from decisions
            return
        for decision in decisions:
            if self._suppressed.isdisjoint(_texts_of(decision.input)):
                yield decision


def _texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts_of(member)
    elif isinstance(value, list):
        for member in value:
            yield from _texts_of(member)


def _day(time_s: float, default: str) -> str:
    try:
        return default if isinf(time_s) else datetime.fromtimestamp(time_s, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return default
