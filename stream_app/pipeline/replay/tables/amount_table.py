"""The disclosed table of an attribute or intersection where the decision is an amount: means and quantiles by group.

Every value is computed from groups that are shown: beside a hidden reference there is no difference, from which its
mean could be computed.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from stream_app.core.groups.subgroups import Subgroup
from stream_app.core.windows.cells import Cells
from stream_app.pipeline.disclosure.amounts.values import DisclosedAmounts, disclose_amounts
from stream_app.pipeline.disclosure.rules import Hidden, hidden_reason
from stream_app.pipeline.judge.verdicts.amounts.comparisons import AmountWindow
from stream_app.pipeline.layout import amount_scale_of, layout_of
from stream_app.pipeline.records.results import AND, CROSS
from stream_app.pipeline.replay.tables.group_table import Labels, counts_of, is_declared, release_of
from stream_app.policy import ModelPolicy


class AmountGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group of a table; None where it is hidden.

    Attributes:
        group: Its label; of an intersection all labels, joined by ``&``.
        n: Decisions.
        amounts: Its mean, with difference and ratio to that of the reference, and quantiles, each with its 95 %
            interval; None where it is hidden, and without decisions.
        is_declared: Whether it is a group of the policy.
        hidden: Why the group is hidden: ``small_cell``, ``complementary``, or ``withheld`` because of former releases;
            None where it is shown.
    """

    group: str
    n: int | None = None
    amounts: DisclosedAmounts | None = None
    is_declared: bool = True
    hidden: Hidden | None = None


class AmountGroupTable(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of the groups of an attribute or intersection.

    Attributes:
        attribute: Its name; of an intersection all names, joined by ``+``.
        reference: The reference group.
        max_mean_difference: Widest difference of means that is permitted.
        k: Fewest decisions that a shown group has.
        n: Decisions of all groups; None where it would reveal a hidden group.
        n_undeclared: Decisions whose group is unknown or not in the policy; None where some of them are hidden.
        groups: Declared groups in the order of the policy, then what is undeclared and shown.
    """

    attribute: str
    reference: str
    max_mean_difference: float
    k: int
    n: int | None
    n_undeclared: int | None
    groups: tuple[AmountGroup, ...]


def amount_table_of(
    model: ModelPolicy, cells: Cells, attributes: tuple[str, ...], *, k: int, former: Collection[Labels] = ()
) -> AmountGroupTable:
    """Return the disclosed table of some attributes.

    Args:
        model: The policy of the model, of kind ``amounts``.
        cells: Counts by cell of ``layout_of`` the model.
        attributes: Names of its attributes, in the order of the policy.
        k: Fewest decisions that a group must have to be shown.
        former: Groups that are withheld because of former releases, by their labels.
    """
    counts = counts_of(model, cells, attributes)
    release = release_of(counts, k, former)
    withheld = set(map(AND.join, former))
    reference = tuple(str(own.reference) for own in model.attributes if own.name in attributes)
    declared = [labels for labels in counts if is_declared(labels)]
    pairs = [Subgroup(attributes, labels, reference) for labels in declared if labels != reference]
    scale = amount_scale_of(model)
    assert scale is not None
    window = AmountWindow(model, layout_of(model), scale, cells, pairs)
    numbers = {pair.labels: number for number, pair in enumerate(pairs)}
    has_reference = AND.join(reference) in release.shown

    def row(labels: Labels) -> AmountGroup:
        name, n = AND.join(labels), counts[labels].n
        if name not in release.shown:
            return AmountGroup(group=name, hidden=hidden_reason(name, release, withheld))
        number = numbers.get(labels)
        values = window.values_alone(attributes, labels) if number is None else window.values(number)
        amounts = disclose_amounts(values, k, with_reference=has_reference or number is None) if n else None
        return AmountGroup(group=name, n=n, amounts=amounts, is_declared=is_declared(labels))

    undeclared = [labels for labels in counts if not is_declared(labels)]
    shown = [labels for labels in undeclared if AND.join(labels) in release.shown]
    return AmountGroupTable(
        attribute=CROSS.join(attributes),
        reference=AND.join(reference),
        max_mean_difference=window.limit,
        k=k,
        n=sum(count.n for count in counts.values()) if release.is_total_shown else None,
        n_undeclared=sum(counts[labels].n for labels in undeclared) if len(shown) == len(undeclared) else None,
        groups=tuple(map(row, [*declared, *shown])),
    )
