"""From admitted events to counts by pane and cell: columns, summed in one pass and exactly.

Features are fixed-point integers below 2**20, so the sum of squares of up to 4,096 events stays below 2**52 and is
exact in the float64 of ``numpy.bincount``; longer batches are split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import compress
from math import prod
from typing import Any

import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from stream_app.core.amounts.scale import AmountScale
from stream_app.core.arrays import Floats
from stream_app.core.events.clusters import ClusterBuckets
from stream_app.core.events.schema import Schema
from stream_app.core.windows.cells import Cells
from stream_app.pipeline.ingest.fields import labeled_parts
from stream_app.pipeline.layout import (
    CLUSTER,
    DECISION,
    FAVORABLE,
    UNFAVORABLE,
    amount_scale_of,
    index_by_label,
    n_buckets_of,
    pane_layout_of,
)
from stream_app.policy import (
    BUCKET_FIELD,
    N_BUCKETS,
    OTHER,
    SCORE,
    UNKNOWN,
    Attribute,
    ModelPolicy,
    Segment,
    canonical_label,
    label_text,
    listed_decision,
)

Column = NDArray[np.int64]
OnCounted = Callable[[Column, Column | None], None]

MAX_EVENTS = 4096
# Maximum number of cached spellings, and of their combinations: hostile input must not grow memory.
_MAX_CACHED = 16_384
_MAX_CACHED_LENGTH = 64


class LabelIndex(dict[Any, int]):
    """Index of a label by its raw spelling; each new spelling is made canonical once.

    A boolean keeps its JSON type where it is the label itself, and a field that may be absent stays absent.
    """

    def __init__(self, labels: tuple[str, ...], labeled: Attribute | Segment, missing: Iterable[str]) -> None:
        super().__init__()
        self.labels = labels
        booleans = [value for value in (True, False) if label_text(value) in labels]
        self.as_declared = frozenset((*labels, None, UNSET, *booleans))
        self._by_label = index_by_label(labels, labeled.aliases, missing)
        self._other = len(labels) - 1

    def __missing__(self, raw: Any) -> int:
        spelling = UNKNOWN if raw is UNSET else label_text(raw)
        index = self._by_label.get(canonical_label(spelling), self._other)
        if len(spelling) <= _MAX_CACHED_LENGTH:
            if len(self) >= _MAX_CACHED:
                self.clear()
            self[raw] = index
        return index


class _CellCodes(dict[tuple[Any, ...], int]):
    """Code of a cell by the raw values of its labels; plus the number of cells where a spelling is not declared."""

    def __init__(self, indices: list[dict[Any, int]], sizes: list[int]) -> None:
        super().__init__()
        self._indices = indices
        self._sizes = sizes

    def __missing__(self, values: tuple[Any, ...]) -> int:
        code = 0
        for index, size, value in zip(self._indices, self._sizes, values, strict=True):
            code = code * size + index[value]
        if any(
            isinstance(i, LabelIndex) and v not in i.as_declared for i, v in zip(self._indices, values, strict=True)
        ):
            code += prod(self._sizes)
        if all(value in index for index, value in zip(self._indices, values, strict=True)):  # no spelling is too long
            if len(self) >= _MAX_CACHED:
                self.clear()
            self[values] = code
        return code


class EventCounter:
    """Counts the events of one model.

    Args:
        model: The policy of the model.
        schema: Its compiled decoder.
        on_counted: Receives the cell of each event without the bucket of its cluster, and its score in fixed point if
            there are scores, as int64 columns.
        is_published: Whether the events were published: then they contain the number of the bucket.
    """

    def __init__(
        self,
        model: ModelPolicy,
        schema: Schema,
        on_counted: OnCounted | None = None,
        *,
        is_published: bool = False,
    ) -> None:
        self.layout = pane_layout_of(model)
        self._on_counted = on_counted
        self._pane_s = model.event_time.pane_s
        labeled = labeled_parts(model)
        paths = [part.path for part in labeled]
        label_indices = [
            LabelIndex(labels, part, model.missing)
            for part, (_, labels) in zip(labeled, self.layout.dimensions, strict=False)
        ]
        self._labeled = [
            (schema.getter(path), schema.setter(path), index) for path, index in zip(paths, label_indices, strict=True)
        ]
        getters = [schema.getter(path) for path in paths]
        indices: list[dict[Any, int]] = [*label_indices]
        self._amounts = amount_scale_of(model)
        self._is_listed = (decision := listed_decision(model.decision)) is not None
        if decision is not None:
            _, labels = self.layout.dimensions[self.layout.position_of(DECISION)]
            outcome = {value: labels.index(UNFAVORABLE) for value in decision.unfavorable}
            getters.append(schema.getter(decision.path))
            indices.append(outcome | dict.fromkeys(decision.favorable_values, labels.index(FAVORABLE)))
        self._getters = getters
        binned = {SCORE, CLUSTER} if self._amounts is None else {SCORE, CLUSTER, DECISION}
        sizes = [len(labels) for name, labels in self.layout.dimensions if name not in binned]
        self._n_labeled = prod(sizes)  # number of cells before they are split by score, or amount
        self._codes = _CellCodes(indices, sizes)
        self._features: list[tuple[Callable[[Any], Any], Callable[[Floats], Floats | Column], bool]] = [
            (schema.getter(feature.path), partial(_to_fixed, scale=feature.scale), feature.is_required)
            for feature in model.counted_features
        ]
        self._edges = np.array(() if model.score is None else model.score.edges)
        if self._amounts is not None:
            amount_of, _, is_required = self._features[-1]
            self._features[-1] = (amount_of, self._amounts.to_fixed_many, is_required)
        self._n_buckets = n_buckets_of(model)
        self._buckets_of = None if model.cluster is None else _bucket_reader(model, schema, is_published=is_published)
        self._described: dict[int, tuple[str, tuple[str, ...]]] = {}

    def count(self, events: list[Any], times_s: NDArray[np.int64]) -> Iterator[tuple[int, Cells]]:
        """Yield pane start and counts of some events; one pane may come several times.

        Every spelling of a label in the events is replaced by the label, so free text in the field of a group does not
        get beyond this point.
        """
        for first in range(0, len(events), MAX_EVENTS):
            last = first + MAX_EVENTS
            yield from self._count_part(events[first:last], times_s[first:last])

    def tally(self, cells: Cells, outcomes: Counter[str], overflow: Counter[str]) -> None:
        """Add the events of some cells to counts by outcome, and by dimension with a value that is not listed."""
        for code, vector in cells.items():
            known = self._described.get(code)
            if known is None:
                if len(self._described) >= _MAX_CACHED:
                    self._described.clear()
                known = self._described[code] = self._describe(code)
            outcome, others = known
            outcomes[outcome] += vector[0]
            for name in others:
                overflow[name] += vector[0]

    def _write_labels(self, events: list[Any]) -> None:
        for get, overwrite, index in self._labeled:
            spellings = map(get, events)
            overwrite(events, [s if s in index.as_declared else index.labels[index[s]] for s in spellings])

    def _describe(self, code: int) -> tuple[str, tuple[str, ...]]:
        named = [
            (name, label) for (name, _), label in zip(self.layout.dimensions, self.layout.labels_of(code), strict=True)
        ]
        outcome = dict(named)[DECISION] if self._is_listed else "event"
        return outcome, tuple(name for name, label in named if label == OTHER)

    def _count_part(self, events: list[Any], times_s: NDArray[np.int64]) -> Iterator[tuple[int, Cells]]:
        buckets = None if self._buckets_of is None else self._buckets_of(events)  # before spellings are replaced
        columns = [map(get, events) for get in self._getters]
        codes = np.fromiter(map(self._codes.__getitem__, zip(*columns, strict=True)), np.int64, len(events))
        is_spelled = codes >= self._n_labeled
        if is_spelled.any():
            self._write_labels(list(compress(events, is_spelled.tolist())))
            codes %= self._n_labeled
        scores = None
        if len(self._edges):
            codes, scores = self._by_score(codes, events)
        elif self._amounts is not None:
            codes = self._by_amount(codes, events, self._amounts)
        if self._on_counted is not None:
            self._on_counted(codes, scores)
        if buckets is not None:
            codes = codes * self._n_buckets + buckets
        size = self.layout.size
        panes = times_s // self._pane_s
        first_pane = int(panes.min())
        keys, group = np.unique((panes - first_pane) * size + codes, return_inverse=True)
        vectors = np.column_stack(list(self._sums(events, group, len(keys)))).tolist()
        by_pane: dict[int, Cells] = {}
        for key, vector in zip(keys.tolist(), vectors, strict=True):
            pane, code = divmod(key, size)
            by_pane.setdefault(pane, {})[code] = vector
        for pane, cells in by_pane.items():
            yield (pane + first_pane) * self._pane_s, cells

    def _by_score(self, codes: Column, events: list[Any]) -> tuple[Column, Column]:
        """Split cells by the bin of the score; return them, and the scores in fixed point."""
        score_of, to_fixed, _ = self._features[-1]
        scores = np.array(list(map(score_of, events)), np.float64)
        bins = np.searchsorted(self._edges, scores, side="right")
        return codes * (len(self._edges) + 1) + bins, to_fixed(scores).astype(np.int64)

    def _by_amount(self, codes: Column, events: list[Any], scale: AmountScale) -> Column:
        """Split cells by the bin of the amount."""
        amount_of, _, _ = self._features[-1]
        bins = scale.bins_of(scale.to_fixed_many(np.array(list(map(amount_of, events)), np.float64)))
        by_bin: Column = codes * scale.n_bins + bins
        return by_bin

    def _sums(self, events: list[Any], group: NDArray[np.intp], n_groups: int) -> Iterable[NDArray[np.int64]]:
        yield np.bincount(group, minlength=n_groups)
        for get, to_fixed, is_required in self._features:
            raw = list(map(get, events))
            present, values = group, raw
            if not is_required:
                has = np.array([value is not None and value is not UNSET for value in raw], np.bool_)
                present, values = group[has], list(compress(raw, has.tolist()))
            fixed = to_fixed(np.array(values, np.float64))
            yield np.bincount(present, minlength=n_groups)
            for weights in (fixed, fixed * fixed):
                yield np.bincount(present, weights=weights, minlength=n_groups).astype(np.int64)


def _to_fixed(values: Floats, scale: int) -> Floats:
    fixed: Floats = np.rint(values * scale)
    return fixed


def _bucket_reader(model: ModelPolicy, schema: Schema, *, is_published: bool) -> Callable[[list[Any]], Column]:
    """Return what reads the bucket of each event; into raw events it writes the number that is published."""
    published = schema.getter(BUCKET_FIELD)
    if is_published:

        def read(events: list[Any]) -> Column:
            numbers = (N_BUCKETS if type(number) is not int else number for number in map(published, events))
            return np.fromiter(numbers, np.int64, len(events))

        return read
    assert model.cluster is not None
    cluster_of, write = schema.getter(model.cluster), schema.setter(BUCKET_FIELD)
    clusters = ClusterBuckets(model.missing)

    def find(events: list[Any]) -> Column:
        buckets = clusters.column(map(cluster_of, events))
        write(events, (UNSET if bucket == N_BUCKETS else bucket for bucket in buckets.tolist()))
        return buckets

    return find
