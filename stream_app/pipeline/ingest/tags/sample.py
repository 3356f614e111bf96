"""The numbers of a sample of records, to fit a reference to."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from stream_app.core.arrays import Floats
from stream_app.errors import ConfigError
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.ingest.tags.anomalies import FeatureMatrix
from stream_app.policy import SCORE, ModelPolicy


def known_features(model: ModelPolicy) -> tuple[str, ...]:
    """Return the names of the numbers that a model has: its features, and its score."""
    return (*(feature.name for feature in model.features), *((SCORE,) if model.score is not None else ()))


def choose_features(model: ModelPolicy, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the features that a reference sees: the named ones, else those of the policy's ``anomalies``, else all.

    Raises:
        ConfigError: the model has no such feature, or none at all.
    """
    known = known_features(model)
    declared = () if model.anomalies is None else model.anomalies.features
    chosen = tuple(dict.fromkeys(names)) or declared or known
    if unknown := [name for name in chosen if name not in known]:
        raise ConfigError(
            f"{unknown[0]!r} is not a feature of {model.name}", action=f"Known: {', '.join(known) or 'none'}"
        )
    if not chosen:
        raise ConfigError(
            f"{model.name} has no features and no score, so there is nothing to compare", action="Declare a feature"
        )
    return chosen


def sample_numbers(model: ModelPolicy, features: tuple[str, ...], batches: Iterable[Batch]) -> Floats:
    """Return the features of the valid records, float64, shape (n, n_features); nan where a record has none."""
    reader = RecordReader(model)
    matrix = FeatureMatrix(model, features, reader.schema)
    parts = [matrix.read(reader.read(batch).events) for batch in batches]
    return np.concatenate([np.zeros((0, len(features))), *parts])
