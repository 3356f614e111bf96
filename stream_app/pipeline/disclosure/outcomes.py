"""A result about outcomes as people may see it: no number about fewer than k of them, nor what would reveal it.

People are counted by outcomes: a group is hidden as it is for decisions. Each rate and gap has cases of its own (all
good outcomes, all approved, ...) and needs k of them in each group that it is about.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stream_app.core.groups.comparison import State
from stream_app.core.privacy.disclosure import Disclosure, disclose
from stream_app.pipeline.disclosure.rules import (
    Hidden,
    disclosable_worst,
    fields_of,
    hidden_reason,
    is_compared,
    is_small,
)
from stream_app.pipeline.records.evidence import Evidence, LimitKind, state_under
from stream_app.pipeline.records.outcome_results import BinResult, Measure, OutcomeGroupResult, OutcomeResult
from stream_app.pipeline.records.results import Offsets, ResultHead

TOO_FEW = "fewer_than_k"
_GAPS = (
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "false_positive_rate_difference",
    "average_odds_difference",
    "predictive_parity_difference",
    "failure_rate_difference",
)
_RATES = ("favorable_outcome_rate", "true_positive_rate", "false_positive_rate")


class DisclosedOutcomeGroup(msgspec.Struct, frozen=True, kw_only=True):
    """One group; the fields of ``OutcomeGroupResult``, None where hidden. Counts of decisions by outcome never leave.

    Attributes:
        hidden: ``small_cell`` when there are fewer than k outcomes, maybe none; ``complementary`` when hidden so that a
            small group cannot be computed by subtraction; None when it is shown.
    """

    group: str
    n: int | None = None
    favorable_outcome_rate: Measure | None = None
    true_positive_rate: Measure | None = None
    false_positive_rate: Measure | None = None
    equal_opportunity_difference: Measure | None = None
    equal_opportunity_ratio: Measure | None = None
    false_positive_rate_difference: Measure | None = None
    average_odds_difference: Measure | None = None
    predictive_parity_difference: Measure | None = None
    failure_rate_difference: Measure | None = None
    calibration_error: float | None = None
    calibration_reason: str | None = None
    bins: tuple[BinResult, ...] = ()
    without_outcome_ratio: float | None = None
    state: State | None = None
    evidence: tuple[Evidence, ...] = ()
    hidden: Hidden | None = None


class DisclosedOutcomeResult(ResultHead, frozen=True, kw_only=True):
    """A result about outcomes without what must not be seen; the fields of ``OutcomeResult``.

    Attributes:
        n: Outcomes of all groups; None where it would reveal a hidden group.
        k: Fewest outcomes that a shown group has.
    """

    n: int | None
    is_selective: bool
    state: State
    k: int
    groups: tuple[DisclosedOutcomeGroup, ...]
    offsets: Offsets
    policy_hash: str
    code_version: str


def disclose_outcomes(result: OutcomeResult, k: int) -> DisclosedOutcomeResult:
    """Hide what may not be seen of a result.

    Args:
        result: The exact result.
        k: Fewest outcomes that a group must have to be shown; 0 shows everything but the counts by decision.
    """
    release = shown_outcomes(result, k)
    groups = tuple(
        DisclosedOutcomeGroup(group=group.group, hidden=hidden)
        if (hidden := hidden_reason(group.group, release))
        else _show(group, k, with_reference=is_compared(result.reference, release))
        for group in result.groups
    )
    fields: dict[str, Any] = fields_of(result, DisclosedOutcomeResult, without=("n", "k", "groups", "state"))
    n = result.n if release.is_total_shown else None
    return DisclosedOutcomeResult(**fields, n=n, k=k, groups=groups, state=outcome_state(result, k))


def shown_outcomes(result: OutcomeResult, k: int) -> Disclosure[str]:
    """Decide which groups of a result may leave."""
    return disclose({group.group: group.n for group in result.groups}, k)


def outcome_state(result: OutcomeResult, k: int, kind: LimitKind | None = None) -> State:
    """Return the worst state of the pairs, without naming the group; one with fewer than k outcomes is insufficient."""
    n_reference = sum(group.n for group in result.groups if group.group == result.reference)
    judged = ((group.n, state_under(group.evidence, kind)) for group in result.groups if group.evidence)
    return disclosable_worst(judged, n_reference, k)


def _show(group: OutcomeGroupResult, k: int, *, with_reference: bool) -> DisclosedOutcomeGroup:
    names = (*_RATES, *_GAPS) if with_reference else _RATES
    measures: dict[str, Any] = {name: _measure(getattr(group, name), k) for name in names}
    bins = disclose({bin_.bin: bin_.n for bin_ in group.bins}, k).shown
    return DisclosedOutcomeGroup(
        group=group.group,
        n=group.n,
        **measures,
        calibration_error=group.calibration_error,
        calibration_reason=group.calibration_reason,
        bins=tuple(bin_ for bin_ in group.bins if bin_.bin in bins),
        without_outcome_ratio=group.without_outcome_ratio if not is_small(group.n_awaited, None, k) else None,
        state=group.state if with_reference else None,
        evidence=group.evidence if with_reference else (),
    )


def _measure(measure: Measure | None, k: int) -> Measure | None:
    """Return a measure without its counts where they are small, and without its value then."""
    if measure is None or measure.value is None:
        return measure and Measure(None, None, None, 0, None, measure.reason)
    if is_small(measure.n, measure.n_reference, k):
        return Measure(None, None, None, 0, None, TOO_FEW)
    return measure
