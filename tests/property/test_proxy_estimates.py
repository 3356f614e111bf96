"""The weighting estimator in whole populations: its bias is the stated one, and the bounds always contain the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.fairness.proxy import GroupEstimate, estimate_groups, estimate_pair
from stream_app.core.groups.memberships import MembershipSums

Floats = NDArray[np.float64]
SCALE = 2**16
N = 10**6  # people with the same Z

shares = st.floats(0, 1)


@st.composite
def populations(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Draw P(A = g | Z), shape (z, 2), with a rest that belongs to neither, and P(Y = 1 | A, Z), shape (z, 3)."""
    n_z = draw(st.integers(1, 4))
    cells = st.lists(st.tuples(shares, shares, shares, shares, shares), min_size=n_z, max_size=n_z)
    table = np.array(draw(cells))
    first = table[:, 0]
    members = np.stack([first, (1 - first) * table[:, 1]], axis=1)
    return np.rint(members * SCALE) / SCALE, table[:, 2:]


def all_groups(members: Floats) -> Floats:
    return np.concatenate([members, 1 - members.sum(axis=1, keepdims=True)], axis=1)


def estimates(members: Floats, rates: Floats) -> list[GroupEstimate]:
    """Return the estimates from N people of each Z, each Z a stratum."""
    return estimate_groups(sums_of(members, rates), SCALE)


def sums_of(members: Floats, rates: Floats) -> MembershipSums:
    favorable = np.rint((all_groups(members) * rates).sum(axis=1) * N).astype(np.int64)
    n = np.stack([favorable, N - favorable], axis=1)
    fixed = np.rint(members * SCALE).astype(np.int64)
    return MembershipSums(
        np.arange(len(members)), n, n[:, :, None] * fixed[:, None, :], n[:, :, None] * fixed[:, None, :] ** 2
    )


def true_rates(members: Floats, rates: Floats) -> Floats:
    truth: Floats = (members * rates[:, :2]).sum(axis=0) / members.sum(axis=0)
    return truth


def stated_bias(members: Floats, rates: Floats) -> Floats:
    """Return ``-E[Cov(1{A=g}, Y | Z)] / P(A=g)``."""
    of_z = (all_groups(members) * rates).sum(axis=1, keepdims=True)
    covariance = members * rates[:, :2] - members * of_z
    bias: Floats = -covariance.sum(axis=0) / members.sum(axis=0)
    return bias


@given(populations())
def test_the_estimate_is_off_by_the_stated_bias_and_the_bounds_contain_the_truth(
    population: tuple[Floats, Floats],
) -> None:
    members, rates = population
    if members.sum(axis=0).min() < 0.001:
        return
    truth, bias = true_rates(members, rates), stated_bias(members, rates)
    groups = estimates(members, rates)
    for group, true, off in zip(groups, truth, bias, strict=True):
        assert group.rate == pytest.approx(true + off, abs=0.01)
        bounds = group.rate_bounds
        assert bounds is not None
        assert bounds.upper is not None
        assert bounds.lower - 0.01 <= true <= bounds.upper + 0.01
        assert bounds.lower <= (group.rate or 0) + 1e-9
        assert (group.rate or 0) <= bounds.upper + 1e-9
    pair = estimate_pair(*groups)
    assert pair.gap_bounds is not None
    assert pair.gap_bounds.upper is not None
    assert pair.gap_bounds.lower - 0.02 <= truth[0] - truth[1] <= pair.gap_bounds.upper + 0.02


@given(populations())
def test_bounds_without_strata_contain_the_truth_and_are_at_most_as_wide_as_membership_is_uncertain(
    population: tuple[Floats, Floats],
) -> None:
    members, rates = population
    if members.sum(axis=0).min() < 0.001:
        return
    sums = sums_of(members, rates)
    merged = MembershipSums(np.zeros(1, np.int64), *(part.sum(axis=0, keepdims=True) for part in sums[1:]))
    uncertain = (members * (1 - members)).sum(axis=0) / members.sum(axis=0)
    for group, apart, true, most in zip(
        estimate_groups(merged, SCALE), estimate_groups(sums, SCALE), true_rates(members, rates), uncertain, strict=True
    ):
        bounds, narrower = group.rate_bounds, apart.rate_bounds
        assert bounds is not None
        assert narrower is not None
        assert bounds.upper is not None
        assert narrower.upper is not None
        assert bounds.lower - 0.01 <= true <= bounds.upper + 0.01
        assert bounds.upper - bounds.lower <= 2 * most + 1e-6
        assert bounds.lower <= narrower.lower + 1e-9
        assert narrower.upper <= bounds.upper + 1e-9


@given(populations())
def test_both_ends_of_the_bounds_are_possible(population: tuple[Floats, Floats]) -> None:
    # Given only how many are favorable in each stratum, members may be all of them or as few as possible.
    members, rates = population
    if members[:, 0].sum() < 0.001:
        return
    favorable = (all_groups(members) * rates).sum(axis=1)
    first = members[:, 0]
    most, least = np.minimum(first, favorable), np.maximum(first + favorable - 1, 0)
    bounds = estimates(members, rates)[0].rate_bounds
    assert bounds is not None
    assert bounds.upper == pytest.approx(most.sum() / first.sum(), abs=0.01)
    assert bounds.lower == pytest.approx(least.sum() / first.sum(), abs=0.01)


def test_where_decisions_depend_on_the_area_alone_the_estimate_is_right_and_the_most_probable_group_is_not() -> None:
    members = np.array([[0.1, 0.9], [0.6, 0.4], [0.9, 0.1]])
    rates = np.repeat(np.array([[0.8], [0.5], [0.4]]), 3, axis=1)
    truth = true_rates(members, rates)
    first, second = estimates(members, rates)
    assert estimate_pair(first, second).ratio == pytest.approx(truth[0] / truth[1], abs=1e-4)
    assigned = (rates[1, 0] + rates[2, 0]) / 2 / rates[0, 0]
    assert assigned == pytest.approx(0.5625)  # instead of 0.67: a difference is exaggerated
    assert truth[0] / truth[1] == pytest.approx(0.6745, abs=1e-3)


def test_where_members_are_treated_worse_in_every_area_the_harm_looks_smaller() -> None:
    members = np.array([[0.2, 0.8], [0.8, 0.2]])
    rates = np.array([[0.35, 0.7, 0.7], [0.35, 0.7, 0.7]])
    first, second = estimates(members, rates)
    pair = estimate_pair(first, second)
    assert pair.ratio == pytest.approx(0.786, abs=1e-3)  # the truth is 0.5
    assert pair.ratio_bounds is not None
    assert pair.ratio_bounds.lower < 0.5


def test_the_interval_contains_what_the_estimator_tends_to() -> None:
    rng = np.random.default_rng(7)
    first = np.array([0.05, 0.3, 0.9])
    n_inside = 0
    for _ in range(400):
        z = rng.integers(0, 3, 600)
        favorable = rng.random(600) < np.array([0.7, 0.5, 0.3])[z]
        p = np.rint(np.stack([first[z], 1 - first[z]], axis=1) * SCALE).astype(np.int64)
        by_outcome = [p[favorable], p[~favorable]]
        sums = MembershipSums(
            np.zeros(1, np.int64),
            np.array([[favorable.sum(), (~favorable).sum()]]),
            np.stack([part.sum(axis=0) for part in by_outcome])[None],
            np.stack([(part**2).sum(axis=0) for part in by_outcome])[None],
        )
        interval = estimate_groups(sums, SCALE)[0].rate_interval
        expected = (first * np.array([0.7, 0.5, 0.3])).sum() / first.sum()
        assert interval is not None
        assert interval.upper is not None
        n_inside += interval.lower <= expected <= interval.upper
    assert n_inside >= 0.93 * 400


def test_nothing_known_is_no_value() -> None:
    nobody = MembershipSums(*(np.zeros(shape, np.int64) for shape in ((0,), (0, 2), (0, 2, 2), (0, 2, 2))))
    first, second = estimate_groups(nobody, SCALE)
    assert (first.n, first.rate, first.rate_interval, first.rate_bounds) == (0.0, None, None, None)
    assert estimate_pair(first, second).gap is None
