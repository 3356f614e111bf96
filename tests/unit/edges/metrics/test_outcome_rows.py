"""What is exported about outcomes: known rows from the start, and what became of each outcome."""

from __future__ import annotations

from collections import Counter

from prometheus_client import CollectorRegistry

from stream_app.core.events.reasons import DeadLetterReason
from stream_app.core.windows.joining import JoinCounts
from stream_app.edges.metrics.metrics import Metrics
from stream_app.pipeline.ingest import IngestCounts
from stream_app.policy import load_policy

DISPOSITIONS = ("matched", "repeated", "changed", "unmatched", "expired")


def opened(policy: str) -> tuple[CollectorRegistry, Metrics]:
    registry = CollectorRegistry()
    return registry, Metrics(registry, load_policy(policy), max_series=5000)


def outcomes_of(registry: CollectorRegistry, disposition: str) -> float | None:
    return registry.get_sample_value(
        "fairstream_outcomes_total", {"model": "credit", "disposition": disposition}
    )  # fmt: skip


def test_each_disposition_starts_at_zero_and_is_added_up() -> None:
    registry, metrics = opened("credit")
    assert [outcomes_of(registry, name) for name in DISPOSITIONS] == [0] * 5
    for _ in range(2):
        metrics.outcomes_joined("credit", JoinCounts(matched=5, repeated=4, changed=3, unmatched=2, expired=1))
    assert [outcomes_of(registry, name) for name in DISPOSITIONS] == [10, 8, 6, 4, 2]


def test_refused_outcomes_are_counted_under_their_own_topic() -> None:
    registry, metrics = opened("credit")
    metrics.outcomes_ingested(
        "credit-outcomes-raw", IngestCounts(dead_letters=Counter({DeadLetterReason.TYPE: 3}), dropped=Counter(x=2))
    )
    for topic, n in (("credit-outcomes-raw", 3), ("credit-decisions-raw", 0)):
        assert registry.get_sample_value("fairstream_dead_letters_total", {"topic": topic, "reason": "type"}) == n
    labels = {"topic": "credit-outcomes-raw", "path": "x"}
    assert registry.get_sample_value("fairstream_fields_dropped_total", labels) == 2


def test_a_policy_without_outcomes_has_no_row_about_them() -> None:
    registry, _ = opened("loans")
    assert not [
        sample for family in registry.collect() if family.name == "fairstream_outcomes" for sample in family.samples
    ]
