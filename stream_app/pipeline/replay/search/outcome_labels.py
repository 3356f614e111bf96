"""The outcomes of decisions by event id, read from the raw topic of the outcomes before the decisions are counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stream_app.core.alternatives.tables import BAD, GOOD, NOT_KNOWN
from stream_app.core.arrays import Ints
from stream_app.core.windows.deduplication import Tags
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.reading import RecordReader
from stream_app.pipeline.replay.search.columns import tags_of
from stream_app.policy import ModelPolicy, declared_outcome, outcome_records_of

Labels = NDArray[np.int8]

_NO_TAGS = np.zeros(0, np.uint64)


class OutcomeLabels:
    """The first outcome of each event id, whenever it came.

    Takes 9 bytes of memory for an outcome.

    Args:
        model: The policy of the model, with an outcome.

    Attributes:
        n_rejected: Outcomes that the policy rejects.
    """

    def __init__(self, model: ModelPolicy) -> None:
        outcome = declared_outcome(model)
        records = outcome_records_of(model)
        self.n_rejected = 0
        self._reader = RecordReader(records)
        self._label_of = self._reader.schema.getter(outcome.path)
        self._favorable = frozenset(records.decision.favorable_values if records.decision else ())
        self._parts: list[tuple[Tags, Labels]] = []
        self._tags, self._labels = _NO_TAGS, np.zeros(0, np.int8)

    def take(self, batch: Batch) -> None:
        """Read the next raw outcomes of a partition."""
        outcomes = self._reader.read(batch)
        self.n_rejected += len(outcomes.rejected)
        if len(outcomes):
            is_good = np.fromiter(
                (self._label_of(event) in self._favorable for event in outcomes.events), np.bool_, len(outcomes)
            )
            labels = np.where(is_good, GOOD, BAD).astype(np.int8)
            self._parts.append((tags_of(outcomes.identifier_values(0)), labels))

    def finish(self) -> None:
        """Sort what was read; afterwards outcomes can be found."""
        if self._parts:
            tags = np.concatenate([part for part, _ in self._parts])
            self._tags, firsts = np.unique(tags, return_index=True)  # the first one of each
            self._labels = np.concatenate([labels for _, labels in self._parts])[firsts]
            self._parts.clear()

    def __len__(self) -> int:
        return len(self._tags)

    def find(self, tags: Tags) -> Ints:
        """Return the outcome of each event id: ``GOOD``, ``BAD`` or ``NOT_KNOWN``."""
        outcomes = np.full(len(tags), NOT_KNOWN, np.int64)
        if len(self._tags):
            places = np.minimum(np.searchsorted(self._tags, tags), len(self._tags) - 1)
            is_known = self._tags[places] == tags
            outcomes[is_known] = self._labels[places[is_known]]
        return outcomes
