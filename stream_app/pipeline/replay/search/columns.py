"""The columns of decoded events that alternatives are counted by: groups, segment, logged decision, event id."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np

from stream_app.core.arrays import Ints
from stream_app.core.events.identifiers import CANONICAL
from stream_app.core.events.schema import Schema
from stream_app.core.windows.deduplication import Tags
from stream_app.pipeline.ingest.counting import LabelIndex
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy, Segment


class EventColumns:
    """Reads columns of decoded events of one model.

    Args:
        model: The policy of the model, with a decision.
        schema: The decoder of the events.
        has_ids: Whether the events have their ids: raw records have.
    """

    def __init__(self, model: ModelPolicy, schema: Schema, *, has_ids: bool) -> None:
        assert model.decision is not None
        self._groups = [_numbers_of(attribute, model, schema) for attribute in model.attributes]
        self._segment = None if model.segment is None else _numbers_of(model.segment, model, schema)
        self._decision_of = schema.getter(model.decision.path)
        self._favorable = frozenset(model.decision.favorable_values)
        self._id_of = schema.getter(model.event_id.path) if has_ids else None
        self._canonical = CANONICAL[model.event_id.canonical]

    def groups(self, number: int, events: list[Any]) -> Ints:
        """Return the number of the group of one attribute, in the order of ``labels_of``."""
        return self._groups[number](events)

    def segments(self, events: list[Any]) -> Ints:
        """Return the number of the segment, in the order of ``labels_of``; 0 where the policy has none."""
        return np.zeros(len(events), np.int64) if self._segment is None else self._segment(events)

    def favorable(self, events: list[Any]) -> Ints:
        """Return whether each logged decision is favorable, 0 or 1."""
        decisions = map(self._favorable.__contains__, map(self._decision_of, events))
        return np.fromiter(decisions, np.int64, len(events))

    def id_tags(self, events: list[Any]) -> Tags | None:
        """Return a hash of each event id; None where the events have none."""
        if self._id_of is None:
            return None
        return tags_of(list(map(self._canonical, map(self._id_of, events))))


def labels_of(labeled: Attribute | Segment) -> tuple[str, ...]:
    """Return the labels of a dimension as layouts have them: with ``unknown`` and ``__other__`` as the last."""
    labels = labeled.groups if isinstance(labeled, Attribute) else labeled.values
    return (*labels, UNKNOWN, OTHER)


def tags_of(ids: list[bytes]) -> Tags:
    """Return a 64-bit hash of each canonical event id, for the memory of one search only."""
    digests = b"".join(blake2b(value, digest_size=8).digest() for value in ids)
    return np.frombuffer(digests, np.uint64)


def _numbers_of(labeled: Attribute | Segment, model: ModelPolicy, schema: Schema) -> Callable[[list[Any]], Ints]:
    get, index = schema.getter(labeled.path), LabelIndex(labels_of(labeled), labeled, model.missing)
    return lambda events: np.fromiter(map(index.__getitem__, map(get, events)), np.int64, len(events))
