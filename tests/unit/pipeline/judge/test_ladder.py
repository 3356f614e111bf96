"""The ladder of a stream: nothing overlaps, nothing is shown below k, and subtraction gives nobody away."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.noise.pooling import ALL, Rung, pool
from stream_app.core.noise.track_counts import Cell
from stream_app.core.privacy.disclosure import disclose
from stream_app.pipeline.judge.publication.ladder import Labels, RunningLadder, StepRelease, Waitings

K = 10
GROUPS = (("hall", "street"), ("car", "person"))
ZONES: list[Labels] = list(product(*GROUPS))
LADDER = (Rung(60), Rung(120), Rung(240), Rung(240, frozenset({0})))
WINDOWS = st.lists(st.fixed_dictionaries({labels: st.integers(0, 14) for labels in ZONES}), min_size=1, max_size=8)


def ladder_of(*, is_exact: bool, waiting: Waitings | None = None) -> RunningLadder:
    return RunningLadder(LADDER, GROUPS, K, is_exact=is_exact, waiting={} if waiting is None else waiting)


def releases(windows: list[dict[Labels, int]], *, is_exact: bool) -> list[StepRelease]:
    ladder = ladder_of(is_exact=is_exact)
    found = [release for number, counts in enumerate(windows) for release in ladder.take(number * 60, counts)]
    return [*found, *(release for release in ladder.take(10_000 * 60, {}) if release.step)]


@given(WINDOWS)
def test_a_stream_shows_what_a_day_at_once_would_where_counts_have_noise(windows: list[dict[Labels, int]]) -> None:
    counts = {Cell(labels, number * 60): n for number, own in enumerate(windows) for labels, n in own.items()}
    at_once, _ = pool(counts, LADDER, K)
    streamed = [
        (labels, release.start_s, release.end_s - release.start_s, n)
        for release in releases(windows, is_exact=False)
        for labels, n in release.shown.items()
    ]
    assert sorted(streamed) == sorted((cell.labels, cell.start_s, cell.window_s, cell.n) for cell in at_once)


def fits(labels: Labels, cell: Labels) -> bool:
    return all(label in (ALL, own) for label, own in zip(labels, cell, strict=True))


@given(WINDOWS)
def test_exact_counts_below_k_do_not_follow_from_what_is_shown_and_the_total_of_each_window(
    windows: list[dict[Labels, int]],
) -> None:
    """A reader knows each shown count, which cells are in it, and the total of each window; the rest are unknowns."""
    cells = [(number, labels) for number in range(len(windows)) for labels in ZONES]
    place = {cell: column for column, cell in enumerate(cells)}
    # What can climb: no cell that is shown at once, or hidden beside small ones; a zero looks like a small one.
    climbs = {(w, of) for w, of in cells if of not in _not_climbing(windows[w])}
    known = [[(number, labels) for labels in ZONES] for number in range(len(windows))]
    for release in releases(windows, is_exact=True):
        inside = range(release.start_s // 60, min(release.end_s // 60, len(windows)))
        taken: set[tuple[int, Labels]] = set()
        for labels, n in release.shown.items():
            assert n >= K
            terms = [(w, of) for w in inside for of in ZONES if fits(labels, of)]
            terms = [cell for cell in terms if cell in climbs] if release.step else terms
            assert sum(windows[w][of] for w, of in terms) == n
            known.append(terms)
            taken |= set(terms)
        hidden = {labels for labels in _sums(release, inside, windows, climbs) if labels not in release.shown}
        climbs -= taken | {
            (w, of)
            for w in inside
            for of in ZONES
            for labels in hidden
            if fits(labels, of) and release.step and _sums(release, inside, windows, climbs)[labels] >= K
        }
    rows = np.zeros((len(known), len(cells)))
    for number, terms in enumerate(known):
        rows[number, [place[cell] for cell in terms]] = 1
    rank = np.linalg.matrix_rank(rows)
    for w, of in cells:
        if 0 < windows[w][of] < K:
            alone = np.zeros(len(cells))
            alone[place[w, of]] = 1
            assert np.linalg.matrix_rank(np.vstack([rows, alone])) > rank, f"{(w, of)} follows"


def _not_climbing(counts: dict[Labels, int]) -> frozenset[Labels]:
    disclosure = disclose(counts, K)
    return disclosure.shown | disclosure.complementary


def _sums(
    release: StepRelease, inside: range, windows: list[dict[Labels, int]], climbs: set[tuple[int, Labels]]
) -> dict[Labels, int]:
    """Return the sums of which a release shows some."""
    sums: dict[Labels, int] = {}
    for w, of in climbs:
        if w in inside:
            labels = tuple(ALL if place in LADDER[release.step].pooled else label for place, label in enumerate(of))
            sums[labels] = sums.get(labels, 0) + windows[w][of]
    return sums


def test_a_cell_that_is_hidden_against_subtraction_never_climbs() -> None:
    windows: list[dict[Labels, int]] = [
        {("hall", "person"): 12, ("street", "person"): 3},
        {("hall", "person"): 30},
    ]
    shown = [release.shown for release in releases(windows, is_exact=True)]
    assert shown[:2] == [{}, {("hall", "person"): 30}]
    assert not any(shown[2:])


def test_of_each_window_a_cell_stays_hidden_for_ever() -> None:
    windows: list[dict[Labels, int]] = [dict.fromkeys(ZONES, 6)] * 2
    shown = [release.shown for release in releases(windows, is_exact=True)]
    assert [len(cells) for cells in shown] == [0, 0, 3, 0, 0]


def test_an_ended_window_is_released_before_a_later_one_also_after_a_gap() -> None:
    waiting: Waitings = {}
    found = [*ladder_of(is_exact=True, waiting=waiting).take(0, {ZONES[0]: 16, ZONES[1]: 6, ZONES[2]: 7})]
    assert [release.shown for release in found] == [{ZONES[0]: 16}]
    later = list(ladder_of(is_exact=True, waiting=waiting).take(600, {ZONES[0]: 20}))
    assert [(release.step, release.start_s) for release in later] == [(1, 0), (2, 0), (3, 0), (0, 600)]
    assert not waiting


def test_a_ladder_continues_from_what_waits() -> None:
    waiting: Waitings = {}
    list(ladder_of(is_exact=False, waiting=waiting).take(0, {ZONES[0]: 6}))
    found = list(ladder_of(is_exact=False, waiting=waiting).take(60, {ZONES[0]: 7}))
    assert [release.shown for release in found] == [{}, {ZONES[0]: 13}]
