"""The decisions of a single alternative, written into the events before they are counted: its own replay."""

from __future__ import annotations

from typing import Any

import numpy as np

from stream_app.core.alternatives.rules import decide
from stream_app.core.arrays import Ints
from stream_app.core.events.schema import Schema
from stream_app.pipeline.replay.search.columns import EventColumns, labels_of
from stream_app.pipeline.replay.search.decided_cuts import DecidedCounts
from stream_app.pipeline.replay.search.rules import AlternativeRule
from stream_app.pipeline.replay.search.scores import ScoreSource
from stream_app.pipeline.replay.sources import Observe, TakeEvents
from stream_app.policy import ModelPolicy


class DecidingRule:
    """Decides every event by a rule; nothing else of it changes.

    Args:
        model: The policy of the model, with a decision.
        rule: The rule.
        source: Where the scores come from.
        observe: Receives the events after that.
        counts: Counts the favorable ones by segment, where segments have cuts of their own.
    """

    def __init__(
        self,
        model: ModelPolicy,
        rule: AlternativeRule,
        source: ScoreSource,
        observe: Observe | None = None,
        counts: DecidedCounts | None = None,
    ) -> None:
        self._model, self._source, self._next, self._counts = model, source, observe, counts
        segments = ("",) if model.segment is None else labels_of(model.segment)
        self._cuts = [rule.by_segment.get(segment, rule.cut) for segment in segments]

    def observe(self, schema: Schema) -> TakeEvents:
        """Return what takes the events of any compiled decoder, changes their decision, and passes them on."""
        decision = self._model.decision
        assert decision is not None
        columns = EventColumns(self._model, schema, has_ids=False)
        scores_of, overwrite = self._source.reader_of(schema), schema.setter(decision.path)
        get = schema.getter(decision.path)
        favorable, unfavorable = decision.favorable_values[0], decision.unfavorable[0]
        count = None if self._counts is None else self._counts.reader_of(columns)
        pass_on = None if self._next is None else self._next(schema)

        def take(partition: int, events: list[Any], offsets: Ints, times_s: Ints) -> None:
            logged = columns.favorable(events)
            decided = decide(self._cuts, scores_of(events), columns.segments(events), logged)
            values = list(map(get, events))
            for place in np.flatnonzero(decided != logged).tolist():
                values[place] = favorable if decided[place] else unfavorable
            overwrite(events, values)
            if count is not None:
                count(events, decided, times_s)
            if pass_on is not None:
                pass_on(partition, events, offsets, times_s)

        return take
