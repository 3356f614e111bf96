"""Group, score, features, logged decision and outcome of each decision of a time range, as columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from stream_app.core.alternatives.tables import NOT_KNOWN
from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.events.schema import Schema
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.search.columns import EventColumns
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.search.scores import ScoreSource, features_reader
from stream_app.pipeline.replay.source_log import replay_starts
from stream_app.pipeline.replay.sources import TakeEvents
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy


class CaseColumns(NamedTuple):
    """The decisions, each column of shape (n,).

    Attributes:
        groups: Number of the group, in the order of ``labels_of``.
        scores: Score; NaN for none.
        favorable: Logged decision, 0 or 1.
        outcomes: ``NOT_KNOWN``, ``BAD`` or ``GOOD``.
        features: Declared features in the order of the policy, shape (n, features), NaN for a missing value; None
            where they were not needed.
    """

    groups: Ints
    scores: Floats
    favorable: Ints
    outcomes: Ints
    features: Floats | None = None

    def part(self, chosen: Bools | slice) -> CaseColumns:
        """Return some of the decisions."""
        features = None if self.features is None else self.features[chosen]
        return CaseColumns(
            self.groups[chosen], self.scores[chosen], self.favorable[chosen], self.outcomes[chosen], features
        )


class Cases:
    """Collects the decisions of a time range; 32 bytes of memory for each, and 8 for each of its features.

    Args:
        model: The policy of the model.
        attribute: Place of the attribute in the policy.
        source: Where scores come from; None where they are not needed.
        time_range: What is collected, extended to complete comparison periods.
        outcomes: The outcomes, all read before the first event; None where they are not looked at.
        has_features: Whether the declared features are collected.
    """

    def __init__(
        self,
        model: ModelPolicy,
        attribute: int,
        source: ScoreSource | None,
        time_range: TimeRange,
        outcomes: OutcomeLabels | None,
        *,
        has_features: bool = False,
    ) -> None:
        self._model, self._attribute, self._source, self._outcomes = model, attribute, source, outcomes
        self._time_range = time_range.aligned(model.period_s)
        self._paths = [feature.path for feature in model.features] if has_features else None
        self._parts: list[CaseColumns] = []

    def observe(self, schema: Schema) -> TakeEvents:
        """Return what takes counted events from any compiled decoder."""
        columns = EventColumns(self._model, schema, has_ids=self._outcomes is not None)
        scores_of = None if self._source is None else self._source.reader_of(schema)
        features_of = None if self._paths is None else features_reader(self._paths, schema)

        def take(_: int, events: list[Any], __: Ints, times_s: Ints) -> None:
            is_inside = (times_s >= self._time_range.from_s) & (times_s < self._time_range.to_s)
            inside = [events[place] for place in np.flatnonzero(is_inside).tolist()]
            tags, n = columns.id_tags(inside), len(inside)
            outcomes = np.full(n, NOT_KNOWN, np.int64)
            if self._outcomes is not None and tags is not None:
                outcomes = self._outcomes.find(tags)
            scores = np.full(n, np.nan) if scores_of is None else scores_of(inside)
            groups = columns.groups(self._attribute, inside)
            features = None if features_of is None else features_of(inside)
            self._parts.append(CaseColumns(groups, scores, columns.favorable(inside), outcomes, features))

        return take

    def collect(self, sources: ModelSources) -> None:
        """Read every partition, from before the time range to its end.

        Raises:
            PolicyError: published events do not fit the policy.
        """
        log = sources.log
        log.seek(replay_starts(log, self._model, self._time_range, sources.kind))
        for partition in log.partitions:
            counter = sources.new_counter(self._model, {})
            while (batch := sources.next_batch(partition)) is not None:
                for _ in counter.count(batch):  # what it counts goes through ``observe``
                    pass
                if counter.closed_before_s is not None and counter.closed_before_s >= self._time_range.to_s:
                    break

    def columns(self) -> CaseColumns:
        """Return all decisions that were collected."""
        if not self._parts:
            none = np.zeros(0, np.int64)
            features = None if self._paths is None else np.zeros((0, len(self._paths)))
            return CaseColumns(none, np.zeros(0), none, none, features)
        groups, scores, favorable, outcomes, _ = zip(*self._parts, strict=True)
        tables = [part.features for part in self._parts if part.features is not None]
        return CaseColumns(
            np.concatenate(groups),
            np.concatenate(scores),
            np.concatenate(favorable),
            np.concatenate(outcomes),
            np.concatenate(tables) if tables else None,
        )
