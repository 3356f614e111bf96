"""One seeded source log through all four roles: each step's input is what the step before it wrote.

Raw decisions and raw outcomes of two partitions, raw counts of one more model. The log contains duplicates, late
events, invalid records, tombstones, unmatched outcomes and a drift against one group, so that every output occurs.
"""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

from stream_app.policy import ModelPolicy, Policy, parse_policy

POLICY = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, max_future_s = 10, idle_s = 5.0 }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }]
score = { path = "p", minimum = 0, maximum = 1, edges = [0.5], cut = 0.5 }
windows = [{ name = "20s", size_s = 20 }, { name = "1m", size_s = 60 }]
rules = { min_n = 5 }
deduplication_window = 1000

[models.outcome]
topic = "raw-outcomes"
event_id = "id"
path = "repaid"
favorable = true
unfavorable = [false]
event_time = { path = "t", format = "epoch_s" }
is_selective = true
max_wait_d = 0.001
max_waiting = 50

[[models]]
name = "c"
kind = "counts"
topic = "raw-counts"
event_id = { path = "id", link_domain = "track" }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, max_future_s = 10, idle_s = 5.0 }
attributes = [{ name = "site", path = "site", groups = ["1", "2"] }]
windows = [{ name = "20s", size_s = 20 }]
""")
# The same names, another cell layout: state and partials of the one are invalid for the other.
OTHER_LAYOUT = parse_policy("""
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = { path = "id", link_domain = "case" }
decision = { path = "ok", favorable = true, unfavorable = [false] }
event_time = { path = "t", format = "epoch_s", out_of_orderness_s = 5, pane_s = 10, max_future_s = 10, idle_s = 5.0 }
attributes = [{ name = "sex", path = "sex", groups = ["f", "m", "x"], reference = "m" }]
score = { path = "p", minimum = 0, maximum = 1, edges = [0.5], cut = 0.5 }

[models.outcome]
topic = "raw-outcomes"
event_id = "id"
path = "repaid"
favorable = true
unfavorable = [false]
event_time = { path = "t", format = "epoch_s" }
is_selective = true
max_wait_d = 0.001
""")
START_S = 1_790_000_000  # the start of a pane
N_PARTITIONS = 2
N_DECISIONS = 240  # of each partition; two a second
WAIT_S = 86  # 0.001 days


class SourceRecord(NamedTuple):
    """One record of a source partition: its value, and when the broker took it."""

    value: bytes | None
    time_s: int


def decision_model(policy: Policy = POLICY) -> ModelPolicy:
    """Return the model with outcomes."""
    return policy.models[0]


def counts_model(policy: Policy = POLICY) -> ModelPolicy:
    """Return the model of kind ``counts``."""
    return policy.models[1]


def decision_log(partition: int) -> list[SourceRecord]:
    """Return the raw decisions of a partition; in its second half women fare badly."""
    rng = random.Random(partition)
    log: list[SourceRecord] = []
    for number in range(N_DECISIONS):
        time_s = START_S + number // 2
        sex = _sex_of(number)
        rate = 0.1 if sex == "f" and number > N_DECISIONS // 2 else 0.9
        record: dict[str, Any] = {
            "id": f"{partition}-{number}",
            "t": time_s - rng.choice((0, 0, 0, 3, 40)),
            "ok": rng.random() < rate,
            "sex": rng.choice((sex, sex, sex, sex, None, "other")),
            "p": round(rng.random(), 2),
        }
        if rng.random() < 0.05:
            record |= rng.choice(({"ok": "maybe"}, {"t": time_s + 60}, {"new": 1}, {"p": 7}))
        log.append(SourceRecord(json.dumps(record).encode(), time_s))
        if rng.random() < 0.1:
            log.append(SourceRecord(rng.choice((None, b"{", log[rng.randrange(len(log))].value)), time_s))
    return log


def outcome_log(partition: int) -> list[SourceRecord]:
    """Return the raw outcomes of a partition: of most decisions, some twice or changed; those of women are bad."""
    rng = random.Random(100 + partition)
    log: list[SourceRecord] = []
    for number in range(N_DECISIONS):
        case = number + rng.choice((0, 0, 0, 0, 0, 8, 10_000))
        time_s = START_S + number // 2 + rng.choice((0, 1))
        rate = 0.05 if _sex_of(number) == "f" else 0.95
        record: dict[str, Any] = {"id": f"{partition}-{case}", "repaid": rng.random() < rate, "t": time_s}
        if rng.random() < 0.05:
            record |= rng.choice(({"repaid": "maybe"}, {"t": time_s + 10**6}, {"new": 1}))
        value = json.dumps(record).encode()
        log.append(SourceRecord(value, time_s))
        if rng.random() < 0.15:
            changed = json.dumps(record | {"repaid": not record["repaid"]}).encode()
            log.append(SourceRecord(rng.choice((None, b"[", value, changed)), time_s))
    return log


def counts_log() -> list[SourceRecord]:
    """Return the raw records of the model of kind ``counts``."""
    rng = random.Random(200)
    records = (
        ({"id": str(number), "t": START_S + number // 2, "site": rng.choice("12")}, START_S + number // 2)
        for number in range(N_DECISIONS)
    )
    return [SourceRecord(json.dumps(record).encode(), time_s) for record, time_s in records]


def _sex_of(number: int) -> str:
    return "fm"[number % 2]
