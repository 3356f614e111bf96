"""A log of credits with scores and outcomes, and the replays of its decisions."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from stream_app.core.privacy.pseudonym import RootKey
from stream_app.pipeline.contract import Batch
from stream_app.pipeline.ingest.step import IngestStep
from stream_app.pipeline.replay.model_sources import ModelSources
from stream_app.pipeline.replay.search.outcome_labels import OutcomeLabels
from stream_app.pipeline.replay.source_log import SourcePlace
from stream_app.pipeline.replay.sources import Observe, PublishedCounter, RawCounter, SourceCounter
from stream_app.pipeline.topology import Topology
from stream_app.policy import ModelPolicy, parse_policy
from tests.support.memory_logs import MemoryLog, MemoryRecord

START_S = 1_790_000_000 // 60 * 60
KEYS = (RootKey("onlykeya", 0, b"k" * 32),)
MODEL = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case", canonical = "text-or-integer" }
decision = { path = "result", favorable = "yes", unfavorable = ["no", "later"] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10 }
attributes = [
    { name = "sex", path = "sex", groups = ["f", "m"], reference = "m" },
    { name = "age", path = "age", edges = [30, 50], reference = "30 to under 50" },
]
segment = { name = "site", path = "site", values = ["north", "south"] }
score = { path = "credit.score", minimum = 0, maximum = 1, edges = [0.5] }
features = [{ name = "years", path = "years", minimum = 0, maximum = 60, is_required = false }]
windows = [{ name = "1m", size_s = 60 }]
[models.outcome]
topic = "outcomes"
event_id = "id"
path = "repaid"
favorable = true
unfavorable = [false]
event_time = { path = "t", format = "epoch_s" }
is_selective = true
""").models[0]


def decisions(partition: int, n: int = 400) -> list[bytes]:
    rng = random.Random(partition)
    return [a_decision(rng, partition, number) for number in range(n)]


def a_decision(rng: random.Random, partition: int, number: int) -> bytes:
    if rng.random() < 0.02:
        return b"{"
    known = max(0, number - 5) if rng.random() < 0.05 else number
    own = random.Random(f"{partition}-{known}")  # the same id is the same case
    record: dict[str, Any] = {
        "id": partition * 10_000 + known,
        "t": START_S + known // 4 - own.choice((0, 0, 0, 0, 3, 40)),
        "sex": own.choice(("f", "m", "F", "x", None)),
        "age": own.randrange(18, 70),
        "site": own.choice(("north", "South", "elsewhere", None)),
        "credit": {"score": own.choice((round(own.random(), 2), own.random(), 0.35, 0.5))},
        "result": own.choice(("yes", "no", "later")),
    }
    if own.random() < 0.7:
        record["years"] = own.randrange(0, 60)
    return json.dumps(record).encode()


def outcomes_of(values: Sequence[bytes]) -> list[bytes]:
    """Return outcomes of most of the approved records."""
    rng, found = random.Random(3), []
    for value in values:
        record = json.loads(value) if value != b"{" else {}
        if record.get("result") == "yes" and rng.random() < 0.8:
            found.append(
                json.dumps({"id": str(record["id"]), "t": record["t"] + 9, "repaid": rng.random() < 0.7}).encode()
            )
    return found


RAW = {partition: decisions(partition) for partition in range(2)}
OUTCOMES = [line for values in RAW.values() for line in outcomes_of(values)]


def batch_of(values: Sequence[bytes], topic: str = "raw", partition: int = 0) -> Batch:
    """Return values as one batch of a topic."""
    times_ms = np.array([(START_S + number // 4) * 1000 for number in range(len(values))], np.int64)
    return Batch(topic, partition, 0, len(values), np.arange(len(values)), list(values), times_ms)


def published(partition: int) -> list[bytes]:
    """Return what ingest publishes of the raw records."""
    step = IngestStep(MODEL, KEYS, partition, Topology())
    step.restore({}, 0)
    outputs = step.step(batch_of(RAW[partition], partition=partition))
    return [value or b"" for output in outputs if output.topic == "out" for value in output.values]


def sources_of(kind: Any, observe: Observe, model: ModelPolicy = MODEL) -> ModelSources:
    """Return the sources of a replay of raw or of published records."""
    values = RAW if kind == "raw" else {partition: published(partition) for partition in RAW}
    logs = {
        partition: [
            MemoryRecord(SourcePlace(0, offset), line, (START_S + offset // 4) * 1000)
            for offset, line in enumerate(lines)
        ]
        for partition, lines in values.items()
    }

    def counter(model: ModelPolicy, _: Any) -> SourceCounter:
        return RawCounter(model, KEYS, observe=observe) if kind == "raw" else PublishedCounter(model, observe=observe)

    return ModelSources(MemoryLog("raw", logs, {}), kind, model, counter, lambda *_: None)


def all_outcomes() -> OutcomeLabels:
    """Return the outcomes; what cannot be read and second outcomes of a case are among them."""
    outcomes = OutcomeLabels(MODEL)
    outcomes.take(batch_of([*OUTCOMES, b"{", *(line.replace(b"true", b"false") for line in OUTCOMES)], "outcomes"))
    outcomes.finish()
    return outcomes


def by_hand(cut: float) -> tuple[int, int, int]:
    """Return good, bad and unknown outcomes among the approved, from the first record and outcome of each id."""
    labels: dict[int, bool] = {}
    for line in OUTCOMES:
        record = json.loads(line)
        labels.setdefault(int(record["id"]), record["repaid"])
    seen: dict[int, float] = {}
    for values in RAW.values():
        for value in values:
            if value != b"{" and "credit" in (record := json.loads(value)):
                seen.setdefault(record["id"], record["credit"]["score"])
    approved = [number for number, score in seen.items() if score >= cut]
    good = sum(labels.get(number) is True for number in approved)
    bad = sum(labels.get(number) is False for number in approved)
    return good, bad, len(approved) - good - bad
