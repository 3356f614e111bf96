"""Records whose decision is a price, their policy, and what comes of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from fairstream.testing import InMemoryPipeline
from stream_app.pipeline.records.alerts import Alert, decode_alert
from stream_app.pipeline.records.amounts.amount_results import AmountResult
from stream_app.pipeline.records.amounts.values import AmountValues
from stream_app.pipeline.records.results import GroupResult
from stream_app.policy import Policy, parse_policy
from stream_app.topics import FAIRNESS_ALERTS
from tests.support.memory_logs import START_S

POLICY = """
schema = 1
[[models]]
name = "m"
topic = "raw"
output_topic = "out"
event_id = {{ path = "id", link_domain = "case" }}
decision = {{ path = "offer.price", kind = "amount", minimum = {low}, maximum = {high}, favorable = "{favorable}" }}
event_time = {{ path = "t", format = "epoch_s", out_of_orderness_s = 900, pane_s = 600, max_age_s = 86400 }}
attributes = [
    {{ name = "sex", path = "sex", groups = ["f", "m"], reference = "m" }},
    {{ name = "age", path = "age", groups = ["young", "old"], reference = "old" }},
]
segment = {{ name = "site", path = "site", values = ["a", "b"] }}
windows = [{{ name = "1h", size_s = 3600 }}, {{ name = "6h", size_s = 21600 }}]
rules = {{ max_mean_difference = {limit}, min_n = 3 }}
detection = {{ false_alarms_per_million = 100000, wait_s = 60 }}
{more}
"""


def policy(
    low: float = 0, high: float = 100, favorable: str = "low", limit: float = 5, more: str = "unknown_fields = 'drop'"
) -> Policy:
    return parse_policy(POLICY.format(low=low, high=high, favorable=favorable, limit=limit, more=more))


def record(number: int, price: Any, sex: str | None = "f", age: str = "old", site: str = "a") -> dict[str, Any]:
    return {"id": f"r{number}", "t": START_S, "sex": sex, "age": age, "site": site, "offer": {"price": price}}


def send(records: Sequence[dict[str, Any]], own: Policy | None = None) -> InMemoryPipeline:
    pipeline = InMemoryPipeline(own or policy())
    pipeline.send_records(records, time_s=START_S + 10)
    pipeline.close_windows()
    return pipeline


def in_window(results: Iterable[AmountResult], attribute: str = "sex", window: str = "1h") -> AmountResult:
    [result] = [result for result in results if (result.attribute, result.window) == (attribute, window)]
    return result


def amounts_of(group: GroupResult) -> AmountValues:
    assert isinstance(group.amounts, AmountValues)
    return group.amounts


def rejected(pipeline: InMemoryPipeline) -> list[str]:
    return [letter["reason"] for letter in pipeline.dead_letters()]


def random_records(n: int, seed: int = 1) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    sexes, ages, sites = ("f", "m", "m", None, "x"), ("young", "old"), ("a", "b", "c")
    return [
        record(number, round(rng.betavariate(2, 4) * 100, 3), rng.choice(sexes), rng.choice(ages), rng.choice(sites))
        for number in range(n)
    ]


def alerts_of(pipeline: InMemoryPipeline) -> list[Alert]:
    return [decode_alert(record.value or b"") for record in pipeline.log.read(FAIRNESS_ALERTS)]
