"""The disclosed table of an attribute or intersection: each group beside the highest rate and beside the reference.

Everything beside ``n`` and ``favorable`` is computed from counts that are shown, so nothing here reveals a hidden one:
the highest rate is that of a group that is shown, and shares are shares of the declared groups that are shown.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fractions import Fraction
from typing import Literal

import msgspec

from stream_app.core.groups.comparison import disparate_impact_ratio, statistical_parity_difference
from stream_app.core.groups.counts import GroupCount, approval_rate
from stream_app.core.groups.highest_group import ImpactRatios, impact_ratios
from stream_app.core.intervals.intervals import Interval, koopman, newcombe, wilson
from stream_app.core.privacy.disclosure import Disclosure, disclose_cells
from stream_app.core.windows.cells import Cells
from stream_app.pipeline.disclosure.rules import Hidden, hidden_reason
from stream_app.pipeline.layout import FAVORABLE, layout_of
from stream_app.pipeline.records.results import AND, CROSS, Bounds
from stream_app.policy import DECISION, OTHER, UNKNOWN, ModelPolicy

Labels = tuple[str, ...]
WhyNoRatio = Literal["undeclared", "excluded", "hidden", "no_decisions", "highest_rate_zero"]


class TableGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a table; None where it is hidden, or where a value cannot be formed.

    Attributes:
        group: Its label; of an intersection all labels, joined by ``&``.
        n: Decisions.
        favorable: Favorable decisions among them.
        rate: Selection rate, in [0, 1].
        rate_bounds: 95 % interval of the rate (Wilson).
        share: Share of the decisions about declared groups that are shown.
        impact_ratio: Rate / highest rate of the groups that are shown and not excluded.
        no_impact_ratio: Why there is none: ``undeclared`` (unknown or not in the policy), ``excluded`` (too small a
            share), ``hidden``, ``no_decisions`` or ``highest_rate_zero``; None where there is one.
        ratio: Rate / rate of the reference group; None for undeclared values and beside a hidden reference.
        ratio_bounds: 95 % interval of that ratio (Koopman).
        gap: Rate - rate of the reference group; likewise.
        gap_bounds: 95 % interval of the gap (Newcombe).
        hidden: Why the group is hidden: ``small_cell``, ``complementary``, or ``withheld`` because of former releases;
            None where it is shown.
    """

    group: str
    n: int | None = None
    favorable: int | None = None
    rate: float | None = None
    rate_bounds: Bounds | None = None
    share: float | None = None
    impact_ratio: float | None = None
    no_impact_ratio: WhyNoRatio | None = None
    ratio: float | None = None
    ratio_bounds: Bounds | None = None
    gap: float | None = None
    gap_bounds: Bounds | None = None
    hidden: Hidden | None = None


class GroupTable(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of an attribute or intersection.

    Attributes:
        attribute: Its name; of an intersection all names, joined by ``+``.
        reference: The reference group.
        highest: Group with the highest rate; None without a group that is shown.
        exclude_below: Groups with a smaller share are excluded from the impact ratios; 0 excludes none.
        k: Fewest decisions that a shown group has.
        n: Decisions of all groups; None where it would reveal a hidden group.
        n_undeclared: Decisions whose group is unknown or not in the policy; None where some of them are hidden.
        groups: Declared groups in the order of the policy, then what is undeclared and shown.
    """

    attribute: str
    reference: str
    highest: str | None
    exclude_below: float
    k: int
    n: int | None
    n_undeclared: int | None
    groups: tuple[TableGroup, ...]


def table_of(
    model: ModelPolicy,
    cells: Cells,
    attributes: tuple[str, ...],
    *,
    exclude_below: float = 0.0,
    k: int,
    former: Collection[Labels] = (),
) -> GroupTable:
    """Return the disclosed table of some attributes.

    Args:
        model: The policy of the model.
        cells: Counts by cell of ``layout_of`` the model.
        attributes: Names of its attributes, in the order of the policy.
        exclude_below: Declared groups with a smaller share get no impact ratio and are not the highest.
        k: Fewest decisions that a group must have to be shown.
        former: Groups that are withheld because of former releases, by their labels.
    """
    counts = counts_of(model, cells, attributes)
    release = release_of(counts, k, former)
    withheld = set(map(AND.join, former))
    shown = {labels: count for labels, count in counts.items() if AND.join(labels) in release.shown}
    declared = {AND.join(labels): count for labels, count in shown.items() if is_declared(labels)}
    min_share = Fraction(str(exclude_below))
    impact = impact_ratios(declared, min_share)
    reference = AND.join(str(own.reference) for own in model.attributes if own.name in attributes)
    undeclared = [labels for labels in counts if not is_declared(labels)]
    n_shown = sum(count.n for count in declared.values())

    rows = [_declared_row(labels, shown.get(labels), impact, n_shown) for labels in counts if is_declared(labels)]
    rows = [msgspec.structs.replace(row, hidden=hidden_reason(row.group, release, withheld)) for row in rows]
    rows = [_beside_reference(row, declared, reference) for row in rows]
    rows += [_known_of(AND.join(labels), shown[labels], "undeclared") for labels in undeclared if labels in shown]
    return GroupTable(
        attribute=CROSS.join(attributes),
        reference=reference,
        highest=impact.highest,
        exclude_below=exclude_below,
        k=k,
        n=sum(count.n for count in counts.values()) if release.is_total_shown else None,
        n_undeclared=sum(counts[labels].n for labels in undeclared) if shown.keys() >= set(undeclared) else None,
        groups=tuple(rows),
    )


def counts_of(model: ModelPolicy, cells: Cells, attributes: tuple[str, ...]) -> dict[Labels, GroupCount]:
    """Return the counts of every declared group, and of what is undeclared and has decisions."""
    layout = layout_of(model)
    places = [layout.position_of(name) for name in attributes]
    decision = layout.position_of(DECISION)
    declared: list[Labels] = [()]
    for own in model.attributes:
        if own.name in attributes:
            declared = [(*before, label) for before in declared for label in own.groups]
    sums: dict[Labels, list[int]] = {labels: [0, 0] for labels in declared}
    for code, vector in sorted(cells.items()):
        every = layout.labels_of(code)
        total = sums.setdefault(tuple(every[place] for place in places), [0, 0])
        total[0] += vector[0]
        total[1] += vector[0] * (every[decision] == FAVORABLE)
    return {labels: GroupCount(*total) for labels, total in sums.items()}


def release_of(counts: Mapping[Labels, GroupCount], k: int, former: Collection[Labels]) -> Disclosure[str]:
    """Return which groups of a table are shown, by their names."""
    table = disclose_cells({labels: count.n for labels, count in counts.items()}, k, former)
    return Disclosure(
        shown=frozenset(map(AND.join, table.shown)),
        small=frozenset(map(AND.join, table.small)),
        complementary=frozenset(map(AND.join, table.complementary)),
        is_total_shown=table.is_total_shown,
    )


def is_declared(labels: Labels) -> bool:
    """Return whether all labels are those of the policy."""
    return UNKNOWN not in labels and OTHER not in labels


def _known_of(name: str, count: GroupCount, no_impact_ratio: WhyNoRatio | None) -> TableGroup:
    return TableGroup(
        group=name,
        n=count.n,
        favorable=count.favorable,
        rate=approval_rate(count),
        rate_bounds=_bounds(wilson(count.favorable, count.n)),
        no_impact_ratio=no_impact_ratio,
    )


def _declared_row(labels: Labels, count: GroupCount | None, impact: ImpactRatios, n_shown: int) -> TableGroup:
    name = AND.join(labels)
    if count is None:
        return TableGroup(group=name, no_impact_ratio="hidden")
    share = count.n / n_shown if n_shown else None
    if name in impact.left_out:
        return msgspec.structs.replace(_known_of(name, count, "excluded"), share=share)
    ratio = impact.ratios[name]
    why: WhyNoRatio = "highest_rate_zero" if count.n else "no_decisions"
    return msgspec.structs.replace(
        _known_of(name, count, why if ratio is None else None), share=share, impact_ratio=ratio
    )


def _beside_reference(row: TableGroup, declared: Mapping[str, GroupCount], reference: str) -> TableGroup:
    """Add the values beside the reference group, where both are shown."""
    if row.group == reference or row.group not in declared or reference not in declared:
        return row
    count, other = declared[row.group], declared[reference]
    flat = (count.favorable, count.n, other.favorable, other.n)
    return msgspec.structs.replace(
        row,
        ratio=disparate_impact_ratio(count, other),
        ratio_bounds=_bounds(koopman(*flat)),
        gap=statistical_parity_difference(count, other),
        gap_bounds=_bounds(newcombe(*flat)),
    )


def _bounds(interval: Interval) -> Bounds:
    return Bounds(interval.lower, interval.upper)
