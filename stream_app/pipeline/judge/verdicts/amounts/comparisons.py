"""Each group and intersection of a time range beside its reference: means, quantiles, and why the means differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from math import copysign, inf
from math import log as log_of

import msgspec
import numpy as np

from stream_app.core.amounts.counts import AmountCounts
from stream_app.core.amounts.scale import AmountScale
from stream_app.core.arrays import Bools
from stream_app.core.cause.amounts import AmountCause, explain_amounts
from stream_app.core.fairness.amounts import AmountComparison, AmountsAlone, amounts_alone, compare_amounts
from stream_app.core.fairness.amounts import Measured as Interval
from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.verdicts.amounts.counts import AmountCells, AmountTable, Labels
from stream_app.pipeline.records.amounts.values import AmountValues, Measured, QuantileValues
from stream_app.policy import OTHER, UNKNOWN, ModelPolicy

QUANTILES = (0.5, 0.9)


class AmountWindow:
    """The amounts of a time range.

    Args:
        model: Its policy, of kind ``amounts``.
        layout: Layout of the cells.
        scale: In which steps and bins its amounts are counted.
        cells: Vectors by code.
        pairs: Groups and intersections that are compared, those of the same attributes one after another.

    Attributes:
        pairs: As above.
        compared: Each of them beside its reference.
        limit: Widest difference of means that is permitted.
        least_ratio: Lowest ratio of means, or inverse of it, that is permitted; None where no ratio is limited.
    """

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        scale: AmountScale,
        cells: Mapping[int, Sequence[int]],
        pairs: Sequence[Subgroup],
    ) -> None:
        self.pairs, self.limit = pairs, model.rules.max_mean_difference or 0.0
        self.least_ratio = model.rules.min_mean_ratio
        self._is_high_good = model.decision is not None and model.decision.favorable == "high"
        self._min_n, self._scale = model.rules.min_n, scale
        self._cells = AmountCells(model, layout, cells)
        self._tables: dict[tuple[str, ...], AmountTable] = {}
        self._by_segment: dict[tuple[str, ...], dict[str, AmountTable]] = {}
        self._references = {pair.attributes: pair.reference for pair in pairs}
        sides = [
            (self.table(attributes).of([pair.labels for pair in own]), self.table(attributes).of([own[0].reference]))
            for attributes, own in _by_attributes(pairs)
        ]
        groups = [group for group, _ in sides]
        references = [_repeated(reference, len(group.n)) for group, reference in sides]
        self.compared: list[AmountComparison] = compare_amounts(scale, _joined(groups), _joined(references), QUANTILES)

    @property
    def n(self) -> int:
        """Decisions of the time range."""
        return self._cells.n

    def table(self, attributes: tuple[str, ...]) -> AmountTable:
        """Return the amounts of every combination of labels of some attributes."""
        if attributes not in self._tables:
            self._tables[attributes] = self._cells.table(attributes)
        return self._tables[attributes]

    @cached_property
    def is_few(self) -> Bools:
        """Whether a pair has too few decisions for a verdict, shape (pairs,)."""
        return np.array([min(each.n, each.n_reference) < self._min_n for each in self.compared], np.bool_)

    def ends(self) -> list[list[tuple[float | None, float | None]]]:
        """Return how much better off than its reference each group is, at least and at most, for each limit.

        1 is the limit where the group is better off, -1 where it is worse off.
        """
        limited = [[self._better_off(each.difference) for each in self.compared]]
        if self.least_ratio is not None:
            limited.append([self._better_off_by_ratio(each.ratio, self.least_ratio) for each in self.compared])
        return limited

    def values(self, number: int) -> AmountValues:
        """Return the values of the group of a pair beside its reference."""
        compared = self.compared[number]
        difference = compared.difference.value
        return AmountValues(
            mean=_measured(compared.mean),
            difference=_measured(compared.difference),
            ratio=_measured(compared.ratio),
            quantiles=tuple(
                QuantileValues(q=each.q, value=_measured(each.group), difference=_measured(each.difference))
                for each in compared.quantiles
            ),
            is_over=difference is not None and abs(difference) > self.limit and not self.is_few[number],
            is_ratio_over=self._is_ratio_over(number),
        )

    def _is_ratio_over(self, number: int) -> bool | msgspec.UnsetType:
        if self.least_ratio is None:
            return msgspec.UNSET
        ratio = self.compared[number].ratio.value
        is_over = ratio is not None and not self.least_ratio <= ratio <= 1 / self.least_ratio
        return bool(is_over and not self.is_few[number])

    def values_alone(self, attributes: tuple[str, ...], cross: Labels) -> AmountValues:
        """Return the values of a group that is compared with none."""
        own = self._alone[attributes, cross]
        each = zip(QUANTILES, own.quantiles, strict=True)
        quantiles = tuple(QuantileValues(q=q, value=_measured(value)) for q, value in each)
        return AmountValues(mean=_measured(own.mean), quantiles=quantiles)

    @cached_property
    def _alone(self) -> dict[tuple[tuple[str, ...], Labels], AmountsAlone]:
        """Reference groups, and those with undeclared values."""
        keys = [
            (attributes, cross)
            for attributes, reference in self._references.items()
            for cross in (reference, *self.undeclared(attributes))
        ]
        counts = _joined([self.table(attributes).of([cross]) for attributes, cross in keys])
        return dict(zip(keys, amounts_alone(self._scale, counts, QUANTILES), strict=True))

    def undeclared(self, attributes: tuple[str, ...]) -> list[Labels]:
        """Return the combinations with decisions and an unknown or unlisted value."""
        return sorted(cross for cross in self.table(attributes).people() if {UNKNOWN, OTHER} & {*cross})

    def cause(self, pair: Subgroup) -> AmountCause:
        """Return why the means of a pair differ, by segment."""
        if pair.attributes not in self._by_segment:
            self._by_segment[pair.attributes] = self._cells.by_segment(pair.attributes)
        tables = self._by_segment[pair.attributes].items()
        groups = {segment: table.one(pair.labels) for segment, table in tables}
        references = {segment: table.one(pair.reference) for segment, table in tables}
        return explain_amounts(self._scale, groups, references)

    def _better_off(self, difference: Interval) -> tuple[float | None, float | None]:
        if difference.lower is None or difference.upper is None:
            return None, None
        lower, upper = difference.lower / self.limit, difference.upper / self.limit
        return (lower, upper) if self._is_high_good else (-upper, -lower)

    def _better_off_by_ratio(self, ratio: Interval, least: float) -> tuple[float | None, float | None]:
        """Return both ends of a ratio as logs, in logs of the limit; a ratio of 0 or without end is infinite."""
        if ratio.value is None or ratio.lower is None:
            return None, None
        lower, upper = _in_logs(ratio.lower, least), _in_logs(ratio.upper, least)
        return (lower, upper) if self._is_high_good else (-upper, -lower)


def _by_attributes(pairs: Sequence[Subgroup]) -> Iterator[tuple[tuple[str, ...], list[Subgroup]]]:
    for attributes, own in groupby(pairs, key=lambda pair: pair.attributes):
        yield attributes, list(own)


def _joined(counts: Sequence[AmountCounts]) -> AmountCounts:
    return AmountCounts(np.concatenate([each.n for each in counts]), np.concatenate([each.sums for each in counts]))


def _repeated(counts: AmountCounts, n_times: int) -> AmountCounts:
    return AmountCounts(np.repeat(counts.n, n_times, axis=0), np.repeat(counts.sums, n_times, axis=0))


def _measured(value: Interval) -> Measured:
    return Measured(value.value, value.lower, value.upper)


def _in_logs(ratio: float | None, least: float) -> float:
    """Return the place of a ratio: -1 at the limit below 1, 1 at its inverse.

    >>> _in_logs(0.8, 0.8), _in_logs(1.0, 0.8), _in_logs(None, 0.8)
    (-1.0, 0.0, inf)
    """
    if ratio is None:
        return inf
    log, width = log_of(ratio) if ratio > 0 else -inf, -log_of(least)
    if width == 0:  # every other ratio is beyond the limit
        return copysign(inf, log) if log else 0.0
    return log / width
