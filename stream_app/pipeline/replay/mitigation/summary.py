"""Makes the result of a mitigation from the columns of the decisions."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from stream_app.core.alternatives.tables import GOOD, NOT_KNOWN
from stream_app.core.arrays import Bools, Floats
from stream_app.core.mitigation.reweighing import reweigh
from stream_app.core.mitigation.thresholds import Goal, choose_cuts
from stream_app.pipeline.replay.mitigation.cases import CaseColumns
from stream_app.pipeline.replay.mitigation.release import CaseRelease, candidate_cuts, permitted_cuts
from stream_app.pipeline.replay.mitigation.results import (
    GroupThreshold,
    LabelKind,
    Missing,
    Thresholds,
    Weight,
)


class Mitigation(NamedTuple):
    """Weights and cuts.

    Attributes:
        n: Cases with a label.
        left_out: Groups with too few of them.
        weights: Weights.
        thresholds: Cuts by group.
        missing: Why there are none, where they were requested.
    """

    n: int
    left_out: tuple[str, ...]
    weights: tuple[Weight, ...]
    thresholds: Thresholds | None
    missing: Missing | None


def mitigate(
    cases: CaseColumns,
    groups: Sequence[str],
    label: LabelKind,
    goal: Goal | None,
    *,
    shown: Collection[str],
    has_outcomes: bool,
    is_selective: bool,
    release: CaseRelease | None = None,
) -> Mitigation:
    """Return weights for a training set, and cuts by group where a goal is given.

    Args:
        cases: The decisions.
        groups: The declared groups; their places are the numbers in the columns. Others are left out.
        label: What weights are about.
        goal: The rate that all groups shall have; None for weights alone.
        shown: Groups that may be shown; others are left out.
        has_outcomes: Whether outcomes were looked at.
        is_selective: Whether outcomes are known for favorable decisions only.
        release: Decides which cuts may be shown; None for every cut between two scores.
    """
    is_labeled = labeled(cases, label)
    is_favorable = cases.outcomes == GOOD if label == "outcome" else cases.favorable == 1
    counts = np.array(
        [
            [
                np.count_nonzero(is_labeled & (cases.groups == number) & (is_favorable == value))
                for value in (False, True)
            ]
            for number in range(len(groups))
        ]
    )
    kept = [number for number, group in enumerate(groups) if group in shown]
    weights = reweigh(counts[kept])
    rows = tuple(
        Weight(group=groups[number], is_favorable=value, weight=None if math.isnan(weight) else weight)
        for number, own in zip(kept, weights.tolist(), strict=True)
        for value, weight in zip((False, True), own, strict=True)
    )
    thresholds, missing = None, None
    if goal is not None:
        of_groups = cases.part(np.isin(cases.groups, kept))
        missing = reason_without_cuts(of_groups, has_outcomes=has_outcomes, is_selective=is_selective)
        if missing is None:
            thresholds = _thresholds(cases, groups, kept, goal, _permitted(cases, groups, kept, release))
            missing = None if thresholds is not None else "one_kind_of_outcome"
    left_out = tuple(group for number, group in enumerate(groups) if number not in kept)
    return Mitigation(int(counts[kept].sum()), left_out, rows, thresholds, missing)


def labeled(cases: CaseColumns, label: LabelKind) -> Bools:
    """Return which cases have a label."""
    return cases.outcomes != NOT_KNOWN if label == "outcome" else np.ones(len(cases.groups), np.bool_)


def reason_without_cuts(cases: CaseColumns, *, has_outcomes: bool, is_selective: bool) -> Missing | None:
    """Return why no cuts can be chosen: their accuracy is about everybody, so every outcome must be known."""
    if not has_outcomes:
        return "no_outcomes"
    if is_selective:
        return "selective_outcomes"
    if (cases.outcomes == NOT_KNOWN).any():
        return "unknown_outcomes"
    return "no_scores" if np.isnan(cases.scores).any() else None


def _permitted(
    cases: CaseColumns, groups: Sequence[str], kept: Sequence[int], release: CaseRelease | None
) -> list[Floats] | None:
    """Return the cuts of each group that may be shown."""
    if release is None:
        return None
    cuts = candidate_cuts(cases.scores[np.isin(cases.groups, kept)])
    scores = [cases.scores[cases.groups == number] for number in kept]
    return [
        cuts[permitted_cuts(release, "", groups[number], own, cuts, is_above=True)]
        for number, own in zip(kept, scores, strict=True)
    ]


def _thresholds(
    cases: CaseColumns,
    groups: Sequence[str],
    kept: Sequence[int],
    goal: Goal,
    permitted: Sequence[Floats] | None,
) -> Thresholds | None:
    members: list[Bools] = [cases.groups == number for number in kept]
    good = (cases.outcomes == GOOD).astype(np.int64)
    chosen = choose_cuts([(cases.scores[own], good[own]) for own in members], goal, permitted) if members else None
    if chosen is None:
        return None
    everyone = np.any(members, axis=0)
    return Thresholds(
        goal=goal.value,
        rate=chosen.rate,
        accuracy=chosen.accuracy,
        logged_accuracy=float(np.mean(cases.favorable[everyone] == good[everyone])),
        groups=tuple(
            GroupThreshold(
                group=groups[number], share=cut.share, cut=_finite(cut.cut), other_cut=_finite(cut.other_cut)
            )
            for number, cut in zip(kept, chosen.groups, strict=True)
        ),
    )


def _finite(cut: float) -> float | None:
    return cut if math.isfinite(cut) else None
