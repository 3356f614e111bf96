"""The series of models whose decision is an amount, for the dashboards.

The mean rate of women rises and is in breach; mean wages, which are in thousands, stay within their limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.support.boards.series import (
    BREACH_S,
    Labels,
    Series,
    Value,
    at,
    constant,
    from_breach_on,
    late,
    stepping,
)

_GROUPS = ("male", "female")
_CROSSED = ("male & white", "female & black")
_SIZES = (("1m", 250), ("5m", 970))
_N = 1000.0


@dataclass(frozen=True)
class _Model:
    """A model: its amount, which amounts are good, its limits, the mean of the reference, and that of women."""

    name: str
    amount: str
    favorable: str
    limit: float
    reference: float
    female: Value
    least_ratio: float | None = None

    @property
    def tests(self) -> tuple[str, ...]:
        """The tests of each pair."""
        of_ratio = ("mean_ratio_low", "mean_ratio_high")
        return ("mean_low", "mean_high", *(of_ratio if self.least_ratio else ()))


def _risen(before: float, after: float) -> Value:
    return lambda t: after if t >= BREACH_S else before


_RATES = _Model("rates", "rate", "low", 0.25, 8.5, _risen(8.52, 9.2), 0.9)
_WAGES = _Model("wages", "wage", "high", 150.0, 3_275.0, constant(3_242.5))


def amounts(start_s: int, threshold: float) -> Iterator[Series]:
    """Yield what is exported of two models, the first of which is in breach at the end."""
    for model in (_RATES, _WAGES):
        yield from _declared(model, threshold)
        yield from _windows(model, start_s)
    yield from _breach(start_s, threshold)
    yield from _fair(threshold)


def _declared(model: _Model, threshold: float) -> Iterator[Series]:
    info = {"model": model.name, "amount": model.amount, "favorable": model.favorable}
    yield Series("amount_info", info, constant(1))
    pair = _pair(model)
    yield Series("threshold_ratio", {**pair, "kind": "mean_difference"}, constant(model.limit))
    if model.least_ratio:
        yield Series("threshold_ratio", {**pair, "kind": "mean_ratio"}, constant(model.least_ratio))
        yield Series("alert_level", {**pair, "kind": "mean_ratio"}, constant(0))
        yield Series("breach_groups", {**pair, "kind": "mean_ratio"}, constant(0))
    yield Series("reference_info", {**pair, "reference": _GROUPS[0]}, constant(1))
    for position, group in enumerate(_GROUPS):
        yield Series("group_info", {**pair, "group": group, "position": str(position)}, constant(1))
    for test in model.tests:
        yield Series("evidence_threshold_log10", {**pair, "test": test}, constant(threshold))
    for window, limit_s in _SIZES:
        yield Series("window_age_limit_seconds", {"model": model.name, "window": window}, constant(limit_s))


def _windows(model: _Model, start_s: int) -> Iterator[Series]:
    crossed = {**_pair(model), "attribute": "gender+race"}
    yield Series("reference_info", {**crossed, "reference": _CROSSED[0]}, constant(1))
    difference: Value = lambda t: at(model.female, t) - model.reference  # noqa: E731
    ratio: Value = lambda t: at(model.female, t) / model.reference  # noqa: E731
    for window, _ in _SIZES:
        end: Value = late(lambda t: float((start_s + t) // 60 * 60))
        for labels in (_pair(model), crossed):
            yield Series("window_end_timestamp_seconds", {**labels, "window": window}, end)
        own = {**_pair(model), "window": window}
        for group in _GROUPS:
            yield Series("window_decisions", {**own, "group": group}, constant(_N))
        yield from _group({**own, "group": "male"}, model, constant(model.reference))
        yield from _group({**own, "group": "female"}, model, late(model.female))
        for labels, group in ((own, "female"), ({**crossed, "window": window}, _CROSSED[1])):
            yield from _interval("mean_difference_amount", {**labels, "group": group}, late(difference), model)
            if model.least_ratio:
                yield Series("mean_ratio", {**labels, "group": group}, late(ratio))
        for quantile in ("p50", "p90"):
            of_quantile = f"{quantile}_difference_amount"
            yield from _interval(of_quantile, {**own, "group": "female"}, late(difference), model)


def _group(labels: Labels, model: _Model, mean: Value) -> Iterator[Series]:
    yield from _interval("mean_amount", labels, mean, model)
    for quantile, share in (("p50", 0.96), ("p90", 1.6)):
        yield Series(f"{quantile}_amount", labels, _scaled(mean, share))


def _scaled(value: Value, share: float) -> Value:
    return lambda t: share * at(value, t)


def _interval(metric: str, labels: Labels, value: Value, model: _Model) -> Iterator[Series]:
    """Yield a value and both ends of an interval that is four tenths of the limit wide."""
    yield Series(metric, labels, value)
    for end, side in (("lower", -0.2), ("upper", 0.2)):
        yield Series(f"{metric}_{end}", labels, _shifted(value, side * model.limit))


def _shifted(value: Value, by: float) -> Value:
    return lambda t: at(value, t) + by


def _breach(start_s: int, threshold: float) -> Iterator[Series]:
    pair = _pair(_RATES)
    kind = {**pair, "kind": "mean_difference"}
    yield Series("alert_level", kind, stepping(3))
    yield Series("alert_transitions_total", {**kind, "to": "breach"}, stepping(1))
    yield Series("alert_recovery_timestamp_seconds", kind, constant(float(start_s - 600)))
    for end, at_s in (("", -60), ("earliest_", -120), ("latest_", -60)):
        onset = from_breach_on(float(start_s + BREACH_S + at_s))
        yield Series(f"alert_onset_{end}timestamp_seconds", kind, onset)
    yield Series("breach_groups", kind, stepping(1))
    yield Series("incident_level", {**pair, "about": "decisions"}, stepping(3))
    yield Series("evidence_log10", {**pair, "group": "female", "test": "mean_high"}, constant(0.0))
    for test in ("mean_ratio_low", "mean_ratio_high"):
        yield Series("evidence_log10", {**pair, "group": "female", "test": test}, constant(0.2 * threshold))
    rising: Value = lambda t: threshold * t / BREACH_S if t < BREACH_S else None  # noqa: E731
    yield Series("evidence_log10", {**pair, "group": "female", "test": "mean_low"}, rising)
    of_recovery = {**pair, "test": "mean_low_recovery"}
    yield Series("evidence_threshold_log10", of_recovery, from_breach_on(threshold))
    yield Series("evidence_log10", {**of_recovery, "group": "female"}, from_breach_on(0.5))
    alert = {"alertname": "FairnessBreach", "severity": "critical", **pair}
    yield Series("ALERTS", {**alert, "alertstate": "firing"}, from_breach_on(1.0))
    yield Series("ALERTS_FOR_STATE", alert, from_breach_on(float(start_s + BREACH_S)))
    labels = {**kind, "group": "female"}
    words = {
        "about": "decisions",
        "incident": "gender",
        "reference": "male",
        "test": "mean_low",
        "policy_hash": "a",
        "verdict": "female worse off: mean rate 0.7 higher than male; limit 0.25",
        "cause": "mainly different amounts within the same segment (+0.68), most in personal (+0.31)",
    }
    yield Series("breach_rank", {**labels, **words}, from_breach_on(1.0))
    facts: Mapping[str, float] = {
        "mean_amount": 9.2,
        "reference_mean_amount": 8.5,
        "mean_difference_amount": 0.7,
        "mean_difference_amount_lower": 0.65,
        "mean_difference_amount_upper": 0.75,
        "mean_ratio": 1.082,
        "distance_ratio": 0.45,
        "evidence_log10": 12.4,
        "evidence_threshold_log10": threshold,
        "decisions": _N,
        "reference_decisions": _N,
        "onset_timestamp_seconds": start_s + BREACH_S - 60.0,
        "onset_earliest_timestamp_seconds": start_s + BREACH_S - 120.0,
        "onset_latest_timestamp_seconds": start_s + BREACH_S - 60.0,
        "detected_timestamp_seconds": float(start_s + BREACH_S),
    }
    for name, value in facts.items():
        yield Series(f"breach_{name}", labels, from_breach_on(value))


def _fair(threshold: float) -> Iterator[Series]:
    pair = _pair(_WAGES)
    kind = {**pair, "kind": "mean_difference"}
    yield Series("alert_level", kind, constant(0))
    yield Series("breach_groups", kind, constant(0))
    yield Series("incident_level", {**pair, "about": "decisions"}, constant(0))
    for test in ("mean_low", "mean_high"):
        yield Series("evidence_log10", {**pair, "group": "female", "test": test}, constant(0.1 * threshold))


def _pair(model: _Model) -> dict[str, str]:
    return {"model": model.name, "attribute": "gender"}
