"""Individual consistency of a time range: were similar cases decided alike? From a sample of its records.

Individual consistency compares records with each other, so it is not a sum over cells and only a replay can compute it.
Similar are records whose declared features are close, each feature mapped to [0, 1] by its least and greatest value in
the sample. Neither identifiers nor protected attributes are among the features.

Which records are in the sample depends on their offsets in the source log alone, so raw records and published events,
and every further replay, give the same sample and the same value.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.core.events.schema import Schema
from stream_app.core.fairness.consistency import consistency, to_unit_range
from stream_app.pipeline.replay.sources import TakeEvents
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy

MAX_SAMPLED = 20_000
N_NEIGHBORS = 5
NO_FEATURES, FEWER_THAN_K = "no_features", "fewer_than_k"


class Similarity(msgspec.Struct, frozen=True, kw_only=True):
    """How similar cases were decided.

    Attributes:
        value: In [0, 1]; 1 when every case was decided like its neighbors; None with a reason.
        n: Records that were compared; None when they are fewer than k.
        n_complete: Counted records of the range with all features, from which those were chosen; likewise.
        n_neighbors: Neighbors of each record.
        features: Names of the features.
        reason: Why there is no value.
    """

    value: float | None
    n: int | None
    n_complete: int | None
    n_neighbors: int
    features: tuple[str, ...]
    reason: str | None


class SimilarCases:
    """A sample of the records of a time range: those whose offsets have the smallest hashes.

    Cost: 20 bytes for each record and 8 for each feature, for twice ``max_records``.

    Args:
        model: The policy of the model.
        time_range: Records of this event time.
        max_records: Maximum number of records in the sample, 1 to ``MAX_SAMPLED``.
    """

    def __init__(self, model: ModelPolicy, time_range: TimeRange, max_records: int) -> None:
        self.n_complete = 0
        self._model = model
        self._time_range = time_range.aligned(model.event_time.pane_s)
        self._max_records = max_records
        self._hashes = np.zeros(0, np.uint64)
        self._features = np.zeros((0, len(model.features)))
        self._favorable = np.zeros(0, np.bool_)

    def reader_of(self, schema: Schema) -> TakeEvents:
        """Return a function that takes counted events: partition, events, source offsets and event times."""
        decision = self._model.decision
        if not self._model.features or decision is None:
            return lambda *_: None
        getters = [schema.getter(feature.path) for feature in self._model.features]
        get_decision, favorable = schema.getter(decision.path), frozenset(decision.favorable_values)

        def take(partition: int, events: list[Any], offsets: NDArray[np.int64], times_s: NDArray[np.int64]) -> None:
            is_inside = (times_s >= self._time_range.from_s) & (times_s < self._time_range.to_s)
            if not is_inside.any():
                return
            columns = np.column_stack([_numbers(list(map(get, events))) for get in getters])
            is_favorable = np.array([get_decision(event) in favorable for event in events], np.bool_)
            is_complete = is_inside & ~np.isnan(columns).any(axis=1)
            self._add(hash_of(partition, offsets[is_complete]), columns[is_complete], is_favorable[is_complete])

        return take

    def compare(self, k: int) -> Similarity:
        """Return the consistency of the sample.

        Args:
            k: Nothing is disclosed about fewer records; 0 to disclose any number.
        """
        order = np.argsort(self._hashes)[: self._max_records]
        n = len(order)
        names = tuple(feature.name for feature in self._model.features)
        value: float | None = None
        reason: str | None = NO_FEATURES
        if names:
            score = consistency(to_unit_range(self._features[order]), self._favorable[order], N_NEIGHBORS)
            value, reason = score.value, score.reason
        is_hidden = bool(names) and n < k
        return Similarity(
            value=None if is_hidden else value,
            n=None if is_hidden else n,
            n_complete=None if is_hidden else self.n_complete,
            n_neighbors=N_NEIGHBORS,
            features=names,
            reason=FEWER_THAN_K if is_hidden else reason,
        )

    def _add(self, hashes: NDArray[np.uint64], features: NDArray[np.float64], favorable: NDArray[np.bool_]) -> None:
        self.n_complete += len(hashes)
        self._hashes = np.concatenate([self._hashes, hashes])
        self._features = np.concatenate([self._features, features])
        self._favorable = np.concatenate([self._favorable, favorable])
        if len(self._hashes) > 2 * self._max_records:
            kept = np.argpartition(self._hashes, self._max_records)[: self._max_records]
            self._hashes, self._features = self._hashes[kept], self._features[kept]
            self._favorable = self._favorable[kept]


def hash_of(partition: int, offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a pseudorandom number for each offset of a partition, uint64; different offsets never collide.

    Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators" (the finalizer of SplitMix64).

    >>> hash_of(0, np.array([0, 1])).tolist(), len(set(hash_of(1, np.arange(1000)).tolist()))
    ([16294208416658607535, 10451216379200822465], 1000)
    """
    mixed = offsets.astype(np.uint64) | np.uint64(partition << 48)
    mixed = mixed + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _numbers(values: list[Any]) -> NDArray[np.float64]:
    """Return a column of numbers; NaN for a missing value."""
    return np.array([np.nan if value is None or value is UNSET else value for value in values], np.float64)
