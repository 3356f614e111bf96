"""What is claimed about an alternative, as e-values against the contrary.

Each claim compares two rules on the same people: the logged decisions ``b`` and those of the alternative ``a``, both 0
or 1. Counts of the pairs ``(b, a)`` in each group are all that is needed. People may differ, and need not come from one
distribution: the hypotheses are about mean rates. They must not copy one another.

- *Less disparity*: the ratio of a group and its reference is closer to 1, ``|log r_a| < |log r_b|``. With harm to the
  group, ``r_b < 1``, that is ``r_a > r_b`` and ``r_a r_b < 1``. It is tested in both directions, half of the evidence
  for each.
- *Approvals kept*: the favorable rate is less than ``margin`` below that of the logged decisions.
- *Outcomes kept*: the share of good outcomes among the favorable decisions is less than ``margin`` below that of the
  logged ones. Outcomes that are not known count as whatever is worst for the claim.

A conjunction of claims has the least of their e-values (the contrary is that one of them is false).

Source: Wang and Ramdas 2022, JRSS B 84, 822-852 (e-values); Berger 1982, Technometrics 24, 295-300 (conjunctions).
"""

from __future__ import annotations

import numpy as np

from stream_app.core.alternatives.tables import BAD, GOOD, NOT_KNOWN
from stream_app.core.alternatives.wealth import log_evidence, log_evidence_between, log_mean
from stream_app.core.arrays import Floats
from stream_app.core.intervals.confidence_sequence import evidence_ratio_below

_RatioCounts = tuple[Floats, Floats, Floats, Floats]

_N_NODES = 40  # of the grid between the estimates of two groups
_N_RATIOS = 10
_LEAST_NODE = 1e-6
_WITHOUT = -10.0  # less than any evidence here; where the first condition has none, the second one is not looked at


def log_less_disparity(group: Floats, reference: Floats) -> Floats:
    """Return the log evidence that the ratio of a group and its reference is closer to 1 than under the logged rule.

    Args:
        group: Counts of the group by logged decision and that of the rule, shape (rules, 2, 2).
        reference: Those of its reference, likewise.

    Returns:
        Log e-values, shape (rules,).

    >>> harmed = np.array([[[500.0, 100.0], [0.0, 400.0]]])  # 100 more are approved, nobody fewer
    >>> print(log_less_disparity(harmed, np.array([[[300.0, 0.0], [0.0, 700.0]]])).round(3))
    [50.721]
    >>> print(log_less_disparity(harmed, harmed))
    [-10.]
    """
    return log_mean(_log_raised(group, reference), _log_raised(reference, group))


def log_approvals_kept(people: Floats, margin: float) -> Floats:
    """Return the log evidence that the favorable rate falls by less than a margin.

    Args:
        people: Counts by logged decision and that of the rule, shape (rules, 2, 2).
        margin: In (0, 1).

    >>> print(log_approvals_kept(np.array([[[500.0, 30.0], [30.0, 440.0]]]), 0.05).round(3))
    [13.637]
    """
    payoffs = np.array([0.0, 1.0, -1.0, 0.0]) + margin
    return log_evidence(people.reshape(len(people), 4), payoffs)


def log_outcomes_kept(people: Floats, margin: float) -> Floats:
    """Return the log evidence that the share of good outcomes among the favorable falls by less than a margin.

    The contrary: for some share s that the logged decisions reach, the rule does not reach ``s - margin``. Then three
    payoffs have means of at most zero, with y = 1 for a good outcome: ``a (y - s + margin) - b (y - s)``, which only
    people about whom the two rules differ can make small, ``a (y - s + margin)`` and ``-b (y - s)``.

    Args:
        people: Counts by logged decision, decision of the rule and outcome, shape (rules, 2, 2, 3).
        margin: In (0, 1).

    >>> people = np.zeros((1, 2, 2, 3))
    >>> people[0, 0, 1], people[0, 1, 0], people[0, 1, 1] = (0, 5, 45), (0, 30, 20), (0, 200, 800)
    >>> print(log_outcomes_kept(people, 0.02).round(3))
    [28.224]
    """
    known = people[:, 1].sum(axis=(0, 1))
    share = known[GOOD] / max(known[GOOD] + known[BAD], 1.0)
    nodes = np.unique(np.clip([*np.linspace(0, 1, 17), *(share + np.linspace(-0.05, 0.05, 41))], 0.0, 1.0))
    added, removed, kept = people[:, 0, 1], people[:, 1, 0], people[:, 1, 1]
    better, worse = (_outcome_payoffs(nodes) + margin), -_outcome_payoffs(nodes)
    worse[:, NOT_KNOWN] = worse[:, GOOD]
    both = np.concatenate([better, worse, np.full((len(nodes), 1), margin)], axis=1)
    counts = np.concatenate([added, removed, kept.sum(axis=1, keepdims=True)], axis=1)
    logs = (
        _log_along(counts, both),
        _log_along(people[:, :, 1].sum(axis=1), better),
        _log_along(people[:, 1].sum(axis=1), worse),
    )
    least: Floats = log_mean(*logs).min(axis=1)
    return least


def _outcome_payoffs(shares: Floats) -> Floats:
    """Return ``y - s`` by share and outcome, shape (shares, 3); what is not known counts as bad."""
    values = np.zeros(3)
    values[GOOD] = 1.0
    payoffs: Floats = values - shares[:, np.newaxis]
    return payoffs


def _log_along(counts: Floats, payoffs: Floats) -> Floats:
    """Return the log evidence between neighbors of a grid, shape (rules, nodes - 1)."""
    return log_evidence_between(counts[:, np.newaxis], payoffs[:-1], payoffs[1:])


def _log_raised(group: Floats, reference: Floats) -> Floats:
    """Return the log evidence that the ratio rises, and that it does not exceed what 1 / ratio was."""
    evidence = _log_ratio_rises(group, reference)
    promising = np.flatnonzero(evidence > 0)
    least = np.full(len(group), _WITHOUT)
    if len(promising):
        other = _log_no_reversal(group[promising], reference[promising])
        least[promising] = np.minimum(evidence[promising], other)
    return least


def _log_ratio_rises(group: Floats, reference: Floats) -> Floats:
    """Return the log evidence of ``r_a > r_b``: favorable decisions grow by a larger factor in the group.

    The contrary: a factor ``f`` exists that the group does not exceed and its reference reaches. Then the payoffs
    ``(a - f b) / f`` of the group and ``f b - a`` of the reference have means of at most zero. With f, the evidence of
    the group falls and that of the reference rises, so between two factors their sum is at least that of the group at
    the upper and of the reference at the lower one. Factors are ``t / (1 - t)``, with t from 0 to 1.
    """
    low, high = np.sort([_growth(group), _growth(reference)], axis=0)
    inner = np.linspace(low, high, _N_NODES, axis=-1)
    nodes = np.concatenate([np.zeros((len(low), 1)), inner, np.ones((len(low), 1))], axis=1)
    lower, upper = nodes[:, :-1], np.maximum(nodes[:, 1:], _LEAST_NODE)
    of_group = log_evidence(_differing(group), _payoffs(upper))
    of_reference = log_evidence(_differing(reference)[..., [1, 0, 2]], _payoffs(np.maximum(1 - lower, _LEAST_NODE)))
    least: Floats = (of_group + of_reference).min(axis=1)
    return least


def _payoffs(nodes: Floats) -> Floats:
    """Return the payoffs of a gain, a loss and of no change, where a loss costs 1; by node, in (0, 1]."""
    return np.stack([(1 - nodes) / nodes, -np.ones(nodes.shape), (1 - 2 * nodes) / nodes], axis=-1)


def _log_no_reversal(group: Floats, reference: Floats) -> Floats:
    """Return the log evidence of ``r_a r_b < 1``: for every x the ratio is below x, or that of before below 1 / x."""
    after, before = _ratio_counts(group, reference, axis=1), _ratio_counts(group, reference, axis=2)
    low, high = np.sort([np.log(_ratio(*after)), -np.log(_ratio(*before))], axis=0)
    ratios = np.exp(np.linspace(low, high, _N_RATIOS, axis=-1))
    is_below, was_below = _log_ratio_below(after, ratios), _log_ratio_below(before, 1 / ratios)
    never = np.full((len(ratios), 1), -np.inf)
    beyond = log_mean(np.concatenate([never, is_below], axis=1), np.concatenate([was_below, never], axis=1))
    least: Floats = beyond.min(axis=1)
    return least


def _log_ratio_below(counts: _RatioCounts, ratios: Floats) -> Floats:
    """Return the log evidence that the ratio is below each of some values, shape (rules, values)."""
    k_a, n_a, k_b, n_b = (count[:, np.newaxis] for count in counts)
    return evidence_ratio_below(k_a, n_a, k_b, n_b, ratios)


def _differing(counts: Floats) -> Floats:
    """Return the counts of (0, 1), (1, 0) and (1, 1), shape (rules, 1, 3); (0, 0) pays nothing."""
    return np.stack([counts[:, 0, 1], counts[:, 1, 0], counts[:, 1, 1]], axis=-1)[:, np.newaxis]


def _growth(counts: Floats) -> Floats:
    """Return the share of the rule in the favorable decisions of both, in [0, 1]; half without any."""
    after, before = counts[:, :, 1].sum(axis=1), counts[:, 1].sum(axis=1)
    both = after + before
    growth: Floats = np.where(both > 0, after / np.maximum(both, 1e-9), 0.5)
    return growth


def _ratio_counts(group: Floats, reference: Floats, axis: int) -> _RatioCounts:
    """Return the favorable decisions and all of both groups, by the rule (axis 1) or as logged (axis 2)."""
    return (
        group.sum(axis=axis)[:, 1],
        group.sum(axis=(1, 2)),
        reference.sum(axis=axis)[:, 1],
        reference.sum(axis=(1, 2)),
    )


def _ratio(k_a: Floats, n_a: Floats, k_b: Floats, n_b: Floats) -> Floats:
    """Return an estimate of the ratio that is never 0 or infinite: where to look, not what it is."""
    estimate: Floats = (k_a + 0.5) / (n_a + 1) / ((k_b + 0.5) / (n_b + 1))
    return estimate
