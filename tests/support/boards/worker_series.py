"""The series of two workers in the scenario: what they read, reject, suppress, close, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.support.boards.series import Labels, Series, constant, growing, histogram

POLICY_S = 1200  # seconds after the start: another policy and version
WORKERS = ("worker-1:9464", "worker-2:9464")
EVENTS_PER_S = 50.0


def workers() -> Iterator[Series]:
    """Yield all series of both workers."""
    for place, instance in enumerate(WORKERS):
        own = {"instance": instance}
        yield Series("up", own, constant(1))
        built = own | {"python": "3.13.7"}
        yield Series("build_info", built | {"version": "0.1.0"}, lambda t: 1.0 if t < POLICY_S else None)
        yield Series("build_info", built | {"version": "0.2.0"}, lambda t: 1.0 if t >= POLICY_S else None)
        yield Series(
            "policy_info", own | {"policy_hash": "aaaa", "policy": "loans"}, lambda t: 1.0 if t < POLICY_S else None
        )
        yield Series(
            "policy_info", own | {"policy_hash": "bbbb", "policy": "loans"}, lambda t: 1.0 if t >= POLICY_S else None
        )
        yield Series("kafka_insecure", own, constant(0))
        yield Series("kafka_rejected", own, constant(0))
        for signal, result in product(("metrics", "logs"), ("delivered", "dropped")):
            yield Series("otlp_pushes_total", own | {"signal": signal, "result": result}, growing(1 / 60))
        yield Series("rebalances_total", own, lambda t: float(t >= 600))
        for outcome, share in (("favorable", 0.7), ("unfavorable", 0.3)):
            labels = own | {"model": "loans", "outcome": outcome}
            yield Series("decisions_total", labels, growing(share * EVENTS_PER_S))
        yield Series("decisions_total", own | {"model": "camera", "outcome": "event"}, growing(20))
        for model in ("loans", "camera"):
            yield from _model(own, model)
        yield from _published(own | {"model": "camera"})
        for topic in ("loan-decisions-raw", "camera-metadata-raw", "fairness-partials"):
            yield Series("partitions_assigned", own | {"topic": topic}, constant(2))
            yield Series("consumer_lag_messages", own | {"topic": topic, "partition": str(place)}, constant(30))
            yield Series("lane_progress_age_seconds", own | {"topic": topic, "partition": str(place)}, constant(0.5))
            yield Series("lost_records_total", own | {"topic": topic}, constant(0))
            yield Series("log_changes_total", own | {"topic": topic, "kind": "cut"}, constant(0))
            if topic != "fairness-partials":
                yield Series("dead_letters_total", own | {"topic": topic, "reason": "missing"}, growing(0.5))
                yield Series("fields_dropped_total", own | {"topic": topic, "path": "bbox"}, growing(20))
                yield Series("fields_dropped_total", own | {"topic": topic, "path": "undeclared"}, growing(1))
        yield Series("rejected_partials_total", own | {"fault": "partition"}, constant(0))
        for role in ("ingest", "judge"):
            yield Series("lane_reloads_total", own | {"role": role}, constant(0))
            yield Series("transactions_total", own | {"role": role, "result": "committed"}, growing(1))
            yield Series("transactions_total", own | {"role": role, "result": "failed"}, constant(0))
            yield from histogram("flush_seconds", own | {"role": role}, 1.0, {"0.01": 0.5, "0.1": 1.0})
        for stage in ("ingest", "close"):
            yield from histogram("event_latency_seconds", own | {"stage": stage}, 100.0, {"1.0": 0.5, "2.5": 1.0})


def _published(own: Labels) -> Iterator[Series]:
    """Yield how counts are published: with noise, of which a quarter of the budget is left."""
    yield Series("publication_info", {**own, "noise": "discrete Laplace", "epsilon": "3/4"}, constant(1))
    yield Series("epsilon_left_ratio", own, constant(0.25))
    yield Series("epsilon_renewal_timestamp_seconds", own, constant(1_790_035_200))
    yield Series("windows_over_budget_total", own, growing(0.001))
    yield Series("bounded_events_total", own, growing(0.01))


def _model(own: Labels, model: str) -> Iterator[Series]:
    labels = {**own, "model": model}
    for metric in ("late_events_total", "duplicates_total", "late_corrections_total"):
        yield Series(metric, labels, growing(0.1))
    for partition in ("0", "1"):
        of_source = {**own, "topic": f"{model}-raw", "partition": partition}
        yield Series("source_events_total", of_source, growing(EVENTS_PER_S / 2))
    if model == "loans":
        for outcome in ("favorable", "unfavorable"):
            yield Series("anomalies_total", labels | {"outcome": outcome}, growing(0.01 * EVENTS_PER_S))
        yield Series("tested_decisions_total", labels, growing(EVENTS_PER_S))
        yield Series("untested_decisions_total", labels, growing(0.001 * EVENTS_PER_S))
        yield Series("tested_periods_total", labels | {"comparable": "true"}, growing(1 / 60))
        yield Series("tested_periods_total", labels | {"comparable": "false"}, constant(0))
    yield Series("conflicts_total", labels, constant(0.0))
    yield Series("label_overflow_total", labels | {"label": "gender" if model == "loans" else "site"}, growing(0.1))
    for window in ("1m", "5m"):
        yield Series("windows_revised_total", labels | {"window": window}, growing(0.001))
        for result, per_s in (("published", 0.015), ("suppressed", 0.005), ("insufficient", 0.0), ("empty", 0.0)):
            yield Series("windows_closed_total", labels | {"window": window, "result": result}, growing(per_s))
    if model == "camera":
        yield Series("cells_suppressed_total", labels | {"attribute": "cell", "reason": "small_cell"}, growing(0.1))
