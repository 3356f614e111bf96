"""Remedies beyond weights and cuts: repaired features, a fitted model, and what less disparity costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from stream_app.core.alternatives.tables import GOOD
from stream_app.core.arrays import Bools
from stream_app.errors import ReplayError
from stream_app.pipeline.replay.mitigation.cases import CaseColumns
from stream_app.pipeline.replay.mitigation.fitting import ModelScores, fit_weighted, score_models
from stream_app.pipeline.replay.mitigation.release import CaseRelease
from stream_app.pipeline.replay.mitigation.repairs import repair_features
from stream_app.pipeline.replay.mitigation.results import FittedModel, LabelKind, Measure, Repairs, TradeOff
from stream_app.pipeline.replay.mitigation.summary import labeled, reason_without_cuts
from stream_app.pipeline.replay.mitigation.trade_off import make_trade_off
from stream_app.policy import OTHER, UNKNOWN


@dataclass(frozen=True)
class Wanted:
    """What is computed beside weights and cuts.

    Attributes:
        repair_level: How much of the features is repaired, from 0 to 1; None for no repair.
        is_fitted: Whether a model is fitted.
        against: What the trade-off is about; None for no trade-off.
    """

    repair_level: float | None = None
    is_fitted: bool = False
    against: Measure | None = None

    @property
    def has_features(self) -> bool:
        """Whether the features of the decisions are needed."""
        return self.repair_level is not None or self.is_fitted


class Further(NamedTuple):
    """What was computed; None for what was not wanted.

    Attributes:
        repairs: Repaired features.
        fitted: The fitted model.
        trade_off: What less disparity costs.
        n_incomplete: Cases that were left out, since a feature is missing, or too few of their group lack one.
        left_out: Groups that were left out, since fewer than k people would follow.
    """

    repairs: Repairs | None
    fitted: FittedModel | None
    trade_off: TradeOff | None
    n_incomplete: int
    left_out: tuple[str, ...] = ()


def compute_further(
    cases: CaseColumns,
    groups: Sequence[str],
    kept: Sequence[str],
    features: Sequence[str],
    label: LabelKind,
    wanted: Wanted,
    *,
    is_selective: bool,
    release: CaseRelease,
) -> Further:
    """Compute what is wanted.

    Args:
        cases: The decisions, with features where they are needed.
        groups: The declared groups; their places are the numbers in the columns.
        kept: The groups that have enough cases.
        features: Names of the features.
        label: What models are fitted to. The trade-off needs outcomes.
        wanted: What is computed.
        is_selective: Whether outcomes are known for favorable decisions only.
        release: Decides what may be shown of groups and cuts; groups of fewer cases than its k are left out.

    Raises:
        ReplayError: too few cases have all features.
    """
    k = release.k
    is_used = _used(cases, k)
    used = cases.part(is_used)
    sizes = _sizes(used, groups)
    names = [group for group in kept if sizes[group] >= max(k, 1)]
    if not names:
        raise _too_few("No group has enough cases with every feature", k)
    part = "" if cases.features is None else "complete cases"
    shown = release.groups("", _sizes(cases, groups))
    if part:
        shown &= release.groups(part, sizes)
    names = [name for name in names if name in shown]
    if wanted.is_fitted:
        names = _shown_halves(used, groups, names, label, part, release)
    left_out = tuple(group for group in kept if group not in names)
    if not names:
        return Further(None, None, None, 0, left_out)
    numbers = [groups.index(name) for name in names]
    n_incomplete = int(np.count_nonzero(np.isin(cases.groups[~is_used], numbers)))
    cases = _numbered(used, numbers)
    repairs = fitted = trade_off = None
    if wanted.repair_level is not None and cases.features is not None:
        repairs = repair_features(cases.features, cases.groups, features, names, wanted.repair_level, k)
    scored: list[ModelScores] = []
    if wanted.is_fitted:
        fitted, cases, scored = _fit(cases, features, label, k, len(names), has_rivals=wanted.against is not None)
        part = _half(part, names, 1)
    if wanted.against is not None:
        missing = reason_without_cuts(cases, has_outcomes=True, is_selective=is_selective)
        trade_off = make_trade_off(cases, names, scored, wanted.against, missing, part, release)
    return Further(repairs, fitted, trade_off, n_incomplete, left_out)


def _used(cases: CaseColumns, k: int) -> Bools:
    """Return which cases have every feature; of each group nobody is left out, or at least ``k`` are."""
    if cases.features is None:
        return np.ones(len(cases.groups), np.bool_)
    is_used: Bools = np.count_nonzero(np.isnan(cases.features), axis=1) == 0
    for number in np.unique(cases.groups[~is_used]).tolist():
        own = cases.groups == number
        n_missing = k - int(np.count_nonzero(own & ~is_used))
        if n_missing > 0:
            is_used[np.flatnonzero(own & is_used)[-n_missing:]] = False
    return is_used


def _sizes(cases: CaseColumns, groups: Sequence[str]) -> dict[str, int]:
    labels = (*groups, UNKNOWN, OTHER)
    return {label: int(np.count_nonzero(cases.groups == number)) for number, label in enumerate(labels)}


def _shown_halves(
    cases: CaseColumns, groups: Sequence[str], names: list[str], label: LabelKind, part: str, release: CaseRelease
) -> list[str]:
    """Return the groups of which both halves may be shown; which cases are in a half depends on the groups."""
    while names:
        own = cases.part(np.isin(cases.groups, [groups.index(name) for name in names]))
        first, others = own.part(slice(0, None, 2)), own.part(slice(1, None, 2))
        shown = release.groups(_half(part, names, 1), _sizes(others, groups))
        shown &= release.groups(_half(part, names, 0), _sizes(first, groups))
        if label == "outcome":
            fitted_to = first.part(labeled(first, label))
            shown &= release.groups(f"{_half(part, names, 0)}, outcome known", _sizes(fitted_to, groups))
        if shown.issuperset(names):
            break
        names = [name for name in names if name in shown]
    return names


def _half(part: str, names: Sequence[str], number: int) -> str:
    return f"{part}, every second case of {', '.join(names)} from case {number}"


def _fit(
    cases: CaseColumns, features: Sequence[str], label: LabelKind, k: int, n_groups: int, *, has_rivals: bool
) -> tuple[FittedModel, CaseColumns, list[ModelScores]]:
    """Fit to every second case; return the others with their scores by that model and by its rivals."""
    first, others = cases.part(slice(0, None, 2)), cases.part(slice(1, None, 2))
    first = first.part(labeled(first, label))
    labels = (first.outcomes == GOOD if label == "outcome" else first.favorable == 1).astype(np.int64)
    assert first.features is not None
    assert others.features is not None
    model = fit_weighted(first.features, first.groups, labels, n_groups)
    if model is None or np.bincount(others.groups, minlength=n_groups).min() < max(k, 1):
        raise _too_few("There are too few cases to fit a model", k)
    scored = []
    if has_rivals:
        fitted_to = first.features, first.groups, labels
        scored = score_models(model, fitted_to, (others.features, others.groups))
    fitted = FittedModel(
        n=len(labels),
        features=tuple(features),
        coefficients=tuple(model.coefficients.tolist()),
        intercept=model.intercept,
    )
    return fitted, others, scored


def _numbered(cases: CaseColumns, numbers: Sequence[int]) -> CaseColumns:
    """Return the cases of some groups, numbered 0, 1 and so on."""
    own = cases.part(np.isin(cases.groups, numbers))
    return own._replace(groups=np.searchsorted(np.array(numbers, np.int64), own.groups))


def _too_few(problem: str, k: int) -> ReplayError:
    return ReplayError(
        problem,
        action=f"Give a longer time range: each group needs {max(k, 1)} cases with every feature and both outcomes in "
        "each half of the cases, or leave out --fit and --repair",
    )
