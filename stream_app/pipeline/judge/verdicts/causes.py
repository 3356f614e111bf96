"""From cells to the cause of a pair's gap: counts by segment and by period, and sums of features of both groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from stream_app.core.cause.cause import Cause, explain_pair
from stream_app.core.cause.decomposition import Counts
from stream_app.core.cause.features import FeatureMoments, Moments
from stream_app.core.cause.over_time import Period
from stream_app.core.groups.comparison import shortfall
from stream_app.core.groups.counts import GroupCount
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.verdicts.limits import limits_of
from stream_app.pipeline.layout import DECISION, FAVORABLE
from stream_app.policy import Feature, ModelPolicy

_ONLY_SEGMENT = "all"  # the only segment of a model without segments


LabeledCell = tuple[tuple[str, ...], Sequence[int]]  # labels in the order of the layout, vector


def label_cells(layout: CellLayout, cells: Mapping[int, Sequence[int]]) -> list[LabeledCell]:
    """Return cells with their labels."""
    return [(layout.labels_of(code), vector) for code, vector in cells.items()]


class ExplainedShare(NamedTuple):
    """Which share of cases is explained, where it is not the approval rate.

    Attributes:
        dimension: The dimension that decides.
        counted: Its labels that count.
        features: What the vectors of the cells sum up.
    """

    dimension: str
    counted: tuple[str, ...]
    features: tuple[Feature, ...]


class Explainer:
    """Explains pairs in the cells of one time range.

    Args:
        model: Policy of the cells.
        layout: Their layout.
        rows: Labels and vector of each cell.
        share: The share that is explained; None for the approval rate, which has a shortfall too.
        periods: Returns the cells of the periods in the time range, for the split over time; it is used where they
            contain all cases of the time range, and called at the first explanation.
    """

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        rows: Sequence[LabeledCell],
        share: ExplainedShare | None = None,
        *,
        periods: Callable[[], Sequence[Mapping[int, Sequence[int]]]] = tuple,
    ) -> None:
        self._model, self._layout, self._read_periods = model, layout, periods
        self._segment = model.segment
        self._min_ratio = limits_of(model).min_disparate_impact_ratio if share is None else None
        self._share = share or ExplainedShare(DECISION, (FAVORABLE,), model.counted_features)
        probabilities = {feature for proxy in model.proxies for feature in proxy.as_features}
        self._features = [
            (place, feature) for place, feature in enumerate(self._share.features) if feature not in probabilities
        ]
        self._places = {name: place for place, (name, _) in enumerate(layout.dimensions)}
        self._rows = rows
        self._index: dict[tuple[str, ...], dict[tuple[str, ...], list[LabeledCell]]] = {}

    def counts(self, pair: Subgroup) -> tuple[GroupCount, GroupCount]:
        """Return the counts of the group and of its reference."""
        group, reference = self._rows_of(pair, pair.labels), self._rows_of(pair, pair.reference)
        return _sum(self._by_segment(group)), _sum(self._by_segment(reference))

    def explain(self, pair: Subgroup) -> Cause:
        """Return why the groups of a pair differ."""
        group, reference = self._rows_of(pair, pair.labels), self._rows_of(pair, pair.reference)
        counts, counts_ref = self._by_segment(group), self._by_segment(reference)
        features = [
            FeatureMoments(feature.name, feature.scale, _moments(group, place), _moments(reference, place))
            for place, feature in self._features
        ]
        needed = None if self._min_ratio is None else shortfall(_sum(counts), _sum(counts_ref), self._min_ratio)
        periods = [period.counts_by_segment(pair) for period in self._periods]
        return explain_pair(counts, counts_ref, features, shortfall=needed, periods=periods)

    def counts_by_segment(self, pair: Subgroup) -> Period:
        """Return the counts of the group and of its reference, by segment."""
        group, reference = self._rows_of(pair, pair.labels), self._rows_of(pair, pair.reference)
        return Period(self._by_segment(group), self._by_segment(reference))

    @cached_property
    def _periods(self) -> list[Explainer]:
        """The periods of the time range; none where they are one alone, or not all of it."""
        periods = self._read_periods()
        n_tested = sum(vector[0] for cells in periods for vector in cells.values())
        if len(periods) <= 1 or n_tested != sum(vector[0] for _, vector in self._rows):
            return []
        labels: dict[int, tuple[str, ...]] = {}
        explainers = []
        for cells in periods:
            for code in cells.keys() - labels.keys():
                labels[code] = self._layout.labels_of(code)
            rows = [(labels[code], vector) for code, vector in cells.items()]
            explainers.append(Explainer(self._model, self._layout, rows, self._share))
        return explainers

    def _rows_of(self, pair: Subgroup, labels: tuple[str, ...]) -> list[LabeledCell]:
        """Return the cells of a group; all cells are read once, however many pairs break together."""
        if pair.attributes not in self._index:
            places = [self._places[name] for name in pair.attributes]
            by_labels = self._index.setdefault(pair.attributes, {})
            for row in self._rows:
                by_labels.setdefault(tuple(row[0][place] for place in places), []).append(row)
        return self._index[pair.attributes].get(labels, [])

    def _by_segment(self, rows: list[LabeledCell]) -> Counts:
        segment, place = self._segment, self._places[self._share.dimension]
        counts: dict[str, tuple[int, int]] = {}
        for labels, vector in rows:
            name = labels[self._places[segment.name]] if segment is not None else _ONLY_SEGMENT
            n, k = counts.get(name, (0, 0))
            is_favorable = labels[place] in self._share.counted
            counts[name] = (n + vector[0], k + vector[0] * is_favorable)
        return counts


def _moments(rows: list[LabeledCell], place: int) -> Moments:
    first = 1 + 3 * place
    sums = [sum(vector[first + shift] for _, vector in rows) for shift in range(3)]
    return Moments(*sums)


def _sum(counts: Counts) -> GroupCount:
    return GroupCount(sum(n for n, _ in counts.values()), sum(k for _, k in counts.values()))
