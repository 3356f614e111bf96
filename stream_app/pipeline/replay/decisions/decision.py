"""A decision as an audit lists it, read from an event that ingest published.

Identifiers are pseudonyms in it, since the event has nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.fields import labeled_parts, time_reader_of
from stream_app.pipeline.replay.decisions.where import member_of
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy

KEPT = ("explanation", "latency_ms", "anomaly_score")  # fields of these names, where the policy keeps them
_INVALID = (msgspec.MsgspecError, ValueError, TypeError, OverflowError, RecursionError)
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision.

    Attributes:
        request_id: Id of the request, a pseudonym.
        time: When it was made, ISO 8601 in UTC.
        model: Name of the model.
        version: Version of the model; None where the policy names no field for it.
        prediction: What was decided.
        probability: The score that it was made by; None where the policy names none.
        latency_ms: How long it took; None where no field ``latency_ms`` is kept.
        anomaly_score: How unusual the input was; None where no field ``anomaly_score`` is kept.
        explanation: Why; None where no field ``explanation`` is kept.
        features: The features, the attributes and the segment, by their names.
        input: The complete event, with pseudonyms for identifiers.
        topic: Topic of the event.
        partition: Its partition.
        offset: Its offset.
    """

    request_id: str
    time: str
    model: str
    version: str | int | None
    prediction: Any
    probability: float | int | None
    latency_ms: float | int | None
    anomaly_score: float | int | None
    explanation: Any
    features: dict[str, Any]
    input: dict[str, Any]
    topic: str
    partition: int
    offset: int


GROUPS = frozenset({"features", "input"})
FIELDS = frozenset(Decision.__struct_fields__) - GROUPS


class DecisionReader:
    """Reads the events of one model.

    Args:
        model: The policy of the model.
        time_range: Decisions of this time only; None for all.

    Attributes:
        n_unreadable: Records that are no events of this model.
        feature_names: Names of the features, the attributes and the segment.
    """

    def __init__(self, model: ModelPolicy, time_range: TimeRange | None = None) -> None:
        self.n_unreadable = 0
        self._model, self._range = model, time_range
        self._times = time_reader_of(model.event_time)
        named = {part.name: part.path for part in (*labeled_parts(model), *model.counted_features)}
        self._features = dict(sorted(named.items()))
        self.feature_names = tuple(self._features)
        kept = {path.rpartition(".")[2]: path for path in model.keep}
        self._kept = {name: kept.get(name) for name in KEPT}

    def read(self, batch: Batch) -> Iterator[tuple[Decision, bytes]]:
        """Yield each decision of the range with the bytes of its event."""
        for offset, value in zip(batch.offsets.tolist(), batch.values, strict=True):
            if value is not None and (decision := self.read_one(batch.topic, batch.partition, offset, value)):
                yield decision, value

    def read_one(self, topic: str, partition: int, offset: int, value: bytes) -> Decision | None:
        """Return a decision; None if it is not of the range, or no event of this model."""
        try:
            event = _decode(value)
            time_s = self._time_s(member_of(event, self._model.event_time.path))
            if self._range is not None and not self._range.from_s <= time_s < self._range.to_s:
                return None
            return self._decision(event, time_s, topic, partition, offset)
        except _INVALID:
            self.n_unreadable += 1
            return None

    def _time_s(self, value: Any) -> float:
        if isinstance(value, str) and self._model.event_time.format == "iso8601":
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError("not the time of an event")
            return moment.timestamp()
        column = self._times.read([value])
        if column.faults:
            raise ValueError("not the time of an event")
        return float(np.asarray(column.seconds)[0])

    def _decision(self, event: dict[str, Any], time_s: float, topic: str, partition: int, offset: int) -> Decision:
        model = self._model
        request_id = member_of(event, model.event_id.path)
        if not isinstance(request_id, str):
            raise TypeError("an event without its id")
        kept = {name: None if path is None else member_of(event, path) for name, path in self._kept.items()}
        return Decision(
            request_id=request_id,
            time=datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            model=model.name,
            version=_at(event, model.model_version),
            prediction=_at(event, model.decision.path if model.decision else None),
            probability=_at(event, model.score.path if model.score else None),
            latency_ms=kept["latency_ms"],
            anomaly_score=kept["anomaly_score"],
            explanation=kept["explanation"],
            features={name: member_of(event, path) for name, path in self._features.items()},
            input=event,
            topic=topic,
            partition=partition,
            offset=offset,
        )


def _at(event: Mapping[str, Any], path: str | None) -> Any:
    return None if path is None else member_of(event, path)
