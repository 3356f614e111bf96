"""A difference of means in one plain sentence: whose is higher and by how much, numbers, onset, main cause."""

from __future__ import annotations

from typing import NamedTuple

from stream_app.core.cause.amounts import AmountCause
from stream_app.core.cause.certainty import Certainty
from stream_app.core.cause.decomposition import Driver
from stream_app.core.cause.sentence import Ends, describe_onset
from stream_app.core.fairness.amounts import AmountComparison, Measured
from stream_app.core.groups.subgroups import Subgroup
from stream_app.pipeline.disclosure.amounts.words import headline, ratio_limits, shown_amount, shown_ratio
from stream_app.policy import ModelPolicy

_WITHIN, _MIX = "differences within segments", "the mix of segments"
_DRIVERS = {Driver.RATE: _WITHIN, Driver.RATE_NOT_MIX: _WITHIN, Driver.MIX: _MIX, Driver.MIX_NOT_RATE: _MIX}
_CERTAINTIES = {Certainty.EXPLAINS: "explained by", Certainty.MAIN: "mainly"}


class SeenOnset(NamedTuple):
    """When a breach began, event time; or ended.

    Attributes:
        at_s: The estimate.
        ends_s: Its 99 % interval.
        is_over: Whether the breach has ended at that time.
    """

    at_s: int
    ends_s: Ends = (None, None)
    is_over: bool = False


def describe_amounts(
    model: ModelPolicy, pair: Subgroup, compared: AmountComparison, cause: AmountCause, onset: SeenOnset | None = None
) -> str:
    """Describe a pair; no number about fewer than k decisions.

    Args:
        model: Its policy, of kind ``amounts``.
        pair: The group and its reference.
        compared: Their amounts.
        cause: Why they differ.
        onset: Of a breach; None without one.
    """
    group, reference = ", ".join(pair.labels), ", ".join(pair.reference)
    name, k = name_of(model), model.privacy.k
    means, difference = (compared.mean.value, compared.mean_reference.value), compared.difference
    if min(compared.n, compared.n_reference) < k or difference.value is None:
        return f"Mean {name} not shown: fewer than {max(k, 1)} decisions about {group} or {reference}."
    limit = model.rules.max_mean_difference or 0.0
    numbers = ", ".join(shown_amount(mean or 0.0, limit) for mean in means)
    known = f"{numbers}; {_interval(difference.lower, difference.upper, limit)}limit ±{limit:g}"
    first = headline(name, group, reference, difference.value, limit)
    clauses = [
        f"{first[0].upper()}{first[1:]} ({known})",
        _ratio(model.rules.min_mean_ratio, compared.ratio),
        f"n = {compared.n} and {compared.n_reference}",
        "" if onset is None else describe_onset(onset.at_s, onset.ends_s, is_over=onset.is_over),
        *_split(model, cause, limit),
        "statistical, not causal" if difference.value else "",
    ]
    return "; ".join(clause for clause in clauses if clause) + "."


def name_of(model: ModelPolicy) -> str:
    """Return what the amount is called."""
    return "amount" if model.decision is None else model.decision.name


def _interval(lower: float | None, upper: float | None, limit: float) -> str:
    if lower is None or upper is None:
        return ""
    return f"95% CI of the difference {shown_amount(lower, limit)} to {shown_amount(upper, limit)}, "


def _ratio(least: float | None, ratio: Measured) -> str:
    """Say what the ratio of the means is, where the policy limits it."""
    if least is None or ratio.value is None or ratio.lower is None:
        return ""
    return f"ratio {shown_ratio(ratio.value, ratio.lower, ratio.upper, '95% CI ')}, limit {ratio_limits(least)}"


def _split(model: ModelPolicy, cause: AmountCause, limit: float) -> list[str]:
    """Say which part, and which segment, chance would name in 5 % of cases at most; else give the parts."""
    if model.segment is None or not cause.difference or len(cause.segments) < 2:  # noqa: PLR2004 - nothing is split
        return []
    driver, certainty = _DRIVERS.get(cause.driver), cause.driver_certainty
    if driver is None or certainty not in _CERTAINTIES:
        if cause.within is None or cause.mix is None:
            return []
        clauses = [
            f"{shown_amount(cause.within, limit)} within segments, {shown_amount(cause.mix, limit)} by their mix"
        ]
    else:
        clauses = [f"{_CERTAINTIES[certainty]} {driver}"]
    leader = next((part for part in cause.segments if part.segment == cause.leading_segment), None)
    if leader is None or not cause.is_leader_clear or cause.leading_share is None:
        return clauses
    if min(leader.n, leader.n_reference) < model.privacy.k:
        return clauses
    where = f"{model.segment.name}={leader.segment}"
    return [*clauses, f"segment {where} contributes {cause.leading_share:.0%} of the difference"]
