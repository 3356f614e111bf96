"""Counts the decisions of every alternative in one pass over the sources of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from stream_app.core.alternatives.tables import NOT_KNOWN, ScoreTable, places_of
from stream_app.core.arrays import Ints
from stream_app.core.events.schema import Schema
from stream_app.pipeline.replay.dispositions import Dispositions
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.search.columns import EventColumns, labels_of
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.search.scores import ScoreSource
from stream_app.pipeline.replay.source_log import replay_starts
from stream_app.pipeline.replay.sources import TakeEvents
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.policy import ModelPolicy


class AlternativeCounts:
    """Tables of counts, one for each source of scores and each attribute.

    Args:
        model: The policy of the model, with attributes.
        sources: Where scores come from.
        cuts: The cuts, rising.
        time_range: What is counted; it is extended to complete comparison periods, as a replay of the range does.
        outcomes: The outcomes, all read before the first event; None where outcomes are not looked at.
        by_segment: Whether segments have cuts of their own.

    Attributes:
        tables: By source and attribute, in order.
        dispositions: Disposition of the records that were read.
        begins: First offset that was read, by partition.
    """

    def __init__(
        self,
        model: ModelPolicy,
        sources: Sequence[ScoreSource],
        cuts: Sequence[float],
        time_range: TimeRange,
        outcomes: OutcomeLabels | None,
        *,
        by_segment: bool,
    ) -> None:
        self._model, self._sources, self._outcomes = model, sources, outcomes
        self._cuts = np.array(cuts, np.float64)
        self._time_range = time_range.aligned(model.period_s)
        self._by_segment = by_segment
        n_segments = len(labels_of(model.segment)) if by_segment and model.segment is not None else 1
        self.tables = [
            [ScoreTable(self._cuts, n_segments, len(labels_of(attribute))) for attribute in model.attributes]
            for _ in sources
        ]
        self.dispositions = Dispositions()
        self.begins: dict[int, int] = {}

    def observe(self, schema: Schema) -> TakeEvents:
        """Return what takes counted events from any compiled decoder."""
        columns = EventColumns(self._model, schema, has_ids=self._outcomes is not None)
        readers = [source.reader_of(schema) for source in self._sources]

        def take(_: int, events: list[Any], __: Ints, times_s: Ints) -> None:
            is_inside = (times_s >= self._time_range.from_s) & (times_s < self._time_range.to_s)
            if not is_inside.all():
                events = [events[place] for place in np.flatnonzero(is_inside).tolist()]
            if not events:
                return
            segments = columns.segments(events) if self._by_segment else np.zeros(len(events), np.int64)
            favorable = columns.favorable(events)
            tags = columns.id_tags(events)
            outcomes = (
                np.full(len(events), NOT_KNOWN, np.int64)
                if self._outcomes is None or tags is None
                else self._outcomes.find(tags)
            )
            places = [places_of(self._cuts, scores_of(events)) for scores_of in readers]
            for number in range(len(self._model.attributes)):
                groups = columns.groups(number, events)
                for place, tables in zip(places, self.tables, strict=True):
                    tables[number].add(segments, groups, favorable, outcomes, place)

        return take

    def count(self, sources: ModelSources) -> None:
        """Read every partition, from before the time range to its end.

        Raises:
            PolicyError: published events do not fit the policy.
        """
        log = sources.log
        self.begins = replay_starts(log, self._model, self._time_range, sources.kind)
        log.seek(self.begins)
        for partition in log.partitions:
            counter = sources.new_counter(self._model, {})
            while (batch := sources.next_batch(partition)) is not None:
                for _ in counter.count(batch):  # what it counts goes through ``observe``
                    pass
                if counter.closed_before_s is not None and counter.closed_before_s >= self._time_range.to_s:
                    break
            self.dispositions.add(counter.dispositions)
