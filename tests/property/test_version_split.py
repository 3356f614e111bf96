"""Whatever versions decide: the parts sum to the change, nothing small is told, and totals give nothing away."""

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
def test_the_parts_sum_to_the_change_and_nothing_below_k_is_told(panes: list[Pane]) -> None:
    onset = find_onset(panes, "gap", K)
    assume(onset is not None)
    assert onset is not None
    assert onset.earliest_s <= onset.pane_s <= onset.latest_s
    found = explain_versions(panes, onset, K)
    change = onset.after.gap - onset.before.gap
    assert found.mix + found.rate == pytest.approx(change, abs=1e-12)
    assert sum(own.mix for own in found.versions) == pytest.approx(found.mix, abs=1e-12)
    assert sum(own.rate for own in found.versions) == pytest.approx(found.rate, abs=1e-12)
    for side, total in (("before", onset.before), ("after", onset.after)):
        told = [getattr(own, side) for own in found.versions]
        # The told counts make up the whole, so that there is no rest to be found by subtraction.
        assert sum(own.n or 0 for own in told) == total.n
        assert sum(own.n_reference or 0 for own in told) == total.n_reference
        assert all(n is None or n >= K for own in told for n in (own.n, own.n_reference))
        assert all((own.gap is None) == (None in {own.n, own.n_reference}) for own in told)
    assert found.began_with is None or found.began_with in {own.version for own in found.versions}


def test_fixed_shares_are_taken_for_a_change_of_version_in_less_than_1_of_100_changes() -> None:
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
