"""The series of an open breach, from the moment of the breach in the scenario on."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.boards.series import BREACH_S, Labels, Series, from_breach_on


def open_breach(
    labels: Labels, start_s: int, rates: tuple[float, float], n: float, threshold: float
) -> Iterator[Series]:
    """Yield the facts of the only open breach.

    Args:
        labels: Of the pair.
        start_s: Start of the scenario.
        rates: Of the group and of the reference.
        n: Cases of each.
        threshold: Evidence that was needed, log10.
    """
    rate, rate_reference = rates
    info = {"about": "decisions", "incident": "gender", "reference": "male", "test": "ratio_low", "policy_hash": "aaaa"}
    words = {"verdict": "female approved 60% as often as male; limit 80%", "cause": "mainly different decisions"}
    yield Series("breach_rank", dict(labels) | info | words, from_breach_on(1.0))
    ratio, gap = rate / rate_reference, rate - rate_reference
    facts = {
        "evidence_log10": 23.9,
        "evidence_threshold_log10": threshold,
        "distance_ratio": 0.8 - ratio,
        "favorable_ratio": rate,
        "reference_favorable_ratio": rate_reference,
        "decisions": n,
        "reference_decisions": n,
        "onset_timestamp_seconds": start_s + BREACH_S - 60.0,
        "onset_earliest_timestamp_seconds": start_s + BREACH_S - 120.0,
        "onset_latest_timestamp_seconds": start_s + BREACH_S - 60.0,
        "detected_timestamp_seconds": float(start_s + BREACH_S),
        "cause_mix_ratio": 0.25 * gap,
        "cause_rate_ratio": 0.75 * gap,
    }
    for name, value in (("disparate_impact_ratio", ratio), ("gap_ratio", gap)):
        facts |= {name: value, f"{name}_lower": value - 0.05, f"{name}_upper": value + 0.05}
    for name, value in facts.items():
        yield Series(f"breach_{name}", labels, from_breach_on(value))
    part = dict(labels) | {"segment": "home", "part": "rate"}
    yield Series("breach_cause_segment_ratio", part, from_breach_on(0.5 * gap))
    yield Series("breach_feature_difference_ratio", dict(labels) | {"feature": "credit_score"}, from_breach_on(-0.4))
