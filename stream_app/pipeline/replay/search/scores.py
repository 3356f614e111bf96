"""Where the scores of alternatives come from: a logged number, or a model that scores the logged features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from msgspec import UNSET

from stream_app.core.arrays import Floats
from stream_app.core.events.schema import Schema
from stream_app.policy import ModelPolicy

ScoresOf = Callable[[list[Any]], Floats]  # NaN where an event has no score


class ScoreSource(Protocol):
    """What gives each event a score.

    Attributes:
        name: What people call it.
    """

    name: str

    def reader_of(self, schema: Schema) -> ScoresOf:
        """Return what scores decoded events."""


class LoggedScore:
    """A number in the record; a ``ScoreSource``.

    Args:
        path: Its place.
    """

    def __init__(self, path: str) -> None:
        self.name = path

    def reader_of(self, schema: Schema) -> ScoresOf:
        """Return what reads the number of decoded events."""
        get = schema.getter(self.name)
        return lambda events: numbers_of(list(map(get, events)))


class ModelScore:
    """A model that scores the declared features, in the order of the policy; a ``ScoreSource``.

    Neither protected attributes nor identifiers are among them. An event that lacks a feature has no score.

    Args:
        name: What people call it: the name of its file.
        model: The policy of the model whose log is read.
        score: Returns the score of each row of a table of features, shape (n, features) to (n,).
    """

    def __init__(self, name: str, model: ModelPolicy, score: Callable[[Floats], Floats]) -> None:
        self.name = name
        self._paths = [feature.path for feature in model.features]
        self._score = score

    def reader_of(self, schema: Schema) -> ScoresOf:
        """Return what scores decoded events."""
        features_of = features_reader(self._paths, schema)

        def scores_of(events: list[Any]) -> Floats:
            rows = features_of(events)
            is_complete = ~np.isnan(rows).any(axis=1)
            scores = np.full(len(events), np.nan)
            if is_complete.any():
                scores[is_complete] = self._score(rows[is_complete])
            return scores

        return scores_of


def features_reader(paths: Sequence[str], schema: Schema) -> Callable[[list[Any]], Floats]:
    """Return what reads numbers of decoded events as a table, shape (n, paths); NaN for a missing value."""
    getters = [schema.getter(path) for path in paths]
    return lambda events: np.column_stack([numbers_of(list(map(get, events))) for get in getters])


def numbers_of(values: list[Any]) -> Floats:
    """Return a column of numbers; NaN for a missing value.

    >>> numbers_of([1, None, UNSET, 0.5]).tolist()
    [1.0, nan, nan, 0.5]
    """
    try:
        return np.array(values, np.float64)  # None is NaN there
    except TypeError:
        return np.array([np.nan if value is UNSET else value for value in values], np.float64)
