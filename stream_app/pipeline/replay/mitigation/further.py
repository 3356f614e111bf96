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
from stream_app.pipeline.replay.mitigation.repairs import repair_features
from stream_app.pipeline.replay.mitigation.results import FittedModel, LabelKind, Measure, Repairs, TradeOff
from stream_app.pipeline.replay.mitigation.summary import labeled, reason_without_cuts
from stream_app.pipeline.replay.mitigation.trade_off import make_trade_off


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
        n_incomplete: Cases that were left out, since a feature is missing.
    """

    repairs: Repairs | None
    fitted: FittedModel | None
    trade_off: TradeOff | None
    n_incomplete: int


def compute_further(
    cases: CaseColumns,
    groups: Sequence[str],
    kept: Sequence[str],
    features: Sequence[str],
    label: LabelKind,
    wanted: Wanted,
    *,
    k: int,
    is_selective: bool,
) -> Further:
    """Compute what is wanted.

    Args:
        cases: The decisions, with features where they are needed.
        groups: The declared groups; their places are the numbers in the columns.
        kept: The groups that have enough cases.
        features: Names of the features.
        label: What models are fitted to. The trade-off needs outcomes.
        wanted: What is computed.
        k: Groups with fewer cases are left out.
        is_selective: Whether outcomes are known for favorable decisions only.

    Raises:
        ReplayError: too few cases have all features.
    """
    cases = cases.part(np.isin(cases.groups, [groups.index(group) for group in kept]))
    n_incomplete = 0
    if cases.features is not None:
        is_complete: Bools = np.count_nonzero(np.isnan(cases.features), axis=1) == 0
        n_incomplete = int(np.count_nonzero(~is_complete))
        cases = cases.part(is_complete)
    sizes = np.bincount(cases.groups, minlength=len(groups))
    names = [group for group, size in zip(groups, sizes.tolist(), strict=False) if size >= max(k, 1)]
    cases = _numbered(cases, [groups.index(name) for name in names])
    if not names:
        raise _too_few("No group has enough cases with every feature", k)
    repairs = fitted = trade_off = None
    if wanted.repair_level is not None and cases.features is not None:
        repairs = repair_features(cases.features, cases.groups, features, names, wanted.repair_level, k)
    scored: list[ModelScores] = []
    if wanted.is_fitted:
        fitted, cases, scored = _fit(cases, features, label, k, len(names), has_rivals=wanted.against is not None)
    if wanted.against is not None:
        missing = reason_without_cuts(cases, has_outcomes=True, is_selective=is_selective)
        trade_off = make_trade_off(cases, scored, wanted.against, k, missing)
    return Further(repairs, fitted, trade_off, n_incomplete)


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
