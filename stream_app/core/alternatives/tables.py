"""Counts of the decisions of every alternative, in one pass over the log.

A score enters by its place among the sorted cuts alone, so the counts by place, group, segment, logged decision and
outcome have everything: their sums from a place on are the decisions that a cut makes favorable. Tables of parts of a
log add up to the table of the whole.
"""

from __future__ import annotations

import numpy as np

from stream_app.core.alternatives.rules import AS_DECIDED
from stream_app.core.arrays import Bools, Floats, Ints

NOT_KNOWN, BAD, GOOD = range(3)  # outcomes
N_OUTCOMES = 3

_MAX_WAITING = 2**17  # decisions that are added up together


class ScoreTable:
    """Decisions by segment, place of the score among the cuts, group, logged decision and outcome.

    Args:
        cuts: Rising cuts, shape (n_cuts,).
        n_segments: Number of segments, >= 1.
        n_groups: Number of groups, >= 1.

    Cost: about 40 ns a decision, whatever the number of alternatives.
    """

    def __init__(self, cuts: Floats, n_segments: int, n_groups: int) -> None:
        self.cuts = cuts
        self._counts: Ints = np.zeros((n_segments, len(cuts) + 2, n_groups, 2, N_OUTCOMES), np.int64)
        self._codes: list[Ints] = []
        self._n_waiting = 0

    @property
    def counts(self) -> Ints:
        """Counts of shape (segments, n_cuts + 2, groups, 2, 3), int64.

        The place of a score is the number of cuts that it reaches; decisions without a score have the last place.
        """
        if self._codes:
            codes = np.concatenate(self._codes)
            self._counts += np.bincount(codes, minlength=self._counts.size).reshape(self._counts.shape)
            self._codes, self._n_waiting = [], 0
        return self._counts

    def add(self, segments: Ints, groups: Ints, is_favorable: Ints, outcomes: Ints, places: Ints) -> None:
        """Add decisions, as columns of shape (n,).

        Args:
            segments: Number of the segment.
            groups: Number of the group.
            is_favorable: The logged decision, 0 or 1.
            outcomes: ``NOT_KNOWN``, ``BAD`` or ``GOOD``.
            places: Place of the score, from ``places_of``.
        """
        self._codes.append(np.ravel_multi_index((segments, places, groups, is_favorable, outcomes), self._counts.shape))
        self._n_waiting += len(groups)
        if self._n_waiting >= _MAX_WAITING:
            _ = self.counts

    def merge(self, other: ScoreTable) -> None:
        """Add the decisions of another part of the log, counted for the same cuts, segments and groups."""
        self._counts = self.counts + other.counts

    def joint(self, rules: Ints) -> Ints:
        """Return the decisions of some rules beside the logged ones.

        Args:
            rules: Place of the cut of each segment, or ``AS_DECIDED``, shape (rules, segments).

        Returns:
            Counts by rule, group, logged decision, decision of the rule and outcome, shape (rules, groups, 2, 2, 3).
        """
        by_cut = self._favorable_by_cut()
        favorable = np.zeros((len(rules), *by_cut.shape[2:]), np.int64)
        for segment in range(len(by_cut)):
            favorable += by_cut[segment, rules[:, segment]]
        total = self.counts.sum(axis=(0, 1))
        return np.stack([total - favorable, favorable], axis=3)

    def _favorable_by_cut(self) -> Ints:
        """Return what each cut makes favorable, and last, at ``AS_DECIDED``, what was; (segments, n_cuts + 1, ...)."""
        assert AS_DECIDED == -1
        scored, unscored = self.counts[:, :-1], self.counts[:, -1:].copy()
        unscored[:, :, :, 0] = 0  # the logged decision stands
        from_cut = scored[:, :0:-1].cumsum(axis=1)[:, ::-1] + unscored
        logged = self.counts.sum(axis=1, keepdims=True)
        logged[:, :, :, 0] = 0
        return np.concatenate([from_cut, logged], axis=1)


def places_of(cuts: Floats, scores: Floats) -> Ints:
    """Return the number of cuts that each score reaches; the number of cuts and one for NaN.

    >>> places_of(np.array([0.4, 0.5]), np.array([0.3, 0.4, 0.45, 0.5, np.nan])).tolist()
    [0, 1, 1, 2, 3]
    """
    places = np.searchsorted(cuts, scores, side="right").astype(np.int64)
    is_missing: Bools = np.isnan(scores)
    places[is_missing] = len(cuts) + 1
    return places
