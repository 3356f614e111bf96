"""What remedies may show: groups and cuts beside everything that was shown before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from stream_app.core.alternatives.withholding import shown_cuts
from stream_app.core.arrays import Bools, Floats

N_CUTS = 60


class CaseRelease(Protocol):
    """Decides what may be shown of cases, and notes it."""

    @property
    def k(self) -> int:
        """Fewest people about whom anything is shown."""
        ...

    def groups(self, part: str, people: Mapping[str, int]) -> set[str]:
        """Return the groups of which the number of cases may be shown; none where nothing may.

        Args:
            part: Which cases these are; empty for all.
            people: Cases of each group.
        """
        ...

    def cuts(self, part: str, group: str, reached: Mapping[float, int]) -> set[float]:
        """Return the cuts of which the number of cases that reach them may be shown.

        Args:
            part: Which cases these are; empty for all.
            group: Their group.
            reached: Cases that reach each cut.
        """
        ...


def candidate_cuts(scores: Floats) -> Floats:
    """Return cuts at quantiles, with four significant digits; none is chosen to separate two people."""
    quantiles = np.quantile(scores, np.linspace(0, 1, N_CUTS + 2)[1:-1]) if len(scores) else np.zeros(0)
    return np.unique([float(f"{cut:.4g}") for cut in quantiles])


def permitted_cuts(
    release: CaseRelease, part: str, group: str, scores: Floats, cuts: Floats, *, is_above: bool
) -> Bools:
    """Return which cuts may be shown for a group, and note them.

    Args:
        release: Decides what may be shown.
        part: Which cases these are.
        group: Their group.
        scores: Their scores.
        cuts: The cuts, rising.
        is_above: Whether the favorable are those above a cut, not also those at it.
    """
    ends = np.nextafter(cuts, np.inf) if is_above else cuts
    places = np.searchsorted(ends, scores, side="right")
    by_place = np.bincount(places, minlength=len(cuts) + 1)
    reached = by_place[::-1].cumsum()[::-1][1:]
    alone = shown_cuts(by_place, release.k)
    wanted = {float(ends[place]): int(reached[place]) for place in np.flatnonzero(alone).tolist()}
    shown = release.cuts(part, group, wanted)
    permitted: Bools = np.array([end in shown for end in ends.tolist()], np.bool_)
    return permitted
