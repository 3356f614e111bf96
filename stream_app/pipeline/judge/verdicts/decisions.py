"""From the cells of one window to one result for each attribute and each intersection of attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby

from stream_app import __version__
from stream_app.core.groups.comparison import worst_of
from stream_app.core.groups.counts import GroupCount
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.judge.observations import ObservedPair
from stream_app.pipeline.judge.verdicts.causes import Explainer, LabeledCell, label_cells
from stream_app.pipeline.judge.verdicts.rows import (
    explained,
    is_remarkable,
    judged_row,
    reference_row,
    undeclared_row,
)
from stream_app.pipeline.judge.verdicts.window_context import WindowContext
from stream_app.pipeline.layout import DECISION, FAVORABLE
from stream_app.pipeline.records.evidence import strength_of
from stream_app.pipeline.records.results import CROSS, SCHEMA, TOTAL_WINDOW, GroupResult, Result
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy

_N_EXPLAINED = 5  # intersections of one window whose cause is worked out


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
    favorable_index = dict(layout.dimensions)[DECISION].index(FAVORABLE)
    n = [0] * n_labels
    favorable = [0] * n_labels
    for code, vector in cells.items():
        label = code // stride % n_labels
        n[label] += vector[0]
        if code // decision_stride % n_decisions == favorable_index:
            favorable[label] += vector[0]
    return {label: GroupCount(n[index], favorable[index]) for index, label in enumerate(labels)}


def judge_window(
    model: ModelPolicy,
    layout: CellLayout,
    cells: Mapping[int, list[int]],
    observed: Sequence[ObservedPair],
    context: WindowContext,
) -> list[Result]:
    """Turn the cells of one window into one result for each attribute, then one for each intersection.

    Running totals are judged by single attributes only.

    Args:
        model: Its policy, of kind ``decisions``.
        layout: Layout of the cells.
        cells: Vectors by code.
        observed: Every group and intersection in this window, from ``PairMonitor.observe``.
        context: What is known of the window beside its cells.
    """
    return list(_WindowJudge(model, layout, cells, observed, context).results())


class _WindowJudge:
    """Judges one window; see ``judge_window``."""

    def __init__(
        self,
        model: ModelPolicy,
        layout: CellLayout,
        cells: Mapping[int, list[int]],
        observed: Sequence[ObservedPair],
        context: WindowContext,
    ) -> None:
        self._model = model
        self._layout = layout
        self._cells = cells
        self._observed = observed
        self._context = context
        is_window = context.span.window != TOTAL_WINDOW
        self._crossed = [number for number, item in enumerate(observed) if len(item.pair.attributes) > 1 and is_window]

    def results(self) -> Iterator[Result]:
        """Return the results of the window."""
        for attribute in self._model.attributes:
            yield self._result(attribute.name, attribute.reference or "", self._groups_of(attribute))
        explained_pairs = self._most_remarkable()
        for attributes, numbers in groupby(self._crossed, key=lambda number: self._observed[number].pair.attributes):
            crosses = list(numbers)
            first = self._observed[crosses[0]]
            listed = [number for number in crosses if _is_listed(self._observed[number])]
            rows = [self._row(number, is_explained=number in explained_pairs) for number in listed]
            head = reference_row(first.pair.reference, first.reference_cases, first.reference_candidates)
            undeclared = self._undeclared(attributes, first.reference_cases)
            yield self._result(CROSS.join(attributes), head.group, [head, *rows, *undeclared])

    def _groups_of(self, attribute: Attribute) -> Iterator[GroupResult]:
        counts = group_counts(self._layout, attribute.name, self._cells)
        reference = counts[attribute.reference or ""]
        undeclared = GroupCount(
            counts[UNKNOWN].n + counts[OTHER].n, counts[UNKNOWN].favorable + counts[OTHER].favorable
        )
        numbers = {
            observed.pair.labels[0]: number
            for number, observed in enumerate(self._observed)
            if observed.pair.attributes == (attribute.name,)
        }
        for group, count in counts.items():
            if group == attribute.reference:
                yield reference_row((group,), count, undeclared)
            elif group in numbers:
                yield self._row(numbers[group], is_explained=True)
            elif count.n:
                yield undeclared_row((group,), count, reference, self._n)

    def _row(self, number: int, *, is_explained: bool) -> GroupResult:
        observed = self._observed[number]
        row = judged_row(self._model, observed)
        if not is_explained or not is_remarkable(row):
            return row
        return explained(row, self._model, observed, self._explainer.explain(observed.pair))

    def _most_remarkable(self) -> set[int]:
        """Return the intersections with most evidence: breaches first."""
        ranked = sorted(self._crossed, key=lambda number: strength_of(self._observed[number].evidence), reverse=True)
        return set(ranked[:_N_EXPLAINED])

    def _undeclared(self, attributes: tuple[str, ...], reference: GroupCount) -> list[GroupResult]:
        """Return the crosses with unknown or unlisted values: without them a margin would reveal a small one."""
        places = [self._layout.position_of(name) for name in attributes]
        decision = self._layout.position_of(DECISION)
        counts: dict[tuple[str, ...], GroupCount] = {}
        for labels, vector in self._undeclared_cells:
            cross = tuple(labels[place] for place in places)
            if UNKNOWN in cross or OTHER in cross:
                n, favorable = counts.get(cross, (0, 0))
                counts[cross] = GroupCount(n + vector[0], favorable + vector[0] * (labels[decision] == FAVORABLE))
        return [undeclared_row(cross, count, reference, self._n) for cross, count in sorted(counts.items())]

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
        return label_cells(self._layout, cells)

    @cached_property
    def _n(self) -> int:
        return sum(vector[0] for vector in self._cells.values())

    @cached_property
    def _labeled(self) -> list[LabeledCell]:
        return label_cells(self._layout, self._cells)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._model, self._layout, self._labeled, periods=self._context.periods)

    def _result(self, attribute: str, reference: str, groups: Iterable[GroupResult]) -> Result:
        rows = tuple(groups)
        span = self._context.span
        return Result(
            schema=SCHEMA,
            model=self._model.name,
            attribute=attribute,
            window=span.window,
            size_s=span.end_s - span.start_s,
            start_s=span.start_s,
            end_s=span.end_s,
            revision=self._context.revision,
            reference=reference,
            n=sum(group.n for group in rows),
            state=worst_of(group.state for group in rows),
            groups=rows,
            offsets=self._context.offsets,
            policy_hash=self._context.policy_hash,
            code_version=__version__,
        )


def _is_listed(observed: ObservedPair) -> bool:
    """Return whether an intersection is in a result: it has decisions, or is in breach without any."""
    is_breach, _ = strength_of(observed.evidence)
    return bool(observed.cases.n) or is_breach
