"""How unlike the events of a reference each event is: a score that is published, and a tag that is counted.

The numbers of a batch become one matrix, so a forest is asked once for each batch. A score depends on the event alone,
so it does not matter which events are in a batch with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import compress
from typing import Any, Protocol

import numpy as np
from msgspec import UNSET

from stream_app.core.arrays import Floats
from stream_app.core.events.schema import Schema
from stream_app.pipeline.layout import FAVORABLE, UNFAVORABLE
from stream_app.policy import ANOMALY_FIELD, SCORE, Anomalies, ModelPolicy, listed_decision

DIGITS = 3  # of a published score
EVENT = "event"  # outcome of what has no decision, or an amount


class AnomalyScorer(Protocol):
    """Scores events against a reference."""

    def score(self, values: Floats) -> Floats:
        """Return the anomaly score of each event, from 0 to 1, float64, shape (n,).

        Args:
            values: The numbers of each event in the order of ``anomalies.features``, float64, shape (n, n_features);
                nan where an event has none.
        """


class FeatureMatrix:
    """Reads the numbers that a forest sees of an event.

    Args:
        model: The policy of the model.
        features: Names of declared features, and ``score``.
        schema: The decoder of the events.
    """

    def __init__(self, model: ModelPolicy, features: Iterable[str], schema: Schema) -> None:
        path_of = {feature.name: feature.path for feature in model.features}
        if model.score is not None:
            path_of[SCORE] = model.score.path
        self._getters = [schema.getter(path_of[name]) for name in features]

    def read(self, events: list[Any]) -> Floats:
        """Return the numbers of some events, float64, shape (n, n_features); nan where an event has none."""
        return np.column_stack([_column(list(map(get, events))) for get in self._getters])


class AnomalyTags:
    """Writes the anomaly score into the events of one model and counts those that are tagged.

    Args:
        model: The policy of the model.
        anomalies: What it declares about anomalies.
        schema: The decoder of the events.
        scorer: Scores them.

    Cost: about 3.5 microseconds for each event with a forest of 50 trees (``make bench`` prints it).
    """

    def __init__(self, model: ModelPolicy, anomalies: Anomalies, schema: Schema, scorer: AnomalyScorer) -> None:
        self._matrix = FeatureMatrix(model, anomalies.features, schema)
        self._scorer, self._threshold = scorer, anomalies.threshold
        self._write = schema.setter(ANOMALY_FIELD)
        decision = listed_decision(model.decision)
        self._decision_of = None if decision is None else schema.getter(decision.path)
        self._favorable = frozenset(() if decision is None else decision.favorable_values)

    def tag(self, events: list[Any]) -> Counter[str]:
        """Write the score of each event into it; return the tagged events by outcome."""
        scores = np.round(self._scorer.score(self._matrix.read(events)), DIGITS)
        self._write(events, scores.tolist())
        is_tagged = scores >= self._threshold
        return Counter(map(self._outcome_of, compress(events, is_tagged.tolist())))

    def _outcome_of(self, event: Any) -> str:
        if self._decision_of is None:
            return EVENT
        return FAVORABLE if self._decision_of(event) in self._favorable else UNFAVORABLE


def _column(values: list[Any]) -> Floats:
    try:
        return np.array(values, np.float64)  # None becomes nan
    except TypeError:  # an absent value is no number
        return np.array([np.nan if value is UNSET else value for value in values], np.float64)
