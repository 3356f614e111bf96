"""What less disparity costs, for replayed decisions: cuts for all, cuts by group, and fitted models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.alternatives.tables import N_OUTCOMES, places_of
from stream_app.core.arrays import Bools, Floats, Ints
from stream_app.core.mitigation.trade_off import most_accurate, pareto_front, values_of
from stream_app.pipeline.replay.mitigation.cases import CaseColumns
from stream_app.pipeline.replay.mitigation.fitting import ModelScores, approve_as_many
from stream_app.pipeline.replay.mitigation.release import CaseRelease, candidate_cuts, permitted_cuts
from stream_app.pipeline.replay.mitigation.results import Measure, Missing, RuleKind, RuleValue, TradeOff, ValueBounds

LEAST_RATIOS = tuple(round(0.5 + 0.05 * step, 2) for step in range(11))


class _Rule(NamedTuple):
    kind: RuleKind
    setting: float | None
    approved: Floats


def make_trade_off(
    cases: CaseColumns,
    labels: Sequence[str],
    scored: Sequence[ModelScores],
    against: Measure,
    missing: Missing | None,
    part: str,
    release: CaseRelease,
) -> TradeOff:
    """Return rules with their ratios and what they cost.

    Two cuts that are shown decide differently about no person of a group, or about k at least; cuts by group are
    lotteries between these.

    Args:
        cases: The decisions; groups are numbered 0, 1 and so on, each with a case.
        labels: Name of each group.
        scored: Scores of the cases by fitted models.
        against: The value that the front is about.
        missing: Why cuts by group cannot be chosen.
        part: Which cases these are; empty for all of these groups.
        release: Decides which cuts may be shown.
    """
    n_groups = len(labels)
    everyone = _count(cases, np.ones(len(cases.groups), np.bool_), n_groups)
    rules = [_Rule("logged", None, _count(cases, cases.favorable == 1, n_groups))]
    if not np.isnan(cases.scores).any():
        cuts, by_cut = _cuts(cases, labels, part, release)
        rules += [_Rule("cut", float(cut), counts) for cut, counts in zip(cuts, by_cut[1:-1], strict=True)]
        if missing is None:
            rules += _by_group(by_cut, everyone)
    n_approved = int(np.count_nonzero(cases.favorable))
    rules += [
        _Rule(each.rule, each.setting, _count(cases, approve_as_many(each.scores, n_approved), n_groups))
        for each in scored
    ]
    return TradeOff(against=against, n=len(cases.groups), rules=_values(rules, everyone, against), missing=missing)


def _values(rules: Sequence[_Rule], everyone: Floats, against: Measure) -> tuple[RuleValue, ...]:
    values = values_of(np.array([rule.approved for rule in rules]), everyone)
    lower, upper = values.accuracy if against == "accuracy" else values.repayment
    front = pareto_front(values.ratio, lower, upper)
    return tuple(
        RuleValue(
            rule=rule.kind,
            setting=rule.setting,
            ratio=float(values.ratio[row]),
            approved=float(values.approved[row]),
            accuracy=_bounds(values.accuracy, row),
            repayment=_bounds(values.repayment, row),
            is_best=bool(front[row]),
        )
        for row, rule in enumerate(rules)
        if values.approved[row] > 0
    )


def _by_group(by_cut: Floats, everyone: Floats) -> list[_Rule]:
    """Return the most accurate cuts by group for several ratios, those that are equal once."""
    rules: list[_Rule] = []
    for ratio in reversed(LEAST_RATIOS):
        approved = most_accurate(by_cut, everyone, ratio)
        if not rules or not np.allclose(approved, rules[-1].approved):
            rules.append(_Rule("group_cuts", ratio, approved))
    return rules[::-1]


def _cuts(cases: CaseColumns, labels: Sequence[str], part: str, release: CaseRelease) -> tuple[Floats, Floats]:
    """Return cuts that may be shown, and whom each approves, before the first everybody and after the last nobody."""
    cuts = candidate_cuts(cases.scores)
    own = [cases.scores[cases.groups == number] for number in range(len(labels))]
    shown = [
        permitted_cuts(release, part, label, scores, cuts, is_above=False)
        for label, scores in zip(labels, own, strict=True)
    ]
    cuts = cuts[np.all(shown, axis=0)]
    counts = _by_place(cases, cuts, len(labels))
    reached = counts[::-1].cumsum(axis=0)[::-1]  # place p or higher: those that reach the p-th cut
    return cuts, np.concatenate([reached, np.zeros((1, len(labels), N_OUTCOMES))])


def _by_place(cases: CaseColumns, cuts: Floats, n_groups: int) -> Ints:
    """Return people by the number of cuts that their score reaches, group and outcome."""
    shape = (len(cuts) + 1, n_groups, N_OUTCOMES)
    codes = np.ravel_multi_index((places_of(cuts, cases.scores), cases.groups, cases.outcomes), shape)
    return np.bincount(codes, minlength=int(np.prod(shape))).reshape(shape)


def _count(cases: CaseColumns, chosen: Bools, n_groups: int) -> Floats:
    codes = cases.groups[chosen] * N_OUTCOMES + cases.outcomes[chosen]
    counts: Floats = np.bincount(codes, minlength=n_groups * N_OUTCOMES).reshape(n_groups, N_OUTCOMES).astype(float)
    return counts


def _bounds(ends: tuple[Floats, Floats], row: int) -> ValueBounds:
    return ValueBounds(float(ends[0][row]), float(ends[1][row]))
