"""The series of a model whose decision is an amount, for the dashboards: means of women rise, and are in breach."""

from __future__ import annotations

from collections.abc import Iterator

from tests.support.boards.series import Labels, Series, constant, from_breach_on, interval, stepping

_GROUPS = ("male", "female")


def amounts(start_s: int, threshold: float) -> Iterator[Series]:
    """Yield what is exported of a model ``rates``."""
    pair = {"model": "rates", "attribute": "gender"}
    kind = {**pair, "kind": "mean_difference"}
    yield Series("threshold_ratio", kind, constant(0.25))
    yield Series("alert_level", kind, stepping(3))
    yield Series("breach_groups", kind, stepping(1))
    for test in ("mean_low", "mean_high"):
        yield Series("evidence_threshold_log10", {**pair, "test": test}, constant(threshold))
        yield Series("evidence_log10", {**pair, "group": "female", "test": test}, constant(0.5))
    of_recovery = {**pair, "test": "mean_low_recovery"}
    yield Series("evidence_threshold_log10", of_recovery, from_breach_on(threshold))
    yield Series("evidence_log10", {**of_recovery, "group": "female"}, from_breach_on(0.5))
    for position, group in enumerate(_GROUPS):
        yield Series("group_info", {**pair, "group": group, "position": str(position)}, constant(1))
    for window, limit_s in (("1m", 250), ("5m", 970)):
        own = {**pair, "window": window}
        yield Series("window_age_limit_seconds", {"model": "rates", "window": window}, constant(limit_s))
        yield Series("window_end_timestamp_seconds", own, lambda t: float((start_s + t) // 60 * 60))
        for group in _GROUPS:
            yield from _group({**own, "group": group}, is_reference=group == _GROUPS[0])
    breach = {**kind, "group": "female"}
    yield Series("breach_mean_amount", breach, from_breach_on(9.2))
    yield Series("breach_reference_mean_amount", breach, from_breach_on(8.5))
    for end, difference in (("", 0.7), ("_lower", 0.65), ("_upper", 0.75)):
        yield Series(f"breach_mean_difference_amount{end}", breach, from_breach_on(difference))
    yield Series("breach_mean_ratio", breach, from_breach_on(1.082))


def _group(labels: Labels, *, is_reference: bool) -> Iterator[Series]:
    yield Series("window_decisions", labels, constant(1000))
    yield from interval("mean_amount", labels, constant(8.5 if is_reference else 9.2))
    for quantile, value in (("p50", 8.2), ("p90", 14.0)):
        yield Series(f"{quantile}_amount", labels, constant(value))
        if not is_reference:
            yield from interval(f"{quantile}_difference_amount", labels, constant(0.6))
    if not is_reference:
        yield from interval("mean_difference_amount", labels, constant(0.7))
        yield Series("mean_ratio", labels, constant(1.082))
