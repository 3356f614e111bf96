"""Exact noise: its distribution, and what a distinguisher of neighboring streams can learn."""

from __future__ import annotations

import math
import random
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from stream_app.core.noise.keyed_numbers import KeyedNumbers
from stream_app.core.noise.laplace import draw_laplace
from stream_app.core.noise.pooling import Rung, pool
from stream_app.core.noise.release import ReleaseQuestion, release_day
from stream_app.core.noise.track_counts import Cell, Visit, count_tracks

N_RUNS = 100_000
LABELS = st.sampled_from(["hall", "street"])
VISITS = st.lists(
    st.builds(
        Visit,
        st.integers(0, 86_399).map(float),
        st.sampled_from("abcdef"),
        st.tuples(LABELS),
    ),
    max_size=40,
)


def draws(scale: Fraction, n: int, seed: int) -> NDArray[np.int64]:
    uniform = random.Random(seed).randrange  # exact for any range, as KeyedNumbers is
    return np.array([draw_laplace(scale, uniform) for _ in range(n)])


def probability(z: int, scale: Fraction) -> float:
    b = float(scale)
    return (math.exp(1 / b) - 1) / (math.exp(1 / b) + 1) * math.exp(-abs(z) / b)


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(1), Fraction(4), Fraction(10, 3)])
def test_noise_has_the_probabilities_of_the_formula(scale: Fraction) -> None:
    n = 40_000
    counted = Counter(draws(scale, n, 3).tolist())
    chi_square, n_cells = 0.0, 0
    for z in range(-60, 61):
        if (expected := n * probability(z, scale)) >= 20:
            chi_square += (counted[z] - expected) ** 2 / expected
            n_cells += 1
    assert chi_square < n_cells + 5 * math.sqrt(2 * n_cells)  # five standard deviations: false in one of a million runs


@pytest.mark.parametrize("epsilon", [Fraction(1, 2), Fraction(1)])
def test_a_distinguisher_of_neighboring_streams_measures_at_most_epsilon(epsilon: Fraction) -> None:
    """One stream has a track more: no event of the released number is e^(1.05 epsilon) times as likely with it.

    The best events are "at most z" and "at least z". Of each the ratio is estimated from 1e5 runs, and an event is only
    used where its share is known to 2 %, so that chance does not reach the bound.
    """
    with_track, without = 21 + draws(1 / epsilon, N_RUNS, 11), 20 + draws(1 / epsilon, N_RUNS, 12)
    measured = []
    for z in range(45):
        for one, other in ((with_track <= z, without <= z), (with_track >= z, without >= z)):
            p, q = one.mean(), other.mean()
            if min(p, q) > 0.05:
                measured.append(abs(math.log(p / q)))
    assert 0.9 * float(epsilon) < max(measured) <= 1.05 * float(epsilon)


def test_noise_of_half_the_scale_is_caught_by_the_distinguisher() -> None:
    wrong = Fraction(1, 2)
    p = ((21 + draws(wrong, N_RUNS, 13)) >= 21).mean()
    q = ((20 + draws(wrong, N_RUNS, 14)) >= 21).mean()
    assert math.log(p / q) > 1.05


def test_keyed_numbers_are_uniform_and_independent_of_their_label() -> None:
    numbers = KeyedNumbers(b"k" * 32, b"label")
    counted = Counter(numbers.uniform(7) for _ in range(7000))
    assert all(abs(counted[value] - 1000) < 160 for value in range(7))
    other = KeyedNumbers(b"k" * 32, b"labeL")
    assert [KeyedNumbers(b"k" * 32, b"label").uniform(2**64)] != [other.uniform(2**64)]
    assert {KeyedNumbers(b"k" * 32, b"x").uniform(1)} == {0}


def question(epsilon: Fraction | None, k: int = 10) -> ReleaseQuestion:
    ladder = (Rung(900), Rung(3600), Rung(86_400), Rung(86_400, frozenset((1,))))
    return ReleaseQuestion("camera", 0, (("market",), ("hall", "street")), ladder, k, 2, epsilon)


def test_asking_twice_gives_the_same_numbers_and_another_count_independent_ones() -> None:
    cells = {Cell(("market", "hall"), 0): 30}
    first = release_day(question(Fraction(1)), cells, b"k" * 32)
    assert release_day(question(Fraction(1)), cells, b"k" * 32) == first
    assert release_day(question(Fraction(1)), cells, b"l" * 32) != first
    noise = []
    for n in range(30, 130):
        values = release_day(question(Fraction(1), k=-1000), {Cell(("market", "hall"), 0): n}, b"k" * 32)
        noise.append(
            next(cell.n for cell in values.cells if cell.labels == ("market", "hall") and not cell.start_s) - n
        )
    assert len(set(noise)) > 5


@given(VISITS, st.integers(1, 4))
def test_one_track_changes_all_counts_together_by_at_most_the_bound(visits: list[Visit], most_cells: int) -> None:
    with_all = count_tracks(visits, window_s=900, most_cells=most_cells).n_by_cell
    without = count_tracks(
        [visit for visit in visits if visit.track != "a"], window_s=900, most_cells=most_cells
    ).n_by_cell
    assert sum(abs(with_all.get(cell, 0) - without.get(cell, 0)) for cell in {*with_all, *without}) <= most_cells


def test_a_flood_by_one_track_moves_nothing_more() -> None:
    flood = [Visit(float(second), "a", ("hall",)) for second in range(0, 86_400, 10)]
    counts = count_tracks(flood, window_s=900, most_cells=2)
    assert sum(counts.n_by_cell.values()) == 2
    assert counts.n_bounded == 94


@given(VISITS, st.integers(2, 12))
def test_pooled_cells_do_not_overlap_and_none_is_below_k(visits: list[Visit], k: int) -> None:
    two_labels = [Visit(visit.time_s, visit.track, ("market", *visit.labels)) for visit in visits]
    counts = count_tracks(two_labels, window_s=900, most_cells=4).n_by_cell
    shown, n_hidden = pool(counts, question(None).ladder, k)
    assert all(cell.n >= k for cell in shown)
    assert sum(cell.n_cells for cell in shown) + n_hidden == len(counts)
    hidden = sum(counts.values()) - sum(cell.n for cell in shown)
    assert 0 <= hidden < k or not n_hidden  # one site: what stays hidden together is below k


def test_exact_counts_are_exact() -> None:
    release = release_day(question(None), {Cell(("market", "hall"), 0): 30}, b"k" * 32)
    assert [(cell.labels, cell.n) for cell in release.cells] == [(("market", "hall"), 30)]
