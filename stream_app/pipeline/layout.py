"""The cells that a policy defines: the one place where all steps agree on their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream_app.core.amounts.scale import AmountScale
from stream_app.core.groups.memberships import MembershipCounter
from stream_app.core.windows.cells import CellLayout
from stream_app.core.windows.tally_config import CellLimits
from stream_app.policy import (
    BUCKET_LABELS,
    CLUSTER,
    DECISION,
    OTHER,
    OUTCOME,
    PROBABILITY_SCALE,
    SCORE,
    UNKNOWN,
    Attribute,
    ModelPolicy,
    canonical_label,
    label_by_spelling,
)

__all__ = [
    "AWAITED",
    "CLUSTER",
    "DECISION",
    "EXPIRED",
    "FAVORABLE",
    "OUTCOME",
    "OUTCOME_LABELS",
    "SCORE",
    "UNFAVORABLE",
    "amount_place_of",
    "amount_scale_of",
    "can_compare",
    "can_compare_any",
    "cell_limits_of",
    "index_by_label",
    "layout_of",
    "memberships_of",
    "n_buckets_of",
    "outcome_layout_of",
    "pane_layout_of",
]

FAVORABLE = "favorable"
UNFAVORABLE = "unfavorable"
AWAITED = "awaited"  # the outcome of a decision that began to wait for one
EXPIRED = "expired"  # the outcome of a decision that left without one
_WIDTH = 3  # entries of a feature in a vector: n, sum, sum of squares
_SUM = 1  # the place of the sum among them
OUTCOME_LABELS = (FAVORABLE, UNFAVORABLE, AWAITED, EXPIRED)


def can_compare(layout: CellLayout, attributes: Iterable[Attribute], cells: Iterable[int]) -> bool:
    """Return whether some cells have decisions of any declared group and of its reference.

    Args:
        layout: Layout of the cells.
        attributes: The protected attributes.
        cells: Codes of the cells with decisions.
    """
    codes = list(cells)
    for attribute in attributes:
        labels = layout.dimensions[layout.position_of(attribute.name)][1]
        stride, n_labels = layout.radix_of(attribute.name)
        present = {labels[index] for index in {code // stride % n_labels for code in codes}}
        if attribute.reference in present and present & {*attribute.groups} - {attribute.reference}:
            return True
    return False


def can_compare_any(model: ModelPolicy, layout: CellLayout, cells: Mapping[int, list[int]]) -> bool:
    """Return whether cells of decisions say anything about any group of an attribute or proxy, and its reference."""
    if can_compare(layout, model.attributes, cells):
        return True
    for proxy, counter in zip(model.proxies, memberships_of(model, layout), strict=True):
        members = counter.count(cells).sums.sum(axis=(0, 1))
        reference = list(proxy.groups).index(proxy.reference)
        if members[reference] and (members > 0).sum() > 1:
            return True
    return False


def memberships_of(model: ModelPolicy, layout: CellLayout) -> list[MembershipCounter]:
    """Return what adds up the probabilities of each proxy of a model, from cells of decisions."""
    counters, place = [], len(model.features)
    for proxy in model.proxies:
        counters.append(MembershipCounter(layout, place, len(proxy.groups), favorable=FAVORABLE))
        place += len(proxy.groups)
    return counters


def layout_of(model: ModelPolicy) -> CellLayout:
    """Return the cell layout of a model in windows, totals and the history of tested periods.

    The dimensions are the attributes in declared order, then the segment if there is one, then the decision if there is
    one (favorable and unfavorable, or the bins of an amount), then the bins of the score if there is one. Labels of
    attributes and segment are spelled as in the policy, followed by ``unknown`` (null) and ``__other__`` (not listed).
    """
    dimensions = [(attribute.name, (*attribute.groups, UNKNOWN, OTHER)) for attribute in model.attributes]
    if model.segment is not None:
        dimensions.append((model.segment.name, (*model.segment.values, UNKNOWN, OTHER)))
    if model.decision is not None:
        scale = amount_scale_of(model)
        dimensions.append((DECISION, (FAVORABLE, UNFAVORABLE) if scale is None else scale.bin_labels))
    if model.score is not None:
        dimensions.append((SCORE, model.score.bins))
    return CellLayout(tuple(dimensions), len(model.counted_features))


def amount_scale_of(model: ModelPolicy) -> AmountScale | None:
    """Return in which steps and bins the amounts of a model are counted; None where its decision is none."""
    decision = model.decision
    return AmountScale(*decision.range, decision.bins) if decision is not None and decision.is_amount else None


def amount_place_of(model: ModelPolicy) -> int:
    """Return the place of the sum of the amounts in a vector: that of the last feature."""
    n_others = len(model.counted_features) - 1
    return 1 + _WIDTH * n_others + _SUM


def n_buckets_of(model: ModelPolicy) -> int:
    """Return into how many buckets each cell of ``layout_of`` is divided in panes: 1 without clusters."""
    return 1 if model.cluster is None else len(BUCKET_LABELS)


def pane_layout_of(model: ModelPolicy) -> CellLayout:
    """Return the cell layout of a model in panes, and in periods that wait for their test.

    That of ``layout_of``, with the bucket of the cluster as last dimension where there are clusters. Only the tests
    need it, so a closed pane is summed over it: ``code // n_buckets_of(model)``.
    """
    layout = layout_of(model)
    if model.cluster is None:
        return layout
    return CellLayout((*layout.dimensions, (CLUSTER, BUCKET_LABELS)), layout.n_features)


def outcome_layout_of(model: ModelPolicy) -> CellLayout:
    """Return the cell layout of the outcomes of a model: that of its decisions, with the outcome as last dimension.

    A decision is counted as ``awaited`` when it begins to wait, as ``favorable`` or ``unfavorable`` when its outcome
    comes, and as ``expired`` when it leaves without one. So the decisions still without an outcome are
    ``awaited - favorable - unfavorable - expired``, a sum over cells like any other count. The only feature is the
    score.
    """
    layout = layout_of(model)
    return CellLayout((*layout.dimensions, (OUTCOME, OUTCOME_LABELS)), 0 if model.score is None else 1)


def cell_limits_of(model: ModelPolicy, *, is_outcomes: bool = False) -> CellLimits:
    """Return which vectors the cells of windows can have: of decisions, or of their outcomes."""
    if is_outcomes:
        return CellLimits()
    begin, n_proxied = len(model.features), sum(len(proxy.groups) for proxy in model.proxies)
    tops = dict.fromkeys(range(begin, begin + n_proxied), PROBABILITY_SCALE)
    scale = amount_scale_of(model)
    if scale is None:
        return CellLimits(tops)
    place = len(model.counted_features) - 1
    return CellLimits(tops, (place, scale.step, *layout_of(model).radix_of(DECISION)))


def index_by_label(
    labels: tuple[str, ...],
    aliases: Mapping[str, Iterable[str]] | None = None,
    missing: Iterable[str] = (),
) -> dict[str, int]:
    """Return the index of each label of a dimension by every canonical spelling of it.

    A value that is not in it counts as ``__other__``, whose index is the last.

    Args:
        labels: The labels, with ``unknown`` and ``__other__`` as the last.
        aliases: Further spellings by label.
        missing: Spellings of a missing value, which is ``unknown``.

    >>> index_by_label(("Female", "male", "unknown", "__other__"), {"male": ["M"]}, ["NA"])
    {'na': 2, 'female': 0, 'male': 1, 'unknown': 2, '__other__': 3, 'm': 1}
    """
    numbers = {label: number for number, label in enumerate(labels)}
    spellings = label_by_spelling(labels, aliases)
    is_missing = {canonical_label(text): numbers[UNKNOWN] for text in missing}
    return is_missing | {spelling: numbers[label] for spelling, label in spellings.items()}
