"""From the cells of one window to one result for each attribute."""

from __future__ import annotations

from collections.abc import Mapping

from stream_app import __version__
from stream_app.core.fairness.counts import GroupCount
from stream_app.core.fairness.pairs import (
    Comparison,
    Thresholds,
    compare,
    describe_reference,
    describe_undeclared,
    worst_of,
)
from stream_app.core.windows.cells import CellLayout
from stream_app.pipeline.layout import DECISION, FAVOURABLE
from stream_app.pipeline.results import SCHEMA, GroupResult, Offsets, Result, Span
from stream_app.policy import OTHER, UNKNOWN, Attribute, ModelPolicy


def group_counts(layout: CellLayout, attribute: str, cells: Mapping[int, list[int]]) -> dict[str, GroupCount]:
    """Sum cells to one count for each label of an attribute, in the order of the layout.

    Args:
        layout: Layout of the cells; must have the dimension ``decision``.
        attribute: Name of a dimension.
        cells: Vectors by code.
    """
    labels = layout.dimensions[layout.position_of(attribute)][1]
    stride, n_labels = _radix(layout, attribute)
    decision_stride, n_decisions = _radix(layout, DECISION)
    favourable_index = dict(layout.dimensions)[DECISION].index(FAVOURABLE)
    n = [0] * n_labels
    favourable = [0] * n_labels
    for code, vector in cells.items():
        label = code // stride % n_labels
        n[label] += vector[0]
        if code // decision_stride % n_decisions == favourable_index:
            favourable[label] += vector[0]
    return {label: GroupCount(n[index], favourable[index]) for index, label in enumerate(labels)}


def judge_window(
    model: ModelPolicy,
    layout: CellLayout,
    cells: Mapping[int, list[int]],
    span: Span,
    *,
    revision: int,
    offsets: Offsets,
    policy_hash: str,
) -> list[Result]:
    """Turn the cells of one window into one result for each attribute."""
    results = []
    for attribute in model.attributes:
        counts = group_counts(layout, attribute.name, cells)
        groups = _judge_groups(attribute, counts, thresholds_of(model))
        results.append(
            Result(
                schema=SCHEMA,
                model=model.name,
                attribute=attribute.name,
                window=span.window,
                size_s=span.end_s - span.start_s,
                start_s=span.start_s,
                end_s=span.end_s,
                revision=revision,
                reference=attribute.reference or "",
                n=sum(count.n for count in counts.values()),
                state=worst_of(group.state for group in groups),
                groups=groups,
                offsets=offsets,
                policy_hash=policy_hash,
                code_version=__version__,
            )
        )
    return results


def thresholds_of(model: ModelPolicy) -> Thresholds:
    """Return the rules of a model as exact numbers."""
    rules = model.rules
    return Thresholds.from_decimals(rules.min_disparate_impact_ratio, rules.max_gap, rules.min_n)


def _radix(layout: CellLayout, name: str) -> tuple[int, int]:
    position = layout.position_of(name)
    stride = 1
    for _, labels in layout.dimensions[position + 1 :]:
        stride *= len(labels)
    return stride, len(layout.dimensions[position][1])


def _judge_groups(
    attribute: Attribute, counts: Mapping[str, GroupCount], limits: Thresholds
) -> tuple[GroupResult, ...]:
    reference = counts[attribute.reference or ""]
    return tuple(
        _group_result(group, count, _compare_group(attribute, group, count, reference, limits))
        for group, count in counts.items()
        if count.n or group in attribute.groups
    )


def _compare_group(
    attribute: Attribute, group: str, count: GroupCount, reference: GroupCount, limits: Thresholds
) -> Comparison:
    if group == attribute.reference:
        return describe_reference(reference)
    if group in (UNKNOWN, OTHER):
        return describe_undeclared(count, reference)
    return compare(count, reference, limits)


def _group_result(group: str, count: GroupCount, comparison: Comparison) -> GroupResult:
    return GroupResult(
        group=group,
        n=count.n,
        favourable=count.favourable,
        rate=comparison.rate,
        disparate_impact_ratio=comparison.disparate_impact_ratio,
        gap=comparison.gap,
        reason=comparison.reason,
        state=comparison.state,
        rules=comparison.rules,
        shortfall=comparison.shortfall,
    )
