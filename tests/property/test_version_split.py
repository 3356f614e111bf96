"""For any versions: the parts sum to the change, small counts are hidden, and totals do not reveal them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stream_app.pipeline.replay.bisect.onset import Pane, Segments, find_onset
from stream_app.pipeline.replay.bisect.version_change import explain_versions

K = 5
VERSIONS = ("1", "2", "3", "4", "unknown", "__other__")


@st.composite
def cells(draw: st.DrawFn) -> Segments:
    """Draw the counts of one group in one pane; versions with very few decisions are common."""
    chosen = draw(st.lists(st.sampled_from(VERSIONS), max_size=4, unique=True))
    counts = {version: draw(st.integers(1, 3) | st.integers(1, 60)) for version in chosen}
    return {version: (n, draw(st.integers(0, n))) for version, n in counts.items()}


@st.composite
def streams(draw: st.DrawFn) -> list[Pane]:
    return [(10 * number, draw(cells()), draw(cells())) for number in range(draw(st.integers(2, 12)))]


@settings(max_examples=300)
@given(panes=streams())
def test_the_parts_sum_to_the_change_and_nothing_below_k_is_disclosed(panes: list[Pane]) -> None:
    onset = find_onset(panes, "gap", K)
    assume(onset is not None)
    assert onset is not None
    assert onset.earliest_s <= onset.pane_s <= onset.latest_s
    change = explain_versions(panes, onset, K)
    expected = onset.after.gap - onset.before.gap
    assert change.mix + change.rate == pytest.approx(expected, abs=1e-12)
    assert sum(version.mix for version in change.versions) == pytest.approx(change.mix, abs=1e-12)
    assert sum(version.rate for version in change.versions) == pytest.approx(change.rate, abs=1e-12)
    for side, total in (("before", onset.before), ("after", onset.after)):
        sides = [getattr(version, side) for version in change.versions]
        # The disclosed counts sum to the total, so that there is no rest to compute by subtraction.
        assert sum(part.n or 0 for part in sides) == total.n
        assert sum(part.n_reference or 0 for part in sides) == total.n_reference
        assert all(n is None or n >= K for part in sides for n in (part.n, part.n_reference))
        assert all((part.gap is None) == (None in {part.n, part.n_reference}) for part in sides)
    assert change.began_with is None or change.began_with in {version.version for version in change.versions}


def test_fixed_shares_are_mistaken_for_a_change_of_version_in_less_than_1_of_100_changes() -> None:
    """Of 400 streams 4 are expected at most; 13 or more have a probability below 2e-4."""
    rng = np.random.default_rng(23)
    n_blamed = 0
    for _ in range(400):
        rates = np.where(np.arange(60) < 30, 0.7, 0.4)
        panes: list[Pane] = []
        for number, rate in enumerate(rates.tolist()):
            women, men = (rng.multinomial(30, [0.6, 0.3, 0.1]).tolist() for _ in range(2))
            panes.append(
                (
                    10 * number,
                    {str(v): (n, int(rng.binomial(n, rate))) for v, n in enumerate(women) if n},
                    {str(v): (n, int(rng.binomial(n, 0.7))) for v, n in enumerate(men) if n},
                )
            )
        onset = find_onset(panes, "dir", K)
        assert onset is not None
        n_blamed += explain_versions(panes, onset, K).began_with is not None
    assert n_blamed < 13
