"""Half an hour of metrics, as two workers export them, in which a model becomes unfair to one group.

The names and labels are those of the contract between the exporter, the rules and the dashboards; a test compares them
with the code. Sizes are chosen so that the values of the golden panels can be computed by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.support.boards.amount_scenario import amounts
from tests.support.boards.open_breach import open_breach
from tests.support.boards.series import (
    BREACH_S,
    Labels,
    Series,
    Value,
    at,
    constant,
    ends,
    from_breach_on,
    growing,
    interval,
    late,
    stepping,
)
from tests.support.boards.worker_series import WORKERS, workers

STEP_S, LENGTH_S = 15, 1800
FIRST_WINDOW_S = 90  # the first window has been closed and scraped
# What is exported before.
DECLARED = (
    *("threshold_ratio", "reference_info", "group_info", "proxy_info", "amount_info", "window_age_limit_seconds"),
    *("publication_info", "hours_limit_ratio"),
    *("watermark_timestamp_seconds", "test_lag_seconds"),
)
RUN, OTHER_RUN = "replay-1", "replay-2"  # the first is equal to the live results

# Agreed names that the exporter does not have yet. It only shrinks: a name that is exported must leave.
NOT_EXPORTED_YET: frozenset[str] = frozenset()

GROUPS = {
    "gender": ("male", "female"),
    "race": ("white", "black", "asian", "hispanic"),
    "age": ("30-44", "18-29", "45-59", "60+"),
}
CROSS = "+"
CROSSED = {
    "gender+race": ("male & white", "female & black", "female & asian"),
    "gender+race+age": ("male & white & 30-44", "female & hispanic & 45-59"),
}
JOINED = " & "  # between the values of a subgroup
N, REFERENCE_RATE = 1000.0, 0.8
FEMALE_BEFORE, FEMALE_AFTER = 0.76, 0.48  # ratio 0.95, then 0.6
DRIFT = "score_drift"  # of each group against its own baseline: reference groups are tested too, and it has no recovery
UNFAIR = {"gender": "female", "gender+race": "female & black"}
UNFAIR_GROUPS, ALARM_TESTS, THRESHOLD = (
    tuple(UNFAIR.values()),
    ("ratio_low", "gap_low", "tpr_low", "outcome_low", "score_low"),
    6.5,
)
TESTS = tuple(
    f"{part}_{side}" for part in ("ratio", "gap", "tpr", "fpr", "outcome", "score") for side in ("low", "high")
)
KINDS = ("disparate_impact_ratio", "gap", "equal_opportunity", "false_positive_rate", "favorable_outcome", "score")
RULES = dict(zip(KINDS, (0.8, 0.2, 0.1, 0.1, 0.1, 0.25), strict=True))


def rate_of(group: str) -> Value:
    """Return the approval rate of a group over time."""
    if group in UNFAIR.values():
        return lambda t: FEMALE_AFTER if t >= BREACH_S else FEMALE_BEFORE
    is_reference = group in {groups[0] for groups in (*GROUPS.values(), *CROSSED.values())}
    return constant(REFERENCE_RATE if is_reference else 0.72)


def position_of(group: str) -> str:
    """Return the place of a group among those that are compared; 0 for a reference group."""
    compared = [name for _, *names in GROUPS.values() for name in names]
    return str(compared.index(group) + 1) if group in compared else "0"


def scaled_gap(rate: Value, share: float) -> Value:
    """Return a share of the gap between a rate and that of the reference group."""
    return lambda t: share * (at(rate, t) - REFERENCE_RATE)


def scenario(start_s: int) -> list[Series]:
    """Return all series of the half hour that begins at ``start_s``."""
    owner = {"job": "fairstream", "instance": WORKERS[0]}
    result = [Series(series.metric, owner | dict(series.labels), _when_known(series)) for series in _fairness(start_s)]
    job = {"job": "fairstream"}
    result += [Series(series.metric, job | dict(series.labels), series.value) for series in workers()]
    for run, lower in ((RUN, 0.0), (OTHER_RUN, 0.05)):
        replayed = _replayed(start_s, lower)
        result += [Series(series.metric, dict(series.labels) | {"run": run}, series.value) for series in replayed]
    alert = {"alertname": "FairnessBreach", "severity": "critical", "model": "loans", "attribute": "gender"}
    result.append(Series("ALERTS", alert | {"alertstate": "firing"}, from_breach_on(1.0)))
    result.append(Series("ALERTS_FOR_STATE", alert, from_breach_on(start_s + BREACH_S)))
    return result


def _when_known(series: Series) -> Value:
    """Return the value of a series from the first window on, or from the start if the policy declares it."""
    is_declared = series.metric in DECLARED or series.metric.endswith("_total")
    return series.value if is_declared else lambda t: series.value(t) if t >= FIRST_WINDOW_S else None


def as_openmetrics(series: list[Series], start_s: int) -> str:
    """Return the samples in the OpenMetrics format, with their times."""
    lines: list[str] = []
    for name in dict.fromkeys(one.name for one in series):
        # Every type is "unknown": the format would check suffixes, and Prometheus keeps no type in a block.
        lines.append(f"# TYPE {name} unknown")
        for one in series:
            if one.name == name:
                lines += _samples(one, start_s)
    return "\n".join([*lines, "# EOF"]) + "\n"


def _samples(one: Series, start_s: int) -> Iterator[str]:
    labels = ",".join(f'{key}="{value}"' for key, value in one.labels.items())
    for t in range(0, LENGTH_S + 1, STEP_S):
        value = one.value(t)
        if value is not None:
            yield f"{one.name}{{{labels}}} {value!r} {start_s + t}"


def _fairness(start_s: int) -> Iterator[Series]:
    for attribute, groups in (GROUPS | CROSSED).items():
        pair = {"model": "loans", "attribute": attribute}
        yield from _states(pair, start_s)
        for test in (*TESTS, DRIFT):
            yield Series("evidence_threshold_log10", pair | {"test": test}, constant(THRESHOLD))
        for group in groups:
            yield from _over_time(pair, group, is_reference=group == groups[0])
        for window in ("1m", "5m"):
            own = pair | {"window": window}
            yield Series("window_end_timestamp_seconds", own, late(lambda t: float((start_s + t) // 60 * 60)))
            yield from _groups(own, groups)
        yield Series("reference_info", pair | {"reference": groups[0]}, constant(1))
        if CROSS in attribute:
            continue
        for group in groups:
            yield Series("group_info", pair | {"group": group, "position": position_of(group)}, constant(1))
        yield Series("cells_suppressed_total", pair | {"reason": "small_cell"}, growing(0.02))
        yield Series("cells_suppressed_total", pair | {"reason": "complementary"}, growing(0.01))
    yield from _estimated({"model": "loans", "attribute": "race"}, "hispanic")
    yield from _fair_model({"model": "mortgages", "attribute": "gender"}, start_s)
    yield from _hours({"model": "camera", "attribute": "income_level"}, start_s)
    yield from amounts(start_s, THRESHOLD)
    for model in ("loans", "camera"):
        yield Series("watermark_timestamp_seconds", {"model": model}, lambda t: float(start_s + t - 5))
    yield Series("test_lag_seconds", {"model": "loans"}, constant(30))
    for disposition in ("matched", "duplicate", "changed", "unmatched", "expired"):
        yield Series("outcomes_total", {"model": "loans", "disposition": disposition}, growing(2))
    for window, limit_s in (("1h", 11_000), ("1m", 250), ("5m", 970)):
        yield Series("window_age_limit_seconds", {"model": "loans", "window": window}, constant(limit_s))


def _hours(pair: Labels, start_s: int) -> Iterator[Series]:
    """Yield the hours of areas, of which those of high income get four times as many."""
    yield Series("hours_limit_ratio", {"model": pair["model"]}, constant(1.5))
    for window in ("1m", "5m"):
        own = {**pair, "window": window}
        yield Series("hours_window_end_timestamp_seconds", own, late(lambda t: float((start_s + t) // 60 * 60)))
        yield Series("hours_over", {**own, "group": "High"}, constant(1))
        for of in ("means", "totals"):
            yield from interval("hours_ratio", {**own, "group": "High", "of": of}, constant(4.0))
            for group, per_capita in (("High", 0.04), ("Low", 0.01)):
                yield Series("hours_per_capita", {**own, "group": group, "of": of}, constant(per_capita))


def _fair_model(pair: Labels, start_s: int) -> Iterator[Series]:
    """Yield the states of another model, which is fair and has no outcomes or scores."""
    for kind in KINDS[:2]:
        labels = {**pair, "kind": kind}
        yield Series("threshold_ratio", labels, constant(RULES[kind]))
        yield Series("alert_level", labels, constant(0))
        yield Series("breach_groups", labels, constant(0))
    end: Value = late(lambda t: float((start_s + t) // 60 * 60))
    yield Series("window_end_timestamp_seconds", {**pair, "window": "1m"}, end)


def _estimated(pair: Labels, group: str) -> Iterator[Series]:
    yield Series("proxy_info", pair, constant(1))
    for window, (end, value) in product(("1m", "5m"), (("lower", 0.2), ("upper", 2.5))):
        yield Series(f"proxy_disparate_impact_ratio_{end}", {**pair, "window": window, "group": group}, constant(value))


def _states(pair: Labels, start_s: int) -> Iterator[Series]:
    for kind in KINDS:
        labels = dict(pair) | {"kind": kind}
        if CROSS not in labels["attribute"]:
            yield Series("threshold_ratio", labels, constant(RULES[kind]))
        is_unfair = labels["attribute"] in UNFAIR and kind == "disparate_impact_ratio"
        if is_unfair:
            for end, at_s in (("", BREACH_S), ("earliest_", BREACH_S - 60), ("latest_", BREACH_S + 60)):
                yield Series(f"alert_onset_{end}timestamp_seconds", labels, from_breach_on(start_s + at_s))
        yield Series("alert_level", labels, stepping(3) if is_unfair else constant(0))
        yield Series("alert_transitions_total", labels | {"to": "breach"}, stepping(1) if is_unfair else constant(0))
        if kind == "disparate_impact_ratio":
            yield Series("breach_groups", labels, stepping(1) if is_unfair else constant(0))
            about = dict(pair) | {"about": "decisions"}
            yield Series("incident_level", about, stepping(3) if labels["attribute"] == "gender" else constant(0))
            recovered_s = float(start_s - 600)
            yield Series("alert_recovery_timestamp_seconds", labels, constant(recovered_s))
        if is_unfair:
            group = UNFAIR[labels["attribute"]]
            rates = FEMALE_AFTER, REFERENCE_RATE
            yield from open_breach(labels | {"group": group}, start_s, rates, N, THRESHOLD)


def _groups(own: Labels, groups: tuple[str, ...]) -> Iterator[Series]:
    for group in groups:
        yield from _group(own, group, is_reference=group == groups[0])
    if CROSS not in own["attribute"]:
        for group in ("unknown", "__other__"):
            yield Series("undeclared_ratio", dict(own) | {"group": group}, constant(0.02))


def _group(own: Labels, group: str, *, is_reference: bool) -> Iterator[Series]:
    labels = dict(own) | {"group": group}
    if not is_reference:
        yield from _pair(labels, late(rate_of(group)))
    if JOINED in group:  # of an intersection nothing is exported from which rates could be computed
        return
    yield from interval("approval_ratio", labels, late(rate_of(group)))
    yield from ends("approval_worst_case_ratio", labels, late(rate_of(group)))
    yield from interval("favorable_outcome_ratio", labels, constant(0.9))
    yield Series("calibration_error_ratio", labels, constant(0.03))
    yield Series("score_stability_index", labels, constant(0.04))
    if is_reference:
        yield Series("window_decisions", labels, constant(N))
    else:
        yield from _explained(labels, late(rate_of(group)))


def _pair(labels: Labels, rate: Value) -> Iterator[Series]:
    yield Series("window_decisions", labels, constant(N))
    yield from interval("disparate_impact_ratio", labels, lambda t: at(rate, t) / REFERENCE_RATE)
    yield from interval("approval_gap_ratio", labels, scaled_gap(rate, 1.0))


def _explained(labels: Labels, rate: Value) -> Iterator[Series]:
    yield from ends("disparate_impact_worst_case_ratio", labels, lambda t: at(rate, t) / REFERENCE_RATE)
    yield from ends("approval_gap_worst_case_ratio", labels, scaled_gap(rate, 1.0))
    for metric in ("equal_opportunity", "average_odds", "predictive_parity"):
        yield from interval(f"{metric}_difference_ratio", labels, constant(-0.04))
    yield from interval("equal_opportunity_ratio", labels, constant(0.95))
    yield Series("shortfall_ratio", labels, lambda t: max(0.0, 0.8 * REFERENCE_RATE - at(rate, t)))
    yield Series("cause_mix_ratio", labels, scaled_gap(rate, 0.25))
    yield Series("cause_rate_ratio", labels, scaled_gap(rate, 0.75))
    for segment in ("auto", "home"):
        for part, share in (("mix", 0.125), ("rate", 0.375)):
            own_part = dict(labels) | {"segment": segment, "part": part}
            yield Series("cause_segment_ratio", own_part, scaled_gap(rate, share))
    yield Series("feature_difference_ratio", dict(labels) | {"feature": "credit_score"}, constant(-0.4))


def _over_time(pair: Labels, group: str, *, is_reference: bool) -> Iterator[Series]:
    labels = dict(pair) | {"group": group}
    if JOINED not in group:
        yield Series("decisions_without_outcome_ratio", labels, constant(0.25))
    for test in (DRIFT,) if is_reference else (*TESTS, DRIFT):
        if group in UNFAIR_GROUPS and test in ALARM_TESTS:
            yield from _alarmed(labels, test)
            continue
        yield Series("evidence_log10", labels | {"test": test}, constant(0.1))


def _alarmed(labels: Labels, test: str) -> Iterator[Series]:
    """Yield evidence that reaches its threshold at the breach, and that of the recovery from then on."""
    rising: Value = lambda t: THRESHOLD * t / BREACH_S if t < BREACH_S else None  # noqa: E731
    recovering: Value = lambda t: 0.005 * (t - BREACH_S) if t >= BREACH_S else None  # noqa: E731
    yield Series("evidence_log10", dict(labels) | {"test": test}, rising)
    yield Series("evidence_log10", dict(labels) | {"test": f"{test}_recovery"}, recovering)
    pair = {key: value for key, value in labels.items() if key != "group"}
    yield Series("evidence_threshold_log10", pair | {"test": f"{test}_recovery"}, from_breach_on(THRESHOLD))


def _replayed(start_s: int, lower: float) -> Iterator[Series]:
    """Yield the values of a replay with the times of the events: its ratio is lower than the live one."""
    pair = {"model": "loans", "attribute": "gender", "window": "1m"}
    yield Series("window_end_timestamp_seconds", pair, lambda t: float((start_s + t) // 60 * 60))
    state = {"model": "loans", "attribute": "gender", "kind": "disparate_impact_ratio"}
    yield Series("alert_level", state, constant(2) if lower else stepping(3))
    labels = pair | {"group": "female"}
    rate = rate_of("female")
    yield Series("disparate_impact_ratio", labels, lambda t: at(rate, t) / REFERENCE_RATE - lower)
    yield Series("approval_ratio", labels, rate)
    yield Series("window_decisions", labels, constant(N))
