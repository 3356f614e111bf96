"""Individual consistency of a time range: which records count, how they are sampled, what is hidden."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from stream_app.core.fairness.consistency import consistency, to_unit_range
from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.replay.ranges.similar_cases import SimilarCases, Similarity
from stream_app.pipeline.replay.sources import PublishedCounter, RawCounter
from stream_app.pipeline.replay.time_range import TimeRange
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, parse_policy

NOW_S = 1_790_000_000
KEYS = (RootKey("onlykeya", 0, b"k" * 32),)
POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10 }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
features = [
    { name = "income", path = "income", minimum = 0, maximum = 1000, is_required = false },
    { name = "years", path = "years", minimum = 0, maximum = 100 },
]
"""
MODEL = parse_policy(POLICY).models[0]
ALL = TimeRange(float("-inf"), float("inf"))
N = 300


def columns(n: int = N) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    features = np.column_stack([rng.integers(0, 1000, n), rng.integers(0, 100, n)]).astype(np.float64)
    return features, features[:, 0] + rng.normal(0, 200, n) > 500


def batch(partition: int = 0, n: int = N, without_income: int = 0) -> Batch:
    """Return a case each second; the last ones lack a feature."""
    features, favorable = columns(n)
    values: list[bytes | None] = []
    for number, ((income, years), ok) in enumerate(zip(features.tolist(), favorable.tolist(), strict=True)):
        event = {"id": f"{partition}-{number}", "ok": ok, "t": NOW_S + number, "sex": "f", "years": years}
        if number < n - without_income:
            event["income"] = income
        values.append(msgspec.json.encode(event))
    return Batch("raw", partition, 0, n, np.arange(n), values, np.full(n, (NOW_S + n) * 1000))


def compare(
    *batches: Batch, model: ModelPolicy = MODEL, time_range: TimeRange = ALL, most: int = 1000, k: int = 0
) -> Similarity:
    cases = SimilarCases(model, time_range, most)
    for run in batches:
        list(RawCounter(model, KEYS, observe=cases.reader_of).count(run))
    return cases.compare(k)


def test_all_records_give_the_value_of_the_formula() -> None:
    features, favorable = columns()
    similarity = compare(batch())
    assert similarity.value == pytest.approx(consistency(to_unit_range(features), favorable).value, abs=0.01)  # ties
    assert (similarity.n, similarity.n_complete, similarity.features, similarity.reason) == (
        N,
        N,
        ("income", "years"),
        None,
    )


def test_a_sample_does_not_depend_on_the_order_in_which_partitions_are_read() -> None:
    both = [batch(0), batch(1)]
    similarity = compare(*both, most=100)
    assert similarity == compare(*reversed(both), most=100)
    assert (similarity.n, similarity.n_complete) == (100, 2 * N)
    assert similarity.value != compare(*both).value


def test_raw_records_and_published_events_give_the_same_value() -> None:
    step = IngestStep(MODEL, KEYS, 0, Topology())
    step.restore({}, 0)
    [output] = [outputs for outputs in step.step(batch()) if outputs.topic == MODEL.output_topic]
    offsets = np.array([int(headers[0][1].partition(b":")[2]) for headers in output.headers or ()], np.int64)
    published = Batch("out", 0, 0, N, offsets, output.values, np.zeros(len(offsets), np.int64))
    cases = SimilarCases(MODEL, ALL, 100)
    list(PublishedCounter(MODEL, observe=cases.reader_of).count(published))
    assert cases.compare(0) == compare(batch(), most=100)


def test_records_without_a_feature_or_outside_the_range_are_not_compared() -> None:
    assert compare(batch(without_income=50)).n == N - 50
    assert compare(batch(), time_range=TimeRange(NOW_S + 100, NOW_S + 120)).n == 20


def test_identifiers_and_protected_attributes_are_not_compared() -> None:
    other = batch()
    other.values = [(value or b"").replace(b'"0-', b'"9-').replace(b'"f"', b'"m"') for value in other.values]
    assert compare(other) == compare(batch())


def test_a_missing_value_has_a_reason() -> None:
    bare = parse_policy(POLICY[: POLICY.index("features")] + 'unknown_fields = "drop"\n').models[0]
    assert (compare(batch(), model=bare).value, compare(batch(), model=bare).reason) == (None, "no_features")
    few = compare(batch(n=4))
    assert (few.value, few.n, few.reason) == (None, 4, "too_few_records")
    hidden = compare(batch(n=9), k=10)
    assert (hidden.value, hidden.n, hidden.n_complete, hidden.reason) == (None, None, None, "fewer_than_k")
