"""From the cells of one window to one result for each attribute and each intersection of attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from stream_app import __version__
from stream_app.core.groups.comparison import State, worst_of
from stream_app.core.groups.counts import GroupCount
from stream_app.core.intervals.intervals import intervals_of_pairs
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.monitors.pairs import PairMonitor
from stream_app.pipeline.judge.verdicts.causes import Explainer, LabeledCell, labeled
from stream_app.pipeline.judge.verdicts.rows import (
    explained,
    is_remarkable,
    judged_row,
    reference_row,
    strength_of,
    undeclared_row,
)
from stream_app.pipeline.layout import DECISION, FAVOURABLE
from stream_app.pipeline.records.evidence import Evidence
from stream_app.pipeline.records.results import CROSS, SCHEMA, TOTAL_WINDOW, GroupResult, Offsets, Result, Span
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy

_N_EXPLAINED = 5  # intersections of one window whose cause is worked out


@dataclass(frozen=True)
class WindowContext:
    """What a window says beside its cells.

    Attributes:
        span: The stretch of event time.
        revision: 0 at close, one more for each correction.
        offsets: By source topic and partition the offset below which every record is counted.
        policy_hash: Hash of the whole policy.
        is_close: Whether the window has just closed; a watch ends by windows that close, not by looking again.
    """

    span: Span
    revision: int
    offsets: Offsets
    policy_hash: str
    is_close: bool


def group_counts(layout: CellLayout, attribute: str, cells: Mapping[int, list[int]]) -> dict[str, GroupCount]:
    """Sum cells to one count for each label of an attribute, in the order of the layout.

    Args:
        layout: Layout of the cells; must have the dimension ``decision``.
        attribute: Name of a dimension.
        cells: Vectors by code.
    """
    labels = layout.dimensions[layout.position_of(attribute)][1]
    stride, n_labels = layout.radix_of(attribute)
    decision_stride, n_decisions = layout.radix_of(DECISION)
    favorable_index = dict(layout.dimensions)[DECISION].index(FAVOURABLE)
    n = [0] * n_labels
    favorable = [0] * n_labels
    for code, vector in cells.items():
        label = code // stride % n_labels
        n[label] += vector[0]
        if code // decision_stride % n_decisions == favorable_index:
            favorable[label] += vector[0]
    return {label: GroupCount(n[index], favorable[index]) for index, label in enumerate(labels)}


def judge_window(
    model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]], watch: PairMonitor, counted: WindowContext
) -> list[Result]:
    """Turn the cells of one window into one result for each attribute, then one for each intersection.

    Running totals are judged by single attributes only.
    """
    return list(_Judge(model, layout, cells, watch, counted).results())


class _Judge:
    """Judges one window; see ``judge_window``."""

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        cells: Mapping[int, list[int]],
        watch: PairMonitor,
        counted: WindowContext,
    ) -> None:
        self._model = model
        self._layout = layout
        self._cells = cells
        self._pairs = watch.pairs
        self._counted = counted
        is_window = counted.span.window != TOTAL_WINDOW
        self._crossed = [number for number, pair in enumerate(self._pairs) if len(pair.attributes) > 1 and is_window]
        counts = watch.counts(cells)
        self._counts = [(GroupCount(n, k), GroupCount(n_ref, k_ref)) for k, n, k_ref, n_ref in counts.tolist()]
        self._intervals = intervals_of_pairs(self._counts)
        self._evidence = watch.judge(counted.span.window, counts, self._intervals, is_close=counted.is_close)

    def results(self) -> Iterator[Result]:
        """Return the results of the window."""
        for attribute in self._model.attributes:
            yield self._result(attribute.name, attribute.reference or "", self._groups_of(attribute))
        explained_pairs = self._most_remarkable()
        for attributes, numbers in groupby(self._crossed, key=lambda number: self._pairs[number].attributes):
            listed = list(numbers)
            reference, count = self._pairs[listed[0]].reference, self._counts[listed[0]][1]
            told = [n for n in listed if self._counts[n][0].n or _is_breach(self._evidence[n])]
            rows = [self._row(n, is_explained=n in explained_pairs) for n in told]
            head = reference_row(reference, count)
            yield self._result(CROSS.join(attributes), head.group, [head, *rows, *self._undeclared(attributes, count)])

    def _groups_of(self, attribute: Attribute) -> Iterator[GroupResult]:
        counts = group_counts(self._layout, attribute.name, self._cells)
        reference = counts[attribute.reference or ""]
        numbers = {pair.labels[0]: n for n, pair in enumerate(self._pairs) if pair.attributes == (attribute.name,)}
        for group, count in counts.items():
            if group == attribute.reference:
                yield reference_row((group,), count)
            elif group in numbers:
                yield self._row(numbers[group], is_explained=True)
            elif count.n:
                yield undeclared_row((group,), count, reference)

    def _row(self, number: int, *, is_explained: bool) -> GroupResult:
        pair, (count, reference) = self._pairs[number], self._counts[number]
        row = judged_row(self._model, pair.labels, count, reference, self._intervals[number], self._evidence[number])
        if not is_explained or not is_remarkable(row):
            return row
        return explained(row, self._model, pair, reference, self._explainer.explain(pair))

    def _most_remarkable(self) -> set[int]:
        """Return the intersections with most evidence: breaches first."""
        return set(sorted(self._crossed, key=lambda n: strength_of(self._evidence[n]), reverse=True)[:_N_EXPLAINED])

    def _undeclared(self, attributes: tuple[str, ...], reference: GroupCount) -> list[GroupResult]:
        """Return the crosses with unknown or unlisted values: without them a margin would give a small one away."""
        places = [self._layout.position_of(name) for name in attributes]
        decision = self._layout.position_of(DECISION)
        counts: dict[tuple[str, ...], GroupCount] = {}
        for labels, vector in self._undeclared_cells:
            cross = tuple(labels[place] for place in places)
            if UNKNOWN in cross or OTHER in cross:
                n, favorable = counts.get(cross, (0, 0))
                counts[cross] = GroupCount(n + vector[0], favorable + vector[0] * (labels[decision] == FAVOURABLE))
        return [undeclared_row(cross, count, reference) for cross, count in sorted(counts.items())]

    @cached_property
    def _undeclared_cells(self) -> list[LabeledCell]:
        """Cells with an unknown or unlisted value in some attribute: few, so labels are looked up for these only."""
        undeclared = []
        for attribute in self._model.attributes:
            labels = self._layout.dimensions[self._layout.position_of(attribute.name)][1]
            undeclared.append((*self._layout.radix_of(attribute.name), {labels.index(UNKNOWN), labels.index(OTHER)}))
        cells = {
            code: vector
            for code, vector in self._cells.items()
            if any(code // stride % n in indices for stride, n, indices in undeclared)
        }
        return labeled(self._layout, cells)

    @cached_property
    def _labeled(self) -> list[LabeledCell]:
        return labeled(self._layout, self._cells)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._model, self._layout, self._labeled)

    def _result(self, attribute: str, reference: str, groups: Iterable[GroupResult]) -> Result:
        rows = tuple(groups)
        span = self._counted.span
        return Result(
            schema=SCHEMA,
            model=self._model.name,
            attribute=attribute,
            window=span.window,
            size_s=span.end_s - span.start_s,
            start_s=span.start_s,
            end_s=span.end_s,
            revision=self._counted.revision,
            reference=reference,
            n=sum(group.n for group in rows),
            state=worst_of(group.state for group in rows),
            groups=rows,
            offsets=self._counted.offsets,
            policy_hash=self._counted.policy_hash,
            code_version=__version__,
        )


def _is_breach(evidence: tuple[Evidence, ...]) -> bool:
    return any(each.state is State.BREACH for each in evidence)
