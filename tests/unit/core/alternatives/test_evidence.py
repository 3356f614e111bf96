"""The evidence is an e-value: its expectation is at most 1 wherever the claim is false, by complete enumeration.

Groups are small so that every outcome can be weighed with its probability; sizes at which evidence is found are in
``tests/unit/benchmarks/test_alternatives.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lgamma

import numpy as np
import pytest

from stream_app.core.alternatives.assessment import outcome_shares, report, weigh
from stream_app.core.alternatives.evidence import log_approvals_kept, log_less_disparity, log_outcomes_kept
from stream_app.core.alternatives.tables import BAD, GOOD, NOT_KNOWN
from stream_app.core.alternatives.wealth import log_evidence, log_evidence_between

SLACK = 1e-9


def compositions(n: int, n_cells: int) -> Iterator[list[int]]:
    if n_cells == 1:
        yield [n]
        return
    for first in range(n + 1):
        for rest in compositions(n - first, n_cells - 1):
            yield [first, *rest]


def outcomes(n: int, chances: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return every count of n people by cell, and its probability."""
    possible = [
        row
        for row in compositions(n, len(chances))
        if all(chance > 0 or not k for k, chance in zip(row, chances, strict=True))
    ]
    logs = [
        lgamma(n + 1) + sum(k * np.log(chance) - lgamma(k + 1) for k, chance in zip(row, chances, strict=True) if k)
        for row in possible
    ]
    return np.array(possible), np.exp(logs)


def chances_of(logged: float, after: float, both: float) -> list[float]:
    """Return the chances of (0,0), (0,1), (1,0) and (1,1)."""
    return [1 - logged - after + both, after - both, logged - both, both]


FALSE_DISPARITY = {
    "the same ratio": (chances_of(0.4, 0.5, 0.35), chances_of(0.8, 1.0, 0.8)),
    "no change": (chances_of(0.3, 0.3, 0.3), chances_of(0.7, 0.7, 0.7)),
    "no disparity before and after": (chances_of(0.5, 0.7, 0.4), chances_of(0.5, 0.7, 0.5)),
    "reversed exactly": (chances_of(0.4, 0.8, 0.4), chances_of(0.8, 0.4, 0.4)),
    "reversed by lower rates": (chances_of(0.45, 0.4, 0.3), chances_of(0.9, 0.2, 0.2)),
    "a larger ratio of smaller rates": (chances_of(0.6, 0.3, 0.3), chances_of(0.8, 0.4, 0.4)),
    "nobody is favored": (chances_of(0.5, 0.0, 0.0), chances_of(0.8, 0.0, 0.0)),
    "the reference is never favored": (chances_of(0.3, 0.6, 0.3), chances_of(0.0, 0.0, 0.0)),
    "everybody is favored before": (chances_of(1.0, 0.5, 0.5), chances_of(1.0, 0.5, 0.5)),
}


@pytest.mark.parametrize("name", FALSE_DISPARITY)
@pytest.mark.parametrize(("n_group", "n_reference"), [(5, 5), (3, 8), (8, 3)])
def test_evidence_of_less_disparity_has_a_mean_of_at_most_one_where_there_is_none(
    name: str, n_group: int, n_reference: int
) -> None:
    (of_group, p_group), (of_reference, p_reference) = (
        outcomes(n, chances) for n, chances in zip((n_group, n_reference), FALSE_DISPARITY[name], strict=True)
    )
    group = np.repeat(of_group, len(of_reference), axis=0).reshape(-1, 2, 2).astype(float)
    reference = np.tile(of_reference, (len(of_group), 1)).reshape(-1, 2, 2).astype(float)
    weights = np.outer(p_group, p_reference).ravel()
    assert weights.sum() == pytest.approx(1.0)
    for one, other in ((group, reference), (reference, group)):
        assert weights @ np.exp(log_less_disparity(one, other)) <= 1 + SLACK


@pytest.mark.parametrize("margin", [0.05, 0.3])
@pytest.mark.parametrize("both", [0.0, 0.3, 0.45])
def test_evidence_of_kept_approvals_has_a_mean_of_at_most_one_where_they_fall_by_the_margin(
    margin: float, both: float
) -> None:
    after = max(0.5 - margin, both)
    counts, weights = outcomes(12, chances_of(min(after + margin, 1.0), after, both))
    assert weights @ np.exp(log_approvals_kept(counts.reshape(-1, 2, 2).astype(float), margin)) <= 1 + SLACK


@pytest.mark.parametrize(("share", "margin"), [(0.5, 0.05), (0.5, 0.15), (0.9, 0.05), (0.9, 0.2)])
@pytest.mark.parametrize("n_known", [0.0, 0.5, 1.0])
def test_evidence_of_kept_outcomes_has_a_mean_of_at_most_one_where_they_fall_by_the_margin(
    share: float, margin: float, n_known: float
) -> None:
    added, kept = 0.3, 0.5
    good_added = ((share - margin) * (added + kept) - share * kept) / added
    known = added * good_added * n_known, added * (1 - good_added) * n_known
    chances = [1 - added - kept, *known, added * (1 - n_known), kept * share, kept * (1 - share)]
    counts, weights = outcomes(7, chances)
    people = np.zeros((len(counts), 2, 2, 3))
    people[:, 0, 0, NOT_KNOWN] = counts[:, 0]
    people[:, 0, 1, GOOD], people[:, 0, 1, BAD], people[:, 0, 1, NOT_KNOWN] = counts[:, 1:4].T
    people[:, 1, 1, GOOD], people[:, 1, 1, BAD] = counts[:, 4:].T
    assert weights @ np.exp(log_outcomes_kept(people, margin)) <= 1 + SLACK


def test_unknown_outcomes_are_as_bad_as_the_worst_case() -> None:
    people = np.zeros((1, 2, 2, 3))
    people[0, 1, 1] = (0, 200, 800)
    people[0, 0, 1] = (50, 0, 0)
    people[0, 1, 0] = (30, 0, 0)
    worst = people.copy()
    worst[0, 0, 1], worst[0, 1, 0] = (0, 50, 0), (0, 0, 30)
    assert log_outcomes_kept(people, 0.05) == pytest.approx(log_outcomes_kept(worst, 0.05), abs=0.2)
    assert log_outcomes_kept(people, 0.2)[0] > 20
    assert log_outcomes_kept(people, 0.01)[0] < 0


def test_the_lower_bound_between_two_payoffs_holds_on_the_whole_line() -> None:
    rng = np.random.default_rng(7)
    for _ in range(200):
        counts = rng.integers(0, 50, 3).astype(float)
        low, high = rng.uniform(-1, 2, (2, 3))
        bound = log_evidence_between(counts, low, high)
        for share in (0.0, 0.2, 0.5, 0.9, 1.0):
            assert log_evidence(counts, low + share * (high - low)) >= bound - SLACK


def test_without_anyone_there_is_no_evidence() -> None:
    nobody = np.zeros((1, 2, 2, 2, 3), np.int64)
    evidence = weigh(nobody, [(0, 1)], 0.01, has_outcomes=True)
    assert evidence.of_all().shape == (1, 1)
    assert evidence.of_all()[0, 0] <= 0
    assert [table.tolist() for table in report([evidence.of_all()], 0.05)] == [[[False]]]
    assert np.isnan(outcome_shares(np.zeros(3, np.int64)).lower)


def test_a_design_effect_counts_fewer_people() -> None:
    joint = np.zeros((1, 2, 2, 2, 3), np.int64)
    joint[0, 0, :, :, GOOD], joint[0, 1, :, :, GOOD] = [[500, 100], [0, 400]], [[300, 0], [0, 700]]
    one, two = (weigh(joint, [(0, 1)], 0.01, has_outcomes=False, design_effect=d) for d in (1.0, 2.0))
    half = weigh(joint // 2, [(0, 1)], 0.01, has_outcomes=False)
    assert two.of_all() == pytest.approx(half.of_all())
    assert one.of_all() > two.of_all()
    assert one.outcomes is None
